"""One step of the cell in numbers: two products, two biases, their sum, and tanh."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import linear, rnn_cell
from tools.figures.style import Box, E, H, arrow, canvas, frame, heat_map, operator, text

CELL, SCALE = (38, 20), 1.5


def row(ax: Axes, values: Tensor, middle: float, top: float, color: str = H) -> Box:
    """Draw a vector with its numbers, centred; all rows share one scale of tints."""
    left = middle - values.shape[-1] * CELL[0] / 2
    return heat_map(ax, values, left, top, color, CELL, scale=SCALE)


def half(ax: Axes, middle: float, source: Box, weight: Tensor, product: Tensor, kind: str) -> Box:
    """Draw the weight below its vector, and their product; return the product's box."""
    height = 9 * weight.shape[1]
    top = 102 - height / 2
    matrix = heat_map(ax, weight.T, middle - 42, top, H, (14, 9), None)
    arrow(ax, source.bottom, matrix.top)
    text(ax, (matrix.right[0] + 7, 102), f"weight\u200b_{kind}.T", align="left", size=13)
    result = row(ax, product, middle, 156)
    arrow(ax, matrix.bottom, result.top)
    return result


def draw() -> Figure:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 5)[:1]  # one sample, of which the second step is shown
    cell = torch.nn.RNNCell(5, 6).requires_grad_(False)
    parameters = cell.state_dict()
    h = rnn_cell(x[:, 0], torch.zeros(1, 6), **parameters)

    figure, ax = canvas(height=402)
    total = torch.zeros(1, 6)
    sum_ = operator(ax, (260, 262))
    for kind, middle, vector, name, color in (
        ("ih", 140, x[:, 1], "x_t", E),
        ("hh", 380, h, "h_{t-1}", H),
    ):
        weight, bias = parameters[f"weight_{kind}"], parameters[f"bias_{kind}"]
        source = row(ax, vector, middle, 26, color)
        text(ax, (middle, 12), name, color, bold=True)
        product = half(ax, middle, source, weight, linear(vector, weight), kind)
        text(ax, (middle, product.bottom[1] + 14), f"+ bias\u200b_{kind}", size=13)
        added = row(ax, bias, middle, product.bottom[1] + 28)
        arrow(ax, added.bottom, sum_.left if kind == "ih" else sum_.right)
        total = total + linear(vector, weight, bias)

    summed = row(ax, total, 260, 292)
    arrow(ax, sum_.bottom, summed.top)
    tanh = frame(ax, Box(235, 328, 50, 22), fill=True, label="tanh")
    arrow(ax, summed.bottom, tanh.top)
    state = row(ax, rnn_cell(x[:, 1], h, **parameters), 260, 368)
    arrow(ax, tanh.bottom, state.top)
    text(ax, (state.x - 9, state.left[1]), "h_t", H, "right", bold=True)
    return figure

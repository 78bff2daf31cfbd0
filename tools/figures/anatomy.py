"""Two layers of `nn.RNN` over time: the output is the top row, `h_n` the last column."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnn_tutorial import layer_parameters, rnn_layer
from tools.figures.style import LD, Box, E, H, T, arrow, axis, canvas, frame, heat_map, text

LEFT = {0: 18, 1: 118, 2: 242, 16: 448}  # of each step that is shown; step 0 is h_0
TOP = {1: 66, 0: 178}  # of each layer
INPUT_TOP, DOTS, CELL = 284, 358, (26, 9)


def parameter(ax: Axes, at: tuple[float, float], name: str, align: str = "center") -> None:
    """Write a parameter's name; a zero-width space keeps `_` from starting a subscript."""
    text(ax, at, name.replace("_", "\u200b_"), size=13, align=align)


def draw() -> Figure:
    torch.manual_seed(0)
    x = torch.randn(4, 16, 5)
    parameters = torch.nn.RNN(5, 6, num_layers=2, batch_first=True).state_dict()
    h_0, rows, cells = torch.zeros(4, 6), x, {}

    figure, ax = canvas(height=358)
    for layer in (0, 1):
        rows, _ = rnn_layer(rows, h_0, **layer_parameters(parameters, layer))
        for t, left in LEFT.items():
            state = (rows[0, t - 1] if t else h_0[0]).reshape(6, 1)
            cells[layer, t] = heat_map(ax, state, left, TOP[layer], H, CELL, None, scale=1)
    for t in (1, 2, 16):
        step, scale = x[0, t - 1].reshape(5, 1), x[0].abs().max().item()
        source = heat_map(ax, step, LEFT[t], INPUT_TOP, E, CELL, None, scale)
        text(ax, (source.bottom[0], source.bottom[1] + 14), f"x_{{{t}}}", E, bold=True)
        arrow(ax, source.top, cells[0, t].bottom)
        arrow(ax, cells[0, t].top, cells[1, t].bottom)
    text(ax, (DOTS, source.left[1]), "⋯")

    for layer in (0, 1):
        first, second, last = (cells[layer, t] for t in (1, 2, 16))
        arrow(ax, cells[layer, 0].right, first.left)
        arrow(ax, first.right, second.left)
        arrow(ax, second.right, (DOTS - 11, second.right[1]))
        arrow(ax, (DOTS + 11, last.left[1]), last.left)
        text(ax, (DOTS, last.left[1]), "⋯")
        between = (first.right[0] + second.left[0]) / 2
        parameter(ax, (between, first.left[1] - 13), f"weight_hh_l{layer}")
        parameter(ax, (first.bottom[0] + 7, first.bottom[1] + 31), f"weight_ih_l{layer}", "left")

    output = frame(ax, Box(LEFT[1] - 12, TOP[1] - 14, LEFT[16] - LEFT[1] + 50, 82), T)
    axis(ax, output, "top", "T = 16", T)
    text(ax, (output.x, output.y - 18), "output", T, "left", bold=True)
    for label, t, shift in (("h_0", 0, 21), ("h_n", 16, 3)):  # the second, next to an arrow
        states = frame(ax, Box(LEFT[t] - 8, TOP[1] - 9, 42, TOP[0] - TOP[1] + 72), LD)
        text(ax, (states.x + shift, states.bottom[1] + 14), label, LD, bold=True)
    axis(ax, states, "right", "L·D = 2", LD, gap=10)
    return figure

"""Backpropagation through time, unrolled: the gradient goes back through every step's tanh."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import rnn_layer, unroll_backward
from tools.figures.style import INK, Box, H, arrow, canvas, heat_map, operator, text

STEPS = 4
LEFT, PITCH, CELL = 2, 105, (46, 18)
STATES, SUMS, LOSS = 30, 140, 226  # where the three rows begin


def draw() -> Figure:
    torch.manual_seed(1)
    reference = torch.nn.RNN(3, 3, batch_first=True).requires_grad_(False)
    parameters = {name.removesuffix("_l0"): p for name, p in reference.named_parameters()}
    x, h_0, grad_output = torch.randn(1, STEPS, 3), torch.zeros(1, 3), torch.randn(1, STEPS, 3)
    output, _ = rnn_layer(x, h_0, **parameters)
    grad_summed, grad_hx = unroll_backward(grad_output, h_0, output, parameters["weight_hh"])

    figure, ax = canvas(height=312)
    states = [column(ax, h, t, STATES) for t, h in enumerate([h_0, *output.unbind(1)])]
    sums = [column(ax, g, t, SUMS) for t, g in enumerate([grad_hx, *grad_summed.unbind(1)])]
    for t, (state, back) in enumerate(zip(states, sums, strict=True)):
        text(ax, (state.center[0], STATES - 14), f"h_{t}", H, bold=True)
        name = f"a_{t}" if t else "h_0"
        text(ax, (back.center[0], back.bottom[1] + 14), f"∂L/∂{name}", H, bold=True)
        if t:
            arrow(ax, states[t - 1].right, state.left)
            arrow(ax, state.bottom, back.top)
            at = (state.center[0] + 6, (state.bottom[1] + back.top[1]) / 2)
            text(ax, at, f"1 − h_{t}²", size=13, align="left")
            plus = from_loss(ax, grad_output[:, t - 1], t, back)
            if t < STEPS:
                towards(ax, sums[t + 1].left, plus.right)
    towards(ax, sums[1].left, sums[0].right)
    text(ax, (LEFT, LOSS + 27), "from the loss", align="left")
    return figure


def column(ax: Axes, values: Tensor, t: int, y: float) -> Box:
    return heat_map(ax, values.reshape(3, 1), LEFT + t * PITCH, y, H, CELL, digits=2, scale=1.2)


def from_loss(ax: Axes, grad: Tensor, t: int, back: Box) -> Box:
    """Add the loss's own gradient of step t; the sum goes into the step's tanh."""
    plus = operator(ax, (back.right[0] + 21, back.right[1]))
    arrow(ax, plus.left, back.right, INK)
    direct = heat_map(
        ax, grad.reshape(3, 1), plus.center[0] - CELL[0] / 2, LOSS, H, CELL, digits=2, scale=1.2
    )
    arrow(ax, direct.top, plus.bottom, INK)
    text(ax, (direct.center[0], direct.bottom[1] + 14), f"g_{t}", H, bold=True)
    return plus


def towards(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Carry a gradient to the step before it."""
    arrow(ax, start, end, INK)
    text(ax, ((start[0] + end[0]) / 2 - 3, start[1] - 14), "W_{hh}", size=13)

"""Which part of a gradient truncation keeps: pairs of a loss and a use of the weight."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from rnn_tutorial import rnn_layer, unroll_backward
from tools.figures.style import MUTED, H, T, arrow, canvas, heat_map, text

STEPS, WINDOW, SIDE = 12, 4, 21
LEFT, TOP = 62, 46


def effects() -> Tensor:
    """Return, for the loss of step s and the use of W_hh at step t, the norm of its gradient."""
    torch.manual_seed(0)
    network = nn.RNN(5, 6, batch_first=True).requires_grad_(False)
    nn.init.orthogonal_(network.weight_hh_l0)
    parameters = {name.removesuffix("_l0"): p for name, p in network.named_parameters()}
    x, y, h_0 = torch.randn(4, STEPS, 5), torch.randn(4, STEPS, 6), torch.zeros(4, 6)
    states, _ = rnn_layer(x, h_0, **parameters)
    before = torch.cat([h_0[:, None], states[:, :-1]], dim=1)
    rows = []
    for s in range(STEPS):
        alone = torch.zeros_like(states)
        alone[:, s] = states[:, s] - y[:, s]
        grad_summed, _ = unroll_backward(alone, h_0, states, parameters["weight_hh"])
        rows.append(torch.einsum("ntj,ntk->tjk", grad_summed, before).flatten(1).norm(dim=1))
    return torch.stack(rows)


def draw() -> Figure:
    figure, ax = canvas(height=312)
    # The root of each norm: otherwise the small ones, which are many, could not be seen.
    heat_map(ax, effects().sqrt(), LEFT, TOP, H, (SIDE, SIDE), digits=None)
    for step in range(STEPS):
        middle = (step + 0.5) * SIDE
        text(ax, (LEFT + middle, TOP - 11), str(step + 1), T, size=13)
        text(ax, (LEFT - 7, TOP + middle), str(step + 1), T, "right", size=13)
    text(ax, (LEFT + STEPS * SIDE / 2, 14), "step t that uses the weight", T, bold=True)
    text(ax, (16, TOP + STEPS * SIDE / 2), "loss of step s", T, bold=True, rotation=90)
    for start in range(0, STEPS, WINDOW):
        outline(ax, start)
    kept, cut = (LEFT + 6.5 * SIDE, TOP + 6.5 * SIDE), (LEFT + 6 * SIDE, TOP + 10 * SIDE)
    note(ax, 98, ["kept: loss and use", "in one window"], kept)
    note(ax, 218, ["cut off: the use lies", "in an earlier window"], cut)
    return figure


def outline(ax: Axes, start: int) -> None:
    """Draw the border of a window's square of pairs."""
    corner = (LEFT + start * SIDE, TOP + start * SIDE)
    side = WINDOW * SIDE
    ax.add_patch(Rectangle(corner, side, side, facecolor="none", edgecolor=T, linewidth=2.4))


def note(ax: Axes, y: float, lines: list[str], at: tuple[float, float]) -> None:
    for index, line in enumerate(lines):
        text(ax, (366, y + 18 * index), line, align="left")
    arrow(ax, (362, y + 9), at, MUTED)

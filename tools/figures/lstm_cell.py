"""One step of an LSTM in numbers: four gates, the cell state, and the output."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import linear, lstm_update
from tools.figures.style import (
    MUTED,
    Box,
    E,
    H,
    arrow,
    canvas,
    frame,
    heat_map,
    operator,
    text,
)

CELL, SCALE = (38, 20), 1.0
DOWN = 52  # room for the input and the state above
PLACES = {"i": 70, "f": 196, "g": 322, "o": 448}  # in the strip
DRAWN = {"f": 70, "i": 196, "g": 322, "o": 448}  # below it
NAMES = {"f": "forget", "i": "input", "g": "content", "o": "output"}


def row(ax: Axes, values: Tensor, middle: float, top: float) -> Box:
    """Draw a vector with its numbers, centred; all rows share one scale of tints."""
    return heat_map(ax, values, middle - 57, top, H, CELL, scale=SCALE)


def draw() -> Figure:
    torch.manual_seed(2)
    cell = torch.nn.LSTMCell(5, 3).requires_grad_(False)
    x_t, h, c = torch.randn(1, 5), torch.rand(1, 3) - 0.5, torch.randn(1, 3)
    read = linear(x_t, cell.weight_ih, cell.bias_ih)
    summed = read + linear(h, cell.weight_hh, cell.bias_hh)
    parts = dict(zip("ifgo", summed.chunk(4, dim=1), strict=True))
    gates = {k: p.tanh() if k == "g" else p.sigmoid() for k, p in parts.items()}
    shown, kept = lstm_update(summed, c)

    figure, ax = canvas(height=396 + DOWN)
    ax.set_ylim(396, -DOWN)  # y = 0 is where the four parts begin
    given = heat_map(ax, x_t, 70, -46, E, CELL, scale=2.5)
    state = heat_map(ax, h, 330, -46, H, CELL, scale=SCALE)
    text(ax, (given.x - 9, given.left[1]), "x_t", E, "right", bold=True)
    text(ax, (state.x - 9, state.left[1]), "h_{t-1}", H, "right", bold=True)
    both = frame(ax, Box(100, -2, 320, 24), fill=True)
    text(ax, both.center, "the sum of both products, in four parts")
    for above in (given, state):
        arrow(ax, above.bottom, (above.center[0], both.y))
    rows = {}
    for name, middle in PLACES.items():
        strip = row(ax, parts[name], middle, 46)
        text(ax, (middle, 34), name, H, bold=True)
        target = DRAWN[name]
        label = "tanh" if name == "g" else "σ"
        squash = frame(ax, Box(target - 20, 96, 40, 22), fill=True, label=label)
        arrow(ax, strip.bottom, squash.top)
        text(ax, (target + 25, 107), NAMES[name], MUTED, align="left", size=13)
        rows[name] = row(ax, gates[name], target, 138)
        arrow(ax, squash.bottom, rows[name].top)

    forget, write, add = (
        operator(ax, at, sign)
        for at, sign in (((70, 196), "×"), ((259, 196), "×"), ((259, 246), "+"))
    )
    before = row(ax, c, 70, 236)
    text(ax, (70, 272), "c_{t-1}", H, bold=True)
    arrow(ax, rows["f"].bottom, forget.top)
    arrow(ax, before.top, forget.bottom)
    arrow(ax, rows["i"].bottom, write.left)
    arrow(ax, rows["g"].bottom, write.right)
    arrow(ax, write.bottom, add.top)
    arrow(ax, forget.right, add.left)

    after = row(ax, kept, 259, 280)
    text(ax, (after.x - 9, after.left[1]), "c_t", H, "right", bold=True)
    arrow(ax, add.bottom, after.top)
    squash = frame(ax, Box(239, 324, 40, 22), fill=True, label="tanh")
    arrow(ax, after.bottom, squash.top)
    show = operator(ax, (448, 335), "×")
    arrow(ax, rows["o"].bottom, show.top)
    arrow(ax, squash.right, show.left)
    state = row(ax, shown, 448, 366)
    arrow(ax, show.bottom, state.top)
    text(ax, (state.x - 9, state.left[1]), "h_t", H, "right", bold=True)
    return figure

"""A recurrent network unrolled: one cell, used at every step, passes its state to the right.

The front page lets the reader move through it: what belongs to step t has the class `step-t`.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnn_tutorial import rnn_layer
from tools.figures.style import Box, E, H, arrow, axis, canvas, frame, heat_map, text

STEPS = 4


def draw() -> Figure:
    figure, ax = canvas(height=292)
    unrolled(ax)
    return figure


def unrolled(ax: Axes) -> None:
    """Draw the network of the front page and of the link preview."""
    torch.manual_seed(3)
    reference = torch.nn.RNN(3, 4, batch_first=True)
    parameters = {name.removesuffix("_l0"): p for name, p in reference.named_parameters()}
    x, h_0 = torch.randn(1, STEPS, 3), torch.zeros(1, 4)
    output, _ = rnn_layer(x, h_0, **parameters)

    pitch, cell, tile = 93, (46, 18), 46
    first = 98
    with step(ax, 0):
        state = heat_map(ax, h_0.reshape(4, 1), 6, 103, H, cell, scale=1)
        text(ax, (state.center[0], 90), "h_0", H, bold=True)
    previous = state
    for t in range(STEPS):
        left = first + t * pitch
        with step(ax, t + 1, "cell"):
            box = frame(ax, Box(left, 116, tile, tile), fill=True)
        with step(ax, t + 1):
            text(ax, box.center, "cell")
            above = heat_map(ax, output[0, t].reshape(4, 1), left, 22, H, cell, scale=1)
            below = heat_map(ax, x[0, t].reshape(3, 1), left, 206, E, cell, scale=2.5)
            text(ax, (box.center[0], 10), f"h_{t + 1}", H, bold=True)
            text(ax, (box.center[0], 273), f"x_{t + 1}", E, bold=True)
            arrow(ax, previous.right, box.left)
            arrow(ax, below.top, box.bottom)
            arrow(ax, box.top, above.bottom)
        if t == 0:
            axis(ax, above, "left", "H = 4", H)
            axis(ax, below, "left", "E = 3", E)
        previous = box
    with step(ax, STEPS + 1):
        last = output[0, -1].reshape(4, 1)
        final = heat_map(ax, last, first + STEPS * pitch, 103, H, cell, scale=1)
        text(ax, (final.center[0], 90), "h_n", H, bold=True)
        arrow(ax, previous.right, final.left)


@contextmanager
def step(ax: Axes, t: int, kind: str = "") -> Iterator[None]:
    """Mark what is drawn inside as belonging to step `t`."""
    before = set(ax.get_children())
    yield
    for artist in set(ax.get_children()) - before:
        artist.set_gid(f"step-{t} {kind}".strip())

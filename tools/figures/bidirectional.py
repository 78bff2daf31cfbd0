"""Two layers read one sequence, each from its own end, and what each has seen at every step."""

from functools import partial
from itertools import pairwise

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnn_tutorial import bidirectional, layer_parameters, rnn_layer
from tools.figures.style import LD, MUTED, Box, E, H, arrow, canvas, frame, heat_map, text

STEPS = 4


def draw() -> Figure:
    torch.manual_seed(0)
    x, h_0 = torch.randn(3, STEPS, 5), torch.randn(2, 3, 6) / 2
    rnn = torch.nn.RNN(5, 6, batch_first=True, bidirectional=True)
    parameters = dict(rnn.named_parameters())
    forward, reverse = (
        partial(rnn_layer, **layer_parameters(parameters, 0, reverse=r)) for r in (False, True)
    )
    output, _ = bidirectional(forward, reverse, x, h_0)
    onward = torch.cat([h_0[0, :1], output[0, :, :6]])
    back = torch.cat([output[0, :, 6:], h_0[1, :1]])

    figure, ax = canvas(height=364)
    left, pitch = 84, 80
    upper = columns(ax, onward, left, 46, pitch, H)
    inputs = columns(ax, x[0], left + pitch, 153, pitch, E)
    lower = columns(ax, back, left + pitch, 248, pitch, H)
    for before, after in pairwise(upper):
        arrow(ax, before.right, after.left)
    for after, before in pairwise(lower):
        arrow(ax, before.left, after.right)
    for t, (box, above, below) in enumerate(zip(inputs, upper[1:], lower[:-1], strict=True)):
        arrow(ax, box.top, above.bottom)
        arrow(ax, box.bottom, below.top)
        text(ax, (box.right[0] + 14, box.center[1]), f"x_{t + 1}", E, bold=True)
        text(ax, (box.center[0], 14), seen(1, t + 1), MUTED)
        text(ax, (box.center[0], 352), seen(t + 1, STEPS), MUTED)

    for y in (14, 352):
        text(ax, (8, y), "has seen", MUTED, align="left")
    for box, label, color in (
        (upper[0], "forward", H),
        (inputs[0], "input", E),
        (lower[0], "reverse", H),
    ):
        text(ax, (8, box.center[1]), label, color, align="left", bold=True)
    text(ax, (upper[0].center[0], upper[0].bottom[1] + 15), "h_0[0]", LD)
    text(ax, (lower[-1].center[0], lower[-1].y - 15), "h_0[1]", LD)
    for box in (upper[-1], lower[0]):
        frame(ax, Box(box.x - 12, box.y - 12, box.width + 24, box.height + 24), LD)
    text(ax, (upper[-1].right[0] + 20, upper[-1].center[1]), "h_n[0]", LD, "left", bold=True)
    text(ax, (lower[0].x - 20, lower[0].center[1]), "h_n[1]", LD, "right", bold=True)
    return figure


def seen(first: int, last: int) -> str:
    """Name the inputs from step `first` to step `last`."""
    return f"x_{first}" if first == last else f"x_{first} to x_{last}"


def columns(
    ax: Axes, vectors: torch.Tensor, x: float, y: float, pitch: float, color: str
) -> list[Box]:
    """Draw one vector per step, each as a column of cells."""
    scale = vectors.abs().max().item()
    cell = (34, 12)
    return [
        heat_map(ax, v.reshape(-1, 1), x + t * pitch, y, color, cell, digits=None, scale=scale)
        for t, v in enumerate(vectors)
    ]

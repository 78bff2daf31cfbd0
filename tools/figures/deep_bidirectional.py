"""Four layers in two directions: which cells read what, and where each final state lies in h_n."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import rnn, state_index
from tools.figures.style import (
    LD,
    Box,
    E,
    H,
    T,
    arrow,
    canvas,
    frame,
    heat_map,
    text,
)

LAYERS, STEPS, FEATURES, HIDDEN = 4, 4, 5, 6
CELL = (11, 16)  # of one feature
PAIR = (76, 49)  # of a step in a layer: its forward features above its reverse ones
LEFT, TOP = 72, 40  # of the first step, of the top layer
STEP, LAYER = 100, 78  # from step to step, from layer to layer


def layer_outputs() -> list[Tensor]:
    """Compute the input and every layer's output of one sample, each of the shape (T, features)."""
    torch.manual_seed(0)
    reference = torch.nn.RNN(FEATURES, HIDDEN, LAYERS, batch_first=True, bidirectional=True)
    parameters = dict(reference.named_parameters())
    x = torch.randn(1, STEPS, FEATURES)
    # The first n layers alone end in layer n - 1.
    runs = (rnn(x, parameters, None, n, num_directions=2) for n in range(1, LAYERS + 1))
    return [x[0], *(output[0] for output, _ in runs)]


def draw() -> Figure:
    x, *outputs = layer_outputs()
    figure, ax = canvas(height=394)
    below = []
    for t in range(STEPS):
        left = LEFT + t * STEP + (PAIR[0] - FEATURES * CELL[0]) / 2
        below.append(heat_map(ax, x[t], left, TOP + LAYERS * LAYER + 2, E, CELL, digits=None))
        text(ax, (below[t].center[0], below[t].bottom[1] + 13), f"x_{t + 1}", T, bold=True)
    text(ax, (below[0].x - 10, below[0].center[1]), "E = 5", E, align="right", bold=True)

    for layer, output in enumerate(outputs):
        top = TOP + (LAYERS - 1 - layer) * LAYER
        pairs = [frame(ax, Box(LEFT + t * STEP, top, *PAIR)) for t in range(STEPS)]
        forward, reverse = (
            [
                heat_map(ax, row, p.x + 5, y, H, CELL, None, 1)
                for p, row in zip(pairs, half, strict=True)
            ]
            for half, y in zip(output.split(HIDDEN, dim=1), (top + 5, top + 28), strict=True)
        )
        for t in range(STEPS):
            arrow(ax, below[t].top, pairs[t].bottom, gap=2)
        for t in range(STEPS - 1):
            arrow(ax, forward[t].right, forward[t + 1].left)
            arrow(ax, reverse[t + 1].left, reverse[t].right)
        for direction, last in enumerate((forward[-1], reverse[0])):
            outline = frame(ax, Box(last.x - 2, last.y - 2, last.width + 4, last.height + 4), LD)
            (x_end, y), align = (outline.left, "right") if direction else (outline.right, "left")
            at = (x_end - 8 if direction else x_end + 8, y)
            label = f"h_n[{state_index(layer, direction, 2)}]"
            text(ax, at, label, LD, align, bold=True)
        text(ax, (LEFT - 9, forward[0].center[1]), f"layer {layer}", align="right")
        below = pairs

    for pair in below:
        arrow(ax, pair.top, (pair.top[0], pair.top[1] - 20), gap=2)
    middle = (below[0].center[0] + below[-1].center[0]) / 2
    text(ax, (middle, 11), "output: 2H = 12 features per step", H, bold=True)
    return figure

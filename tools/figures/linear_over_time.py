"""One linear layer, applied to each step of one sample's sequence."""

import torch
from matplotlib.figure import Figure

from rnn_tutorial import linear
from tools.figures.style import (
    Box,
    E,
    H,
    T,
    arrow,
    axis,
    canvas,
    frame,
    heat_map,
    text,
)


def draw() -> Figure:
    torch.manual_seed(0)
    weight = torch.nn.Linear(5, 6, bias=False).weight  # (H, E)
    x = torch.randn(4, 16, 5)[0]  # one sample of 16 steps, of which 4 are shown
    y = linear(x, weight)

    figure, ax = canvas(height=190)
    shown, top, pitch, cell = 4, 36, 33, (35, 22)
    height = (shown - 1) * pitch + cell[1]
    inputs, outputs = Box(37, top, 175, height), Box(307, top, 210, height)
    layer = frame(ax, Box(229, top - 5, 61, height + 10), fill=True)

    for t in range(shown):
        row = top + t * pitch
        source = heat_map(ax, x[t], inputs.x, row, E, cell, scale=x.abs().max().item())
        result = heat_map(ax, y[t], outputs.x, row, H, cell, scale=y.abs().max().item())
        arrow(ax, source.right, (layer.left[0], source.right[1]))
        arrow(ax, (layer.right[0], result.left[1]), result.left)
        text(ax, (29, source.left[1]), f"{t + 1}", T, bold=True)

    cells = heat_map(ax, weight, 239, 49, H, cell=(9, 9), digits=None)
    axis(ax, cells, "left", "", H, gap=4)
    axis(ax, cells, "top", "", E, gap=4)
    text(ax, (layer.center[0], 123), "weight")
    text(ax, (layer.center[0], 141), "(H, E)")

    axis(ax, inputs, "left", "T = 16", T, gap=17)
    for box, label, color in ((inputs, "E = 5", E), (outputs, "H = 6", H)):
        axis(ax, box, "top", label, color, gap=7)
        text(ax, (box.center[0], top + height + 16), "⋮")
    return figure

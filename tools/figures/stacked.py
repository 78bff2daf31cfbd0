"""Two recurrent layers, one after the other: what each takes, returns and keeps to itself."""

import torch
from matplotlib.figure import Figure

from rnn_tutorial import layer_parameters, rnn_layer
from tools.figures.style import (
    LD,
    MUTED,
    SIZE,
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
    x, h_0 = torch.randn(4, 16, 5), torch.randn(2, 4, 6)
    rnn = torch.nn.RNN(5, 6, num_layers=2, batch_first=True)
    parameters = dict(rnn.named_parameters())

    figure, ax = canvas(height=256)
    cell, top, inputs = (12, 9), 52, x
    source = heat_map(ax, x[0], 36, top, E, cell, digits=None)
    axis(ax, source, "left", "T = 16", T)
    axis(ax, source, "top", "E = 5", E)
    for k, left in enumerate((120, 318)):
        own = layer_parameters(parameters, k)
        inputs, h_n = rnn_layer(inputs, h_0[k], **own)
        layer = frame(ax, Box(left - 3, top + 36, 84, 72), fill=True)
        shape = str(tuple(own["weight_ih"].T.shape))
        # A zero-width space keeps the underscore from starting a subscript.
        for line, label in enumerate((f"layer {k}", "weight_\u200bih.T", shape)):
            middle = layer.center[0], layer.y + 17 + 19 * line
            text(ax, middle, label, bold=line == 0, size=13 if line == 1 else SIZE)
        output = heat_map(ax, inputs[0], left + 102, top, H, cell, digits=None, scale=1)
        axis(ax, output, "top", "H = 6", H)
        arrow(ax, source.right, layer.left)
        arrow(ax, layer.right, output.left)
        starts = heat_map(ax, h_0[k, 0], left + 3, 26, H, cell, digits=None)
        ends = heat_map(ax, h_n[0], left + 3, 217, H, cell, digits=None, scale=1)
        arrow(ax, starts.bottom, layer.top)
        arrow(ax, layer.bottom, ends.top)
        text(ax, (layer.center[0], starts.y - 13), f"h_0[{k}]", LD, bold=True)
        text(ax, (layer.center[0], ends.bottom[1] + 15), f"h_n[{k}]", LD, bold=True)
        for row in (ends, Box(output.x, output.bottom[1] - cell[1], output.width, cell[1])):
            frame(ax, row, LD)
        source = output
    text(ax, (66, top + 162), "input", E, bold=True)
    text(ax, (258, top + 162), "kept inside", MUTED)
    text(ax, (456, top + 162), "output", H, bold=True)
    return figure

"""The rows of input weights of an LSTM and a GRU, as PyTorch stores them and as ONNX reads them."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from tools.figures.style import INK, MUTED, Box, H, arrow, canvas, frame, heat_map, text

CELL = (26, 13)
ORDERS = {nn.LSTM: ("ifgo", (0, 3, 1, 2)), nn.GRU: ("rzn", (1, 0, 2))}


def column(ax: Axes, blocks: list[Tensor], names: str, left: float, title: str) -> list[Box]:
    """Draw the blocks of rows one below the other, with the name of each on its left."""
    text(ax, (left + CELL[0], 52), title, MUTED)
    boxes = []
    for number, (block, name) in enumerate(zip(blocks, names, strict=True)):
        box = heat_map(ax, block, left, 68 + number * 46, H, CELL, None, 0.6)
        text(ax, (left - 14, box.center[1]), name, INK, bold=True)
        boxes.append(frame(ax, box))
    return boxes


def draw() -> Figure:
    torch.manual_seed(0)
    figure, ax = canvas(height=260)
    for left, (kind, (names, order)) in zip((46, 318), ORDERS.items(), strict=True):
        weight = kind(2, 3).weight_ih_l0.detach()
        blocks = list(weight.chunk(len(names)))
        text(ax, (left + 74, 20), kind.__name__, INK, bold=True)
        ours = column(ax, blocks, names, left, "PyTorch")
        moved = "".join(names[gate] for gate in order)
        theirs = column(ax, [blocks[gate] for gate in order], moved, left + 112, "ONNX")
        for place, gate in enumerate(order):
            start, end = ours[gate].right, theirs[place].left
            arrow(ax, start, (end[0] - 24, end[1]))
    return figure

"""A padded batch, the same batch with the longest sample first, and its packed data in order."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rnn_tutorial import lengths_to_mask, pack
from tools.figures.style import (
    INK,
    LINE,
    MUTED,
    Box,
    E,
    N,
    T,
    arrow,
    axis,
    canvas,
    frame,
    text,
)

LENGTHS, STEPS = torch.tensor([3, 6, 1, 4]), 6
CELL = (29, 24)
NAMES = "abcd"


def name(place: int) -> str:
    """Name a step by its place in the padded batch: a1 is the first step of the first sample."""
    return f"{NAMES[place // STEPS]}{place % STEPS + 1}"


def grid(ax: Axes, places: torch.Tensor, mask: torch.Tensor, left: float, top: float) -> Box:
    """Draw a batch (N, T) with a row for each sample; padding is a bare zero."""
    width, height = CELL
    for i, (row, real) in enumerate(zip(places.tolist(), mask.tolist(), strict=True)):
        text(ax, (left - 12, top + (i + 0.5) * height), NAMES[row[0] // STEPS], N, bold=True)
        for t, (place, is_real) in enumerate(zip(row, real, strict=True)):
            cell = Box(left + t * width, top + i * height, width, height)
            if is_real:
                frame(ax, cell, E, fill=True, label=name(place))
            else:
                text(ax, cell.center, "0", MUTED)
    return frame(ax, Box(left, top, STEPS * width, len(places) * height), LINE)


def draw() -> Figure:
    places = torch.arange(len(LENGTHS) * STEPS).view(-1, STEPS)
    mask = lengths_to_mask(LENGTHS, STEPS)
    packed = pack(places, LENGTHS)
    order, sizes = packed.sorted_indices, packed.batch_sizes.tolist()

    figure, ax = canvas(height=284)
    top, left, right = 56, 56, 320
    padded = grid(ax, places, mask, left, top)
    longest_first = grid(ax, places[order], mask[order], right, top)
    for box, title in ((padded, "padded"), (longest_first, "longest first")):
        text(ax, (box.center[0], 12), title, INK)
        axis(ax, box, "top", "T = 6", T)
    text(ax, (18, padded.center[1]), "N = 4", N, bold=True, rotation=90)
    arrow(ax, (padded.right[0] + 12, padded.center[1]), (right - 26, padded.center[1]))
    text(ax, ((padded.right[0] + right - 14) / 2, padded.center[1] - 13), "sort", MUTED)

    # The steps of the packed data, and how many samples still run at each.
    x, y, width, gap = 16, 208, 32, 8
    for t, size in enumerate(sizes):
        column = right + (t + 0.5) * CELL[0]
        text(ax, (column, longest_first.bottom[1] + 13), str(size), T, bold=True)
        group = Box(x, y, size * width, CELL[1])
        for label in packed.data[sum(sizes[:t]) : sum(sizes[: t + 1])].tolist():
            frame(ax, Box(x, y, width, CELL[1]), E, fill=True, label=name(label))
            x += width
        axis(ax, group, "bottom", str(size), T)
        x += gap
    text(ax, (16, y - 14), "data", E, align="left", bold=True)
    text(ax, (16, y + 66), "batch sizes: how many samples are still there", T, align="left")
    return figure

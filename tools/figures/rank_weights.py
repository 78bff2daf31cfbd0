"""What each real token weighs in the gradient: means of two ranks, and the right weights."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import lengths_to_mask, rank_loss
from tools.figures.style import INK, LINE, MUTED, Box, H, N, T, axis, canvas, frame, heat_map, text

LENGTHS, STEPS, WORLD = torch.tensor([8, 7, 2, 1]), 8, 2
CELL = (23, 26)
TOP = 58


def weights() -> tuple[Tensor, Tensor]:
    """Return the gradient of both losses with respect to each token's own: (N, T) each."""
    mask = lengths_to_mask(LENGTHS, STEPS)
    losses, total = torch.zeros(mask.shape, requires_grad=True), int(mask.sum())
    ranks = list(zip(losses.chunk(WORLD), mask.chunk(WORLD), strict=True))
    by_means = sum(rows[real].mean() for rows, real in ranks) / WORLD
    by_weights = sum(rank_loss(rows, real, total, WORLD) for rows, real in ranks) / WORLD
    return tuple(torch.autograd.grad(loss, losses)[0] for loss in (by_means, by_weights))


def grid(ax: Axes, weight: Tensor, scale: float, left: float, title: str) -> None:
    """Draw a row per sequence, and next to each rank what a token of it weighs."""
    width, height = CELL
    half = 2 * height
    for rank, rows in enumerate(weight.chunk(WORLD)):
        top = TOP + rank * (half + 14)
        box = heat_map(ax, rows, left, top, H, CELL, digits=None, scale=scale)
        for n, row in enumerate(rows):
            for t, here in enumerate(row.tolist()):
                cell = Box(left + t * width, top + n * height, width, height)
                if here:
                    frame(ax, cell, LINE)
                else:
                    text(ax, cell.center, "0", MUTED)
        frame(ax, box, LINE)
        share = f"1/{1 / rows[0, 0].item():.0f}"
        text(ax, (box.right[0] + 22, box.center[1]), share, H, bold=True)
        if rank == 0:
            axis(ax, box, "top", "T = 8", T)
    text(ax, (left + 4 * width, 14), title, INK)


def draw() -> Figure:
    figure, ax = canvas(height=190)
    by_means, by_weights = weights()
    scale = by_means.max().item()
    half = 2 * CELL[1]
    for rank in range(WORLD):
        place = (30, TOP + rank * (half + 14) + half / 2)
        text(ax, place, f"rank {rank}", N, bold=True)
    grid(ax, by_means, scale, 62, "mean of means")
    grid(ax, by_weights, scale, 294, "sum, times R/n")
    return figure

"""How much of a batch is padding, by its size and by the way its samples were chosen."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import lengths_to_mask
from tools.figures.style import (
    INK,
    LINE,
    MUTED,
    NEG,
    SIZE,
    E,
    H,
    N,
    T,
    canvas,
    plot_axes,
    text,
)

# Percent are 2 px each.  Another machine's exponentials may round a few lengths differently.
TOLERANCE = 1

BATCH_SIZES = [2, 4, 8, 16, 32, 64, 128, 256]


def batches(lengths: Tensor, batch_size: int, pool: int) -> list[Tensor]:
    """Shuffle, sort by length within pools, cut into batches: as in the chapter."""
    pools = torch.randperm(len(lengths)).split(pool)
    return [
        batch
        for indices in pools
        for batch in indices[lengths[indices].argsort()].split(batch_size)
    ]


def padding_share(lengths: Tensor, plan: list[Tensor]) -> float:
    """Count the padding in all batches, as a share of all their steps."""
    masks = [lengths_to_mask(lengths[b], int(lengths[b].max())) for b in plan]
    return 1 - sum(int(m.sum()) for m in masks) / sum(m.numel() for m in masks)


def draw() -> Figure:
    torch.manual_seed(0)
    drawn = torch.exp(3 + 0.6 * torch.randn(10_000, dtype=torch.float64))
    lengths = drawn.round().clamp(1, 200).long()

    figure, page = canvas(height=292)
    ax = plot_axes(figure, 54, 26, 330, 216, log="x")
    ax.set(xlim=(2, 256), ylim=(0, 100), xticks=BATCH_SIZES, yticks=range(0, 101, 25))
    ax.set_xticklabels([str(size) for size in BATCH_SIZES])
    ax.set_yticklabels([f"{share}%" for share in range(0, 101, 25)])
    ax.minorticks_off()
    ax.grid(axis="y", color=LINE, linewidth=0.8)
    ax.patch.set_visible(False)  # or it would cover the labels, which stand on the page
    ax.set_title("padding, of all steps computed", loc="left", fontsize=SIZE, color=INK, pad=10)

    everything = torch.full_like(lengths, int(lengths.max()))
    fixed = 1 - lengths.sum().item() / everything.sum().item()
    ax.axhline(100 * fixed, color=MUTED, linestyle=(0, (4, 2)))
    labels = [(100 * fixed, "all to the longest", MUTED)]
    for label, color, pool in (
        ("shuffled", NEG, lambda size: size),
        ("pools of 4 batches", T, lambda size: 4 * size),
        ("pools of 32", H, lambda size: 32 * size),
        ("sorted", E, lambda _: len(lengths)),
    ):
        shares = [
            100 * padding_share(lengths, batches(lengths, size, pool(size))) for size in BATCH_SIZES
        ]
        ax.plot(BATCH_SIZES, shares, color=color, marker="o", markersize=4)
        labels.append((shares[-1], label, color))
    for share, label, color in labels:
        text(page, (392, 242 - 2.16 * share), label, color, align="left")
    text(page, (219, 281), "samples in a batch, N", N)
    return figure

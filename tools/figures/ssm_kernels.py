"""What two starts of a diagonal state space model remember: the kernel of each pair."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial.recurrences import discretize, s4d_poles
from tools.figures.style import INK, LINE, MUTED, SIZE, E, H, N, T, canvas, plot_axes, text

STEPS, PAIRS, STEP = 100, 4, 0.05
COLORS = (H, T, E, N)


def kernels(start: str) -> tuple[Tensor, Tensor]:
    """Return the kernel of each pair, (T, K), over that of the first step, and the bound, (T,)."""
    poles = s4d_poles(PAIRS, start).to(torch.complex128)
    decay, _ = discretize(poles, torch.tensor(STEP, dtype=torch.float64))
    powers = decay ** torch.arange(STEPS, dtype=torch.float64)[:, None]
    return powers.real, powers.abs().amax(1)


def draw() -> Figure:
    figure, page = canvas(height=306)
    for number, (start, name) in enumerate((("lin", "S4D-Lin"), ("inv", "S4D-Inv"))):
        ax = plot_axes(figure, 46, 30 + 136 * number, 452, 96)
        ax.set(xlim=(0, STEPS - 1), ylim=(-1.05, 1.05), yticks=[-1, 0, 1], xticks=[0, 25, 50, 75])
        if not number:
            ax.set_xticklabels([])
        ax.grid(axis="y", color=LINE, linewidth=0.8)
        ax.patch.set_visible(False)
        ax.set_title(name, loc="left", fontsize=SIZE, color=INK, pad=8)
        lines, bound = kernels(start)
        for sign in (1, -1):
            ax.plot(sign * bound, color=MUTED, linestyle=(0, (4, 2)), linewidth=1.2)
        for line, color in zip(lines.T, COLORS, strict=True):
            ax.plot(line, color=color, linewidth=1.6)
    text(page, (272, 293), "t")
    return figure

"""Two forms of the linear memory drift apart: by how much, over a sequence's length."""

from functools import partial

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import joined_memory_step, memory_step, unroll
from tools.figures.style import (
    INK,
    LINE,
    MUTED,
    NEG,
    SIZE,
    H,
    T,
    canvas,
    plot_axes,
    text,
)

# A decade is 6 px high.  Another CPU rounds otherwise: 4 px let a difference grow fourfold or
# shrink to a quarter.  A radius of 1.1 instead of 1.2 moves the end of its line by 58 px.
TOLERANCE = 4

STEPS, SEEDS = 256, 20
RADII_AND_TANH = ((1.2, False, NEG), (0.9, False, MUTED), (1.2, True, H))


def states(dtype: torch.dtype, radius: float, squash: bool, seed: int) -> tuple[Tensor, Tensor]:
    """Return the states (4, T, 6) with two products a step, and with one."""
    torch.manual_seed(seed)
    x, w_input, w_state = (
        torch.randn(shape, dtype=torch.float64) for shape in ((4, STEPS, 5), (5, 6), (6, 6))
    )
    w_state = w_state * (radius / torch.linalg.eigvals(w_state).abs().max())
    x, w_input, w_state = (tensor.to(dtype) for tensor in (x, w_input, w_state))
    steps = (
        partial(memory_step, w_input=w_input, w_state=w_state),
        partial(joined_memory_step, w_joined=torch.cat([w_input, w_state])),
    )
    start = torch.zeros(4, 6, dtype=dtype)
    two, one = (
        unroll(lambda x_t, s, step=step: step(x_t, s).tanh() if squash else step(x_t, s), x, start)
        for step in steps
    )
    return two[0], one[0]


def drift(dtype: torch.dtype, radius: float, squash: bool) -> tuple[Tensor, Tensor]:
    """Return the median draw's largest difference at each step, absolute and relative."""
    absolute, relative = [], []
    for seed in range(SEEDS):
        two, one = states(dtype, radius, squash, seed)
        absolute.append((two - one).abs().amax((0, 2)))
        relative.append(absolute[-1] / two.abs().amax((0, 2)))
    return torch.stack(absolute).median(0).values, torch.stack(relative).median(0).values


def panel(figure: Figure, x: float, title: str) -> Axes:
    ax = plot_axes(figure, x, 30, 206, 216, log="y")
    ax.set(xlim=(0, STEPS), ylim=(1e-18, 1e18), xticks=[1, 64, 128, 192, 256])
    ax.set_yticks([10.0**power for power in range(-18, 19, 6)])
    ax.grid(axis="y", color=LINE, linewidth=0.8)
    ax.patch.set_visible(False)  # or it would cover the labels, which stand on the page
    ax.set_title(title, loc="left", fontsize=SIZE, color=INK, pad=10)
    return ax


def draw() -> Figure:
    figure, page = canvas(height=292)
    panels = panel(figure, 46, "difference"), panel(figure, 296, "difference ÷ state")
    panels[1].set_yticklabels([])
    steps = torch.arange(1, STEPS + 1)
    for radius, squash, color in RADII_AND_TANH:
        for dtype, style in ((torch.float32, "solid"), (torch.float64, (0, (4, 2)))):
            for ax, values in zip(panels, drift(dtype, radius, squash), strict=True):
                # A point for each of the 206 pixels would make this page the heaviest of all.
                ax.plot(steps[3::4], values[3::4], color=color, linestyle=style, linewidth=1.6)
    for at, label, color in (
        ((128, 88), "ρ = 1.2", NEG),
        ((250, 155), "ρ = 0.9", MUTED),
        ((250, 189), "ρ = 1.2, tanh", H),
    ):
        text(page, at, label, color, align="right")
    text(page, (500, 158), "float32", align="right")
    text(page, (500, 196), "float64", align="right")
    for x in (149, 399):
        text(page, (x, 281), "T", T, bold=True)
    return figure

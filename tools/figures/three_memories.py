"""What a linear memory keeps of one input: it fades, it rings, or it grows before it fades."""

from functools import partial

import torch
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import memory_step, unroll
from tools.figures.style import INK, LINE, MUTED, H, canvas, plot_axes, text

STEPS = 20
CASES = (
    ("fades", "norm 0.8, radius 0.8", [[0.8, 0.0], [0.0, 0.5]], (-0.1, 1.1), (0, 1)),
    ("rings", "norm 0.9, radius 0.9", [[0.72, 0.54], [-0.54, 0.72]], (-1.4, 1.4), (-1, 0, 1)),
    ("grows, then fades", "norm 6, radius 0.5", [[0.5, 6.0], [0.0, 0.5]], (-0.7, 7), (0, 3, 6)),
)


def kept(carry: list[list[float]]) -> Tensor:
    """Return the states (T, 2) of a memory whose only input is a row of ones at the first step."""
    pulse = torch.zeros(1, STEPS + 1, 2)
    pulse[:, 0] = 1.0
    step = partial(memory_step, w_input=torch.eye(2), w_state=torch.tensor(carry))
    return unroll(step, pulse, torch.zeros(1, 2))[0][0]


def draw() -> Figure:
    figure, page = canvas(height=232)
    ages = torch.arange(STEPS + 1)
    for number, (name, sizes, carry, limits, ticks) in enumerate(CASES):
        left = 22 + 174 * number
        ax = plot_axes(figure, left, 48, 136, 142)
        ax.set(xlim=(0, STEPS), ylim=limits, xticks=[0, 5, 10, 15, 20], yticks=ticks)
        ax.set_yticklabels([str(tick).replace("-", "−") for tick in ticks])
        ax.axhline(0, color=LINE, linewidth=1)
        ax.patch.set_visible(False)  # or it would cover the labels, which stand on the page
        states = kept(carry)
        for feature, style in enumerate(("solid", (0, (3, 2)))):
            ax.plot(ages, states[:, feature], color=H, linestyle=style, linewidth=1.6)
        text(page, (left, 14), name, INK, align="left", bold=True)
        text(page, (left, 33), sizes, MUTED, align="left", size=13)
    text(page, (264, 220), "steps since the input", MUTED)
    return figure

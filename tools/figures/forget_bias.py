"""How much the last cell state still depends on the first, for three biases of the forget gate."""

from functools import partial

import torch
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import lstm_cell, run_steps
from tools.figures.style import MUTED, NEG, H, T, canvas, plot_axes, text

STEPS, HIDDEN, SEEDS = 40, 16, 10
BIASES = ((0, NEG), (1, H), (3, T))


def remaining(bias: float, seed: int) -> Tensor:
    """Return dc_t/dc_0 for t = 1 to T in an untrained network, root mean square over the units."""
    torch.manual_seed(seed)
    weights = torch.nn.LSTMCell(1, HIDDEN).state_dict()
    weights["bias_ih"][HIDDEN : 2 * HIDDEN] = bias
    weights["bias_hh"][HIDDEN : 2 * HIDDEN] = 0
    start = torch.zeros(HIDDEN, requires_grad=True)
    state = torch.zeros(1, HIDDEN), start.expand(1, HIDDEN)
    states = run_steps(partial(lstm_cell, **weights), (torch.zeros(1, 1),) * STEPS, state)
    by_step = []
    for _, c in states:
        (gradient,) = torch.autograd.grad(c.sum(), start, retain_graph=True)
        by_step.append(gradient.square().mean().sqrt())
    return torch.stack(by_step)


def draw() -> Figure:
    figure, page = canvas(height=292)
    left, top, width, height = 62, 26, 330, 214
    ax = plot_axes(figure, left, top, width, height, log="y")
    ax.set(xlim=(0, STEPS), ylim=(1e-12, 2), xticks=range(0, STEPS + 1, 10))
    ax.set_yticks([10.0**exponent for exponent in range(-12, 1, 3)])
    ax.grid(axis="y")
    steps = range(1, STEPS + 1)
    for bias, color in BIASES:
        drawn = torch.stack([remaining(bias, seed) for seed in range(SEEDS)])
        end = drawn.median(0).values[-1].log10().item()
        ax.fill_between(steps, drawn.amin(0), drawn.amax(0), color=color, alpha=0.2, linewidth=0)
        ax.plot(steps, drawn.median(0).values, color=color)
        y = top + height * (0.301 - end) / 12.301
        text(page, (left + width + 9, y), f"bias sum {bias}", color, align="left")
    text(page, (left - 54, 10), "gradient from c_t to c_0", align="left")
    text(page, (left + width / 2, 280), "t, in steps", MUTED)
    return figure

"""How much of a gradient is left after some steps back: RNN, LSTM and GRU, for three radii."""

from collections.abc import Callable
from functools import cache, partial

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from rnn_tutorial import gru_cell, lstm_cell, rnn_cell, run_steps
from tools.figures.style import INK, LINE, MUTED, NEG, SIZE, H, canvas, plot_axes, text

# A decade is 7.5 px high.  Another CPU rounds otherwise, and the largest radius carries that on:
# 2 px let a norm nearly double.  A radius of 0.9 instead of 1.0 moves the end of its line by 25.
TOLERANCE = 2

STEPS, HIDDEN, OPENED = 101, 64, 3.0
RADII = ((0.5, MUTED), (1.0, H), (1.5, NEG))
DASHED = (0, (4, 2))


def lstm_step(x_t: Tensor, s: Tensor, **parameters: Tensor) -> Tensor:
    """Advance an LSTM whose state is one vector, h and then c."""
    return torch.cat(lstm_cell(x_t, s.chunk(2), **parameters))


def jacobian_norms(step: Callable, x: Tensor, s_0: Tensor, **parameters: Tensor) -> Tensor:
    """Return the norm of d s_T / d s_t for T - t = 0, 1, ..., T - 1."""
    states = run_steps(partial(step, **parameters), x.unbind(0), s_0)
    rows = torch.eye(len(s_0), dtype=x.dtype)
    found = torch.stack(torch.autograd.grad(states[-1], states, rows, is_grads_batched=True))
    return torch.linalg.matrix_norm(found, ord=2).flip(0)


def drawn(kind: type[nn.Module], radius: float, opened: float = 0.0) -> dict[str, Tensor]:
    """Draw a cell's parameters, each recurrent block of one radius, and open its second gate."""
    torch.manual_seed(0)
    module = kind(5, HIDDEN, dtype=torch.float64).requires_grad_(False)
    module.bias_hh[HIDDEN : 2 * HIDDEN] += opened
    blocks = torch.randn_like(module.weight_hh).split(HIDDEN)
    scaled = [block * (radius / torch.linalg.eigvals(block).abs().max()) for block in blocks]
    return {**module.state_dict(), "weight_hh": torch.cat(scaled)}


@cache  # the tests draw a figure more than once
def curves(radius: float) -> list[tuple[Tensor, Tensor]]:
    """Return a solid and a dashed line for each of RNN, LSTM and GRU."""
    torch.manual_seed(1)
    x = torch.randn(STEPS, 5, dtype=torch.float64)
    h_0 = torch.zeros(HIDDEN, dtype=torch.float64, requires_grad=True)
    plain = drawn(nn.RNNCell, radius)
    states = torch.stack(run_steps(partial(rnn_cell, **plain), x.unbind(0), h_0)).detach()
    largest = (1 - states[1:] ** 2).amax(1).flip(0)
    steepest = torch.linalg.matrix_norm(plain["weight_hh"], ord=2) * largest
    bound = torch.cat([torch.ones_like(largest[:1]), steepest.cumprod(0)])
    lines = [(jacobian_norms(rnn_cell, x, h_0, **plain), bound)]
    both_0 = torch.zeros(2 * HIDDEN, dtype=torch.float64, requires_grad=True)
    for kind, step, s_0 in ((nn.LSTMCell, lstm_step, both_0), (nn.GRUCell, gru_cell, h_0)):
        closed, opened = (
            jacobian_norms(step, x, s_0, **drawn(kind, radius, by)) for by in (0.0, OPENED)
        )
        lines.append((closed, opened))
    return lines


def draw() -> Figure:
    figure, page = canvas(height=290)
    panels = []
    for number, name in enumerate(("RNN", "LSTM", "GRU")):
        ax = plot_axes(figure, 46 + 162 * number, 28, 130, 216, log="y")
        ax.set(xlim=(0, STEPS - 1), ylim=(1e-20, 1e9), xticks=[0, 50, 100])
        ax.set_yticks([1e-20, 1e-15, 1e-10, 1e-5, 1, 1e5])
        if number:
            ax.set_yticklabels([])
        ax.grid(axis="y", color=LINE, linewidth=0.8)
        ax.patch.set_visible(False)  # or it would cover the labels, which stand on the page
        ax.set_title(name, loc="left", fontsize=SIZE, color=INK, pad=8)
        panels.append(ax)
    steps = torch.arange(STEPS)
    for radius, color in RADII:
        for ax, (solid, dashed) in zip(panels, curves(radius), strict=True):
            for values, style in ((solid, "solid"), (dashed, DASHED)):
                seen = (values > 1e-21) & (values < 1e10)  # no point far outside of the panel
                ax.plot(steps[seen], values[seen], color=color, linestyle=style, linewidth=1.6)
    for at, label, color in (
        ((142, 63), "ρ = 1.5", NEG),
        ((144, 140), "ρ = 1", H),
        ((152, 186), "ρ = 0.5", MUTED),
    ):
        text(page, at, label, color)
    text(page, (90, 37), "bound", align="left")
    for x in (214, 376):
        text(page, (x, 62), "gates open", align="left")
        text(page, (x, 228), "as drawn", align="left")
    for x in (111, 273, 435):
        text(page, (x, 279), "T − t")
    return figure

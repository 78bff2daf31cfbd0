"""The gradient explorer's curves: the experiment of the chapter on vanishing gradients, on a grid.

The functions are the chapter's own: its code blocks are executed up to the one that defines
`curves`. For a sequence of T steps there is the norm of d s_T / d s_t at each distance T - t, where
the state s is h, and for an LSTM h and c; and the norm of the gradient of all parameters, which is
what clipping by norm looks at.
"""

from collections.abc import Callable
from contextlib import redirect_stdout
from functools import cache, partial
from io import StringIO
from typing import Any

import torch
from torch import Tensor, nn

from claimdown.page import Code
from claimdown.reader import read
from rnn_tutorial import memory_step
from tools.site import ROOT

CHAPTER = ROOT / "docs/en/learning/vanishing-gradients.md"
HIDDEN, OPENED = 64, 3.0  # as in the chapter
RADII = [step / 10 for step in range(5, 16)]
LENGTHS = [11, 26, 51, 101]  # the first state is 10, 25, 50 and 100 steps back
SMALLEST = 1e-36  # below the range of float32 a gradient counts as none


@cache
def chapter() -> dict[str, Any]:
    """Execute the chapter up to its experiment; return all that it has defined."""
    namespace: dict[str, Any] = {}
    for block in read(CHAPTER).of(Code):
        with redirect_stdout(StringIO()):
            exec(compile(block.code, CHAPTER.name, "exec", dont_inherit=True), namespace)
        if "curves" in namespace:
            return namespace
    raise KeyError(f"{CHAPTER.name} does not define `curves`")


def linear_cell(input: Tensor, hx: Tensor, **parameters: Tensor) -> Tensor:
    """Advance the loop without a nonlinearity, with the parameters of a plain cell."""
    weights = (parameters[name].T for name in ("weight_ih", "weight_hh"))
    return memory_step(input[None], hx[None], *weights)[0]  # it wants a batch


def networks() -> dict[str, tuple[Callable, type[nn.Module], float]]:
    """Return a step, the module to draw its parameters from, and by how much its gate is open."""
    plain, lstm, gru = (chapter()[name] for name in ("rnn_cell", "lstm_step", "gru_cell"))
    return {
        "RNN tanh": (plain, nn.RNNCell, 0.0),
        "RNN relu": (partial(plain, nonlinearity="relu"), nn.RNNCell, 0.0),
        "RNN none": (linear_cell, nn.RNNCell, 0.0),
        "LSTM drawn": (lstm, nn.LSTMCell, 0.0),
        "LSTM open": (lstm, nn.LSTMCell, OPENED),
        "GRU drawn": (gru, nn.GRUCell, 0.0),
        "GRU open": (gru, nn.GRUCell, OPENED),
    }


def sequence(length: int) -> Tensor:
    """Return the first steps of the chapter's sequence."""
    return chapter()["x"][:length]


def start(kind: type[nn.Module]) -> Tensor:
    size = 2 * HIDDEN if kind is nn.LSTMCell else HIDDEN
    return torch.zeros(size, dtype=torch.float64, requires_grad=True)


@cache
def parameters(name: str, radius: float) -> dict[str, Tensor]:
    """Draw a network's parameters as the chapter does."""
    _, kind, opened = networks()[name]
    return chapter()["drawn"](kind, radius, opened)


def norms(name: str, radius: float, length: int) -> Tensor:
    """Return the norm of d s_T / d s_t for T - t = 0, 1, ..., T - 1."""
    step, kind, _ = networks()[name]
    step = partial(step, **parameters(name, radius))
    return chapter()["norms"](step, sequence(length), start(kind))


def whole_norm(name: str, radius: float, length: int) -> Tensor:
    """Return the norm of the gradient of half the squared length of h_T, over all parameters."""
    step, kind, _ = networks()[name]
    leaves = {k: value.clone().requires_grad_() for k, value in parameters(name, radius).items()}
    steps = sequence(length).unbind(0)
    h = chapter()["run_steps"](partial(step, **leaves), steps, start(kind))[-1][:HIDDEN]
    found = torch.autograd.grad(h.square().sum() / 2, list(leaves.values()), materialize_grads=True)
    return torch.cat([gradient.flatten() for gradient in found]).norm()


def hundredths(norm: Tensor) -> list[int]:
    """Return the decimal logarithm in hundredths, which is finer than a plot can show."""
    return norm.clamp(min=SMALLEST).log10().mul(100).round().int().tolist()


def differences(values: list[int]) -> list[int]:
    """Return the first value, then what each adds to the one before: short numbers."""
    return [b - a for a, b in zip([0, *values], values, strict=False)]


def data() -> dict[str, Any]:
    """Return what the widget reads."""
    curves, whole = {}, {}
    for name in networks():
        curves[name] = [
            [differences(hundredths(norms(name, radius, length))) for length in LENGTHS]
            for radius in RADII
        ]
        whole[name] = [
            hundredths(torch.stack([whole_norm(name, radius, length) for length in LENGTHS]))
            for radius in RADII
        ]
    return {"radii": RADII, "lengths": LENGTHS, "curves": curves, "whole": whole}

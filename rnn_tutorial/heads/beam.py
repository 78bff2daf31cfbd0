"""Beam search: keep the best few beginnings, and extend all of them by one symbol at a time."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from rnn_tutorial.heads.checks import (
    _of_step,
    _require_int,
    _require_log_probabilities,
    _require_number,
)
from rnn_tutorial.shapes import require_shape

SearchState = tuple[Tensor, ...]
SearchStep = Callable[[SearchState, Tensor], tuple[Tensor, SearchState]]


class Beams(NamedTuple):
    """The sequences that a beam search has kept for each sample, the best one first.

    Shape:
        symbols (N, K, S): K sequences of each of N samples; what follows `stop` is `stop` again;
        log_probabilities (N, K): of the sequence as a whole, -inf where there were fewer than K;
        lengths (N, K): the number of symbols, `stop` included

    >>> beams = Beams(torch.tensor([[[2, 0, 0]]]), torch.tensor([[-1.5]]), torch.tensor([[2]]))
    >>> beams.symbols[0, 0, : beams.lengths[0, 0]]
    tensor([2, 0])

    Explained in: docs/en/labs/pronunciation.py
    """

    symbols: Tensor
    log_probabilities: Tensor
    lengths: Tensor


def beam_search(
    step: SearchStep,
    state: SearchState,
    *,
    start: int,
    stop: int,
    steps: int,
    width: int,
    length_power: float = 0.0,
) -> Beams:
    """Search for the sequences of the highest score, keeping `width` of them at each step.

    The score is log p / length**length_power: at 0 the log-probability itself, at 1 its mean
    per symbol. A sequence ends with `stop`, or after `steps` symbols. Width 1 is greedy search;
    a width of at least C**(steps - 1) keeps every beginning, so it is exhaustive search.

    Shape:
        state: tensors (N, ...); step: state of K*N rows, symbols (K*N,) -> log-probabilities
        (K*N, C) and the next state; returns K = width sequences of each sample

    Raises:
        TypeError: if `start`, `stop`, `steps` or `width` is not an int, `length_power` no number,
            a state not a tuple of tensors, or what the step returns no pair or not of floats.
        ValueError: if `steps` or `width` is below 1, `length_power` below 0 or so high that
            steps**length_power overflows, `start` below 0, `stop` not one of the C symbols, or
            what the step returns is NaN or above zero.
        RuntimeError: if the tensors of a state differ in N, or what the step returns has another
            shape than (K*N, C), or its state other than K*N rows.

    Source:
        Graves (2012); the score's length as in Wu et al. (2016), without their constant.

    >>> log_p = torch.tensor([[0.5, 0.3, 0.2]]).log()  # whatever came before; 0 is `stop`
    >>> step = lambda state, symbols: (log_p.expand(len(symbols), 3), state)
    >>> beams = beam_search(step, (torch.zeros(1, 1),), start=0, stop=0, steps=3, width=2)
    >>> beams.symbols, beams.log_probabilities.exp()  # at once, or after one symbol
    (tensor([[[0, 0],
             [1, 0]]]), tensor([[0.5000, 0.1500]]))

    Explained in: docs/en/labs/pronunciation.py
    """
    _require_search(start, stop, steps, width, length_power)
    samples, device = _rows("state", state), state[0].device
    state = tuple(tensor.repeat_interleave(width, dim=0) for tensor in state)
    beams = Beams(
        torch.empty(samples, width, 0, dtype=torch.long, device=device),
        torch.tensor([0.0] + [-torch.inf] * (width - 1), device=device).repeat(samples, 1),
        torch.zeros(samples, width, dtype=torch.long, device=device),
    )
    last = torch.full((samples * width,), start, device=device)
    for _ in range(steps):
        log_p, state = _of_step(step(state, last), len(last))
        _require_step(log_p, state, stop)
        beams, rows = _extend(beams, log_p, stop, float(length_power))
        state = tuple(tensor[rows] for tensor in state)
        last = beams.symbols[:, :, -1].flatten()
        if not _running(beams, stop).any():
            break
    return beams


def _running(beams: Beams, stop: int) -> Tensor:
    """Mark the sequences (N, K) that can go on."""
    ended = (beams.symbols == stop).any(dim=2)
    return ~ended & (beams.log_probabilities > -torch.inf)


def _extend(beams: Beams, log_p: Tensor, stop: int, power: float) -> tuple[Beams, Tensor]:
    """Keep the best of all extensions by one symbol, and say from which rows they come.

    A sequence that has ended is extended by `stop`, at no cost, and competes with the others.
    """
    samples, width = beams.lengths.shape
    classes = log_p.shape[1]
    only_stop = log_p.new_full((classes,), -torch.inf)
    only_stop[stop] = 0.0
    running = _running(beams, stop)
    gain = torch.where(running.unsqueeze(2), log_p.view(samples, width, classes), only_stop)
    totals = (beams.log_probabilities.unsqueeze(2) + gain).flatten(1)  # (N, K*C)
    lengths = beams.lengths + running
    scores = totals / lengths.repeat_interleave(classes, dim=1) ** power
    best = scores.topk(width, dim=1).indices  # (N, K), the best first
    parents, symbols = best // classes, best % classes
    before = beams.symbols.gather(1, parents.unsqueeze(2).expand(-1, -1, beams.symbols.shape[2]))
    beams = Beams(
        torch.cat([before, symbols.unsqueeze(2)], dim=2),
        totals.gather(1, best),
        lengths.gather(1, parents),
    )
    first_rows = width * torch.arange(samples, device=best.device).unsqueeze(1)
    return beams, (first_rows + parents).flatten()


def _require_search(start: int, stop: int, steps: int, width: int, length_power: float) -> None:
    """Raise unless there is something to search, and its scores can be computed."""
    _require_int("start", start, 0)
    _require_int("stop", stop, 0)
    _require_int("steps", steps, 1)
    _require_int("width", width, 1)
    _require_number("length_power", length_power, wanted := "a finite number of at least 0")
    if not 0 <= length_power < math.inf:
        raise ValueError(f"length_power: expected {wanted}, got {length_power}")
    if (torch.tensor(steps) ** float(length_power)).isinf():
        raise ValueError(f"length_power: so high that {steps}**{length_power} overflows")


def _require_step(log_p: Tensor, state: SearchState, stop: int) -> None:
    """Raise unless a step has returned log-probabilities, also of `stop`, and as many states."""
    _require_log_probabilities("scores of step", log_p)
    _require_int("stop", stop, 0, log_p.shape[1] - 1)
    _rows("state of step", state, len(log_p))


def _rows(name: str, state: SearchState, rows: int | str = "N") -> int:
    """Return how many rows the tensors of a state have, which is the same for all of them."""
    if not (isinstance(state, tuple) and state and all(isinstance(part, Tensor) for part in state)):
        got = type(state).__name__
        raise TypeError(f"{name}: expected a tuple of tensors, got {got}")
    for k, part in enumerate(state):
        require_shape(f"{name}[{k}]", part, rows, *["*"] * (part.dim() - 1))
        rows = len(part)
    return len(state[0])

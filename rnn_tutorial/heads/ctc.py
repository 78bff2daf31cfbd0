"""CTC: labels without positions. The loss sums over all alignments; the decoders read one off."""

import math
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from heapq import nlargest
from itertools import groupby

import torch
from torch import Tensor
from torch.nn.functional import pad

from rnn_tutorial.heads.checks import (
    _require_bools,
    _require_int,
    _require_integers,
    _require_lengths,
    _require_log_probabilities,
    _require_range,
)
from rnn_tutorial.heads.log_space import NEVER
from rnn_tutorial.loops import run_steps
from rnn_tutorial.masked import lengths_to_mask
from rnn_tutorial.shapes import require_shape


def ctc_collapse(path: Iterable[int] | Tensor, blank: int = 0) -> list[int]:
    """Read the labels off an alignment: merge repeated symbols, then drop the blanks.

    Shape:
        path: a symbol for each of T steps, also as a tensor (T,); returns at most T labels

    Raises:
        TypeError: if a symbol or `blank` is no int; ValueError: if it is below 0.
        RuntimeError: if `path` is a tensor of other than one axis.

    Source:
        The map B of Graves et al. (2006), section 3.1.

    >>> ctc_collapse([0, 7, 7, 0, 7, 3, 0])
    [7, 7, 3]

    Explained in: docs/en/labs/digit-rows.py
    """
    if isinstance(path, Tensor):
        require_shape("path", path, "T")
        path = path.tolist()
    path = list(path)
    for symbol in path:
        _require_int("path", symbol, 0)
    _require_int("blank", blank, 0)
    return [symbol for symbol, _ in groupby(path) if symbol != blank]


def ctc_states(targets: Tensor, target_lengths: Tensor, blank: int = 0) -> tuple[Tensor, Tensor]:
    """Lay out the states of an alignment: the labels, with a blank around each of them.

    A step of an alignment stays in its state or moves to the next one. It may also skip a blank,
    unless the labels on both sides of it are the same: those only a blank keeps apart.

    Shape:
        targets (N, S), target_lengths (N,); returns the symbol of each state (N, 2*S + 1), blank
        at padding, and bools (N, 2*S + 1): where a step may come from two states before

    Raises:
        RuntimeError: if shapes disagree; TypeError: if labels, lengths or `blank` are no integers;
        ValueError: if a length is not from 0 to S, a label or `blank` below 0, or a label `blank`.

    >>> symbols, may_skip = ctc_states(torch.tensor([[7, 7, 3]]), torch.tensor([3]))
    >>> symbols
    tensor([[0, 7, 0, 7, 0, 3, 0]])
    >>> may_skip.int()
    tensor([[0, 0, 0, 0, 0, 1, 0]], dtype=torch.int32)

    Explained in: docs/en/labs/digit-rows.py
    """
    _require_labels(targets, target_lengths, blank)
    labels = targets.long().masked_fill(~lengths_to_mask(target_lengths, targets.shape[1]), blank)
    symbols = torch.stack([torch.full_like(labels, blank), labels], dim=2).flatten(1)
    symbols = pad(symbols, (0, 1), value=blank)
    two_before = pad(symbols, (2, 0), value=blank)[:, :-2]
    may_skip = (symbols != blank) & (symbols != two_before)
    may_skip[:, :2] = False  # before these two there is nothing
    return symbols, may_skip


def ctc_step(emission: Tensor, alpha: Tensor, may_skip: Tensor) -> Tensor:
    """Move on by one step all alignments so far: the step of a recurrent network without weights.

    Shape:
        emission (N, 2*S + 1): log-probability of each state's symbol at this step;
        alpha (N, 2*S + 1): log of the sum over the alignments so far that end in each state;
        may_skip (N, 2*S + 1) of bools; returns the next alpha

    Raises:
        RuntimeError: if shapes disagree; TypeError: if `may_skip` is not of bools.

    Source:
        Graves et al. (2006), equations 6 and 7, as logarithms.

    >>> start = torch.tensor([[0.0, -torch.inf, -torch.inf]])  # in state 0, and nowhere else
    >>> ctc_step(torch.zeros(1, 3), start, torch.zeros(1, 3, dtype=torch.bool))
    tensor([[0., 0., -inf]])

    Explained in: docs/en/labs/digit-rows.py
    """
    require_shape("emission", emission, "N", "2*S + 1")
    require_shape("alpha", alpha, *emission.shape)
    require_shape("may_skip", may_skip, *emission.shape)
    _require_bools("may_skip", may_skip, "where a step may come from two states before")
    moved = pad(alpha, (2, 0), value=NEVER)
    from_one_before = moved[:, 1:-1]
    from_two_before = moved[:, :-2].masked_fill(~may_skip, NEVER)
    return emission + torch.stack([alpha, from_one_before, from_two_before]).logsumexp(0)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor,
    target_lengths: Tensor,
    blank: int = 0,
) -> Tensor:
    """Return minus the log-probability of each target: of all alignments that collapse to it.

    A target that no alignment fits, as it is too long, costs infinity, and its gradient is zero.

    Shape:
        log_probs (N, T, C), targets (N, S), lengths (N,) up to T and up to S; returns (N,)

    Raises:
        RuntimeError: if shapes disagree; TypeError: if `log_probs` is neither float32 nor float64,
        or if labels, lengths or `blank` are no integers;
        ValueError: if a length, a label or `blank` is out of range, if a label is `blank`, or if
        at a real step a log-probability is NaN or, by more than rounding, above 0.

    Source:
        Graves et al. (2006), section 4.1. `torch.nn.functional.ctc_loss` with `reduction="none"`,
        which takes log_probs (T, N, C), and gives an infinite loss the gradient NaN.

    >>> half = torch.full((1, 2, 2), 0.5).log()
    >>> ctc_loss(half, torch.tensor([[1]]), torch.tensor([2]), torch.tensor([1])).neg().exp()
    tensor([0.7500])

    Explained in: docs/en/labs/digit-rows.py
    """
    symbols, may_skip = ctc_states(targets, target_lengths, blank)
    real = _require_ctc(log_probs, targets, symbols, input_lengths, blank)
    batch, steps, _ = log_probs.shape
    emissions = log_probs.gather(2, symbols.unsqueeze(1).expand(-1, steps, -1)).clamp(min=NEVER)
    emissions = emissions.masked_fill(~real.unsqueeze(2), 0.0)
    start = log_probs.new_full(symbols.shape, NEVER)
    start[:, 0] = 0.0
    step = partial(ctc_step, may_skip=may_skip)
    alphas = torch.stack([start, *run_steps(step, emissions.unbind(1), start)])
    final = alphas[input_lengths.long(), torch.arange(batch, device=alphas.device)]
    # An alignment ends in the last label or in the blank after it; without labels, in state 0.
    after_last = 2 * target_lengths.unsqueeze(1) - torch.arange(symbols.shape[1]).to(final.device)
    total = final.masked_fill((after_last < 0) | (after_last > 1), NEVER).logsumexp(1)
    return -total.masked_fill(total < NEVER / 2, -math.inf)


def ctc_greedy(log_probs: Tensor, input_lengths: Tensor, blank: int = 0) -> list[list[int]]:
    """Read the most probable symbol of each step, and collapse them.

    That is the most probable alignment. Another label sequence may have more alignments, and be
    more probable: see `ctc_beam_search`.

    Shape:
        log_probs (N, T, C), input_lengths (N,); returns N lists of labels

    Raises:
        RuntimeError: if shapes disagree; TypeError: if lengths or `blank` are no integers, or
        `log_probs` no floating-point numbers; ValueError: if a length or `blank` is out of range,
        or if at a real step a log-probability is NaN or, by more than rounding, above 0.

    Source:
        "Best path decoding" of Graves et al. (2006), section 3.2.

    >>> log_probs = torch.tensor([[[0.6, 0.4], [0.6, 0.4]]]).log()
    >>> ctc_greedy(log_probs, torch.tensor([2]))
    [[]]

    Explained in: docs/en/labs/digit-rows.py
    """
    require_shape("log_probs", log_probs, "N", "T", "C")
    _require_decodable(log_probs, input_lengths, blank)
    paths = zip(log_probs.argmax(2).tolist(), input_lengths.tolist(), strict=True)
    return [ctc_collapse(path[:length], blank) for path, length in paths]


def ctc_beam_search(
    log_probs: Tensor, width: int, blank: int = 0
) -> list[tuple[tuple[int, ...], float]]:
    """Search for the most probable label sequences, keeping `width` beginnings at each step.

    Alignments that collapse to the same beginning are added up. Of each beginning the search
    keeps two sums, for those that end in a blank and for those that end in its last label: only
    after a blank does the same label count again. With room for every beginning it is exact.

    Shape:
        log_probs (T, C); returns at most `width` pairs of labels and log-probability, best first

    Raises:
        RuntimeError: if `log_probs` has other than two axes; TypeError: if `width` or `blank` is
        no int, or `log_probs` are no floating-point numbers; ValueError: if `width` is below 1, if
        `blank` is out of range, or if a log-probability is NaN or, by more than rounding, above 0.

    Source:
        Hannun et al. (2014), without a language model; the idea is in Graves et al. (2006).

    >>> log_probs = torch.tensor([[0.6, 0.4], [0.6, 0.4]]).log()
    >>> [(labels, round(math.exp(score), 2)) for labels, score in ctc_beam_search(log_probs, 2)]
    [((1,), 0.64), ((), 0.36)]

    Explained in: docs/en/labs/digit-rows.py
    """
    require_shape("log_probs", log_probs, "T", "C")
    _require_int("width", width, 1)
    _require_int("blank", blank, 0, log_probs.shape[1] - 1)
    _require_log_probabilities("log_probs", log_probs)
    beam: Beginnings = {(): (0.0, -math.inf)}
    for step in log_probs.tolist():
        beam = dict(
            nlargest(width, _extended(beam, step, blank).items(), lambda one: _log_add(*one[1]))
        )
    return [(labels, _log_add(*sums)) for labels, sums in beam.items()]


# Of each beginning, the log-probabilities of its alignments: those that end in a blank, the others.
Beginnings = dict[tuple[int, ...], tuple[float, float]]


def _extended(beam: Beginnings, step: list[float], blank: int) -> Beginnings:
    """Return all beginnings after one more step, without those that are impossible."""
    found: defaultdict[tuple[int, ...], list[float]] = defaultdict(lambda: [-math.inf, -math.inf])

    def add(labels: tuple[int, ...], end: int, score: float) -> None:
        found[labels][end] = _log_add(found[labels][end], score)

    for labels, (after_blank, after_label) in beam.items():
        total = _log_add(after_blank, after_label)
        for symbol, log_prob in enumerate(step):
            if symbol == blank:
                add(labels, 0, total + log_prob)
            elif labels[-1:] == (symbol,):
                add(labels, 1, after_label + log_prob)
                add((*labels, symbol), 1, after_blank + log_prob)
            else:
                add((*labels, symbol), 1, total + log_prob)
    return {labels: (a, b) for labels, (a, b) in found.items() if max(a, b) > -math.inf}


def _log_add(a: float, b: float) -> float:
    """Return log(exp(a) + exp(b))."""
    larger, smaller = max(a, b), min(a, b)
    if smaller == -math.inf:
        return larger
    return larger + math.log1p(math.exp(smaller - larger))


def _require_labels(targets: Tensor, target_lengths: Tensor, blank: int) -> None:
    """Raise unless there are labels, which are not blank, up to each length."""
    require_shape("targets", targets, "N", "S")
    batch, longest = targets.shape
    _require_lengths("target_lengths", target_lengths, batch, 0, longest)
    _require_int("blank", blank, 0)
    labels = targets[lengths_to_mask(target_lengths, longest)]
    _require_integers("targets", labels)
    wrong = labels[(labels < 0) | (labels == blank)]
    if len(wrong):
        wanted = f"labels of at least 0, other than the blank {blank}"
        raise ValueError(f"targets: expected {wanted}, got {sorted(set(wrong.tolist()))}")


def _require_ctc(
    log_probs: Tensor, targets: Tensor, symbols: Tensor, input_lengths: Tensor, blank: int
) -> Tensor:
    """Return the real steps (N, T), and raise unless log-probabilities fit to targets."""
    require_shape("log_probs", log_probs, "N", "T", "C")
    require_shape("targets", targets, log_probs.shape[0], "S")
    if log_probs.dtype not in (torch.float32, torch.float64):
        raise TypeError(f"log_probs: expected float32 or float64, got {log_probs.dtype}")
    real = _require_decodable(log_probs, input_lengths, blank)
    _require_range("targets", symbols, 0, log_probs.shape[2] - 1)
    return real


def _require_decodable(log_probs: Tensor, input_lengths: Tensor, blank: int) -> Tensor:
    """Return the real steps (N, T), and raise unless each has log-probabilities, and a blank."""
    batch, steps, symbols = log_probs.shape
    _require_lengths("input_lengths", input_lengths, batch, 0, steps)
    _require_int("blank", blank, 0, symbols - 1)
    real = lengths_to_mask(input_lengths, steps)
    _require_log_probabilities("log_probs", log_probs.detach()[real])
    return real

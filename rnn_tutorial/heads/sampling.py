"""Writing with a network: temperature, top-k and nucleus, drawing a symbol, carrying the state."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from rnn_tutorial.heads.checks import (
    _of_step,
    _require_floats,
    _require_int,
    _require_integers,
    _require_number,
)
from rnn_tutorial.shapes import require_shape

State = tuple[Tensor, ...]


def apply_temperature(scores: Tensor, temperature: float) -> Tensor:
    """Sharpen a distribution, with a temperature below 1, or flatten it, with one above.

    At temperature 1 nothing changes. Towards 0, all probability goes to the highest score; at 0
    there would be a division by zero, so take `scores.argmax(dim=-1)` there.

    Shape:
        scores (..., C); returns scores (..., C)

    Raises:
        TypeError: if `scores` are no floating-point numbers, or `temperature` is no number.
        ValueError: if a score is NaN or infinity, a row is all -inf, or `temperature` is not a
            positive finite number, or so low that scores divided by it overflow.

    Source:
        Ackley, Hinton and Sejnowski (1985), where T is the temperature of a Boltzmann machine.

    >>> apply_temperature(torch.tensor([0.9, 0.1]).log(), 0.5).softmax(dim=-1)  # 0.81 to 0.01
    tensor([0.9878, 0.0122])

    Explained in: docs/en/labs/characters.py
    """
    _require_scores(scores)
    _require_number("temperature", temperature, "a positive finite number")
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature: expected a positive finite number, got {temperature}")
    scaled = scores / temperature
    if not torch.equal(scaled.isfinite(), scores.isfinite()):
        raise ValueError(f"temperature: so low that scores overflow, got {temperature}")
    return scaled


def keep_top_k(scores: Tensor, k: int) -> Tensor:
    """Rule out all symbols but the `k` with the highest scores, by the score -inf.

    Symbols whose scores equal the k-th are kept as well, so that no order decides between them.

    Shape:
        scores (..., C), k from 1 to C; returns scores (..., C)

    Raises:
        TypeError: if `scores` are no floating-point numbers, or `k` is no int.
        ValueError: if a score is NaN or infinity, a row is all -inf, or `k` is not from 1 to C.

    Source:
        Fan, Lewis and Dauphin (2018), section 5.4.

    >>> keep_top_k(torch.tensor([1.0, 4.0, 3.0, 2.0]), k=2)
    tensor([-inf, 4., 3., -inf])

    Explained in: docs/en/labs/characters.py
    """
    _require_scores(scores)
    _require_int("k", k, 1, scores.shape[-1])
    lowest = scores.topk(k, dim=-1).values[..., -1:]
    return scores.masked_fill(scores < lowest, -torch.inf)


def keep_nucleus(scores: Tensor, p: float) -> Tensor:
    """Keep the fewest symbols whose probabilities add up to `p`, and rule out the others.

    The most probable come first, of equal ones the one with the lower index. The most probable
    symbol is kept whatever `p` is, and with `p` of 1 every symbol is.

    Shape:
        scores (..., C), 0 < p <= 1; returns scores (..., C), -inf where a symbol is ruled out

    Raises:
        TypeError: if `scores` are no floating-point numbers, or `p` is no number.
        ValueError: if a score is NaN or infinity, a row is all -inf, or `p` is not in (0, 1].

    Source:
        Holtzman et al. (2020), section 3.1.

    >>> keep_nucleus(torch.tensor([0.1, 0.6, 0.3]).log(), p=0.8).softmax(dim=-1)
    tensor([0.0000, 0.6667, 0.3333])

    Explained in: docs/en/labs/characters.py
    """
    _require_scores(scores)
    _require_number("p", p, "a number above 0, at most 1")
    if not 0 < p <= 1:
        raise ValueError(f"p: expected a number above 0, at most 1, got {p}")
    if p == 1:  # whatever the sum of all probabilities is rounded to
        return scores.clone()
    ordered, order = scores.softmax(dim=-1).sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(dim=-1).roll(1, dims=-1)  # the sum of those that are more probable
    before[..., 0] = 0
    ruled_out = torch.zeros_like(order, dtype=torch.bool).scatter(-1, order, before >= p)
    return scores.masked_fill(ruled_out, -torch.inf)


def sample(scores: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Draw a symbol from each row, with the probabilities `scores.softmax(dim=-1)`.

    Shape:
        scores (..., C); returns indices (...)

    Raises:
        TypeError: if `scores` are no floating-point numbers.
        ValueError: if a score is NaN or infinity, or a row is all -inf.

    Source:
        `torch.multinomial`, which does not draw what has probability 0.

    >>> scores = torch.tensor([[0.0, -torch.inf], [-torch.inf, 0.0]])  # nothing is left to chance
    >>> sample(scores)
    tensor([0, 1])

    Explained in: docs/en/labs/characters.py
    """
    _require_scores(scores)
    rows = scores.softmax(dim=-1).reshape(-1, scores.shape[-1])
    return torch.multinomial(rows, 1, generator=generator).reshape(scores.shape[:-1])


def generate(
    step: Callable[[State, Tensor], tuple[Tensor, State]],
    state: State,
    first: Tensor,
    steps: int,
    choose: Callable[[Tensor], Tensor] = sample,
) -> tuple[Tensor, State]:
    """Write: feed each chosen symbol back in, together with the state that the last one left.

    Shape:
        state: tensors of N samples, which have not read `first` yet; first (N,), symbols;
        step: state, (N,) -> scores (N, C), state; choose: scores (N, C) -> symbols (N,);
        returns the symbols (N, steps) that follow `first`, and the state before the last of them:
        with it and that symbol, a second call goes on where the first one stopped

    Raises:
        TypeError: if `steps` is no int, `step` does not return a pair, or if `first`, or what
            `choose` returns, are no integers.
        ValueError: if `steps` is less than 1.
        RuntimeError: if `first`, or what `choose` returns, is not one symbol for each sample, or
            if `step` does not return scores (N, C).

    Source:
        Graves (2013), section 2.

    >>> step = lambda state, symbols: (torch.eye(4)[(symbols + 1) % 4].log(), state)  # counts on
    >>> generate(step, (), torch.tensor([1]), steps=5)
    (tensor([[2, 3, 0, 1, 2]]), ())

    Explained in: docs/en/labs/characters.py
    """
    require_shape("first", first, "N")
    _require_integers("first", first)
    _require_int("steps", steps, 1)
    written = [first]
    with torch.no_grad():
        for _ in range(steps):
            scores, state = _of_step(step(state, written[-1]), len(first))
            chosen = choose(scores)
            require_shape("choose", chosen, len(first))
            _require_integers("choose", chosen)
            written.append(chosen)
    return torch.stack(written[1:], dim=1), state


def _require_scores(scores: Tensor) -> None:
    """Raise unless every row is a distribution after softmax."""
    _require_floats("scores", scores)
    if scores.dim() == 0 or scores.shape[-1] == 0:
        raise ValueError(f"scores: expected shape (..., C), got {tuple(scores.shape)}")
    if scores.isnan().any() or (scores == torch.inf).any():
        raise ValueError("scores: expected finite numbers or -inf, got NaN or infinity")
    if (scores == -torch.inf).all(dim=-1).any():
        raise ValueError("scores: expected a finite number in every row, got a row of -inf")

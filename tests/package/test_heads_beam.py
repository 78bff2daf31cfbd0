"""Beam search, against all sequences that there are, and against always taking the best symbol."""

import math
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from rnn_tutorial.heads import Beams, beam_search
from rnn_tutorial.heads.beam import SearchState, SearchStep

DTYPES = [torch.float32, torch.float64]
START = 0


def language(classes: int, seed: int, dtype: torch.dtype = torch.float64) -> SearchStep:
    """Return a step whose probabilities depend on the sample and on all symbols so far.

    Its state is a row of features, and a counter of another shape and type.
    """
    generator = torch.Generator().manual_seed(seed)
    mix, embed, head = (
        torch.randn(shape, dtype=dtype, generator=generator)
        for shape in ((4, 4), (classes, 4), (4, classes))
    )

    def step(state: SearchState, symbols: Tensor) -> tuple[Tensor, SearchState]:
        features, counter = state
        assert torch.equal(counter[:, 0, 0], counter[:1, 0, 0].expand(len(symbols)))
        features = torch.tanh(features @ mix + embed[symbols])
        return (2 * features @ head).log_softmax(dim=1), (features, counter + 1)

    return step


def states(samples: int, dtype: torch.dtype = torch.float64) -> SearchState:
    generator = torch.Generator().manual_seed(99)
    features = torch.randn(samples, 4, dtype=dtype, generator=generator)
    return features, torch.zeros(samples, 1, 2, dtype=torch.int32)


def log_probability(step: SearchStep, state: SearchState, symbols: tuple[int, ...]) -> float:
    """Add up the log-probabilities of one sequence for one sample, symbol by symbol."""
    total, last = 0.0, START
    for symbol in symbols:
        log_p, state = step(state, torch.tensor([last]))
        total, last = total + log_p[0, symbol].item(), symbol
    return total


def every_sequence(classes: int, stop: int, steps: int) -> list[tuple[int, ...]]:
    """List what ends with its only `stop`, and what has `steps` symbols and no `stop`."""
    found = []
    for length in range(1, steps + 1):
        for symbols in product(range(classes), repeat=length):
            ends = symbols[-1] == stop
            if stop not in symbols[:-1] and (ends or length == steps):
                found.append(symbols)
    return found


def ranked(
    step: SearchStep, state: SearchState, classes: int, stop: int, steps: int, power: float
) -> list[tuple[float, tuple[int, ...]]]:
    """Rank all sequences of one sample by their score, the best first."""
    scores = [
        (log_probability(step, state, symbols) / len(symbols) ** power, symbols)
        for symbols in every_sequence(classes, stop, steps)
    ]
    return sorted(scores, reverse=True)


def sample(state: SearchState, n: int) -> SearchState:
    return tuple(tensor[n : n + 1] for tensor in state)


def sequence(beams: Beams, n: int, k: int) -> tuple[int, ...]:
    return tuple(beams.symbols[n, k, : beams.lengths[n, k]].tolist())


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("power", [0.0, 0.7, 1.0, 2.0])
@pytest.mark.parametrize(("classes", "stop", "steps"), [(3, 0, 4), (4, 3, 3), (2, 1, 5), (5, 2, 1)])
def test_widest_beam_is_exhaustive_search(
    classes: int, stop: int, steps: int, power: float, dtype: torch.dtype
) -> None:
    step, state = language(classes, seed=classes, dtype=dtype), states(3, dtype)
    beams = beam_search(
        step, state, start=START, stop=stop, steps=steps, width=classes**steps, length_power=power
    )
    assert beams.log_probabilities.dtype == dtype
    for n in range(3):
        expected = ranked(step, sample(state, n), classes, stop, steps, power)
        alive = (beams.log_probabilities[n] > -math.inf).nonzero()[:, 0]
        assert alive.tolist() == list(range(len(expected)))
        found = [sequence(beams, n, k) for k in range(len(expected))]
        assert set(found) == {symbols for _, symbols in expected}
        bound = 64 * torch.finfo(dtype).eps
        for k, (score, best) in enumerate(expected):
            its = log_probability(step, sample(state, n), found[k])
            assert abs(beams.log_probabilities[n, k].item() - its) <= bound * max(1, -its)
            assert abs(its / len(found[k]) ** power - score) <= bound * max(1, -score)
            if dtype == torch.float64:
                assert found[k] == best
            assert (beams.symbols[n, k, len(found[k]) :] == stop).all()


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("power", [0.0, 1.0])
def test_width_that_keeps_every_beginning_finds_the_best(seed: int, power: float) -> None:
    classes, stop, steps = 4, 1, 4
    step, state = language(classes, seed), states(2)
    beams = beam_search(
        step, state, start=START, stop=stop, steps=steps, width=classes ** (steps - 1),
        length_power=power,
    )  # fmt: skip
    for n in range(2):
        best = ranked(step, sample(state, n), classes, stop, steps, power)[0][1]
        assert sequence(beams, n, 0) == best


def greedy(step: SearchStep, state: SearchState, stop: int, steps: int) -> tuple[int, ...]:
    symbols = [START]
    while len(symbols) <= steps:
        log_p, state = step(state, torch.tensor(symbols[-1:]))
        symbols.append(int(log_p[0].argmax()))
        if symbols[-1] == stop:
            break
    return tuple(symbols[1:])


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("power", [0.0, 1.0])
def test_width_one_is_greedy(seed: int, power: float) -> None:
    step, state, stop = language(6, seed), states(5), seed % 6
    beams = beam_search(step, state, start=START, stop=stop, steps=7, width=1, length_power=power)
    for n in range(5):
        expected = greedy(step, sample(state, n), stop, 7)
        assert sequence(beams, n, 0) == expected
        assert beams.lengths[n, 0] == len(expected)
        total = log_probability(step, sample(state, n), expected)
        assert abs(beams.log_probabilities[n, 0].item() - total) < 1e-12


@pytest.mark.parametrize("width", [1, 2, 5])
def test_samples_of_a_batch_do_not_meet(width: int) -> None:
    step, state = language(5, seed=3), states(4)
    together = beam_search(step, state, start=START, stop=4, steps=5, width=width)
    for n in range(4):
        alone = beam_search(step, sample(state, n), start=START, stop=4, steps=5, width=width)
        length = alone.symbols.shape[2]
        assert torch.equal(together.symbols[n, :, :length], alone.symbols[0])
        assert torch.equal(together.lengths[n], alone.lengths[0])
        torch.testing.assert_close(together.log_probabilities[n], alone.log_probabilities[0])


def beam_by_hand(
    step: SearchStep, state: SearchState, stop: int, steps: int, width: int, power: float
) -> list[tuple[int, ...]]:
    """Search with lists and sorting, scoring each sequence from its beginning."""
    beams: list[tuple[int, ...]] = [()]
    classes = step(state, torch.tensor([START]))[0].shape[1]

    def score(symbols: tuple[int, ...]) -> float:
        return log_probability(step, state, symbols) / len(symbols) ** power

    for _ in range(steps):
        ended = [beam for beam in beams if beam[-1:] == (stop,)]
        grown = [(*beam, c) for beam in beams if beam not in ended for c in range(classes)]
        beams = sorted(ended + grown, key=score, reverse=True)[:width]
    return beams


@pytest.mark.parametrize("power", [0.0, 1.0])
@pytest.mark.parametrize("width", [2, 3, 7])
@pytest.mark.parametrize("seed", range(5))
def test_narrow_beam_is_the_same_search_with_lists(seed: int, width: int, power: float) -> None:
    step, state = language(4, seed), states(2)
    beams = beam_search(step, state, start=START, stop=2, steps=5, width=width, length_power=power)
    for n in range(2):
        expected = beam_by_hand(step, sample(state, n), 2, 5, width, power)
        assert [sequence(beams, n, k) for k in range(width)] == expected


def test_length_power_prefers_longer_sequences() -> None:
    """Stopping at once costs ln 2 as a whole; going on costs less per symbol, but more in sum."""
    rows = torch.tensor([[0.5, 0.5], [0.6, 0.4]]).log()  # 0 is `stop`

    def step(state: SearchState, symbols: Tensor) -> tuple[Tensor, SearchState]:
        return rows[symbols], state

    found = {
        power: beam_search(
            step, (torch.zeros(1),), start=0, stop=0, steps=2, width=4, length_power=power
        ).symbols[0, 0]
        for power in (0.0, 1.0)
    }
    assert found[0.0].tolist() == [0, 0]
    assert found[1.0].tolist() == [1, 0]


def test_search_ends_when_every_sequence_has_ended() -> None:
    calls = []

    def step(state: SearchState, symbols: Tensor) -> tuple[Tensor, SearchState]:
        calls.append(symbols.tolist())
        return torch.tensor([[0.0, -math.inf]]).expand(len(symbols), 2), state

    beams = beam_search(step, (torch.zeros(2),), start=1, stop=0, steps=9, width=2)
    assert calls == [[1, 1, 1, 1]]
    assert beams.symbols.shape == (2, 2, 1)
    assert beams.log_probabilities.tolist() == [[0, -math.inf]] * 2
    assert not beams.log_probabilities.isnan().any()


def test_empty_batch() -> None:
    beams = beam_search(language(3, 0), states(0), start=0, stop=0, steps=2, width=2)
    assert beams.lengths.shape == (0, 2)


POWER = "length_power: expected a finite number of at least 0"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"width": 0}, ValueError, "width: expected at least 1, got 0"),
        ({"width": -3}, ValueError, "width: expected at least 1, got -3"),
        ({"width": 2.0}, TypeError, "width: expected an int, got 2.0"),
        ({"steps": 0}, ValueError, "steps: expected at least 1, got 0"),
        ({"steps": None}, TypeError, "steps: expected an int, got None"),
        ({"width": True}, TypeError, "width: expected an int, got True"),
        ({"steps": True}, TypeError, "steps: expected an int, got True"),
        ({"start": 0.5}, TypeError, "start: expected an int, got 0.5"),
        ({"start": -1}, ValueError, "start: expected at least 0, got -1"),
        *(
            ({"length_power": value}, ValueError, f"{POWER}, got {value}")
            for value in (-1.0, math.nan, math.inf)
        ),
        ({"length_power": "1"}, TypeError, f"{POWER}, got '1'"),
        ({"length_power": True}, TypeError, f"{POWER}, got True"),
        (
            {"length_power": 128, "steps": 2},
            ValueError,
            r"length_power: so high that 2\*\*128 overflows",
        ),
        ({"stop": 3}, ValueError, "stop: expected from 0 to 2, got 3"),
        ({"stop": -1}, ValueError, "stop: expected at least 0, got -1"),
        ({"stop": 0.0}, TypeError, "stop: expected an int, got 0.0"),
        ({"stop": False}, TypeError, "stop: expected an int, got False"),
        (
            {"state": (torch.tensor(1.0),)},
            RuntimeError,
            r"state\[0\]: expected shape \(N\), got \(\)",
        ),
        (
            {"state": (torch.zeros(2, 4), torch.zeros(1, 3, 5))},
            RuntimeError,
            r"state\[1\]: expected shape \(2, \*, \*\), got \(1, 3, 5\)",
        ),
        ({"state": torch.zeros(1)}, TypeError, "state: expected a tuple of tensors, got Tensor"),
        ({"state": ()}, TypeError, "state: expected a tuple of tensors, got tuple"),
        ({"state": (1,)}, TypeError, "state: expected a tuple of tensors, got tuple"),
    ],
)
def test_search_rejects(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    given = {"state": states(1), "start": 0, "stop": 0, "steps": 2, "width": 2} | arguments
    with pytest.raises(error, match=f"^{message}$"):
        beam_search(language(3, 0), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (torch.zeros(2), RuntimeError, r"expected shape \(2, C\), got \(2,\)"),
        (torch.zeros(3, 4), RuntimeError, r"expected shape \(2, C\), got \(3, 4\)"),
        (torch.zeros(2, 4).long(), TypeError, "expected floating-point numbers, got torch.int64"),
        *(
            (
                torch.full((2, 4), value),
                ValueError,
                f"expected log-probabilities, at most 0, got {value}",
            )
            for value in (math.nan, math.inf, 7.5)
        ),
    ],
)
def test_steps_that_return_no_log_probabilities_are_rejected(
    returned: Tensor, error: type[Exception], message: str
) -> None:
    def step(state: SearchState, symbols: Tensor) -> tuple[Tensor, SearchState]:
        return returned, state

    with pytest.raises(error, match=f"^scores of step: {message}$"):
        beam_search(step, states(1), start=0, stop=0, steps=2, width=2)


LOG_P = torch.zeros(2, 3)


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        (LOG_P, TypeError, "step: expected a pair of a tensor and the next state, got Tensor"),
        ((LOG_P,) * 3, TypeError, "step: expected a pair .*, got Tensor, Tensor, Tensor"),
        (([0.0], (LOG_P,)), TypeError, "step: expected a pair .*, got list, tuple"),
        ((LOG_P, LOG_P), TypeError, "state of step: expected a tuple of tensors, got Tensor"),
        ((LOG_P, [LOG_P]), TypeError, "state of step: expected a tuple of tensors, got list"),
        (
            (LOG_P, (LOG_P, torch.zeros(1, 3))),
            RuntimeError,
            r"state of step\[1\]: expected shape \(2, \*\), got \(1, 3\)",
        ),
    ],
)
def test_steps_that_return_something_else_are_rejected(
    returned: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{message}$"):
        beam_search(lambda *_: returned, states(1), start=0, stop=0, steps=2, width=2)


def test_a_high_power_of_the_length_gives_no_nan() -> None:
    rows = torch.tensor([[0.0, 1.0, 0.0], [0.4, 0.6, 0.0], [1.0, 0.0, 0.0]]).log()
    beams = beam_search(
        lambda state, symbols: (rows[symbols], state), (torch.zeros(1),),
        start=0, stop=0, steps=4, width=3, length_power=40,
    )  # fmt: skip
    assert sequence(beams, 0, 0) == (1, 1, 1, 1)
    assert not beams.log_probabilities.isnan().any()

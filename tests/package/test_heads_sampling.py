"""Temperature, top-k, nucleus and generation, against enumeration and against whole runs."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import combinations
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from rnn_tutorial.heads.sampling import (
    apply_temperature,
    generate,
    keep_nucleus,
    keep_top_k,
    sample,
)

DTYPES = [torch.float32, torch.float64]
SHAPES = [(7,), (3, 7), (2, 3, 7), (1,), (4, 1)]
FILTERS = [partial(apply_temperature, temperature=1), partial(keep_top_k, k=1),
           partial(keep_nucleus, p=0.5), sample]  # fmt: skip


def draw(seed: int, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(shape, generator=generator, dtype=dtype)


def rows_of(scores: Tensor) -> list[list[float]]:
    return scores.reshape(-1, scores.shape[-1]).tolist()


def kept(scores: Tensor) -> list[set[int]]:
    return [{c for c, score in enumerate(row) if score > -math.inf} for row in rows_of(scores)]


# ---- temperature ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("temperature", [0.3, 1, 2.5])
def test_temperature_raises_probabilities_to_a_power(
    shape: tuple[int, ...], temperature: float, dtype: torch.dtype
) -> None:
    scores = draw(0, *shape, dtype=dtype)
    found = apply_temperature(scores, temperature).softmax(dim=-1)
    powers = scores.softmax(dim=-1) ** (1 / temperature)
    torch.testing.assert_close(found, powers / powers.sum(dim=-1, keepdim=True))


def test_temperature_tends_to_the_best_and_to_all_alike() -> None:
    scores = draw(1, 5, 7)
    cold, hot = (apply_temperature(scores, value).softmax(dim=-1) for value in (1e-3, 1e6))
    assert torch.equal(cold.argmax(dim=-1), scores.argmax(dim=-1))
    torch.testing.assert_close(cold.max(dim=-1).values, torch.ones(5, dtype=torch.float64))
    torch.testing.assert_close(hot, torch.full_like(hot, 1 / 7), atol=1e-5, rtol=0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradient_of_temperature(dtype: torch.dtype) -> None:
    scores = draw(2, 3, 5, dtype=dtype).requires_grad_()
    (found,) = torch.autograd.grad(apply_temperature(scores, 0.25).sum(), scores)
    assert torch.equal(found, torch.full_like(scores, 4.0))


# ---- top-k ------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_top_k_keeps_those_that_fewer_than_k_are_above(
    shape: tuple[int, ...], dtype: torch.dtype
) -> None:
    scores = draw(3, *shape, dtype=dtype)
    for k in range(1, shape[-1] + 1):
        found = keep_top_k(scores, k)
        wanted = [{c for c, one in enumerate(row) if sum(other > one for other in row) < k}
                  for row in rows_of(scores)]  # fmt: skip
        assert kept(found) == wanted
        assert all(len(row) == k for row in wanted)
        assert torch.equal(found[found > -torch.inf], scores[found > -torch.inf])


def test_top_k_keeps_all_that_equal_the_last() -> None:
    scores = torch.tensor([2.0, 3.0, 2.0, 1.0, 2.0])
    assert [kept(keep_top_k(scores, k)) for k in (1, 2, 4, 5)] == [
        [{1}], [{0, 1, 2, 4}], [{0, 1, 2, 4}], [{0, 1, 2, 3, 4}]
    ]  # fmt: skip


# ---- nucleus ----------------------------------------------------------------------------------


def smallest_nucleus(probabilities: list[Fraction], p: Fraction) -> set[int]:
    """Try all sets, small ones first; of equal size take the most probable, then low indices."""
    indices = range(len(probabilities))
    for size in range(1, len(probabilities) + 1):
        sums = {
            group: sum(probabilities[c] for c in group) for group in combinations(indices, size)
        }
        best = max(sums, key=lambda group: (sums[group], [-c for c in group]))
        if sums[best] >= p:
            return set(best)
    raise AssertionError("all of them add up to 1")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_nucleus_is_the_smallest_set(seed: int, dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(seed)
    counts = torch.randint(1, 9, (6,), generator=generator).tolist()  # equal ones among them
    probabilities = [Fraction(count, sum(counts)) for count in counts]
    scores = torch.tensor(counts, dtype=dtype).log()
    for hundredth in range(3, 100, 7):
        p = Fraction(hundredth, 100) + Fraction(1, 7919)  # away from every sum
        assert kept(keep_nucleus(scores, float(p))) == [smallest_nucleus(probabilities, p)]


def test_nucleus_stops_at_a_sum_that_is_reached_exactly() -> None:
    scores = torch.tensor([0.25, 0.5, 0.125, 0.125]).log()
    assert [kept(keep_nucleus(scores, p)) for p in (0.5, 0.75, 0.875)] == [
        [{1}],
        [{0, 1}],
        [{0, 1, 2}],
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_nucleus_of_1_keeps_all_and_a_small_one_the_best(shape: tuple[int, ...]) -> None:
    for seed in range(20):  # the sum of some rows is rounded to more than 1
        scores = draw(seed, *shape, dtype=torch.float32)
        assert torch.equal(keep_nucleus(scores, 1), scores)
        assert kept(keep_nucleus(scores, 1e-9)) == [
            {one} for one in scores.argmax(-1).flatten().tolist()
        ]


def test_filters_join() -> None:
    scores = draw(4, 5, 9)
    both = keep_nucleus(keep_top_k(scores, 4), 0.9)
    assert all(a <= b for a, b in zip(kept(both), kept(keep_top_k(scores, 4)), strict=True))
    # A nucleus of what is left is computed on probabilities that add up to 1 again.
    for row, found in zip(rows_of(scores), kept(both), strict=True):
        best = sorted(range(9), key=lambda c: -row[c])[:4]
        again = keep_nucleus(torch.tensor([row[c] for c in best], dtype=torch.float64), 0.9)
        assert found == {best[place] for place in kept(again)[0]}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rule", [partial(keep_top_k, k=3), partial(keep_nucleus, p=0.8)])
def test_gradient_through_a_filter_is_that_of_the_kept(
    rule: Callable[[Tensor], Tensor], dtype: torch.dtype
) -> None:
    scores = draw(5, 4, 6, dtype=dtype).requires_grad_()
    probabilities = rule(scores).softmax(dim=-1)
    weights = draw(6, 4, 6, dtype=dtype)
    (found,) = torch.autograd.grad((weights * probabilities).sum(), scores)
    assert found.isfinite().all()
    for row, own, weight, gradient in zip(
        scores.detach(), kept(probabilities.log()), weights, found, strict=True
    ):
        inside = sorted(own)
        small = row[inside].clone().requires_grad_()
        (wanted,) = torch.autograd.grad((weight[inside] * small.softmax(dim=-1)).sum(), small)
        torch.testing.assert_close(gradient[inside], wanted)
        outside = [c for c in range(6) if c not in own]
        assert (gradient[outside] == 0).all()


def test_results_own_their_memory() -> None:
    scores = draw(7, 2, 4)
    before = scores.clone()
    for found in (apply_temperature(scores, 1), keep_top_k(scores, 4), keep_nucleus(scores, 1)):
        found.zero_()
        assert torch.equal(scores, before)


# ---- drawing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_frequencies_are_the_probabilities(dtype: torch.dtype) -> None:
    draws = 20_000
    scores = keep_top_k(draw(8, 6, dtype=dtype), 4)
    generator = torch.Generator().manual_seed(0)
    counts = sample(scores.expand(draws, 6), generator).bincount(minlength=6)
    expected = draws * scores.softmax(dim=-1)
    assert (counts[expected == 0] == 0).all()
    real = expected > 0
    chi_square = ((counts - expected)[real] ** 2 / expected[real]).sum()
    assert chi_square < 21.1  # 3 degrees of freedom: exceeded once in ten thousand seeds


@pytest.mark.parametrize("shape", SHAPES)
def test_drawing_keeps_the_axes_and_the_seed(shape: tuple[int, ...]) -> None:
    scores = draw(9, *shape)
    first, again = (sample(scores, torch.Generator().manual_seed(3)) for _ in range(2))
    assert first.shape == shape[:-1]
    assert first.dtype == torch.long
    assert torch.equal(first, again)


# ---- generation -------------------------------------------------------------------------------


class Writer(nn.Module):
    def __init__(self, kind: type[nn.RNNBase], dtype: torch.dtype) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(5, 3)
        self.recurrent = kind(3, 4, batch_first=True)
        self.head = nn.Linear(4, 5)
        self.to(dtype)

    def forward(self, symbols: Tensor) -> Tensor:
        """Read from the start: (N, T) -> scores (N, T, C)."""
        return self.head(self.recurrent(self.embedding(symbols))[0])

    def start(self, batch: int) -> tuple[Tensor, ...]:
        zeros = torch.zeros(1, batch, 4, dtype=self.head.weight.dtype)
        return (zeros, zeros) if isinstance(self.recurrent, nn.LSTM) else (zeros,)

    def step(self, state: tuple[Tensor, ...], symbols: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        hx = state if isinstance(self.recurrent, nn.LSTM) else state[0]
        output, hx = self.recurrent(self.embedding(symbols[:, None]), hx)
        return self.head(output[:, 0]), hx if isinstance(hx, tuple) else (hx,)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_generation_equals_reading_everything_anew(
    kind: type[nn.RNNBase], dtype: torch.dtype
) -> None:
    writer = Writer(kind, dtype)
    first = torch.tensor([0, 3, 4])
    seen: list[Tensor] = []

    def choose(scores: Tensor) -> Tensor:
        seen.append(scores)
        return sample(scores, generator)

    generator = torch.Generator().manual_seed(1)
    written, _ = generate(writer.step, writer.start(3), first, 6, choose)
    assert written.shape == (3, 6)
    with torch.no_grad():
        whole = writer(torch.cat([first[:, None], written], dim=1))
    torch.testing.assert_close(torch.stack(seen, dim=1), whole[:, :-1])
    assert not torch.allclose(whole[:, 0], writer(written[:, :1])[:, 0])  # the state matters


def test_generation_goes_on_where_it_stopped() -> None:
    writer = Writer(nn.GRU, torch.float64)
    first = torch.tensor([2, 1])
    greedy = partial(torch.argmax, dim=-1)
    whole, _ = generate(writer.step, writer.start(2), first, 7, greedy)
    begun, state = generate(writer.step, writer.start(2), first, 3, greedy)
    rest, _ = generate(writer.step, state, begun[:, -1], 4, greedy)
    assert torch.equal(torch.cat([begun, rest], dim=1), whole)


def test_generation_keeps_no_gradients() -> None:
    writer = Writer(nn.GRU, torch.float32)
    _, (h,) = generate(writer.step, writer.start(1), torch.tensor([0]), 2)
    assert not h.requires_grad


# ---- bad input --------------------------------------------------------------------------------


NOT_FINITE = "expected finite numbers or -inf, got NaN or infinity"


@pytest.mark.parametrize("call", FILTERS)
@pytest.mark.parametrize(
    ("scores", "error", "message"),
    [
        (torch.tensor([1, 2]), TypeError, "expected floating-point numbers, got torch.int64"),
        (torch.tensor(1.0), ValueError, "expected shape (..., C), got ()"),
        (torch.zeros(3, 0), ValueError, "expected shape (..., C), got (3, 0)"),
        (torch.tensor([0.0, torch.nan]), ValueError, NOT_FINITE),
        (torch.tensor([0.0, torch.inf]), ValueError, NOT_FINITE),
        (
            torch.tensor([[0.0, 1.0], [-torch.inf, -torch.inf]]),
            ValueError,
            "expected a finite number in every row, got a row of -inf",
        ),
    ],
)  # fmt: skip
def test_scores_that_are_no_distribution(
    call: Callable[[Tensor], Tensor], scores: Tensor, error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        call(scores)
    assert str(raised.value) == f"scores: {message}"


SCORES = torch.zeros(2, 5)
POSITIVE, SHARE = "expected a positive finite number", "expected a number above 0, at most 1"


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        *((partial(apply_temperature, SCORES, value), ValueError,
           f"temperature: {POSITIVE}, got {value}") for value in (0, -1.0, math.inf, math.nan)),
        *((partial(apply_temperature, SCORES - 1, value), ValueError,
           f"temperature: so low that scores overflow, got {value}") for value in (1e-39, 1e-60)),
        (partial(apply_temperature, SCORES, "1"), TypeError, f"temperature: {POSITIVE}, got '1'"),
        *((partial(keep_top_k, SCORES, value), ValueError, f"k: expected from 1 to 5, got {value}")
          for value in (0, -1, 6)),
        (partial(apply_temperature, SCORES, True), TypeError,
         f"temperature: {POSITIVE}, got True"),
        (partial(keep_top_k, SCORES, 2.0), TypeError, "k: expected an int, got 2.0"),
        (partial(keep_top_k, SCORES, True), TypeError, "k: expected an int, got True"),
        (partial(keep_nucleus, SCORES, True), TypeError, f"p: {SHARE}, got True"),
        *((partial(keep_nucleus, SCORES, value), ValueError, f"p: {SHARE}, got {value}")
          for value in (0, 1.01, -0.5, math.nan)),
        (partial(keep_nucleus, SCORES, None), TypeError, f"p: {SHARE}, got None"),
    ],
)  # fmt: skip
def test_arguments_out_of_range(
    call: Callable[[], Tensor], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        call()
    assert str(raised.value) == message


def test_generation_refuses_what_does_not_fit() -> None:
    writer = Writer(nn.RNN, torch.float32)
    state, first = writer.start(2), torch.tensor([0, 1])
    with pytest.raises(ValueError, match=r"^steps: expected at least 1, got 0$"):
        generate(writer.step, state, first, 0)
    with pytest.raises(TypeError, match=r"^steps: expected an int, got 2\.0$"):
        generate(writer.step, state, first, 2.0)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^steps: expected an int, got True$"):
        generate(writer.step, state, first, True)
    with pytest.raises(TypeError, match=r"^first: expected integers, got torch.float32$"):
        generate(writer.step, state, first.float(), 1)
    with pytest.raises(RuntimeError, match=r"^first: expected shape \(N\), got \(2, 1\)$"):
        generate(writer.step, state, first[:, None], 1)
    with pytest.raises(RuntimeError, match=r"^choose: expected shape \(2\), got \(2, 5\)$"):
        generate(writer.step, state, first, 1, lambda scores: scores)
    with pytest.raises(TypeError, match=r"^choose: expected integers, got torch.float32$"):
        generate(writer.step, state, first, 1, lambda scores: scores.max(dim=-1).values)


@pytest.mark.parametrize(
    ("returned", "error", "message"),
    [
        ((torch.zeros(3, 5), ()), RuntimeError, r"scores of step: .* \(2, C\), got \(3, 5\)"),
        ((torch.zeros(2, 1, 5), ()), RuntimeError, r"scores of step: .* got \(2, 1, 5\)"),
        (torch.zeros(2, 5), TypeError, "step: expected a pair of a tensor and .*, got Tensor"),
        (([0.5], ()), TypeError, "step: expected a pair of a tensor and .*, got list, tuple"),
        ((torch.zeros(2, 5), 1, 2), TypeError, "step: expected a pair .*, got Tensor, int, int"),
    ],
)
def test_what_the_step_returns_is_not_blamed_on_the_choice(
    returned: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{message}$"):
        generate(lambda *_: returned, (), torch.tensor([0, 1]), 1)

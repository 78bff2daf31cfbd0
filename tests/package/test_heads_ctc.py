"""CTC against all alignments, one by one, against `torch.nn.functional.ctc_loss`, and bad input."""

import itertools
import math
import random
import re
from collections import defaultdict
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import ctc_loss as torch_ctc_loss

from rnn_tutorial.heads import (
    ctc_beam_search,
    ctc_collapse,
    ctc_greedy,
    ctc_loss,
    ctc_states,
    ctc_step,
)

DTYPES = [torch.float32, torch.float64]
SEEDS = range(10)


def by_enumeration(log_probs: Tensor, blank: int) -> dict[tuple[int, ...], float]:
    """Sum over all alignments (C to the power of T): the probability of each label sequence."""
    rows, found = log_probs.double().exp().tolist(), defaultdict(list)
    for path in itertools.product(range(log_probs.shape[1]), repeat=len(rows)):
        labels = tuple(collapsed(path, blank))
        found[labels].append(math.prod(row[symbol] for row, symbol in zip(rows, path, strict=True)))
    return {labels: math.fsum(terms) for labels, terms in found.items()}


def collapsed(path: tuple[int, ...], blank: int) -> list[int]:
    """As `ctc_collapse`, another way: a label counts where it differs from the symbol before."""
    pairs = zip((blank, *path), path, strict=False)
    return [symbol for before, symbol in pairs if symbol not in (before, blank)]


def draw(
    seed: int, dtype: torch.dtype, steps: int = 12, symbols: int = 5, batch: int = 6
) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
    """Draw logits, targets that fit, their lengths, and the blank; repeated labels are common."""
    torch.manual_seed(seed)
    blank = seed % symbols
    logits = 2 * torch.randn(batch, steps, symbols, dtype=dtype)
    input_lengths = torch.randint(steps // 2, steps + 1, (batch,))
    target_lengths = torch.randint(0, steps // 4 + 1, (batch,))
    others = torch.tensor([symbol for symbol in range(symbols) if symbol != blank])
    targets = others[torch.randint(0, min(2, symbols - 1), (batch, steps // 4))]
    return logits, targets, input_lengths, target_lengths, blank


def torchs(log_probs: Tensor, *arguments: Tensor, blank: int, **options: Any) -> Tensor:
    return torch_ctc_loss(
        log_probs.transpose(0, 1), *arguments, blank=blank, reduction="none", **options
    )


# ---- alignments -------------------------------------------------------------------------------


@pytest.mark.parametrize("blank", [0, 2])
def test_collapse_merges_before_it_drops(blank: int) -> None:
    for path in itertools.product(range(3), repeat=6):
        assert ctc_collapse(path, blank) == collapsed(path, blank)
    assert ctc_collapse([]) == []
    assert ctc_collapse(iter([1, 1, 0, 1])) == [1, 1]


def test_states_of_a_padded_batch() -> None:
    targets = torch.tensor([[1, 2, 2], [3, -9, 99], [7, 7, 7]])  # what stands at padding is ignored
    symbols, may_skip = ctc_states(targets, torch.tensor([3, 1, 0]), blank=4)
    assert symbols.tolist() == [[4, 1, 4, 2, 4, 2, 4], [4, 3, 4, 4, 4, 4, 4], [4] * 7]
    assert may_skip.nonzero().tolist() == [[0, 3]]
    symbols, may_skip = ctc_states(torch.zeros(2, 0, dtype=torch.long), torch.tensor([0, 0]))
    assert symbols.tolist() == [[0], [0]]
    assert not may_skip.any()


def test_step_moves_what_there_is() -> None:
    torch.manual_seed(0)
    symbols, may_skip = ctc_states(torch.tensor([[1, 1, 2]]), torch.tensor([3]))
    alpha, emission = torch.rand(2, 1, 7, dtype=torch.float64)
    expected = [
        sum(alpha[0, before] for before in range(7) if allowed(symbols[0], before, state))
        * emission[0, state]
        for state in range(7)
    ]
    moved = ctc_step(emission.log(), alpha.log(), may_skip).exp()
    torch.testing.assert_close(moved[0], torch.stack(expected))


def allowed(symbols: Tensor, before: int, after: int) -> bool:
    """Say whether a step may lead from one state to another."""
    skips = symbols[after] != 0 and symbols[after] != symbols[before]
    return after - before in (0, 1) or (after - before == 2 and bool(skips))


# ---- the loss ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize("blank", [0, 1, 2])
def test_loss_is_the_sum_over_all_alignments(blank: int, steps: int, dtype: torch.dtype) -> None:
    torch.manual_seed(10 * steps + blank)
    log_probs = torch.randn(steps, 3, dtype=dtype).log_softmax(1)
    expected = by_enumeration(log_probs, blank)
    assert math.isclose(sum(expected.values()), 1, rel_tol=32 * torch.finfo(dtype).eps)
    others = [symbol for symbol in range(3) if symbol != blank]
    everything = [
        labels for size in range(steps + 2) for labels in itertools.product(others, repeat=size)
    ]
    targets = torch.tensor([[*labels, *[-1] * (steps + 1 - len(labels))] for labels in everything])
    lengths = torch.tensor([len(labels) for labels in everything])
    batch = log_probs.expand(len(everything), -1, -1)
    losses = ctc_loss(batch, targets, torch.full_like(lengths, steps), lengths, blank)
    assert losses.dtype == dtype
    for labels, loss in zip(everything, losses.tolist(), strict=True):
        probability = expected.get(labels, 0.0)
        assert loss == (
            pytest.approx(-math.log(probability), rel=64 * torch.finfo(dtype).eps)
            if probability
            else math.inf
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_loss_and_gradient_are_torchs(seed: int, dtype: torch.dtype) -> None:
    logits, *arguments, blank = draw(seed, dtype, steps=24 if seed % 2 else 12)
    results = []
    for loss in (ctc_loss, torchs):
        leaf = logits.clone().requires_grad_()
        losses = loss(leaf.log_softmax(2), *arguments, blank=blank)
        assert losses.isfinite().all()
        weights = torch.linspace(0.5, 1.5, len(losses), dtype=dtype)
        results.append((losses, *torch.autograd.grad(losses @ weights, leaf)))
    # Sums of 24 logarithms, each of about 2; the gradient is a product of as many steps.
    bound = 64 * torch.finfo(dtype).eps
    for ours, theirs in zip(*results, strict=True):
        assert theirs.abs().max() > 0.01
        torch.testing.assert_close(ours, theirs, rtol=bound, atol=4 * bound)
    padding = torch.arange(logits.shape[1]) >= arguments[1].unsqueeze(1)
    assert torch.equal(results[0][1][padding], torch.zeros_like(logits[padding]))


def test_gradient_is_right_by_finite_differences() -> None:
    logits, *arguments, blank = draw(3, torch.float64, steps=8)
    leaf = logits.log_softmax(2).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: ctc_loss(x, *arguments, blank), (leaf,))


@pytest.mark.parametrize("dtype", DTYPES)
def test_gradient_counts_the_visits_of_each_symbol(dtype: torch.dtype) -> None:
    """Minus the gradient with respect to log_probs is how likely each symbol is at each step."""
    log_probs = torch.randn(5, 3, dtype=dtype).log_softmax(1)
    visits, total = torch.zeros(5, 3, dtype=torch.float64), 0.0
    for path in itertools.product(range(3), repeat=5):
        if ctc_collapse(path) == [2, 1]:
            probability = math.exp(sum(log_probs[t, symbol] for t, symbol in enumerate(path)))
            visits[range(5), path] += probability
            total += probability
    leaf = log_probs[None].requires_grad_()
    ctc_loss(leaf, torch.tensor([[2, 1]]), torch.tensor([5]), torch.tensor([2])).sum().backward()
    bound = 64 * torch.finfo(dtype).eps
    torch.testing.assert_close(-leaf.grad[0].double(), visits / total, rtol=bound, atol=bound)


@pytest.mark.parametrize("dtype", DTYPES)
def test_impossible_targets_cost_infinity_and_disturb_nobody(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    logits = torch.randn(4, 3, 4, dtype=dtype, requires_grad=True)
    targets = torch.tensor([[1, 1, 0], [1, 2, 3], [3, 3, 3], [1, 0, 0]])
    lengths = torch.tensor([3, 3, 3, 0]), torch.tensor([2, 3, 3, 1])
    losses = ctc_loss(logits.log_softmax(2), targets, *lengths)
    assert losses.isinf().tolist() == [False, False, True, True]
    assert torch.equal(
        losses.isinf(), torchs(logits.log_softmax(2), targets, *lengths, blank=0).isinf()
    )
    (gradient,) = torch.autograd.grad(losses.sum(), logits)
    assert torch.equal(gradient[2:], torch.zeros_like(gradient[2:]))
    zeroed = torchs(logits.log_softmax(2), targets, *lengths, blank=0, zero_infinity=True)
    (expected,) = torch.autograd.grad(zeroed.sum(), logits)
    bound = 64 * torch.finfo(dtype).eps
    torch.testing.assert_close(gradient, expected, rtol=bound, atol=bound)


def test_probability_zero_is_no_nan() -> None:
    log_probs = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]]).log().requires_grad_()
    for labels, expected in ([1], 0.0), ([1, 1], math.inf), ([], math.inf):
        targets = torch.tensor([labels], dtype=torch.long)
        loss = ctc_loss(log_probs, targets, torch.tensor([3]), torch.tensor([len(labels)]))
        assert loss.item() == expected
        (gradient,) = torch.autograd.grad(loss.sum(), log_probs)
        assert gradient.isfinite().all()


def test_padding_may_hold_anything() -> None:
    logits, targets, input_lengths, target_lengths, blank = draw(1, torch.float32)
    log_probs, padding = logits.log_softmax(2), torch.arange(12) >= input_lengths.unsqueeze(1)
    assert padding.any()
    filled = log_probs.masked_fill(padding.unsqueeze(2), math.nan).requires_grad_()
    rest = input_lengths.int(), target_lengths.short(), blank
    losses = ctc_loss(filled, targets.int(), *rest)
    assert torch.equal(losses, ctc_loss(log_probs, targets, *rest))
    losses.sum().backward()
    assert torch.equal(filled.grad[padding], torch.zeros_like(filled[padding]))


def test_no_samples_no_steps_no_labels() -> None:
    none = torch.zeros(0, dtype=torch.long)
    assert ctc_loss(torch.zeros(0, 3, 2), none.view(0, 2), none, none).shape == (0,)
    zero = torch.tensor([0])
    assert ctc_loss(torch.zeros(1, 0, 2), none.view(1, 0), zero, zero).tolist() == [0.0]


# ---- decoding ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_beam_search_at_full_width_is_enumeration(seed: int, dtype: torch.dtype) -> None:
    torch.manual_seed(seed)
    steps, symbols = (6, 3) if seed % 2 else (4, 4)
    log_probs, blank = torch.randn(steps, symbols, dtype=dtype).log_softmax(1), seed % symbols
    expected = by_enumeration(log_probs, blank)
    found = ctc_beam_search(log_probs, len(expected) + seed, blank)
    assert len(found) == len(expected)
    for labels, score in found:
        assert math.exp(score) == pytest.approx(expected[labels], rel=1e-12)
    assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
    loss = ctc_loss(log_probs[None], torch.tensor([found[0][0]], dtype=torch.long),
                    torch.tensor([steps]), torch.tensor([len(found[0][0])]), blank)  # fmt: skip
    assert loss.item() == pytest.approx(-found[0][1], rel=64 * torch.finfo(dtype).eps, abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_narrow_beam_never_overstates(seed: int) -> None:
    torch.manual_seed(seed)
    log_probs = torch.randn(6, 3, dtype=torch.float64).log_softmax(1)
    expected = by_enumeration(log_probs, 0)
    for width in (1, 2, 5):
        found = ctc_beam_search(log_probs, width)
        assert len(found) == width
        for labels, score in found:
            assert math.exp(score) <= expected[labels] * (1 + 1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_greedy_is_the_most_probable_alignment(seed: int) -> None:
    torch.manual_seed(seed)
    log_probs, lengths = torch.randn(3, 5, 4).log_softmax(2), torch.tensor([5, 3, 0])
    blank = seed % 4
    expected = []
    for rows, length in zip(log_probs, lengths.tolist(), strict=True):
        paths = itertools.product(range(4), repeat=length)
        best = max(paths, key=lambda path: sum(rows[t, symbol] for t, symbol in enumerate(path)))
        expected.append(collapsed(best, blank))
    assert ctc_greedy(log_probs, lengths, blank) == expected


def test_most_probable_labels_need_not_be_the_most_probable_alignment() -> None:
    log_probs = torch.tensor([[0.6, 0.4], [0.6, 0.4]], dtype=torch.float64).log()
    assert ctc_greedy(log_probs[None], torch.tensor([2])) == [[]]
    (labels, score), (_, other) = ctc_beam_search(log_probs, width=2)
    assert labels == (1,)
    assert (math.exp(score), math.exp(other)) == pytest.approx((0.64, 0.36))


def test_certain_steps_leave_one_sequence() -> None:
    path = random.Random(0).choices(range(3), k=20)
    log_probs = torch.full((20, 3), -math.inf)
    log_probs[range(20), path] = 0.0
    assert ctc_beam_search(log_probs, width=9) == [(tuple(ctc_collapse(path)), 0.0)]
    assert ctc_beam_search(torch.full((1, 3), -math.inf), width=9) == []
    assert ctc_beam_search(torch.zeros(0, 3), width=9) == [((), 0.0)]


# ---- bad input --------------------------------------------------------------------------------

LOG_P = "expected log-probabilities, at most 0"
GOOD: dict[str, Any] = {
    "log_probs": torch.zeros(2, 4, 3),
    "targets": torch.tensor([[1, 2], [1, 0]]),
    "input_lengths": torch.tensor([4, 3]),
    "target_lengths": torch.tensor([2, 1]),
    "blank": 0,
}


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("log_probs", torch.zeros(2, 4, 3).half(), TypeError, "expected float32 or float64, got "),
        ("log_probs", torch.zeros(4, 3), RuntimeError, "expected shape (N, T, C), got (4, 3)"),
        ("log_probs", torch.full((2, 4, 3), math.nan), ValueError, f"{LOG_P}, got nan"),
        ("log_probs", torch.full((2, 4, 3), math.inf), ValueError, f"{LOG_P}, got inf"),
        ("log_probs", torch.full((2, 4, 3), 0.25), ValueError, f"{LOG_P}, got 0.25"),
        ("targets", torch.tensor([1, 2]), RuntimeError, "expected shape (N, S), got (2,)"),
        ("targets", torch.ones(2, 2), TypeError, "expected integers, got torch.float32"),
        (
            "targets",
            torch.tensor([[3, 1], [1, 1]]),
            ValueError,
            "expected from 0 to 2 each, got [3]",
        ),
        (
            "targets",
            torch.tensor([[-1, 1], [1, 1]]),
            ValueError,
            "expected labels of at least 0, other than the blank 0, got [-1]",
        ),
        (
            "targets",
            torch.tensor([[0, 1], [1, 1]]),
            ValueError,
            "expected labels of at least 0, other than the blank 0, got [0]",
        ),
        ("input_lengths", torch.tensor([4]), RuntimeError, "expected shape (2), got (1,)"),
        (
            "input_lengths",
            torch.tensor([5, 1]),
            ValueError,
            "expected from 0 to 4 each, got [5]",
        ),
        (
            "input_lengths",
            torch.tensor([-1, 1]),
            ValueError,
            "expected from 0 to 4 each, got [-1]",
        ),
        (
            "input_lengths",
            torch.tensor([4.0, 1.0]),
            TypeError,
            "expected integers, got torch.float32",
        ),
        (
            "input_lengths",
            torch.tensor([True, True]),
            TypeError,
            "expected integers, got torch.bool",
        ),
        ("input_lengths", [4, 3], TypeError, "expected a tensor of integers, got list"),
        ("target_lengths", (2, 1), TypeError, "expected a tensor of integers, got tuple"),
        ("target_lengths", torch.tensor([[2, 1]]), RuntimeError, "expected shape (2), got (1, 2)"),
        (
            "target_lengths",
            torch.tensor([3, 1]),
            ValueError,
            "expected from 0 to 2 each, got [3]",
        ),
        (
            "target_lengths",
            torch.tensor([2j, 1]),
            TypeError,
            "expected integers, got torch.complex64",
        ),
        ("blank", 3, ValueError, "expected from 0 to 2, got 3"),
        ("blank", -1, ValueError, "expected at least 0, got -1"),
        ("blank", 0.5, TypeError, "expected an int, got 0.5"),
        ("blank", True, TypeError, "expected an int, got True"),
    ],
)
def test_bad_input_of_the_loss_is_named(
    name: str, value: Any, error: type[Exception], message: str
) -> None:
    assert ctc_loss(**GOOD).isfinite().all()
    with pytest.raises(error, match=re.escape(f"{name}: {message}")):
        ctc_loss(**(GOOD | {name: value}))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"width": 0}, ValueError, "width: expected at least 1, got 0"),
        ({"width": 2.0}, TypeError, "width: expected an int, got 2.0"),
        ({"width": True}, TypeError, "width: expected an int, got True"),
        ({"blank": True}, TypeError, "blank: expected an int, got True"),
        *(
            (
                {"log_probs": torch.full((2, 3), value)},
                ValueError,
                f"log_probs: {LOG_P}, got {value}",
            )
            for value in (math.nan, math.inf, 0.25)
        ),
        ({"log_probs": torch.zeros(2, 3).long()}, TypeError, "log_probs: expected floating-point"),
        ({"blank": 3}, ValueError, "blank: expected from 0 to 2, got 3"),
        (
            {"log_probs": torch.zeros(1, 4, 3)},
            RuntimeError,
            "log_probs: expected shape (T, C), got",
        ),
    ],
)
def test_bad_input_of_the_beam_search_is_named(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        ctc_beam_search(**({"log_probs": torch.zeros(4, 3), "width": 2} | options))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"log_probs": torch.zeros(4, 3)},
            RuntimeError,
            "log_probs: expected shape (N, T, C), got",
        ),
        *(
            (
                {"log_probs": torch.full((2, 4, 3), value)},
                ValueError,
                f"log_probs: {LOG_P}, got {value}",
            )
            for value in (math.nan, math.inf, 0.25)
        ),
        (
            {"log_probs": torch.zeros(2, 4, 3).int()},
            TypeError,
            "log_probs: expected floating-point",
        ),
        ({"input_lengths": torch.tensor([2.5, 1])}, TypeError, "input_lengths: expected integers"),
        ({"blank": 0.5}, TypeError, "blank: expected an int, got 0.5"),
        (
            {"input_lengths": torch.tensor([1])},
            RuntimeError,
            "input_lengths: expected shape (2), got",
        ),
        (
            {"input_lengths": torch.tensor([5, 1])},
            ValueError,
            "input_lengths: expected from 0 to 4",
        ),
        ({"blank": 3}, ValueError, "blank: expected from 0 to 2, got 3"),
    ],
)
def test_bad_input_of_greedy_decoding_is_named(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    good = {"log_probs": torch.zeros(2, 4, 3), "input_lengths": torch.tensor([4, 3])}
    with pytest.raises(error, match=re.escape(message)):
        ctc_greedy(**(good | options))


def test_targets_of_another_batch_are_named() -> None:
    more = {"targets": torch.ones(3, 2).long(), "target_lengths": torch.ones(3).long()}
    with pytest.raises(RuntimeError, match=r"^targets: expected shape \(2, S\), got \(3, 2\)$"):
        ctc_loss(**(GOOD | more))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"targets": torch.tensor([1])}, RuntimeError, "targets: expected shape (N, S), got (1,)"),
        ({"targets": torch.ones(1, 2)}, TypeError, "targets: expected integers, got torch.float32"),
        (
            {"targets": torch.tensor([[1, -1]])},
            ValueError,
            "targets: expected labels of at least 0, other than the blank 0, got [-1]",
        ),
        (
            {"targets": torch.tensor([[1, 0]])},
            ValueError,
            "targets: expected labels of at least 0, other than the blank 0, got [0]",
        ),
        (
            {"target_lengths": torch.tensor([1, 1])},
            RuntimeError,
            "target_lengths: expected shape (1), got (2,)",
        ),
        (
            {"target_lengths": torch.tensor([3])},
            ValueError,
            "target_lengths: expected from 0 to 2 each, got [3]",
        ),
        (
            {"target_lengths": torch.tensor([1.5])},
            TypeError,
            "target_lengths: expected integers, got torch.float32",
        ),
        ({"blank": 0.5}, TypeError, "blank: expected an int, got 0.5"),
        ({"blank": True}, TypeError, "blank: expected an int, got True"),
        ({"blank": -1}, ValueError, "blank: expected at least 0, got -1"),
    ],
)
def test_bad_input_of_the_states_is_named(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    good = {"targets": torch.tensor([[1, 2]]), "target_lengths": torch.tensor([2])}
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        ctc_states(**(good | options))


@pytest.mark.parametrize(
    ("name", "value", "error", "message"),
    [
        ("emission", torch.zeros(5), RuntimeError, "expected shape (N, 2*S + 1), got (5,)"),
        ("alpha", torch.zeros(1, 5), RuntimeError, "expected shape (2, 5), got (1, 5)"),
        ("alpha", torch.zeros(2, 1), RuntimeError, "expected shape (2, 5), got (2, 1)"),
        ("may_skip", torch.ones(1, 5).bool(), RuntimeError, "expected shape (2, 5), got (1, 5)"),
        ("may_skip", torch.ones(2, 5).int(), TypeError, "expected bools, True where a step may "),
    ],
)
def test_bad_input_of_the_step_is_named(
    name: str, value: Tensor, error: type[Exception], message: str
) -> None:
    zeros = torch.zeros(2, 5)
    good = {"emission": zeros, "alpha": zeros, "may_skip": zeros.bool()}
    assert ctc_step(**good).shape == (2, 5)
    with pytest.raises(error, match=f"^{re.escape(f'{name}: {message}')}"):
        ctc_step(**(good | {name: value}))


@pytest.mark.parametrize(
    ("path", "blank", "error", "message"),
    [
        ([0, 1.0], 0, TypeError, "path: expected an int, got 1.0"),
        ([0, True], 0, TypeError, "path: expected an int, got True"),
        ("aab", 0, TypeError, "path: expected an int, got 'a'"),
        ([0, -1], 0, ValueError, "path: expected at least 0, got -1"),
        ([torch.tensor(1)], 0, TypeError, "path: expected an int, got tensor(1)"),
        (torch.tensor([1.0]), 0, TypeError, "path: expected an int, got 1.0"),
        (torch.tensor(1), 0, RuntimeError, "path: expected shape (T), got ()"),
        (torch.tensor([[1]]), 0, RuntimeError, "path: expected shape (T), got (1, 1)"),
        ([1], False, TypeError, "blank: expected an int, got False"),
        ([1], 0.0, TypeError, "blank: expected an int, got 0.0"),
        ([1], -1, ValueError, "blank: expected at least 0, got -1"),
    ],
)
def test_bad_input_of_collapsing_is_named(
    path: Any, blank: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        ctc_collapse(path, blank)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
def test_collapse_of_a_tensor_gives_ints(dtype: torch.dtype) -> None:
    found = ctc_collapse(torch.tensor([0, 7, 7, 0, 7, 3], dtype=dtype))
    assert found == [7, 7, 3]
    assert {type(label) for label in found} == {int}


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.uint8])
def test_labels_and_lengths_of_any_integer_type(dtype: torch.dtype) -> None:
    logits, *integers, blank = draw(1, torch.float32)
    log_probs = logits.log_softmax(2)
    expected = ctc_loss(log_probs, *integers, blank)
    assert torch.equal(ctc_loss(log_probs, *(x.to(dtype) for x in integers), blank), expected)
    lengths = integers[1]
    assert ctc_greedy(log_probs, lengths.to(dtype)) == ctc_greedy(log_probs, lengths)


def test_padding_is_not_decoded_whatever_it_holds() -> None:
    log_probs, lengths = torch.randn(2, 4, 3).log_softmax(2), torch.tensor([4, 2])
    spoilt = log_probs.clone()
    spoilt[1, 2:] = math.nan
    assert ctc_greedy(spoilt, lengths) == ctc_greedy(log_probs, lengths)


def test_rounding_above_zero_is_no_mistake() -> None:
    log_probs = torch.full((1, 2, 2), 1e-4)
    two = torch.tensor([2])
    assert ctc_loss(log_probs, torch.tensor([[1]]), two, torch.tensor([1])).isfinite()
    assert ctc_greedy(log_probs, two) == [[]]
    assert len(ctc_beam_search(log_probs[0], 2)) == 2


def test_step_compiles_in_one_piece() -> None:
    _, may_skip = ctc_states(torch.tensor([[1, 1, 2]]), torch.tensor([3]))
    alpha, emission = torch.randn(2, 1, 7)
    compiled = torch.compile(ctc_step, fullgraph=True, backend="eager")
    assert torch.equal(compiled(emission, alpha, may_skip), ctc_step(emission, alpha, may_skip))
    loss = torch.compile(ctc_loss, backend="eager")
    torch.testing.assert_close(loss(**GOOD), ctc_loss(**GOOD))

"""The linear-chain CRF, against the enumeration of all paths."""

import math
from itertools import pairwise, product

import pytest
import torch
from torch import Tensor

from rnn_tutorial.heads import best_path, forbid, log_partition, path_score, tag_marginals
from rnn_tutorial.heads.log_space import NEVER

DTYPES = [torch.float32, torch.float64]
SIZES = [(2, 4), (3, 4), (4, 3), (1, 3), (3, 1)]  # tags, steps
Weights = tuple[Tensor, Tensor, Tensor]


def drawn(tags: int, steps: int, dtype: torch.dtype, seed: int = 0) -> tuple[Tensor, ...]:
    """Draw emissions of as many sequences as steps, one of each length, and the weights."""
    generator = torch.Generator().manual_seed(seed)
    shapes = (steps, steps, tags), (tags, tags), (tags,), (tags,)
    return tuple(2 * torch.randn(shape, generator=generator, dtype=dtype) for shape in shapes)


def by_hand(emissions: Tensor, path: tuple[int, ...], weights: Weights) -> Tensor:
    """Add up the score of one path of one sequence, term by term."""
    transitions, start, end = weights
    score = start[path[0]] + end[path[-1]]
    for t, tag in enumerate(path):
        score = score + emissions[t, tag]
    for tag, following in pairwise(path):
        score = score + transitions[tag, following]
    return score


def all_paths(tags: int, steps: int) -> list[tuple[int, ...]]:
    return list(product(range(tags), repeat=steps))


def enumerated(emissions: Tensor, weights: Weights, lengths: Tensor) -> list[Tensor]:
    """Return the scores of all paths, for each sequence."""
    return [
        torch.stack(
            [by_hand(each, path, weights) for path in all_paths(each.shape[1], int(length))]
        )
        for each, length in zip(emissions, lengths, strict=True)
    ]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("tags", "steps"), SIZES)
def test_score_of_every_path(tags: int, steps: int, dtype: torch.dtype) -> None:
    emissions, *weights = drawn(tags, steps, dtype)
    lengths = torch.arange(1, steps + 1)
    scores = enumerated(emissions, weights, lengths)
    for n, length in enumerate(lengths.tolist()):
        paths = torch.tensor(all_paths(tags, length))
        padding = torch.full((len(paths), steps - length), tags - 1)
        each = emissions[n].expand(len(paths), -1, -1)
        ours = path_score(
            each, torch.cat([paths, padding], 1), *weights, lengths[n].expand(len(paths))
        )
        torch.testing.assert_close(ours, scores[n])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("tags", "steps"), SIZES)
def test_partition_and_its_gradients(tags: int, steps: int, dtype: torch.dtype) -> None:
    arguments = [each.requires_grad_() for each in drawn(tags, steps, dtype)]
    emissions, *weights = arguments
    lengths = torch.arange(1, steps + 1)
    ours = log_partition(*arguments, lengths)
    theirs = torch.stack([s.logsumexp(0) for s in enumerated(emissions, weights, lengths)])
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(
        torch.autograd.grad(ours.sum(), arguments, allow_unused=True, materialize_grads=True),
        torch.autograd.grad(theirs.sum(), arguments, allow_unused=True, materialize_grads=True),
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("tags", "steps"), SIZES)
def test_marginals_are_summed_probabilities(tags: int, steps: int, dtype: torch.dtype) -> None:
    emissions, *weights = drawn(tags, steps, dtype)
    lengths = torch.arange(1, steps + 1)
    expected = torch.zeros_like(emissions)
    for n, scores in enumerate(enumerated(emissions, weights, lengths)):
        for path, chance in zip(all_paths(tags, n + 1), scores.softmax(0), strict=True):
            expected[n, range(n + 1), path] += chance
    with torch.no_grad():  # it needs gradients of its own
        torch.testing.assert_close(tag_marginals(emissions, *weights, lengths), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("tags", "steps"), SIZES)
@pytest.mark.parametrize("seed", range(3))
def test_best_path(tags: int, steps: int, dtype: torch.dtype, seed: int) -> None:
    emissions, *weights = drawn(tags, steps, dtype, seed)
    lengths = torch.arange(1, steps + 1)
    found, scores = best_path(emissions, *weights, lengths)
    assert found.shape == (steps, steps)
    torch.testing.assert_close(scores, path_score(emissions, found, *weights, lengths))
    for n, expected in enumerate(enumerated(emissions, weights, lengths)):
        best = all_paths(tags, n + 1)[int(expected.argmax())]
        assert tuple(found[n].tolist()) == (*best, *[0] * (steps - n - 1))


def test_without_lengths_all_steps_count() -> None:
    emissions, *weights = drawn(3, 5, torch.float64)
    whole = torch.full((5,), 5)
    paths, scores = best_path(emissions, *weights)
    assert torch.equal(paths, best_path(emissions, *weights, whole)[0])
    torch.testing.assert_close(scores, path_score(emissions, paths, *weights))
    assert torch.equal(
        log_partition(emissions, *weights), log_partition(emissions, *weights, whole)
    )


def test_padding_does_not_matter() -> None:
    emissions, *weights = drawn(3, 5, torch.float32)
    lengths = torch.arange(1, 6)
    padding = torch.arange(5) >= lengths.unsqueeze(1)
    other = emissions.masked_fill(padding.unsqueeze(2), 1e6)
    for function in (log_partition, best_path, tag_marginals):
        torch.testing.assert_close(
            function(other, *weights, lengths), function(emissions, *weights, lengths)
        )


@pytest.mark.parametrize("dtype", DTYPES)
def test_forbidden_transitions_have_no_part_in_anything(dtype: torch.dtype) -> None:
    tags, steps = 4, 5
    emissions, transitions, start, end = drawn(tags, steps, dtype)
    lengths = torch.arange(1, steps + 1)
    # After tag 0 or 1 comes 1 or 2; after 2 or 3 comes 0 or 3; the ends are 0 or 3, and 2 or 3.
    follows = torch.tensor([[0, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1]]).bool()
    first, last = torch.tensor([1, 0, 0, 1]).bool(), torch.tensor([0, 0, 1, 1]).bool()
    parameters = [each.requires_grad_() for each in (transitions, start, end)]
    weights = [forbid(*pair) for pair in zip(parameters, (follows, first, last), strict=True)]
    scores = enumerated(emissions, weights, lengths)
    total = log_partition(emissions, *weights, lengths)
    for n, each in enumerate(scores):
        well_formed = [
            first[path[0]] and last[path[-1]] and all(follows[a, b] for a, b in pairwise(path))
            for path in all_paths(tags, n + 1)
        ]
        assert each[~torch.tensor(well_formed)].max() < NEVER / 2
        torch.testing.assert_close(total[n], each[torch.tensor(well_formed)].logsumexp(0))
    found, _ = best_path(emissions, *weights, lengths)
    for path, length in zip(found.tolist(), lengths.tolist(), strict=True):
        assert first[path[0]]
        assert last[path[length - 1]]
        assert all(follows[a, b] for a, b in pairwise(path[:length]))
    gradients = torch.autograd.grad(total.sum(), parameters)
    for gradient, allowed in zip(gradients, (follows, first, last), strict=True):
        assert gradient.isfinite().all()
        assert (gradient[~allowed] == 0).all()
        assert (gradient[allowed] > 0).all()


def test_large_scores_do_not_overflow() -> None:
    emissions, *weights = drawn(3, 5, torch.float32)
    shifted = log_partition(emissions + 1000, *weights)
    torch.testing.assert_close(shifted, log_partition(emissions, *weights) + 5000)
    zeros = torch.zeros(2, 2), torch.zeros(2), torch.zeros(2)
    many = log_partition(torch.zeros(1, 2000, 2), *zeros)
    torch.testing.assert_close(many, torch.tensor([2000 * math.log(2)]), rtol=1e-5, atol=0)


@pytest.mark.parametrize(
    ("position", "shape", "message"),
    [
        (0, (5, 3), r"emissions: expected shape \(N, T, C\), got \(5, 3\)"),
        (1, (3, 2), r"transitions: expected shape \(3, 3\), got \(3, 2\)"),
        (2, (2,), r"start_transitions: expected shape \(3,?\), got \(2,\)"),
        (3, (1,), r"end_transitions: expected shape \(3,?\), got \(1,\)"),
        (4, (4,), r"lengths: expected shape \(5,?\), got \(4,\)"),
    ],
)
def test_shapes_that_do_not_fit(position: int, shape: tuple[int, ...], message: str) -> None:
    arguments = [*drawn(3, 5, torch.float32), torch.full((5,), 5)]
    arguments[position] = torch.ones(shape)
    for function in (log_partition, best_path, tag_marginals):
        with pytest.raises(RuntimeError, match=message):
            function(*arguments)


@pytest.mark.parametrize("lengths", [[0, 1, 2, 3, 4], [1, 2, 3, 4, 6], [-1, 1, 1, 1, 1]])
def test_lengths_out_of_range(lengths: list[int]) -> None:
    with pytest.raises(ValueError, match=r"^lengths: expected from 1 to 5 each, got \[(-1|0|6)\]$"):
        log_partition(*drawn(3, 5, torch.float32), torch.tensor(lengths))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.complex64])
def test_lengths_of_another_type(dtype: torch.dtype) -> None:
    arguments = drawn(3, 5, torch.float32)
    for function in (log_partition, best_path, tag_marginals):
        with pytest.raises(TypeError, match=rf"^lengths: expected integers, got {dtype}$"):
            function(*arguments, torch.full((5,), 2.5).to(dtype))
        with pytest.raises(TypeError, match=r"^lengths: expected a tensor of integers, got list$"):
            function(*arguments, [1] * 5)


NAMES = ["emissions", "transitions", "start_transitions", "end_transitions"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("position", range(4))
def test_scores_that_are_not_finite(position: int, value: float) -> None:
    arguments = list(drawn(3, 5, torch.float32))
    arguments[position].view(-1)[0] = value
    message = f"^{NAMES[position]}: expected finite numbers, -1e\\+30 for .*, got {value}$"
    for function in (log_partition, best_path, tag_marginals):
        with pytest.raises(ValueError, match=message):
            function(*arguments)
    with pytest.raises(ValueError, match=message):
        path_score(arguments[0], torch.zeros(5, 5, dtype=torch.long), *arguments[1:])


@pytest.mark.parametrize("position", range(4))
def test_scores_that_are_integers(position: int) -> None:
    arguments = list(drawn(3, 5, torch.float32))
    arguments[position] = arguments[position].long()
    message = f"^{NAMES[position]}: expected floating-point numbers, got torch.int64$"
    for function in (log_partition, best_path, tag_marginals):
        with pytest.raises(TypeError, match=message):
            function(*arguments)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_emissions_at_padding_may_be_anything(value: float) -> None:
    emissions, *weights = drawn(3, 5, torch.float64)
    lengths, tags = torch.arange(1, 6), torch.ones(5, 5, dtype=torch.long)
    padding = torch.arange(5) >= lengths.unsqueeze(1)
    spoilt = emissions.masked_fill(padding.unsqueeze(2), value).requires_grad_()
    for function in (log_partition, best_path, tag_marginals):
        expected = function(emissions, *weights, lengths)
        torch.testing.assert_close(function(spoilt, *weights, lengths), expected)
    loss = log_partition(spoilt, *weights, lengths) - path_score(spoilt, tags, *weights, lengths)
    (gradient,) = torch.autograd.grad(loss.sum(), spoilt)
    assert gradient.isfinite().all()
    assert (gradient[padding] == 0).all()


def test_marginals_whatever_the_mode() -> None:
    emissions, *weights = drawn(3, 5, torch.float64)
    expected = tag_marginals(emissions, *weights, torch.arange(1, 6))
    with torch.inference_mode():
        emissions, *weights = drawn(3, 5, torch.float64)  # tensors of that mode
        assert torch.equal(tag_marginals(emissions, *weights, torch.arange(1, 6)), expected)
    assert torch.equal(tag_marginals(emissions, *weights, torch.arange(1, 6)), expected)


def test_no_step_at_all() -> None:
    weights = torch.zeros(2, 2), torch.zeros(2), torch.zeros(2)
    with pytest.raises(
        RuntimeError, match=r"^emissions: expected T and C of .* 1, .* \(1, 0, 2\)$"
    ):
        best_path(torch.zeros(1, 0, 2), *weights)
    with pytest.raises(
        RuntimeError, match=r"^emissions: expected T and C of .* 1, .* \(1, 2, 0\)$"
    ):
        best_path(torch.zeros(1, 2, 0), torch.zeros(0, 0), torch.zeros(0), torch.zeros(0))


def test_tags_that_do_not_fit() -> None:
    emissions, *weights = drawn(3, 5, torch.float32)
    with pytest.raises(RuntimeError, match=r"tags: expected shape \(5, 5\), got \(5, 4\)"):
        path_score(emissions, torch.zeros(5, 4, dtype=torch.long), *weights)
    for wrong in (-1, 3):
        tags = torch.full((5, 5), wrong)
        message = rf"^tags, up to each length: expected from 0 to 2 each, got \[{wrong}\]$"
        with pytest.raises(ValueError, match=message):
            path_score(emissions, tags, *weights)
    with pytest.raises(TypeError, match=r"^tags.*: expected integers, got torch.float32$"):
        path_score(emissions, torch.zeros(5, 5), *weights)
    with pytest.raises(RuntimeError, match=r"allowed: expected shape \(3, 3\), got \(2, 3\)"):
        forbid(weights[0], torch.ones(2, 3, dtype=torch.bool))
    for dtype in (torch.int64, torch.float32):
        with pytest.raises(TypeError, match=rf"^allowed: expected bools, .*, got {dtype}$"):
            forbid(weights[0], torch.ones(3, 3, dtype=dtype))
    with pytest.raises(TypeError, match=r"^scores: expected floating-point numbers, got torch.int"):
        forbid(weights[0].long(), torch.ones(3, 3, dtype=torch.bool))


@pytest.mark.parametrize("padding", [-100, 3, 99])
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.int16])
def test_tags_at_padding_may_be_anything(padding: int, dtype: torch.dtype) -> None:
    emissions, *weights = drawn(3, 5, torch.float64)
    lengths = torch.arange(1, 6)
    real = torch.arange(5) < lengths.unsqueeze(1)
    tags = torch.arange(25).view(5, 5) % 3
    filled = tags.masked_fill(~real, padding).to(dtype)
    expected = path_score(emissions, tags, *weights, lengths)
    assert torch.equal(path_score(emissions, filled, *weights, lengths), expected)
    with pytest.raises(ValueError, match=rf"^tags, up to each length: .*, got \[{padding}\]$"):
        path_score(emissions, filled, *weights, lengths.clamp(min=2))

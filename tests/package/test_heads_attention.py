"""Attention, against loops over single numbers and PyTorch's own function."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from rnn_tutorial import lengths_to_mask
from rnn_tutorial.heads import additive_scores, attend, attention_weights, dot_scores

DTYPES = [torch.float32, torch.float64]
N, S, T, H, E, A = 3, 4, 5, 6, 2, 7
LENGTHS = torch.tensor([5, 1, 3])
MASK = lengths_to_mask(LENGTHS, T)


def draw(*shape: int, dtype: torch.dtype, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=dtype, generator=generator)


def close(actual: Tensor, expected: Tensor, factor: float = 32) -> None:
    eps = torch.finfo(actual.dtype).eps
    torch.testing.assert_close(actual, expected, rtol=factor * eps, atol=factor * eps)


# ---- the scores -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1.0, 0.25])
def test_dot_scores_number_by_number(dtype: torch.dtype, scale: float) -> None:
    queries, keys = draw(N, S, H, dtype=dtype), draw(N, T, H, dtype=dtype, seed=1)
    scores = dot_scores(queries, keys, scale)
    assert scores.shape == (N, S, T)
    assert scores.dtype == dtype
    for n in range(N):
        for s in range(S):
            for t in range(T):
                expected = scale * sum(
                    queries[n, s, h].item() * keys[n, t, h].item() for h in range(H)
                )
                assert abs(scores[n, s, t].item() - expected) < 32 * torch.finfo(dtype).eps


@pytest.mark.parametrize("dtype", DTYPES)
def test_additive_scores_number_by_number(dtype: torch.dtype) -> None:
    queries, keys = draw(N, S, H, dtype=dtype), draw(N, T, E, dtype=dtype, seed=1)
    w_q, w_k, v = (
        draw(*shape, dtype=dtype, seed=2 + k) for k, shape in enumerate([(A, H), (A, E), (A,)])
    )
    scores = additive_scores(queries, keys, w_q, w_k, v)
    assert scores.shape == (N, S, T)
    assert scores.dtype == dtype
    for n in range(N):
        for s in range(S):
            for t in range(T):
                hidden = [
                    math.tanh(
                        sum(w_q[a, h].item() * queries[n, s, h].item() for h in range(H))
                        + sum(w_k[a, e].item() * keys[n, t, e].item() for e in range(E))
                    )
                    for a in range(A)
                ]
                expected = sum(v[a].item() * hidden[a] for a in range(A))
                assert abs(scores[n, s, t].item() - expected) < 64 * torch.finfo(dtype).eps


# ---- the weights ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights_are_the_softmax_over_the_real_keys(dtype: torch.dtype) -> None:
    scores = 3 * draw(N, S, T, dtype=dtype)
    weights = attention_weights(scores, MASK)
    for n, length in enumerate(LENGTHS.tolist()):
        close(weights[n, :, :length], scores[n, :, :length].softmax(dim=1))
        assert (weights[n, :, length:] == 0).all()
    close(weights.sum(dim=2), torch.ones(N, S, dtype=dtype))
    assert (weights >= 0).all()


@pytest.mark.parametrize("value", [1e30, -1e30, math.inf, -math.inf, math.nan])
def test_scores_at_padding_change_nothing(value: float) -> None:
    scores = draw(N, S, T, dtype=torch.float64)
    spoilt = torch.where(MASK.unsqueeze(1), scores, value)
    assert torch.equal(attention_weights(scores, MASK), attention_weights(spoilt, MASK))


def test_real_keys_may_stand_anywhere() -> None:
    mask = torch.tensor([[False, True, False, True, False]])
    weights = attention_weights(torch.zeros(1, 2, T), mask)
    assert weights.tolist() == [[[0, 0.5, 0, 0.5, 0]] * 2]


def test_scores_far_apart_give_no_nan() -> None:
    scores = torch.tensor([[[1e30, -1e30, 0.0]]])
    assert attention_weights(scores).tolist() == [[[1, 0, 0]]]


def test_without_a_mask_every_key_is_real() -> None:
    scores = draw(N, S, T, dtype=torch.float32)
    everything = torch.ones(N, T, dtype=torch.bool)
    assert torch.equal(attention_weights(scores), attention_weights(scores, everything))
    assert torch.equal(attention_weights(scores), scores.softmax(dim=2))


# ---- the averages -----------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("masked", [True, False])
def test_attend_is_scaled_dot_product_attention(dtype: torch.dtype, masked: bool) -> None:
    queries, keys, values = (
        draw(N, size, width, dtype=dtype, seed=size + width).requires_grad_()
        for size, width in ((S, H), (T, H), (T, E))
    )
    mask = MASK if masked else None
    context, _ = attend(dot_scores(queries, keys, H**-0.5), values, mask)
    expected = scaled_dot_product_attention(
        queries, keys, values, None if mask is None else mask.unsqueeze(1)
    )
    close(context, expected)
    upstream = draw(N, S, E, dtype=dtype, seed=9)
    leaves = [queries, keys, values]
    for a, b in zip(
        torch.autograd.grad(context, leaves, upstream),
        torch.autograd.grad(expected, leaves, upstream),
        strict=True,
    ):
        assert b.abs().max() > 0
        close(a, b)


def test_a_sample_alone_gets_what_it_gets_in_a_padded_batch() -> None:
    scores, values = draw(N, S, T, dtype=torch.float64), draw(N, T, H, dtype=torch.float64)
    together, weights = attend(scores, values, MASK)
    for n, length in enumerate(LENGTHS.tolist()):
        alone, its = attend(scores[n : n + 1, :, :length], values[n : n + 1, :length])
        close(together[n : n + 1], alone)
        close(weights[n : n + 1, :, :length], its)


def test_padding_gets_no_gradient() -> None:
    scores = draw(N, S, T, dtype=torch.float64).requires_grad_()
    values = draw(N, T, H, dtype=torch.float64).requires_grad_()
    context, _ = attend(scores, values, MASK)
    to_scores, to_values = torch.autograd.grad(context.square().sum(), [scores, values])
    assert (to_values[~MASK] == 0).all()
    assert (to_scores.transpose(1, 2)[~MASK] == 0).all()
    assert to_values[MASK].abs().min() > 0


def test_gradcheck_of_additive_attention() -> None:
    shapes = [(N, S, H), (N, T, E), (A, H), (A, E), (A,)]
    leaves = [
        draw(*shape, dtype=torch.float64, seed=k).requires_grad_() for k, shape in enumerate(shapes)
    ]

    def run(*inputs: Tensor) -> tuple[Tensor, Tensor]:
        return attend(additive_scores(*inputs), inputs[1], MASK)

    assert torch.autograd.gradcheck(run, leaves)


# ---- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([(3, 6), (3, 5, 6)], r"queries: expected shape \(N, S, H\), got \(3, 6\)"),
        ([(3, 4, 6), (2, 5, 6)], r"keys: expected shape \(3, T, 6\), got \(2, 5, 6\)"),
        ([(3, 4, 6), (3, 5, 7)], r"keys: expected shape \(3, T, 6\), got \(3, 5, 7\)"),
    ],
)
def test_dot_scores_rejects(shapes: list[tuple[int, ...]], message: str) -> None:
    with pytest.raises(RuntimeError, match=f"^{message}$"):
        dot_scores(*(torch.zeros(shape) for shape in shapes))


@pytest.mark.parametrize(
    ("place", "shape", "name"),
    [
        (0, (N, H), "queries"),
        (1, (1, T, E), "keys"),
        (2, (A, E), "weight_query"),
        (3, (A + 1, E), "weight_key"),
        (4, (A, 1), "weight_score"),
    ],
)
def test_additive_scores_rejects(place: int, shape: tuple[int, ...], name: str) -> None:
    shapes: list[tuple[int, ...]] = [(N, S, H), (N, T, E), (A, H), (A, E), (A,)]
    shapes[place] = shape
    with pytest.raises(RuntimeError, match=f"^{name}: expected shape"):
        additive_scores(*(torch.zeros(each) for each in shapes))


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(
    "row", [[0.0, math.nan], [0.0, math.inf], [math.inf, -math.inf], [-math.inf, -math.inf]]
)
def test_scores_that_give_no_weights_are_rejected(row: list[float], masked: bool) -> None:
    scores = torch.tensor([[[0.0, 1.0], row]])
    mask = torch.ones(1, 2, dtype=torch.bool) if masked else None
    for call in (attention_weights, lambda *given: attend(given[0], torch.ones(1, 2, 3), given[1])):
        with pytest.raises(ValueError, match=r"^scores: expected finite .*, got NaN, infinity or "):
            call(scores, mask)


def test_a_score_of_minus_infinity_rules_out_a_key() -> None:
    scores = torch.tensor([[[0.0, -math.inf, 0.0]]])
    assert attention_weights(scores).tolist() == [[[0.5, 0, 0.5]]]


def test_scores_that_are_integers_are_rejected() -> None:
    with pytest.raises(TypeError, match=r"^scores: expected floating-point .*, got torch.int64$"):
        attention_weights(torch.zeros(N, S, T).long())


def test_masks_that_do_not_fit_are_rejected() -> None:
    scores = torch.zeros(N, S, T)
    with pytest.raises(RuntimeError, match=r"^scores: expected shape \(N, S, T\), got \(3, 5\)$"):
        attention_weights(torch.zeros(N, T))
    with pytest.raises(RuntimeError, match=r"^mask: expected shape \(3, 5\), got \(3, 4\)$"):
        attention_weights(scores, MASK[:, :4])
    with pytest.raises(TypeError, match=r"^mask: expected bools, .*, got torch.int64$"):
        attention_weights(scores, MASK.long())
    with pytest.raises(ValueError, match=r"^mask: expected a real key .*, got none in \[0, 2\]$"):
        attention_weights(scores, lengths_to_mask(torch.tensor([0, 2, 0]), T))
    with pytest.raises(
        RuntimeError, match=r"^values: expected shape \(3, 5, H\), got \(3, 4, 6\)$"
    ):
        attend(scores, torch.zeros(N, 4, H))

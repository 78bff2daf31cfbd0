"""Attention: score every step of one sequence for a step of another, and average by the scores."""

import torch
from torch import Tensor

from rnn_tutorial.heads.checks import _require_bools, _require_floats
from rnn_tutorial.shapes import require_shape


def dot_scores(queries: Tensor, keys: Tensor, scale: float = 1.0) -> Tensor:
    """Score each key for each query by their dot product.

    Shape:
        queries (N, S, H), keys (N, T, H) -> (N, S, T)

    Raises:
        RuntimeError: if N or H disagree.

    Source:
        Luong et al. (2015), "dot". With scale = 1 / sqrt(H) as in Vaswani et al. (2017) and
        `torch.nn.functional.scaled_dot_product_attention`.

    >>> queries, keys = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[3.0, 0.0], [0.0, 4.0]]])
    >>> dot_scores(queries, keys)
    tensor([[[3., 8.]]])

    Explained in: docs/en/labs/pronunciation.py
    """
    require_shape("queries", queries, "N", "S", "H")
    require_shape("keys", keys, queries.shape[0], "T", queries.shape[2])
    return queries @ keys.transpose(1, 2) * scale


def additive_scores(
    queries: Tensor, keys: Tensor, weight_query: Tensor, weight_key: Tensor, weight_score: Tensor
) -> Tensor:
    """Score each key for each query by a network with one hidden layer of A units.

    Queries and keys may differ in their number of features: the first layer brings both to A.

    Shape:
        queries (N, S, H), keys (N, T, E), weight_query (A, H), weight_key (A, E),
        weight_score (A,) -> (N, S, T)

    Raises:
        RuntimeError: if shapes disagree.

    Source:
        Bahdanau et al. (2015).

    >>> ones = torch.ones(1, 1)
    >>> additive_scores(torch.zeros(1, 1, 1), torch.zeros(1, 2, 1), ones, ones, torch.ones(1))
    tensor([[[0., 0.]]])

    Explained in: docs/en/labs/pronunciation.py
    """
    require_shape("queries", queries, "N", "S", "H")
    require_shape("keys", keys, queries.shape[0], "T", "E")
    require_shape("weight_query", weight_query, "A", queries.shape[2])
    require_shape("weight_key", weight_key, weight_query.shape[0], keys.shape[2])
    require_shape("weight_score", weight_score, weight_query.shape[0])
    from_queries = (queries @ weight_query.T).unsqueeze(2)  # (N, S, 1, A)
    from_keys = (keys @ weight_key.T).unsqueeze(1)  # (N, 1, T, A)
    return torch.tanh(from_queries + from_keys) @ weight_score


def attention_weights(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Turn scores into weights that sum to one over the real keys, and are zero at padding.

    Shape:
        scores (N, S, T), mask (N, T) of bools, True at real keys -> (N, S, T)

    Raises:
        RuntimeError: if shapes disagree.
        TypeError: if `scores` are no floating-point numbers, or `mask` is not of bools.
        ValueError: if a sample has no real key, and so nothing to attend to, or if its scores give
            no weights: of the real keys one is NaN or infinity, or all are -inf.

    >>> attention_weights(torch.zeros(1, 1, 3), torch.tensor([[True, True, False]]))
    tensor([[[0.5000, 0.5000, 0.0000]]])

    Explained in: docs/en/labs/pronunciation.py
    """
    require_shape("scores", scores, "N", "S", "T")
    _require_floats("scores", scores)
    if mask is None:
        mask = scores.new_ones(scores.shape[0], scores.shape[2], dtype=torch.bool)
    require_shape("mask", mask, scores.shape[0], scores.shape[2])
    _require_bools("mask", mask, "at real keys")
    empty = ~mask.any(dim=1)
    if empty.any():
        samples = empty.nonzero()[:, 0].tolist()
        raise ValueError(f"mask: expected a real key in each sample, got none in {samples}")
    weights = scores.masked_fill(~mask.unsqueeze(1), -torch.inf).softmax(dim=2)
    if weights.isnan().any():
        wanted = "finite numbers or -inf, and a finite one in each row"
        raise ValueError(f"scores: expected {wanted}, got NaN, infinity or a row of -inf")
    return weights


def attend(scores: Tensor, values: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Average the values of each sample, with the weights that its scores give.

    The values at padding have the weight zero; keep them finite, since zero times NaN is NaN.

    Shape:
        scores (N, S, T), values (N, T, H), mask (N, T) of bools, True at real values;
        returns the averages (N, S, H) and the weights (N, S, T)

    Raises:
        RuntimeError, TypeError, ValueError: as `attention_weights`, and if values do not fit.

    Source:
        Bahdanau et al. (2015), who call an average a context.

    >>> values = torch.tensor([[[2.0], [4.0], [9.0]]])
    >>> context, weights = attend(torch.zeros(1, 1, 3), values, torch.tensor([[True, True, False]]))
    >>> context, weights
    (tensor([[[3.]]]), tensor([[[0.5000, 0.5000, 0.0000]]]))

    Explained in: docs/en/labs/pronunciation.py
    """
    weights = attention_weights(scores, mask)
    require_shape("values", values, scores.shape[0], scores.shape[2], "H")
    return weights @ values, weights

"""Linear attention, retention and mLSTM: a matrix as the state, written by outer products."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from rnn_tutorial.shapes import require_shape

MatrixState = tuple[Tensor, Tensor, Tensor]


def require_attention(
    query: Tensor, key: Tensor, value: Tensor, chunk: int = 1, **scalars: Tensor
) -> None:
    """Raise unless queries, keys, values and what there is one of per step fit together.

    Shape:
        query and key (T, N, K), value (T, N, V), each scalar (T, N)

    Raises:
        RuntimeError: if shapes disagree; ValueError: if there is no step, or `chunk` is below 1.

    >>> x = torch.zeros(7, 2, 3)
    >>> require_attention(x, x[..., :2], x)
    Traceback (most recent call last):
    RuntimeError: key: expected shape (7, 2, 3), got (7, 2, 2)

    Explained in: docs/en/recurrences/gated-linear.md
    """
    require_shape("query", query, "T", "N", "K")
    require_shape("key", key, *query.shape)
    require_shape("value", value, *query.shape[:2], "V")
    for name, scalar in scalars.items():
        require_shape(name, scalar, *query.shape[:2])
    if len(query) < 1:
        raise ValueError("query: expected at least one step, got 0")
    if chunk < 1:
        raise ValueError(f"chunk: expected at least 1, got {chunk}")


def require_decay(
    query: Tensor, value: Tensor, log_decay: Tensor, state: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Return a log decay for each step and the state, or zeros, after a look at both.

    Shape:
        query (T, N, K), value (T, N, V), log_decay (T, N) or (N,) or (), state (N, K, V) or None
        -> log_decay (T, N), state (N, K, V)

    Raises:
        RuntimeError: if the state's shape disagrees; ValueError: if a log decay is above 0 or not
        finite.

    >>> x = torch.zeros(7, 2, 3)
    >>> require_decay(x, x, torch.tensor(0.9), None)
    Traceback (most recent call last):
    ValueError: log_decay: expected finite numbers of at most 0, got 0.9

    Explained in: docs/en/recurrences/gated-linear.md
    """
    wrong = ~((log_decay <= 0) & log_decay.isfinite())
    if wrong.any():
        got = log_decay[wrong][0].item()
        raise ValueError(f"log_decay: expected finite numbers of at most 0, got {got:g}")
    sizes = query.shape[1], query.shape[2], value.shape[2]
    state = query.new_zeros(sizes) if state is None else state
    require_shape("state", state, *sizes)
    return log_decay.expand(query.shape[:2]), state


def log_kept(log_decay: Tensor) -> Tensor:
    """Sum log decays from each step s to each step t: what t keeps of s, as a logarithm.

    Each sum holds its own terms only: the difference of two cumulative sums would hold the rounding
    error of all earlier steps.

    Shape:
        (T, N) -> (T, T, N), -inf where s comes after t

    Raises:
        RuntimeError: if `log_decay` has another number of axes.

    Source:
        Dao and Gu (2024), "Transformers are SSMs", where it is called a segment sum.

    >>> log_kept(torch.tensor([[-1.0], [-2.0], [-4.0]]))[..., 0]
    tensor([[ 0., -inf, -inf],
            [-2.,  0., -inf],
            [-6., -4.,  0.]])

    Explained in: docs/en/recurrences/gated-linear.md
    """
    require_shape("log_decay", log_decay, "T", "N")
    steps = torch.arange(len(log_decay), device=log_decay.device)
    after = (steps[:, None] > steps)[..., None]
    sums = torch.where(after, log_decay[:, None], 0.0).cumsum(0)
    return sums.masked_fill(after.transpose(0, 1), -torch.inf)


def linear_attention_loop(
    query: Tensor, key: Tensor, value: Tensor, log_decay: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run linear attention step by step: write key times value, read with the query.

    A log decay of 0 is linear attention, one number for each head is retention, one for each step
    is a gate. There is no normalisation.

    Shape:
        query, key (T, N, K), value (T, N, V), log_decay (T, N), (N,) or (), state (N, K, V), zeros
        by default -> output (T, N, V), last state (N, K, V)

    Raises:
        RuntimeError: if shapes disagree; ValueError: if there is no step, or a log decay is above 0
        or not finite.

    Source:
        Katharopoulos et al. (2020), "Transformers are RNNs"; Sun et al. (2023), "Retentive
        network", for the decay.

    >>> ones = torch.ones(3, 1, 1)
    >>> linear_attention_loop(ones, ones, ones, torch.tensor(0.5).log())[0].flatten()
    tensor([1.0000, 1.5000, 1.7500])

    Explained in: docs/en/recurrences/gated-linear.md
    """
    require_attention(query, key, value)
    log_decay, state = require_decay(query, value, log_decay, state)
    outputs = []
    for q, k, v, kept in zip(query, key, value, log_decay.exp(), strict=True):
        state = kept[:, None, None] * state + k[:, :, None] * v[:, None]
        outputs.append((q[:, :, None] * state).sum(1))
    return torch.stack(outputs), state


def linear_attention_chunks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    log_decay: Tensor,
    state: Tensor | None = None,
    chunk: int = 64,
) -> tuple[Tensor, Tensor]:
    """Run linear attention chunk by chunk: all pairs within a chunk at once, a state between.

    Shape:
        as `linear_attention_loop`; `chunk` need not divide T

    Raises:
        as `linear_attention_loop`, and ValueError if `chunk` is below 1

    Source:
        Sun et al. (2023), "Retentive network", its chunkwise form.

    >>> ones = torch.ones(3, 1, 1)
    >>> linear_attention_chunks(ones, ones, ones, torch.tensor(0.5).log(), chunk=2)[0].flatten()
    tensor([1.0000, 1.5000, 1.7500])

    Explained in: docs/en/recurrences/gated-linear.md
    """
    require_attention(query, key, value, chunk)
    log_decay, state = require_decay(query, value, log_decay, state)
    outputs = []
    for q, k, v, d in zip(*(x.split(chunk) for x in (query, key, value, log_decay)), strict=True):
        since = d.cumsum(0)  # of the chunk's start
        kept = log_kept(d).exp()
        within = torch.einsum("tnk,snk,tsn,snv->tnv", q, k, kept, v)
        before = torch.einsum("tnk,nkv->tnv", q * since.exp()[..., None], state)
        outputs.append(within + before)
        written = torch.einsum("snk,snv->nkv", k * kept[-1][..., None], v)
        state = since[-1].exp()[:, None, None] * state + written
    return torch.cat(outputs), state


def require_mlstm(query: Tensor, value: Tensor, state: MatrixState | None) -> MatrixState:
    """Return the state of an mLSTM, or zeros, after a look at its shapes.

    Shape:
        query (T, N, K), value (T, N, V), state = (c (N, K, V), n (N, K), m (N,)) or None -> state

    Raises:
        RuntimeError: if shapes disagree.

    >>> x = torch.zeros(7, 2, 3)
    >>> require_mlstm(x, x, (torch.zeros(2, 3, 3), torch.zeros(2, 3), torch.zeros(2, 1)))
    Traceback (most recent call last):
    RuntimeError: m: expected shape (2), got (2, 1)

    Explained in: docs/en/recurrences/gated-linear.md
    """
    n, k, v = query.shape[1], query.shape[2], value.shape[2]
    sizes = {"c": (n, k, v), "n": (n, k), "m": (n,)}
    if state is None:
        c, norm, m = (query.new_zeros(size) for size in sizes.values())
        state = c, norm, m
    for (name, size), tensor in zip(sizes.items(), state, strict=True):
        require_shape(name, tensor, *size)
    return state


def mlstm_loop(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    write: Tensor,
    forget: Tensor,
    state: MatrixState | None = None,
) -> tuple[Tensor, MatrixState]:
    """Run an mLSTM step by step, its state divided by exp(m) so that no exponential overflows.

    No result depends on m, so to the gradient m is a constant. There is no output gate.

    Shape:
        query, key (T, N, K), value (T, N, V), write (its exponential is the gate) and forget
        (before its sigmoid) (T, N), state = (c (N, K, V), n (N, K), m (N,)), zeros by default
        -> output (T, N, V), last state

    Raises:
        RuntimeError: if shapes disagree; ValueError: if there is no step.

    Source:
        Beck et al. (2024), "xLSTM: extended long short-term memory"; divide keys by the square
        root of K yourself.

    >>> ones = torch.ones(3, 1, 1)
    >>> mlstm_loop(ones, ones, ones, ones[..., 0], ones[..., 0])[0].flatten()
    tensor([1., 1., 1.])

    Explained in: docs/en/recurrences/gated-linear.md
    """
    require_attention(query, key, value, write=write, forget=forget)
    (c, n, m), outputs = require_mlstm(query, value, state), []
    for q, k, v, i, f in zip(query, key, value, write, logsigmoid(forget), strict=True):
        old, m = m, torch.maximum(f + m, i).detach()
        kept, written = (f + old - m).exp()[:, None], (i - m).exp()[:, None] * k
        c = kept[..., None] * c + written[..., None] * v[:, None]
        n = kept * n + written
        size = (q * n).sum(1).abs()
        outputs.append((q[..., None] * c).sum(1) / torch.maximum(size, (-m).exp())[:, None])
    return torch.stack(outputs), (c, n, m)


def mlstm_chunks(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    write: Tensor,
    forget: Tensor,
    state: MatrixState | None = None,
    chunk: int = 64,
) -> tuple[Tensor, MatrixState]:
    """Run an mLSTM chunk by chunk: all pairs within a chunk at once, a state between.

    Shape:
        as `mlstm_loop`; `chunk` need not divide T

    Raises:
        as `mlstm_loop`, and ValueError if `chunk` is below 1

    Source:
        Beck et al. (2024), "xLSTM: extended long short-term memory", its parallel form; the
        carried state is one more row of it.

    >>> ones = torch.ones(3, 1, 1)
    >>> mlstm_chunks(ones, ones, ones, ones[..., 0], ones[..., 0], chunk=2)[0].flatten()
    tensor([1., 1., 1.])

    Explained in: docs/en/recurrences/gated-linear.md
    """
    require_attention(query, key, value, chunk, write=write, forget=forget)
    (c, n, m), outputs = require_mlstm(query, value, state), []
    parts = (query, key, value, write, logsigmoid(forget))
    for q, k, v, i, f in zip(*(x.split(chunk) for x in parts), strict=True):
        log_w, log_left = log_kept(f) + i, f.cumsum(0) + m
        m_t = torch.maximum(log_w.amax(1), log_left).detach()
        w, kept = (log_w - m_t[:, None]).exp(), (log_left - m_t).exp()[..., None]
        scores = torch.einsum("tnk,snk,tsn->tsn", q, k, w)
        top = torch.einsum("tsn,snv->tnv", scores, v) + torch.einsum("tnk,nkv->tnv", q * kept, c)
        size = (scores.sum(1) + (q * kept * n).sum(2)).abs()
        outputs.append(top / torch.maximum(size, (-m_t).exp())[..., None])
        written, m = w[-1][..., None] * k, m_t[-1]
        c = kept[-1][..., None] * c + torch.einsum("snk,snv->nkv", written, v)
        n = kept[-1] * n + written.sum(0)
    return torch.cat(outputs), (c, n, m)

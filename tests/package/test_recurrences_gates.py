"""Gates that do not read the state: against definitions, in pieces, with gradients; bad input."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from rnn_tutorial import assert_close
from rnn_tutorial.recurrences import (
    MinGRU,
    MinLSTM,
    linear_attention_chunks,
    linear_attention_loop,
    log_kept,
    min_gru_loop,
    min_gru_scan,
    min_lstm_loop,
    min_lstm_scan,
    mlstm_chunks,
    mlstm_loop,
)

DTYPES = [torch.float32, torch.float64]
STEPS = [1, 2, 63, 64, 65, 150]


def tensors(name: str, steps: int, dtype: torch.dtype) -> list[Any]:
    """Draw what a model is given, all of it with gradients: the state comes last."""
    torch.manual_seed(steps)

    def draw(*size: int) -> Tensor:
        return torch.randn(size, dtype=torch.float64).to(dtype).requires_grad_()

    if name.startswith("min"):
        inputs = 2 if name == "min_gru" else 3
        return [*(draw(steps, 2, 3) for _ in range(inputs)), draw(2, 3)]
    shared = [draw(steps, 2, 4), draw(steps, 2, 4), draw(steps, 2, 5)]
    if name == "linear_attention":
        log_decay = -torch.rand(steps, 2, dtype=torch.float64).to(dtype) / 4
        return [*shared, log_decay.requires_grad_(), draw(2, 4, 5)]
    return [*shared, draw(steps, 2), draw(steps, 2), (draw(2, 4, 5), draw(2, 4), draw(2))]


FORMS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "min_gru": (min_gru_loop, min_gru_scan),
    "min_lstm": (min_lstm_loop, min_lstm_scan),
    "linear_attention": (linear_attention_loop, linear_attention_chunks),
    "mlstm": (mlstm_loop, mlstm_chunks),
}


def flat(nested: Any) -> tuple[Tensor, ...]:
    """Return the tensors in nested tuples and lists."""
    return (nested,) if isinstance(nested, Tensor) else tuple(t for x in nested for t in flat(x))


def total(results: Any) -> Tensor:
    """Weigh all results, so that a loss depends on each."""
    sums = [
        (x * torch.arange(x.numel(), dtype=x.dtype).view_as(x).cos()).sum() for x in flat(results)
    ]
    return torch.stack(sums).sum()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("name", FORMS)
def test_parallel_form_is_the_loop(name: str, steps: int, dtype: torch.dtype) -> None:
    """Outputs, last states and all gradients, with a carried state, against float64."""
    loop, parallel = FORMS[name]
    given = tensors(name, steps, dtype)
    wide = [
        tuple(t.detach().double().requires_grad_() for t in x)
        if isinstance(x, tuple)
        else x.detach().double().requires_grad_()
        for x in given
    ]
    results, expected = parallel(*given), loop(*wide)
    for ours, theirs in zip(flat(results), flat(expected), strict=True):
        assert_close(ours, theirs.to(dtype), eps=64)
    ours = torch.autograd.grad(total(results), flat(given))
    theirs = torch.autograd.grad(total(expected), flat(wide))
    for one, other in zip(ours, theirs, strict=True):
        assert_close(one, other.to(dtype), eps=1024)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("form", [0, 1])
def test_pieces_are_the_whole(name: str, form: int) -> None:
    """A state that is carried, by one form, into the other."""
    first, second = FORMS[name][form], FORMS[name][1 - form]
    *inputs, state = tensors(name, 70, torch.float64)
    whole, last = first(*inputs, state)
    pieces = []
    for part in zip(*(x.split(33) for x in inputs), strict=True):
        output, state = second(*part, state)
        pieces.append(output)
    assert_close(torch.cat(pieces), whole, eps=64)
    assert_close(flat(state), flat(last), eps=64)


@pytest.mark.parametrize("name", FORMS)
def test_default_state_is_zero(name: str) -> None:
    """No state is a state of zeros, in both forms."""
    for form in FORMS[name]:
        *inputs, state = tensors(name, 5, torch.float64)
        zeros = tuple(torch.zeros_like(x) for x in flat(state))
        explicit = zeros if isinstance(state, tuple) else zeros[0]
        assert all(map(torch.equal, flat(form(*inputs)), flat(form(*inputs, explicit))))


@pytest.mark.parametrize("chunk", [1, 2, 7, 64])
def test_any_chunk(chunk: int) -> None:
    """The size of a chunk changes nothing but rounding."""
    for name in ("linear_attention", "mlstm"):
        given = tensors(name, 20, torch.float64)
        loop, parallel = FORMS[name]
        assert_close(flat(parallel(*given, chunk=chunk)), flat(loop(*given)), eps=64)


def test_definition_of_min_lstm() -> None:
    """The gates are divided by their sum; where both are below rounding, nothing is NaN."""
    f, i, c, h = tensors("min_lstm", 1, torch.float64)
    both = f.sigmoid() + i.sigmoid()
    expected = f.sigmoid() / both * h + i.sigmoid() / both * c
    assert_close(min_lstm_loop(f, i, c, h)[0], expected, eps=8)
    low = torch.full((3, 2, 3), -200.0)
    for form in FORMS["min_lstm"]:
        assert torch.equal(form(low, low, torch.ones(3, 2, 3))[1], torch.full((2, 3), 0.875))


def plain_mlstm(q: Tensor, k: Tensor, v: Tensor, i: Tensor, f: Tensor, state: Any) -> Any:
    """The definition without a stabiliser: c and n as they are."""
    c, n, m = state
    c, n = c * m.exp()[:, None, None], n * m.exp()[:, None]
    outputs = []
    for q_t, k_t, v_t, i_t, f_t in zip(q, k, v, i.exp(), f.sigmoid(), strict=True):
        c = f_t[:, None, None] * c + i_t[:, None, None] * k_t[:, :, None] * v_t[:, None]
        n = f_t[:, None] * n + i_t[:, None] * k_t
        size = (q_t * n).sum(1).abs().clamp(min=1)
        outputs.append((q_t[:, None] @ c)[:, 0] / size[:, None])
    return torch.stack(outputs), c, n


@pytest.mark.parametrize("form", [mlstm_loop, mlstm_chunks])
def test_stabiliser_changes_nothing(form: Callable[..., Any]) -> None:
    """Safe and plain mLSTM agree with a carried state; so do gradients, though m has none."""
    given = tensors("mlstm", 70, torch.float64)
    (output, (c, n, m)), expected = form(*given), plain_mlstm(*given)
    ours = output, c * m.exp()[:, None, None], n * m.exp()[:, None]
    assert_close(ours, expected, eps=64)
    gradients = [torch.autograd.grad(total(x), flat(given)) for x in (ours, expected)]
    for one, other in zip(*gradients, strict=True):
        assert_close(one, other, eps=1024)


@pytest.mark.parametrize("form", [mlstm_loop, mlstm_chunks])
def test_stabiliser_survives_large_gates(form: Callable[..., Any]) -> None:
    """Where the plain form overflows in float32, the safe one is that of float64."""
    q, k, v, i, f, _ = tensors("mlstm", 70, torch.float64)
    given = [x.detach() for x in (q, k, v, 60 * i, f)]
    narrow = [x.float() for x in given]
    state = torch.zeros(2, 4, 5), torch.zeros(2, 4), torch.zeros(2)
    assert not plain_mlstm(*narrow, state)[0].isfinite().all()
    assert form(*narrow)[0].isfinite().all()
    exact = plain_mlstm(*(x.float().double() for x in given), [x.double() for x in state])[0]
    assert_close(form(*(x.double() for x in narrow))[0], exact, eps=4096)


def test_fast_decay_before_a_slow_one() -> None:
    """Steps that forget all leave no rounding error to those that come after."""
    q, k, v, log_decay, state = tensors("linear_attention", 64, torch.float64)
    log_decay = log_decay.detach().clone()
    log_decay[:32] = -1000
    given = [x.detach().float() for x in (q, k, v, log_decay, state)]
    exact = linear_attention_loop(*(x.double() for x in given))
    assert_close(flat(linear_attention_chunks(*given)), tuple(x.float() for x in exact), eps=64)


def test_linear_attention_is_a_sum_over_pairs() -> None:
    """Without decay and state, output t sums the values up to t, weighed by query times key."""
    q, k, v, _, _ = tensors("linear_attention", 9, torch.float64)
    scores = torch.einsum("tnk,snk->nts", q, k).tril()
    expected = torch.einsum("nts,snv->tnv", scores, v)
    for form in FORMS["linear_attention"]:
        assert_close(form(q, k, v, torch.tensor(0.0).double())[0], expected, eps=32)


def test_retention_has_one_decay_per_row() -> None:
    """One number for each row is that number at every step."""
    q, k, v, _, state = tensors("linear_attention", 9, torch.float64)
    decays = torch.tensor([0.5, 0.9]).double().log()
    for form in FORMS["linear_attention"]:
        whole = form(q, k, v, decays.expand(9, 2), state)
        assert all(map(torch.equal, form(q, k, v, decays, state), whole))


@pytest.mark.parametrize("layer", [MinGRU, MinLSTM])
def test_layer_is_used_as_a_gru(layer: type[MinGRU]) -> None:
    """Shapes of `nn.GRU`, a carried state, gradients for each parameter."""
    torch.manual_seed(0)
    ours, theirs = layer(3, 5).double(), torch.nn.GRU(3, 5).double()
    x, h_0 = torch.randn(7, 2, 3).double(), torch.randn(1, 2, 5).double()
    whole, last = ours(x, h_0)
    assert [t.shape for t in (whole, last)] == [t.shape for t in theirs(x, h_0)]
    first, carried = ours(x[:3], h_0)
    second, end = ours(x[3:], carried)
    assert_close((torch.cat([first, second]), end), (whole, last), eps=16)
    assert_close(ours(x), ours(x, torch.zeros_like(h_0)), eps=1)
    whole.sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in ours.parameters())


X, ROW = torch.zeros(7, 2, 3), torch.zeros(7, 2)
C, N = torch.zeros(2, 3, 3), torch.zeros(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: min_gru_loop(X, X[0]), RuntimeError, "candidate: expected shape (T, N, H)"),
        (lambda: min_gru_scan(X[:3], X), RuntimeError, "gate: expected shape (7, 2, 3), got (3"),
        (lambda: min_gru_scan(X, X, C), RuntimeError, "state: expected shape (2, 3), got (2, 3, 3"),
        (lambda: min_gru_scan(X[:0], X[:0]), ValueError, "candidate: expected at least one step"),
        (lambda: min_lstm_loop(X, X[1:], X), RuntimeError, "write: expected shape (7, 2, 3)"),
        (lambda: min_lstm_scan(X[1:], X, X), RuntimeError, "forget: expected shape (7, 2, 3)"),
        (lambda: MinGRU(0, 3), ValueError, "input_size: expected at least 1, got 0"),
        (lambda: MinLSTM(3, 0), ValueError, "hidden_size: expected at least 1, got 0"),
        (lambda: MinGRU(4, 5)(X), RuntimeError, "input: expected shape (T, N, 4), got (7, 2, 3)"),
        (lambda: MinGRU(3, 3)(X, N), RuntimeError, "h_0: expected shape (1, 2, 3), got (2, 3)"),
        (lambda: linear_attention_loop(X[0], X, X, ROW), RuntimeError, "query: expected shape (T"),
        (lambda: mlstm_loop(X, X[1:], X, ROW, ROW), RuntimeError, "key: expected shape (7, 2, 3)"),
        (lambda: mlstm_loop(X, X, N, ROW, ROW), RuntimeError, "value: expected shape (7, 2, V)"),
        (lambda: mlstm_loop(X, X, X, X, ROW), RuntimeError, "write: expected shape (7, 2), got"),
        (lambda: mlstm_chunks(X, X, X, ROW, X), RuntimeError, "forget: expected shape (7, 2)"),
        (lambda: log_kept(X), RuntimeError, "log_decay: expected shape (T, N), got (7, 2, 3)"),
        (lambda: mlstm_loop(*[X[:0]] * 3, *[ROW[:0]] * 2), ValueError, "query: expected at least"),
        (
            lambda: mlstm_chunks(X, X, X, ROW, ROW, chunk=0),
            ValueError,
            "chunk: expected at least 1, got 0",
        ),
        (
            lambda: mlstm_loop(X, X, X, ROW, ROW, (C, C, N[:, 0])),
            RuntimeError,
            "n: expected shape (2, 3), got (2, 3, 3)",
        ),
        (
            lambda: linear_attention_chunks(X, X, X, ROW - torch.inf),
            ValueError,
            "log_decay: expected finite numbers of at most 0, got -inf",
        ),
        (
            lambda: linear_attention_chunks(X, X, X, ROW + 0.5),
            ValueError,
            "log_decay: expected finite numbers of at most 0, got 0.5",
        ),
        (
            lambda: linear_attention_loop(X, X, X, ROW, N),
            RuntimeError,
            "state: expected shape (2, 3, 3), got (2, 3)",
        ),
    ],
)
def test_bad_input_is_named(
    call: Callable[[], object], error: type[Exception], message: str
) -> None:
    """Each check names the argument, what was expected and what came."""
    with pytest.raises(error, match=re.escape(message)):
        call()

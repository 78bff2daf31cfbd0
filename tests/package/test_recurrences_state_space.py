"""State space models against sums over all pairs, float64, a matrix exponential; bad input."""

import math
import re
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from rnn_tutorial import assert_close
from rnn_tutorial.recurrences import (
    DiagonalSSM,
    causal_convolution,
    discretize,
    s4d_poles,
    scan_chunks,
    selective_loop,
    selective_scan,
    ssm_convolution,
    ssm_kernel,
    ssm_loop,
    ssm_scan,
)

DTYPES = [torch.float32, torch.float64]
# Lengths that a chunk divides, and others.
STEPS = [1, 2, 9, 50, 101]
COMPLEX = {torch.float32: torch.complex64, torch.float64: torch.complex128}


def diagonal(
    dtype: torch.dtype, steps: int, start: str = "lin", width: float = 0.3
) -> list[Tensor]:
    """Draw input, decay, weights and a state; they ask for gradients."""
    torch.manual_seed(steps)
    poles = s4d_poles(4, start).to(torch.complex128)
    step = width * torch.rand(3, 1, dtype=torch.float64) + 1e-3
    decay, scale = discretize(poles.expand(3, 4), step)
    out = torch.randn(3, 4, dtype=torch.complex128)
    x = torch.randn(steps, 2, 3, dtype=torch.float64)
    state = torch.randn(2, 3, 4, dtype=torch.complex128)
    kinds = (dtype, *[COMPLEX[dtype]] * 4)
    return [
        t.to(kind).requires_grad_()
        for t, kind in zip((x, decay, scale, out, state), kinds, strict=True)
    ]


def selective(dtype: torch.dtype, steps: int, fast: float = 1.0) -> list[Tensor]:
    """Draw input, step sizes, a, b, c and a state; they ask for gradients."""
    torch.manual_seed(steps)
    x = torch.randn(steps, 2, 3, dtype=torch.float64)
    step = fast * torch.nn.functional.softplus(torch.randn_like(x))
    a = -torch.arange(1, 5, dtype=torch.float64).expand(3, 4)
    b, c = torch.randn(2, steps, 2, 4, dtype=torch.float64)
    state = torch.randn(2, 3, 4, dtype=torch.float64)
    return [t.to(dtype).clone().requires_grad_() for t in (x, step, a, b, c, state)]


def by_pairs(x: Tensor, decay: Tensor, w_in: Tensor, w_out: Tensor, state: Tensor) -> Tensor:
    """Sum over all pairs of steps, with powers from polar coordinates."""

    def power(t: int) -> Tensor:
        return torch.polar(decay.abs() ** t, decay.angle() * t)

    rows = []
    for t in range(len(x)):
        held = power(t + 1) * state
        for s in range(t + 1):
            held = held + power(t - s) * w_in * x[s][..., None]
        rows.append(2 * (w_out * held).real.sum(-1))
    return torch.stack(rows)


def gradients(
    form: Callable[..., tuple[Tensor, Tensor]], arguments: list[Tensor]
) -> tuple[Tensor, ...]:
    """Return the gradients of a sum that weighs every number of output and state by another one."""
    output, last = form(*arguments)
    torch.manual_seed(7)
    total = (output * torch.randn(output.shape, dtype=torch.float64)).sum()
    parts = torch.view_as_real(last) if last.is_complex() else last
    total = total + (parts * torch.randn(parts.shape, dtype=torch.float64)).sum()
    return torch.autograd.grad(total, arguments)


@pytest.mark.parametrize(("dtype", "steps"), list(product(DTYPES, STEPS)))
@pytest.mark.parametrize("start", ["lin", "inv"])
def test_three_forms_of_a_diagonal_model_agree(dtype: torch.dtype, steps: int, start: str) -> None:
    arguments = diagonal(dtype, steps, start)
    exact = ssm_loop(*diagonal(torch.float64, steps, start))
    for form in (ssm_loop, ssm_scan, ssm_convolution):
        found = form(*arguments)
        wanted = exact[0].to(dtype), exact[1].to(COMPLEX[dtype])
        assert_close(found, wanted, eps=64)
        assert_close(gradients(form, arguments), gradients(ssm_loop, arguments), eps=1024)


@pytest.mark.parametrize("steps", [1, 2, 9])
def test_the_loop_is_the_sum_over_all_pairs(steps: int) -> None:
    arguments = [t.detach() for t in diagonal(torch.float64, steps)]
    assert_close(ssm_loop(*arguments)[0], by_pairs(*arguments), eps=64)


@pytest.mark.parametrize(("dtype", "steps"), list(product(DTYPES, [9, 50])))
@pytest.mark.parametrize("form", [ssm_loop, ssm_scan, ssm_convolution])
@pytest.mark.parametrize("cut", [1, 4, 8])
def test_a_carried_state_continues(
    dtype: torch.dtype, steps: int, form: Callable[..., tuple[Tensor, Tensor]], cut: int
) -> None:
    x, *weights, state = diagonal(dtype, steps)
    whole, last = form(x, *weights, state)
    first, between = form(x[:cut], *weights, state)
    second, end = form(x[cut:], *weights, between)
    assert_close(torch.cat([first, second]), whole, eps=64)
    assert_close(end, last, eps=64)


@pytest.mark.parametrize(
    "form", [ssm_loop, ssm_scan, ssm_convolution, selective_loop, selective_scan]
)
def test_no_state_is_zeros(form: Callable[..., tuple[Tensor, Tensor]]) -> None:
    draw = selective if form in (selective_loop, selective_scan) else diagonal
    *arguments, state = draw(torch.float32, 9)
    output, last = form(*arguments)
    expected, expected_last = form(*arguments, torch.zeros_like(state))
    assert torch.equal(output, expected)
    assert torch.equal(last, expected_last)


@pytest.mark.parametrize(("dtype", "steps"), list(product(DTYPES, STEPS)))
@pytest.mark.parametrize("fast", [1e-3, 1.0, 100.0])
def test_both_forms_of_a_selective_model_agree(dtype: torch.dtype, steps: int, fast: float) -> None:
    arguments = selective(dtype, steps, fast)
    exact, exact_last = selective_loop(*selective(torch.float64, steps, fast))
    for form in (selective_loop, selective_scan):
        assert_close(form(*arguments), (exact.to(dtype), exact_last.to(dtype)), eps=64)
        assert_close(gradients(form, arguments), gradients(selective_loop, arguments), eps=1024)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("form", [selective_loop, selective_scan])
def test_a_selective_model_carries_its_state(
    dtype: torch.dtype, form: Callable[..., tuple[Tensor, Tensor]]
) -> None:
    x, step, a, b, c, state = selective(dtype, 50)
    whole, last = form(x, step, a, b, c, state)
    first, between = form(x[:13], step[:13], a, b[:13], c[:13], state)
    second, end = form(x[13:], step[13:], a, b[13:], c[13:], between)
    assert_close(torch.cat([first, second]), whole, eps=64)
    assert_close(end, last, eps=64)


@pytest.mark.parametrize("form", [ssm_loop, ssm_scan, ssm_convolution])
def test_gradients_of_a_diagonal_model_are_differences(form: Callable[..., Any]) -> None:
    assert torch.autograd.gradcheck(form, diagonal(torch.float64, 5))


@pytest.mark.parametrize("form", [selective_loop, selective_scan])
def test_gradients_of_a_selective_model_are_differences(form: Callable[..., Any]) -> None:
    assert torch.autograd.gradcheck(form, selective(torch.float64, 5))


def test_zero_order_hold_is_a_matrix_exponential() -> None:
    """The exponential of [[a, 1], [0, 0]] has decay and scale in its first row."""
    poles, step = s4d_poles(4, "inv").to(torch.complex128), torch.tensor(0.07, dtype=torch.float64)
    decay, scale = discretize(poles, step)
    for a, d, s in zip(poles, decay, scale, strict=True):
        system = torch.zeros(2, 2, dtype=torch.complex128)
        system[0, 0], system[0, 1] = a, 1
        exponential = torch.linalg.matrix_exp(system * step)
        assert_close(torch.stack([d, s]), exponential[0], eps=16)


def test_both_rules_agree_for_short_steps_and_the_bilinear_one_is_of_second_order() -> None:
    poles = s4d_poles(3).to(torch.complex128)
    off = []
    for step in (1e-2, 5e-3):
        rules = [
            discretize(poles, torch.tensor(step, dtype=torch.float64), r)[0]
            for r in ("zoh", "bilinear")
        ]
        off.append((rules[0] - rules[1]).abs().max().item())
    assert 7.5 < off[0] / off[1] < 8.5  # the error of one step is of third order
    decay, _ = discretize(poles, torch.tensor(50.0, dtype=torch.float64), "bilinear")
    assert (decay.abs() < 1).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_convolution_is_the_sum(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    kernel, x = torch.randn(40, 3, dtype=dtype), torch.randn(40, 2, 3, dtype=dtype)
    direct = torch.stack(
        [(kernel[: t + 1].flip(0)[:, None] * x[: t + 1]).sum(0) for t in range(40)]
    )
    assert_close(causal_convolution(kernel, x), direct, eps=32)


def test_the_kernel_is_the_answer_to_one_impulse() -> None:
    _, decay, w_in, w_out, _ = diagonal(torch.float64, 1)
    impulse = torch.zeros(30, 1, 3, dtype=torch.float64)
    impulse[0] = 1
    assert_close(
        ssm_loop(impulse, decay, w_in, w_out)[0][:, 0], ssm_kernel(decay, w_in, w_out, 30), eps=64
    )


def test_s4d_starts() -> None:
    torch.testing.assert_close(s4d_poles(2), torch.tensor([-0.5, -0.5 + math.pi * 1j]))
    wanted = torch.tensor([-0.5 + 12 / math.pi * 1j, -0.5 + 4 / math.pi * (4 / 3 - 1) * 1j])
    torch.testing.assert_close(s4d_poles(2, "inv"), wanted)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("start", ["lin", "inv"])
def test_the_layer_continues_and_every_parameter_learns(dtype: torch.dtype, start: str) -> None:
    torch.manual_seed(0)
    layer = DiagonalSSM(3, 5, pairs=2, start=start).to(dtype)
    x = torch.randn(21, 4, 3, dtype=dtype)
    whole, last = layer(x)
    state, parts = None, []
    for part in x.split([1, 7, 13]):
        output, state = layer(part, state)
        parts.append(output)
    assert_close(torch.cat(parts), whole, eps=64)
    assert_close(state, last, eps=64)
    for parameter, gradient in zip(
        layer.parameters(),
        torch.autograd.grad(whole.square().sum(), [*layer.parameters()]),
        strict=True,
    ):
        assert parameter.dtype == dtype
        assert (gradient != 0).any()
        assert gradient.isfinite().all()


def test_the_layer_is_its_functions() -> None:
    torch.manual_seed(0)
    layer = DiagonalSSM(3, 5, pairs=2)
    x = torch.randn(9, 4, 3)
    a = torch.complex(-layer.log_rate.exp(), layer.frequency)
    decay, scale = discretize(a, layer.log_step.exp())
    read = x @ layer.weight_ih.T
    output, last = ssm_convolution(read, decay, scale, torch.view_as_complex(layer.weight_out))
    assert_close(layer(x), (output + read * layer.skip, last), eps=64)
    assert (layer.log_step.exp() <= 0.1).all()
    assert (layer.log_step.exp() >= 1e-3).all()


X, W = torch.zeros(5, 2, 3), torch.full((3, 4), 0.5 + 0j)
STATE = torch.zeros(2, 3, 4)
STEP, A, B = torch.ones(5, 2, 3), -torch.ones(3, 4), torch.zeros(5, 2, 4)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: s4d_poles(0), ValueError, "pairs: expected at least 1, got 0"),
        (lambda: s4d_poles(2, "x"), ValueError, "start: expected 'lin' or 'inv', got 'x'"),
        (
            lambda: discretize(-W, torch.tensor(0.0)),
            ValueError,
            "step: expected numbers above 0, got 0",
        ),
        (
            lambda: discretize(W, torch.tensor(1.0)),
            ValueError,
            "a: expected real parts below 0, got 0.5",
        ),
        (
            lambda: discretize(-W, torch.tensor(1.0), "x"),
            ValueError,
            "rule: expected 'zoh' or 'bilinear', got 'x'",
        ),
        (lambda: ssm_kernel(W, W, W, 0), ValueError, "steps: expected at least 1, got 0"),
        (
            lambda: ssm_kernel(W, W[:2], W, 3),
            RuntimeError,
            "weight_in: expected shape (3, 4), got (2, 4)",
        ),
        (
            lambda: ssm_loop(X, W, W, W.real),
            TypeError,
            "weight_out: expected complex numbers, got torch.float32",
        ),
        (
            lambda: causal_convolution(X[:4, 0], X),
            RuntimeError,
            "kernel: expected shape (5, 3), got (4, 3)",
        ),
        (
            lambda: ssm_loop(X[0], W, W, W),
            RuntimeError,
            "input: expected shape (T, N, 3), got (2, 3)",
        ),
        (lambda: ssm_loop(X[:0], W, W, W), ValueError, "input: expected at least one step, got 0"),
        (
            lambda: ssm_scan(X + 0j, W, W, W),
            TypeError,
            "input: expected floating-point numbers, got torch.complex64",
        ),
        (
            lambda: ssm_scan(X[..., :2], W, W, W),
            RuntimeError,
            "input: expected shape (T, N, 3), got (5, 2, 2)",
        ),
        (
            lambda: ssm_convolution(X, W, W, W, STATE[:1] + 0j),
            RuntimeError,
            "state: expected shape (2, 3, 4), got (1, 3, 4)",
        ),
        (
            lambda: ssm_convolution(X, W, W, W, STATE),
            TypeError,
            "state: expected complex numbers, got torch.float32",
        ),
        (
            lambda: selective_loop(X, STEP[1:], A, B, B),
            RuntimeError,
            "step: expected shape (5, 2, 3), got (4, 2, 3)",
        ),
        (
            lambda: selective_loop(X, STEP, A[:2], B, B),
            RuntimeError,
            "a: expected shape (3, K), got (2, 4)",
        ),
        (
            lambda: selective_scan(X, STEP, A, B, B[1:]),
            RuntimeError,
            "c: expected shape (5, 2, 4), got (4, 2, 4)",
        ),
        (
            lambda: selective_scan(X, STEP, -A, B, B),
            ValueError,
            "a: expected numbers below 0, got 1",
        ),
        (
            lambda: selective_scan(X, -STEP, A, B, B),
            ValueError,
            "step: expected numbers of at least 0, got -1",
        ),
        (
            lambda: selective_scan(X, STEP, A, B, B, STATE[:1]),
            RuntimeError,
            "state: expected shape (2, 3, 4), got (1, 3, 4)",
        ),
        (
            lambda: selective_loop(X[:0], STEP[:0], A, B[:0], B[:0]),
            ValueError,
            "input: expected at least one step, got 0",
        ),
        (
            lambda: scan_chunks(STEP[:2], STEP),
            RuntimeError,
            "decay: expected shape (5, 2, 3), got (2, 2, 3)",
        ),
        (
            lambda: scan_chunks(STEP, STEP, STEP),
            RuntimeError,
            "state: expected shape (2, 3), got (5, 2, 3)",
        ),
        (
            lambda: scan_chunks(STEP, STEP, chunk=0),
            ValueError,
            "expected chunk and steps of at least 1, got 0 and 5",
        ),
        (lambda: DiagonalSSM(0, 3), ValueError, "input_size: expected at least 1, got 0"),
        (lambda: DiagonalSSM(3, 0), ValueError, "hidden_size: expected at least 1, got 0"),
        (
            lambda: DiagonalSSM(3, 3, steps=(0.0, 1.0)),
            ValueError,
            "steps: expected 0 < steps[0] <= steps[1], got (0.0, 1.0)",
        ),
        (
            lambda: DiagonalSSM(3, 3)(X[..., :2]),
            RuntimeError,
            "input: expected shape (T, N, 3), got (5, 2, 2)",
        ),
    ],
)
def test_bad_input_is_named(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=f"^{re.escape(message)}$"):
        call()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.complex64, torch.complex128])
@pytest.mark.parametrize("chunk", [1, 3, 7, 64])
def test_the_scan_is_the_loop_also_for_complex_numbers(dtype: torch.dtype, chunk: int) -> None:
    """A chunk that divides 21 and others, one that is longer; a state is carried."""
    torch.manual_seed(0)
    x, state = torch.randn(21, 2, 3, dtype=dtype), torch.randn(2, 3, dtype=dtype)
    decay = torch.randn(21, 2, 3, dtype=dtype)
    arguments = [t.requires_grad_() for t in (decay / decay.abs().amax() * 0.99, x, state)]
    h, found = state, []
    for a_t, b_t in zip(arguments[0], x, strict=True):
        h = a_t * h + b_t
        found.append(h)
    states, last = scan_chunks(*arguments, chunk=chunk)
    assert_close((states, last), (torch.stack(found), h), eps=32)
    by_loop = torch.autograd.grad(torch.stack(found).abs().sum(), arguments)
    by_scan = torch.autograd.grad(states.abs().sum(), arguments)
    assert_close(by_scan, by_loop, eps=256)
    assert torch.equal(scan_chunks(decay, x)[0], scan_chunks(decay, x, torch.zeros_like(state))[0])

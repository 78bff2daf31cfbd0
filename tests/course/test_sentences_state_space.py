"""Sentences of the chapter on state space models that no claim on its page checks."""

import math

import pytest
import torch

from rnn_tutorial.recurrences import (
    DiagonalSSM,
    discretize,
    s4d_poles,
    selective_loop,
    ssm_convolution,
    ssm_loop,
)


@pytest.mark.parametrize("start", ["lin", "inv"])
def test_without_input_a_state_shrinks_at_every_step(start: str) -> None:
    """The norm of a diagonal matrix is its radius, so nothing grows before it fades."""
    torch.manual_seed(0)
    decay, scale = discretize(s4d_poles(4, start).expand(3, 4), torch.full((3, 1), 0.05))
    assert torch.linalg.matrix_norm(decay[0].diag(), ord=2) == pytest.approx(
        decay[0].abs().max().item(), rel=1e-6
    )
    state, norms = torch.randn(1, 3, 4, dtype=decay.dtype), []
    for _ in range(50):
        norms.append(state.norm().item())
        _, state = ssm_loop(torch.zeros(1, 1, 3), decay, scale, scale, state)
    assert norms == sorted(norms, reverse=True)
    assert norms[-1] < 0.5 * norms[0]


@pytest.mark.parametrize("step", [0.001, 0.01, 0.1])
def test_half_of_a_state_is_left(step: float) -> None:
    decay, _ = discretize(s4d_poles(3).to(torch.complex128), torch.tensor(step).double())
    left = decay.abs() ** (2 * math.log(2) / step)
    assert left.tolist() == pytest.approx([0.5] * 3)


def test_a_dropped_state_is_seen_only_after_a_start_that_is_not_zero() -> None:
    torch.manual_seed(0)
    decay, scale = discretize(s4d_poles(4).expand(3, 4), torch.full((3, 1), 0.05))
    x, state = torch.randn(20, 2, 3), torch.randn(2, 3, 4, dtype=decay.dtype)
    dropped, _ = ssm_convolution(x, decay, scale, scale)
    torch.testing.assert_close(dropped, ssm_loop(x, decay, scale, scale)[0])
    assert (dropped - ssm_loop(x, decay, scale, scale, state)[0]).abs().max() > 0.1


def test_a_short_step_keeps_and_a_long_one_writes() -> None:
    one = torch.ones(1, 1, 1)
    for length, low, high in ((1e-3, 4.9, 5.0), (10.0, 9.9, 10.1)):
        _, last = selective_loop(one, length * one, -one[0], one, one, 5 * one)
        assert low < last.item() < high


def test_training_keeps_decays_below_one() -> None:
    torch.manual_seed(0)
    layer = DiagonalSSM(2, 4)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(30):
        loss = -layer(torch.randn(8, 2, 2))[0].square().mean()  # asks for states as large as can be
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    poles = torch.complex(-layer.log_rate.exp(), layer.frequency)
    assert ((poles * layer.log_step.exp()).exp().abs() < 1).all()


@pytest.mark.parametrize("start", ["lin", "inv"])
def test_frequencies_are_even_or_crowd_towards_zero(start: str) -> None:
    gaps = s4d_poles(8, start).imag.diff().abs()
    if start == "lin":
        torch.testing.assert_close(gaps, torch.full((7,), math.pi))
    else:
        assert (gaps.diff() < 0).all()
        assert s4d_poles(8, start).imag[-1] < 1

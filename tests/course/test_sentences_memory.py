"""What the page "A loop with memory" says about eigenvalues and norms, tried on many matrices."""

import pytest
import torch
from torch import Tensor, eye, zeros

from rnn_tutorial import memory_step, unroll

SEEDS = range(50)


def square(seed: int) -> Tensor:
    torch.manual_seed(seed)
    return torch.randn(6, 6, dtype=torch.float64)


def norm(matrix: Tensor) -> float:
    return float(torch.linalg.matrix_norm(matrix, ord=2))


def radius(matrix: Tensor) -> float:
    return float(torch.linalg.eigvals(matrix).abs().max())


def lengths(carry: Tensor, steps: int) -> Tensor:
    """Return the length of the state after an input of ones, 0 to `steps` steps old."""
    pulse = zeros(1, steps + 1, len(carry), dtype=carry.dtype)
    pulse[:, 0] = 1.0
    identity = eye(len(carry), dtype=carry.dtype)
    states, _ = unroll(lambda x, s: memory_step(x, s, identity, carry), pulse, pulse[:, 0] * 0)
    return states[0].square().sum(dim=1).sqrt()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_norm_bounds_one_step_and_the_radius_is_never_larger(seed: int) -> None:
    carry = square(seed)
    found = lengths(carry, 20)
    assert (found[1:] <= norm(carry) * found[:-1] * (1 + 1e-12)).all()
    assert radius(carry) <= norm(carry) * (1 + 1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_radius_decides_in_the_long_run(seed: int) -> None:
    carry = square(seed) / radius(square(seed))
    for rho in (0.9, 1.1):
        power = torch.linalg.matrix_power(rho * carry, 1000)
        assert norm(power) ** 0.001 == pytest.approx(rho, rel=0.01)
    assert lengths(0.9 * carry, 400)[-1] < 1e-12 < 1e3 < lengths(1.1 * carry, 400)[-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_with_a_rotation_no_length_changes(seed: int) -> None:
    carry, _ = torch.linalg.qr(square(seed))
    assert norm(carry) == pytest.approx(1) == radius(carry)
    assert torch.allclose(lengths(carry, 100), torch.tensor(6.0, dtype=carry.dtype).sqrt())


def test_norm_one_alone_lets_nothing_grow_and_need_not_fade() -> None:
    """The reading's correction: "no more than", where the page once said "less"."""
    carry, _ = torch.linalg.qr(square(0))
    assert lengths(carry, 40)[-1] == pytest.approx(lengths(carry, 40)[0])


def test_a_linear_memory_doubles_with_its_input_whatever_its_weights() -> None:
    for seed in SEEDS:
        carry, read = square(seed), square(seed + 1000)
        x, start = torch.randn(3, 5, 6, dtype=carry.dtype), zeros(3, 6, dtype=carry.dtype)

        def step(x_t: Tensor, s: Tensor, read: Tensor = read, carry: Tensor = carry) -> Tensor:
            return memory_step(x_t, s, read, carry)

        once, twice = unroll(step, x, start)[0], unroll(step, 2 * x, start)[0]
        assert torch.equal(twice, 2 * once)

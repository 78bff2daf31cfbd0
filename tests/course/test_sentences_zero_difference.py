"""What the page 'What "zero difference" means' says in general, tried with other draws."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn

from rnn_tutorial import assert_close, joined_memory_step, memory_step, unroll

DTYPES = [torch.float32, torch.float64]


def two_ways(seed: int, dtype: torch.dtype, steps: int, radius: float = 0) -> tuple[Tensor, Tensor]:
    """Return the states with two products a step, and with one; scale W2 to a radius, if given."""
    torch.manual_seed(seed)
    x, w1, w2 = (torch.randn(s, dtype=dtype) for s in ((4, steps, 5), (5, 6), (6, 6)))
    w2 = radius * w2 / torch.linalg.eigvals(w2).abs().max() if radius else w2
    start = x.new_zeros(4, 6)
    two, _ = unroll(partial(memory_step, w_input=w1, w_state=w2), x, start)
    one, _ = unroll(partial(joined_memory_step, w_joined=torch.cat([w1, w2])), x, start)
    return two, one


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_mean_hides_nine_tenths_of_a_difference(dtype: torch.dtype) -> None:
    for seed in range(50):
        two, one = two_ways(seed, dtype, steps=16)
        assert (two - one).mean().abs() < (two - one).abs().max() / 10


def test_a_mean_is_blind_to_what_only_moves_numbers() -> None:
    torch.manual_seed(0)
    output, _ = nn.RNN(5, 6, batch_first=True, dtype=torch.float64)(
        torch.randn(4, 16, 5, dtype=torch.float64)
    )
    for moved in (
        output.flip(1),
        output[torch.tensor([1, 2, 3, 0])],
        output.roll(1, dims=2),
        output.transpose(0, 1).reshape(4, 16, 6),
    ):
        assert (moved - output).mean().abs() < torch.finfo(torch.float64).eps
        assert (moved - output).abs().max() > 0.5


@pytest.mark.parametrize("radius", [0.9, 1.2])
@pytest.mark.parametrize("dtype", DTYPES)
def test_drift_stays_at_rounding_level_of_the_state(dtype: torch.dtype, radius: float) -> None:
    for seed in range(5):
        two, one = two_ways(seed, dtype, steps=256, radius=radius)
        for t in range(256):
            assert_close(one[:, t], two[:, t], eps=256)


def test_a_tanh_network_with_large_weights_separates_neighbouring_states() -> None:
    for seed in range(5):
        torch.manual_seed(seed)
        weight = torch.randn(64, 64, dtype=torch.float64)
        weight = 3 * weight / torch.linalg.eigvals(weight).abs().max()
        state = torch.randn(2, 1, 64, dtype=torch.float64)
        state[1] = state[0] + 1e-12
        for _ in range(400):
            state = (state @ weight).tanh()
        assert (state[0] - state[1]).abs().max() > 1


@pytest.mark.parametrize("scale", [2.0**-10, 1.0, 2.0**10])
def test_two_orders_of_five_terms_are_two_epsilons_of_the_largest_apart(scale: float) -> None:
    for seed in range(50):
        torch.manual_seed(seed)
        x, weight = scale * torch.randn(64, 16, 5), torch.randn(6, 5)
        a, b, c, d, e = (x[..., i, None] * weight[:, i] for i in range(5))
        assert_close(a + b + c + d + e, e + d + c + b + a, eps=2)

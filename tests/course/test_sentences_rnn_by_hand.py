"""Sentences of `nn.RNN` by hand that its own code does not try."""

import pytest
import torch
from torch import Tensor, nn

from rnn_tutorial import assert_close, rnn_layer


def by_hand(network: nn.RNN, x: Tensor, h_0: Tensor) -> tuple[Tensor, Tensor]:
    named = network.state_dict().items()
    weights = {name.removesuffix("_l0"): value for name, value in named}
    return rnn_layer(x, h_0, nonlinearity=network.nonlinearity, **weights)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_after_a_thousand_steps_less_than_two_epsilons(dtype: torch.dtype) -> None:
    for seed in range(3):
        torch.manual_seed(seed)
        x = torch.randn(2, 1000, 5, dtype=dtype)
        network = nn.RNN(5, 6, batch_first=True, dtype=dtype).requires_grad_(False)
        ours, _ = by_hand(network, x, torch.zeros(2, 6, dtype=dtype))
        assert_close(ours, network(x)[0], eps=2)


def test_large_inputs_that_cancel_need_a_larger_bound() -> None:
    torch.manual_seed(0)
    network = nn.RNN(5, 6, batch_first=True).requires_grad_(False)
    x = 300 * torch.randn(64, 1, 5)
    exact = nn.RNN(5, 6, batch_first=True, dtype=torch.float64).requires_grad_(False)
    exact.load_state_dict(network.state_dict())
    ours, _ = by_hand(network, x, torch.zeros(64, 6))
    with pytest.raises(AssertionError, match="epsilons"):
        assert_close(ours, exact(x.double())[0].float(), eps=16)


def test_without_a_check_one_state_is_broadcast_to_all_samples() -> None:
    network = nn.RNN(5, 6).requires_grad_(False)
    x, one, weight_hh = torch.randn(4, 5), torch.randn(1, 6), network.weight_hh_l0
    unchecked = torch.tanh(x @ network.weight_ih_l0.T + one @ weight_hh.T)
    repeated = torch.tanh(x @ network.weight_ih_l0.T + one.expand(4, 6) @ weight_hh.T)
    assert_close(unchecked, repeated, eps=16)


def test_a_linear_memory_adds_the_same_for_an_input_whatever_it_has_read() -> None:
    torch.manual_seed(0)
    w_input, w_state = torch.randn(5, 6).double(), torch.randn(6, 6).double() / 4

    def last(x: Tensor, nonlinear: bool) -> Tensor:
        h = torch.zeros(2, 6, dtype=torch.float64)
        for x_t in x.unbind(dim=1):
            h = x_t @ w_input + h @ w_state
            h = torch.tanh(h) if nonlinear else h
        return h

    for nonlinear in (False, True):
        effects = []
        for _ in range(2):
            x = torch.randn(2, 4, 5, dtype=torch.float64)
            more = x.clone()
            more[:, 1] += 1.0
            effects.append(last(more, nonlinear) - last(x, nonlinear))
        apart = (effects[0] - effects[1]).abs().max().item()
        assert apart > 0.01 if nonlinear else apart < 1e-12


def test_a_one_way_layer_above_the_lowest_has_two_weights_of_one_shape() -> None:
    one_way, both_ways = nn.RNN(5, 6, 2), nn.RNN(5, 6, 2, bidirectional=True)
    assert one_way.weight_ih_l1.shape == one_way.weight_hh_l1.shape
    assert both_ways.weight_ih_l1.shape != both_ways.weight_hh_l1.shape

"""Sentences of the stacked chapter that its own code does not try."""

import pytest
import torch
from torch import nn

from rnn_tutorial import assert_close, layer_parameters, rnn, rnn_layer


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_in_eight_layers_after_a_thousand_steps_less_than_four_epsilons(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    deep = nn.RNN(5, 6, 8, batch_first=True, dtype=dtype).requires_grad_(False)
    x = torch.randn(2, 1000, 5, dtype=dtype)
    assert_close(rnn(x, deep.state_dict(), num_layers=8), deep(x), eps=4)


def test_one_state_for_every_layer_is_accepted_and_another_start() -> None:
    torch.manual_seed(0)
    both, x, h_0 = nn.RNN(5, 6, 2), torch.randn(3, 4, 5), torch.randn(2, 4, 6)
    repeated, _ = both(x, h_0[:1].repeat(2, 1, 1))
    assert (repeated - both(x, h_0)[0]).abs().max() > 0.1


def test_with_equal_sizes_every_layer_would_take_the_input() -> None:
    torch.manual_seed(0)
    both, x = nn.RNN(6, 6, 2, batch_first=True).requires_grad_(False), torch.randn(3, 4, 6)
    mistaken, _ = rnn_layer(x, torch.zeros(3, 6), **layer_parameters(both.state_dict(), 1))
    assert (mistaken - both(x)[0]).abs().max() > 0.1


def test_dropout_scales_up_what_it_leaves() -> None:
    torch.manual_seed(0)
    deep = nn.RNN(5, 6, 2, nonlinearity="relu", batch_first=True, bias=False, dropout=0.5)
    deep.requires_grad_(False)
    deep.weight_hh_l1.zero_()
    deep.weight_ih_l1.copy_(torch.eye(6))  # the upper layer shows what it reads
    inner, _ = rnn_layer(
        x := torch.rand(2, 50, 5),
        torch.zeros(2, 6),
        nonlinearity="relu",
        **layer_parameters(deep.state_dict(), 0),
    )
    shown, _ = deep(x)
    left = shown != 0
    assert_close(shown[left], 2 * inner[left], eps=16)
    assert 0.4 < left[inner > 0].float().mean() < 0.6

"""Sentences of the anatomy chapter that its own code does not try."""

import torch
from torch import nn


def test_with_as_many_samples_as_steps_no_shape_gives_a_forgotten_batch_first_away() -> None:
    x = torch.randn(7, 7, 5)
    forgotten, meant = (nn.RNN(5, 6, 2, batch_first=first)(x) for first in (False, True))
    assert [tensor.shape for tensor in forgotten] == [tensor.shape for tensor in meant]


def test_batch_first_is_ignored_without_a_batch() -> None:
    network = nn.RNN(5, 6, 2)
    same = nn.RNN(5, 6, 2, batch_first=True)
    same.load_state_dict(network.state_dict())
    x = torch.randn(7, 5)
    for ours, theirs in zip(network(x), same(x), strict=True):
        assert torch.equal(ours, theirs)


def test_the_fourth_argument_by_position() -> None:
    assert nn.RNN(5, 6, 1, "relu").nonlinearity == "relu"
    assert not nn.LSTM(5, 6, 1, False).bias


def test_variance_of_the_product_with_the_input() -> None:
    torch.manual_seed(0)
    for features, hidden in ((5, 4), (500, 4), (50, 64)):
        products = torch.stack(
            [
                torch.randn(100, features) @ nn.RNN(features, hidden).weight_ih_l0.detach().T
                for _ in range(100)
            ]
        )
        expected = features / (3 * hidden)
        assert abs(products.var().item() / expected - 1) < 0.1

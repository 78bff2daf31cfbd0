"""Sentences of the bidirectional chapter that its own code does not try."""

import math

import torch
from torch import nn

from rnn_tutorial import rnn


def test_on_random_tokens_a_bidirectional_network_learns_to_copy_the_next_one() -> None:
    torch.manual_seed(0)
    kinds, losses = 8, {}
    for both_ways in (False, True):
        network = nn.RNN(kinds, 32, batch_first=True, bidirectional=both_ways)
        head = nn.Linear(32 * (1 + both_ways), kinds)
        optimizer = torch.optim.Adam([*network.parameters(), *head.parameters()], lr=0.01)
        for _ in range(200):
            tokens = torch.randint(kinds, (32, 12))
            scores = head(network(nn.functional.one_hot(tokens, kinds).float())[0])
            before_last, after_first = scores[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()
            loss = nn.functional.cross_entropy(before_last, after_first)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses[both_ways] = loss.item()
    assert losses[False] > 0.95 * math.log(kinds)
    assert losses[True] < 0.5 * math.log(kinds)


def test_the_reverse_layer_reads_padding_first() -> None:
    torch.manual_seed(0)
    network = nn.RNN(5, 6, batch_first=True, bidirectional=True).requires_grad_(False)
    short = torch.randn(1, 3, 5)
    padded = torch.cat([short, torch.zeros(1, 2, 5)], dim=1)
    (alone, _), (with_padding, _) = (
        rnn(x, network.state_dict(), num_directions=2) for x in (short, padded)
    )
    moved = (with_padding[:, :3] - alone).abs()
    assert moved[..., :6].max() < 1e-6
    assert moved[..., 6:].amax(dim=(0, 2)).min() > 1e-4

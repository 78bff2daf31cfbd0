"""Sentences of Debugging and Symptoms that no block of theirs shows."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy


@pytest.mark.parametrize("reason", ["cut", "not used", "frozen"])
def test_a_part_that_no_gradient_reaches_has_none(reason: str) -> None:
    embed, rnn = nn.Embedding(8, 5), nn.RNN(5, 6, batch_first=True)
    tokens = torch.randint(8, (4, 16))
    if reason == "frozen":
        embed.requires_grad_(False)
    read = embed(tokens).detach() if reason == "cut" else embed(tokens)
    rnn(torch.zeros(4, 16, 5) if reason == "not used" else read)[0].sum().backward()
    assert embed.weight.grad is None
    assert rnn.weight_hh_l0.grad is not None


def test_no_probabilities_get_below_the_floor_of_a_second_softmax() -> None:
    torch.manual_seed(0)
    for classes in (2, 8, 100):
        floor = torch.tensor(torch.e + classes - 1).log() - 1
        right = torch.zeros(2000, dtype=torch.long)
        scores = torch.cat([torch.randn(1000, classes), 10 * torch.randn(1000, classes)])
        losses = cross_entropy(scores.softmax(dim=-1), right, reduction="none")
        assert losses.min() >= floor - 1e-6
        assert cross_entropy(torch.eye(classes)[:1], right[:1]).item() == pytest.approx(floor)


def test_retained_graphs_run_while_no_weight_moves() -> None:
    rnn, state = nn.RNN(5, 6, batch_first=True), None
    for piece in torch.randn(4, 16, 5).split(4, dim=1):
        output, state = rnn(piece, state)
        output.sum().backward(retain_graph=True)


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU])
def test_states_have_the_batch_second_with_either_batch_first(
    kind: type[nn.RNNBase], batch_first: bool
) -> None:
    layer = kind(5, 6, 2, batch_first=batch_first, bidirectional=True)
    x = torch.randn(3, 7, 5) if batch_first else torch.randn(7, 3, 5)
    assert layer(x, torch.zeros(4, 3, 6))[1].shape == (4, 3, 6)


def test_flatten_parameters_changes_nothing_on_a_cpu() -> None:
    rnn = nn.RNN(5, 6, num_layers=2)
    places = [parameter.data_ptr() for parameter in rnn.parameters()]
    rnn.flatten_parameters()
    assert [parameter.data_ptr() for parameter in rnn.parameters()] == places


def test_below_a_head_of_zeros_a_gradient_of_zero_is_only_the_first() -> None:
    torch.manual_seed(0)
    rnn, head = nn.RNN(5, 6, batch_first=True), nn.Linear(6, 8)
    nn.init.zeros_(head.weight)
    optimizer = torch.optim.SGD([*rnn.parameters(), *head.parameters()], lr=0.1)
    x, targets, norms = torch.randn(4, 16, 5), torch.randint(8, (64,)), []
    for _ in range(2):
        optimizer.zero_grad()
        cross_entropy(head(rnn(x)[0]).flatten(0, 1), targets).backward()
        norms.append(rnn.weight_hh_l0.grad.norm().item())
        optimizer.step()
    assert norms[0] == 0 < norms[1]


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_last_reverse_output_reads_earlier_steps_through_the_layer_below_only(layers: int) -> None:
    both = nn.RNN(5, 6, layers, batch_first=True, bidirectional=True).requires_grad_(False)
    x = torch.randn(4, 16, 5)
    changed = x.clone()
    changed[:, :-1] += 1.0
    last, other = both(x)[0][:, -1, 6:], both(changed)[0][:, -1, 6:]
    assert torch.equal(last, other) == (layers == 1)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_a_change_can_fade_below_rounding_before_the_sequence_ends(kind: type[nn.RNNBase]) -> None:
    torch.manual_seed(0)
    network = kind(8, 32, batch_first=True).requires_grad_(False)
    x = torch.randn(1, 800, 8)
    changed = x.clone()
    changed[0, 2] += 1.0
    moved = (network(x)[0] != network(changed)[0]).any(dim=-1)[0]
    assert moved[2]
    assert not moved[:2].any()
    assert not moved[-100:].any()

"""Sentences of Regularising that no block shows: layer norm can harm, training can be chaotic."""

import torch
from torch import Tensor, nn

from tests.course.copying import executed_through
from tools.site import docs_dir


def error_of_repeating_a_size(normed: bool) -> float:
    """Train a network to repeat its input of two steps ago; return the mean of the last errors."""
    torch.manual_seed(0)
    cell, norm, head = nn.RNNCell(1, 32), nn.LayerNorm(32), nn.Linear(32, 1)
    parameters = [p for part in (cell, norm, head) for p in part.parameters()]
    optimizer, errors = torch.optim.Adam(parameters, lr=0.01), []

    def states(x: Tensor) -> Tensor:
        h, found = torch.zeros(32, 32), []
        for x_t in x.unbind(dim=1):
            summed = nn.functional.linear(x_t, cell.weight_ih, cell.bias_ih)
            summed = summed + nn.functional.linear(h, cell.weight_hh)
            h = torch.tanh(norm(summed) if normed else summed)
            found.append(h)
        return torch.stack(found, dim=1)

    for _ in range(100):
        x = torch.randn(32, 8, 1) / 100
        error = (head(states(x))[:, 2:] - 100 * x[:, :-2]).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    return sum(errors[-10:]) / 10


def test_layer_norm_hides_the_size_of_an_input() -> None:
    assert error_of_repeating_a_size(normed=False) < 0.5 * error_of_repeating_a_size(normed=True)


def test_training_of_the_plain_network_from_large_weights_alone_is_chaotic() -> None:
    """One rounding of the weights, 2 ** -52, moves its loss; that of the others stays."""
    page = docs_dir() / "learning/regularising.md"
    norm_loss = executed_through(page, "def norm_loss")["norm_loss"]

    def moved(normed: bool, factor: int) -> float:
        first, *others = (norm_loss(normed, factor * (1 + k * 2**-52), 0) for k in (0, 1, 2))
        return max(abs(other - first) for other in others)

    assert moved(normed=False, factor=10) > 1e-5
    assert moved(normed=True, factor=10) < 1e-12
    assert moved(normed=False, factor=1) < 1e-12

"""Sentences of the reference pages that nothing on the pages checks."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from rnn_tutorial import (
    bind_step,
    gru_cell,
    layer_parameters,
    lstm_cell,
    max_abs_diff,
    rnn_cell,
    rnn_layer,
)

CELLS = {
    "RNN_TANH": (nn.RNNCell, rnn_cell),
    "GRU": (nn.GRUCell, gru_cell),
    "LSTM": (nn.LSTMCell, lstm_cell),
}


class Counter(TorchDispatchMode):
    """Count the operations that PyTorch dispatches, and the bytes of memory that they make."""

    def __init__(self) -> None:
        super().__init__()
        self.calls, self.bytes = 0, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        read, made = memory((args, kwargs)), memory(result)
        self.calls += 1
        self.bytes += sum(size for address, size in made.items() if address not in read)
        return result


def memory(values: Any) -> dict[int, int]:
    """Find where the tensors of a structure are stored, and how many bytes there are."""
    found = [leaf.untyped_storage() for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]
    return {storage.data_ptr(): storage.nbytes() for storage in found}


@pytest.mark.parametrize("mode", CELLS)
@pytest.mark.parametrize("grad", [False, True])
def test_a_product_and_a_step_make_fewer_calls_and_less_memory_than_a_cell(
    mode: str, grad: bool
) -> None:
    kind, by_hand = CELLS[mode]
    cell = kind(5, 6).requires_grad_(grad)
    x_t, h = torch.randn(4, 5), torch.randn(4, 6)
    step, bias = bind_step(mode, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    with Counter() as fast:
        projected = nn.functional.linear(x_t, cell.weight_ih, bias)
        parts = projected.split((12, 6), dim=1) if mode == "GRU" else projected
        step(parts, (h, h) if mode == "LSTM" else (h,))
    with Counter() as slow:
        by_hand(x_t, (h, h) if mode == "LSTM" else h, **dict(cell.named_parameters()))
    assert fast.calls < slow.calls
    assert fast.bytes < slow.bytes


def test_sixteen_epsilons_are_for_inputs_of_about_one() -> None:
    worst = {1: 0.0, 1000: 0.0}
    for seed in range(20):
        torch.manual_seed(seed)
        network = nn.RNN(5, 6, batch_first=True).requires_grad_(False)
        weights, x = layer_parameters(network.state_dict(), layer=0), torch.randn(4, 16, 5)
        for scale in worst:
            expected, _ = network(scale * x)
            ours, _ = rnn_layer(scale * x, torch.zeros(4, 6), **weights)
            unit = torch.finfo(x.dtype).eps * expected.abs().max().item()
            worst[scale] = max(worst[scale], max_abs_diff(ours, expected) / unit)
    assert worst[1] < 16 < worst[1000]

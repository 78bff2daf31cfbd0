"""Pairs of our module and its `torch.nn` namesake with equal weights, and how they compare."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence

import rnn_tutorial

NETWORKS = ("RNN", "LSTM", "GRU")
CELLS = ("RNNCell", "LSTMCell", "GRUCell")
DTYPES = (torch.float32, torch.float64)


def pair(name: str, *arguments: Any, **options: Any) -> tuple[nn.Module, nn.Module]:
    """Return ours and theirs, with the same weights."""
    theirs = getattr(nn, name)(*arguments, **options)
    ours = getattr(rnn_tutorial, name)(*arguments, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def quietly(call: Callable[..., Any], *arguments: Any) -> Any:
    """Call without `torch.nn.LSTM`'s warning that oneDNN has no projections."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "LSTM with projections is not supported with oneDNN")
        return call(*arguments)


def tensors(result: Any) -> Iterator[Tensor]:
    """Walk over all tensors of an output and its states, rows of a packed sequence included."""
    if isinstance(result, Tensor):
        yield result
    elif isinstance(result, PackedSequence):
        yield result.data
    else:
        for part in result:
            yield from tensors(part)


def states(
    name: str, layers: int, batch: Iterable[int], hidden_size: int, proj_size: int = 0, **kind: Any
) -> Any:
    """Draw an initial state: h, or for an LSTM (h, c)."""
    h = torch.randn(layers, *batch, proj_size or hidden_size, **kind)
    return (h, torch.randn(layers, *batch, hidden_size, **kind)) if name == "LSTM" else h


def packed(lengths: list[int], features: int, **kind: Any) -> PackedSequence:
    """Draw a packed batch; unsorted unless the longest come first."""
    sequences = [torch.randn(length, features, **kind) for length in lengths]
    return pack_sequence(sequences, enforce_sorted=lengths == sorted(lengths, reverse=True))


def rounding(module: nn.Module, dtype: torch.dtype) -> float:
    """Bound the difference of two results of about 1 that were added up in another order.

    The input of a gate is a sum of E + H + 2 terms. Either side rounds an addition by at most
    eps / 2 of a partial sum, so for sums of about 1 both together are about eps apart per term.
    Errors of earlier steps fade: sigmoid and tanh do not stretch, and the spectral radius of a
    fresh weight_hh is about 1/sqrt(3). Each layer adds its own share to that of the layer below.
    """
    terms = module.input_size + module.hidden_size + 2
    return terms * getattr(module, "num_layers", 1) * torch.finfo(dtype).eps


def apart(actual: Tensor, expected: Tensor) -> float:
    """Return the largest difference, in units of the largest number if that is above 1."""
    assert actual.shape == expected.shape
    assert actual.dtype == expected.dtype
    if actual.numel() == 0:
        return 0.0
    size = max(1.0, expected.abs().max().item())
    return (actual - expected).abs().max().item() / size


def assert_alike(actual: Any, expected: Any, bound: float) -> None:
    """Assert that two results have the same structure, layout and, within a bound, numbers."""
    assert type(actual) is type(expected)
    for a, b in zip(tensors(actual), tensors(expected), strict=True):
        assert a.is_contiguous() == b.is_contiguous()
        assert apart(a, b) <= bound

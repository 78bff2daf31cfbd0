"""Gradients: the same as `torch.nn`'s, right by themselves, of second order too."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import rnn_tutorial
from rnn_tutorial import gru_cell, lstm_cell, rnn_cell
from tests.package.reference import (
    CELLS,
    DTYPES,
    NETWORKS,
    apart,
    pair,
    quietly,
    rounding,
    states,
    tensors,
)


def gradients(module: nn.Module, x: Tensor, hx: Any, upstream: list[Tensor]) -> list[Tensor]:
    """Differentiate by the input, the state and all parameters."""
    leaves = [x, *tensors(hx), *module.parameters()]
    results = list(tensors(quietly(module, x, hx)))
    return list(torch.autograd.grad(results, leaves, upstream))


def assert_same_gradients(ours: nn.Module, theirs: nn.Module, x: Tensor, hx: Any) -> float:
    """Compare all gradients; return how much of the bound was used."""
    for leaf in (x, *tensors(hx)):
        leaf.requires_grad_()
    upstream = [torch.randn_like(part) for part in tensors(quietly(theirs, x, hx))]
    # A weight's gradient sums over N * T rows, each as wrong as a result may be; errors of either
    # sign add up like steps of a random walk, so by the square root of their number.
    rows = x.shape[:-1].numel()
    bound = rows**0.5 * rounding(theirs, x.dtype)
    pairs = zip(gradients(ours, x, hx, upstream), gradients(theirs, x, hx, upstream), strict=True)
    worst = max(apart(a, b) for a, b in pairs)
    assert worst <= bound
    return worst / bound


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("both", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_are_those_of_torch(
    name: str, layers: int, both: bool, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    for bias, first, proj_size in ((True, True, 0), (False, False, 4 if name == "LSTM" else 0)):
        options: dict[str, Any] = {"bidirectional": both, "bias": bias, "batch_first": first}
        if proj_size:
            options["proj_size"] = proj_size
        ours, theirs = pair(name, 5, 6, layers, dtype=dtype, **options)
        x = torch.randn(4, 4, 5, dtype=dtype)
        hx = states(name, layers * (1 + both), [4], 6, proj_size, dtype=dtype)
        assert_same_gradients(ours, theirs, x, hx)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    name=st.sampled_from(NETWORKS + CELLS),
    sizes=st.tuples(st.integers(1, 9), st.integers(1, 17)),
    batch=st.integers(1, 5),
    steps=st.integers(1, 8),
    bias=st.booleans(),
    both=st.booleans(),
    dtype=st.sampled_from(DTYPES),
    seed=st.integers(0, 2**31),
)
def test_gradients_for_any_sizes(
    name: str,
    sizes: tuple[int, int],
    batch: int,
    steps: int,
    bias: bool,
    both: bool,
    dtype: torch.dtype,
    seed: int,
) -> None:
    torch.manual_seed(seed)
    if name in CELLS:
        ours, theirs = pair(name, *sizes, bias=bias, dtype=dtype)
        x, hx = torch.randn(batch, sizes[0], dtype=dtype), states("GRU", batch, [], sizes[1])
        hx = hx.to(dtype)
        hx = (hx, hx.clone()) if name == "LSTMCell" else hx
    else:
        ours, theirs = pair(name, *sizes, bias=bias, bidirectional=both, dtype=dtype)
        x = torch.randn(steps, batch, sizes[0], dtype=dtype)
        hx = states(name, 1 + both, [batch], sizes[1], dtype=dtype)
    assert_same_gradients(ours, theirs, x, hx)


# ---- by themselves ----------------------------------------------------------------------------


def cell_arguments(gates: int, width: int, hidden_size: int) -> list[Tensor]:
    shapes = [(gates * hidden_size, width), (gates * hidden_size, hidden_size)]
    shapes += [(gates * hidden_size,)] * 2
    return [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("batch", [[2], []], ids=["batch", "one"])
def test_gradcheck_of_cells(batch: list[int]) -> None:
    torch.manual_seed(0)

    def leaf(*shape: int) -> Tensor:
        return torch.randn(shape, dtype=torch.float64, requires_grad=True)

    def lstm(x: Tensor, h: Tensor, c: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        return lstm_cell(x, (h, c), *weights)

    x, h, c = leaf(*batch, 3), leaf(*batch, 4), leaf(*batch, 4)
    projected = [leaf(16, 3), leaf(16, 2), leaf(16), leaf(16), leaf(2, 4)]
    for call, arguments in (
        (rnn_cell, (x, h, *cell_arguments(1, 3, 4))),
        (gru_cell, (x, h, *cell_arguments(3, 3, 4))),
        (lstm, (x, h, c, *cell_arguments(4, 3, 4))),
        (lstm, (x, leaf(*batch, 2), c, *projected)),
    ):
        assert torch.autograd.gradcheck(call, arguments)
        assert torch.autograd.gradgradcheck(call, arguments)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("layout", ["batch", "one", "packed"])
def test_gradcheck_of_networks(name: str, layout: str) -> None:
    torch.manual_seed(0)
    options = {"proj_size": 1} if name == "LSTM" else {}
    kind: dict[str, Any] = {"dtype": torch.float64, "requires_grad": True}
    network = getattr(rnn_tutorial, name)(
        2, 2, 2, bidirectional=True, dtype=torch.float64, **options
    )
    batch = [] if layout == "one" else [2]
    hx = states(name, 4, batch, 2, options.get("proj_size", 0), **kind)
    x = torch.randn(3, *batch, 2, **kind) if layout != "packed" else torch.randn(4, 2, **kind)

    def call(x: Tensor, *parts: Tensor) -> tuple[Tensor, ...]:
        hidden: Any = parts if name == "LSTM" else parts[0]
        rows: Any = x
        if layout == "packed":
            rows = nn.utils.rnn.PackedSequence(x, torch.tensor([2, 1, 1]))
        return tuple(tensors(network(rows, hidden)))

    arguments = (x, *tensors(hx))
    assert torch.autograd.gradcheck(call, arguments)
    assert torch.autograd.gradgradcheck(call, arguments)


def test_relu_networks_have_gradients_where_they_are_defined() -> None:
    torch.manual_seed(0)
    ours, theirs = pair("RNN", 5, 6, 2, "relu", dtype=torch.float64)
    x, hx = torch.randn(4, 4, 5, dtype=torch.float64), torch.randn(2, 4, 6, dtype=torch.float64)
    assert_same_gradients(ours, theirs, x, hx)


@pytest.mark.parametrize("name", NETWORKS)
def test_frozen_parameters_and_no_grad(name: str) -> None:
    ours, _ = pair(name, 5, 6, 2)
    ours.weight_hh_l0.requires_grad_(False)
    output, _ = ours(torch.randn(3, 4, 5))
    output.sum().backward()
    assert ours.weight_hh_l0.grad is None
    assert ours.weight_hh_l1.grad is not None
    with torch.no_grad():
        assert not ours(torch.randn(3, 4, 5))[0].requires_grad
    with torch.inference_mode():
        assert ours(torch.randn(3, 4, 5))[0].is_inference()
    ours.requires_grad_(False)
    assert not ours(torch.randn(3, 4, 5))[0].requires_grad


@pytest.mark.parametrize("name", NETWORKS)
def test_inputs_and_states_are_left_as_they_were(name: str) -> None:
    torch.manual_seed(0)
    ours, _ = pair(name, 5, 6, 2, bidirectional=True)
    x, hx = torch.randn(3, 4, 5), states(name, 4, [4], 6)
    before = [part.clone() for part in tensors((x, hx))]
    ours(x, hx)
    for a, b in zip(tensors((x, hx)), before, strict=True):
        assert torch.equal(a, b)

"""The three cells, as functions and as modules, against `torch.nn`'s."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn, zeros

import rnn_tutorial
from rnn_tutorial import gru_cell, lstm_cell, rnn_cell
from tests.package.reference import CELLS, DTYPES, apart, assert_alike, pair, rounding, tensors

FUNCTIONS = {"RNNCell": rnn_cell, "LSTMCell": lstm_cell, "GRUCell": gru_cell}
# Wide vectors compute the last few numbers of a row in another way than the rest. In a GRU,
# torch.nn has other rows than ours, so bits agree where there is no rest: 32 float32 fill them.
WIDTHS = {"RNNCell": (1, 6, 33, 300), "LSTMCell": (1, 6, 33, 300), "GRUCell": (32, 64, 288)}


def state(name: str, *shape: int, **kind: Any) -> Any:
    h = torch.randn(*shape, **kind)
    return (h, torch.randn(*shape, **kind)) if name == "LSTMCell" else h


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
def test_cells_are_those_of_torch_bit_for_bit(name: str, dtype: torch.dtype, bias: bool) -> None:
    torch.manual_seed(0)
    for batch, width, hidden_size in itertools.product((1, 2, 7), (1, 5, 130), WIDTHS[name]):
        ours, theirs = pair(name, width, hidden_size, bias=bias, dtype=dtype)
        x = torch.randn(batch, width, dtype=dtype)
        hx = state(name, batch, hidden_size, dtype=dtype)
        for given in (hx, None):
            expected = theirs(x, given)
            for a, b in zip(tensors(ours(x, given)), tensors(expected), strict=True):
                assert torch.equal(a, b), (batch, width, hidden_size)
        called = FUNCTIONS[name](x, hx, **theirs.state_dict())
        for a, b in zip(tensors(called), tensors(theirs(x, hx)), strict=True):
            assert torch.equal(a, b), (batch, width, hidden_size)


@pytest.mark.parametrize("dtype", DTYPES)
def test_gru_cell_of_any_width(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    for batch, width, hidden_size in itertools.product((0, 1, 7), (0, 1, 130), (1, 6, 33, 300)):
        ours, theirs = pair("GRUCell", width, hidden_size, dtype=dtype)
        x, hx = torch.randn(batch, width, dtype=dtype), torch.randn(batch, hidden_size, dtype=dtype)
        assert apart(ours(x, hx), theirs(x, hx)) <= rounding(theirs, dtype)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
def test_relu_cell(bias: bool) -> None:
    torch.manual_seed(0)
    ours, theirs = pair("RNNCell", 5, 6, bias, "relu")
    x, hx = torch.randn(4, 5), torch.randn(4, 6)
    assert torch.equal(ours(x, hx), theirs(x, hx))
    assert (ours(x, hx) == 0).any()


@pytest.mark.parametrize("name", CELLS)
def test_one_sample_without_a_batch(name: str) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 32)
    x, hx = torch.randn(5), state(name, 32)
    for given in (hx, None):
        assert_alike(ours(x, given), theirs(x, given), 0.0)
    row = tuple(part[None] for part in hx) if name == "LSTMCell" else hx[None]
    for a, b in zip(tensors(ours(x, hx)), tensors(ours(x[None], row)), strict=True):
        assert torch.equal(a, b[0])


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize(
    ("shape", "width", "hidden"), [((0, 5), 5, 6), ((4, 0), 0, 6), ((4, 5), 5, 0)]
)
def test_empty_axes(name: str, shape: tuple[int, int], width: int, hidden: int) -> None:
    ours, theirs = (getattr(package, name)(width, hidden) for package in (rnn_tutorial, nn))
    for a, b in zip(tensors(ours(zeros(shape))), tensors(theirs(zeros(shape))), strict=True):
        assert a.shape == b.shape


def test_projected_lstm_cell_is_one_step_of_torch() -> None:
    torch.manual_seed(0)
    theirs = nn.LSTM(5, 6, proj_size=3, dtype=torch.float64)
    weights = {name.removesuffix("_l0"): value for name, value in theirs.state_dict().items()}
    x = torch.randn(4, 5, dtype=torch.float64)
    h, c = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 6, dtype=torch.float64)
    _, (h_n, c_n) = theirs(x[None], (h[None], c[None]))
    ours = lstm_cell(x, (h, c), **weights)
    bound = rounding(theirs, torch.float64)
    assert apart(ours[0], h_n[0]) <= bound
    assert apart(ours[1], c_n[0]) <= bound


def test_lstm_cell_names_the_state_that_does_not_fit() -> None:
    weights = nn.LSTMCell(5, 6).state_dict()
    for k, shape in itertools.product((0, 1), ((3, 6), (4, 7), (6,), (1, 4, 6))):
        hx = [zeros(4, 6), zeros(4, 6)]
        hx[k] = zeros(shape)
        name = "hx[1]" if k else "hx"
        with pytest.raises(RuntimeError) as raised:
            lstm_cell(zeros(4, 5), (hx[0], hx[1]), **weights)
        assert str(raised.value) == f"{name}: expected shape (4, 6), got {shape}"


# ---- what the modules reject ------------------------------------------------------------------


def alike(name: str, *shape: int) -> Any:
    return (zeros(shape), zeros(shape)) if name == "LSTMCell" else zeros(shape)


REJECTED: dict[str, tuple[tuple[int, ...], tuple[int, ...], str]] = {
    "a sequence": ((1, 4, 5), (4, 6), "input: {name}: Expected 1D or 2D, got 3D"),
    "a number": ((), (4, 6), "input: {name}: Expected 1D or 2D, got 0D"),
    "a sequence of states": ((4, 5), (1, 4, 6), "{hx}: {name}: Expected 1D or 2D, got 3D"),
    "features of the input": ((4, 6), (4, 6), "input: expected shape (N, 5), got (4, 6)"),
    "features of the state": ((4, 5), (4, 7), "hx: expected shape (4, 6), got (4, 7)"),
    "another batch": ((4, 5), (3, 6), "hx: expected shape (4, 6), got (3, 6)"),
    "a batch of one": ((4, 5), (1, 6), "hx: expected shape (4, 6), got (1, 6)"),
    "a batch and one state": ((4, 5), (6,), "hx: expected shape (4, 6), got (6,)"),
    "a batch of one and one state": ((1, 5), (6,), "hx: expected shape (1, 6), got (6,)"),
    "one sample and a batch": ((5,), (1, 6), "hx: expected shape (6), got (1, 6)"),
}


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("case", REJECTED)
def test_wrong_shapes(name: str, case: str) -> None:
    ours, theirs = pair(name, 5, 6)
    input, hx, message = REJECTED[case]
    with pytest.raises((RuntimeError, ValueError)) as expected:
        theirs(zeros(input), alike(name, *hx))
    with pytest.raises(expected.type) as raised:
        ours(zeros(input), alike(name, *hx))
    assert raised.type is expected.type
    wanted = message.format(name=name, hx="hx[0]" if name == "LSTMCell" else "hx")
    assert str(raised.value).startswith(wanted)


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("which", ["input", "hx"])
def test_wrong_dtype(name: str, which: str) -> None:
    x, hx = zeros(4, 5), alike(name, 4, 6)
    if which == "input":
        x = x.double()
    else:
        hx = tuple(part.double() for part in hx) if name == "LSTMCell" else hx.double()
    for module in pair(name, 5, 6):
        with pytest.raises(RuntimeError, match="same dtype"):
            module(x, hx)


@pytest.mark.parametrize(
    "hx", [zeros(4, 6), (zeros(4, 6),), (zeros(4, 6),) * 3], ids=["tensor", "one", "three"]
)
def test_lstm_cell_takes_a_pair(hx: Any) -> None:
    ours, theirs = pair("LSTMCell", 5, 6)
    with pytest.raises((RuntimeError, TypeError)) as expected:
        theirs(zeros(4, 5), hx)
    with pytest.raises(expected.type, match=r"^hx: expected .*\(h, c\), got"):
        ours(zeros(4, 5), hx)
    listed = ours(zeros(4, 5), [zeros(4, 6), zeros(4, 6)])
    assert_alike(listed, theirs(zeros(4, 5), [zeros(4, 6), zeros(4, 6)]), 0.0)


def test_unknown_nonlinearity_is_noticed_at_the_first_step() -> None:
    for module in pair("RNNCell", 5, 6, nonlinearity="gelu"):
        with pytest.raises(RuntimeError, match="Unknown nonlinearity: gelu"):
            module(zeros(4, 5))


# ---- what the modules are ---------------------------------------------------------------------

OPTIONS: list[dict[str, Any]] = [{}, {"bias": False}, {"bias": True}, {"dtype": torch.float64}]
RELU: list[dict[str, Any]] = [{"nonlinearity": "relu"}, {"nonlinearity": "relu", "bias": False}]


@pytest.mark.parametrize("name", CELLS)
def test_attributes_parameters_and_repr(name: str) -> None:
    for options in OPTIONS + (RELU if name == "RNNCell" else []):
        ours, theirs = pair(name, 5, 6, **options)
        assert repr(ours) == repr(theirs)
        theirs.load_state_dict(ours.state_dict())
        described = [
            [(key, value.shape, value.dtype, value.requires_grad) for key, value in parameters]
            for parameters in (ours.named_parameters(), theirs.named_parameters())
        ]
        assert described[0] == described[1]
        for attribute in ("input_size", "hidden_size", "bias", "nonlinearity", "bias_ih"):
            assert hasattr(ours, attribute) == hasattr(theirs, attribute)
            value = getattr(ours, attribute, None)
            if not isinstance(value, Tensor):
                assert value == getattr(theirs, attribute, None)


@pytest.mark.parametrize("name", CELLS)
def test_parameters_are_drawn_from_the_same_numbers(name: str) -> None:
    torch.manual_seed(0)
    theirs = getattr(nn, name)(5, 6)
    torch.manual_seed(0)
    ours = getattr(rnn_tutorial, name)(5, 6)
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)

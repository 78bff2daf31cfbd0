"""What `torch.nn`'s recurrent modules reject, ours reject: the same type, a message with names."""

import warnings
from typing import Any

import pytest
import torch
from torch import nn, zeros
from torch.nn.utils.rnn import pack_sequence

import rnn_tutorial
from tests.package.reference import NETWORKS, pair

# ---- options ----------------------------------------------------------------------------------

BAD_OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"input_size": 0}, "input_size must be greater than zero, got 0"),
    ({"input_size": -1}, "input_size must be greater than zero, got -1"),
    ({"input_size": 5.0}, "input_size should be of type int, got: float"),
    ({"hidden_size": 0}, "hidden_size must be greater than zero, got 0"),
    ({"hidden_size": 6.0}, "hidden_size should be of type int, got: float"),
    ({"num_layers": 0}, "num_layers must be greater than zero, got 0"),
    ({"num_layers": 1.5}, "cannot be interpreted as an integer"),
    ({"bias": 1}, "bias should be of type bool, got: int"),
    ({"bias": None}, "bias should be of type bool, got: NoneType"),
    ({"batch_first": 0}, "batch_first should be of type bool, got: int"),
    ({"dropout": 1.5}, "dropout should be a number in range [0, 1], got 1.5"),
    ({"dropout": -0.1}, "dropout should be a number in range [0, 1], got -0.1"),
    ({"dropout": True}, "dropout should be a number in range [0, 1], got True"),
    ({"dropout": "0.5"}, "dropout should be a number in range [0, 1], got '0.5'"),
    ({"dropout": "half"}, "could not convert string to float: 'half'"),
    ({"dropout": None}, "float() argument must be"),
    ({"dtype": torch.int32}, "Only Tensors of floating point"),
    ({"proj_size": 6}, "proj_size"),
    ({"proj_size": -1}, "proj_size"),
    ({"nonlinearity": "gelu"}, "nonlinearity"),
    ({"layers": 2}, "unexpected keyword argument 'layers'"),
]

# PyTorch 2.6 accepts these, or rejects them with another type; 2.13 and newer raise what is here.
STRICTER: list[tuple[dict[str, Any], type[Exception]]] = [
    ({"input_size": 0}, ValueError),
    ({"input_size": -1}, ValueError),
    ({"bias": 1}, TypeError),
    ({"bias": None}, TypeError),
    ({"batch_first": 0}, TypeError),
]
BEFORE_THESE = torch.torch_version.TorchVersion(torch.__version__) < (2, 13)


def rejection(call: Any, *arguments: Any, **options: Any) -> tuple[type[BaseException], str]:
    with pytest.raises(Exception) as raised:  # noqa: PT011 -- its type and message are compared
        call(*arguments, **options)
    return raised.type, str(raised.value)


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("option", "message"), BAD_OPTIONS, ids=lambda value: str(value))
def test_options(name: str, option: dict[str, Any], message: str) -> None:
    arguments = {"input_size": 5, "hidden_size": 6} | option
    later = [kind for wrong, kind in STRICTER if wrong == option]
    if BEFORE_THESE and later:
        (expected,) = later
    else:
        expected, _ = rejection(getattr(nn, name), **arguments)
    assert expected in later or not later
    actual, got = rejection(getattr(rnn_tutorial, name), **arguments)
    assert actual is expected
    assert message in got


def test_projections_are_for_lstms() -> None:
    for name in ("RNN", "GRU"):
        for package in (nn, rnn_tutorial):
            kind, message = rejection(getattr(package, name), 5, 6, proj_size=3)
            assert kind is ValueError
            assert message == "proj_size argument is only supported for LSTM, not RNN or GRU"
    _, message = rejection(rnn_tutorial.LSTM, 5, 6, proj_size=6)
    assert message == "proj_size has to be smaller than hidden_size, 6, or zero for none, got 6"


@pytest.mark.parametrize("name", NETWORKS)
def test_sizes_are_not_optional(name: str) -> None:
    for package in (nn, rnn_tutorial):
        kind, message = rejection(getattr(package, name), 5)
        assert kind is TypeError
        assert "hidden_size" in message


@pytest.mark.parametrize("name", NETWORKS)
def test_dropout_without_a_second_layer_is_useless(name: str) -> None:
    for package in (nn, rnn_tutorial):
        with pytest.warns(UserWarning, match=r"num_layers.*dropout=0.5"):
            getattr(package, name)(5, 6, dropout=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        getattr(rnn_tutorial, name)(5, 6, 2, dropout=0.5)


def test_the_warning_points_at_the_caller() -> None:
    for name in NETWORKS:
        with pytest.warns(UserWarning, match="dropout") as caught:
            getattr(rnn_tutorial, name)(5, 6, dropout=0.5)
        assert caught[0].filename == __file__


# ---- calls ------------------------------------------------------------------------------------

# input (T, N, E) = (3, 4, 5), hx (1, 4, 6); {h} is hx, and hx[0] in an LSTM
BAD_SHAPES: list[tuple[tuple[int, ...], tuple[int, ...] | None, str]] = [
    ((), None, "input: {name}: Expected input to be 2D or 3D, got 0D, of shape ()"),
    ((5,), None, "input: {name}: Expected input to be 2D or 3D, got 1D, of shape (5,)"),
    ((1, 3, 4, 5), None, "input: {name}: Expected input to be 2D or 3D, got 4D"),
    ((3, 4, 6), None, "input: expected shape (T, N, 5), got (3, 4, 6)"),
    ((3, 6), None, "input: expected shape (T, 5), got (3, 6)"),
    ((0, 4, 5), None, "input: Expected sequence length to be larger than 0 in RNN"),
    ((0, 0, 5), None, "input: Expected sequence length to be larger than 0 in RNN"),
    ((0, 5), None, "input: Expected sequence length to be larger than 0 in RNN"),
    ((3, 4, 5), (1, 3, 6), "{h}: expected shape (1, 4, 6), got (1, 3, 6)"),
    ((3, 4, 5), (1, 1, 6), "{h}: expected shape (1, 4, 6), got (1, 1, 6)"),
    ((3, 4, 5), (1, 4, 7), "{h}: expected shape (1, 4, 6), got (1, 4, 7)"),
    ((3, 4, 5), (2, 4, 6), "{h}: expected shape (1, 4, 6), got (2, 4, 6)"),
    ((3, 4, 5), (4, 6), "{h}: expected shape (1, 4, 6), got (4, 6)"),
    ((3, 4, 5), (1, 6), "{h}: expected shape (1, 4, 6), got (1, 6)"),
    ((3, 5), (1, 1, 6), "{h}: expected shape (1, 6), got (1, 1, 6)"),
    ((3, 5), (6,), "{h}: expected shape (1, 6), got (6,)"),
    ((3, 5), (2, 6), "{h}: expected shape (1, 6), got (2, 6)"),
]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("shape", "hidden", "message"), BAD_SHAPES)
def test_shapes(
    name: str, shape: tuple[int, ...], hidden: tuple[int, ...] | None, message: str
) -> None:
    ours, theirs = pair(name, 5, 6)
    hx: Any = None if hidden is None else zeros(hidden)
    if name == "LSTM" and hx is not None:
        hx = hx, hx
    expected, _ = rejection(theirs, zeros(shape), hx)
    actual, got = rejection(ours, zeros(shape), hx)
    assert actual is expected
    assert got.startswith(message.format(name=name, h="hx[0]" if name == "LSTM" else "hx"))


@pytest.mark.parametrize("name", NETWORKS)
def test_shapes_are_named_as_they_were_given(name: str) -> None:
    ours, theirs = pair(name, 5, 6, batch_first=True)
    for shape, message in (
        ((4, 3, 6), "input: expected shape (N, T, 5), got (4, 3, 6)"),
        ((4, 0, 5), "larger than 0 in RNN, got shape (4, 0, 5)"),
    ):
        assert rejection(ours, zeros(shape))[0] is rejection(theirs, zeros(shape))[0]
        assert message in rejection(ours, zeros(shape))[1]


def test_cell_state_and_projection() -> None:
    for options, shapes, message in (
        ({}, ((1, 4, 6), (1, 3, 6)), "hx[1]: expected shape (1, 4, 6), got (1, 3, 6)"),
        ({}, ((1, 4, 6), (1, 4, 5)), "hx[1]: expected shape (1, 4, 6), got (1, 4, 5)"),
        (
            {"proj_size": 3},
            ((1, 4, 6), (1, 4, 6)),
            "hx[0]: expected shape (1, 4, 3), got (1, 4, 6)",
        ),
        (
            {"proj_size": 3},
            ((1, 4, 3), (1, 4, 3)),
            "hx[1]: expected shape (1, 4, 6), got (1, 4, 3)",
        ),
    ):
        ours, theirs = pair("LSTM", 5, 6, **options)
        hx = tuple(zeros(shape) for shape in shapes)
        assert rejection(ours, zeros(3, 4, 5), hx) == (
            rejection(theirs, zeros(3, 4, 5), hx)[0],
            message,
        )


@pytest.mark.parametrize(
    ("name", "hx"),
    [
        ("RNN", (zeros(1, 4, 6), zeros(1, 4, 6))),
        ("GRU", [zeros(1, 4, 6)]),
        ("LSTM", zeros(1, 4, 6)),
        ("LSTM", (zeros(1, 4, 6),)),
        ("LSTM", (zeros(1, 4, 6),) * 3),
        ("LSTM", (zeros(1, 4, 6), None)),
    ],
)
def test_states_of_another_kind(name: str, hx: Any) -> None:
    ours, theirs = pair(name, 5, 6)
    assert rejection(ours, zeros(3, 4, 5), hx)[0] is rejection(theirs, zeros(3, 4, 5), hx)[0]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.int64, torch.bfloat16])
def test_dtype_of_the_input(name: str, dtype: torch.dtype) -> None:
    ours, theirs = pair(name, 5, 6)
    x = zeros(3, 4, 5, dtype=dtype)
    assert rejection(theirs, x)[0] is ValueError
    message = f"input: expected dtype torch.float32, as the weights, got {dtype}"
    assert rejection(ours, x) == (ValueError, message)
    batch = pack_sequence([zeros(2, 5, dtype=dtype), zeros(1, 5, dtype=dtype)])
    assert rejection(ours, batch) == (rejection(theirs, batch)[0], message)


@pytest.mark.parametrize("name", NETWORKS)
def test_dtype_of_the_state(name: str) -> None:
    hx: Any = zeros(1, 4, 6, dtype=torch.float64)
    hx = (hx, hx) if name == "LSTM" else hx
    for module in pair(name, 5, 6):
        assert rejection(module, zeros(3, 4, 5), hx)[0] is RuntimeError


@pytest.mark.parametrize("name", NETWORKS)
def test_packed_batches(name: str) -> None:
    ours, theirs = pair(name, 5, 6)
    h = "hx[0]" if name == "LSTM" else "hx"
    batch = pack_sequence([zeros(3, 5), zeros(1, 5)])
    shuffled = pack_sequence([zeros(1, 5), zeros(3, 5)], enforce_sorted=False)
    narrow, flat = pack_sequence([zeros(3, 4), zeros(1, 4)]), pack_sequence([zeros(3), zeros(1)])
    for sequences, hidden, message in (
        (batch, (1, 3, 6), f"{h}: expected shape (1, 2, 6), got (1, 3, 6)"),
        (batch, (2, 2, 6), f"{h}: expected shape (1, 2, 6), got (2, 2, 6)"),
        (shuffled, (1, 1, 6), f"{h}: expected shape (1, 2, 6), got (1, 1, 6)"),
        (
            narrow,
            None,
            "input: expected shape (R, 5), got (4, 4)",
        ),
        (flat, None, "input: expected shape (R, 5), got (4,)"),
    ):
        hx: Any = None if hidden is None else zeros(hidden)
        hx = (hx, hx) if name == "LSTM" and hx is not None else hx
        assert rejection(theirs, sequences, hx)[0] is RuntimeError
        assert rejection(ours, sequences, hx) == (RuntimeError, message)


@pytest.mark.parametrize("name", NETWORKS)
def test_inputs_that_are_not_tensors(name: str) -> None:
    for module in pair(name, 5, 6):
        for nonsense in (None, [1.0], "text"):
            assert rejection(module, nonsense)[0] is AttributeError


def test_wrong_flags_modes_and_directions() -> None:
    for module in pair("GRU", 5, 6, bidirectional=1):
        assert rejection(module, zeros(3, 4, 5))[0] is TypeError
    for package in (nn, rnn_tutorial):
        assert rejection(package.RNNBase, "ELMAN", 5, 6)[0] is ValueError
    kind, message = rejection(rnn_tutorial.rnn, zeros(4, 3, 5), {}, None, 1, 3)
    assert (kind, message) == (ValueError, "num_directions: expected 1 or 2, got 3")
    for module in pair("LSTM", 5, 6):
        assert rejection(module, zeros(3, 4, 5), zeros(2, 1, 4, 6))[0] is TypeError
    options = 5, 6, 1, True, False, 0.0, False, 3
    assert rejection(rnn_tutorial.RNNBase, "GRU", *options)[0] is ValueError

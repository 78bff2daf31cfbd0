"""`RNN`, `LSTM` and `GRU` against `torch.nn`'s: results over all options, and what they are."""

import copy
import inspect
import io
import itertools
import pickle
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn, zeros

import rnn_tutorial
from tests.package.reference import (
    DTYPES,
    NETWORKS,
    apart,
    assert_alike,
    packed,
    pair,
    quietly,
    rounding,
    states,
    tensors,
)

# ---- results ----------------------------------------------------------------------------------

GRID = list(
    itertools.product(NETWORKS, [1, 2, 4], [False, True], [True, False], [False, True], DTYPES)
)


@pytest.mark.parametrize(("name", "layers", "both", "bias", "first", "dtype"), GRID)
def test_results_are_those_of_torch(
    name: str, layers: int, both: bool, bias: bool, first: bool, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    options: dict[str, Any] = {"bidirectional": both, "bias": bias, "batch_first": first}
    for proj_size in (0, 4) if name == "LSTM" else (0,):
        if proj_size:
            options["proj_size"] = proj_size
        ours, theirs = pair(name, 5, 6, layers, dtype=dtype, **options)
        rows = layers * (1 + both)
        for shape in ((1, 1, 5), (3, 4, 5), (3, 5), (1, 5)):
            x = torch.randn(shape, dtype=dtype)
            batch = () if len(shape) == 2 else (shape[0 if first else 1],)
            for hx in (None, states(name, rows, batch, 6, proj_size, dtype=dtype)):
                bound = rounding(theirs, dtype)
                assert_alike(ours(x, hx), quietly(theirs, x, hx), bound)


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("both", [False, True], ids=["one-way", "both-ways"])
def test_relu_network(both: bool, bias: bool) -> None:
    torch.manual_seed(0)
    ours, theirs = pair("RNN", 5, 6, 2, "relu", bias, bidirectional=both)
    x = torch.randn(7, 4, 5)
    assert_alike(ours(x), theirs(x), rounding(theirs, torch.float32))


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any], Any, Any]:
    """Draw a network, its options, an input and a state that fit together."""
    name = draw(st.sampled_from(NETWORKS))
    hidden_size, layers = draw(st.integers(1, 17)), draw(st.integers(1, 4))
    options: dict[str, Any] = {
        "input_size": draw(st.integers(1, 9)),
        "hidden_size": hidden_size,
        "num_layers": layers,
        "bidirectional": draw(st.booleans()),
        "bias": draw(st.booleans()),
        "batch_first": draw(st.booleans()),
        "dtype": draw(st.sampled_from(DTYPES)),
    }
    if name == "RNN":
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    if name == "LSTM" and hidden_size > 1:
        options["proj_size"] = draw(st.integers(0, hidden_size - 1))
    torch.manual_seed(draw(st.integers(0, 2**31)))
    kind = {"dtype": options["dtype"]}
    lengths = draw(st.lists(st.integers(1, 8), min_size=1, max_size=5))
    layout = draw(st.sampled_from(["batch", "one", "packed"]))
    batch: tuple[int, ...] = (len(lengths),)
    if layout == "batch":
        shape = (*batch, lengths[0]) if options["batch_first"] else (lengths[0], *batch)
        x: Any = torch.randn(*shape, options["input_size"], **kind)
    elif layout == "one":
        x, batch = torch.randn(lengths[0], options["input_size"], **kind), ()
    else:
        x = packed(lengths, options["input_size"], **kind)
    rows = layers * (1 + options["bidirectional"])
    hx = states(name, rows, batch, hidden_size, options.get("proj_size", 0), **kind)
    return name, options, x, draw(st.sampled_from([None, hx]))


@settings(deadline=None, derandomize=True, max_examples=150)
@given(calls())
def test_any_call_gives_what_torch_gives(call: tuple[str, dict[str, Any], Any, Any]) -> None:
    name, options, x, hx = call
    ours, theirs = pair(name, **options)
    assert repr(ours) == repr(theirs)
    assert_alike(ours(x, hx), quietly(theirs, x, hx), rounding(theirs, options["dtype"]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("hidden_size", [32, 64])
def test_gru_is_bit_for_bit_that_of_torch(hidden_size: int, dtype: torch.dtype) -> None:
    # Where numbers fill whole vectors, as in `test_cells.py`; then the order of operations,
    # (h - n) * z + n after two products, is torch's own.
    torch.manual_seed(0)
    ours, theirs = pair("GRU", 5, hidden_size, 3, bidirectional=True, dtype=dtype)
    x = torch.randn(9, 4, 5, dtype=dtype)
    for a, b in zip(tensors(ours(x)), tensors(theirs(x)), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", NETWORKS)
def test_long_sequences_do_not_drift(name: str) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 32)
    x = torch.randn(500, 2, 5)
    with torch.no_grad():
        assert_alike(ours(x), theirs(x), rounding(theirs, torch.float32))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("both", [False, True], ids=["one-way", "both-ways"])
def test_empty_batch(name: str, both: bool) -> None:
    ours, theirs = pair(name, 5, 6, 2, bidirectional=both)
    for a, b in zip(tensors(ours(zeros(3, 0, 5))), tensors(theirs(zeros(3, 0, 5))), strict=True):
        assert a.shape == b.shape


# ---- dropout ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_dropout_between_layers(name: str) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 6, 2, dropout=0.5)
    x = torch.randn(7, 4, 5)
    ours.eval(), theirs.eval()
    assert_alike(ours(x), theirs(x), rounding(theirs, torch.float32))
    ours.train()
    assert not torch.equal(ours(x)[0], ours(x)[0])
    torch.manual_seed(1)
    first = ours(x)
    torch.manual_seed(1)
    assert_alike(ours(x), first, 0.0)
    # Layer 0 comes before the dropout, so its final state is never touched.
    bottom = next(tensors(ours(x)[1]))[0]
    assert torch.equal(bottom, next(tensors(ours(x)[1]))[0])


@pytest.mark.parametrize("name", NETWORKS)
def test_dropout_of_everything_and_its_rate(name: str) -> None:
    torch.manual_seed(0)
    for rate in (1.0, 0.0):
        ours, theirs = pair(name, 5, 6, 3, dropout=rate)
        x = torch.randn(7, 4, 5)
        assert_alike(ours(x), theirs(x), rounding(theirs, torch.float32))
    # With a layer that passes on its input's first feature, count what arrives as zero.
    ours, _ = pair("RNN", 1, 1, 2, "relu", bias=False, dropout=0.3)
    for parameter, value in zip(ours.parameters(), (1.0, 0.0, 1.0, 0.0), strict=True):
        nn.init.constant_(parameter, value)
    output, _ = ours(torch.ones(10000, 1, 1))
    kept = output[output > 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / 0.7))
    # Four standard deviations of 10000 draws.
    assert abs((output == 0).float().mean().item() - 0.3) < 4 * (0.3 * 0.7 / 10000) ** 0.5


# ---- what they are ----------------------------------------------------------------------------

BOTH = {"bidirectional": True}
OPTIONS: list[dict[str, Any]] = [
    {},
    {"num_layers": 3, "bias": False},
    {"num_layers": 2, "dropout": 0.5, "batch_first": True},
    {"num_layers": 2, "dtype": torch.float64, **BOTH},
    {"num_layers": 2, "dropout": 0, "device": "cpu"},
]
PROJECTED = [{"proj_size": 3}, {"proj_size": 3, "bias": False, "num_layers": 2, **BOTH}]
ATTRIBUTES = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout")
ATTRIBUTES += ("bidirectional", "proj_size", "mode", "nonlinearity", "training", "_all_weights")
ATTRIBUTES += ("_flat_weights_names",)


@pytest.mark.parametrize("name", NETWORKS)
def test_attributes_parameters_and_repr(name: str) -> None:
    for options in OPTIONS + (PROJECTED if name == "LSTM" else []):
        ours, theirs = pair(name, 5, 6, **options)
        assert repr(ours) == repr(theirs)
        for attribute in ATTRIBUTES:
            missing = object()
            value = getattr(ours, attribute, missing), getattr(theirs, attribute, missing)
            assert value[0] == value[1] or value == (missing, missing), attribute
        described = [
            [(key, value.shape, value.dtype, value.requires_grad) for key, value in parameters]
            for parameters in (ours.named_parameters(), theirs.named_parameters())
        ]
        assert described[0] == described[1]
        assert list(ours.state_dict()) == list(theirs.state_dict())
        assert theirs.load_state_dict(ours.state_dict()) == ours.load_state_dict(
            theirs.state_dict()
        )
        for a, b in zip(ours.all_weights, theirs.all_weights, strict=True):
            assert [w.shape for w in a] == [w.shape for w in b]
            assert all(isinstance(w, nn.Parameter) for w in a)
        assert [w.shape for w in ours._flat_weights] == [w.shape for w in theirs._flat_weights]
        assert ours.flatten_parameters() is None


@pytest.mark.parametrize("name", [*NETWORKS, "RNNBase", "RNNCell", "LSTMCell", "GRUCell"])
def test_arguments_stand_in_the_same_order(name: str) -> None:
    def arguments(package: Any) -> list[tuple[str, Any]]:
        signature = inspect.signature(getattr(package, name).__init__).parameters.values()
        return [(p.name, p.default) for p in signature if p.name != "self"]

    assert arguments(rnn_tutorial) == arguments(nn)


def test_positional_arguments() -> None:
    for ours, theirs in (
        pair("RNN", 5, 6, 2, "relu", False, True, 0.5, True),
        pair("LSTM", 5, 6, 2, False, True, 0.5, True, 3),
        pair("GRU", 5, 6, 2, False, True, 0.5, True),
    ):
        assert repr(ours) == repr(theirs)
    assert rnn_tutorial.RNN(5, 6, 1, "relu").mode == "RNN_RELU"


@pytest.mark.parametrize("name", NETWORKS)
def test_parameters_are_drawn_from_the_same_numbers(name: str) -> None:
    drawn = []
    for package in (rnn_tutorial, nn):
        torch.manual_seed(0)
        drawn.append(getattr(package, name)(5, 6, 2, bidirectional=True))
    for a, b in zip(drawn[0].parameters(), drawn[1].parameters(), strict=True):
        assert torch.equal(a, b)
    before = drawn[0].weight_ih_l0.clone()
    drawn[0].reset_parameters()
    assert not torch.equal(before, drawn[0].weight_ih_l0)
    assert drawn[0].weight_ih_l0.abs().max() <= 6**-0.5


@pytest.mark.parametrize("name", [*NETWORKS, "RNNCell", "LSTMCell", "GRUCell"])
def test_copies_and_files(name: str) -> None:
    torch.manual_seed(0)
    module = getattr(rnn_tutorial, name)(5, 6)
    x = torch.randn(4, 5)
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    copies = [copy.deepcopy(module), copy.copy(module), pickle.loads(pickle.dumps(module))]
    copies.append(torch.load(file, weights_only=False))
    for duplicate in copies:
        assert repr(duplicate) == repr(module)
        assert_alike(duplicate(x), module(x), 0.0)
    nn.init.zeros_(copies[0].get_parameter(next(iter(module.state_dict()))))
    assert apart(next(tensors(copies[0](x))), next(tensors(module(x)))) > 0


@pytest.mark.parametrize("name", NETWORKS)
def test_state_dicts_that_do_not_fit(name: str) -> None:
    for source, target in itertools.product(pair(name, 5, 6, 2), pair(name, 5, 6)):
        with pytest.raises(RuntimeError, match=r"Unexpected key.*weight_ih_l1"):
            target.load_state_dict(source.state_dict())
        with pytest.raises(RuntimeError, match=r"Missing key.*weight_ih_l1"):
            source.load_state_dict(target.state_dict())
        assert target.load_state_dict(source.state_dict(), strict=False).missing_keys == []


@pytest.mark.parametrize("name", NETWORKS)
def test_conversions(name: str) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 6, 2, bidirectional=True)
    x = torch.randn(3, 4, 5, dtype=torch.float64)
    assert_alike(ours.double()(x), theirs.double()(x), rounding(theirs, torch.float64))
    assert ours.to(torch.float32).weight_hh_l1.dtype is torch.float32
    meta = getattr(rnn_tutorial, name)(5, 6, device="meta")
    assert meta.weight_ih_l0.is_meta
    assert next(tensors(meta(zeros(3, 4, 5, device="meta")))).shape == (3, 4, 6)


def test_bases() -> None:
    assert issubclass(rnn_tutorial.LSTM, rnn_tutorial.RNNBase)
    assert issubclass(rnn_tutorial.LSTMCell, rnn_tutorial.RNNCellBase)
    # They stand on their own: code that asks for torch.nn's base class does not find it.
    assert not issubclass(rnn_tutorial.RNNBase, nn.RNNBase)

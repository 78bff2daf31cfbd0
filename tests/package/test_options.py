"""Options and arguments of every kind: accepted, or refused with the same type, as `torch.nn`'s."""

import warnings
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import rnn_tutorial
from tests.package.side_by_side import (
    CELLS,
    DEEP,
    ONE_EACH,
    SIDES,
    Case,
    Raised,
    assert_does_the_same,
    assert_same,
    assert_works_where_theirs_does,
    outcome,
    train,
)

NETWORKS = ("RNN", "LSTM", "GRU")
TRUE_OR_FALSE: list[Any] = [
    True,
    False,
    0,
    1,
    2,
    None,
    "yes",
    "",
    1.0,
    np.True_,
    np.int64(1),
    [],
    [1],
]
TRUE_OR_FALSE += [torch.tensor(True), torch.tensor(1)]
SIZES: list[Any] = [0, -1, 1, 5.0, "5", None, np.int64(5), np.int32(5), np.float64(5)]
SIZES += [torch.tensor(5), [5], (5,), 5 + 0j, Fraction(5)]
COUNTS: list[Any] = [0, -1, 1, 2, False, 1.0, 1.5, "2", None, np.int64(2), torch.tensor(2), [2]]
FRACTIONS: list[Any] = [
    0,
    1,
    0.5,
    1.0,
    -0.1,
    1.1,
    True,
    False,
    None,
    "0.5",
    "half",
    np.float32(0.5),
]
FRACTIONS += [
    np.float64(0.5),
    np.int64(1),
    torch.tensor(0.5),
    Fraction(1, 2),
    float("nan"),
    0.5 + 0j,
    [0.5],
]
PROJECTIONS: list[Any] = [
    0,
    3,
    5,
    6,
    7,
    -1,
    True,
    False,
    None,
    2.0,
    0.0,
    "3",
    np.int64(3),
    torch.tensor(3),
]
OPTIONS: dict[str, list[Any]] = {
    "bias": TRUE_OR_FALSE,
    "batch_first": TRUE_OR_FALSE,
    "bidirectional": TRUE_OR_FALSE,
    "num_layers": COUNTS,
    "dropout": FRACTIONS,
    "proj_size": PROJECTIONS,
    "dtype": [
        torch.float16,
        torch.int32,
        torch.complex64,
        "float64",
        None,
        float,
        np.float64,
        torch.bool,
    ],
    "device": ["cpu", "meta", None, torch.device("cpu"), "nowhere", 1.5, "cpu:0"],
    "nonlinearity": ["tanh", "relu", "gelu", "TANH", None, torch.tanh, b"tanh", "Relu", ""],
    "num_chunks": [1],
    "mode": ["LSTM"],
    "layers": [2],
}
BEFORE_CHECKS = torch.torch_version.TorchVersion(torch.__version__) < (2, 13)
LISTED = [(name, value) for name, values in OPTIONS.items() for value in values]


def quiet(script: Any) -> Any:
    """Run a script and let it warn of dropout in a single layer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return script()


def newer_rejection(kind: str, option: str, value: Any) -> type[Exception] | None:
    """Say what PyTorch 2.13 raises and 2.6 does not check; ours raise it on every release."""
    if kind.endswith("Cell"):
        return None
    if option in ("bias", "batch_first") and not isinstance(value, bool):
        return TypeError
    if option == "input_size" and not isinstance(value, int):
        return TypeError
    return ValueError if option == "input_size" and value <= 0 else None


def assert_rejected(script: Callable[[Any], Any], expected: type[Exception]) -> None:
    """Assert that ours raise, and theirs where it is new enough."""
    for side in (rnn_tutorial,) if BEFORE_CHECKS else SIDES:
        assert outcome(script, side) == Raised(expected, "")


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize(("option", "value"), LISTED, ids=lambda v: repr(v)[:30])
def test_every_value_of_every_option(kind: str, option: str, value: Any) -> None:
    def build(package: Any) -> Any:
        torch.manual_seed(0)
        module = quiet(lambda: getattr(package, kind)(5, 6, **{option: value}))
        return module

    def called(package: Any) -> Any:
        module = build(package)
        kind_of = next(module.parameters())
        x = torch.ones(3, 4, 5, dtype=kind_of.dtype, device=kind_of.device)
        torch.manual_seed(0)
        return module(x[0] if kind.endswith("Cell") else x)

    if (expected := newer_rejection(kind, option, value)) is not None:
        assert_rejected(build, expected)
        return
    assert_does_the_same(lambda p: (repr(build(p)), list(build(p).named_parameters())))
    assert_does_the_same(called, bound=1e-2 if value is torch.float16 else 1e-5)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("which", ["input_size", "hidden_size"])
@pytest.mark.parametrize("value", SIZES, ids=repr)
def test_sizes_of_every_type(kind: str, which: str, value: Any) -> None:
    def script(package: Any) -> Any:
        torch.manual_seed(0)
        module = getattr(package, kind)(**{"input_size": 5, "hidden_size": 6, which: value})
        x = torch.ones(3, 4, int(value) if which == "input_size" else 5)
        return repr(module), module(x[0] if kind.endswith("Cell") else x)

    if (expected := newer_rejection(kind, which, value)) is not None:
        assert_rejected(script, expected)
        return
    assert_does_the_same(script, bound=1e-5)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
@pytest.mark.parametrize("count", range(13))
def test_every_number_of_positional_arguments(kind: str, count: int) -> None:
    values: list[Any] = [5, 6, 2, True, False, 0.0, False, 0, None, None, None, None]
    if kind == "RNN":
        values.insert(3, "relu")
    if kind.endswith("Cell"):
        values = [5, 6, True, *(["relu"] if kind == "RNNCell" else []), None, None, None, None]

    def script(package: Any) -> Any:
        torch.manual_seed(0)
        module = getattr(package, kind)(*values[:count])
        return repr(module), list(module.named_parameters())

    assert_does_the_same(script)


@pytest.mark.parametrize("name", ["RNN", "GRU"])
def test_a_projection_is_refused_even_if_it_is_zero(name: str) -> None:
    for size in (0, 3, None):
        for package in (nn, rnn_tutorial):
            with pytest.raises(ValueError, match="proj_size argument is only supported for LSTM"):
                getattr(package, name)(5, 6, proj_size=size)


# ---- what a call takes --------------------------------------------------------------------------


# What is so far from a state that any error will do: its type depends on which check is first.
NONE_FOR_ZEROS = "None in a pair", "h and None"  # an `LSTMCell` of ours takes it, one by one


def states_of_every_kind(case: Case) -> dict[str, Any]:
    hx = case.state()
    h = hx[0] if case.name.startswith("LSTM") else hx
    kinds: dict[str, Any] = {
        "as it should": hx,
        "tensor": h,
        "h alone in a tuple": (h,),
        "h alone in a list": [h],
        "pair": (h, h),
        "list": list(hx) if isinstance(hx, tuple) else [h, h],
        "stacked": torch.stack([h, h]),
        "stacked one": torch.stack([h]),
        "None in a pair": (None, None),
        "h and None": (h, None),
        "empty tuple": (),
        "number": 0,
        "False": False,
        "numpy": h.numpy(),
        "generator": (part for part in (h, h)),
        "nested": ((h, h), h),
        "float32": tuple(p.float() for p in hx) if isinstance(hx, tuple) else h.float(),
        "long": tuple(p.long() for p in hx) if isinstance(hx, tuple) else h.long(),
        "meta": tuple(p.to("meta") for p in hx) if isinstance(hx, tuple) else h.to("meta"),
        "mixed dtypes": (h, h.float()),
        "expanded": torch.zeros(1, dtype=h.dtype).expand(h.shape),
        "parameter": nn.Parameter(h),
        "no axes": h.sum(),
        "one row": h[:1],
        "one more axis": h[None],
        "transposed": h.transpose(0, -1),
        "wider": torch.cat([h, h], dim=-1),
    }
    return kinds


@pytest.mark.parametrize("case", ONE_EACH + CELLS)
@pytest.mark.parametrize("kind", states_of_every_kind(ONE_EACH[0].values[0]))
def test_states_of_every_kind(case: Case, kind: str) -> None:
    def script(package: Any) -> Any:
        return case.module(package)(case.input(), states_of_every_kind(case)[kind])

    expected, actual = (outcome(script, package) for package in (nn, rnn_tutorial))
    if isinstance(expected, Raised):  # the types of the usual mistakes are in test_rejections.py
        assert isinstance(actual, Raised) or kind in NONE_FOR_ZEROS
    else:
        assert_same(actual, expected)


@pytest.mark.parametrize("case", ONE_EACH + CELLS)
def test_ways_to_call(case: Case) -> None:
    x, hx = case.input(), case.state()
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((), {}),
        ((x,), {}),
        ((), {"input": x}),
        ((x,), {"hx": hx}),
        ((), {"hx": hx, "input": x}),
        ((x, hx, None), {}),
        ((x,), {"h_0": hx}),
        ((x,), {"hidden": hx}),
        ((x, hx), {"hx": hx}),
        ((x,), {"batch_sizes": None}),
        ((x, None), {}),
    ]
    for arguments, options in calls:

        def script(package: Any, arguments: Any = arguments, options: Any = options) -> Any:
            return case.module(package)(*arguments, **options)

        assert_does_the_same(script)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.complex64])
@pytest.mark.parametrize("case", ONE_EACH + DEEP + CELLS)
def test_other_number_types(case: Case, dtype: torch.dtype) -> None:
    def script(package: Any) -> Any:
        module = case.module(package).to(dtype)
        return module(case.input().to(dtype))

    assert_works_where_theirs_does(script, bound=0.05)


@pytest.mark.parametrize("case", ONE_EACH + DEEP + CELLS)
def test_training_under_autocast(case: Case) -> None:
    def script(package: Any) -> Any:
        module = case.module(package).float()
        with torch.autocast("cpu", torch.bfloat16):
            return train(module, case.input().float())

    if not assert_works_where_theirs_does(script, bound=0.1):
        assert not isinstance(outcome(script, rnn_tutorial), Raised)

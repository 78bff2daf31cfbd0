"""One script run on `torch.nn`'s module and on ours, and whether the two did the same."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

import rnn_tutorial
from tests.package.reference import packed, quietly, states

E, H, N, T = 5, 6, 4, 3
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "tanh": ("RNN", {}),
    "relu": ("RNN", {"nonlinearity": "relu"}),
    "LSTM": ("LSTM", {}),
    "projected": ("LSTM", {"proj_size": 3}),
    "GRU": ("GRU", {}),
}
LAYOUTS = ("batch", "batch first", "one", "packed", "shuffled")
LENGTHS = {"packed": [3, 2, 2, 1], "shuffled": [1, 3, 2, 2]}


@dataclass(frozen=True)
class Case:
    """A module by name and options, and the layout of what it reads; float64 unless told."""

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    layout: str = "batch"
    dtype: torch.dtype = torch.float64
    id: str = ""

    def module(self, package: Any, **more: Any) -> nn.Module:
        """Build the module of `torch.nn` or of ours: either draws the same parameters."""
        torch.manual_seed(0)
        options = {"dtype": self.dtype, **self.options, **more}
        return getattr(package, self.name)(E, H, **options)

    def input(self) -> Any:
        """Draw what the module reads."""
        torch.manual_seed(1)
        kind = {"dtype": self.dtype}
        if self.layout in LENGTHS:
            return packed(LENGTHS[self.layout], E, **kind)
        if self.name.endswith("Cell"):
            return torch.randn(*(() if self.layout == "one" else (N,)), E, **kind)
        shapes = {"batch": (T, N, E), "batch first": (N, T, E), "one": (T, E)}
        return torch.randn(shapes[self.layout], **kind)

    def state(self) -> Any:
        """Draw an initial state that fits."""
        torch.manual_seed(2)
        if self.name.endswith("Cell"):
            batch = () if self.layout == "one" else (N,)
            h, c = torch.randn(2, *batch, H, dtype=self.dtype)
            return (h, c) if self.name == "LSTMCell" else h
        rows = self.options.get("num_layers", 1) * (1 + self.options.get("bidirectional", False))
        projected = self.options.get("proj_size", 0)
        batch = () if self.layout == "one" else (N,)
        return states(self.name, rows, batch, H, projected, dtype=self.dtype)


def cases(
    kinds: Iterable[str] = tuple(KINDS),
    layers: Iterable[int] = (1, 2),
    directions: Iterable[int] = (1, 2),
    layouts: Iterable[str] = LAYOUTS,
    **more: Any,
) -> list[Any]:
    """List cases for `parametrize`, with names that say what they are."""
    dtype = more.pop("dtype", torch.float64)
    found = []
    for kind in kinds:
        name, options = KINDS[kind]
        for count in layers:
            for way in directions:
                for layout in layouts:
                    chosen = {**options, "num_layers": count, "bidirectional": way == 2, **more}
                    if layout == "batch first":
                        chosen["batch_first"] = True
                    label = f"{kind}-L{count}-D{way}-{layout.replace(' ', '_')}"
                    found.append(pytest.param(Case(name, chosen, layout, dtype), id=label))
    return found


CELLS = [
    pytest.param(Case(name, options, layout), id=f"{label}-{layout}")
    for label, (name, options) in {
        "RNNCell": ("RNNCell", {}),
        "relu-RNNCell": ("RNNCell", {"nonlinearity": "relu"}),
        "LSTMCell": ("LSTMCell", {}),
        "GRUCell": ("GRUCell", {}),
    }.items()
    for layout in ("batch", "one")
]
ONE_EACH = cases(layers=[1], directions=[1], layouts=["batch"])
DEEP = cases(layers=[2], directions=[2], layouts=["batch"])
# Every kind in every layout, and every number of layers and directions in turn.
ALL = [
    case
    for k, kind in enumerate(KINDS)
    for j, layout in enumerate(LAYOUTS)
    for case in cases([kind], [1 + (k + j) % 2], [1 + (k + j) // 2 % 2], [layout])
]


@dataclass(frozen=True)
class Raised:
    """The type of the exception that a script ended in, and for the reader its message."""

    type: type[BaseException]
    message: str = field(compare=False)


def outcome(script: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a script returns, or what it raises."""
    torch.manual_seed(3)
    try:
        return quietly(script, *arguments)
    except Exception as error:
        return Raised(type(error), str(error)[:300])


def assert_same(actual: Any, expected: Any, bound: float = 1e-12, where: str = "result") -> None:
    """Assert that two outcomes have the same structure and types, and numbers within a bound."""
    if isinstance(expected, Raised) or isinstance(actual, Raised):
        assert actual == expected, f"{where}: got {actual!s:.300}, expected {expected!s:.300}"
    elif isinstance(expected, Tensor):
        assert isinstance(actual, Tensor), where
        assert actual.shape == expected.shape, where
        assert actual.dtype == expected.dtype, where
        assert actual.requires_grad == expected.requires_grad, where
        if not expected.is_meta:
            torch.testing.assert_close(
                actual,
                expected,
                rtol=bound,
                atol=bound,
                equal_nan=True,
                msg=lambda m: f"{where}: {m}",
            )
    elif isinstance(expected, PackedSequence):
        assert isinstance(actual, PackedSequence), where
        assert_same(tuple(actual), tuple(expected), bound, where)
    elif isinstance(expected, Mapping):
        assert list(actual) == list(expected), where
        for key in expected:
            assert_same(actual[key], expected[key], bound, f"{where}[{key!r}]")
    elif isinstance(expected, (list, tuple)) and not isinstance(expected, torch.Size):
        assert type(actual) is type(expected), where
        assert len(actual) == len(expected), where
        for k, (a, b) in enumerate(zip(actual, expected, strict=True)):
            assert_same(a, b, bound, f"{where}[{k}]")
    else:
        assert actual == expected, where


SIDES = nn, rnn_tutorial


def assert_does_the_same(
    script: Callable[[Any], Any], sides: tuple[Any, Any] = SIDES, bound: float = 1e-12
) -> Any:
    """Run a script with `torch.nn` and with our package; assert the same outcome; return theirs."""
    expected, actual = (outcome(script, side) for side in sides)
    assert_same(actual, expected, bound)
    return expected


def assert_works_where_theirs_does(
    script: Callable[[Any], Any], sides: tuple[Any, Any] = SIDES, bound: float = 1e-12
) -> bool:
    """As above, but ours may also work where theirs raises; say whether theirs worked."""
    expected, actual = (outcome(script, side) for side in sides)
    if isinstance(expected, Raised):
        assert not isinstance(actual, Raised) or actual == expected
        return False
    assert_same(actual, expected, bound)
    return True


def loss(result: Any) -> Tensor:
    """Add up the squares of an output and its states, each element with its own weight."""
    total: Any = 0
    for k, part in enumerate(parts(result)):
        weights = torch.linspace(0.5, 1.5, part.numel(), dtype=part.dtype).view(part.shape)
        total = total + (1 + k) * (part.square() * weights).sum()
    return total


def parts(result: Any) -> list[Tensor]:
    """List output, h and c of a network or a cell."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, PackedSequence):
        return [result.data]
    return [part for entry in result for part in parts(entry)]


def gradients(module: nn.Module) -> dict[str, Tensor | None]:
    """Return every parameter's gradient by name."""
    return {name: parameter.grad for name, parameter in module.named_parameters()}


def train(module: nn.Module, x: Any, hx: Any = None) -> tuple[Any, Any]:
    """Run forward and backward; return all that came of it."""
    result = module(x, hx)
    loss(result).backward()
    return result, gradients(module)

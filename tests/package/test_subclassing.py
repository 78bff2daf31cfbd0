"""Subclasses that users write: own attributes, own methods, own forward, copied and pickled."""

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import rnn_tutorial
from tests.package.side_by_side import (
    ALL,
    CELLS,
    DEEP,
    ONE_EACH,
    Case,
    assert_does_the_same,
    cases,
    train,
)

CASES = ONE_EACH + DEEP
UNCHECKED = ("LSTM", "packed"), ("LSTM", "shuffled")
# torch.nn.LSTM leaves the checks of a packed batch to its kernel; ours makes them.
CHECKED = [c for c in ALL if (c.values[0].name, c.values[0].layout) not in UNCHECKED]
ALL_CELLS = [cell for cell in CELLS if cell.id.endswith("batch")]
# What users keep on themselves, and what today's or yesterday's code used for itself.
NAMES = [
    "hidden",
    "_hidden",
    "state",
    "_state",
    "hx",
    "h",
    "c",
    "cell",
    "cells",
    "gates",
    "_gates",
    "steps",
    "layers",
    "weights",
    "_weights",
    "biases",
    "step",
    "_step",
    "run",
    "_run",
    "_forward",
    "forward_impl",
    "_forward_batch",
    "_forward_one",
    "_forward_packed",
    "_initial",
    "_lowered",
    "_require_input",
    "_init",
    "_check",
    "_checks",
    "_options",
    "options",
    "names",
    "sizes",
    "_sizes",
    "_parts",
    "network",
    "linear",
    "activation",
    "_activation",
    "num_directions",
    "output_size",
    "output",
    "_mode",
    "_layers",
    "_states",
    "_packed",
    "_layout",
    "_blocks",
    "_inputs",
    "_input",
    "_dtype",
    "dtype",
    "device",
    "_device",
    "_parameters_of",
    "_names",
    "_shapes",
    "_zeros",
    "initial",
    "initial_state",
    "zero_state",
    "init_hidden",
    "reset",
    "reset_state",
    "weight",
    "weight_ih",
    "weight_hh",
    "bias_ih",
    "bias_hh",
    "num_chunks",
    "dropouts",
    "embedding",
    "fc",
    "proj",
    "attention",
    "reverse",
    "_reverse",
    "length",
    "lengths",
    "batch_sizes",
    "cache",
]


NAMED = [*cases(["LSTM"], [1], [1], ["batch"]), *(c for c in CELLS if c.id == "GRUCell-batch")]


def subclass(package: Any, case: Case, **body: Any) -> nn.Module:
    """Build an instance of a new subclass of the case's class."""
    torch.manual_seed(0)
    base = getattr(package, case.name)
    return type("Own", (base,), body)(5, 6, **{"dtype": case.dtype, **case.options})


@pytest.mark.parametrize("case", NAMED)
def test_names_that_a_subclass_uses(case: Case) -> None:
    expected = case.module(rnn_tutorial)(case.input(), case.state())
    free = [name for name in NAMES if not hasattr(case.module(nn), name)]
    assert len(free) > 70
    for name in free:

        def script(package: Any, name: str = name) -> Any:
            as_attribute = case.module(package)
            setattr(as_attribute, name, "mine")
            results = [train(as_attribute, case.input(), case.state())]
            # As a method that wants something else, as a class attribute, as a child module.
            for value in (lambda self: 1 / 0, "mine", property(lambda self: "mine")):
                module = subclass(package, case, **{name: value})
                results.append(module(case.input(), case.state()))
            return results

        assert isinstance(assert_does_the_same(script), list), name
    assert expected is not None


@pytest.mark.parametrize("case", CASES + ALL_CELLS)
def test_own_parameters_buffers_and_children(case: Case) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        module.h0 = nn.Parameter(torch.zeros(3, dtype=case.dtype))
        module.weight_extra = nn.Parameter(torch.zeros(3, dtype=case.dtype))
        module.register_buffer("mask", torch.ones(3))
        module.head = nn.Linear(6, 2)
        module.layer_norm = nn.LayerNorm(6)
        trained = train(module, case.input(), case.state())
        torch.manual_seed(0)
        module.reset_parameters()
        return trained, list(module.state_dict()), list(module.parameters()), repr(module)

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", CHECKED)
def test_overridden_checks_are_called(case: Case) -> None:
    methods = ["check_forward_args", "check_input", "permute_hidden", "get_expected_hidden_size"]
    methods += ["check_hidden_size"] + ["get_expected_cell_size"] * (case.name == "LSTM")

    def script(package: Any) -> Any:
        called: set[str] = set()

        def recorded(name: str) -> Any:
            def method(self: Any, *arguments: Any, **options: Any) -> Any:
                called.add(name)
                return getattr(super(type(self), self), name)(*arguments, **options)

            return method

        module = subclass(package, case, **{name: recorded(name) for name in methods})
        results = [train(module, case.input()), train(module, case.input(), case.state())]
        return called, results

    assert_does_the_same(script)


@pytest.mark.parametrize("case", CHECKED)
def test_what_an_override_refuses_or_lets_through(case: Case) -> None:
    class MyError(Exception):
        pass

    def refuse(self: Any, *arguments: Any) -> None:
        raise MyError

    for name in ("check_forward_args", "check_input", "check_hidden_size", "permute_hidden"):

        def script(package: Any, name: str = name) -> Any:
            return subclass(package, case, **{name: refuse})(case.input(), case.state())

        assert_does_the_same(script)


@pytest.mark.parametrize("case", ALL)
def test_permute_hidden_decides_what_comes_back(case: Case) -> None:
    def twice(self: Any, hx: Any, permutation: Any) -> Any:
        kept = super(type(self), self).permute_hidden(hx, permutation)
        return tuple(part * 2 for part in kept) if isinstance(kept, tuple) else kept * 2

    def script(package: Any) -> Any:
        module = subclass(package, case, permute_hidden=twice)
        return train(module, case.input()), train(module, case.input(), case.state())

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", CASES)
def test_relaxed_checks(case: Case) -> None:
    # A subclass that takes the checks away meets what lies below them, an error of some kind.
    def script(package: Any) -> Any:
        module = subclass(package, case, check_forward_args=lambda *_: None)
        return train(module, case.input(), case.state())

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", CASES + ALL_CELLS)
def test_own_forward_around_the_one_of_the_base(case: Case) -> None:
    def forward(self: Any, input: Tensor, hx: Any = None, scale: float = 2.0) -> Any:
        result = super(type(self), self).forward(input * scale, hx)
        self.hidden = result if isinstance(result, Tensor) else result[1]
        return result

    def script(package: Any) -> Any:
        module = subclass(package, case, forward=forward)
        first = train(module, case.input())
        return first, module(case.input(), case.state(), scale=0.5), module.hidden, repr(module)

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", CASES)
def test_own_forward_on_the_kernel_of_torch(case: Case) -> None:
    def forward(self: Any, input: Tensor, hx: Any) -> Any:
        kernel = getattr(torch._VF, self.mode.lower())
        flags = self.bias, self.num_layers, self.dropout, self.training
        flags += self.bidirectional, self.batch_first
        return kernel(input, hx, self._flat_weights, *flags)

    def script(package: Any) -> Any:
        return train(subclass(package, case, forward=forward), case.input(), case.state())

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", CASES + ALL_CELLS)
def test_own_reset_parameters(case: Case) -> None:
    def reset(self: Any) -> None:
        super(type(self), self).reset_parameters()
        for name, parameter in self.named_parameters():
            nn.init.zeros_(parameter) if "bias" in name else nn.init.orthogonal_(parameter)

    def script(package: Any) -> Any:
        module = subclass(package, case, reset_parameters=reset)
        return list(module.parameters()), train(module, case.input())

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", CASES + ALL_CELLS)
def test_own_constructor(case: Case) -> None:
    def script(package: Any) -> Any:
        base = getattr(package, case.name)

        class Mixin:
            def init_hidden(self, batch: int) -> Tensor:
                return torch.zeros(batch)

        class Own(Mixin, base):
            def __init__(self, *arguments: Any, extra: int = 3, **options: Any) -> None:
                super().__init__(*arguments, **options)
                self.extra, self.hidden = extra, None
                self.head = nn.Linear(self.hidden_size, extra, dtype=torch.float64)

            def extra_repr(self) -> str:
                return super().extra_repr() + f", extra={self.extra}"

        torch.manual_seed(0)
        module = Own(5, 6, extra=2, dtype=torch.float64, **case.options)
        x = case.input()
        return (
            repr(module),
            train(module, x),
            train(copy.deepcopy(module), x),
            module.init_hidden(2),
        )

    assert isinstance(assert_does_the_same(script), tuple)


class OursWithState(rnn_tutorial.LSTM):
    """A subclass at the top of a module, so that it can be pickled."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._hidden, self.gates = None, 3


class TheirsWithState(nn.LSTM):
    """The same, of `torch.nn`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._hidden, self.gates = None, 3


class OurCell(rnn_tutorial.GRUCell):
    """A cell with a parameter more."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.h0 = nn.Parameter(torch.zeros(6))


class TheirCell(nn.GRUCell):
    """The same, of `torch.nn`."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.h0 = nn.Parameter(torch.zeros(6))


def test_pickled_subclasses() -> None:
    def script(types: Any) -> Any:
        torch.manual_seed(0)
        network, cell = types[0](5, 6, 2, bidirectional=True), types[1](5, 6)
        results = []
        for module, x in ((network, torch.ones(3, 4, 5)), (cell, torch.ones(4, 5))):
            clone = pickle.loads(pickle.dumps(module))
            assert type(clone) is type(module)
            results += [train(clone, x), sorted(vars(clone)), clone.__getstate__().keys() > set()]
        return [results[0], results[2], results[3], results[5]]

    sides = (TheirsWithState, TheirCell), (OursWithState, OurCell)
    assert isinstance(assert_does_the_same(script, sides, bound=1e-5), list)


@pytest.mark.parametrize("case", CASES + ALL_CELLS)
def test_hooks(case: Case) -> None:
    def script(package: Any) -> Any:
        module, seen = case.module(package), []
        module.register_forward_pre_hook(lambda m, a: seen.append(("pre", len(a))))
        module.register_forward_pre_hook(lambda m, a, k: ((a[0] * 2, *a[1:]), k), with_kwargs=True)
        module.register_forward_hook(lambda m, a, r: seen.append(("after", len(a), type(r))))
        module.register_full_backward_pre_hook(
            lambda m, g: seen.append(("backward pre", [t if t is None else t.shape for t in g]))  # type: ignore[attr-defined]
        )
        module.register_full_backward_hook(
            lambda m, i, o: seen.append(("backward", [t if t is None else t.shape for t in i]))  # type: ignore[attr-defined]
        )
        for name, parameter in module.named_parameters():
            parameter.register_hook(lambda g, name=name: seen.append(name))
            parameter.register_post_accumulate_grad_hook(lambda p: seen.append("accumulated"))
        x = case.input().requires_grad_()
        trained = train(module, x, case.state())
        order = [s if isinstance(s, tuple) else None for s in seen]
        named = sorted(s for s in seen if isinstance(s, str))
        return trained, [o for o in order if o], named, x.grad

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", CASES + ALL_CELLS)
def test_a_hook_that_changes_the_result(case: Case) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        if case.name.endswith("Cell"):
            module.register_forward_hook(lambda m, a, r: [r])
        else:
            module.register_forward_hook(lambda m, a, r: (r[0].mul_(2), r[1]))
        return module(case.input())

    assert not hasattr(assert_does_the_same(script), "message")


@pytest.mark.parametrize("case", CASES + ALL_CELLS)
def test_a_method_that_is_replaced_on_an_instance(case: Case) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        original = module.forward
        module.forward = lambda *a, **k: original(*a, **k)
        if not case.name.endswith("Cell"):
            module.flatten_parameters = lambda *a: None
            module.check_forward_args = lambda *a: None
        return train(module, case.input(), case.state())

    assert isinstance(assert_does_the_same(script), tuple)

"""The members of `torch.nn`'s recurrent modules that users call, set or read."""

import inspect
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import rnn_tutorial
from tests.package.side_by_side import (
    ALL,
    CELLS,
    DEEP,
    KINDS,
    ONE_EACH,
    Case,
    assert_does_the_same,
    cases,
    parts,
    train,
)

CASES = ONE_EACH + DEEP
MODES = ("RNN_TANH", "RNN_RELU", "LSTM", "GRU")


def members(module: nn.Module) -> set[str]:
    """Return the names of a module that are not those of every module."""
    return set(dir(module)) - set(dir(nn.Module()))


def signature(method: Any) -> list[inspect.Parameter]:
    """Return the parameters of a method; a message's default may be worded otherwise."""
    return list(inspect.signature(method).parameters.values())


def mangled(name: str) -> bool:
    """Say whether Python itself has put the class in front of a name, so that none collides."""
    return name.startswith(("_RNNBase__", "_RNNCellBase__"))


@pytest.mark.parametrize("case", CASES + CELLS)
def test_every_public_member_is_there(case: Case) -> None:
    ours, theirs = members(case.module(rnn_tutorial)), members(case.module(nn))
    public = {name for name in theirs if not name.startswith("_")}
    assert public <= ours
    assert {"_flat_weights", "_flat_weights_names", "_all_weights"} & theirs <= ours


@pytest.mark.parametrize("case", CASES + CELLS)
def test_no_other_name_is_taken(case: Case) -> None:
    # A subclass may use any name that torch.nn's leave free.
    ours, theirs = members(case.module(rnn_tutorial)), members(case.module(nn))
    # `mode` belongs to the networks; of the cells, torch.nn's have only what is here too.
    assert {name for name in ours - theirs if not mangled(name)} == set()


@pytest.mark.parametrize("case", CASES + CELLS)
def test_attributes_of_an_instance(case: Case) -> None:
    ours, theirs = vars(case.module(rnn_tutorial)), vars(case.module(nn))
    assert {name for name in set(ours) - set(theirs) if not mangled(name)} == set()


@pytest.mark.parametrize("case", CASES + CELLS)
def test_signatures_of_shared_methods(case: Case) -> None:
    ours, theirs = case.module(rnn_tutorial), case.module(nn)
    compared = 0
    for name in sorted(members(theirs) & members(ours)):
        if name.startswith("_") or not inspect.ismethod(getattr(theirs, name)):
            continue
        both = [
            [(p.name, p.kind, p.default is p.empty) for p in signature(m)]
            for m in (getattr(ours, name), getattr(theirs, name))
        ]
        assert both[0] == both[1], name
        compared += 1
    assert compared > 0


@pytest.mark.parametrize("case", ALL)
def test_expected_sizes(case: Case) -> None:
    x = case.input()
    if case.layout == "one":
        x = x.unsqueeze(1)
    data, sizes = (x, None) if isinstance(x, Tensor) else (x.data, x.batch_sizes)

    def script(package: Any) -> Any:
        module = case.module(package)
        hidden = module.get_expected_hidden_size(data, sizes)
        found = [
            hidden,
            type(hidden),
            module.get_expected_hidden_size(input=data, batch_sizes=sizes),
        ]
        if case.name == "LSTM":
            found.append(module.get_expected_cell_size(data, sizes))
        hx = torch.zeros(hidden, dtype=torch.float64)
        if case.name == "LSTM":
            hx = hx, torch.zeros(module.get_expected_cell_size(data, sizes), dtype=torch.float64)
        assert module.check_forward_args(data, hx, sizes) is None
        return found, module(x, hx)

    assert isinstance(assert_does_the_same(script), tuple)


def test_only_an_lstm_has_a_cell_size() -> None:
    for name in ("RNN", "GRU", "LSTM"):
        has = [
            hasattr(getattr(p, name)(5, 6), "get_expected_cell_size") for p in (nn, rnn_tutorial)
        ]
        assert has[0] == has[1] == (name == "LSTM")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 6), (4, 5), (4, 6), (5,), (1, 3, 4, 5)])
@pytest.mark.parametrize("sizes", [None, [2, 2]])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.int64])
def test_check_input(case: Case, shape: Any, sizes: Any, dtype: torch.dtype) -> None:
    batch_sizes = None if sizes is None else torch.tensor(sizes)
    x = torch.zeros(shape, dtype=dtype)
    assert_does_the_same(lambda package: case.module(package).check_input(x, batch_sizes))

    def with_autocast(package: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16):
            return case.module(package).check_input(x, batch_sizes)

    assert_does_the_same(with_autocast)


@pytest.mark.parametrize("case", CASES)
def test_check_hidden_size_and_forward_args(case: Case) -> None:
    def script(package: Any) -> Any:
        module, found = case.module(package), []
        for call in (
            lambda: module.check_hidden_size(torch.zeros(1, 2, 3), (1, 2, 3)),
            lambda: module.check_hidden_size(torch.zeros(1, 2, 4), (1, 2, 3)),
            lambda: module.check_hidden_size(torch.zeros(1, 2), (1, 2, 3)),
            lambda: module.check_hidden_size(torch.zeros(1, 2, 3), [1, 2, 3]),
            lambda: module.check_hidden_size(torch.zeros(1), (2,), "wanted {}, got {}"),
            lambda: module.check_forward_args(case.input(), case.state(), None),
            lambda: module.check_forward_args(case.input()[:, :3], case.state(), None),
            lambda: module.check_forward_args(case.input()[..., :3], case.state(), None),
            lambda: module.check_forward_args(case.input().float(), case.state(), None),
            lambda: module.check_forward_args(case.input()[0], case.state(), None),
            lambda: module.check_forward_args(
                case.input().flatten(0, 1), case.state(), torch.tensor([4, 4, 4])
            ),
            lambda: module.check_forward_args(
                case.input().flatten(0, 1), case.state(), torch.tensor([3, 3])
            ),
        ):
            try:
                found.append(call())
            except (RuntimeError, ValueError, TypeError) as error:
                found.append(type(error))
        return found

    found = assert_does_the_same(script)
    assert None in found
    assert RuntimeError in found


def test_check_hidden_size_takes_a_message() -> None:
    for package in (nn, rnn_tutorial):
        with pytest.raises(RuntimeError, match=r"^wanted \(2,\), got "):
            package.GRU(5, 6).check_hidden_size(torch.zeros(1), (2,), "wanted {}, got {}")


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("order", [None, [0, 1, 2, 3], [3, 1, 0, 2], [1, 1], [9]])
def test_permute_hidden(case: Case, order: Any) -> None:
    permutation = None if order is None else torch.tensor(order)
    hx = case.state()
    expected = assert_does_the_same(lambda p: case.module(p).permute_hidden(hx, permutation))
    if order is None:
        assert case.module(rnn_tutorial).permute_hidden(hx, None) is hx
        assert expected is hx


@pytest.mark.parametrize("case", CASES)
def test_other_members(case: Case) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        found: list[Any] = [
            module.flatten_parameters(),
            module._all_weights,
            module._flat_weights_names,
            module.all_weights,
            [tuple(w.shape) for w in module._flat_weights],
            module.mode,
            module.extra_repr(),
            type(module.dropout),
            [n for n, _ in module.named_parameters()],
            module.reset_parameters(),
        ]
        return [*found, *module.parameters()]

    assert isinstance(assert_does_the_same(script), list)


@pytest.mark.parametrize("case", CASES)
def test_attributes_are_read_in_every_call(case: Case) -> None:
    # Attributes are no constants: users change them after building.
    changes: list[dict[str, Any]] = [
        {"batch_first": True},
        {"dropout": 0.5},
        {"dropout": 1.0},
        {"dropout": 0},
        {"training": False},
    ]
    for change in changes:

        def script(package: Any, change: dict[str, Any] = change) -> Any:
            module = case.module(package)
            for name, value in change.items():
                setattr(module, name, value)
            torch.manual_seed(0)
            return module(case.input())

        assert_does_the_same(script)


@pytest.mark.parametrize("rate", [0.3, 1.0])
@pytest.mark.parametrize("case", cases(layers=[2, 3], dropout=0.5))
def test_dropout_draws_the_masks_of_torch(case: Case, rate: float) -> None:
    def script(package: Any) -> Any:
        module = case.module(package, dropout=rate)
        torch.manual_seed(0)
        trained = train(module, case.input(), case.state())
        return trained, train(module, case.input()), train(module.eval(), case.input())

    in_training, again, evaluated = assert_does_the_same(script)
    assert not torch.equal(parts(again[0])[0], parts(evaluated[0])[0])
    assert in_training[1].keys() == again[1].keys()


@pytest.mark.parametrize("mode", MODES)
def test_the_base_class_takes_a_mode(mode: str) -> None:
    def script(package: Any) -> Any:
        torch.manual_seed(0)
        one = package.RNNBase(mode, 5, 6)
        two = package.RNNBase(mode, 5, 6, 2, False, True, 0.5, True)
        three = package.RNNBase(mode=mode, input_size=5, hidden_size=6, bidirectional=True)
        made = [one, two, three]
        if mode == "LSTM":
            made.append(package.RNNBase(mode, 5, 6, proj_size=3, dtype=torch.float64))
        return [
            (
                repr(m),
                m.mode,
                list(m.named_parameters()),
                m.get_expected_hidden_size(torch.ones(3, 4, 5), None),
            )
            for m in made
        ]

    assert isinstance(assert_does_the_same(script), list)


@pytest.mark.parametrize(
    "arguments", [("GRU2", 5, 6), (5, 6), ("LSTM", 5), (), ("lstm", 5, 6), ("RNN", 5, 6)]
)
def test_unknown_modes(arguments: Any) -> None:
    assert_does_the_same(lambda package: repr(package.RNNBase(*arguments)))


def test_the_cells_base_class_does_not_run() -> None:
    assert_does_the_same(lambda package: package.RNNCellBase(5, 6, True, 4)(torch.ones(4, 5)))


@pytest.mark.parametrize("chunks", [1, 2, 3, 4])
@pytest.mark.parametrize("bias", [True, False])
def test_the_cells_base_class(chunks: int, bias: bool) -> None:
    def script(package: Any) -> Any:
        torch.manual_seed(0)
        one = package.RNNCellBase(5, 6, bias, chunks)
        two = package.RNNCellBase(5, 6, bias=bias, num_chunks=chunks, dtype=torch.float64)
        return [
            (repr(m), list(m.named_parameters()), m.bias_hh is None, m.bias) for m in (one, two)
        ]

    assert isinstance(assert_does_the_same(script), list)


@pytest.mark.parametrize(
    "arguments", [(5, 6), (5, 6, True), (5,), (5, 6, True, 4.0), (5, 6, True, 0)]
)
def test_wrong_calls_of_the_cells_base_class(arguments: Any) -> None:
    assert_does_the_same(lambda package: repr(package.RNNCellBase(*arguments)))


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "projected"])
def test_a_network_of_the_base_class_with_its_own_forward(kind: str) -> None:
    # The recipe of several libraries: weights and checks from the base class, the loop their own.
    mode = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}.get(kind, kind)

    def script(package: Any) -> Any:
        class Own(package.RNNBase):
            def __init__(self, *arguments: Any, **options: Any) -> None:
                super().__init__(mode, *arguments, **options)

            def forward(self, input: Tensor, hx: Any = None) -> Any:
                self.check_input(input, None)
                if hx is None:
                    h = input.new_zeros(self.get_expected_hidden_size(input, None))
                    hx = (h, h) if self.mode == "LSTM" else h
                for part in hx if self.mode == "LSTM" else (hx,):
                    self.check_hidden_size(part, self.get_expected_hidden_size(input, None))
                run = getattr(torch._VF, self.mode.lower())
                flags = self.bias, self.num_layers, self.dropout, self.training
                flags += self.bidirectional, self.batch_first
                output, *hidden = run(input, hx, self._flat_weights, *flags)
                order = torch.tensor([1, 0, 2, 3])
                return output, [self.permute_hidden(part, order) for part in hidden]

        torch.manual_seed(0)
        module = Own(5, 6, 2, bidirectional=True, dtype=torch.float64)
        x = torch.ones(3, 4, 5, dtype=torch.float64)
        return repr(module), train(module, x)

    assert isinstance(assert_does_the_same(script), tuple)

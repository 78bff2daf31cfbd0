"""A missing bias is zero: in every function and module that takes two."""

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import rnn_tutorial
from rnn_tutorial import (
    bind_step,
    gru_cell,
    lstm_cell,
    parameter_shapes,
    recurrent_layer,
    recurrent_network,
    rnn_cell,
    rnn_layer,
)
from tests.package.side_by_side import CELLS, Case, assert_works_where_theirs_does, train

E, H, N, T = 5, 6, 4, 3
MODES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}
ONE_ALONE = [("bias_ih", "bias_hh"), ("bias_hh", "bias_ih")]


def drawn(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def weights(gates: int) -> dict[str, Tensor]:
    torch.manual_seed(0)
    both = {"weight_ih": drawn(gates * H, E), "weight_hh": drawn(gates * H, H)}
    return both | {"bias_ih": drawn(gates * H), "bias_hh": drawn(gates * H)}


def missing(given: dict[str, Tensor], left_out: str) -> list[dict[str, Any]]:
    """Return the arguments with a bias of zeros, with None, and without it."""
    zero = {**given, left_out: torch.zeros_like(given[left_out])}
    without = {name: value for name, value in given.items() if name != left_out}
    return [zero, {**given, left_out: None}, without]


def assert_equal(results: list[Any]) -> None:
    for result in results[1:]:
        torch.testing.assert_close(result, results[0], rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("kept", "left_out"), ONE_ALONE)
def test_cells(mode: str, kept: str, left_out: str) -> None:
    h, c, x = drawn(N, H), drawn(N, H), drawn(N, E)
    if mode == "LSTM":
        run: Any = lambda **w: lstm_cell(x, (h, c), **w)  # noqa: E731
    elif mode == "GRU":
        run = lambda **w: gru_cell(x, h, **w)  # noqa: E731
    else:
        kind = mode.removeprefix("RNN_").lower()
        run = lambda **w: rnn_cell(x, h, **w, nonlinearity=kind)  # noqa: E731
    given = missing(weights(MODES[mode]), left_out)
    assert_equal([run(**w) for w in given])
    none = {name: value for name, value in given[2].items() if name != kept}
    with pytest.raises(AssertionError):  # the bias that is there counts
        assert_equal([run(**given[0]), run(**none)])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("kept", "left_out"), ONE_ALONE)
def test_bound_steps(mode: str, kept: str, left_out: str) -> None:
    given, x = weights(MODES[mode]), drawn(N, E)
    hx = (drawn(N, H), drawn(N, H)) if mode == "LSTM" else (drawn(N, H),)
    results = []
    for arguments in missing(given, left_out):
        weight_ih = arguments.pop("weight_ih")
        step, bias = bind_step(mode, **arguments)
        projected: Any = nn.functional.linear(x, weight_ih, bias)
        if mode == "GRU":
            projected = projected.split((2 * H, H), dim=1)
        results.append(step(projected, hx))
    assert_equal(results)


def test_a_step_with_one_bias_keeps_it() -> None:
    _, bias = bind_step("LSTM", torch.zeros(24, 6), bias_ih=torch.ones(24))
    assert bias is not None
    assert torch.equal(bias, torch.ones(24))


@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize(("kept", "left_out"), ONE_ALONE)
def test_plain_layer(nonlinearity: str, kept: str, left_out: str) -> None:
    x, h = drawn(N, T, E), drawn(N, H)
    given = missing(weights(1), left_out)
    assert_equal([rnn_layer(x, h, **w, nonlinearity=nonlinearity) for w in given])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("kept", "left_out"), ONE_ALONE)
def test_layers_of_any_cell(mode: str, reverse: bool, kept: str, left_out: str) -> None:
    x = drawn(N * T, E)
    hx = (drawn(N, H), drawn(N, H)) if mode == "LSTM" else (drawn(N, H),)
    given = missing(weights(MODES[mode]), left_out)
    for sizes in ([N] * T, [4, 4, 3, 1]):
        options: Any = {"batch_sizes": sizes, "reverse": reverse}
        assert_equal([recurrent_layer(x, hx, mode, **w, **options) for w in given])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize(("kept", "left_out"), ONE_ALONE)
def test_whole_networks(mode: str, both: bool, kept: str, left_out: str) -> None:
    # A network from a library that has one bias: each layer has it, or only some have.
    torch.manual_seed(0)
    shapes = parameter_shapes(E, H, 2, True, both, MODES[mode])
    full = {name: drawn(*shape) for name, shape in shapes.items()}
    rows = 2 * (1 + both)
    hx = tuple(drawn(rows, N, H) for _ in range(2 if mode == "LSTM" else 1))
    x = drawn(N * T, E)

    def run(parameters: dict[str, Any]) -> Any:
        return recurrent_network(x, hx, parameters, mode, 2, 1 + both, batch_sizes=[N] * T)

    for gone in ([n for n in full if n.startswith(left_out)], [f"{left_out}_l1"]):
        zeroed = {n: torch.zeros_like(v) if n in gone else v for n, v in full.items()}
        assert_equal([run(zeroed), run({n: None if n in gone else v for n, v in full.items()})])
        assert_equal([run(zeroed), run({n: v for n, v in full.items() if n not in gone})])


@pytest.mark.parametrize("case", CELLS)
@pytest.mark.parametrize("gone", [("bias_ih",), ("bias_hh",), ("bias_ih", "bias_hh")])
@pytest.mark.parametrize("how", ["None", "register_parameter"])
def test_cell_modules(case: Case, gone: tuple[str, ...], how: str) -> None:
    def without(package: Any) -> Any:
        module = case.module(package)
        for name in gone:
            if how == "None":
                setattr(module, name, None)
            else:
                module.register_parameter(name, None)
        return module

    assert_works_where_theirs_does(lambda p: train(without(p), case.input(), case.state()))
    zeroed = case.module(rnn_tutorial)
    for name in gone:
        nn.init.zeros_(getattr(zeroed, name))
    x, hx = case.input(), case.state()
    assert_equal([without(rnn_tutorial)(x, hx), zeroed(x, hx)])


@pytest.mark.parametrize(
    ("name", "left_out"), list(itertools.product(("RNN", "LSTM", "GRU"), ("bias_ih", "bias_hh")))
)
def test_layer_modules(name: str, left_out: str) -> None:
    # torch.nn's raises; ours takes a bias that was set to None for zero.
    torch.manual_seed(0)
    module = getattr(rnn_tutorial, name)(E, H, 2, bidirectional=True, dtype=torch.float64)
    x = drawn(T, N, E)
    for suffix in ("l0", "l1_reverse"):
        nn.init.zeros_(getattr(module, f"{left_out}_{suffix}"))
    expected = module(x)
    for suffix in ("l0", "l1_reverse"):
        setattr(module, f"{left_out}_{suffix}", None)
    assert_equal([module(x), expected])

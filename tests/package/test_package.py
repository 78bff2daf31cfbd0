"""The package where the chapters do not go: bad input, all options of `torch.nn.RNN`, the wheel."""

import email.parser
import itertools
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, zeros

import rnn_tutorial
from rnn_tutorial import (
    layer_parameters,
    linear,
    max_abs_diff,
    parameter_shapes,
    require_shape,
    rnn,
    rnn_cell,
    rnn_layer,
    state_index,
)

ROOT = Path(__file__).parents[2]
DTYPES = [torch.float32, torch.float64]

# ---- bad input --------------------------------------------------------------------------------

WEIGHTS = {"weight_ih": zeros(6, 5), "weight_hh": zeros(6, 6)}
BIASES = {"bias_ih": zeros(6), "bias_hh": zeros(6)}
GRU_WEIGHTS = {"weight_ih": zeros(18, 5), "weight_hh": zeros(18, 6), "bias_ih": zeros(18)}
LSTM_WEIGHTS = {
    "weight_ih": zeros(24, 5),
    "weight_hh": zeros(24, 3),
    "bias_ih": zeros(24),
    "bias_hh": zeros(24),
    "weight_hr": zeros(3, 6),
}
PARAMETERS = {name: zeros(shape) for name, shape in parameter_shapes(5, 6, 2, True, True).items()}


def layer(input: Tensor, hx: Tensor) -> tuple[Tensor, Tensor]:
    return rnn_layer(input, hx, **WEIGHTS)


# Arguments of a call that succeeds, for N = 4, T = 3, E = 5, H = 6.
SEQUENCE, STEP, STATE = zeros(4, 3, 5), zeros(4, 5), zeros(4, 6)
STATES = zeros(4, 3, 6)
LENGTHS = torch.tensor([2, 3, 1, 3])
GOOD: dict[str, dict[str, Any]] = {
    "bidirectional": {
        "forward": layer,
        "reverse": layer,
        "input": SEQUENCE,
        "hx": zeros(2, 4, 6),
    },
    "gru_cell": {"input": STEP, "hx": STATE, **GRU_WEIGHTS},
    "joined_memory_step": {"input": STEP, "hx": STATE, "w_joined": zeros(11, 6)},
    "lengths_to_mask": {"lengths": LENGTHS, "steps": 3},
    "linear": {"input": SEQUENCE, "weight": zeros(6, 5), "bias": zeros(6)},
    "lstm_cell": {"input": STEP, "hx": (zeros(4, 3), STATE), **LSTM_WEIGHTS},
    "map_over_time": {"step": torch.tanh, "input": SEQUENCE},
    "masked_unroll": {
        "step": partial(rnn_cell, **WEIGHTS),
        "input": SEQUENCE,
        "hx": STATE,
        "mask": torch.ones(4, 3, dtype=torch.bool),
    },
    "max_abs_diff": {"actual": STEP, "expected": STEP},
    "memory_step": {"input": STEP, "hx": STATE, "w_input": zeros(5, 6), "w_state": zeros(6, 6)},
    "pack": {"input": SEQUENCE, "lengths": LENGTHS},
    "require_shape": {"name": "x", "tensor": STEP},
    "rnn": {
        "input": SEQUENCE,
        "parameters": PARAMETERS,
        "hx": zeros(4, 4, 6),
        "num_layers": 2,
        "num_directions": 2,
    },
    "rnn_cell": {"input": STEP, "hx": STATE, **WEIGHTS, **BIASES},
    "rnn_layer": {"input": SEQUENCE, "hx": STATE, **WEIGHTS, **BIASES},
    "rnn_layer_backward": {
        "grad_output": STATES,
        "grad_h_n": STATE,
        "input": SEQUENCE,
        "hx": STATE,
        "output": STATES,
        **WEIGHTS,
    },
    "rnn_step_backward": {"grad_h": STATE, "h": STATE, "weight_hh": zeros(6, 6)},
    "run_reversed": {"layer": layer, "input": SEQUENCE, "hx": STATE},
    "stack": {"layers": [layer], "input": SEQUENCE, "hx": zeros(1, 4, 6)},
    "ulp_distance": {"actual": STEP, "expected": STEP},
    "unroll": {"step": partial(rnn_cell, **WEIGHTS), "input": SEQUENCE, "hx": STATE},
    "unroll_backward": {
        "grad_output": STATES,
        "grad_h_n": STATE,
        "output": STATES,
        "weight_hh": zeros(6, 6),
    },
}
TAKE_NO_SHAPED_TENSOR = {"layer_parameters", "parameter_shapes", "state_index"}
# What runs once per step or after a module's checks checks nothing; `test_modules.py` has the rest.
UNCHECKED = {"bind_step", "gru_update", "gru_step", "lstm_update", "lstm_step", "reset_uniform"}
UNCHECKED |= {"cut_pieces", "recurrent_layer", "recurrent_network", "rnn_step"}
UNCHECKED |= {"run_pieces", "run_steps"}
CHECKED_ELSEWHERE = {"assert_close", "require_cell", "RNN", "LSTM", "GRU", "RNNBase"}
CHECKED_ELSEWHERE |= {"RNNCell", "LSTMCell", "GRUCell", "RNNCellBase"}

# function, argument, its wrong shape, what the message says was expected
BAD: list[tuple[str, str, tuple[int, ...], str]] = [
    ("bidirectional", "input", (4, 3), "(N, T, 5)"),
    ("bidirectional", "input", (4, 3, 7), "(N, T, 5)"),
    ("gru_cell", "input", (4, 6), "(N, 5)"),
    ("gru_cell", "hx", (1, 6), "(4, 6)"),
    ("gru_cell", "weight_ih", (18,), "(3*H, E)"),
    ("gru_cell", "weight_ih", (20, 5), "(18, E)"),
    ("gru_cell", "weight_hh", (18, 18), "(18, 6)"),
    ("gru_cell", "bias_ih", (6,), "(18)"),
    ("joined_memory_step", "input", (5,), "(N, E)"),
    ("joined_memory_step", "hx", (3, 6), "(4, 6)"),
    ("joined_memory_step", "hx", (4, 7), "(4, 6)"),
    ("joined_memory_step", "w_joined", (11,), "(E + H, H)"),
    ("joined_memory_step", "w_joined", (10, 6), "(11, 6)"),
    ("lengths_to_mask", "lengths", (4, 1), "(N)"),
    ("linear", "input", (4, 3, 6), "(*, *, 5)"),
    ("linear", "input", (), "(5)"),
    ("linear", "weight", (6,), "(H, E)"),
    ("linear", "weight", (1, 6, 5), "(H, E)"),
    ("linear", "bias", (5,), "(6)"),
    ("linear", "bias", (1,), "(6)"),
    ("lstm_cell", "input", (4, 6), "(N, 5)"),
    ("lstm_cell", "weight_ih", (6, 5), "(4, E)"),
    ("lstm_cell", "weight_hh", (24, 6), "(24, 3)"),
    ("lstm_cell", "weight_hr", (3, 5), "(P, 6)"),
    ("map_over_time", "input", (4, 5), "(N, T, E)"),
    ("masked_unroll", "input", (4, 3), "(N, T, E)"),
    ("masked_unroll", "hx", (1, 6), "(4, H)"),
    ("masked_unroll", "mask", (1, 3), "(4, 3)"),
    ("masked_unroll", "mask", (4, 3, 1), "(4, 3)"),
    ("max_abs_diff", "actual", (1, 5), "(4, 5)"),
    ("max_abs_diff", "actual", (), "(4, 5)"),
    ("memory_step", "input", (4, 6), "(N, 5)"),
    ("memory_step", "input", (5,), "(N, 5)"),
    ("memory_step", "hx", (1, 6), "(4, 6)"),
    ("memory_step", "hx", (4, 1), "(4, 6)"),
    ("memory_step", "w_input", (5,), "(E, H)"),
    ("memory_step", "w_state", (6, 1), "(6, 6)"),
    ("pack", "input", (4,), "(N, T)"),
    ("pack", "lengths", (3,), "(4)"),
    ("pack", "lengths", (4, 1), "(4)"),
    ("rnn", "input", (4, 5), "(N, T, E)"),
    ("rnn", "input", (), "(N, T, E)"),
    ("rnn", "input", (4, 3, 6), "(N, T, 5)"),
    ("rnn", "hx", (2, 4, 6), "(4, 4, 6)"),
    ("rnn", "hx", (4, 1, 6), "(4, 4, 6)"),
    ("rnn", "hx", (4, 4, 7), "(4, 4, 6)"),
    ("rnn", "hx", (4, 6), "(4, 4, 6)"),
    ("rnn_cell", "input", (4, 6), "(N, 5)"),
    ("rnn_cell", "input", (6,), "(5)"),
    ("rnn_cell", "input", (1, 4, 5), "(N, 5)"),
    ("rnn_cell", "input", (), "(N, 5)"),
    ("rnn_cell", "hx", (6,), "(4, 6)"),
    ("rnn_cell", "hx", (1, 6), "(4, 6)"),
    ("rnn_cell", "hx", (4, 5), "(4, 6)"),
    ("rnn_cell", "weight_ih", (6,), "(H, E)"),
    ("rnn_cell", "weight_hh", (6, 5), "(6, 6)"),
    ("rnn_cell", "weight_hh", (6,), "(6, 6)"),
    ("rnn_cell", "bias_ih", (5,), "(6)"),
    ("rnn_cell", "bias_hh", (1,), "(6)"),
    ("rnn_layer", "input", (4, 5), "(N, T, 5)"),
    ("rnn_layer", "input", (4, 3, 6), "(N, T, 5)"),
    ("rnn_layer", "hx", (1, 6), "(4, H)"),
    ("rnn_layer", "hx", (4, 7), "(4, 6)"),
    ("rnn_layer", "hx", (1, 4, 6), "(4, H)"),
    ("rnn_layer", "weight_ih", (6,), "(H, E)"),
    ("rnn_layer", "weight_hh", (5, 6), "(6, 6)"),
    ("rnn_layer", "bias_ih", (1, 6), "(6)"),
    ("rnn_layer", "bias_hh", (5,), "(6)"),
    ("rnn_layer_backward", "grad_output", (4, 1, 6), "(4, 3, 6)"),
    ("rnn_layer_backward", "grad_h_n", (1, 4, 6), "(4, 6)"),
    ("rnn_layer_backward", "input", (4, 3, 6), "(4, 3, 5)"),
    ("rnn_layer_backward", "input", (4, 1, 5), "(4, 3, 5)"),
    ("rnn_layer_backward", "hx", (1, 6), "(4, 6)"),
    ("rnn_layer_backward", "hx", (1, 4, 6), "(4, 6)"),
    ("rnn_layer_backward", "output", (4, 6), "(N, T, H)"),
    ("rnn_layer_backward", "weight_ih", (5, 6), "(6, E)"),
    ("rnn_layer_backward", "weight_hh", (6, 5), "(6, 6)"),
    ("rnn_step_backward", "grad_h", (1, 6), "(4, 6)"),
    ("rnn_step_backward", "h", (6,), "(N, H)"),
    ("rnn_step_backward", "weight_hh", (6, 1), "(6, 6)"),
    ("run_reversed", "input", (4,), "(N, T, E)"),
    ("run_reversed", "hx", (3, 6), "(4, H)"),
    ("stack", "input", (4, 5), "(N, T, 5)"),
    ("ulp_distance", "actual", (5,), "(4, 5)"),
    ("unroll", "input", (4, 5), "(N, T, E)"),
    ("unroll", "hx", (4, 1, 6), "(4, H)"),
    ("unroll", "hx", (3, 6), "(4, H)"),
    ("unroll_backward", "grad_output", (4, 6), "(4, 3, 6)"),
    ("unroll_backward", "grad_h_n", (6,), "(4, 6)"),
    ("unroll_backward", "output", (4, 3, 1, 6), "(N, T, H)"),
    ("unroll_backward", "weight_hh", (1, 6), "(6, 6)"),
]


def test_every_public_function_is_in_the_table() -> None:
    others = TAKE_NO_SHAPED_TENSOR | UNCHECKED | CHECKED_ELSEWHERE
    assert set(GOOD) | others == set(rnn_tutorial.__all__)
    # `require_shape` is what the others call; it has a test of its own below.
    assert {name for name, *_ in BAD} == set(GOOD) - {"require_shape"}


@pytest.mark.parametrize("name", sorted(GOOD))
def test_good_input_is_taken(name: str) -> None:
    arguments = ["N", 5] if name == "require_shape" else []
    getattr(rnn_tutorial, name)(*GOOD[name].values(), *arguments)


@pytest.mark.parametrize(("name", "argument", "shape", "expected"), BAD)
def test_wrong_shape_is_named(
    name: str, argument: str, shape: tuple[int, ...], expected: str
) -> None:
    arguments = GOOD[name] | {argument: zeros(shape)}
    with pytest.raises(RuntimeError) as raised:
        getattr(rnn_tutorial, name)(**arguments)
    assert str(raised.value) == f"{argument}: expected shape {expected}, got {shape}"


@pytest.mark.parametrize(
    ("name", "states", "message"),
    [
        ("stack", 2, "hx: expected a state for each layer, 1, got 2"),
        ("stack", 0, "hx: expected a state for each layer, 1, got 0"),
        ("bidirectional", 4, "hx: expected a state for each direction, 2, got 4"),
        ("bidirectional", 1, "hx: expected a state for each direction, 2, got 1"),
    ],
)
def test_states_are_counted(name: str, states: int, message: str) -> None:
    for hx in (zeros(states, 4, 6), [zeros(4, 6)] * states):
        with pytest.raises(RuntimeError) as raised:
            getattr(rnn_tutorial, name)(**GOOD[name] | {"hx": hx})
        assert str(raised.value) == message


@pytest.mark.parametrize(
    ("parameter", "shape", "message"),
    [
        ("weight_ih_l0", (6,), "weight_ih: expected shape (H, E), got (6,)"),
        ("weight_hh_l0", (7, 6), "weight_hh: expected shape (6, 6), got (7, 6)"),
        ("weight_hh_l1_reverse", (6, 7), "weight_hh: expected shape (6, 6), got (6, 7)"),
        ("bias_hh_l1", (7,), "bias_hh: expected shape (6), got (7,)"),
    ],
)
def test_wrong_parameter_of_rnn(parameter: str, shape: tuple[int, ...], message: str) -> None:
    with pytest.raises(RuntimeError) as raised:
        rnn(**GOOD["rnn"] | {"parameters": PARAMETERS | {parameter: zeros(shape)}})
    assert str(raised.value) == message


def test_require_shape() -> None:
    require_shape("x", zeros(2, 3), "N", 3)
    require_shape("x", zeros(()))
    for expected, wanted in (
        (("N", 4), "(N, 4)"),
        (("N",), "(N)"),
        ((), "()"),
        ((2, 3, "H"), "(2, 3, H)"),
    ):
        with pytest.raises(RuntimeError) as raised:
            require_shape("x", zeros(2, 3), *expected)
        assert str(raised.value) == f"x: expected shape {wanted}, got (2, 3)"


@pytest.mark.parametrize("call", ["rnn_cell", "rnn_layer", "rnn"])
def test_unknown_nonlinearity(call: str) -> None:
    with pytest.raises(ValueError, match=r'^nonlinearity: expected "tanh" or "relu", got .gelu.$'):
        getattr(rnn_tutorial, call)(**GOOD[call], nonlinearity="gelu")


def test_missing_parameter() -> None:
    parameters = {name: tensor for name, tensor in PARAMETERS.items() if name != "weight_hh_l1"}
    with pytest.raises(KeyError, match="expected weight_hh_l1, got weight_ih_l0, weight_hh_l0"):
        rnn(**GOOD["rnn"] | {"parameters": parameters})
    with pytest.raises(KeyError, match="expected weight_ih_l2, got weight_ih_l0, weight_hh_l0"):
        layer_parameters(PARAMETERS, 2)


# Each of these calls, with `torch.nn.RNN` instead of `rnn`, raises the same type.
@pytest.mark.parametrize(
    ("input", "hx", "nonlinearity"),
    [
        ((4, 3, 6), (1, 4, 6), "tanh"),
        ((4, 3, 5), (1, 3, 6), "tanh"),
        ((4, 3, 5), (1, 4, 7), "tanh"),
        ((4, 3, 5), (2, 4, 6), "tanh"),
        ((4, 3, 5), (4, 6), "tanh"),
        ((4, 0, 5), (1, 4, 6), "tanh"),
        ((4, 3, 5), (1, 4, 6), "gelu"),
    ],
)
def test_exception_types_are_those_of_torch(
    input: tuple[int, ...], hx: tuple[int, ...], nonlinearity: str
) -> None:
    def theirs() -> object:
        reference = torch.nn.RNN(5, 6, batch_first=True, nonlinearity=nonlinearity)
        return reference(zeros(input), zeros(hx))

    def ours() -> object:
        parameters = {name: zeros(shape) for name, shape in parameter_shapes(5, 6).items()}
        return rnn(zeros(input), parameters, zeros(hx), nonlinearity=nonlinearity)

    def raised(call: Callable[[], object]) -> type[Exception]:
        with pytest.raises((RuntimeError, ValueError)) as error:
            call()
        return error.type

    assert raised(ours) is raised(theirs)


def test_empty_sequence_is_named() -> None:
    message = r"^input: expected T of at least 1, got shape \(4, 0, 5\)$"
    with pytest.raises(RuntimeError, match=message):
        rnn(**GOOD["rnn"] | {"input": zeros(4, 0, 5)})


def test_empty_batch() -> None:
    output, h_n = rnn(zeros(0, 3, 5), PARAMETERS, num_layers=2, num_directions=2)
    assert output.shape == (0, 3, 12)
    assert h_n.shape == (4, 0, 6)


def test_linear_without_a_bias() -> None:
    torch.manual_seed(0)
    x, layer = torch.randn(4, 3, 5), torch.nn.Linear(5, 6, bias=False)
    # Both sides add five products up.
    bound = 5 * torch.finfo(torch.float32).eps * layer(x).abs().max().item()
    assert max_abs_diff(linear(x, layer.weight), layer(x)) <= bound


# ---- equal to torch.nn.RNN --------------------------------------------------------------------


@pytest.mark.parametrize(("batch", "steps"), [(1, 1), (1, 9), (4, 16), (7, 1)])
@pytest.mark.parametrize("given", [False, True], ids=["zeros", "hx"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no-bias"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("num_layers", [1, 2, 4])
def test_rnn_is_torch_nn_rnn(
    num_layers: int,
    bidirectional: bool,
    bias: bool,
    nonlinearity: str,
    dtype: torch.dtype,
    given: bool,
    batch: int,
    steps: int,
) -> None:
    torch.manual_seed(0)
    reference = torch.nn.RNN(
        5,
        6,
        num_layers,
        nonlinearity,
        bias,
        batch_first=True,
        bidirectional=bidirectional,
        dtype=dtype,
    ).requires_grad_(False)
    x = torch.randn(batch, steps, 5, dtype=dtype)
    states = torch.randn(num_layers * (1 + bidirectional), batch, 6, dtype=dtype)
    hx = states if given else None
    ours = rnn(x, reference.state_dict(), hx, num_layers, 1 + bidirectional, nonlinearity)
    for a, b in zip(ours, reference(x, hx), strict=True):
        # Both sides round each step's sums, in another order; what comes out of a tanh is at
        # most 1, and a state of relu is measured by the largest one.
        size = max(1.0, b.abs().max().item())
        assert a.dtype == b.dtype
        assert max_abs_diff(a, b) <= 8 * torch.finfo(dtype).eps * size


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])
@pytest.mark.parametrize("bidirectional", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("num_layers", [1, 2, 4])
def test_gradients_are_those_of_torch(
    num_layers: int, bidirectional: bool, nonlinearity: str, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    options = {"num_layers": num_layers, "bidirectional": bidirectional}
    reference = torch.nn.RNN(
        5, 6, nonlinearity=nonlinearity, batch_first=True, dtype=dtype, **options
    )
    x = torch.randn(4, 16, 5, dtype=dtype, requires_grad=True)
    hx = torch.randn(num_layers * (1 + bidirectional), 4, 6, dtype=dtype, requires_grad=True)
    parameters = dict(reference.named_parameters())
    leaves = [x, hx, *parameters.values()]
    theirs = reference(x, hx)
    ours = rnn(x, parameters, hx, num_layers, 1 + bidirectional, nonlinearity)
    upstream = [torch.randn_like(tensor) for tensor in theirs]
    expected = torch.autograd.grad(theirs, leaves, upstream)
    actual = torch.autograd.grad(ours, leaves, upstream)
    for a, b in zip(actual, expected, strict=True):
        # A weight's gradient is a sum over N * T = 64 products.
        assert b.abs().max() > 0
        assert max_abs_diff(a, b) <= 64 * torch.finfo(dtype).eps * b.abs().max().item()


# ---- names and indices ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("num_layers", "bias", "bidirectional"),
    list(itertools.product([1, 2, 4], [True, False], [True, False])),
)
def test_parameter_shapes(num_layers: int, bias: bool, bidirectional: bool) -> None:
    reference = torch.nn.RNN(5, 6, num_layers, bias=bias, bidirectional=bidirectional)
    expected = [(name, tuple(tensor.shape)) for name, tensor in reference.named_parameters()]
    assert list(parameter_shapes(5, 6, num_layers, bias, bidirectional).items()) == expected


def test_layer_parameters() -> None:
    parameters = {
        f"{kind}_l{layer}{suffix}": zeros(layer, len(suffix))
        for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        for layer in range(12)
        for suffix in ("", "_reverse")
    }
    for layer, reverse in itertools.product(range(12), [False, True]):
        picked = layer_parameters(parameters, layer, reverse)
        assert list(picked) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
        suffix = f"_l{layer}_reverse" if reverse else f"_l{layer}"
        assert all(tensor is parameters[kind + suffix] for kind, tensor in picked.items())
    without = {name: tensor for name, tensor in parameters.items() if "bias" not in name}
    assert list(layer_parameters(without, 3)) == ["weight_ih", "weight_hh"]


def test_state_index() -> None:
    for num_layers, directions in itertools.product([1, 2, 4], [1, 2]):
        rows = torch.arange(num_layers * directions).view(num_layers, directions)
        for layer, direction in itertools.product(range(num_layers), range(directions)):
            assert state_index(layer, direction, directions) == rows[layer, direction]


# ---- what is installed ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps"]
    command += ["--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_wheel_holds_the_package_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    modules = {name for name in names if ".dist-info/" not in name}
    assert modules == {str(path.relative_to(ROOT)) for path in ROOT.glob("rnn_tutorial/**/*.py")}
    folders = {name.split("/")[0] for name in names}
    assert folders == {"rnn_tutorial", f"rnn_tutorial-{wheel.name.split('-')[1]}.dist-info"}
    assert any(name.endswith("/LICENSE") for name in names)


def test_wheel_depends_on_torch_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = email.parser.Parser().parsestr(archive.read(name).decode())
    needed = [line for line in metadata.get_all("Requires-Dist") if "extra ==" not in line]
    assert [line.split(">")[0] for line in needed] == ["torch"]
    assert metadata["Requires-Python"] == ">=3.11"


def test_wheel_runs_outside_the_project(wheel: Path, tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import torch, rnn_tutorial\n"
        "cell = torch.nn.RNNCell(3, 5)\n"
        "h = rnn_tutorial.rnn_cell(torch.ones(2, 3), torch.zeros(2, 5), **cell.state_dict())\n"
        "print(rnn_tutorial.__file__, tuple(h.shape))\n"
    )
    command = [sys.executable, "-I", "-c", code, str(wheel)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"{wheel / 'rnn_tutorial' / '__init__.py'} (2, 5)\n"

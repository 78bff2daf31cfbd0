"""The conversions of the page on variants, as it shows them, against ONNX's reference code."""

from typing import Any

import pytest
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn

from claimdown.page import Code
from claimdown.reader import read
from rnn_tutorial import lstm_cell, run_steps
from tests.course.copying import definitions, needed
from tests.package.reference import DTYPES
from tools.site import docs_dir

PAGE = docs_dir() / "gates" / "variants.md"
KINDS = {torch.float32: TensorProto.FLOAT, torch.float64: TensorProto.DOUBLE}
INPUTS = ("X", "W", "R", "B", "", "initial_h", "initial_c", "P")
OUTPUTS = ("Y", "Y_h", "Y_c")
T, N, E, H = 4, 2, 5, 6


def shown(name: str) -> Any:
    """Return a function as the page defines it."""
    blocks = read(PAGE).of(Code)
    found = definitions(blocks)
    wanted = next(definition for definition in found if definition.name == name)
    namespace: dict[str, Any] = {}
    exec("\n\n".join([blocks[0].code, *(d.source for d in needed(wanted, found))]), namespace)
    return namespace[name]


def reference(**given: Tensor) -> list[Tensor]:
    """Run ONNX's operator LSTM, forward, on the inputs that are given."""
    kind = KINDS[given["X"].dtype]
    names = [name if name in given else "" for name in INPUTS]
    graph = helper.make_graph(
        [helper.make_node("LSTM", names, OUTPUTS, hidden_size=H)],
        "lstm",
        [helper.make_tensor_value_info(n, kind, list(t.shape)) for n, t in given.items()],
        [helper.make_tensor_value_info(name, kind, None) for name in OUTPUTS],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    run = ReferenceEvaluator(model).run(None, {n: t.numpy() for n, t in given.items()})
    return [torch.from_numpy(result) for result in run]


@pytest.fixture(params=DTYPES, ids=str)
def setting(request: pytest.FixtureRequest) -> tuple[nn.LSTM, dict[str, Tensor], list[Tensor]]:
    """Return a layer, its parameters, and an input and two states as ONNX wants them."""
    torch.manual_seed(0)
    lstm = nn.LSTM(E, H, dtype=request.param).requires_grad_(False)
    parameters = {n.removesuffix("_l0"): value for n, value in lstm.state_dict().items()}
    shapes = (T, N, E), (1, N, H), (1, N, H)
    return lstm, parameters, [torch.randn(shape, dtype=request.param) for shape in shapes]


def assert_same(actual: Any, expected: Any) -> None:
    """Each number sums E + H + 2 terms before its gate: 16 epsilons, as on the page."""
    bound = 16 * torch.finfo(expected[0].dtype).eps
    torch.testing.assert_close(tuple(actual), tuple(expected), rtol=bound, atol=bound)


def test_converted_weights_give_the_same_in_onnx(setting: tuple[Any, Any, Any]) -> None:
    lstm, parameters, (x, h, c) = setting
    w, r, b = shown("to_onnx")(parameters)
    y, y_h, y_c = reference(X=x, W=w, R=r, B=b, initial_h=h, initial_c=c)
    output, (h_n, c_n) = lstm(x, (h, c))
    assert_same((y[:, 0], y_h, y_c), (output, h_n, c_n))
    assert_same(shown("onnx_lstm")(x, w, r, b, h, c), (y, y_h, y_c))


def test_weights_of_an_onnx_file_give_the_same_in_torch(setting: tuple[Any, Any, Any]) -> None:
    lstm, _, (x, h, c) = setting
    w, r, b = (torch.rand(1, *size, dtype=x.dtype) - 0.5 for size in ((24, E), (24, H), (48,)))
    parameters = shown("from_onnx")(w, r, b)
    lstm.load_state_dict({f"{name}_l0": value for name, value in parameters.items()})
    y, y_h, y_c = reference(X=x, W=w, R=r, B=b, initial_h=h, initial_c=c)
    output, (h_n, c_n) = lstm(x, (h, c))
    assert_same((output, h_n, c_n), (y[:, 0], y_h, y_c))


def test_peepholes_are_those_of_onnx(setting: tuple[Any, Any, Any]) -> None:
    _, parameters, (x, h, c) = setting
    peepholes = torch.rand(3, H, dtype=x.dtype) - 0.5  # i, f, o; in ONNX i, o, f
    w, r, b = shown("to_onnx")(parameters)
    y, y_h, y_c = reference(
        X=x, W=w, R=r, B=b, initial_h=h, initial_c=c, P=peepholes[[0, 2, 1]].reshape(1, -1)
    )
    cell = shown("peephole_cell")
    states = run_steps(
        lambda x_t, hx: cell(x_t, hx, **parameters, peepholes=peepholes), x.unbind(), (h[0], c[0])
    )
    assert_same((torch.stack([h for h, _ in states]), *states[-1]), (y[:, 0], y_h[0], y_c[0]))
    without = run_steps(lambda x_t, hx: lstm_cell(x_t, hx, **parameters), x.unbind(), (h[0], c[0]))
    assert (without[-1][0] - y_h[0]).abs().max() > 0.01, "peepholes change nothing here"

"""PyTorch's default ONNX exporter: what it writes of our modules and of `torch.nn`'s."""

from typing import Any

import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn
from torch.export import Dim

import rnn_tutorial
from tests.package.side_by_side import Case, assert_same, cases, parts

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
# What torch.nn's becomes: one node a layer, with the formula that PyTorch's GRU has.
NODES = {"LSTM": "LSTM", "GRU": "GRU"}


def exported(module: nn.Module, x: Tensor, dynamic: dict[int, Any]) -> onnx.ModelProto:
    """Export, check and return the model."""
    shapes = (dynamic,) if dynamic else None
    program = torch.onnx.export(module, (x,), dynamo=True, dynamic_shapes=shapes, verbose=False)
    model = program.model_proto
    onnx.checker.check_model(model)
    return model


def run(model: onnx.ModelProto, x: Tensor) -> list[Tensor]:
    """Run a model in ONNX's reference code."""
    results = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: x.numpy()})
    return [torch.from_numpy(result) for result in results]


@pytest.mark.parametrize("case", cases(["projected", "GRU"], [1], [2], ["batch first"]))
def test_a_file_for_any_batch_size(case: Case) -> None:
    axis = 0 if case.layout == "batch first" else 1
    case = Case(case.name, case.options, case.layout, torch.float32)
    module, x = case.module(rnn_tutorial).eval(), case.input()
    model = exported(module, x, {axis: Dim("n", min=1, max=64)})
    assert any(d.dim_param for d in model.graph.input[0].type.tensor_type.shape.dim)
    with torch.no_grad():
        for size in (1, 4, 9):
            shape = list(x.shape)
            shape[axis] = size
            x = torch.randn(shape)
            assert_same(run(model, x), parts(module(x)), 1e-5)


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_how_torchs_own_are_exported(name: str) -> None:
    # The reference page says: one node for an LSTM or GRU, and many for ours.
    x = torch.randn(3, 4, 5)
    theirs = exported(getattr(nn, name)(5, 6).eval(), x, {})
    ours = exported(getattr(rnn_tutorial, name)(5, 6).eval(), x, {})
    kinds = [[node.op_type for node in model.graph.node] for model in (ours, theirs)]
    assert not {"RNN", "LSTM", "GRU"} & set(kinds[0])
    assert kinds[1].count(name) == (name in NODES)


def test_a_gru_is_written_with_its_own_formula() -> None:
    # Releases before 2.13 left `linear_before_reset` at zero, which is another function.
    layer, x = nn.GRU(5, 6).eval(), torch.randn(3, 4, 5)
    model = exported(layer, x, {})
    (node,) = [node for node in model.graph.node if node.op_type == "GRU"]
    assert [a.i for a in node.attribute if a.name == "linear_before_reset"] == [1]
    with torch.no_grad():
        assert_same(run(model, x), parts(layer(x)), 1e-5)


def test_the_export_loses_torchs_projection_and_keeps_ours() -> None:
    x = torch.randn(3, 4, 5)
    layers = [package.LSTM(5, 6, proj_size=3).eval() for package in (nn, rnn_tutorial)]
    files = [exported(layer, x, {}) for layer in layers]
    with torch.no_grad():
        assert_same(run(files[1], x), parts(layers[1](x)), 1e-5)
    (node,) = [node for node in files[0].graph.node if node.op_type == "LSTM"]
    sizes = [list(i.dims) for i in files[0].graph.initializer if i.name in node.input]
    assert [3, 6] not in sizes  # weight_hr, (P, H), is in the file of neither name nor shape
    assert [1, 3, 6] not in sizes

"""Sentences of the page "Out of Python" that no claim on it checks: what PyTorch's exporters do.

They hold on the pinned release, whose answers the page shows.
"""

import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import onnxruntime
import pytest
import torch
from matplotlib import rc_context
from onnx import TensorProto, helper
from torch import Tensor, nn
from torch._higher_order_ops import scan
from torch.export import Dim
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks import eight_bits
from rnn_tutorial import gru_cell, lengths_to_mask, lstm_cell, rnn_cell
from tests.package.test_onnx_operators import shown

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
T, N = Dim("T", min=1, max=4096), Dim("N", min=1, max=4096)
CELLS: dict[type[nn.RNNBase], Callable[..., Any]] = {
    nn.RNN: rnn_cell,
    nn.LSTM: lstm_cell,
    nn.GRU: gru_cell,
}
SECOND = """
import logging, warnings
import torch
from torch import nn
from torch.export import Dim

logging.disable()
warnings.simplefilter("ignore")
x, axes = torch.zeros(7, 4, 5), {0: Dim("T", min=1, max=4096), 1: Dim("N", min=1, max=4096)}
for options in ({"dynamic_shapes": (axes,), "optimize": False},) * 2:
    program = torch.onnx.export(nn.LSTM(5, 6), (x,), dynamo=True, verbose=False, **options)
    (shape,) = [given.type.tensor_type.shape for given in program.model_proto.graph.input]
    print([axis.dim_param or axis.dim_value for axis in shape.dim])
"""


def test_only_the_first_export_of_a_process_keeps_the_time_axis() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SECOND], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.split("\n")[:2] == ["['T', 'N', 5]", "[7, 'N', 5]"]


@pytest.mark.parametrize("kind", CELLS)
def test_torch_export_refuses_another_length_and_not_another_batch(kind: type[nn.RNNBase]) -> None:
    layer, x = kind(5, 6), torch.zeros(7, 4, 5)
    program = torch.export.export(layer, (x,), dynamic_shapes=({1: N},))
    assert program.module()(torch.zeros(7, 9, 5))[0].shape == (7, 9, 6)
    with pytest.raises(Exception, match=r"Constraints violated \(T\)"):
        torch.export.export(layer, (x,), dynamic_shapes=({0: T},))


@pytest.mark.parametrize(("kind", "gates"), [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
def test_onnxruntime_does_not_compute_in_float64(kind: str, gates: int) -> None:
    sizes = {"x": (3, 2, 5), "W": (1, 6 * gates, 5), "R": (1, 6 * gates, 6)}
    kinds = {name: (TensorProto.DOUBLE, size) for name, size in sizes.items()}
    graph = helper.make_graph(
        [helper.make_node(kind, list(sizes), ["Y"], hidden_size=6)],
        "one",
        [helper.make_tensor_value_info(name, *given) for name, given in kinds.items()],
        [helper.make_tensor_value_info("Y", TensorProto.DOUBLE, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    feed = {name: torch.zeros(size, dtype=torch.float64).numpy() for name, size in sizes.items()}

    def computed() -> Any:
        return onnxruntime.InferenceSession(model.SerializeToString(), options).run(None, feed)

    with pytest.raises(Exception, match=r"NOT_IMPLEMENTED|does not support"):
        computed()


class Step(nn.Module):
    """One step of a layer with one direction, its states as arguments and results."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.cell = CELLS[type(layer)]
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        self.weights = nn.ParameterDict({n: layer.get_parameter(f"{n}_l0") for n in names})

    def forward(self, x_t: Tensor, *state: Tensor) -> Any:
        return self.cell(x_t, state if len(state) == 2 else state[0], **self.weights)


@pytest.mark.parametrize("kind", CELLS)
def test_a_step_in_a_loop_is_each_layer(kind: type[nn.RNNBase]) -> None:
    torch.manual_seed(0)
    layer, many = kind(5, 6).requires_grad_(False), 1 + (kind is nn.LSTM)
    example, names = [torch.zeros(4, 6)] * many, ["x_t", "h", "c"][: 1 + many]
    model = torch.onnx.export(
        Step(layer), (torch.zeros(4, 5), *(part.clone() for part in example)), dynamo=True,
        verbose=False, input_names=names, dynamic_shapes=({0: N}, ({0: N},) * many),
    ).model_proto  # fmt: skip
    session = onnxruntime.InferenceSession(model.SerializeToString())
    x, outputs = torch.randn(9, 2, 5), []
    state = [torch.zeros(2, 6).numpy()] * many
    for x_t in x:
        state = session.run(None, dict(zip(names, [x_t.numpy(), *state], strict=True)))
        outputs.append(torch.from_numpy(state[0]))
    torch.testing.assert_close(torch.stack(outputs), layer(x)[0], rtol=1e-5, atol=1e-5)


class Masked(nn.Module):
    """Both directions of a layer by scan, for a padded batch: the state stays where padding is."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.cell, self.many = CELLS[type(layer)], 1 + isinstance(layer, nn.LSTM)
        names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
        self.ways = nn.ModuleList(
            nn.ParameterDict({name: layer.get_parameter(f"{name}_l0{end}") for name in names})
            for end in ("", "_reverse")
        )

    def forward(self, x: Tensor, real: Tensor, h_0: Tensor) -> tuple[Tensor, Tensor]:
        def way(weights: Any, x: Tensor, real: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
            def step(state: tuple[Tensor, ...], given: tuple[Tensor, Tensor]) -> Any:
                x_t, real_t = given
                new = self.cell(x_t, state if self.many == 2 else state[0], **weights)
                new = new if self.many == 2 else (new,)
                kept = [torch.where(real_t[:, None], n, s) for n, s in zip(new, state, strict=True)]
                return tuple(kept), torch.where(real_t[:, None], new[0], 0.0)

            last, outputs = scan(step, tuple(start.clone() for _ in range(self.many)), (x, real))
            return outputs, last[0]

        ahead, last = way(self.ways[0], x, real, h_0[0])
        back, first = way(self.ways[1], x.flip(0), real.flip(0), h_0[1])
        return torch.cat([ahead, back.flip(0)], dim=2), torch.stack([last, first])


@pytest.mark.parametrize("kind", CELLS)
def test_a_scan_with_a_mask_is_each_layer_in_both_directions(kind: type[nn.RNNBase]) -> None:
    torch.manual_seed(0)
    layer = kind(5, 6, bidirectional=True).requires_grad_(False)
    example = torch.zeros(7, 4, 5), torch.ones(7, 4, dtype=torch.bool), torch.zeros(2, 4, 6)
    model = torch.onnx.export(
        Masked(layer), example, dynamo=True, verbose=False, input_names=["x", "real", "h_0"],
        dynamic_shapes=({0: T, 1: N}, {0: T, 1: N}, {1: N}),
    ).model_proto  # fmt: skip
    assert [node.op_type for node in model.graph.node].count("Scan") == 2
    session = onnxruntime.InferenceSession(model.SerializeToString())
    for lengths in (torch.tensor([9, 2]), torch.tensor([1]), torch.tensor([3, 14, 5, 14, 1])):
        steps, size = int(lengths.max()), len(lengths)
        x, h_0 = torch.randn(steps, size, 5), torch.randn(2, size, 6)
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, last = layer(packed, (h_0, h_0) if kind is nn.LSTM else h_0)
        last = last[0] if kind is nn.LSTM else last
        real = lengths_to_mask(lengths, steps).transpose(0, 1)
        feed = {"x": x.numpy(), "real": real.numpy(), "h_0": h_0.numpy()}
        found = [torch.from_numpy(value) for value in session.run(None, feed)]
        expected = pad_packed_sequence(output)[0], last
        torch.testing.assert_close(tuple(found), expected, rtol=1e-5, atol=1e-5)


@pytest.fixture
def lab() -> Iterator[dict[str, Any]]:
    """Run the lab up to its choices; give back the threads and the style of plots that it takes."""
    with rc_context(), warnings.catch_warnings():
        found = eight_bits.lab()
        yield found
    found["give_threads_back"]()


def test_the_lab_s_network_is_served(lab: dict[str, Any]) -> None:
    """As the page says: train in the lab, write the file, put the scale into its weights."""
    images, labels = lab["images"], lab["labels"]
    parts = lab["split"](0)
    reader, head = lab["fresh"](0)
    model = lab["with_torch"](reader, head)
    lab["train"](model, lab["standardised"](parts.train), parts.train, 0.01)
    with torch.no_grad():
        expected = model.scores(lab["standardised"](parts.train)[parts.test])
        mean, deviation = images[parts.train].mean(), images[parts.train].std()
        reader.weight_ih_l0 /= deviation
        reader.bias_ih_l0 -= mean * reader.weight_ih_l0.sum(dim=1)
    (with_head,) = shown("with_head")
    session = onnxruntime.InferenceSession(with_head(reader, head).SerializeToString())
    pixels = images[parts.test]
    feed = {
        "x": pixels.numpy(),
        "lengths": torch.full((len(pixels),), 8, dtype=torch.int32).numpy(),
        "h_0": torch.zeros(1, len(pixels), 128).numpy(),
    }
    scores = torch.from_numpy(session.run(["scores"], feed)[0])
    torch.testing.assert_close(scores, expected, rtol=1e-4, atol=1e-4)
    assert (scores.argmax(dim=1) == labels[parts.test]).float().mean() > 0.9

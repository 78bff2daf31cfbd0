"""The functions of the page "Out of Python", as it shows them, on every kind of layer."""

import itertools
from typing import Any

import onnx
import onnxruntime
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from claimdown.page import Code
from claimdown.reader import read
from tests.course.copying import definitions, needed
from tools.site import docs_dir

PAGE = docs_dir() / "deployment" / "out-of-python.md"
KINDS = {
    "RNN": nn.RNN,
    "ReLU": lambda *sizes, **options: nn.RNN(*sizes, nonlinearity="relu", **options),
    "LSTM": nn.LSTM,
    "GRU": nn.GRU,
}
E, H = 5, 6


def shown(*names: str) -> list[Any]:
    """Return functions as the page defines them."""
    blocks = read(PAGE).of(Code)
    found = definitions(blocks)
    wanted = [definition for definition in found if definition.name in names]
    sources = dict.fromkeys(d.source for one in wanted for d in needed(one, found))
    namespace: dict[str, Any] = {}
    exec("\n\n".join([blocks[0].code, *sources]), namespace)
    return [namespace[name] for name in names]


to_onnx, with_head, weight_only, run = shown("to_onnx", "with_head", "weight_only", "run")


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    onnx.checker.check_model(model, full_check=True)
    return onnxruntime.InferenceSession(model.SerializeToString())


def batch(layer: nn.RNNBase, steps: int, size: int) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Draw a padded batch; return a file's inputs, and what PyTorch makes of the packed batch."""
    x, lengths = torch.randn(size, steps, E), torch.randint(1, steps + 1, (size,))
    lengths[-1] = steps
    many = layer.num_layers * (1 + layer.bidirectional)
    states = [torch.randn(many, size, H) for _ in range(1 + isinstance(layer, nn.LSTM))]
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    if not layer.batch_first:
        x = x.transpose(0, 1).contiguous()
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    output, last = layer(packed, tuple(states) if len(states) == 2 else states[0])
    output, _ = pad_packed_sequence(output, batch_first=layer.batch_first)
    inputs = {"x": x, "lengths": lengths.int(), "h_0": states[0]}
    if len(states) == 2:
        inputs["c_0"] = states[1]
    return inputs, [output, *(last if len(states) == 2 else [last])]


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_the_layer_at_any_size(
    kind: str, bidirectional: bool, layers: int, batch_first: bool
) -> None:
    torch.manual_seed(0)
    options = {"bidirectional": bidirectional, "batch_first": batch_first}
    layer = KINDS[kind](E, H, num_layers=layers, **options).requires_grad_(False)
    served = session(to_onnx(layer))
    for steps, size in itertools.product((1, 7, 40), (1, 4)):
        inputs, expected = batch(layer, steps, size)
        for ours, theirs in zip(run(served, **inputs), expected, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("layer", [nn.LSTM(E, H, proj_size=3), nn.GRU(E, H, bias=False)])
def test_what_the_operator_does_not_have_is_refused(layer: nn.RNNBase) -> None:
    with pytest.raises(ValueError, match="layer: expected biases and no proj_size"):
        to_onnx(layer)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_the_head_reads_the_last_real_step(kind: type[nn.RNNBase]) -> None:
    torch.manual_seed(0)
    layer, head = kind(E, H, num_layers=2, batch_first=True), nn.Linear(H, 3)
    inputs, (_, last, *_) = batch(layer, 7, 4)
    scores = run(session(with_head(layer, head)), **inputs)[-1]
    torch.testing.assert_close(scores, head(last[-1]).detach(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_small_weights_are_off_by_half_a_step_at_most(kind: type[nn.RNNBase]) -> None:
    torch.manual_seed(0)
    layer = kind(E, H).requires_grad_(False)
    small = weight_only(to_onnx(layer))
    inputs, _ = batch(layer, 7, 4)
    found = run(session(small), **inputs)
    for name, weight in layer.named_parameters():
        if name.startswith("weight"):
            step = weight.abs().amax(dim=1, keepdim=True) / 127
            rounded = (weight / step).round() * step
            assert ((rounded - weight).abs() <= step * 0.5001).all()
            weight.copy_(rounded)
    for ours, theirs in zip(found, run(session(to_onnx(layer)), **inputs), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_the_reference_implementation_does_not_read_lengths(kind: type[nn.RNNBase]) -> None:
    torch.manual_seed(0)
    layer = kind(E, H).requires_grad_(False)
    judge, (inputs, expected) = ReferenceEvaluator(to_onnx(layer)), batch(layer, 7, 4)
    full = inputs | {"lengths": torch.full((4,), 7, dtype=torch.int32)}
    pair = [judge.run(None, {n: v.numpy() for n, v in one.items()}) for one in (inputs, full)]
    assert all(map(torch.equal, *(map(torch.from_numpy, one) for one in pair)))
    assert (torch.from_numpy(pair[0][0]) - expected[0]).abs().max() > 0.1

"""What int8 costs a lab's network in onnxruntime: test images read, size of the file, time.

Trains the network of the lab "Digits, row by row", and an LSTM and a GRU in its place, on the
lab's splits; writes each with the functions of the page "Out of Python"; prints its table:

    OMP_NUM_THREADS=1 python -m benchmarks.eight_bits
"""

import io
import logging
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from types import ModuleType
from typing import Any

import jupytext
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from claimdown.page import Code
from claimdown.reader import read

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/en/deployment/out-of-python.md"
LAB = ROOT / "docs/en/labs/digits.py"
KINDS = (nn.RNN, nn.LSTM, nn.GRU)
SPLITS, RATE, ROUNDS, CALLS = 5, 0.01, 15, 20


def page() -> dict[str, Any]:
    """Run the page, and return what it defines."""
    module = ModuleType("out_of_python")
    sys.modules[module.__name__] = module  # where the exporter looks for globals
    with redirect_stdout(io.StringIO()):
        for block in read(PAGE).of(Code):
            exec(compile(block.code, str(PAGE), "exec"), module.__dict__)
    return module.__dict__


def lab() -> dict[str, Any]:
    """Run the lab's cells that come before its choices, and the one that evaluates."""
    cells = [cell.source for cell in jupytext.read(LAB).cells if cell.cell_type == "code"]
    choices = next(k for k, source in enumerate(cells) if source.startswith("@torch.no_grad"))
    names: dict[str, Any] = {"__name__": "lab"}
    with redirect_stdout(io.StringIO()):
        for source in cells[:choices]:
            exec(source, names)
    return names


def trained(lab: dict[str, Any], kind: type, split: int) -> tuple[nn.RNNBase, nn.Linear]:
    """Train a network on one of the lab's splits, at the rate that the lab has chosen."""
    torch.manual_seed(split)
    layer, head = kind(8, 128, batch_first=True), nn.Linear(128, 10)
    inputs, parts = of_split(lab, split)
    lab["train"](lab["with_torch"](layer, head), inputs, parts.train, RATE, split)
    return layer, head


def of_split(lab: dict[str, Any], split: int) -> tuple[Tensor, Any]:
    parts = lab["split"](split)
    return lab["standardised"](parts.train), parts


def files(page: dict[str, Any], layer: nn.RNNBase, head: nn.Linear) -> dict[str, bytes]:
    """Write a network as float32, with int8 weights, and by onnxruntime's quantize_dynamic."""
    whole = page["with_head"](layer, head)
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "float.onnx"), Path(folder, "int8.onnx")
        onnx.save(whole, source)
        quantize_dynamic(source, target, weight_type=QuantType.QInt8)
        dynamic = target.read_bytes()
    small = page["weight_only"](whole)
    return {
        "float32": whole.SerializeToString(),
        "weight-only int8": small.SerializeToString(),
        "dynamic int8": dynamic,
    }


def feed(layer: nn.RNNBase, images: Tensor) -> dict[str, Any]:
    state = torch.zeros(1, len(images), 128).numpy()
    lengths = torch.full((len(images),), 8, dtype=torch.int32).numpy()
    states = {"h_0": state} | ({"c_0": state} if isinstance(layer, nn.LSTM) else {})
    return {"x": images.numpy(), "lengths": lengths, **states}


def session(file: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(file, options)


def seconds(served: onnxruntime.InferenceSession, inputs: dict[str, Any]) -> float:
    begin = time.perf_counter()
    for _ in range(CALLS):
        served.run(["scores"], inputs)
    return time.perf_counter() - begin


def ratios(sessions: dict[str, Any], inputs: dict[str, Any]) -> dict[str, float]:
    """Run the files in turn; divide the smallest times by that of float32."""
    least = dict.fromkeys(sessions, float("inf"))
    for _ in range(ROUNDS):
        for name, served in sessions.items():
            least[name] = min(least[name], seconds(served, inputs))
    return {name: value / least["float32"] for name, value in least.items()}


def main() -> None:
    logging.disable()
    torch.set_num_threads(1)
    from_page, from_lab = page(), lab()
    print(f"torch {torch.__version__}, onnxruntime {onnxruntime.__version__}, one thread\n")
    print("| layer | file | size | test images right | time, one image | time, batch of 64 |")
    print("| --- | --- | --: | --: | --: | --: |")
    for kind in KINDS:
        right: dict[str, int] = {}
        total = 0
        for split in range(SPLITS):
            layer, head = trained(from_lab, kind, split)
            inputs, parts = of_split(from_lab, split)
            written = files(from_page, layer, head)
            sessions = {name: session(file) for name, file in written.items()}
            test = feed(layer, inputs[parts.test])
            labels = from_lab["labels"][parts.test]
            total += len(labels)
            for name, served in sessions.items():
                answers = torch.from_numpy(served.run(["scores"], test)[0]).argmax(dim=1)
                right[name] = right.get(name, 0) + int((answers == labels).sum())
        one, many = (ratios(sessions, feed(layer, inputs[:n])) for n in (1, 64))
        for name, file in written.items():
            row = f"{len(file) / 1000:.0f} kB | {right[name]} of {total}"
            print(
                f"| {kind.__name__} | {name} | {row} | {one[name]:.2f} | {many[name]:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()

"""What the installed PyTorch answers to the questions of the page "Which PyTorch".

Asks the functions of the page and those below, which need onnx, onnxscript and onnxruntime or
depend on the platform, and prints one row of Markdown for each, with what the page says about
this release:

    make test TORCH=2.15.0
    .cache/torch-2.15.0/bin/python -m pip install onnxscript onnxruntime
    .cache/torch-2.15.0/bin/python benchmarks/releases.py
"""

import io
import logging
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.export import Dim

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from claimdown.page import Code  # noqa: E402 -- needs the path
from claimdown.reader import read  # noqa: E402 -- needs the path

PAGE = ROOT / "docs/en/look-up/which-pytorch.md"
KINDS = (nn.RNN, nn.LSTM, nn.GRU)
Question = Callable[[Tensor], object]
NEEDED = ("onnx", "onnxscript", "onnxruntime")


def written(network: nn.Module, x: Tensor, **options: Any) -> str:
    """Export a network, called on `x`, to a file of ONNX; return the path."""
    file = Path(tempfile.mkdtemp()) / "network.onnx"
    torch.onnx.export(network, (x,), str(file), **options)
    return str(file)


def nodes(file: str) -> str:
    """Say how many nodes of its own a recurrent layer has become, or that it is unrolled."""
    import onnx

    found = Counter(node.op_type for node in onnx.load(file).graph.node)
    kinds = [f"{found[kind.__name__]} {kind.__name__}" for kind in KINDS if found[kind.__name__]]
    return kinds[0] if kinds else "unrolled"


def agreement(network: nn.Module, file: str, input: Tensor) -> str:
    """Say whether ONNX Runtime computes what the network does."""
    import onnxruntime

    session = onnxruntime.InferenceSession(file)
    (theirs, *_) = session.run(None, {session.get_inputs()[0].name: input.numpy()})
    ours = network(input)[0].detach()
    if theirs.shape != tuple(ours.shape):
        return "wrong shape"
    return "works" if (torch.from_numpy(theirs) - ours).abs().max() < 1e-5 else "wrong"


def of_each(found: Callable[[nn.Module], str]) -> str:
    """Ask of each kind of layer; name the kinds where they differ."""
    said = {}
    for kind in KINDS:
        torch.manual_seed(0)
        try:
            said[kind.__name__] = found(kind(5, 6))
        except Exception as error:
            said[kind.__name__] = type(error).__name__
    if len(set(said.values())) == 1:
        return said["RNN"]
    return ", ".join(f"{name}: {what}" for name, what in said.items())


def onnx_nodes(x: Tensor) -> str:
    return of_each(lambda network: nodes(written(network, x, dynamo=True)))


def onnx_other_batch(x: Tensor) -> str:
    shapes = ({1: Dim("batch")},)
    return of_each(
        lambda network: agreement(
            network, written(network, x, dynamo=True, dynamic_shapes=shapes), torch.ones(3, 2, 5)
        )
    )


def onnx_other_length(x: Tensor) -> str:
    shapes = ({0: Dim("time")},)
    return of_each(
        lambda network: agreement(
            network, written(network, x, dynamo=True, dynamic_shapes=shapes), torch.ones(7, 4, 5)
        )
    )


def onnx_projection(x: Tensor) -> str:
    network = nn.LSTM(5, 6, proj_size=3)
    return agreement(network, written(network, x, dynamo=True), x)


def old_onnx_other_shape(x: Tensor) -> str:
    options = {"dynamo": False, "input_names": ["x"], "dynamic_axes": {"x": [0, 1]}}
    return of_each(
        lambda network: agreement(network, written(network, x, **options), torch.ones(7, 2, 5))
    )


def dropped(x: Tensor) -> str:
    torch.manual_seed(0)
    return "".join(str(int(kept)) for kept in nn.functional.dropout(torch.ones(64), 0.5)[:8] / 2)


QUESTIONS = (onnx_nodes, onnx_other_batch, onnx_other_length, onnx_projection, old_onnx_other_shape)


def quietly(answer: Callable[[Question], str], question: Question) -> str:
    """Ask, without what exporters print; name packages that are missing."""
    missing = [name for name in NEEDED if question in QUESTIONS and not installed(name)]
    if missing:
        return f"not asked: needs {', '.join(missing)}"
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return answer(question)


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield each question with the answer and with what the page says of this release."""
    page: dict[str, Any] = {"__name__": "__main__"}  # where torch.compile looks for it
    with redirect_stdout(io.StringIO()):  # what the page prints is an answer for all releases
        for block in read(PAGE).of(Code):
            exec(compile(block.code, str(PAGE), "exec"), page)
    release = torch.__version__.partition("+")[0]
    known = release in page["RELEASES"]
    for question in (*page["QUESTIONS"], *QUESTIONS, dropped):
        name = question.__name__
        said = page["ANSWERS"][name][page["RELEASES"].index(release)] if known else "nothing"
        yield name, quietly(page["answer"], question), said


def main() -> None:
    logging.disable()  # exporters report their progress
    about = [f"{name} {installed(name) or 'missing'}" for name in NEEDED]
    cpu = torch.backends.cpu.get_cpu_capability()
    print(
        f"torch {torch.__version__}, Python {platform.python_version()}, {cpu},", ", ".join(about)
    )
    print("\n| question | answer | the page |\n| --- | --- | --- |")
    for name, found, said in rows():
        print(f"| {name} | {found} | {'the same' if found == said else said} |", flush=True)


if __name__ == "__main__":
    main()

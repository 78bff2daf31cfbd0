"""What reads a module as a program: compilers, exporters, tracers, and function transforms."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounter
from torch.export import Dim
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

import rnn_tutorial
from tests.package.side_by_side import (
    CELLS,
    DEEP,
    ONE_EACH,
    SIDES,
    Case,
    assert_does_the_same,
    assert_same,
    assert_works_where_theirs_does,
    cases,
    loss,
    outcome,
    parts,
    train,
)

pytestmark = [
    # A fault of Python 3.13.0, gone in 3.13.1, makes PyTorch's guards slower; PyTorch says so.
    pytest.mark.filterwarnings("ignore:Guards may run slower on Python 3.13.0"),
    pytest.mark.filterwarnings("ignore:`torch.jit"),
    # Where a graph breaks, Dynamo looks at `.grad` of what the next one reads.
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf"),
    # Of torch.nn's own, which do this in every call.
    pytest.mark.filterwarnings("ignore:The tensor attributes self._flat_weights"),
    pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated"),
]
BOTH = ONE_EACH + DEEP
LAYOUTS = cases(["LSTM", "GRU"], [1], [2], ["batch first", "one"])
BATCH_FIRST = cases(["LSTM"], [1], [2], ["batch first"])
FEW = cases(["tanh", "LSTM", "GRU"], [1], [1], ["batch"])
DEEP_FEW = cases(["LSTM", "GRU"], [2], [2], ["batch"])
CELL_CASES = [cell for cell in CELLS if cell.id.endswith("batch")]


@pytest.fixture(autouse=True)
def forgotten_graphs() -> Iterator[None]:
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def with_batch(x: Tensor, size: int, axis: int) -> Tensor:
    """Draw an input like x with another number of sequences."""
    shape = list(x.shape)
    shape[axis] = size
    return torch.randn(shape, dtype=x.dtype)


# ---- torch.compile ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "backend"),
    [
        pytest.param(case.values[0], backend, id=f"{case.id}-{backend}")
        for group, backend in (
            (DEEP, "eager"),
            (FEW + CELL_CASES, "aot_eager"),
            (LAYOUTS, "eager"),
        )
        for case in group
    ],
)
def test_one_graph_in_training(case: Case, backend: str) -> None:
    module, x, hx = case.module(rnn_tutorial), case.input(), case.state()
    expected = train(module, x, hx)
    expected = [part.detach().clone() for part in (*parts(expected[0]), *expected[1].values())]
    module.zero_grad()
    result, grads = train(torch.compile(module, fullgraph=True, backend=backend), x, hx)
    assert_same([p.detach() for p in (*parts(result), *grads.values())], expected)


@pytest.mark.parametrize("case", FEW + CELL_CASES)
def test_one_graph_in_inference(case: Case) -> None:
    module = case.module(rnn_tutorial)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    for context in (torch.no_grad, torch.inference_mode):
        with context():
            assert_same(parts(compiled(case.input())), parts(module(case.input())))


@pytest.mark.parametrize("case", FEW + BATCH_FIRST)
def test_no_graph_for_each_batch_size(case: Case) -> None:
    axis = 0 if case.layout == "batch first" else 1
    counter, module = CompileCounter(), case.module(rnn_tutorial)
    compiled = torch.compile(module, fullgraph=True, backend=counter)
    for size in range(1, 13):
        x = with_batch(case.input(), size, axis)
        assert_same(compiled(x), module(x))
    # One sequence is a case of its own to PyTorch; then a size, then any size.
    assert counter.frame_count <= 3


@pytest.mark.parametrize("case", cases(["LSTM", "GRU"], [1], [1], ["packed", "shuffled"]))
def test_a_packed_batch_compiles_with_breaks(case: Case) -> None:
    # Its lengths are numbers in a tensor: neither torch.nn's nor ours is one graph.
    module = case.module(rnn_tutorial)
    compiled = torch.compile(module, backend="eager")
    assert_same(train(compiled, case.input())[0], module(case.input()))


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_neither_compiles_a_packed_batch_into_one_graph(name: str) -> None:
    batch = cases(["GRU"], [1], [1], ["packed"])[0].values[0].input()
    for package in SIDES:
        torch.compiler.reset()
        module = getattr(package, name)(5, 6, dtype=torch.float64)
        with (
            torch._dynamo.config.patch(allow_rnn=True),
            pytest.raises((torch._dynamo.exc.Unsupported, torch._dynamo.exc.UserError)),
        ):
            torch.compile(module, fullgraph=True, backend="eager")(batch)


def test_a_graph_for_each_length() -> None:
    # torch.nn's LSTM alone needs no more than two, once its flag is set.
    counts = {}
    for package in SIDES:
        for name in ("LSTM", "GRU"):
            torch.compiler.reset()
            counter, module = CompileCounter(), getattr(package, name)(5, 6)
            with torch._dynamo.config.patch(allow_rnn=True):
                compiled = torch.compile(module, fullgraph=True, backend=counter)
                for length in (2, 3, 4):
                    compiled(torch.ones(length, 4, 5))
            counts[package.__name__, name] = counter.frame_count
    assert counts.pop(("torch.nn", "LSTM")) <= 2
    assert set(counts.values()) == {3}


class Operations(TorchDispatchMode):
    """Writes down the name of every operation."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"])
def test_no_fused_layer_is_called(name: str) -> None:
    with Operations() as seen:
        getattr(rnn_tutorial, name)(5, 6)(torch.ones(4, 5))
    assert seen.names
    assert not [n for n in seen.names if "rnn" in n or "lstm" in n or "gru" in n]
    if name == "LSTM" and torch.backends.mkldnn.is_available():
        with Operations() as seen:
            nn.LSTM(5, 6)(torch.ones(4, 5))
        assert "mkldnn_rnn_layer" in seen.names


def test_a_model_around_it_is_one_graph() -> None:
    class Tagger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(9, 5)
            self.layer = rnn_tutorial.LSTM(
                5, 6, 2, bidirectional=True, batch_first=True, dropout=0.0
            )
            self.head = nn.Linear(12, 3)

        def forward(self, words: Tensor) -> Tensor:
            self.layer.flatten_parameters()
            return self.head(self.layer(self.embedding(words))[0])

    model, words = Tagger(), torch.randint(0, 9, (4, 3))
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    assert_same(compiled(words), model(words), 1e-5)


@pytest.mark.parametrize("case", FEW)
def test_a_changed_weight_is_seen_by_the_graph(case: Case) -> None:
    module, x = case.module(rnn_tutorial), case.input()
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    compiled(x)
    with torch.no_grad():
        module.weight_hh_l0.mul_(0.5)
    assert_same(compiled(x), module(x))
    module.weight_ih_l0 = nn.Parameter(module.weight_ih_l0.detach() * 2)
    assert_same(compiled(x), module(x))
    module.load_state_dict({k: v * 0.5 for k, v in module.state_dict().items()}, assign=True)
    assert_same(compiled(x), module(x))
    assert_same(compiled(x, case.state()), module(x, case.state()))


# ---- torch.export -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "strict"),
    [
        pytest.param(case.values[0], strict, id=f"{case.id}-{'strict' if strict else 'loose'}")
        for group, strict in ((FEW + BATCH_FIRST, False), (FEW[1:2], True))
        for case in group
    ],
)
def test_export_with_any_batch_size(case: Case, strict: bool) -> None:
    axis = 0 if case.layout == "batch first" else 1

    def script(package: Any) -> Any:
        module, batch = case.module(package).eval(), Dim("n", min=1, max=64)
        shapes = ({axis: batch},)
        program = torch.export.export(module, (case.input(),), dynamic_shapes=shapes, strict=strict)
        torch.manual_seed(4)
        results = [program.module()(with_batch(case.input(), n, axis)) for n in (1, 2, 9, 64)]
        try:
            program.module()(with_batch(case.input(), 65, axis))
        except Exception as error:
            return results, type(error)
        return results, None

    # A loose export of PyTorch 2.6 takes `_flat_weights` for buffers that nobody registered.
    theirs_cannot = not strict and torch.torch_version.TorchVersion(torch.__version__) < (2, 13)
    assert assert_works_where_theirs_does(script) or theirs_cannot
    results = script(rnn_tutorial)[0]
    module = case.module(rnn_tutorial)
    torch.manual_seed(4)
    assert_same(results, [module(with_batch(case.input(), n, axis)) for n in (1, 2, 9, 64)])


@pytest.mark.parametrize("case", FEW)
def test_export_with_a_state_of_any_batch_size(case: Case) -> None:
    batch = Dim("n", min=1, max=64)
    shapes: Any = {1: batch}
    hx = case.state()
    given: Any = ({1: batch}, (shapes, shapes) if isinstance(hx, tuple) else shapes)
    module = case.module(rnn_tutorial).eval()
    program = torch.export.export(module, (case.input(), hx), dynamic_shapes=given)
    x = with_batch(case.input(), 9, 1)
    wide = [with_batch(part, 9, 1) for part in parts(hx)]
    other: Any = tuple(wide) if isinstance(hx, tuple) else wide[0]
    assert_same(program.module()(x, other), module(x, other))


@pytest.mark.parametrize("case", FEW)
def test_export_of_any_length_is_refused_alike(case: Case) -> None:
    def script(package: Any) -> Any:
        length = Dim("t", min=2, max=64)
        shapes = ({0: length},)
        return torch.export.export(case.module(package), (case.input(),), dynamic_shapes=shapes)

    for package in SIDES:
        message = outcome(script, package).message
        # The second is PyTorch 2.6's.
        assert any(
            f"t {words}" in message for words in ("as dynamic", "was inferred to be a constant")
        )


@pytest.mark.parametrize("case", CELL_CASES)
def test_export_of_cells(case: Case) -> None:
    def script(package: Any) -> Any:
        shapes = ({0: Dim("n", min=1, max=64)},)
        program = torch.export.export(case.module(package), (case.input(),), dynamic_shapes=shapes)
        return program.module()(torch.ones(9, 5, dtype=case.dtype))

    assert assert_works_where_theirs_does(script)


# ---- ONNX, the exporter that needs no other package ---------------------------------------------


def onnx_result(path: Path, x: Tensor) -> list[Tensor]:
    model = onnx.load(path)
    onnx.checker.check_model(model)
    names = [entry.name for entry in model.graph.input]
    run = ReferenceEvaluator(model).run(None, {names[0]: x.numpy()})
    return [torch.from_numpy(result) for result in run]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", FEW)
def test_legacy_onnx_file_with_any_batch_size(case: Case, tmp_path: Path) -> None:
    axis = 0 if case.layout == "batch first" else 1
    case = Case(case.name, case.options, case.layout, torch.float32)
    module, path = case.module(rnn_tutorial).eval(), tmp_path / "network.onnx"
    names = ["output", "h_n", "c_n"][: 3 if case.name == "LSTM" else 2]
    torch.onnx.export(
        module, (case.input(),), path, dynamo=False, input_names=["x"], output_names=names,
        dynamic_axes={"x": {axis: "n"}},
    )  # fmt: skip
    with torch.no_grad():
        for size in (1, 4, 9):
            x = with_batch(case.input(), size, axis)
            assert_same(onnx_result(path, x), parts(module(x)), 1e-5)


# ---- TorchScript and torch.fx -------------------------------------------------------------------


class First(nn.Module):
    """A model that returns a network's output."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)[0]


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("case", BOTH + LAYOUTS)
def test_a_trace_holds_for_any_batch_size(case: Case) -> None:
    if case.layout == "one":
        sizes, axis = [3], 0
    else:
        sizes, axis = [1, 2, 9], 0 if case.layout == "batch first" else 1

    def script(package: Any) -> Any:
        model = First(case.module(package))
        traced = torch.jit.trace(model, case.input())
        torch.manual_seed(4)
        return [traced(with_batch(case.input(), n, axis)) for n in sizes]

    assert_does_the_same(script)


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("case", BOTH + LAYOUTS)
def test_a_trace_is_never_wrong_at_another_length(case: Case) -> None:
    # The loop over time is unrolled at the length of the example; torch.nn's is one call.
    module = First(case.module(rnn_tutorial))
    traced = torch.jit.trace(module, case.input())
    axis = 1 if case.layout == "batch first" else 0
    for length in (1, 2, 6, 7):
        with pytest.raises(RuntimeError):
            traced(with_batch(case.input(), length, axis))


@pytest.mark.parametrize("case", BOTH)
def test_what_torchscript_and_fx_cannot_read(case: Case) -> None:
    x = case.input()
    assert torch.jit.script(First(case.module(nn)))(x).shape == case.module(nn)(x)[0].shape
    with pytest.raises((RuntimeError, torch.jit.frontend.NotSupportedError)):
        torch.jit.script(First(case.module(rnn_tutorial)))
    assert torch.fx.symbolic_trace(First(case.module(nn)))(x).shape == case.module(nn)(x)[0].shape
    with pytest.raises(torch.fx.proxy.TraceError):
        torch.fx.symbolic_trace(First(case.module(rnn_tutorial)))


@pytest.mark.parametrize("case", BOTH)
def test_fx_reads_a_model_in_which_it_is_a_leaf(case: Case) -> None:
    class Tracer(torch.fx.Tracer):
        def is_leaf_module(self, module: nn.Module, name: str) -> bool:
            return isinstance(module, rnn_tutorial.RNNBase) or super().is_leaf_module(module, name)

    model = First(case.module(rnn_tutorial))
    graph = torch.fx.GraphModule(model, Tracer().trace(model))
    assert_same(graph(case.input()), model(case.input()))


# ---- functions of functions ---------------------------------------------------------------------


@pytest.mark.parametrize("case", BOTH)
def test_per_sample_gradients(case: Case) -> None:
    module, x = case.module(rnn_tutorial), case.input()
    parameters = {name: p.detach() for name, p in module.named_parameters()}

    def value(weights: Any, sample: Tensor) -> Tensor:
        return loss(torch.func.functional_call(module, weights, (sample.unsqueeze(1),)))

    together = torch.func.vmap(torch.func.grad(value), in_dims=(None, 1))(parameters, x)
    for n, sample in enumerate(x.unbind(1)):
        alone = torch.func.grad(value)(parameters, sample)
        assert_same({name: g[n] for name, g in together.items()}, alone, 1e-10)


@pytest.mark.parametrize("case", BOTH + CELL_CASES)
def test_jvp_and_hessian(case: Case) -> None:
    module, x = case.module(rnn_tutorial).requires_grad_(False), case.input()
    torch.manual_seed(4)
    tangent = torch.randn_like(x)

    def value(x: Tensor) -> Tensor:
        return loss(module(x))

    _, forward = torch.func.jvp(value, (x,), (tangent,))
    gradient = torch.func.grad(value)(x)
    assert_same(forward, (gradient * tangent).sum(), 1e-10)
    _, twice = torch.func.jvp(torch.func.grad(value), (x,), (tangent,))
    moved = torch.func.grad(value)
    step = 1e-6
    numeric = (moved(x + step * tangent) - moved(x - step * tangent)) / (2 * step)
    assert_same(twice, numeric, 1e-6)


@pytest.mark.parametrize("case", BOTH + CELL_CASES)
def test_gradients_of_gradients(case: Case) -> None:
    def script(package: Any) -> Any:
        module, x = case.module(package), case.input().requires_grad_()
        (first,) = torch.autograd.grad(loss(module(x)), x, create_graph=True)
        first.square().sum().backward()
        return first.detach(), [p.grad for p in module.parameters()], x.grad

    assert isinstance(assert_does_the_same(script, bound=1e-9), tuple)


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize("case", BOTH + CELL_CASES)
def test_checkpointed(case: Case, reentrant: bool) -> None:
    def script(package: Any) -> Any:
        module, x = case.module(package), case.input().requires_grad_()
        hx = case.state()
        result = checkpoint(module, x, hx, use_reentrant=reentrant)
        loss(result).backward()
        return result, [p.grad for p in module.parameters()], x.grad

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", BOTH + CELL_CASES)
def test_other_parameters_for_one_call(case: Case) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        weights = {n: torch.full_like(p, 0.1) for n, p in module.named_parameters()}
        some = dict(itertools.islice(weights.items(), 2))
        x = case.input()
        call = torch.func.functional_call
        return (
            call(module, weights, (x,)),
            call(module, some, (x,), {"hx": case.state()}),
            module(x),
        )

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", BOTH + CELL_CASES)
def test_many_networks_at_once(case: Case) -> None:
    modules = [case.module(rnn_tutorial) for _ in range(3)]
    for k, module in enumerate(modules):
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.mul_(1 + k / 4)
    stacked, buffers = torch.func.stack_module_state(modules)

    x = case.input()

    def call(parameters: Any, buffers: Any) -> Any:
        return torch.func.functional_call(modules[0], (parameters, buffers), (x,))

    together = torch.func.vmap(call)(stacked, buffers)
    alone = [parts(module(x)) for module in modules]
    for k, part in enumerate(parts(together)):
        assert_same(part, torch.stack([one[k] for one in alone]))

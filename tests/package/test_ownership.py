"""Results belong to the caller: they own their memory, and editing them in place works."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import rnn_tutorial
from tests.package.side_by_side import (
    ALL,
    CELLS,
    Case,
    assert_works_where_theirs_does,
    cases,
    loss,
    parts,
    train,
)

FLOAT32 = [
    pytest.param(*case.values, id=f"{case.id}-float32") for case in cases(dtype=torch.float32)
]
EDITS: dict[str, Callable[[Tensor], Any]] = {
    "zero_": lambda t: t.zero_(),
    "mul_": lambda t: t.mul_(2),
    "detach_": lambda t: t.detach_(),
    "t[-1] = ": lambda t: t.__setitem__(-1, 0.5),
    "requires_grad_": lambda t: t.requires_grad_(),
}


@pytest.mark.parametrize("grad", [True, False], ids=["grad", "no_grad"])
@pytest.mark.parametrize("case", ALL + FLOAT32 + CELLS)
def test_every_edit_that_works_there(case: Case, grad: bool) -> None:
    # Each part of the result in turn is edited; then all parts are looked at, so that an edit
    # which reaches another part, or the state that was passed in, is seen.
    sides, worked = (case.module(nn), case.module(rnn_tutorial)), 0
    for edit in EDITS.values():
        for which in range(len(parts(case.state())) + (not case.name.endswith("Cell"))):

            def script(module: nn.Module, edit: Any = edit, which: int = which) -> Any:
                hx = case.state()
                with torch.set_grad_enabled(grad):
                    result = parts(module(case.input(), hx))
                    edit(result[which])
                return [part.detach() for part in result], hx

            worked += assert_works_where_theirs_does(script, sides, bound(case))
    assert worked > 0


def bound(case: Case) -> float:
    return 1e-12 if case.dtype is torch.float64 else 1e-5


@pytest.mark.parametrize("case", ALL + FLOAT32)
def test_each_result_has_memory_of_its_own(case: Case) -> None:
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            module, hx, x = case.module(rnn_tutorial), case.state(), case.input()
            for given in (None, hx):
                result = parts(module(x, given))
                owners = [*result, *parts(x), *module.parameters(), *parts(hx)]
                places = [owner.untyped_storage().data_ptr() for owner in owners]
                assert len(set(places)) == len(places)
                for part in result:
                    assert part.untyped_storage().nbytes() == part.numel() * part.element_size()
                    assert not part._is_view()


@pytest.mark.parametrize("case", ALL)
def test_a_saved_part_is_as_large_as_it_is(case: Case) -> None:
    def size(part: Tensor) -> int:
        file = io.BytesIO()
        torch.save(part, file)
        return len(file.getvalue())

    with torch.no_grad():
        for part in parts(case.module(rnn_tutorial)(case.input())):
            assert size(part) <= size(part.clone())


@pytest.mark.parametrize("case", ALL)
def test_a_module_does_not_edit_what_it_reads(case: Case) -> None:
    for grad in (True, False):
        module, x, hx = case.module(rnn_tutorial), case.input(), case.state()
        before = [t.clone() for t in (*parts(x), *parts(hx), *module.parameters())]
        with torch.set_grad_enabled(grad):
            module(x, hx)
        after = [*parts(x), *parts(hx), *module.parameters()]
        assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("case", ALL)
def test_truncated_backpropagation_that_detaches_in_place(case: Case) -> None:
    def script(package: Any) -> Any:
        module, hx, steps = case.module(package), None, []
        for _ in range(3):
            module.zero_grad()
            result = module(case.input(), hx)
            loss(result).backward()
            hx = result[1]
            for part in parts(hx):
                part.detach_()
            steps.append([*parts(result), *(p.grad.clone() for p in module.parameters())])
        return steps

    # For one sequence, torch.nn's own state is a view, and cannot be detached in place.
    assert assert_works_where_theirs_does(script) or case.layout == "one"


@pytest.mark.parametrize("case", ALL)
def test_a_state_that_is_reset_where_a_sequence_ended(case: Case) -> None:
    def script(package: Any) -> Any:
        module, hx = case.module(package), case.state()
        with torch.no_grad():
            for _ in range(3):
                _, hx = module(case.input(), hx)
                for part in parts(hx):
                    part[:, 0 if part.dim() == 2 else slice(0, 1)] = 0
        return module(case.input(), hx)

    assert assert_works_where_theirs_does(script)


@pytest.mark.parametrize("case", ALL)
def test_an_edit_before_backward(case: Case) -> None:
    # What the backward pass needs is not what the caller holds; torch.nn's may return it, and
    # then raises.
    for edit in ("mul_", "zero_"):
        for which in range(3 if case.name == "LSTM" else 2):

            def script(package: Any, edit: str = edit, which: int = which) -> Any:
                module = case.module(package)
                result = module(case.input(), case.state())
                part = parts(result)[which]
                part.mul_(2) if edit == "mul_" else part.zero_()
                loss(result).backward()
                return [p.grad for p in module.parameters()]

            assert_works_where_theirs_does(script)


@pytest.mark.parametrize("case", ALL)
def test_inference_tensors(case: Case) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        with torch.inference_mode():
            result = module(case.input())
            for part in parts(result[1]):
                part.mul_(0.5)
            again = module(case.input(), result[1])
        flags = [part.is_inference() for part in parts(again)]
        return flags, train(module, case.input(), None)

    assert assert_works_where_theirs_does(script)


@pytest.mark.parametrize("bidirectional", [False, True], ids=["D1", "D2"])
@pytest.mark.parametrize("name", ["RNN", "LSTM", "GRU"])
def test_a_compiled_network_gives_an_output_that_can_be_detached(
    name: str, bidirectional: bool
) -> None:
    network = getattr(rnn_tutorial, name)(5, 6, batch_first=True, bidirectional=bidirectional)
    compiled = torch.compile(network, fullgraph=True, backend="eager")
    output, _ = compiled(torch.randn(4, 3, 5))
    output.mul_(2).detach_()
    assert not output.requires_grad

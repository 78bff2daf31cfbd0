"""What users do to weights: drop, prune, norm, share, freeze, replace, copy, move, load."""

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize, prune

import rnn_tutorial
from tests.package.side_by_side import (
    CELLS,
    DEEP,
    ONE_EACH,
    Case,
    Raised,
    assert_does_the_same,
    assert_same,
    assert_works_where_theirs_does,
    gradients,
    loss,
    outcome,
    train,
)

CASES = ONE_EACH + DEEP
ALL_MODULES = CASES + [cell for cell in CELLS if cell.id.endswith("batch")]


class Half(nn.Module):
    def forward(self, weight: Tensor) -> Tensor:
        return weight * 0.5


def name_of(module: nn.Module, kind: str = "weight_hh") -> str:
    """Return the name of a parameter of this kind."""
    return next(name for name, _ in module.named_parameters() if name.startswith(kind))


class WeightDrop(nn.Module):
    """AWD-LSTM's dropped hidden weights, as fastai and Salesforce write them."""

    def __init__(self, module: nn.Module, style: str) -> None:
        super().__init__()
        self.module, self.style = module, style
        self.names = [n for n, _ in module.named_parameters() if n.startswith("weight_hh")]
        for name in self.names:
            weight = getattr(module, name)
            self.register_parameter(f"{name}_raw", nn.Parameter(weight.detach().clone()))
            if style == "salesforce":
                del module._parameters[name]
            elif style == "fastai":
                module._parameters[name] = weight.detach().clone()
        if isinstance(module, (nn.RNNBase, rnn_tutorial.RNNBase)):
            module.flatten_parameters = self.nothing

    def nothing(self) -> None:
        """As both libraries replace `flatten_parameters`."""

    def forward(self, *arguments: Any) -> Any:
        for name in self.names:
            raw = getattr(self, f"{name}_raw")
            dropped = nn.functional.dropout(raw, 0.5, training=self.training)
            if self.style == "fastai":
                self.module._parameters[name] = dropped
            elif self.style == "delattr":
                if hasattr(self.module, name):
                    delattr(self.module, name)
                setattr(self.module, name, dropped)
            else:
                setattr(self.module, name, dropped)
        return self.module(*arguments)


@pytest.mark.parametrize("style", ["fastai", "salesforce", "delattr"])
@pytest.mark.parametrize("case", ALL_MODULES)
def test_weight_drop(case: Case, style: str) -> None:
    def script(package: Any) -> Any:
        model = WeightDrop(case.module(package), style)
        torch.manual_seed(4)
        trained = [train(model, case.input(), case.state()) for _ in range(2)]
        return trained, list(model.state_dict()), train(model.eval(), case.input())

    assert_does_the_same(script)


def test_weight_drop_is_seen() -> None:
    model = WeightDrop(rnn_tutorial.LSTM(5, 6), "salesforce")
    assert not torch.equal(model(torch.ones(3, 1, 5))[0], model(torch.ones(3, 1, 5))[0])


# ---- `_flat_weights` and `_all_weights` ---------------------------------------------------------


FLAT: dict[str, Callable[[Any], Any]] = {
    "a list": lambda m: setattr(m, "_flat_weights", [w * 0.5 for w in m._flat_weights]),
    "a list of the parameters": lambda m: setattr(
        m, "_flat_weights", [getattr(m, n) for n in m._flat_weights_names]
    ),
    "in place": lambda m: m._flat_weights[1].data.mul_(0.5),
    "parameter data": lambda m: setattr(m.weight_hh_l0, "data", m.weight_hh_l0.data * 0.5),
    "initialised": lambda m: [nn.init.ones_(w) for w in m._flat_weights if w.dim() == 1],
    "all_weights": lambda m: [nn.init.orthogonal_(w) for ws in m.all_weights for w in ws[:2]],
    "_all_weights": lambda m: [
        getattr(m, n).data.mul_(2) for ns in m._all_weights for n in ns if n.startswith("weight")
    ],
    "then a parameter": lambda m: (
        setattr(m, "_flat_weights", [w * 0.5 for w in m._flat_weights]),
        setattr(m, "weight_hh_l0", nn.Parameter(m.weight_hh_l0 * 2)),
    ),
    "then flattened": lambda m: (
        setattr(m, "_flat_weights", [w * 0.5 for w in m._flat_weights]),
        m.flatten_parameters(),
    ),
    "a new parameter": lambda m: setattr(m, "weight_ih_l0", nn.Parameter(m.weight_ih_l0 * 2)),
    "register_parameter": lambda m: m.register_parameter(
        "weight_ih_l0", nn.Parameter(m.weight_ih_l0.detach() * 2)
    ),
    "_parameters": lambda m: m._parameters.__setitem__(
        "weight_ih_l0", nn.Parameter(m.weight_ih_l0.detach() * 2)
    ),
    "a tensor without del": lambda m: setattr(m, "weight_ih_l0", m.weight_ih_l0 * 2),
    "a buffer": lambda m: as_buffer(m, "weight_ih_l0"),
    "None": lambda m: setattr(m, "bias_hh_l0", None),
}


@pytest.mark.parametrize("edit", FLAT)
@pytest.mark.parametrize("case", CASES)
def test_flat_weights(case: Case, edit: str) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        FLAT[edit](module)
        return train(module, case.input(), case.state()), list(module.state_dict())

    assert_works_where_theirs_does(script)


def as_buffer(module: nn.Module, name: str) -> None:
    delattr(module, name)
    module.register_buffer(name, torch.ones(module.hidden_size, 5))


def set_one(module: Any) -> None:
    module._flat_weights[1] = module._flat_weights[1] * 0.5


def set_all(module: Any) -> None:
    module._flat_weights[:] = [weight * 0.5 for weight in module._flat_weights]


@pytest.mark.parametrize("edit", [set_one, set_all])
@pytest.mark.parametrize("case", CASES)
def test_flat_weights_by_index_are_used_or_refused(case: Case, edit: Callable[[Any], None]) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        edit(module)
        return train(module, case.input(), case.state())

    actual = outcome(script, rnn_tutorial)
    if isinstance(actual, Raised):
        assert actual.type is TypeError
    else:
        assert_same(actual, outcome(script, nn))


@pytest.mark.parametrize("case", CASES)
def test_flat_weights_are_the_parameters(case: Case) -> None:
    module = case.module(rnn_tutorial)
    for change in (
        lambda: None,
        lambda: module.float().double(),
        lambda: module.load_state_dict(module.state_dict(), assign=True),
        lambda: module.share_memory(),
        lambda: setattr(module, "weight_hh_l0", nn.Parameter(module.weight_hh_l0.detach() * 2)),
    ):
        change()
        module(case.input())
        named = dict(module.named_parameters())
        assert [named[n] is w for n, w in zip(named, module._flat_weights, strict=True)]
        assert all(named[n] is w for n, w in zip(named, module._flat_weights, strict=True))
        assert [w for ws in module.all_weights for w in ws] == module._flat_weights or all(
            a is b
            for a, b in zip(
                [w for ws in module.all_weights for w in ws], module._flat_weights, strict=True
            )
        )


# ---- prune, parametrize -------------------------------------------------------------------------

PARAMETRISED: dict[str, Callable[[nn.Module, str], Any]] = {
    "prune": lambda m, n: prune.l1_unstructured(m, n, amount=0.5),
    "prune ln": lambda m, n: prune.ln_structured(m, n, amount=0.5, n=2, dim=0),
    "prune random": lambda m, n: prune.random_unstructured(m, n, amount=0.5),
    "prune twice": lambda m, n: (
        prune.l1_unstructured(m, n, amount=0.3),
        prune.l1_unstructured(m, n, amount=0.3),
    ),
    "prune removed": lambda m, n: (prune.l1_unstructured(m, n, amount=0.5), prune.remove(m, n)),
    "prune custom": lambda m, n: prune.custom_from_mask(m, n, torch.eye(*getattr(m, n).shape)),
    "prune global": lambda m, n: prune.global_unstructured(
        [(m, n)], pruning_method=prune.L1Unstructured, amount=0.4
    ),
    "weight_norm": lambda m, n: parametrizations.weight_norm(m, n),
    "spectral_norm": lambda m, n: parametrizations.spectral_norm(m, n, n_power_iterations=99),
    "orthogonal": lambda m, n: parametrizations.orthogonal(m, n),
    "parametrization": lambda m, n: parametrize.register_parametrization(m, n, Half()),
    "unsafe": lambda m, n: parametrize.register_parametrization(m, n, Half(), unsafe=True),
    "removed": lambda m, n: (
        parametrize.register_parametrization(m, n, Half()),
        parametrize.remove_parametrizations(m, n, leave_parametrized=True),
    ),
    "old weight_norm": lambda m, n: nn.utils.weight_norm(m, n),
    "old weight_norm removed": lambda m, n: nn.utils.remove_weight_norm(
        nn.utils.weight_norm(m, n), n
    ),
    "old spectral_norm": lambda m, n: nn.utils.spectral_norm(m, n, n_power_iterations=99),
}


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
@pytest.mark.parametrize("kind", ["weight_hh", "weight_ih"])
@pytest.mark.parametrize("how", PARAMETRISED)
@pytest.mark.parametrize("case", ALL_MODULES)
def test_prune_and_parametrize(case: Case, how: str, kind: str) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        PARAMETRISED[how](module, name_of(module, kind))
        optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
        steps = []
        for _ in range(2):
            optimizer.zero_grad()
            steps.append(train(module, case.input(), case.state()))
            optimizer.step()
        with torch.no_grad():
            module.eval()
            steps.append(module(case.input()))
        return steps, list(module.state_dict())

    assert_does_the_same(script, bound=1e-9)


@pytest.mark.parametrize("case", CASES)
def test_cached_parametrizations(case: Case) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        parametrizations.weight_norm(module, "weight_hh_l0")
        with parametrize.cached():
            return [train(module, case.input(), case.state()) for _ in range(2)]

    assert_does_the_same(script)


# ---- sharing, freezing, groups ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tanh", "LSTM", "GRU"])
def test_layers_that_share_parameters(kind: str) -> None:
    name = {"tanh": "RNN"}.get(kind, kind)

    def script(package: Any) -> Any:
        torch.manual_seed(0)
        module = getattr(package, name)(6, 6, 3, bidirectional=False, dtype=torch.float64)
        for layer in (1, 2):
            for what in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                setattr(module, f"{what}_l{layer}", getattr(module, f"{what}_l0"))
        x = torch.randn(3, 4, 6, dtype=torch.float64)
        trained = train(module, x)
        file = io.BytesIO()
        torch.save(module.state_dict(), file)
        clone = copy.deepcopy(module)
        return (
            trained,
            len(list(module.parameters())),
            clone.weight_hh_l2 is clone.weight_hh_l0,
            train(clone.float().double(), x),
            clone.weight_hh_l2 is clone.weight_hh_l0,
            list(module.state_dict()),
        )

    assert_does_the_same(script, bound=1e-5)


@pytest.mark.parametrize("case", ALL_MODULES)
def test_two_modules_that_share_parameters(case: Case) -> None:
    def script(package: Any) -> Any:
        one, two = case.module(package), case.module(package)
        two.load_state_dict({k: torch.zeros_like(v) for k, v in two.state_dict().items()})
        for name, parameter in list(one.named_parameters()):
            setattr(two, name, parameter)
        both = nn.ModuleList([one, two])
        a, b = one(case.input()), two(case.input())
        (loss(a) + loss(b)).backward()
        return a, b, gradients(both), len(list(both.parameters()))

    assert_does_the_same(script)


@pytest.mark.parametrize("case", ALL_MODULES)
def test_single_weights_that_are_frozen(case: Case) -> None:
    def script(package: Any) -> Any:
        results = []
        names = [n for n, _ in case.module(package).named_parameters()]
        for frozen in ([n] for n in names):
            module = case.module(package)
            for name in frozen:
                getattr(module, name).requires_grad_(False)
            results.append(train(module, case.input(), case.state()))
        module = case.module(package).requires_grad_(False)
        results.append(module(case.input()))
        for name in names[:1]:
            getattr(module, name).requires_grad_()
        results.append(train(module, case.input(), case.state()))
        return results

    assert_does_the_same(script)


# ---- copies, files, devices ---------------------------------------------------------------------

COPIES: dict[str, Callable[[nn.Module], nn.Module]] = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda m: pickle.loads(pickle.dumps(m)),
    "setstate": lambda m: restored(m),
    "replicate": lambda m: replica(m),
    "float and double": lambda m: m.float().double(),
    "to": lambda m: m.to("cpu", torch.float64, non_blocking=True),
    "_apply": lambda m: m._apply(lambda t: t * 0.5),
    "_apply recurse": lambda m: m._apply(lambda t: t.clone(), recurse=False),
    "apply": lambda m: m.apply(lambda k: [nn.init.ones_(p) for p in k.parameters()] and None),
    "share_memory": lambda m: m.share_memory(),
    "to_empty": lambda m: filled(m.to_empty(device="cpu")),
    "to meta and back": lambda m: filled(m.to("meta").to_empty(device="cpu")),
    "assign": lambda m: loaded(m, {k: v * 2 for k, v in m.state_dict().items()}, assign=True),
    "load": lambda m: loaded(m, {k: v * 2 for k, v in m.state_dict().items()}, assign=False),
    "assign to meta": lambda m: loaded(m.to("meta"), weights(m), assign=True),
    "train and eval": lambda m: m.eval().train(),
    "requires_grad_": lambda m: m.requires_grad_(False).requires_grad_(True),
    "vector": lambda m: from_vector(m),
    "half and back": lambda m: m.half().double(),
    "type": lambda m: m.type(torch.float64),
    "cpu": lambda m: m.cpu(),
    "zero_grad": lambda m: m.zero_grad() or m,
}


def replica(module: nn.Module) -> nn.Module:
    """Do what `torch.nn.parallel.replicate` does: weights become tensors, not parameters."""
    made = module._replicate_for_data_parallel()
    for name, parameter in module._parameters.items():
        setattr(made, name, parameter * 2)
    return made


def restored(module: nn.Module) -> nn.Module:
    fresh = type(module).__new__(type(module))
    nn.Module.__init__(fresh)
    fresh.__setstate__(pickle.loads(pickle.dumps(module.__getstate__())))
    return fresh


def weights(module: nn.Module) -> dict[str, Tensor]:
    torch.manual_seed(7)
    return {
        k: torch.randn(v.shape, dtype=torch.float64) * 0.3 for k, v in module.state_dict().items()
    }


def filled(module: nn.Module) -> nn.Module:
    torch.manual_seed(6)
    module.reset_parameters()
    return module


def loaded(module: nn.Module, state: Any, assign: bool) -> nn.Module:
    module.load_state_dict(state, assign=assign)
    return module


def from_vector(module: nn.Module) -> nn.Module:
    vector = nn.utils.parameters_to_vector(module.parameters())
    nn.utils.vector_to_parameters(vector.detach() * 0.5, module.parameters())
    return module


@pytest.mark.parametrize("how", COPIES)
@pytest.mark.parametrize("case", ALL_MODULES)
def test_copies_files_and_devices(case: Case, how: str) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        module(case.input())
        changed = COPIES[how](module)
        trained = train(changed, case.input(), case.state())
        return trained, list(changed.state_dict()), repr(changed)

    expected = assert_does_the_same(script, bound=1e-5)
    assert isinstance(expected, tuple)


@pytest.mark.parametrize("how", ["deepcopy", "pickle", "copy"])
@pytest.mark.parametrize("change", ["weight_norm", "prune", "dropped", "hooked", "flat"])
@pytest.mark.parametrize("case", CASES)
def test_copies_of_changed_modules(case: Case, change: str, how: str) -> None:
    def script(package: Any) -> Any:
        module = case.module(package)
        if change == "weight_norm":
            parametrizations.weight_norm(module, "weight_hh_l0")
        elif change == "prune":
            prune.l1_unstructured(module, "weight_hh_l0", amount=0.5)
        elif change == "dropped":
            weight = module.weight_hh_l0.detach()
            del module.weight_hh_l0
            module.weight_hh_l0 = weight * 0.5
        elif change == "hooked":
            module.register_forward_hook(print_nothing)
        elif change == "flat":
            module._flat_weights = [w.detach() * 0.5 for w in module._flat_weights]
        module(case.input())
        return train(COPIES[how](module), case.input())

    assert_works_where_theirs_does(script)


def print_nothing(*_: Any) -> None:
    """Stand for a hook that can be pickled."""


@pytest.mark.parametrize("case", ALL_MODULES)
def test_meta_and_then_materialised(case: Case) -> None:
    def script(package: Any) -> Any:
        module = case.module(package, device="meta")
        shapes = module(case.input().to("meta"))
        module.to_empty(device="cpu")
        torch.manual_seed(5)
        module.reset_parameters()
        with torch.device("meta"):
            other = case.module(package)
        other.load_state_dict(module.state_dict(), assign=True)
        return shapes, train(module, case.input()), train(other, case.input())

    assert isinstance(assert_does_the_same(script), tuple)


@pytest.mark.parametrize("case", ALL_MODULES)
def test_swapped_tensors(case: Case) -> None:
    def script(package: Any) -> Any:
        torch.__future__.set_swap_module_params_on_conversion(True)
        try:
            return train(case.module(package).float().double(), case.input())
        finally:
            torch.__future__.set_swap_module_params_on_conversion(False)

    assert isinstance(assert_does_the_same(script, bound=1e-5), tuple)

"""Instead of `torch.nn`'s: models, training, and what PyTorch does to modules."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

import rnn_tutorial
from tests.package.reference import (
    CELLS,
    NETWORKS,
    apart,
    assert_alike,
    packed,
    pair,
    quietly,
    rounding,
    states,
    tensors,
)

# ---- models, which know the layers by their torch.nn interface only -----------------------------


class Tagger(nn.Module):
    """Labels every word: sentences of many lengths, packed, read in both directions."""

    def __init__(self, layer: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 8, padding_idx=0)
        self.lstm = layer(8, 7, num_layers=2, batch_first=True, bidirectional=True)
        self.head = nn.Linear(14, 5)

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        self.lstm.flatten_parameters()
        x = pack_padded_sequence(self.embedding(words), lengths, True, enforce_sorted=False)
        output, _ = self.lstm(x)
        padded, _ = pad_packed_sequence(output, batch_first=True, total_length=words.shape[1])
        return self.head(padded)

    @staticmethod
    def batch() -> tuple[tuple[Tensor, ...], Tensor]:
        lengths = torch.tensor([3, 7, 1, 7, 5])
        words = pad_sequence([torch.randint(1, 30, (n,)) for n in lengths], batch_first=True)
        return (words, lengths), torch.where(words > 0, words % 5, -100)


class Translator(nn.Module):
    """An encoder in two directions, a decoder that attends to it, step by step, from cells."""

    def __init__(self, layer: Callable[..., nn.Module], cell: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 8)
        self.encoder = layer(8, 6, bidirectional=True)
        self.bridge = nn.Linear(12, 10)
        self.decoder = cell(8 + 12, 10)
        self.query = nn.Linear(10, 12, bias=False)
        self.head = nn.Linear(10 + 12, 30)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        memory, h_n = self.encoder(self.embedding(source))
        h = torch.tanh(self.bridge(h_n.permute(1, 0, 2).reshape(source.shape[1], -1)))
        context, logits = memory.mean(0), []
        for word in target:
            h = self.decoder(torch.cat([self.embedding(word), context], dim=1), h)
            weights = (self.query(h) * memory).sum(2).softmax(0)
            context = (weights[..., None] * memory).sum(0)
            logits.append(self.head(torch.cat([h, context], dim=1)))
        return torch.stack(logits, dim=1)

    @staticmethod
    def batch() -> tuple[tuple[Tensor, ...], Tensor]:
        source, target = torch.randint(0, 30, (6, 4)), torch.randint(0, 30, (5, 4))
        return (source, target), target.roll(-1, 0).T


class CharacterModel(nn.Module):
    """Predicts the next character; one matrix embeds and scores; the state outlives the batch."""

    def __init__(self, layer: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 8)
        self.lstm = layer(8, 12, 2, dropout=0.0, proj_size=8)
        self.head = nn.Linear(8, 30, bias=False)
        self.head.weight = self.embedding.weight
        self.hidden: Any = None

    def forward(self, text: Tensor) -> Tensor:
        output, hidden = self.lstm(self.embedding(text), self.hidden)
        self.hidden = tuple(part.detach() for part in hidden)
        return self.head(output.view(-1, output.size(-1)))

    @staticmethod
    def batch() -> tuple[tuple[Tensor, ...], Tensor]:
        text = torch.randint(0, 30, (9, 4))
        return (text,), text.roll(-1, 0).flatten()


MODELS: dict[str, Callable[[Any], nn.Module]] = {
    "tagger": lambda package: Tagger(package.LSTM),
    "translator": lambda package: Translator(package.GRU, package.GRUCell),
    "translator of RNNs": lambda package: Translator(package.RNN, package.RNNCell),
    "character model": lambda package: CharacterModel(package.LSTM),
}


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("model", MODELS)
def test_a_model_trains_alike(model: str) -> None:
    torch.manual_seed(0)
    theirs = MODELS[model](nn).double()
    ours = MODELS[model](rnn_tutorial).double()
    ours.load_state_dict(theirs.state_dict())
    assert repr(ours) == repr(theirs)
    arguments, labels = theirs.batch()
    losses: list[list[float]] = []
    for network in (ours, theirs):
        optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
        losses.append([])
        for _ in range(8):
            optimizer.zero_grad()
            scores = network(*arguments)
            loss = nn.functional.cross_entropy(scores.flatten(0, -2), labels.flatten())
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            losses[-1].append(loss.item())
    assert losses[0][-1] < 0.8 * losses[0][0]
    # In float64 a step differs by 1e-16 or so, and Adam divides by the size of a gradient: what
    # is as small as rounding itself may be off by much; the rest must agree.
    assert losses[0] == pytest.approx(losses[1], rel=1e-10)


# ---- what is done to modules ------------------------------------------------------------------


def test_weights_that_are_replaced() -> None:
    # Dropped or tied weights replace a parameter by a tensor, under the name of the parameter.
    torch.manual_seed(0)
    ours, theirs = pair("LSTM", 5, 6)
    x = torch.randn(3, 4, 5)
    for module in (ours, theirs):
        weight = module.weight_hh_l0
        del module._parameters["weight_hh_l0"]
        module.weight_hh_l0 = weight.detach() * 0.5
    assert_alike(ours(x), theirs(x), rounding(theirs, torch.float32))
    assert ours._flat_weights[1] is ours.weight_hh_l0
    assert ours.all_weights[0][1] is ours.weight_hh_l0


@pytest.mark.parametrize("name", NETWORKS)
def test_pruned_and_normed_weights(name: str) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 6)
    x = torch.randn(3, 4, 5)
    for module in (ours, theirs):
        prune.l1_unstructured(module, "weight_hh_l0", amount=0.5)
        parametrizations.weight_norm(module, "weight_ih_l0")
    assert_alike(ours(x), theirs(x), rounding(theirs, torch.float32))
    assert (ours.weight_hh_l0 == 0).any()


@pytest.mark.parametrize("name", NETWORKS + CELLS)
def test_functional_call(name: str) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 32)
    x = torch.randn(4, 5)
    weights = {key: torch.randn_like(value) for key, value in ours.state_dict().items()}
    called = [torch.func.functional_call(module, weights, (x,)) for module in (ours, theirs)]
    # Weights of size 1 instead of 1/sqrt(H) carry an error further: five steps, sqrt(32) each.
    assert_alike(*called, 32 * rounding(theirs, torch.float32))


@pytest.mark.parametrize("name", NETWORKS + CELLS)
def test_hooks_and_parameter_groups(name: str) -> None:
    ours, _ = pair(name, 5, 6)
    seen: list[str] = []
    handle = ours.register_forward_hook(lambda *_: seen.append("forward"))
    ours(torch.randn(4, 5))
    handle.remove()
    assert seen == ["forward"]
    assert len(list(ours.parameters())) == 4
    assert not list(ours.buffers())
    assert not list(ours.children())


@pytest.mark.parametrize("name", NETWORKS + CELLS)
def test_vmap(name: str) -> None:
    torch.manual_seed(0)
    ours, _ = pair(name, 5, 6)
    many = torch.randn(3, 4, 5) if name in CELLS else torch.randn(3, 7, 4, 5)
    results = list(tensors(torch.func.vmap(ours)(many)))
    one_by_one = [list(tensors(ours(x))) for x in many]
    for k, part in enumerate(results):
        expected = torch.stack([single[k] for single in one_by_one])
        assert apart(part, expected) <= rounding(ours, torch.float32)


def test_vmap_over_models() -> None:
    torch.manual_seed(0)
    networks = [rnn_tutorial.LSTM(5, 6, 2) for _ in range(3)]
    stacked, _ = torch.func.stack_module_state(networks)
    x = torch.randn(7, 4, 5)

    def run(parameters: dict[str, Tensor]) -> Tensor:
        return torch.func.functional_call(networks[0], parameters, (x,))[0]

    together = torch.func.vmap(run)(stacked)
    apart_ = torch.stack([network(x)[0] for network in networks])
    assert apart(together, apart_) <= rounding(networks[0], torch.float32)


# PyTorch's own forward mode still asks for TorchScript, which Python 3.14 is too new for.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is ")
@pytest.mark.parametrize("name", NETWORKS + CELLS)
def test_jacobians_and_forward_mode(name: str) -> None:
    torch.manual_seed(0)
    ours, _ = pair(name, 5, 6, dtype=torch.float64)
    x = torch.randn(4, 5, dtype=torch.float64)

    def first(x: Tensor) -> Tensor:
        return next(tensors(ours(x)))

    forward, reverse = torch.func.jacfwd(first)(x), torch.func.jacrev(first)(x)
    assert apart(forward, reverse) <= 4 * rounding(ours, torch.float64)


# A fault of Python 3.13.0, gone in 3.13.1, makes PyTorch's guards slower; PyTorch says so.
@pytest.mark.filterwarnings("ignore:Guards may run slower on Python 3.13.0")
@pytest.mark.parametrize("name", NETWORKS + CELLS)
def test_compile_without_a_break(name: str) -> None:
    # The backend that only traces: what is checked is that there is one graph. It takes a second,
    # where compiling C++ takes minutes.
    torch.manual_seed(0)
    torch.compiler.reset()
    options: dict[str, Any] = {} if name in CELLS else {"num_layers": 2, "bidirectional": True}
    ours, _ = pair(name, 5, 6, **options)
    compiled = torch.compile(ours, fullgraph=True, backend="eager")
    x = torch.randn(4, 5) if name in CELLS else torch.randn(3, 4, 5)
    assert_alike(compiled(x), ours(x), 0.0)


@pytest.mark.parametrize(
    ("name", "layout"),
    [(name, "batch") for name in NETWORKS + CELLS]
    + [(name, "packed") for name in NETWORKS]
    + [("LSTM", "projected")],
)
def test_autocast(name: str, layout: str) -> None:
    options: dict[str, Any] = {"proj_size": 3} if layout == "projected" else {}
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 6, **options)
    x: Any = torch.randn(4, 5)
    if name in NETWORKS:
        x = packed([3, 2], 5) if layout == "packed" else torch.randn(3, 4, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        actual = ours(x)
        try:
            expected = quietly(theirs, x)
        except RuntimeError as error:
            # Without AVX-512 oneDNN has no such kernel: `torch.nn` raises, ours runs all the same.
            if "could not create a primitive descriptor" not in str(error):
                raise
            assert (name, layout) == ("LSTM", "batch")
            expected = quietly(theirs.bfloat16(), x.bfloat16())
    assert_alike(actual, expected, rounding(theirs, torch.bfloat16))


@pytest.mark.parametrize("name", NETWORKS + CELLS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_short_numbers(name: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 6, dtype=dtype)
    x = torch.randn(3, 4, 5, dtype=dtype)[0 if name in CELLS else slice(None)]
    assert_alike(ours(x), theirs(x), rounding(theirs, dtype))


@pytest.mark.parametrize("name", NETWORKS)
def test_any_layout_of_memory(name: str) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 6, bidirectional=True)
    x = torch.randn(5, 4, 3).permute(2, 1, 0)
    hx = states(name, 4, [2], 6)
    parts = [part.transpose(0, 1)[:, :4] for part in tensors(hx)]
    hx = tuple(parts) if name == "LSTM" else parts[0]
    assert_alike(ours(x, hx), theirs(x, hx), rounding(theirs, torch.float32))
    assert_alike(
        ours(x[:, :1].expand(3, 4, 5)), theirs(x[:, :1].expand(3, 4, 5)), rounding(theirs, x.dtype)
    )


def test_calls_by_keyword_and_a_state_that_is_passed_on() -> None:
    torch.manual_seed(0)
    ours, theirs = pair("LSTM", input_size=5, hidden_size=6, batch_first=True)
    x = torch.randn(4, 9, 5)
    whole, _ = ours(input=x, hx=None)
    hidden, pieces = None, []
    for piece in x.split(3, dim=1):
        output, hidden = ours(piece, hidden)
        pieces.append(output)
    assert apart(torch.cat(pieces, dim=1), whole) <= rounding(ours, torch.float32)
    assert_alike(ours(input=x, hx=None), theirs(input=x, hx=None), rounding(theirs, x.dtype))


def test_there_are_no_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in NETWORKS + CELLS:
            getattr(rnn_tutorial, name)(5, 6)(torch.randn(4, 5))
        rnn_tutorial.LSTM(5, 6, proj_size=3)(torch.randn(4, 5))

"""Sentences of the chapter on vanishing gradients that no claim on the page checks."""

from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.seeds import moved_seeds
from claimdown.page import Code
from claimdown.reader import read

CHAPTER = Path(__file__).parents[2] / "docs/en/learning/vanishing-gradients.md"


@cache
def chapter(seed: int = 0) -> dict[str, Any]:
    """Execute the page's definitions, and with other random numbers its experiment."""
    namespace: dict[str, Any] = {}
    with moved_seeds(seed):
        for block in read(CHAPTER).of(Code):
            definitions = block.code.lstrip().startswith(("import", "def ", '"""'))
            wanted = seed > 0 and block.code.startswith("torch.manual_seed(1)")
            if wanted or (definitions and "\nassert" not in block.code):
                with redirect_stdout(StringIO()):
                    exec(compile(block.code, CHAPTER.name, "exec", dont_inherit=True), namespace)
            if wanted:
                break
    return namespace


@pytest.mark.parametrize("seed", [1, 2])
def test_another_draw_gives_the_same_picture(seed: int) -> None:
    curves = chapter(seed)["curves"]
    far = {radius: {k: v[100].item() for k, v in of.items()} for radius, of in curves.items()}
    for of in far.values():
        assert of["RNN"] < of["linear"]
        assert max(of["LSTM"], of["GRU"]) < far[1.0]["RNN"] < 1e-2
        assert of["open LSTM"] > 1
        assert 1e-2 < of["open GRU"] < 1
    assert far[1.5]["RNN"] > 1
    assert far[1.5]["open LSTM"] > 100


def test_an_update_ends_orthogonality_unless_it_is_built_in() -> None:
    torch.manual_seed(0)
    for built_in in (False, True):
        network = torch.nn.RNN(5, 6)
        torch.nn.init.orthogonal_(network.weight_hh_l0)
        if built_in:
            torch.nn.utils.parametrizations.orthogonal(network, "weight_hh_l0")
        optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
        network(torch.randn(10, 4, 5))[0].square().sum().backward()
        optimizer.step()
        singular = torch.linalg.svdvals(network.weight_hh_l0.detach())
        assert ((singular - 1).abs().max() < 1e-5) == built_in


@pytest.mark.parametrize("seed", range(3))
def test_one_update_without_clipping_leaves_no_unit_above_zero(seed: int) -> None:
    torch.manual_seed(seed)
    counter = torch.nn.RNN(1, 16, nonlinearity="relu")
    torch.nn.init.eye_(counter.weight_hh_l0)
    optimizer = torch.optim.SGD(counter.parameters(), lr=0.003)
    for alive in (True, False):
        bits = 1.0 * torch.randint(2, (30, 32, 1))
        output, h_n = counter(bits)
        assert (output > 0).any() == alive
        optimizer.zero_grad()
        (h_n[0].sum(1) - bits.sum((0, 2))).square().mean().backward()
        assert any(parameter.grad.any() for parameter in counter.parameters()) == alive
        optimizer.step()

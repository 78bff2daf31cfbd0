"""Sentences of "A network that writes" that its own claims and outputs do not check."""

from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import pytest
import torch

from rnn_tutorial import max_abs_diff
from tests.course.copying import executed_through
from tools.figures import state_letters
from tools.site import docs_dir

CHAPTER = docs_dir() / "foundations" / "a-network-that-writes.md"


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """Run the chapter up to its look at the state; return its names, and what it printed."""
    printed = StringIO()
    with redirect_stdout(printed):
        names = executed_through(CHAPTER, "def correlations")
    return {**names, "printed": printed.getvalue()}


def states(page: dict[str, Any], model: torch.nn.Module, line: str) -> torch.Tensor:
    with torch.no_grad():
        return model.read(page["encode"](line[:-1], page["letters"]))[0][0]


def test_figure_shows_the_network_that_the_page_trains(page: dict[str, Any]) -> None:
    line, drawn, _ = state_letters.trained()
    assert max_abs_diff(states(page, page["model"], line), drawn) < 1e-3
    strongest = page["correlations"](page["model"], page["stream"][None], 1).abs().argmax()
    assert strongest == state_letters.FRAMED


def test_training_magnifies_differences_of_rounding_and_float64_keeps_them_small(
    page: dict[str, Any],
) -> None:
    line, drawn, _ = state_letters.trained()  # by nn.RNN, which rounds otherwise than the page
    layer = torch.nn.RNN(len(page["letters"]), 64, batch_first=True).double()
    fresh = page["fresh"]
    layer.load_state_dict({f"{name}_l0": w for name, w in fresh.cell.state_dict().items()})
    tokens = page["encode"](line[:-1], page["letters"])
    one_hot = torch.nn.functional.one_hot(tokens, len(page["letters"])).double()
    before = max_abs_diff(states(page, fresh, line), layer(one_hot)[0][0].detach())
    after = max_abs_diff(states(page, page["model"], line), drawn)
    assert before < 1e-14
    assert 1e-13 < after < 1e-3, after


@pytest.mark.parametrize("joined", ["the cow with the crumpled horn that tossed the malt",
                                    "the cat that jack built"])  # fmt: skip
def test_network_joins_lines_that_the_rhyme_does_not_join(
    page: dict[str, Any], joined: str
) -> None:
    assert joined in page["write"](page["model"], 200, seed=2)
    assert joined not in page["text"] + page["unread"]


def test_some_bars_of_the_figure_are_low_and_they_belong_to_the_dog() -> None:
    line, _, chances = state_letters.trained()
    low = (chances < 0.5).nonzero()[:, 0] + 1  # what came next
    begins = line.index("dog")
    assert set(low.tolist()) <= set(range(begins, begins + 4))
    assert len(low) >= 2

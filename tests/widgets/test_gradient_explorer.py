"""The gradient explorer: what it draws is what torch measures, on the chapter's experiment."""

import json
import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, BrowserContext, Locator, expect
from torch import Tensor, nn

from tests.site.visits import load
from tests.widgets.stage import alone, bring
from tools.widgets import gradient_explorer, target
from tools.widgets.gradient_explorer import HIDDEN, LENGTHS, OPENED, RADII, chapter

PAGE = "learning/vanishing-gradients.html"
# In decades. A logarithm is kept to a hundredth, and another CPU may round it the other way.
TOLERANCE = 0.02
# Networks of torch.nn, by the choices of the controls, and by how much a gate is open.
SETTINGS = [
    ("RNN", "tanh", 0.9, 26),
    ("RNN", "tanh", 1.5, 101),
    ("RNN", "relu", 1.2, 51),
    ("LSTM", "drawn", 1.0, 101),
    ("LSTM", "open", 0.7, 11),
    ("GRU", "drawn", 1.3, 26),
    ("GRU", "open", 1.1, 51),
]
DRAWN = """svg => {
    const ticks = [...svg.querySelectorAll("text[text-anchor=end]")].slice(0, -1).map((text) => {
        const label = text.textContent;
        const digits = [...label.slice(2)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c) - 1);
        const sign = digits[0] < 0 ? -1 : 1;
        const power = Number(digits.filter((d) => d >= 0).join(""));
        return [label === "1" ? 0 : sign * power, Number(text.getAttribute("y")) - 4];
    });
    const points = (kind) => [...svg.querySelectorAll("path." + kind)].map((path) =>
        path.getAttribute("d").slice(1).split("L").map((point) => Number(point.split(" ")[1])));
    return {ticks, curve: points("curve")[0], others: points("other"), clipped: points("clipped")};
}"""


@cache
def stored() -> dict[str, Any]:
    return json.loads(target("gradient_explorer").read_text(encoding="utf-8"))


def logarithms(differences: list[int]) -> Tensor:
    return torch.tensor(list(accumulate(differences))) / 100


def test_data_are_what_torch_measures_now() -> None:
    now, then = gradient_explorer.data(), stored()
    assert [now[key] for key in ("radii", "lengths")] == [then[key] for key in ("radii", "lengths")]
    assert now["curves"].keys() == then["curves"].keys() == then["whole"].keys()
    for name in now["curves"]:
        for radius in range(len(RADII)):
            for length, steps in enumerate(LENGTHS):
                found, kept = (
                    logarithms(data["curves"][name][radius][length]) for data in (now, then)
                )
                assert len(kept) == steps
                torch.testing.assert_close(found, kept, rtol=0, atol=TOLERANCE)
        whole = [torch.tensor(data["whole"][name]) / 100 for data in (now, then)]
        torch.testing.assert_close(*whole, rtol=0, atol=TOLERANCE)


def test_curves_are_those_of_the_page() -> None:
    """The chapter prints its norms a hundred steps back, and the figure draws them."""
    names = {"linear": "RNN none", "RNN": "RNN tanh", "LSTM": "LSTM drawn", "GRU": "GRU drawn",
             "open LSTM": "LSTM open", "open GRU": "GRU open"}  # fmt: skip
    for radius, curves in chapter()["curves"].items():
        for ours, name in names.items():
            kept = logarithms(stored()["curves"][name][RADII.index(radius)][LENGTHS.index(101)])
            expected = curves[ours].log10().float()
            torch.testing.assert_close(kept, expected, rtol=0, atol=TOLERANCE)


# Against torch.nn


def network(cell: str, variant: str, radius: float) -> nn.RNNBase:
    """Build a layer of torch.nn with the chapter's parameters."""
    kinds = {"RNN": nn.RNNCell, "LSTM": nn.LSTMCell, "GRU": nn.GRUCell}
    opened = OPENED if variant == "open" else 0.0
    drawn = chapter()["drawn"](kinds[cell], radius, opened)
    options = {"nonlinearity": variant} if cell == "RNN" else {}
    made = getattr(nn, cell)(5, HIDDEN, dtype=torch.float64, **options)
    made.load_state_dict({f"{name}_l0": value for name, value in drawn.items()})
    return made


def state_after(layer: nn.RNNBase, x: Tensor, s: Tensor) -> Tensor:
    """Run over x (T, E) from a state, h or h and c; return the last state."""
    if isinstance(layer, nn.LSTM):
        h, c = s.chunk(2)
        return torch.cat(layer(x, (h[None], c[None]))[1], dim=1)[0]
    return layer(x, s[None])[1][0]


def measured(layer: nn.RNNBase, length: int) -> Tensor:
    """Return the logarithms of the norms of d s_T / d s_t, each from a run that begins at t."""
    x = chapter()["x"][:length]
    s = torch.zeros(HIDDEN * (1 + isinstance(layer, nn.LSTM)), dtype=torch.float64)
    norms = []
    for t in range(length):
        with torch.no_grad():
            s = state_after(layer, x[t : t + 1], s)
        if t + 1 == length:
            norms.append(torch.ones((), dtype=torch.float64))
            break
        jacobian = torch.autograd.functional.jacobian(
            lambda start, t=t: state_after(layer, x[t + 1 :], start), s, vectorize=True
        )
        norms.append(torch.linalg.matrix_norm(jacobian, ord=2))
    return torch.stack(norms).log10().flip(0)


@pytest.fixture(scope="module")
def explorer(browser: Browser, served: str) -> Iterator[Locator]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    found = alone(context.new_page(), served, "gradient-explorer")
    expect(found.locator("svg")).to_be_visible()
    yield found
    context.close()


def choose(explorer: Locator, cell: str, variant: str, radius: float, length: int) -> None:
    explorer.get_by_label("Cell").select_option(cell)
    explorer.locator("select").nth(1).select_option(variant)
    slide(explorer, "Spectral radius", RADII.index(radius))
    slide(explorer, "Steps T", LENGTHS.index(length))


def slide(explorer: Locator, label: str, position: int) -> None:
    explorer.get_by_role("slider", name=label).fill(str(position))


def drawn(explorer: Locator) -> dict[str, Any]:
    """Read the logarithms off the drawn lines, by the labels of the axis."""
    found = explorer.locator("svg").evaluate(DRAWN)
    (low, y_low), (high, y_high) = found["ticks"][0], found["ticks"][-1]
    scale = (high - low) / (y_high - y_low)  # decades a pixel
    read = {
        kind: (torch.tensor(found[kind]) - y_low) * scale + low
        for kind in ("curve", "others", "clipped")
    }
    return {**read, "bound": TOLERANCE + 0.11 * abs(scale)}  # a tenth of a pixel is dropped


@pytest.mark.parametrize(("cell", "variant", "radius", "length"), SETTINGS)
def test_drawn_curve_is_what_torch_nn_gives(
    explorer: Locator, cell: str, variant: str, radius: float, length: int
) -> None:
    choose(explorer, cell, variant, radius, length)
    found = drawn(explorer)
    expected = measured(network(cell, variant, radius), length).float()
    torch.testing.assert_close(found["curve"], expected, rtol=0, atol=found["bound"])
    assert len(found["others"]) == len(RADII)


def power(text: str) -> float:
    """Read a number as the explorer writes it."""
    digits = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    mantissa, _, exponent = text.partition(" · 10")
    return float(mantissa) * 10.0 ** int(exponent.translate(digits) or 0)


@pytest.mark.parametrize(("cell", "variant", "radius", "length"), SETTINGS)
def test_clipping_is_that_of_torch(
    explorer: Locator, cell: str, variant: str, radius: float, length: int
) -> None:
    choose(explorer, cell, variant, radius, length)
    slide(explorer, "Clip at norm", 0)
    layer = network(cell, variant, radius)
    layer(chapter()["x"][:length])[0][-1].square().sum().div(2).backward()
    before = [p.grad.clone() for p in layer.parameters()]
    norm = nn.utils.clip_grad_norm_(layer.parameters(), max_norm=1.0).item()
    text = explorer.locator("p[aria-live]").inner_text()
    shown = re.search(r"all weights has the norm ([\d. ·⁰-⁹⁻¹²³]+)\.", text)
    assert shown, text
    # Two digits, of a logarithm that was rounded to a hundredth.
    assert power(shown[1]) == pytest.approx(norm, rel=0.08)
    clipped = drawn(explorer)["clipped"]
    if norm <= 1:
        assert "does nothing" in text
        assert len(clipped) == 0
        return
    factor = (layer.weight_hh_l0.grad / before[1]).nanmean().item()
    multiplied = re.search(r"each of its elements by ([\d. ·⁰-⁹⁻¹²³]+)\.", text)
    assert multiplied, text
    assert power(multiplied[1]) == pytest.approx(factor, rel=0.08)
    found = drawn(explorer)
    low = found["others"].min()  # the line does not leave the plot
    moved = (found["curve"] + torch.tensor(factor).log10()).clamp(min=low)
    seen = found["clipped"][0] > low
    torch.testing.assert_close(
        found["clipped"][0][seen], moved[seen], rtol=0, atol=TOLERANCE + found["bound"]
    )


def test_it_names_what_happens(explorer: Locator) -> None:
    says = explorer.locator("p[aria-live]")
    choose(explorer, "RNN", "none", 0.5, 101)
    expect(says).to_contain_text("After 100 steps back the norm is 7.6 · 10⁻³⁰")
    expect(says).to_contain_text("has vanished")
    choose(explorer, "RNN", "none", 1.5, 101)
    expect(says).to_contain_text("has exploded")
    choose(explorer, "GRU", "open", 1.0, 101)
    expect(says).to_contain_text("is still there")
    label = explorer.get_by_role("img").get_attribute("aria-label") or ""
    assert label.endswith("is still there.")


def test_everything_by_keyboard(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    explorer = alone(page, served, "gradient-explorer")
    explorer.get_by_label("Cell").focus()
    page.keyboard.press("ArrowDown")
    expect(explorer.get_by_label("Gates")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    for key, expected in (("ArrowLeft", "0.9"), ("Home", "11"), ("ArrowRight", "10")):
        page.keyboard.press("Tab")
        page.keyboard.press(key)
        value = page.evaluate("document.activeElement.ariaValueText")
        assert value == expected
    says = explorer.locator("p[aria-live]")
    expect(says).to_contain_text("After 10 steps back")
    end = 10 ** logarithms(stored()["curves"]["LSTM open"][RADII.index(0.9)][0])[-1].item()
    found = re.search(r"the norm is ([\d.]+):", says.inner_text())
    assert found
    assert float(found[1]) == pytest.approx(end, rel=0.05)


def test_it_follows_the_width_and_survives_being_moved(
    context: BrowserContext, served: str
) -> None:
    page = context.new_page()
    svg = alone(page, served, "gradient-explorer").locator("svg")
    wide = svg.bounding_box()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(svg).to_have_attribute("width", "358")
    assert wide
    assert wide["width"] > 600
    page.evaluate(
        """() => {
            const explorer = document.querySelector("gradient-explorer");
            const place = explorer.parentNode;
            explorer.remove();
            place.append(explorer);
        }"""
    )
    page.set_viewport_size({"width": 1280, "height": 900})
    expect(svg).to_have_attribute("width", str(int(wide["width"])))
    assert page.evaluate("document.querySelectorAll('gradient-explorer svg').length") == 1


def test_it_takes_the_place_of_a_table(
    context: BrowserContext, browser: Browser, served: str
) -> None:
    page = context.new_page()
    load(page, served + PAGE)
    expect(bring(page, "gradient-explorer").locator("svg")).to_be_visible()
    assert not page.locator("#gradient-explorer table").is_visible()
    scriptless = browser.new_context(java_script_enabled=False)
    page = scriptless.new_page()
    page.goto(served + PAGE)
    assert page.locator("#gradient-explorer table").is_visible()
    assert page.locator("#fig-vanishing").is_visible()
    scriptless.close()

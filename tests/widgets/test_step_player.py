"""The step player: its numbers are those of torch, and each can be reached, read and explained."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from torch import Tensor, nn

from tests.site.published import tree
from tests.site.visits import load
from tests.widgets.stage import alone, bring
from tools.widgets import step_player, target

EMBEDDED = {
    "foundations/rnn-by-hand.html": ("RNN", "single"),
    "foundations/stacked.html": ("RNN", "stacked"),
    "foundations/bidirectional.html": ("RNN", "bidirectional"),
    "gates/lstm-by-hand.html": ("LSTM", "single"),
    "gates/gru-by-hand.html": ("GRU", "single"),
}
PAGE = "foundations/rnn-by-hand.html"
NINE = [(cell, network) for cell in step_player.CELLS for network in step_player.NETWORKS]
# A number is a sum of at most ten products and biases, after one or two nonlinearities; what a
# step has rounded reaches the next. The chapters allow the same for such a layer.
BOUND = 16 * torch.finfo(torch.float32).eps
RUN = """async ([base, cell, network, wrong]) => {
    const source = await (await fetch(base + "assets/widgets/steps.js")).text();
    const text = wrong ? source.replaceAll(wrong[0], wrong[1]) : source;
    if (wrong && text === source) throw new Error("nothing to replace: " + wrong[0]);
    const steps = await import(URL.createObjectURL(new Blob([text], {type: "text/javascript"})));
    const data = await (await fetch(base + "assets/widgets/step-player.json")).json();
    const names = ["x", "read", "kept", "sum", "i", "f", "g", "o", "r", "z", "n", "c'", "h'"];
    return steps.run(data, cell, network).map(({row, t, nodes}) => ({row, t, ...Object.fromEntries(
        names.map((name) => [name, steps.vector(nodes, name)]))}));
}"""


def stored() -> dict[str, Any]:
    return json.loads(target("step_player").read_text(encoding="utf-8"))


def test_data_are_what_torch_gives_now() -> None:
    now, then = step_player.data(), stored()
    assert {name: now[name] for name in ("word", "letters")} == {
        name: then[name] for name in ("word", "letters")
    }
    for cell, network in NINE:
        assert now["cells"][cell]["weights"] == then["cells"][cell]["weights"]
        for name, numbers in now["cells"][cell][network].items():
            kept = torch.tensor(then["cells"][cell][network][name])
            torch.testing.assert_close(torch.tensor(numbers), kept, rtol=BOUND, atol=BOUND)


def test_float32_parses_back_exactly() -> None:
    numbers = torch.randn(10_000) * torch.logspace(-20, 20, 10_000)
    assert torch.equal(torch.tensor(step_player.exact(numbers)), numbers)


@pytest.fixture(scope="module")
def bare(browser: Browser, served: str) -> Iterator[Page]:
    """Open a page without widgets, for the arithmetic alone."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(served + "404.html")
    yield page
    context.close()


@pytest.fixture
def player(context: BrowserContext, served: str) -> Locator:
    return opened(context.new_page(), served)


def opened(page: Page, served: str, cell: str = "RNN", network: str = "single") -> Locator:
    player = alone(page, served, "step-player", {"cell": cell, "network": network})
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    return player


def torch_run(cell: str, network: str) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Run one of the nine by torch.nn, from the weights in the widget's file."""
    named = {n: torch.tensor(w) for n, w in stored()["cells"][cell]["weights"].items()}
    output, states = step_player.module(cell, network, named)(step_player.inputs())
    return output, states if isinstance(states, tuple) else (states,)


def shown_output(ticks: list[dict[str, Any]], network: str) -> Tensor:
    """Put the states of the last layer, or of both directions, side by side."""
    rows = {"single": ["l0"], "stacked": ["l1"], "bidirectional": ["l0", "l0_reverse"]}[network]
    columns = [sorted((t for t in ticks if t["row"] == row), key=lambda t: t["t"]) for row in rows]
    return torch.cat([torch.tensor([tick["h'"] for tick in column]) for column in columns], dim=1)


@pytest.mark.parametrize(("cell", "network"), NINE)
def test_recomputed_steps_are_those_of_torch(
    bare: Page, served: str, cell: str, network: str
) -> None:
    ticks = bare.evaluate(RUN, [served, cell, network, None])
    output, states = torch_run(cell, network)
    assert len(ticks) == 6 * states[0].shape[0]
    torch.testing.assert_close(shown_output(ticks, network), output, rtol=BOUND, atol=BOUND)
    last = [run[-1] for run in (ticks[k : k + 6] for k in range(0, len(ticks), 6))]
    for name, expected in zip(("h'", "c'"), states, strict=False):
        found = torch.tensor([tick[name] for tick in last])
        torch.testing.assert_close(found, expected, rtol=BOUND, atol=BOUND)


@pytest.mark.parametrize("cell", step_player.CELLS)
def test_products_and_gates_are_those_of_torch(bare: Page, served: str, cell: str) -> None:
    ticks = bare.evaluate(RUN, [served, cell, "single", None])
    weights = {n: torch.tensor(w) for n, w in stored()["cells"][cell]["weights"].items()}
    before = torch.zeros(4)
    gates = {"RNN": ["h'"], "LSTM": ["i", "f", "g", "o"], "GRU": ["r", "z", "n"]}[cell]
    for tick, x in zip(ticks, step_player.inputs(), strict=True):
        read = nn.functional.linear(x, weights["weight_ih_l0"], weights["bias_ih_l0"])
        kept = nn.functional.linear(before, weights["weight_hh_l0"], weights["bias_hh_l0"])
        total = read + kept
        if cell == "GRU":
            total[8:] = read[8:] + torch.sigmoid(total[:4]) * kept[8:]
        expected = {"x": x, "read": read, "kept": kept, "sum": total}
        for gate, rows in zip(gates, total.chunk(len(gates)), strict=True):
            expected[gate] = rows.tanh() if gate in ("h'", "g", "n") else rows.sigmoid()
        for name, numbers in expected.items():
            found = torch.tensor(tick[name], dtype=torch.float32)
            torch.testing.assert_close(found, numbers, rtol=BOUND, atol=BOUND)
        before = torch.tensor(tick["h'"])


@pytest.mark.parametrize(
    ("cell", "network", "right", "wrong"),
    [
        ("LSTM", "single", '["i", "f", "g", "o"]', '["f", "i", "g", "o"]'),
        ("GRU", "single", "`r[${j}]`, `kept[${r}]`", "`kept[${r}]`"),
        ("RNN", "bidirectional", "order.reverse()", "order"),
        ("RNN", "stacked", "fround(a + b)", "a - b"),
    ],
)
def test_wrong_rule_is_noticed(
    bare: Page, served: str, cell: str, network: str, right: str, wrong: str
) -> None:
    ticks = bare.evaluate(RUN, [served, cell, network, [right, wrong]])
    output, _ = torch_run(cell, network)
    assert (shown_output(ticks, network) - output).abs().max() > 1e-2


# What is shown


def cell_of(player: Locator, table: str, name: str) -> Locator:
    return player.locator(f'.{table} [data-name="{name}"]')


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def marked(player: Locator) -> dict[str, list[str]]:
    """List the names of the marked cells by the kind of mark."""
    found = player.locator("[data-mark]").evaluate_all(
        "cells => cells.map(cell => [cell.dataset.mark, cell.dataset.name])"
    )
    return {
        kind: sorted(name for mark, name in found if mark == kind)
        for kind in ("selected", "direct", "origin")
    }


@pytest.mark.parametrize(("cell", "network"), NINE)
def test_shown_states_are_those_of_torch(player: Locator, cell: str, network: str) -> None:
    player.get_by_label("Cell").select_option(cell)
    player.get_by_label("Network").select_option(network)
    player.get_by_role("slider").press("End")
    output, _ = torch_run(cell, network)
    rows = player.locator(".strip tr").all()[-len(output.T) :]  # the last layer or both directions
    if cell == "LSTM":  # every h stands below a c
        rows = player.locator('.strip tr:has([data-name^="h\'"])').all()[-len(output.T) :]
    for row, expected in zip(rows, output.T, strict=True):
        texts = [text.replace("−", "-") for text in row.locator("td").all_inner_texts()]
        shown = [float(text) for text in texts if text]
        torch.testing.assert_close(torch.tensor(shown), expected, rtol=0, atol=0.05 + BOUND)


def test_a_state_names_the_weights_and_the_state_that_made_it(player: Locator) -> None:
    player.get_by_role("button", name="Next").click()
    cell_of(player, "strip", "h'[1]@1").click()
    output, _ = torch_run("RNN", "single")
    text = player.locator("output").inner_text()
    assert text.startswith("h₂[1] = tanh(sum[1]) = tanh(")
    assert numbers(text)[-1] == pytest.approx(output[1, 1].item(), abs=1e-6)
    marks = marked(player)
    assert marks["selected"] == ["h'[1]", "h'[1]@1"]
    assert marks["direct"] == ["sum[1]"]
    row = [f"weight_ih[1, {k}]" for k in range(3)] + [f"weight_hh[1, {k}]" for k in range(4)]
    states = [f"h[{k}]" for k in range(4)] + [f"h'[{k}]@0" for k in range(4)]
    letter = [f"x[{k}]" for k in range(3)] + [f"x[{k}]@1" for k in range(3)]
    made = [*row, "bias_ih[1]", "bias_hh[1]", "read[1]", "kept[1]", *states, *letter]
    assert marks["origin"] == sorted(made)


def test_a_product_is_written_out(player: Locator) -> None:
    player.get_by_role("button", name="Next").click()
    cell_of(player, "products", "kept[2]").click()
    text = player.locator("output").inner_text()
    weights = stored()["cells"]["RNN"]["weights"]
    output, _ = torch_run("RNN", "single")
    products = list(zip(weights["weight_hh_l0"][2], output[0].tolist(), strict=True))
    terms = [factor for product in products for factor in product]
    shown = text.split(" = ")[2]
    assert numbers(shown) == pytest.approx([*terms, weights["bias_hh_l0"][2]], abs=5e-5)
    total = sum(w * h for w, h in products) + weights["bias_hh_l0"][2]
    assert numbers(text)[-1] == pytest.approx(total, abs=1e-6)


def test_upper_layer_is_made_of_the_lower_one(context: BrowserContext, served: str) -> None:
    player = opened(context.new_page(), served, network="stacked")
    cell_of(player, "strip", "h'[0]@7").click()  # layer 1 at its second letter
    expect(player.locator("p").first).to_have_text("Layer 1, step 2: “a”")
    made = {name for name in marked(player)["origin"] if "@" in name}
    assert made == {f"h'[{k}]@{tick}" for k in range(4) for tick in (1, 6)}


def test_backward_state_is_made_of_the_next_one(context: BrowserContext, served: str) -> None:
    player = opened(context.new_page(), served, network="bidirectional")
    cell_of(player, "strip", "h'[0]@10").click()  # backward at the second letter
    expect(player.locator("p").first).to_have_text("Backward, step 2: “a”")
    made = {name for name in marked(player)["origin"] if "@" in name}
    assert made == {f"h'[{k}]@9" for k in range(4)} | {f"x[{k}]@1" for k in range(3)}
    assert player.locator(".products th").first.inner_text() == "x₂"
    assert "h₃" in player.locator(".products").inner_text()


def test_cell_state_has_four_parents(context: BrowserContext, served: str) -> None:
    player = opened(context.new_page(), served, cell="LSTM")
    player.get_by_role("button", name="Next").click()
    cell_of(player, "mix", "c'[3]").click()
    direct = {name for name in marked(player)["direct"] if "@" not in name}
    assert direct == {"f[3]", "c[3]", "i[3]", "g[3]"}
    assert player.locator("output").inner_text().startswith("c₂[3] = f[3] · c₁[3] + i[3] · g[3] = ")


def test_hovering_shows_a_number_and_leaving_brings_back_the_selected_one(player: Locator) -> None:
    before = player.locator("output").inner_text()
    cell_of(player, "products", "weight_ih[0, 1]").hover()
    weight = stored()["cells"]["RNN"]["weights"]["weight_ih_l0"][0][1]
    assert player.locator("output").inner_text() == f"weight_ih[0, 1] = {weight}"
    player.get_by_label("Cell").hover()
    assert player.locator("output").inner_text() == before


# By keyboard, and in time


def test_everything_by_keyboard(player: Locator) -> None:
    page, where = player.page, player.locator("p").first
    player.get_by_label("Cell").focus()
    page.keyboard.press("ArrowDown")  # LSTM
    expect(player.locator(".mix")).to_be_visible()
    for _ in range(4):  # network, back, play, next
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(where).to_have_text("The cell, step 2: “a”")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(where).to_have_text("The cell, step 3: “n”")
    focused = "document.activeElement.dataset.name"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "x[0]@0"
    expect(where).to_have_text("The cell, step 1: “b”")  # the focus leads there
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) == "x[1]@1"
    for _ in range(2):
        page.keyboard.press("Tab")  # the tables of products and of gates
    assert page.evaluate(focused) == "f[0]"
    assert player.locator("output").inner_text().startswith("f[0] = σ(sum[4]) = ")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('table').className") == "products"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowLeft")  # at the edge: it stays
    assert page.evaluate(focused) == "weight_ih[0, 0]"


@pytest.fixture
def clocked(context: BrowserContext, served: str) -> Locator:
    page = context.new_page()
    page.clock.install()
    return opened(page, served)


def test_playing_runs_to_the_end_and_stops(clocked: Locator) -> None:
    clocked.get_by_role("button", name="Play").click()
    expect(clocked.get_by_role("button", name="Pause")).to_be_visible()
    assert clocked.locator("output").get_attribute("aria-live") == "off"
    clocked.page.clock.run_for(2100)
    expect(clocked.locator("p").first).to_have_text("The cell, step 3: “n”")
    clocked.get_by_role("button", name="Pause").click()
    clocked.page.clock.run_for(3000)
    expect(clocked.locator("p").first).to_have_text("The cell, step 3: “n”")
    clocked.get_by_role("button", name="Play").click()
    clocked.page.clock.run_for(9000)
    expect(clocked.locator("p").first).to_have_text("The cell, step 6: “a”")
    expect(clocked.get_by_role("button", name="Play")).to_be_visible()
    assert clocked.locator("output").get_attribute("aria-live") == "polite"
    clocked.get_by_role("button", name="Play").click()  # from the start again
    expect(clocked.locator("p").first).to_have_text("The cell, step 1: “b”")


def test_taken_out_and_put_back_it_stops_and_lives(clocked: Locator) -> None:
    clocked.get_by_role("button", name="Play").click()
    page = clocked.page
    page.evaluate("window.player = document.querySelector('step-player'); player.remove()")
    page.clock.run_for(5000)
    page.evaluate("document.querySelector('.widget > p').append(player)")
    expect(clocked.get_by_role("button", name="Play")).to_be_visible()
    expect(clocked.locator("p").first).to_have_text("The cell, step 1: “b”")
    clocked.get_by_role("button", name="Next").click()
    expect(clocked.locator("p").first).to_have_text("The cell, step 2: “a”")


def test_the_scheme_changes_the_colours_of_a_player(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    load(page, served + "foundations/rnn-by-hand.html")
    player = bring(page, "step-player")
    player.get_by_role("button", name="Next").click()
    color = "getComputedStyle(document.querySelector('step-player .negative')).backgroundColor"
    light = page.evaluate(color)
    page.locator("label[title='Switch to the dark scheme']").click()
    assert page.evaluate(color) != light
    expect(player.locator("p").first).to_have_text("The cell, step 2: “a”")


# On the pages


@pytest.mark.parametrize("name", EMBEDDED)
def test_player_begins_with_the_network_of_its_chapter(
    context: BrowserContext, served: str, built_site: Path, name: str
) -> None:
    (embedded,) = tree(built_site / name).cssselect(".widget > p > step-player")
    player = alone(context.new_page(), served, "step-player", dict(embedded.attrib))
    cell, network = EMBEDDED[name]
    assert player.get_by_label("Cell").input_value() == cell
    assert player.get_by_label("Network").input_value() == network


def test_embedded_player_takes_the_place_of_a_table(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    load(page, served + PAGE)
    player = bring(page, "step-player")
    expect(player.get_by_role("button", name="Play")).to_be_visible()
    assert not page.locator(".widget .md-typeset__table, .widget > table").first.is_visible()


@pytest.fixture
def scriptless(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("name", EMBEDDED)
def test_without_scripts_a_table_shows_the_same_numbers(
    scriptless: Page, served: str, name: str
) -> None:
    scriptless.goto(served + name)
    table = scriptless.locator(".widget table")
    assert table.is_visible()
    cell, network = EMBEDDED[name]
    output, states = torch_run(cell, network)
    found = BeautifulSoup(table.inner_html(), "html.parser").select("td code")
    rows = [json.loads(code.get_text()) for code in found]
    assert rows[0] == step_player.inputs()[1].tolist()
    width = len(rows[-1])
    torch.testing.assert_close(
        torch.tensor(rows[-1]), output[1, -width:], rtol=0, atol=5e-4 + BOUND
    )
    assert len(states[0]) == (1 if network == "single" else 2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_can_be_read_on_a_phone(browser: Browser, served: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": 390, "height": 844})
    player = opened(context.new_page(), served)
    for cell, network in NINE:
        player.get_by_label("Cell").select_option(cell)
        player.get_by_label("Network").select_option(network)
        player.get_by_role("slider").press("End")
        wide = player.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{cell}, {network}: scrolls sideways by {wide} px"
        faint, cut = player.page.evaluate(LEGIBLE)
        assert cut == [], f"{cell}, {network}: does not fit"
        assert faint == [], f"{cell}, {network}: too little contrast"
    context.close()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [390, 1280])
def test_names_of_rows_stay_next_to_their_numbers(
    context: BrowserContext, served: str, width: int, language: str
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    player = alone(page, served, "step-player", language=language)
    for network in ("stacked", "bidirectional"):
        player.locator("select").last.select_option(network)
        names = player.locator(".strip [scope=rowgroup] small:not(:empty)")
        assert names.count() == 2
        out = """all => all.map(small => {
            const range = document.createRange()
            range.selectNodeContents(small)
            const cell = small.closest("th").getBoundingClientRect()
            const {left, right} = range.getBoundingClientRect()
            return Math.max(right - cell.right, cell.left - left)
        })"""
        assert max(names.evaluate_all(out)) <= 0


LEGIBLE = """() => {
    const luminance = (rgb) => rgb.map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const parse = (color) => {
        const parts = color.match(/[\\d.]+/g).map(Number).slice(0, 3);
        return color.startsWith("color(") ? parts : parts.map((c) => c / 255);
    };
    const faint = [], cut = [];
    for (const td of document.querySelectorAll("step-player td[data-name]")) {
        const style = getComputedStyle(td);
        const [a, b] = [style.color, style.backgroundColor].map(parse).map(luminance).sort((a, b) => a - b);
        if ((b + 0.05) / (a + 0.05) < 4.5) faint.push(td.dataset.name);
        const range = document.createRange();
        range.selectNodeContents(td);
        if (range.getBoundingClientRect().width > td.getBoundingClientRect().width - 2) cut.push(td.dataset.name);
    }
    return [faint, cut];
}"""  # noqa: E501 -- JavaScript

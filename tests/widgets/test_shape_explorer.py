"""The shape explorer in Chromium: its shapes, counts, messages and code against torch."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from playwright.sync_api import Browser, BrowserContext, Page, expect
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from claimdown.page import Code
from claimdown.reader import read
from tests.site.visits import load, shifts, watch_shifts
from tests.widgets.stage import bring
from tools.site import ROOT

# What torch remarks when it does what it is asked to.
pytestmark = [
    pytest.mark.filterwarnings("ignore:LSTM with projections"),
    pytest.mark.filterwarnings("ignore:TF32 acceleration"),
]
PAGE = "look-up/shape-explorer.html"
EMBEDDED = [
    "foundations/anatomy.html",
    "foundations/deep-and-bidirectional.html",
    "look-up/cheat-sheet.html",
]
KINDS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
FLAGS = ("bidirectional", "batch_first", "bias", "unbatched")
# As text: Playwright takes long over what is nested.
ANSWERS = """async ([base, configurations]) => {
    const shapes = await import(new URL("assets/widgets/shapes.js", base));
    return JSON.stringify(JSON.parse(configurations).map((configuration) => {
        const sizes = (shape) => shape.map((axis) => axis[2]);
        const [, error] = shapes.complaint(configuration);
        if (error) return { error };
        const { tensors, parameters, count, products, last, same } = shapes.answer(configuration);
        const written = new Map(shapes.write(configuration).map((pair) => pair.map(String)));
        return {
            tensors: Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, sizes(v)])),
            parameters, count, products, last, same,
            read: shapes.read((name) => written.get(name) ?? null),
        };
    }));
}"""

Configuration = dict[str, Any]


def configuration(chance: random.Random) -> Configuration:
    """Draw one: mostly small, sometimes wide, and in one of five something torch refuses."""
    sizes = [chance.randint(1, 7) for _ in "NTEH"]
    if chance.random() < 0.1:
        sizes[chance.randrange(2, 4)] = chance.randint(100, 300)
    found: Configuration = dict(zip("NTEH", sizes, strict=True))
    found |= {name: chance.random() < 0.5 for name in FLAGS}
    found |= {"cell": chance.choice(list(KINDS)), "num_layers": chance.randint(1, 4)}
    largest = found["H"] - 1 if found["cell"] == "LSTM" else 0
    found["proj_size"] = chance.choice([0, chance.randint(0, largest)])
    if chance.random() < 0.2:
        found[chance.choice([*"NTEH", "num_layers"])] = 0
        found["proj_size"] = chance.choice([found["proj_size"], chance.randint(0, 9)])
    return found


def drawn(count: int, seed: int) -> list[Configuration]:
    chance = random.Random(seed)
    return [configuration(chance) for _ in range(count)]


def network(asked: Configuration) -> nn.RNNBase:
    names = ("num_layers", "bias", "batch_first", "bidirectional")
    options = {name: asked[name] for name in names}
    if asked["proj_size"]:  # torch refuses it for the others, even as a zero
        options["proj_size"] = asked["proj_size"]
    return KINDS[asked["cell"]](asked["E"], asked["H"], **options).requires_grad_(False)


def inputs(asked: Configuration) -> torch.Tensor:
    steps = [asked["T"]] if asked["unbatched"] else [asked["T"], asked["N"]]
    return torch.randn(*(reversed(steps) if asked["batch_first"] else steps), asked["E"])


def run(asked: Configuration) -> dict[str, Any]:
    """Ask torch what `ANSWERS` asks the widget."""
    try:
        built = network(asked)
        x = inputs(asked)
        output, state = built(x)
    except (ValueError, RuntimeError) as error:
        return {"error": f"{type(error).__name__}: {error}"}
    states = {"h_n": state}
    if isinstance(state, tuple):
        states = dict(zip(("h_n", "c_n"), state, strict=True))
    values = {"torch": torch, "output": output, **states}
    named = [(name, list(value.shape)) for name, value in built.named_parameters()]
    return {
        "tensors": {
            name: list(value.shape)
            for name, value in {"input": x, "output": output, **states}.items()
        },
        "parameters": [list(pair) for pair in named],
        "count": sum(value.numel() for value in built.parameters()),
        "values": values,
    }


@pytest.fixture(scope="module")
def explorer(browser: Browser, served: str) -> Iterator[Page]:
    """Open the explorer's own page once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    load(page, served + PAGE)
    expect(page.locator("shape-explorer .message")).to_contain_text("parameters")
    yield page
    context.close()


def answers(page: Page, served: str, asked: list[Configuration]) -> list[dict[str, Any]]:
    return json.loads(page.evaluate(ANSWERS, [served, json.dumps(asked)]))


def test_two_thousand_configurations_are_as_in_torch(explorer: Page, served: str) -> None:
    asked = drawn(2500, 5)
    told = answers(explorer, served, asked)
    refused = 0
    for configuration, answer in zip(asked, told, strict=True):
        truth = run(configuration)
        if "error" in truth:
            refused += 1
            assert answer == truth, configuration
            continue
        values = truth.pop("values")
        assert {name: answer.get(name) for name in truth} == truth, configuration
        last, same = eval(answer["last"], values), eval(answer["same"], values)
        assert torch.equal(last, same), configuration
        directions = 2 if configuration["bidirectional"] else 1
        width = values["h_n"].shape[-1] * directions
        assert list(last.shape) == [*values["h_n"].shape[1:-1], width], configuration
        assert answer["read"] == configuration, "lost in the address"
    assert 200 < refused < 1000


def test_multiply_adds_are_those_that_torch_counts(explorer: Page, served: str) -> None:
    asked = [one | {"N": one["N"] or 1} for one in drawn(150, 6)]
    told = answers(explorer, served, asked)
    compared = 0
    for configuration, answer in zip(asked, told, strict=True):
        if "error" in answer:
            continue
        x, built = inputs(configuration), network(configuration)
        # Its counter does not know oneDNN's LSTM; without oneDNN it counts the products.
        with torch.backends.mkldnn.flags(enabled=False), FlopCounterMode(display=False) as counter:
            built(x)
        steps = configuration["T"] * (1 if configuration["unbatched"] else configuration["N"])
        assert counter.get_total_flops() == 2 * steps * answer["products"], configuration
        compared += 1
    assert compared > 90


def show(page: Page, asked: Configuration) -> None:
    """Bring a configuration to the page through its address, as going back does."""
    words = {True: "True", False: "False"}
    pairs = [f"{name}={words.get(value, value) if isinstance(value, bool) else value}"
             for name, value in asked.items()]  # fmt: skip
    page.evaluate(
        "query => { history.replaceState(null, '', query);"
        " dispatchEvent(new PopStateEvent('popstate')) }",
        "?" + "&".join(pairs),
    )


def test_copied_code_runs_for_fifty_configurations(explorer: Page) -> None:
    ran = 0
    for asked in drawn(200, 7):
        if ran == 50:
            break
        show(explorer, asked)
        if explorer.locator("shape-explorer .message.wrong").count():
            continue
        explorer.locator("shape-explorer button[name=copy]").click()
        expect(explorer.locator("button[name=copy] + [role=status]")).to_have_text("Copied.")
        code = explorer.evaluate("navigator.clipboard.readText()")
        names: dict[str, Any] = {}
        exec(compile(code, "copied", "exec"), names)
        assert names["x"].shape == inputs(asked).shape
        built = names[asked["cell"].lower()]
        assert repr(built) == repr(network(asked))
        ran += 1
    assert ran == 50


@pytest.mark.parametrize(("language", "prefix"), [("en", ""), ("zh", "zh/")])
def test_first_program_is_the_one_on_the_page(
    browser: Browser, served: str, language: str, prefix: str
) -> None:
    page = browser.new_page()
    load(page, served + prefix + PAGE)
    source = ROOT / "docs" / language / Path(PAGE).with_suffix(".md")
    program = page.locator("shape-explorer .program").text_content()
    first = read(source).of(Code)[0].code.rstrip("\n") + "\n"
    # All imports of a page stand in its first block, this one for a block further down.
    assert program == first.replace("from torch.utils.flop_counter import FlopCounterMode\n", "")
    page.close()


def test_keyboard_alone(browser: Browser, served: str) -> None:
    page = browser.new_page()
    load(page, served + PAGE)
    message = page.locator("shape-explorer .message")
    page.locator("shape-explorer input[name=cell]:checked").focus()
    page.keyboard.press("ArrowRight")  # from LSTM to GRU
    expect(message).to_have_text(
        "input (4, 16, 5), output (4, 16, 12), h_n (4, 4, 6): "
        "1,188 parameters, 1,044 multiply-adds per step."
    )
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # bidirectional
    expect(message).to_contain_text("output (4, 16, 6), h_n (2, 4, 6)")
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "N"
    page.keyboard.press("ArrowUp")
    expect(message).to_contain_text("input (5, 16, 5)")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none"
    page.wait_for_url("**?cell=GRU&N=5&T=16&E=5&H=6&num_layers=2&batch_first=True")
    page.reload(wait_until="networkidle")
    expect(message).to_contain_text("input (5, 16, 5), output (5, 16, 6), h_n (2, 5, 6)")
    assert page.locator("shape-explorer input[name=batch_first]").is_checked()
    page.close()


def test_refusals_are_shown_as_torch_words_them(browser: Browser, served: str) -> None:
    page = browser.new_page()
    load(page, served + PAGE + "?cell=GRU&proj_size=3")
    message, answer = (page.locator(f"shape-explorer {part}") for part in (".message", ".answer"))
    expect(message).to_have_text(
        "ValueError: proj_size argument is only supported for LSTM, not RNN or GRU"
    )
    expect(answer).to_be_hidden()  # nothing was ever shown
    page.locator("input[name=proj_size]").fill("0")
    expect(answer).to_be_visible()
    page.locator("input[name=T]").fill("")
    expect(message).to_have_text("T is a whole number from 0 to 9999.")
    assert page.locator("input[name=T]").get_attribute("aria-invalid") == "true"
    assert answer.evaluate("element => element.inert"), "what no longer holds can be copied"
    page.locator("input[name=T]").fill("0")
    expect(message).to_have_text(
        "RuntimeError: Expected sequence length to be larger than 0 in RNN"
    )
    page.locator("input[name=T]").fill("3")
    page.locator("input[name=unbatched]").check()
    expect(page.locator("input[name=N]")).to_be_disabled()
    expect(message).to_contain_text("input (3, 5), output (3, 6), h_n (1, 6)")
    page.close()


def test_address_with_nonsense_is_read_as_far_as_it_goes(browser: Browser, served: str) -> None:
    page = browser.new_page()
    load(page, served + PAGE + "?cell=toString&N=1e9&T=<b>&H=7&h=x&bias=0")
    expect(page.locator("shape-explorer .message")).to_contain_text(
        "input (16, 4, 5), output (16, 4, 7), h_n (1, 4, 7), c_n (1, 4, 7): 336 parameters"
    )
    page.close()


STATIC = ".widget:has(shape-explorer) > :not(:has(shape-explorer))"


@pytest.mark.parametrize("name", [PAGE, *EMBEDDED])
def test_static_part_stands_in_without_scripts_and_says_the_same(
    context: BrowserContext, browser: Browser, served: str, name: str
) -> None:
    scriptless = browser.new_context(java_script_enabled=False)
    page = scriptless.new_page()
    page.goto(served + name)
    assert page.locator(STATIC).first.is_visible()
    values = page.locator(f"{STATIC} .verified code").all_text_contents()
    scriptless.close()
    page = context.new_page()
    load(page, served + name)
    explorer = bring(page, "shape-explorer")
    expect(explorer.locator(".tensors svg").first).to_be_visible()
    assert not page.locator(STATIC).first.is_visible()
    if name == EMBEDDED[-1]:  # whose numbers stand in the cheat sheet itself
        assert values == []
        return
    shown = (explorer.text_content() or "").replace(",", "").replace(" ", "")
    assert len(values) >= 5
    last_step = "(3, 12)"  # of the shape of this one the widget shows the code only
    missing = [value for value in values if value.replace(",", "").replace(" ", "") not in shown]
    assert set(missing) <= {last_step}


def test_embedded_one_leads_to_its_configuration_and_back(
    context: BrowserContext, served: str
) -> None:
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    load(page, served + EMBEDDED[1])
    bring(page, "shape-explorer").locator("input[name=H]").fill("9")
    page.get_by_role("link", name="Open this configuration").click()
    page.wait_for_url("**/shape-explorer.html?cell=RNN&N=3&T=4&E=5&H=9&num_layers=4&**")
    message = page.locator("shape-explorer .message")
    expect(page.locator("h1")).to_have_text("Shape explorer¶")
    expect(message).to_contain_text("output (3, 4, 18)")
    page.locator("shape-explorer input[name=N]").fill("2")
    expect(message).to_contain_text("output (2, 4, 18)")
    page.wait_for_url("**?cell=RNN&N=2&**")
    page.locator("#count .headerlink").click()  # an anchor keeps the configuration
    page.wait_for_url("**?cell=RNN&N=2&**#count")
    expect(message).to_contain_text("output (2, 4, 18)")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("button[name=link] + [role=status]")).to_have_text("Copied.")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url.split("#")[0]
    page.go_back()
    page.go_back()
    expect(page.locator("h1")).to_have_text("Deep and bidirectional¶")
    expect(message).to_contain_text("output (3, 4, 12)")
    page.go_forward()
    expect(message).to_contain_text("output (2, 4, 18)")
    assert complaints == []


def test_taken_out_and_put_back(browser: Browser, served: str) -> None:
    page = browser.new_page()
    load(page, served + EMBEDDED[0])
    bring(page, "shape-explorer").locator("input[name=N]").fill("3")
    static = page.locator(".widget:has(table)").locator("table").last
    page.evaluate(
        "() => { const it = document.querySelector('shape-explorer');"
        " window.place = it.parentElement; window.it = it; it.remove() }"
    )
    expect(static).to_be_visible()
    page.evaluate("place.append(it)")
    expect(page.locator("shape-explorer .message")).to_contain_text("input (3, 16, 5)")
    assert page.locator("shape-explorer form").count() == 1
    page.close()


@pytest.mark.parametrize(
    "query", ["", "?cell=RNN&N=64&T=1000&E=300&H=2&bidirectional=1", "?cell=LSTM&N=300&T=2&E=3&H=1"]
)
def test_boxes_are_to_scale(browser: Browser, served: str, query: str) -> None:
    page = browser.new_page()
    load(page, served + PAGE + query)
    expect(page.locator("shape-explorer .edge").first).to_be_attached()
    edges = page.locator("shape-explorer .edge").evaluate_all(
        "paths => paths.map(path => [path.getTotalLength(), path.hasAttribute('stroke-dasharray'),"
        " path.nextElementSibling.textContent, path.getAttribute('d').includes('l')])"
    )
    note = page.locator("shape-explorer .scale").text_content() or ""
    unit = float(note.split("is ")[1].split(" px")[0])
    assert len(edges) >= 9
    for length, dashed, label, backwards in edges:
        scaled = int(label.split()[-1]) * unit * (0.5 if backwards else 1)
        # The note rounds the unit to two digits.
        assert length == pytest.approx(14 if dashed else scaled, rel=0.05), (label, note)
        assert dashed == (scaled < 14), (label, note)
    assert any(dashed for _, dashed, *_ in edges) == ("dashed" in note)
    page.close()


@pytest.mark.parametrize("query", ["", "?cell=GRU&proj_size=3"])
def test_nothing_moves_when_the_widget_starts(browser: Browser, served: str, query: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    watch_shifts(page)
    load(page, served + PAGE + query)
    expect(page.locator("shape-explorer .message")).not_to_be_empty()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert shifts(page) == []
    page.close()


def test_widest_numbers_fit_a_phone(browser: Browser, served: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    query = "?cell=LSTM&N=9999&T=9999&E=9999&H=9999&num_layers=64&bidirectional=1&proj_size=9998"
    load(page, served + PAGE + query)
    expect(page.locator("shape-explorer .tensors figure")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.locator("shape-explorer tbody tr").count() == 64 * 2 * 5
    right = "element => element.getBoundingClientRect().right"
    edges = [text.evaluate(right) for text in page.locator("shape-explorer svg text").all()]
    assert max(edges) <= 390
    page.close()


@pytest.mark.parametrize(("width", "rows"), [(1280, [4]), (800, [2, 2]), (390, [1, 1, 1, 1])])
def test_tensors_stand_in_pairs(browser: Browser, served: str, width: int, rows: list[int]) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    load(page, served + PAGE + "?cell=LSTM&proj_size=3")
    figures = page.locator("shape-explorer .tensors figure")
    expect(figures).to_have_count(4)
    ends = figures.evaluate_all("all => all.map(f => Math.round(f.getBoundingClientRect().bottom))")
    assert list(Counter(ends).values()) == rows
    page.close()

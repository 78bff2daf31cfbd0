"""The words of the widgets: in both languages, chosen by the document's, and nothing left over."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, expect

from tests.site.visits import load
from tests.widgets.handing import file
from tests.widgets.stage import alone, bring, in_language
from tests.widgets.test_shape_explorer import drawn, inputs, network, show
from tests.widgets.trained_digits import trained
from tests.widgets.trained_rows import trained as trained_rows

# What torch remarks when it does what it is asked to.
pytestmark = [pytest.mark.filterwarnings("ignore:LSTM with projections")]
EXPLORER = "look-up/shape-explorer.html"
# Names of torch's interface, the cells' names, and functions: the same in every language.
NAMES = {
    *("RNN", "LSTM", "GRU", "tanh", "relu", "input", "output", "h_n", "c_n", "proj_size"),
    *("num_layers", "bidirectional", "batch_first", "bias", "max_norm"),
    *("weight_ih", "weight_hh", "bias_ih", "bias_hh"),
}  # fmt: skip
WORD = re.compile(r"[A-Za-z_]{2,}")
CHINESE = re.compile(r"[\u3400-\u9fff]")
# Texts, and what is only spoken; programs and names of parameters are code.
SAID = """widget => {
    const texts = []
    const walker = document.createTreeWalker(widget, NodeFilter.SHOW_TEXT)
    while (walker.nextNode())
        if (!walker.currentNode.parentElement.closest("pre, tbody code"))
            texts.push(walker.currentNode.textContent)
    for (const element of widget.querySelectorAll("*"))
        for (const name of ["aria-label", "aria-valuetext", "title", "alt", "placeholder", "label"])
            if (element.hasAttribute(name)) texts.push(element.getAttribute(name))
    return texts.map((text) => text.trim()).filter(Boolean)
}"""
KEYS = """async (base) => {
    const flat = (value, path = "") => typeof value === "string" ? [[path, value]]
        : Object.entries(value).flatMap(([key, inner]) => flat(inner, `${path}.${key}`));
    const load = async (language) => {
        const modules = await Promise.all(["words", "demos"].map((name) =>
            import(`${base}assets/widgets/${name}-${language}.js`)));
        return modules.flatMap((module) => flat(module.default));
    }
    return [await load("en"), await load("zh")];
}"""


def said(widget: Locator) -> set[str]:
    return set(widget.evaluate(SAID))


def english(texts: set[str]) -> set[str]:
    return {word for text in texts for word in WORD.findall(text)} - NAMES


@pytest.fixture
def words(context: BrowserContext, served: str) -> list[dict[str, str]]:
    page = context.new_page()
    page.goto(served + "404.html")
    return [dict(pairs) for pairs in page.evaluate(KEYS, served)]


def test_both_languages_have_the_same_keys_and_places(words: list[dict[str, str]]) -> None:
    """TypeScript compares the keys, too."""
    ours, theirs = words
    assert ours.keys() == theirs.keys()
    assert len(ours) > 80
    for key, text in ours.items():
        assert set(re.findall(r"\$\d", text)) == set(re.findall(r"\$\d", theirs[key])), key
        assert not CHINESE.search(text), key
    assert {key for key, text in theirs.items() if not text} == set()


def test_chinese_is_set_as_chinese(words: list[dict[str, str]]) -> None:
    """A space between Chinese and Latin letters or digits; punctuation as wide as a character."""
    for key, text in words[1].items():
        for beside in ("[A-Za-z0-9]", "[,.:;!?()]"):
            wrong = rf"{CHINESE.pattern}{beside}|{beside}{CHINESE.pattern}|您"
            filled = re.sub(r"\$\d", "1", text.replace("梯度$3", "梯度"))  # that one is a word
            assert not re.search(wrong, filled), f"{key}: {text}"


# In the browser


@pytest.mark.parametrize(
    ("language", "loaded"), [("zh", "zh"), ("zh-Hans", "zh"), ("en", "en"), ("fr", "en")]
)
def test_the_document_chooses_and_only_one_language_is_loaded(
    context: BrowserContext, served: str, language: str, loaded: str
) -> None:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    in_language(page, language)
    load(page, served + "index.html")
    check(loaded, said(bring(page, "unrolled-network")))
    assert [name for name in asked if name.startswith("words-")] == [f"words-{loaded}.js"]


def check(language: str, texts: set[str]) -> None:
    """No word of the one language, and some of the other."""
    assert any(CHINESE.search(text) for text in texts) == (language == "zh"), texts
    assert bool(english(texts)) == (language == "en"), english(texts)


def scene(page: Page, served: str, language: str) -> set[str]:
    found: set[str] = set()
    page.emulate_media(reduced_motion="reduce")
    in_language(page, language)
    load(page, served + "index.html")
    widget = bring(page, "unrolled-network")
    for step in range(6):
        widget.get_by_role("slider").fill(str(step))
        found |= said(widget)
    return found


def player(page: Page, served: str, language: str) -> set[str]:
    """Every network at its first and last step, and a number of every column explained."""
    found: set[str] = set()
    widget = alone(page, served, "step-player", language=language)
    for cell in ("RNN", "LSTM", "GRU"):
        widget.locator("select").first.select_option(cell)
        for kind in ("single", "stacked", "bidirectional"):
            widget.locator("select").last.select_option(kind)
            found |= said(widget)
            widget.get_by_role("slider").press("End")
            found |= said(widget)
        for number in widget.locator(".products tr:last-child td, .mix tr:last-child td").all():
            number.click()
            found |= said(widget)
    widget.get_by_role("slider").press("Home")
    widget.locator("button").nth(1).click()  # play
    return found | said(widget)


def gradients(page: Page, served: str, language: str) -> set[str]:
    """Every variant, at the smallest and the largest radius and limit."""
    found: set[str] = set()
    widget = alone(page, served, "gradient-explorer", language=language)
    for cell, variants in {"RNN": ["tanh", "relu", "none"], "LSTM": ["drawn", "open"]}.items():
        widget.locator("select").first.select_option(cell)
        for variant in variants:
            widget.locator("select").last.select_option(variant)
            for key in ("Home", "End"):
                widget.get_by_role("slider").first.press(key)
                widget.get_by_role("slider").last.press(key)
                found |= said(widget)
    return found


def explorer(page: Page, served: str, language: str) -> set[str]:
    """A drawing with a dashed edge, an input that is no number, both kinds of copying."""
    found: set[str] = set()
    in_language(page, language)
    load(page, served + EXPLORER)
    widget = bring(page, "shape-explorer")
    for query in ("?cell=LSTM&N=300&T=2&E=3&H=4&proj_size=2", "?cell=GRU&unbatched=1&H=6"):
        page.evaluate("query => history.replaceState(null, '', query)", query)
        page.evaluate("dispatchEvent(new PopStateEvent('popstate'))")
        found |= said(widget)
    for name in ("copy", "link"):
        widget.locator(f"button[name={name}]").click()
        expect(widget.locator("[role=status]")).not_to_be_empty()
        found |= said(widget)
    widget.locator("input[name=T]").fill("")
    found |= said(widget)
    page.goto(served + "foundations/anatomy.html")  # one next to text
    return found | said(bring(page, "shape-explorer"))


def digits(page: Page, served: str, language: str) -> set[str]:
    """A sample, all and some of its rows, an empty pad, a point, and keys."""
    late: list[Route] = []
    page.route("**/late.json", lambda route: late.append(route))
    widget = alone(page, served, "digit-states", {"weights": "late.json"}, language)
    buttons, slider = widget.locator("button"), widget.get_by_role("slider")
    found = said(widget)
    buttons.nth(1).click()  # sample
    found |= said(widget)
    late[0].fulfill(body=file(trained()))
    expect(widget.locator("td b").first).to_be_attached()
    found |= said(widget)
    slider.fill("3")
    found |= said(widget)
    buttons.nth(2).click()  # play
    found |= said(widget)
    buttons.first.click()  # clear
    expect(widget.locator("td b")).to_have_count(0)
    found |= said(widget)
    widget.get_by_role("application").focus()
    for key in ("ArrowUp", "Space"):
        page.keyboard.press(key)
        page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        found |= said(widget)
    return found


def reader(page: Page, served: str, language: str) -> set[str]:
    """A sample, all and some of its columns, an empty pad, and a point."""
    late: list[Route] = []
    page.route("**/late.json", lambda route: late.append(route))
    widget = alone(page, served, "digit-reader", {"weights": "late.json"}, language)
    says, buttons = widget.locator("[aria-live]"), widget.locator("button")
    found = said(widget)
    buttons.nth(1).click()  # sample
    found |= said(widget)
    late[0].fulfill(body=file(trained_rows()))
    expect(says).to_contain_text(re.compile(r"\d"))
    found |= said(widget)
    widget.get_by_role("slider").fill("1")
    found |= said(widget)
    buttons.nth(2).click()  # play
    found |= said(widget)
    buttons.first.click()  # clear
    expect(says).not_to_contain_text(re.compile(r"\d"))
    found |= said(widget)
    widget.get_by_role("application").focus()
    page.keyboard.press("Space")
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    return found | said(widget)


# By the name of a widget's words, what shows them all.
SEEN: dict[str, Callable[[Page, str, str], set[str]]] = {
    "scene": scene, "steps": player, "gradients": gradients, "shapes": explorer,
    "pad": digits, "digits": digits, "reader": reader,
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", SEEN)
def test_all_that_a_widget_says_is_in_its_language(
    context: BrowserContext, served: str, name: str, language: str, words: list[dict[str, str]]
) -> None:
    found = SEEN[name](context.new_page(), served, language)
    check(language, found)
    for key, text in words[language == "zh"].items():
        if key.startswith(f".{name}") and not re.search("comment|refused", key):
            parts = [part.strip() for part in re.split(r"\$\d", text)]
            assert any(all(part in shown for part in parts) for shown in found), f"not seen: {key}"


def test_refusals_are_quoted_and_explained(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    in_language(page, "zh")
    load(page, served + EXPLORER)
    bring(page, "shape-explorer")
    message = page.locator("shape-explorer .message")
    for changed, error, reason in (
        ({"cell": "GRU", "proj_size": 3}, "ValueError: proj_size argument is only", "只有 LSTM"),
        ({"H": 0}, "ValueError: hidden_size must be greater than zero", "必须大于 0"),
        (
            {"cell": "LSTM", "proj_size": 9},
            "ValueError: proj_size has to be smaller",
            "小于隐藏状态",
        ),
        ({"T": 0}, "RuntimeError: Expected sequence length to be larger than 0", "一个时间步"),
    ):
        usual = {"cell": "RNN", "N": 2, "T": 3, "E": 4, "H": 5, "num_layers": 1, "proj_size": 0}
        show(page, usual | changed)
        expect(message).to_contain_text(error)
        expect(message).to_contain_text(reason)


def test_chinese_programs_run_and_are_the_english_ones_except_for_comments(
    context: BrowserContext, served: str
) -> None:
    """That the button copies the program is tested in tests/widgets/test_shape_explorer.py."""
    pages = []
    for code in ("en", "zh"):
        page = context.new_page()
        in_language(page, code)
        load(page, served + EXPLORER)
        bring(page, "shape-explorer")
        pages.append(page)
    ran = 0
    for asked in drawn(200, 7):
        if ran == 50:
            break
        for page in pages:
            show(page, asked)
        if page.locator("shape-explorer .message.wrong").count():
            continue
        ours, theirs = (page.locator("shape-explorer .program").text_content() for page in pages)
        assert [line.split("  #")[0] for line in theirs.splitlines() if line[:1] != "#"] == [
            line.split("  #")[0] for line in ours.splitlines() if line[:1] != "#"
        ]
        assert len(CHINESE.findall(theirs)) > 5
        names: dict[str, Any] = {}
        exec(compile(theirs, "program", "exec"), names)
        assert names["x"].shape == inputs(asked).shape
        assert repr(names[asked["cell"].lower()]) == repr(network(asked))
        ran += 1
    assert ran == 50
    page.bring_to_front()
    page.locator("shape-explorer button[name=copy]").click()
    expect(page.locator("button[name=copy] + [role=status]")).not_to_be_empty()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("shape-explorer .program").text_content()

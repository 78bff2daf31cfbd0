"""The demo of the lab on characters: it computes what torch and the course's functions compute."""

import re
from functools import cache

import pytest
import torch
from playwright.sync_api import BrowserContext, Locator, Page, expect
from torch import Tensor, nn

from rnn_tutorial.heads import apply_temperature, keep_nucleus, keep_top_k
from tests.site.axe import COLOURS, prepare, violations
from tests.widgets.handing import hand
from tests.widgets.stage import alone

SYMBOLS = "\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz"
HIDDEN, FEATURES = 24, 8
MODULE = "const demo = await import(base + 'assets/widgets/letter-writer.js');"
READ = f"""async ([base, url, texts]) => {{
    {MODULE}
    const {{weights}} = await import(base + "assets/widgets/weights.js")
    const trained = await weights(url)
    const known = demo.vocabulary(trained)
    return texts.map((text) => [...text].reduce((all, character) => {{
        const next = demo.read(known.indexOf(character), trained, all.at(-1))
        return [...all, next]
    }}, []).map(({{scores}}) => [...scores]))
}}"""
CHANCES = f"""async ([base, rows, settings]) => {{
    {MODULE}
    return rows.map((row) => [...demo.chances(row, ...settings)])
}}"""
DRAWN = f"""async ([base, row, seed, count]) => {{
    {MODULE}
    const next = demo.random(seed)
    return Array.from({{length: count}}, () => demo.chosen(Float32Array.from(row), next()))
}}"""
# Each step hands its rounding on to the next one.
BOUND = 256 * torch.finfo(torch.float32).eps


@cache
def weights() -> dict[str, Tensor]:
    """Draw a network with the lab's names; large enough weights that it has opinions."""
    torch.manual_seed(0)
    parts = nn.Embedding(len(SYMBOLS), FEATURES), nn.GRU(FEATURES, HIDDEN), nn.Linear(HIDDEN, 38)
    named = {
        "symbols": torch.tensor([float(ord(symbol)) for symbol in SYMBOLS]),
        "embedding.weight": parts[0].weight,
        **dict(parts[1].named_parameters()),
        "head.weight": 6 * parts[2].weight,
        "head.bias": parts[2].bias,
    }
    return {name: value.detach().half().float() for name, value in named.items()}


@torch.no_grad()
def scores(text: str) -> Tensor:
    """Read a text with torch: scores (T, C)."""
    own = weights()
    network = nn.GRU(FEATURES, HIDDEN)
    network.load_state_dict({name: own[name] for name in network.state_dict()})
    states, _ = network(own["embedding.weight"][[SYMBOLS.index(symbol) for symbol in text]])
    return nn.functional.linear(states, own["head.weight"], own["head.bias"])


def of_length(length: int) -> re.Pattern[str]:
    return re.compile(rf"^[\s\S]{{{length}}}$")


def writer(page: Page, served: str, language: str = "en") -> Locator:
    return alone(page, served, "letter-writer", {"weights": hand(page, weights())}, language)


def begin(demo: Locator, text: str) -> None:
    demo.get_by_role("textbox").fill(text)


def rows(demo: Locator) -> list[str]:
    """List the characters and their probabilities."""
    return [" ".join(text.split()) for text in demo.locator("tr").all_inner_texts()[1:]]


def expected(text: str, temperature: float = 0.7) -> list[str]:
    chances = apply_temperature(scores(text)[-1], temperature).softmax(-1)
    best, places = chances.topk(10)
    signs = {" ": "␣", "\n": "⏎"}
    pairs = zip(places.tolist(), best.tolist(), strict=True)
    return [f"{signs.get(SYMBOLS[k], SYMBOLS[k])} {100 * share:.1f}%" for k, share in pairs]


@pytest.fixture
def demo(context: BrowserContext, served: str) -> Locator:
    return writer(context.new_page(), served)


# Against torch


def test_scores_are_those_of_torch(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.goto(served + "404.html")
    texts = ["esther", "now it came to pass\nin the days of ahasuerus,", "?"]
    found = page.evaluate(READ, [served, hand(page, weights()), texts])
    for text, row in zip(texts, found, strict=True):
        torch.testing.assert_close(torch.tensor(row), scores(text), rtol=BOUND, atol=BOUND)


@pytest.mark.parametrize("temperature", [0.1, 0.7, 1.0, 2.0])
@pytest.mark.parametrize(
    ("rule", "limits"), [("", [0]), ("k", [1, 3, 20]), ("p", [0.1, 0.55, 0.9, 1])]
)
def test_chances_are_those_of_the_course(
    context: BrowserContext, served: str, temperature: float, rule: str, limits: list[float]
) -> None:
    page = context.new_page()
    page.goto(served + "404.html")
    table = scores("the king, and the queen")
    table[0, :6] = table[0].max()  # as good as each other
    for limit in limits:
        found = page.evaluate(CHANCES, [served, table.tolist(), [temperature, rule, limit]])
        wanted = apply_temperature(table, temperature)
        if rule:
            wanted = keep_top_k(wanted, int(limit)) if rule == "k" else keep_nucleus(wanted, limit)
        torch.testing.assert_close(
            torch.tensor(found).float(), wanted.softmax(-1), rtol=1e-4, atol=1e-6
        )


def test_characters_are_drawn_as_often_as_they_should(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.goto(served + "404.html")
    chances = torch.tensor([0.0, 0.5, 0.0, 0.3, 0.2, 0.0])
    draws = 20_000
    first, again, other = (
        torch.tensor(page.evaluate(DRAWN, [served, chances.tolist(), seed, draws]))
        for seed in (3, 3, 4)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    shares = first.bincount(minlength=6) / draws
    assert ((shares - chances).abs() <= 5 * (chances * (1 - chances) / draws).sqrt()).all()


# In use


@pytest.mark.parametrize("text", ["And the King", "queen esther’s", "vashti"])
def test_it_shows_what_comes_next(demo: Locator, text: str) -> None:
    begin(demo, text)
    expect(demo.locator("tr:nth-child(2) td").last).not_to_be_empty()
    assert rows(demo) == expected(text.lower().replace("’", "'"))


def test_it_writes_what_it_has_shown_and_carries_its_state(demo: Locator) -> None:
    begin(demo, "and the king")
    one = demo.get_by_role("button", name="One character")
    for _ in range(5):
        one.click()
    text = demo.locator(".text")
    expect(text).to_have_text(of_length(17))
    assert rows(demo) == expected(text.text_content() or "")


def test_a_seed_writes_the_same_again(demo: Locator) -> None:
    begin(demo, "and")
    text, many = demo.locator(".text"), demo.get_by_role("button", name="50 characters")
    many.click()
    first = text.text_content() or ""
    assert len(first) == 53
    demo.get_by_role("button", name="Begin anew").click()
    assert text.text_content() == "and"
    many.click()
    assert text.text_content() == first
    demo.get_by_role("spinbutton").fill("7")
    many.click()
    other = text.text_content() or ""
    assert len(other) == 53
    assert other != first


def test_the_best_one_alone_is_drawn_with_k_of_1(demo: Locator) -> None:
    begin(demo, "and")
    demo.get_by_role("combobox").select_option("k")
    limit = demo.get_by_role("slider").last
    limit.focus()
    for _ in range(4):
        demo.page.keyboard.press("ArrowLeft")
    demo.get_by_role("button", name="50 characters").click()
    text = demo.locator(".text").text_content() or ""
    best = scores(text).argmax(-1).tolist()
    assert [SYMBOLS[k] for k in best[2:-1]] == list(text[3:])
    assert rows(demo)[0].endswith("100.0%")


def test_it_stops_at_the_longest(demo: Locator) -> None:
    begin(demo, "a")
    many = demo.get_by_role("button", name="50 characters")
    for _ in range(21):
        many.click()
    assert len(demo.locator(".text").text_content() or "") == 1001
    expect(demo.get_by_role("status")).to_have_text("1000 characters are enough: begin anew.")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "A beginning has at least one character."),
        ("in 1611, ñ", "The network has not read 1 6 ñ. It knows the blank and ! ' ( )"),
    ],
)
def test_bad_beginnings_get_a_message(demo: Locator, text: str, message: str) -> None:
    begin(demo, text or "x")
    begin(demo, text)
    expect(demo.get_by_role("status")).to_contain_text(message)
    demo.get_by_role("button", name="50 characters").click()
    assert demo.locator(".text").text_content() == ""
    assert all(not row for row in rows(demo))
    assert "NaN" not in demo.inner_html()
    begin(demo, "and")
    assert rows(demo) == expected("and")


@pytest.mark.parametrize("seed", ["", "-1", "1.5", "10000"])
def test_bad_seeds_get_a_message(demo: Locator, seed: str) -> None:
    begin(demo, "and")
    demo.get_by_role("spinbutton").fill(seed)
    expect(demo.get_by_role("status")).to_have_text("A seed is a whole number from 0 to 9999.")


def test_everything_by_keyboard(demo: Locator) -> None:
    keyboard = demo.page.keyboard
    demo.get_by_role("textbox").focus()
    keyboard.press("End")
    keyboard.type(" that")
    for _ in range(4):  # temperature, rule, seed; the slider of no rule is off
        keyboard.press("Tab")
    keyboard.press("Enter")
    text, beginning = demo.locator(".text"), "and it came to pass that"
    expect(text).to_have_text(of_length(len(beginning) + 1))
    assert (text.text_content() or "").startswith(beginning)


def test_weights_are_loaded_on_first_use(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    demo = writer(page, served)
    expect(demo.get_by_role("status")).to_contain_text("Type a beginning")
    assert "weights.json" not in asked
    demo.get_by_role("button", name="50 characters").click()  # goes on from the given beginning
    expect(demo.locator(".text")).to_have_text(of_length(69))


def test_without_weights_the_recorded_example_stays(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.route("**/lost.json", lambda route: route.fulfill(status=404))
    demo = alone(page, served, "letter-writer", {"weights": "lost.json"})
    demo.get_by_role("button", name="One character").click()
    expect(demo.get_by_role("alert")).to_contain_text("cannot run")
    expect(page.locator(".widget")).not_to_contain_class("widget--running")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_on_a_phone_nothing_moves_or_is_cut(
    context: BrowserContext, served: str, language: str
) -> None:
    page = context.new_page()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        demo = writer(page, served, language)
        boxes = [demo.bounding_box()]
        for beginning in ("and the king", "", "1611 and 1769"):
            begin(demo, beginning or "x")
            begin(demo, beginning)
            demo.locator("button").nth(1).click()
            boxes.append(demo.bounding_box())
        for rule in ("k", "p"):
            demo.get_by_role("combobox").select_option(rule)
            boxes.append(demo.bounding_box())
        assert boxes == boxes[:1] * 6
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert all(
            (one.bounding_box() or {})["height"] >= 24 for one in demo.locator("button").all()
        )


def test_it_has_no_fault_for_axe(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    demo = writer(page, served)
    begin(demo, "and the king")
    demo.get_by_role("button", name="50 characters").click()
    expect(demo.locator(".text")).to_have_text(of_length(62))
    prepare(page)
    faults = {"light": violations(page)}
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    faults["dark"] = violations(page, COLOURS)
    assert not any(faults.values()), faults


def test_chinese_has_no_english(context: BrowserContext, served: str) -> None:
    demo = writer(context.new_page(), served, "zh")
    begin(demo, "é")
    expect(demo.get_by_role("status")).to_contain_text("词表里没有 é")
    begin(demo, "a")
    expect(demo.get_by_role("status")).to_contain_text("灰色是开头")
    assert set(re.findall("[A-Za-z]{2,}", demo.inner_text())) <= {"top"}

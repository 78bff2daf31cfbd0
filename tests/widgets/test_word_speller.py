"""The demo of the lab on pronunciation: it computes what torch computes, and says what is wrong."""

import re
from collections.abc import Iterator

import pytest
import torch
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.site.axe import COLOURS, prepare, violations
from tests.widgets.handing import file, hand
from tests.widgets.stage import alone
from tests.widgets.trained_speller import handed, lab, written

SPELL = """async ([base, url, words]) => {
    const {weights} = await import(base + "assets/widgets/weights.js")
    const {spell} = await import(base + "assets/widgets/word-speller.js")
    const loaded = await weights(url)
    return words.map((word) => spell(word, loaded))
}"""
FRAME = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
# Up to 28 steps of sums of 128 products, each of which hands its rounding on.
BOUND = 1024 * torch.finfo(torch.float32).eps


def brought(page: Page, served: str, language: str = "en") -> Locator:
    demo = alone(page, served, "word-speller", {"weights": hand(page, handed())}, language)
    demo.get_by_role("button").click()
    expect(demo.locator("table tr").first).to_be_visible()
    return demo


@pytest.fixture
def demo(context: BrowserContext, served: str) -> Locator:
    return brought(context.new_page(), served)


def phonemes(demo: Locator) -> list[str]:
    """Read the phonemes off the map, without the end."""
    return demo.locator("tr th[scope=row]").all_inner_texts()[:-1]


def test_it_writes_what_torch_writes_for_words_not_trained_on(
    context: BrowserContext, served: str
) -> None:
    page = context.new_page()
    page.goto(served + "404.html")
    words = [*lab()["parts"].test[:40], "a", "strengthened"]
    found = page.evaluate(SPELL, [served, hand(page, handed()), words])
    for word, steps in zip(words, found, strict=True):
        symbols, chances, weights = written(word)
        assert [step["phoneme"] for step in steps] == symbols, word
        for name, expected in (("chance", chances), ("weights", weights)):
            actual = torch.tensor([step[name] for step in steps], dtype=torch.float32)
            torch.testing.assert_close(actual, expected, rtol=BOUND, atol=BOUND)


def test_it_shows_words_of_the_test_part(demo: Locator) -> None:
    words, field = lab()["parts"].test, demo.get_by_role("textbox")
    expect(field).to_have_value(words[0])
    for word in words[1:4]:
        demo.get_by_role("button").click()
        expect(field).to_have_value(word)
        truth = " ".join(lab()["dictionary"][word][0])
        expect(demo.locator("[aria-live]")).to_contain_text(f"The dictionary has {truth};")
        assert phonemes(demo) == written(word)[0][:-1]


def test_everything_by_keyboard(demo: Locator) -> None:
    keyboard = demo.page.keyboard
    demo.get_by_role("textbox").focus()
    keyboard.press("Control+a")
    keyboard.type("Knight")
    assert phonemes(demo) == written("knight")[0][:-1]
    says = " ".join(written("knight")[0][:-1])
    expect(demo.locator("[aria-live]")).to_have_text(f"knight: the network writes {says}.")
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(demo.get_by_role("textbox")).to_have_value(lab()["parts"].test[1])


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Type a word of letters from a to z."),
        ("   ", "Type a word of letters from a to z."),
        ("naïve", "Expected letters from a to z, got “ï”."),
        ("route 66", "Expected letters from a to z, got “ ” “6”."),
        ("不", "Expected letters from a to z, got “不”."),
        ("incomprehensible", "Expected at most 12 letters, got 16."),
    ],
)
def test_words_that_cannot_be_read_get_a_message(demo: Locator, typed: str, message: str) -> None:
    demo.get_by_role("textbox").fill(typed)
    expect(demo.locator("[aria-live]")).to_have_text(message)
    expect(demo.locator("tr")).to_have_count(0)
    assert "NaN" not in demo.inner_html()
    demo.get_by_role("textbox").fill("fine")
    assert phonemes(demo) == written("fine")[0][:-1]


def test_a_long_word_gets_a_warning(demo: Locator) -> None:
    demo.get_by_role("textbox").fill("strengthened")
    expect(demo.locator("[aria-live]")).to_contain_text("Words in training had at most 6 letters")


def test_without_weights_the_recorded_example_stays(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.route("**/lost.json", lambda route: route.fulfill(status=404))
    demo = alone(page, served, "word-speller", {"weights": "lost.json"})
    demo.get_by_role("button").click()
    expect(demo.get_by_role("alert")).to_contain_text("cannot run")
    expect(page.locator(".widget")).not_to_contain_class("widget--running")


def test_a_word_that_is_there_before_the_weights_stays(
    context: BrowserContext, served: str
) -> None:
    page = context.new_page()
    late: list[Route] = []
    page.route("**/late.json", lambda route: late.append(route))
    demo = alone(page, served, "word-speller", {"weights": "late.json"})
    expect(demo.locator("[aria-live]")).to_have_text("Type a word of letters from a to z.")
    demo.get_by_role("textbox").fill("tap")
    expect(demo.locator("[aria-live]")).to_have_text("The weights are loading.")
    late[0].fulfill(body=file(handed()))
    expect(demo.locator("tr").first).to_be_visible()
    expect(demo.get_by_role("textbox")).to_have_value("tap")
    assert phonemes(demo) == written("tap")[0][:-1]


def test_the_file_is_small() -> None:
    assert len(file(handed())) < 300_000


@pytest.fixture(params=[390, 1280])
def sized(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 844})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_fits_and_nothing_moves(sized: Page, served: str, language: str) -> None:
    demo = brought(sized, served, language)
    sizes = set()
    for word in ("", "a", "route 66", "sixths", "incomprehensible", "abcdefghijkl", "xxxxxxxxxxxx"):
        demo.get_by_role("textbox").fill(word)
        sized.evaluate(FRAME)
        sizes.add(tuple((demo.bounding_box() or {}).items()))
        over = demo.evaluate(
            "e => [...e.querySelectorAll('.map, table, p, button, label')]"
            ".filter((e) => e.scrollWidth > e.clientWidth + 1"
            " || e.scrollHeight > e.clientHeight + 1)"
            ".map((e) => e.className + e.textContent)"
        )
        assert over == [], word
    assert len(sizes) == 1
    assert sized.evaluate("document.documentElement.scrollWidth <= innerWidth")
    controls = demo.locator("button, input").all()
    assert all((one.bounding_box() or {})["height"] >= 24 for one in controls)


def test_it_has_no_fault_for_axe(sized: Page, served: str) -> None:
    demo = brought(sized, served)
    prepare(sized)
    faults = {"word": violations(sized)}
    demo.get_by_role("textbox").fill("")
    faults["empty"] = violations(sized)
    demo.get_by_role("button").click()
    sized.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    expect(demo.locator("table tr").first).to_be_visible()
    faults["dark"] = violations(sized, COLOURS)
    assert not any(faults.values()), faults


def test_chinese_has_no_english_but_phonemes(context: BrowserContext, served: str) -> None:
    demo = brought(context.new_page(), served, "zh")
    expect(demo.locator("[aria-live]")).to_contain_text("词典中的发音是")
    demo.get_by_role("textbox").fill("naïve")
    expect(demo.locator("[aria-live]")).to_have_text("应为字母 a 到 z，实际含有 “ï”。")
    demo.get_by_role("textbox").fill("tap")
    known = {*lab()["PHONEMES"].symbols, "tap"}
    assert set(re.findall("[A-Za-z]{2,}", demo.inner_text())) <= known

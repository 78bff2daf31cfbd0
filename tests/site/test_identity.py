"""The course's own face: mark, front page, quiet check marks and their counts, paper."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup
from lxml.html import tostring
from playwright.sync_api import Browser, BrowserContext, Page

from tests.site.published import article, texts, tree
from tests.site.visits import load, shifts, watch_shifts
from tools.figures import target
from tools.figures.style import number
from tools.site import ROOT, address_of, pages

PAGES = [address_of(page) for page in pages()]
PRINTED = ["foundations/memory", "gates/lstm-by-hand", "learning/vanishing-gradients"]
SCENE = ROOT / "docs/assets/widgets/unrolled-network.js"


# The mark


@pytest.mark.parametrize("page", ["index.html", "foundations/memory.html", "404.html"])
def test_page_wears_the_mark(built_site: Path, page: str) -> None:
    shown = tree(built_site / page)
    icons = {link.get("rel"): link.get("href") for link in shown.cssselect("link[rel~=icon]")}
    assert list(icons) == ["icon", "alternate icon"]
    for href, name in zip(icons.values(), ("favicon.svg", "favicon.png"), strict=True):
        assert href.endswith(f"assets/{name}")
        assert (built_site / "assets" / name).is_file()
    assert b"var(--axis-h" in tostring(shown.cssselect("header .md-logo > svg")[0])
    assert bool(shown.cssselect(".rnn-mark > svg")) == (page == "404.html")


# The front page's scene


def test_numbers_of_the_scene_are_those_of_torch() -> None:
    torch.manual_seed(3)
    network = torch.nn.RNN(3, 4, batch_first=True)
    x = torch.randn(1, 4, 3)
    output, h_n = network(x)
    soup = BeautifulSoup(target("unrolled").read_text(encoding="utf-8"), "html.parser")

    def shown(step: int) -> list[str]:
        texts = [text.get_text() for text in soup.select(f".step-{step} text")]
        return [text for text in texts if re.fullmatch(r"−?\d\.\d", text)]

    assert shown(0) == ["0.0"] * 4
    for t in range(4):
        assert shown(t + 1) == [number(v) for v in [*output[0, t].tolist(), *x[0, t].tolist()]]
    assert shown(5) == [number(value) for value in h_n.flatten().tolist()]


def test_scene_is_small() -> None:
    assert len(gzip.compress(SCENE.read_bytes(), 9)) <= 2000


def later(page: Page) -> set[int]:
    """Return the steps that are faint."""
    faint = "parts => parts.filter(p => getComputedStyle(p).opacity < 0.5).map(p => p.classList[0])"
    names = page.locator("[class^=step-]").evaluate_all(faint)
    return {int(name.removeprefix("step-")) for name in names}


@pytest.fixture
def still(browser: Browser) -> Iterator[Page]:
    """Open a page for a reader who wants no motion."""
    context = browser.new_context(reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def test_scene_plays_once_on_arrival(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.goto(served)
    slider = page.get_by_role("slider", name="Time step")
    page.wait_for_function("document.querySelector('unrolled-network input')?.value === '0'")
    page.wait_for_function("document.querySelector('unrolled-network input').value === '5'")
    page.wait_for_timeout(1000)
    assert slider.input_value() == "5"
    assert later(page) == set()


def test_scene_stands_still_for_readers_who_want_no_motion(still: Page, served: str) -> None:
    still.goto(served)
    slider = still.get_by_role("slider", name="Time step")
    slider.wait_for()
    still.wait_for_timeout(1000)
    assert slider.input_value() == "5"
    assert later(still) == set()


def test_scene_is_moved_by_keyboard_and_by_mouse(still: Page, served: str) -> None:
    still.goto(served)
    slider = still.get_by_role("slider", name="Time step")
    slider.focus()
    for key, faint, line in (
        ("Home", {1, 2, 3, 4, 5}, "t = 0"),
        ("ArrowRight", {2, 3, 4, 5}, "t = 1"),
        ("End", set(), "hₙ is h₄"),
        ("ArrowLeft", {5}, "t = 4"),
    ):
        still.keyboard.press(key)
        assert later(still) == faint
        shown = still.locator("unrolled-network output").inner_text()
        assert shown.startswith(line)
        assert slider.get_attribute("aria-valuetext") == shown
    box = slider.bounding_box()
    assert box
    still.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] / 2)
    assert slider.input_value() == "2"


@pytest.mark.parametrize("width", [390, 1280])
def test_stops_of_the_slider_stand_below_the_steps(still: Page, served: str, width: int) -> None:
    still.set_viewport_size({"width": width, "height": 900})
    still.goto(served)
    slider = still.get_by_role("slider", name="Time step").bounding_box()
    thumb = 1.1 * still.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)")
    middle = "e => { const b = e.getBoundingClientRect(); return (b.left + b.right) / 2 }"
    assert slider
    for step in range(6):
        stop = slider["x"] + thumb / 2 + step / 5 * (slider["width"] - thumb)
        label = still.locator(f"#fig-unrolled .step-{step} text").last  # x_t, or the state's name
        assert abs(label.evaluate(middle) - stop) <= 4, f"step {step}"


def test_scene_is_whole_without_scripts(browser: Browser, served: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(served)
    assert page.locator("#fig-unrolled svg").is_visible()
    assert not page.locator("unrolled-network").is_visible()
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_while_the_front_page_loads(
    context: BrowserContext, served: str, width: int
) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": 900})
    watch_shifts(page)
    load(page, served)
    page.get_by_role("slider", name="Time step").wait_for()
    page.wait_for_timeout(1000)
    assert shifts(page) == []


def test_front_page_numbers_its_chapters_through(still: Page, served: str) -> None:
    still.goto(served)
    assert still.locator(".part > ol > li > a").count() == 19 + 7
    counter = "e => getComputedStyle(e, '::before').content"
    assert still.locator(".part > ol > li").last.evaluate(counter) == "counter(chapter)"
    reset = "e => getComputedStyle(e).counterReset"
    assert still.locator(".md-content").evaluate(reset) == "chapter 0"
    assert still.locator("#labs + .part").evaluate(reset) == "chapter 0"  # and its labs anew


# Check marks


@pytest.mark.parametrize("page", PAGES)
def test_page_says_how_much_of_it_was_computed(built_site: Path, page: str) -> None:
    shown = article(tree(built_site / page))
    said = shown.cssselect(".claimdown-counts")
    titles = texts(shown, ".admonition-title, summary")
    numbers = {
        "value": len(shown.cssselect(".verified")),
        "output": texts(shown, ".filename").count("Output"),
        "claim": sum(title.lstrip().startswith("Claim: ") for title in titles),
    }
    if page == "index.html" or not any(numbers.values()):
        assert not said
        return
    (line,) = said
    named = re.findall(r"(\d+) (\w+)", line.text_content())
    found = {noun.removesuffix("s"): int(n) for n, noun in named}
    assert found == {noun: count for noun, count in numbers.items() if count}
    (link,) = line.iter("a")
    assert (built_site / page / ".." / link.get("href")).resolve() == built_site / "checks.html"
    assert line.getparent().getprevious().tag == "h1"


@pytest.mark.parametrize("page", PAGES)
def test_first_mark_of_a_page_is_explained(built_site: Path, page: str) -> None:
    shown = article(tree(built_site / page))
    legends, everywhere = shown.cssselect(".verified-legend"), shown.cssselect(".verified")
    assert len(legends) == bool(everywhere)
    for legend in legends:
        blocks = [legend.getprevious(), legend.getnext()]
        paragraph, box = ([] if block is None else block.cssselect(".verified") for block in blocks)
        hidden = shown.cssselect(".widget .verified")
        in_sight = [value for value in everywhere if value not in hidden]
        first = (in_sight or everywhere)[0]  # a widget hides what it replaces
        assert first in paragraph or first in box


def test_search_and_notebooks_have_neither_counts_nor_legend(built_site: Path) -> None:
    index = (built_site / "search/search_index.json").read_text(encoding="utf-8")
    notebooks = [path.read_text(encoding="utf-8") for path in built_site.rglob("*.ipynb")]
    assert len(notebooks) >= 18
    for text in (index, *notebooks):
        assert "Point at the mark" not in text
        assert "on this page were" not in text


# Paper


@pytest.mark.parametrize("name", PRINTED)
def test_chapter_on_paper(context: BrowserContext, served: str, name: str) -> None:
    page = context.new_page()
    load(page, served + name + ".html")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert 5 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 16
    # A4 less the margins of site.css, at 96 px an inch.
    page.set_viewport_size({"width": int((210 - 30) / 25.4 * 96), "height": 1000})
    page.emulate_media(media="print")
    hidden_parts = [
        "header", ".md-sidebar", ".md-footer", ".md-code__nav", ".rnn-notebook",
        ".md-content__button", ".verified-legend", "article details:not(.check)",
    ]  # fmt: skip
    for hidden in hidden_parts:
        found = page.locator(hidden)
        assert found.count(), hidden
        assert not any(element.is_visible() for element in found.all()), hidden
    assert page.locator(".claimdown-counts").is_visible()
    cut = "all => all.filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"
    assert page.locator("article :is(pre > code, table, figure)").evaluate_all(cut) == []
    wrapped = """all => all.filter(code => {
        const { lineHeight, paddingTop } = getComputedStyle(code);
        const height = code.getBoundingClientRect().height - 2 * parseFloat(paddingTop);
        const lines = code.textContent.trim().split("\\n").length;
        return height && Math.round(height / parseFloat(lineHeight)) > lines;
    }).map(code => code.innerText)"""
    assert page.locator("article pre > code").evaluate_all(wrapped) == []
    whole = "all => all.map(e => getComputedStyle(e).breakInside)"
    for kept in ("figure.figure", "div.highlight"):
        assert set(page.locator(f"article {kept}").evaluate_all(whole)) == {"avoid"}, kept
    after = "e => getComputedStyle(e, '::after').content"
    assert "https://" in page.locator(
        "article a[href^='http']:not(.md-content__button)"
    ).first.evaluate(after)
    assert page.locator("article p > a:not([href^='http'])").first.evaluate(after) == "none"

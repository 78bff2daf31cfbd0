"""The site in Chromium, by what a reader does: switch, search, scroll, visit, download, print."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, expect

from tests.site.visits import PHONE, Listener, load


@pytest.mark.parametrize(("scheme", "used"), [("light", "default"), ("dark", "slate")])
@pytest.mark.parametrize("name", ["index.html", "foundations/memory.html", "labs/digits.html"])
def test_scheme_is_the_one_of_the_system(
    browser: Browser, served: str, name: str, scheme: str, used: str
) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    load(page, served + name)
    assert page.evaluate("document.body.dataset.mdColorScheme") == used
    assert heard.complaints == []
    context.close()


def test_verified_value_shows_its_expression(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    load(page, served + "foundations/linear-layer-over-time.html")
    mark = page.locator(".verified-mark").first
    bubble = "element => getComputedStyle(element, '::after').content"
    assert mark.evaluate(bubble) == "none"
    mark.focus()
    assert mark.evaluate(bubble) == '"x.shape[0]"'
    assert mark.get_attribute("aria-label") == "Verified: x.shape[0]"


def test_scheme_switch(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    load(page, served)
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("label[title='Switch to the dark scheme']").click()
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_missing_page_shows_the_way_back(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    response = page.goto(served + "foundations/no-such-page.html")
    assert response
    assert response.status == 404
    assert page.locator("h1").inner_text() == "This page is not here"
    page.get_by_role("link", name="start of the course").click()
    page.locator("h1", has_text="Recurrent networks").wait_for()


def test_notebook_is_offered_and_downloads(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    load(page, served + "foundations/linear-layer-over-time.html")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download notebook").click()
    assert download.value.suggested_filename == "linear-layer-over-time.ipynb"
    assert '"nbformat": 4' in download.value.path().read_text(encoding="utf-8")


def test_cheat_sheet_prints_on_two_pages(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    load(page, served + "look-up/cheat-sheet.html")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2
    # What is printed lies within the paper: A4 less its margins of 12 mm, at 96 px an inch.
    page.set_viewport_size({"width": int((210 - 24) / 25.4 * 96), "height": 1032})
    page.emulate_media(media="print")
    right = "element => element.getBoundingClientRect().right - window.innerWidth"
    tables = page.locator(".md-content table:visible").all()
    assert len(tables) == 6
    assert max(table.evaluate(right) for table in tables) <= 0
    assert page.locator(".md-content details").count() > 0
    assert page.locator(".md-content details:visible").count() == 0


def test_opens_from_a_folder(browser: Browser, built_site: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    heard = Listener(page, "file://")
    page.goto((built_site / "index.html").as_uri(), wait_until="networkidle")
    page.get_by_role("link", name="Start with chapter one").click()
    page.wait_for_url("**/linear-layer-over-time.html")
    page.locator(".arithmatex .katex").first.wait_for()
    assert heard.complaints == []
    context.close()


def shadows(box: Locator) -> tuple[bool, bool]:
    """Tell whether a box is darker at its left edge, and at its right one, than in between."""
    box.scroll_into_view_if_needed()
    picture = Image.open(io.BytesIO(box.screenshot())).convert("L")
    row = [picture.getpixel((x, picture.height // 2)) for x in range(picture.width)]
    return row[0] < row[len(row) // 2], row[-1] < row[len(row) // 2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_runs_off_a_phone_has_a_shadow_at_that_edge(
    browser: Browser, served: str, scheme: str
) -> None:
    context = browser.new_context(viewport=PHONE, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    load(page, served + "foundations/bidirectional.html")
    formula = page.locator("div.arithmatex").first
    formula.evaluate("box => { box.firstElementChild.style.visibility = 'hidden' }")  # its ground
    for left, edges in ((0, (False, True)), (40, (True, True)), (9999, (True, False))):
        formula.evaluate("(box, left) => box.scrollTo(left, 0)", left)
        assert shadows(formula) == edges, f"scrolled by {left} px"
    formula.evaluate("box => { box.style.fontSize = '8px' }")
    assert shadows(formula) == (False, False), "it fits"
    context.close()


def test_copy_button_covers_no_line_for_good(browser: Browser, served: str) -> None:
    """With a mouse it comes when pointed at; on a phone the line comes out from under it."""
    for hovers, options in ((True, {}), (False, {"has_touch": True, "is_mobile": True})):
        context = browser.new_context(viewport=PHONE, **options)
        page = context.new_page()
        load(page, served + "foundations/rnn-by-hand.html")
        blocks = page.locator("div.language-python.highlight:visible", has_text="cell = nn.RNNCell")
        block = blocks.first
        block.scroll_into_view_if_needed()
        button = block.locator(".md-code__nav")
        expect(button).to_have_css("opacity", "0" if hovers else "1")
        if hovers:
            block.hover()
            expect(button).to_have_css("opacity", "1")
        else:
            end = block.locator("code").evaluate("""code => {
                code.scrollTo({left: 9999, behavior: "instant"})
                const line = document.createRange()
                line.selectNodeContents(code)
                return line.getBoundingClientRect().right
            }""")
            box = button.bounding_box()
            assert box is not None
            assert end <= box["x"]
        context.close()

"""What is far from the screen waits until it comes near, and can still be found and printed."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.site.visits import expect_at, load, shifts, watch_shifts

PAGE = "foundations/rnn-by-hand.html"
TABLE = "#step-player table:not([class])"


@pytest.fixture
def page(context: BrowserContext, served: str) -> Page:
    page = context.new_page()
    page.goto(served + "404.html")
    return page


def asked_for(page: Page) -> list[str]:
    """List the names of the modules that a page asks for from now on."""
    names: list[str] = []
    page.on("request", lambda request: "/widgets/" in request.url
            and names.append(request.url.rpartition("/")[2]))  # fmt: skip
    return names


def test_a_widget_is_loaded_when_it_comes_near(page: Page, served: str) -> None:
    names = asked_for(page)
    load(page, served + PAGE)
    assert names == ["widgets.js"]
    frame = page.locator("#step-player")
    page.evaluate("top => scrollTo(0, top - 1.7 * innerHeight)",
                  frame.evaluate("e => e.getBoundingClientRect().top"))  # fmt: skip
    expect(page.locator("step-player button").first).to_be_attached()  # before it is on the screen
    assert {"base.js", "steps.js", "step-player.js", "step-player.json", "words-en.js"} <= {*names}
    assert "shape-explorer.js" not in names
    assert "words-zh.js" not in names
    assert not page.locator(TABLE).is_visible()


def test_a_widget_on_the_first_screen_is_loaded_at_once(page: Page, served: str) -> None:
    page.goto(served + "look-up/shape-explorer.html")
    expect(page.locator("shape-explorer .tensors svg").first).to_be_visible()


def test_what_was_not_loaded_is_printed_and_found_as_a_table(page: Page, served: str) -> None:
    load(page, served + PAGE)
    assert page.locator("step-player > *").count() == 0
    page.emulate_media(media="print")
    assert page.locator(TABLE).is_visible()
    page.emulate_media(media="screen")
    assert page.evaluate("find('Step two, the first')")
    assert page.evaluate("getSelection().anchorNode.parentElement.closest('#step-player') !== null")


@pytest.mark.parametrize("width", [390, 1280])
def test_an_anchor_leads_to_its_heading(page: Page, served: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    load(page, served + "index.html")
    load(page, served + PAGE + "#exercises")
    for name in ("exercises", "check", "mistakes", "idea"):
        page.evaluate("name => { location.hash = name }", name)
        expect_at(page, name)


@pytest.mark.parametrize(
    "name", [PAGE, "labs/digits.html", "look-up/shape-explorer.html", "contributing.html"]
)
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_moves_on_the_first_screen(page: Page, served: str, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    watch_shifts(page)
    # KaTeX's letters are wider than those that stand in for them, should they ever come late.
    page.route("**/*.woff2", lambda route: route.abort())
    load(page, served + name)
    page.evaluate("new Promise(done => setTimeout(done, 300))")
    assert shifts(page) == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("end", ['<label class="md-header__button md-icon" for="__search"',
                                 '<div class="md-search"'])  # fmt: skip
def test_header_that_is_half_there_stays_in_its_place(
    page: Page, served: str, width: int, end: str
) -> None:
    """A slow browser paints what it has got so far."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(served + PAGE)
    button = page.get_by_role("button", name="Select language")
    whole = button.bounding_box()
    html = page.request.get(served + PAGE).text()
    page.route("**/half.html", lambda route: route.fulfill(body=html.split(end)[0]))
    page.goto(served + PAGE.replace("rnn-by-hand", "half"))
    assert not page.locator(".md-search").count()
    assert button.bounding_box() == whole

"""Steps within a page and between pages, as the mended script of the theme takes them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.site.visits import DESKTOP, Listener, allow_instant_visits, expect_at, load, rest
from tests.widgets.stage import bring
from tools.navigation import mended_navigation

# The places of the theme's script that are mended, in other names and one after the other.
THEIRS = (
    'let u=v.pipe(w("pathname"),x(y=>z)),A=M(u,'
    'u.pipe(x(()=>v),w("hash")),'
    'history.replaceState(B,""),history.pushState(null,"",C)'
    ",v.pipe(D((E,F)=>E.pathname===F.pathname&&E.hash===F.hash),x(()=>G),H(()=>history.back())))"
    'I&&(J,history.replaceState({},"",`${K}`))}else K.hash="",history.replaceState({},"",`${K}`)'
)
PAGE = "foundations/rnn-by-hand.html"
OTHER = "foundations/deep-and-bidirectional.html"
# A block above that takes its real height moves the place by the pixel that it is rounded to.
AS_BEFORE = "before => Math.abs(scrollY - before) <= 1"
# After a step to a heading the theme's script looks away from what is scrolled for half a second.
UNWATCHED = "new Promise(done => setTimeout(done, 1000))"


@pytest.fixture
def page(context: BrowserContext, built_site: Path, served: str) -> Iterator[Page]:
    page = context.new_page()
    page.set_viewport_size({**DESKTOP})
    allow_instant_visits(page, built_site, served)
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    yield page
    assert heard.complaints == []


def fetched(page: Page) -> list[str]:
    """List the pages that are fetched from now on."""
    names: list[str] = []
    page.on("request", lambda request: request.url.endswith(".html")
            and names.append(request.url))  # fmt: skip
    return names


def scrolled(page: Page, top: int) -> float:
    """Scroll to a place, and return where the page has come to rest."""
    page.evaluate("top => scrollTo(0, top)", top)
    rest(page)
    return page.evaluate("scrollY")


def follow(page: Page, name: str) -> None:
    """Press a link of the page's own table of contents."""
    page.locator(f".md-sidebar--secondary a[href$='#{name}']").click()


def test_a_step_to_a_heading_leaves_the_page_and_its_widgets_as_they_are(
    page: Page, served: str
) -> None:
    load(page, served + PAGE)
    player = bring(page, "step-player").get_by_role("slider").first
    player.press("End")
    last = player.input_value()
    assert last != "0"
    before = scrolled(page, 3000)
    page.evaluate("document.querySelector('article').first = true")
    names = fetched(page)
    for step in (
        lambda: follow(page, "check"),
        lambda: follow(page, "mistakes"),
        lambda: page.evaluate("location.hash = 'idea'"),
    ):
        step()
        expect_at(page, page.url.partition("#")[2])
    for name in ("mistakes", "check"):
        page.go_back()
        page.wait_for_url(f"**#{name}")
    page.go_back()
    page.wait_for_function(AS_BEFORE, arg=before)
    assert names == []
    assert page.evaluate("document.querySelector('article').first")
    assert player.input_value() == last


def test_a_place_stays_known_when_the_address_follows_the_headings(page: Page, served: str) -> None:
    load(page, served + PAGE)
    before = scrolled(page, 3000)
    follow(page, "mistakes")
    for _ in range(2):
        expect_at(page, "mistakes")
        page.evaluate(UNWATCHED)
        page.go_back()
        page.wait_for_url("**#one-step-as-a-function")
        page.wait_for_function(AS_BEFORE, arg=before)
        page.go_forward()


@pytest.mark.parametrize("start", ["", "#check"])
def test_a_link_leads_to_its_heading_each_time(page: Page, served: str, start: str) -> None:
    load(page, served + PAGE + start)
    for _ in range(3):
        scrolled(page, 100)
        follow(page, "check")
        expect_at(page, "check")
    entries = page.evaluate("history.length")
    follow(page, "check")
    expect_at(page, "check")
    assert page.evaluate("history.length") == entries


def test_back_leads_through_headings_and_pages_to_where_the_reader_was(
    page: Page, served: str
) -> None:
    load(page, served + PAGE)
    page.evaluate("window.sameDocument = true")
    before = scrolled(page, 400)
    names = fetched(page)
    page.evaluate("document.querySelector('a[href$=\"deep-and-bidirectional.html\"]').click()")
    title = page.locator("h1")
    expect(title).to_have_text("Deep and bidirectional¶")
    page.wait_for_function("scrollY === 0")
    follow(page, "mistakes")
    expect_at(page, "mistakes")
    assert names == [served + OTHER]
    page.go_back()
    page.wait_for_function("scrollY === 0")
    assert names == [served + OTHER]
    rest(page)  # the theme's script notes a place a tenth of a second late
    page.go_back()
    expect(title).to_have_text("nn.RNN by hand¶")
    page.wait_for_function(AS_BEFORE, arg=before)
    assert names == [served + OTHER, served + PAGE]
    assert page.evaluate("window.sameDocument"), "the visits were not instant"


def test_the_script_is_mended_in_its_own_names() -> None:
    ours = mended_navigation(THEIRS)
    assert 'u=v.pipe(w("pathname"),x((place,index)=>' in ours
    assert "=>index||place.pathname!==first?[place]:[]),x(y=>z))" in ours
    assert "A=M(u,v.pipe(x(place=>{" in ours
    assert 'link=C,C.href===location.href?history.replaceState(null,""):' in ours
    assert '(history.replaceState(B,""),history.pushState(null,"",C)))I&&(J' in ours
    assert ours.count('history.replaceState(history.state,"",`${K}`)') == 2


@pytest.mark.parametrize("place", ['"pathname"', '"hash"', "pushState", "back", "{}"])
def test_another_script_is_refused(place: str) -> None:
    with pytest.raises(ValueError, match="the theme's script has changed: 0 places are like"):
        mended_navigation(THEIRS.replace(place, "other"))


def test_a_script_with_two_such_places_is_refused() -> None:
    with pytest.raises(ValueError, match="2 places are like"):
        mended_navigation(2 * THEIRS)

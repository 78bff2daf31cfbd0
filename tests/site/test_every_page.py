"""Every page as a reader sees it: quiet, whole, within its frame, its code as it was executed."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from claimdown.page import Code
from claimdown.reader import read
from tests.site.visits import DESKTOP, MARKDOWN, PAGES, PHONE, Listener, load

# One script gives every block its button. What the block stands in may cover or cut it.
PLACES = """blocks => blocks.map(block => {
    const around = []
    for (let e = block; e.localName !== "article"; e = e.parentElement) around.push(e.className)
    return [document.documentElement.lang, ...around.reverse()].join(" > ")
})"""


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[BrowserContext]:
    """One profile for all pages: what they have in common is loaded once."""
    context = browser.new_context(reduced_motion="reduce", viewport=PHONE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script("localStorage.clear()")  # each page begins in the system's scheme
    yield context
    context.close()


@pytest.fixture(scope="module")
def pressed() -> set[str]:
    """Kinds of places whose button has copied its block on some page."""
    return set()


@pytest.mark.parametrize("name", [*PAGES, "404.html"])
def test_page_is_quiet_whole_and_can_be_copied(
    shared: BrowserContext, served: str, pressed: set[str], name: str
) -> None:
    """English pages begin light, and Chinese ones dark; then the reader switches."""
    page = shared.new_page()
    page.emulate_media(color_scheme="dark" if name.startswith("zh/") else "light")
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    load(page, served + name)
    for widget in page.locator(".widget").all():  # it is loaded when it comes near
        widget.scroll_into_view_if_needed()
        expect(widget).to_contain_class("widget--running")
    expect_whole(page, "slate" if name.startswith("zh/") else "default")
    expect_code(page, name, pressed)
    page.locator("[data-md-component=palette] label:visible").click()
    other = "default" if name.startswith("zh/") else "slate"
    assert page.evaluate("document.body.dataset.mdColorScheme") == other
    assert heard.complaints == []
    page.close()


def expect_whole(page: Page, scheme: str) -> None:
    """Expect all formulas and pictures, on a phone that need not be scrolled sideways."""
    assert page.evaluate("document.body.dataset.mdColorScheme") == scheme
    assert page.locator(".arithmatex:not(:has(.katex))").count() == 0, "a formula in plain TeX"
    assert page.locator(".katex-error").count() == 0
    broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)")
    assert broken == []
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"scrolls sideways by {wide} px on a phone"


def expect_code(page: Page, name: str, pressed: set[str]) -> None:
    """Compare all blocks with what was executed; copy one in each kind of place with the mouse."""
    blocks = page.locator(".language-python.highlight")
    codes = blocks.locator("pre > code").all_text_contents()
    places = blocks.evaluate_all(PLACES)
    if not pressed.issuperset(places):  # laying a page out again is slow
        page.set_viewport_size(DESKTOP)
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    for block, code, place in zip(blocks.all(), codes, places, strict=True):
        if place not in pressed:
            block.hover()
            block.locator("button.md-code__button[data-md-type=copy]").click()
            copied = page.evaluate("navigator.clipboard.readText()")
            assert copied.rstrip("\n") == code.rstrip("\n"), place
            pressed.add(place)
    if name in MARKDOWN:  # the lab's code is compared in tests/course/test_lab.py
        executed = [item.code.rstrip("\n") for item in read(MARKDOWN[name]).of(Code)]
        assert [code.rstrip("\n") for code in codes] == executed
    else:
        assert bool(codes) == ("labs/" in name)

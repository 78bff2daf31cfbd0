"""Every page as a reader sees it, in both schemes: quiet, whole, within its frame, for everyone.

A page is loaded once and looked at three times, because loading takes longest.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from docs._build.chapter import Code, read_chapter
from tests.axe import contrast_violations, prepare, structure_violations
from tests.visits import DESKTOP, MARKDOWN, PAGES, PHONE, Listener, load, without_search

# One block a call: for five seconds a call counts as a gesture of the reader, which copying needs.
COPY = """async block => {
    const find = () => block.querySelector("button.md-code__button[data-md-type=copy]")
    block.style.scrollMarginTop = "200px"  // its button is below the header then
    block.scrollIntoView({behavior: "instant"})
    while (!find()) await new Promise(requestAnimationFrame)  // it comes with the screen
    const button = find()
    const {x, y, width, height} = button.getBoundingClientRect()
    const top = document.elementFromPoint(x + width / 2, y + height / 2)
    if (!button.contains(top)) throw Error(`out of reach: ${block.textContent}`)
    await navigator.clipboard.writeText("nothing")
    button.click()
    return navigator.clipboard.readText()
}"""


@pytest.fixture(scope="module")
def shared(browser: Browser, built_site: Path) -> Iterator[BrowserContext]:
    """One profile for all pages: what they have in common is loaded once."""
    context = browser.new_context(color_scheme="light", reduced_motion="reduce", viewport=PHONE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    without_search(context, built_site)
    context.add_init_script("localStorage.clear()")  # each page begins in the system's scheme
    yield context
    context.close()


@pytest.fixture(scope="module", params=[*PAGES, "404.html"])
def visit(
    shared: BrowserContext, served: str, request: pytest.FixtureRequest
) -> Iterator[tuple[str, Page, Listener]]:
    """A page, loaded on a phone; what it complains of is noted until all tests have seen it."""
    page = shared.new_page()
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    load(page, served + request.param)
    for widget in page.locator(".widget").all():  # it is loaded when it comes near
        widget.scroll_into_view_if_needed()
        expect(widget).to_contain_class("widget--running")
    yield request.param, page, heard
    page.close()


def switch_to(page: Page, scheme: str) -> None:
    """Use the reader's own switch."""
    if page.evaluate("document.body.dataset.mdColorScheme") != scheme:
        page.locator("[data-md-component=palette] label:visible").click()
    assert page.evaluate("document.body.dataset.mdColorScheme") == scheme


def test_page_is_quiet_and_complete(visit: tuple[str, Page, Listener]) -> None:
    _, page, heard = visit
    assert page.evaluate("document.body.dataset.mdColorScheme") == "default"
    for scheme in ("default", "slate"):
        switch_to(page, scheme)
        assert page.locator(".arithmatex:not(:has(.katex))").count() == 0, "a formula in plain TeX"
        assert page.locator(".katex-error").count() == 0
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"scrolls sideways by {wide} px on a phone, scheme {scheme}"
        broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)")
        assert broken == []
    assert heard.complaints == []


def test_copy_button_gives_exactly_the_executed_code(visit: tuple[str, Page, Listener]) -> None:
    name, page, heard = visit
    page.set_viewport_size(DESKTOP)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    shown = page.locator(".language-python.highlight").element_handles()
    copied = [block.evaluate(COPY).rstrip("\n") for block in shown]
    if name not in MARKDOWN:  # the lab's code is compared in tests/test_lab.py
        assert bool(copied) == ("labs/" in name)
        return
    blocks = [item.code.rstrip("\n") for item in read_chapter(MARKDOWN[name]).of(Code)]
    assert copied == blocks
    for block in page.locator(".language-python.highlight").all()[:1]:  # and with the mouse
        page.evaluate("navigator.clipboard.writeText('nothing')")
        block.hover()
        block.locator("button.md-code__button[data-md-type=copy]").click()
        assert page.evaluate("navigator.clipboard.readText()").rstrip("\n") == blocks[0]
    assert heard.complaints == []


def test_axe_finds_no_violation(visit: tuple[str, Page, Listener]) -> None:
    """Last, because it changes the page."""
    _, page, heard = visit
    page.set_viewport_size(DESKTOP)
    prepare(page)
    switch_to(page, "slate")
    found = {"slate": structure_violations(page) + contrast_violations(page)}
    switch_to(page, "default")
    found["default"] = contrast_violations(page)  # all that another scheme can change
    assert found == {"slate": [], "default": []}
    assert heard.complaints == []

"""Every page as a reader sees it, in both schemes: quiet, whole, within its frame, for everyone.

A page is loaded once and looked at three times, because loading takes longest.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from docs._build.chapter import Code, read_chapter
from tests.axe import contrast_violations, prepare, structure_violations
from tests.visits import DESKTOP, MARKDOWN, PAGES, PHONE, Listener, load

# Nothing else of the text is shown: with each click the whole page would be styled anew. What a
# button copies is read on its way, because the clipboard itself takes longer than all else.
ALONE = """async () => {
    scrollTo({top: 0, behavior: "instant"})  // a header that moves away would cover a button
    await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
    const style = document.createElement("style")
    style.id = "alone"
    style.textContent = "article > :not(.alone) { display: none !important }"
    document.head.append(style)
    addEventListener("copy", () => { window.copied = String(getSelection()) }, true)
}"""
# One block a call: for five seconds a call counts as a gesture of the reader, which copying needs.
COPY = """async block => {
    document.querySelector("article > .alone")?.classList.remove("alone")
    block.closest("article > *").classList.add("alone")
    block.style.scrollMarginTop = "200px"  // its button is below the header then
    block.scrollIntoView({behavior: "instant"})
    const reached = () => {
        const button = block.querySelector("button.md-code__button[data-md-type=copy]")
        if (!button) return null
        const {x, y, width, height} = button.getBoundingClientRect()
        const top = document.elementFromPoint(x + width / 2, y + height / 2)
        return button.contains(top) ? button : null
    }
    for (let frame = 0; frame < 100 && !reached(); frame++)  // it comes with the screen
        await new Promise(requestAnimationFrame)
    const button = reached()
    if (!button) throw Error(`no button, or out of reach: ${block.textContent}`)
    window.copied = "nothing"
    button.click()
    return copied
}"""


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[BrowserContext]:
    """One profile for all pages: what they have in common is loaded once."""
    context = browser.new_context(color_scheme="light", reduced_motion="reduce", viewport=PHONE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
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
    assert page.locator(".arithmatex:not(:has(.katex))").count() == 0, "a formula in plain TeX"
    assert page.locator(".katex-error").count() == 0
    broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)")
    assert broken == []
    for scheme in ("default", "slate"):
        switch_to(page, scheme)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"scrolls sideways by {wide} px on a phone, scheme {scheme}"
    assert heard.complaints == []


def test_copy_button_gives_exactly_the_executed_code(visit: tuple[str, Page, Listener]) -> None:
    """In Chinese the first one is used, and all have that code: tests/test_editions.py compares."""
    name, page, heard = visit
    page.set_viewport_size(DESKTOP)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    shown = page.locator(".language-python.highlight")
    if name.startswith("zh/"):
        texts = shown.locator("pre > code").evaluate_all("all => all.map(code => code.textContent)")
        copied = [text.rstrip("\n") for text in texts]
    else:
        page.evaluate(ALONE)
        copied = [block.evaluate(COPY).rstrip("\n") for block in shown.element_handles()]
        page.evaluate("document.getElementById('alone').remove()")
    pasted = []  # with the mouse
    for block in shown.all()[:1]:
        block.hover()
        block.locator("button.md-code__button[data-md-type=copy]").click()
        pasted = [page.evaluate("navigator.clipboard.readText()").rstrip("\n")]
    assert pasted == copied[:1]
    if name in MARKDOWN:  # the lab's code is compared in tests/test_lab.py
        assert copied == [item.code.rstrip("\n") for item in read_chapter(MARKDOWN[name]).of(Code)]
    else:
        assert bool(copied) == ("labs/" in name)
    assert heard.complaints == []


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """Kinds of text that axe-core has looked at on another page."""
    return set()


def test_axe_finds_no_violation(visit: tuple[str, Page, Listener], seen: set[str]) -> None:
    """Last, because it changes the page."""
    _, page, heard = visit
    page.set_viewport_size(DESKTOP)
    prepare(page)
    switch_to(page, "slate")
    found = {"slate": structure_violations(page) + contrast_violations(page, seen)}
    switch_to(page, "default")
    found["default"] = contrast_violations(page, seen)  # all that another scheme can change
    assert found == {"slate": [], "default": []}
    assert heard.complaints == []

"""Every page as a reader sees it: quiet, whole, within its frame, for everyone.

A page is loaded once and looked at three times, because loading takes longest.
"""

from collections.abc import Iterator

import pytest
from claimdown.page import Code
from claimdown.reader import read
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.site.axe import contrast_violations, prepare, structure_violations
from tests.site.visits import DESKTOP, MARKDOWN, PAGES, PHONE, Listener, load

# One script gives every block its button. What the block stands in may cover or cut it.
PLACES = """blocks => blocks.map(block => {
    const around = []
    for (let e = block; e.localName !== "article"; e = e.parentElement) around.push(e.className)
    return [document.documentElement.lang, ...around.reverse()].join(" > ")
})"""


# By family, weight and style: another one would be drawn in letters that do not fit.
FONTLESS = """() => {
    const name = (family, ...cut) => [family.replaceAll('"', ""), ...cut].join(" ")
    const weight = ({weight}) => weight.replace("normal", "400")
    const there = new Set([...document.fonts].map(f => name(f.family, weight(f), f.style)))
    const wanted = new Set()
    for (const element of document.querySelectorAll(".katex-html *")) {
        if (![...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE)) continue
        const {fontFamily, fontWeight, fontStyle} = getComputedStyle(element)
        wanted.add(name(fontFamily.split(",")[0], fontWeight, fontStyle))
    }
    return [...wanted].filter(font => !there.has(font))
}"""

# Before the page is scrolled: such a font is asked for because the first screen needs it.
EARLY_IN_VAIN = """() => {
    const used = [...document.fonts].filter(font => font.status === "loaded").map(f => f.family)
    return [...document.querySelectorAll("link[rel=preload][as=font]")]
        .filter(link => matchMedia(link.media).matches)
        .map(link => link.href.match(/KaTeX_\\w+/)[0]).filter(name => !used.includes(name))
        .map(name => `a font is asked for early and not used: ${name}`)
}"""


@pytest.fixture(scope="module")
def shared(browser: Browser) -> Iterator[BrowserContext]:
    """One profile for all pages: what they have in common is loaded once."""
    context = browser.new_context(reduced_motion="reduce", viewport=PHONE)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script("localStorage.clear()")  # each page begins in the system's scheme
    yield context
    context.close()


@pytest.fixture(scope="module", params=[*PAGES, "404.html"])
def visit(
    shared: BrowserContext, served: str, request: pytest.FixtureRequest
) -> Iterator[tuple[str, Page, Listener]]:
    """A page, loaded on a phone; what it complains of is noted until all tests have seen it.

    English pages are light there, and Chinese ones dark.
    """
    page = shared.new_page()
    page.emulate_media(color_scheme="dark" if request.param.startswith("zh/") else "light")
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    load(page, served + request.param)
    heard.complaints += page.evaluate(EARLY_IN_VAIN)
    for widget in page.locator(".widget").all():  # it is loaded when it comes near
        widget.scroll_into_view_if_needed()
        expect(widget).to_contain_class("widget--running")
    yield request.param, page, heard
    page.close()


def switch_to(page: Page, scheme: str) -> None:
    """Use the reader's own switch."""
    page.locator("[data-md-component=palette] label:visible").click()
    assert page.evaluate("document.body.dataset.mdColorScheme") == scheme


def test_page_is_quiet_and_complete(visit: tuple[str, Page, Listener]) -> None:
    name, page, heard = visit
    scheme = "slate" if name.startswith("zh/") else "default"
    assert page.evaluate("document.body.dataset.mdColorScheme") == scheme
    assert page.locator(".arithmatex:not(:has(.katex))").count() == 0, "a formula in plain TeX"
    assert page.locator(".katex-error").count() == 0
    assert page.evaluate(FONTLESS) == [], "a formula in a font that is not there"
    broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)")
    assert broken == []
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"scrolls sideways by {wide} px on a phone"
    assert heard.complaints == []


@pytest.fixture(scope="module")
def pressed() -> set[str]:
    """Kinds of places whose button has copied its block on some page."""
    return set()


def test_blocks_are_the_executed_code_and_are_copied(
    visit: tuple[str, Page, Listener], pressed: set[str]
) -> None:
    """All blocks are compared, and one in each kind of place is copied with the mouse."""
    name, page, heard = visit
    page.set_viewport_size(DESKTOP)
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    blocks = page.locator(".language-python.highlight")
    codes = blocks.locator("pre > code").all_text_contents()
    for block, code, place in zip(blocks.all(), codes, blocks.evaluate_all(PLACES), strict=True):
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
    assert heard.complaints == []


@pytest.fixture(scope="module")
def seen() -> set[str]:
    """Kinds of text that axe-core has looked at on another page."""
    return set()


def test_axe_finds_no_violation(visit: tuple[str, Page, Listener], seen: set[str]) -> None:
    """Last, because it changes the page."""
    name, page, heard = visit
    page.set_viewport_size(DESKTOP)
    prepare(page)
    first, other = ("slate", "default") if name.startswith("zh/") else ("default", "slate")
    found = {first: structure_violations(page) + contrast_violations(page, seen)}
    switch_to(page, other)
    found[other] = contrast_violations(page, seen)  # all that another scheme can change
    assert found == {first: [], other: []}
    assert heard.complaints == []

"""axe-core on one page of each kind, in both schemes and languages; and on planted faults."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.site.axe import COLOURS, prepare, violations
from tests.site.visits import DESKTOP, Listener, load

KINDS = [
    "index.html",
    "foundations/rnn-by-hand.html",  # a chapter
    "look-up/shape-explorer.html",
    "look-up/glossary.html",
    "reference/modules.html",
    "labs/digits.html",
    "404.html",
]
PAGE = """<!doctype html><html lang="en"><title>t</title><style>
    body {{ background: white; color: black }} .dark {{ background: black; color: white }}
</style><main><h1>Title</h1><p>Plain and <code>code</code>.</p><p>Text, <a href="#">a link</a>.</p>
<div class="dark"><p>White on black.</p></div>{planted}</main>"""


@pytest.mark.parametrize("edition", ["", "zh/"])
@pytest.mark.parametrize("name", KINDS)
def test_page_has_no_violation(browser: Browser, served: str, edition: str, name: str) -> None:
    context = browser.new_context(viewport=DESKTOP, reduced_motion="reduce")
    page = context.new_page()
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    load(page, served + edition + name)
    for widget in page.locator(".widget").all():  # it is loaded when it comes near
        widget.scroll_into_view_if_needed()
        expect(widget).to_contain_class("widget--running")
    prepare(page)
    found = {"default": violations(page)}
    page.locator("[data-md-component=palette] label:visible").click()
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    found["slate"] = violations(page, COLOURS)
    assert found == {"default": [], "slate": []}
    assert heard.complaints == []
    context.close()


def planted(context: BrowserContext, fault: str) -> Page:
    page = context.new_page()
    page.set_content(PAGE.format(planted=fault))
    prepare(page)
    return page


def test_page_without_a_fault(context: BrowserContext) -> None:
    assert violations(planted(context, "")) == []


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ('<p style="color: #aaa">faint</p>', "color-contrast"),
        ('<div class="dark"><p style="color: #444">grey on black</p></div>', "color-contrast"),
        ('<details><p style="color: #aaa">folded</p></details>', "color-contrast"),
        ('<p>A <a href="#" style="color: #555; text-decoration: none">it</a>.</p>',
         "link-in-text-block"),
    ],
)  # fmt: skip
def test_planted_colour_is_found(context: BrowserContext, fault: str, rule: str) -> None:
    (found,) = violations(planted(context, fault), COLOURS)
    assert found.startswith(f"{rule} (1): ")


def test_planted_fault_of_another_kind_is_found(context: BrowserContext) -> None:
    (found,) = violations(planted(context, '<img src="data:,">'))
    assert found.startswith("image-alt (1): ")

"""What axe-core is asked: a fault that is planted in a page is found, however many are right."""

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.site.axe import contrast_violations, prepare, structure_violations

PAGE = """<!doctype html><html lang="en"><title>t</title><style>
    body {{ background: white; color: black }} .dark {{ background: black; color: white }}
</style><main><h1>Title</h1>{texts}<div class="dark"><p>White on black.</p></div>{planted}</main>"""
TEXTS = "<p>Plain and <code>code</code>.</p>" * 50


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


def show(page: Page, planted: str) -> None:
    page.set_content(PAGE.format(texts=TEXTS, planted=planted))
    prepare(page)


def test_page_without_a_fault(page: Page) -> None:
    show(page, "")
    assert structure_violations(page) == []
    assert contrast_violations(page, set()) == []


@pytest.mark.parametrize(
    "planted",
    [
        '<p style="color: #aaa">faint</p>',
        '<p style="background: #333">black on grey</p>',
        '<div style="background: #333"><p><b>black on grey</b></p></div>',
        '<div class="dark"><p style="color: #444">grey on black</p></div>',
        '<div style="opacity: 0.4"><p>pale</p></div>',
        '<details><summary>more</summary><p style="color: #aaa">folded</p></details>',
        # Large text may be fainter than small text: these two are different kinds.
        '<p style="color: #888; font-size: 40px">large</p><p style="color: #888">small</p>',
    ],
)
def test_faint_text_is_found(page: Page, planted: str) -> None:
    show(page, planted)
    (found,) = contrast_violations(page, set())
    assert found.startswith("color-contrast (1): ")
    assert structure_violations(page) == []


@pytest.mark.parametrize("scheme", ["", "dark"])
def test_link_that_looks_like_text_is_found(page: Page, scheme: str) -> None:
    lines = '<p>Text and <a href="#">a link</a> in it.</p>' * 2
    grey = "#555" if not scheme else "#ccc"
    fault = f'<p>Text and <a href="#" style="color: {grey}; text-decoration: none">it</a>.</p>'
    show(page, f'{lines}<div class="{scheme}">{fault}</div>')
    (found,) = contrast_violations(page, set())
    assert found.startswith("link-in-text-block (1): ")
    assert structure_violations(page) == []


def test_kind_is_looked_at_once(page: Page) -> None:
    seen: set[str] = set()
    for others, expected in (("", 1), ("", 0), ('<p style="color: #bbb">fainter</p>', 1)):
        show(page, '<p style="color: #aaa">faint</p>' + others)
        assert len(contrast_violations(page, seen)) == expected


def test_fault_of_another_kind_is_found(page: Page) -> None:
    show(page, '<img src="data:,">')
    (found,) = structure_violations(page)
    assert found.startswith("image-alt (1): ")

"""axe-core finds nothing to complain of, on any page, in either scheme."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.test_browser import PAGES, without_search

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
# One colour is checked once for every token: tests/test_figures.py computes the contrasts of all
# colours of code from the style sheet. Here a block of code is one text, and a formula its MathML.
LIGHTEN = """() => {
    for (const code of document.querySelectorAll("pre > code")) code.textContent = code.textContent
    for (const formula of document.querySelectorAll(".katex-html")) formula.remove()
    for (const fold of document.querySelectorAll("details")) fold.open = true
}"""
RUN = "axe.run(document, {resultTypes: ['violations']})"


@pytest.fixture(scope="module")
def wide(browser: Browser, built_site: Path) -> Iterator[BrowserContext]:
    context = browser.new_context(
        color_scheme="light", reduced_motion="reduce", viewport={"width": 1280, "height": 900}
    )
    without_search(context, built_site)
    context.add_init_script("localStorage.clear()")
    yield context
    context.close()


def violations(page: Page) -> list[str]:
    """Describe what axe-core complains of: the rule, how often, and where first."""
    found: dict[str, Any] = page.evaluate(RUN)
    assert found["passes"], "axe-core looked at nothing"
    return [
        f"{rule['id']} ({len(rule['nodes'])}): {rule['help']}: {rule['nodes'][0]['html'][:200]}"
        for rule in found["violations"]
    ]


@pytest.mark.parametrize("name", [*PAGES, "404.html"])
def test_axe_finds_no_violation(wide: BrowserContext, served: str, name: str) -> None:
    page = wide.new_page()
    page.goto(served + name, wait_until="networkidle")
    page.evaluate(LIGHTEN)
    page.evaluate(AXE)
    found = {"default": violations(page)}
    page.locator("label[title='Switch to the dark scheme']").click()
    page.wait_for_function("document.body.dataset.mdColorScheme === 'slate'")
    found["slate"] = violations(page)
    page.close()
    assert found == {"default": [], "slate": []}

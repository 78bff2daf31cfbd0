"""The lab's page as a reader sees it; tests/course/test_lab.py looks at what it says."""

import pytest
from playwright.sync_api import BrowserContext

from tests.site.visits import load

SEE_ALL = """async () => {
    for (const fold of document.querySelectorAll("details")) fold.open = true
    for (const block of document.querySelectorAll("div.language-python.highlight")) {
        block.scrollIntoView({behavior: "instant"})
        while (!block.querySelector(".md-code__nav")) await new Promise(requestAnimationFrame)
    }
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_on_a_phone(context: BrowserContext, served: str, scheme: str) -> None:
    page = context.new_page()
    page.emulate_media(color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    load(page, served + "labs/digits.html")
    assert all(url.startswith((served, "data:")) for url in asked)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".arithmatex:not(:has(.katex))").count() == 0
    page.evaluate(SEE_ALL)
    copied = page.locator("div.language-python.highlight .md-code__nav").count()
    assert copied == page.locator("div.language-python.highlight").count()
    assert page.locator("div.language-text.highlight .md-code__nav").count() == 0
    inverted = page.locator("figure image").first.evaluate(
        "image => getComputedStyle(image).filter"
    )
    assert ("invert" in inverted) == (scheme == "dark"), "dark ink on a dark page"

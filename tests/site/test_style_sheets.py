"""The style sheets as they are published: short, and to the same effect as their sources."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tools.site import ROOT

SOURCES = sorted(
    [*(ROOT / "docs/assets").glob("*.css"), *(ROOT / "docs/assets/widgets").glob("*.css")]
)
# With a variable in it a value is kept as it was written, with its spaces.
RULES = """text => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(text)
    const texts = [...sheet.cssRules].map(rule => rule.cssText.replace(/\\s+/g, " "))
    return texts.map(text => text.replace(/([(,]) /g, "$1"))
}"""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_published_style_sheet_has_the_rules_of_its_source(
    context: BrowserContext, built_site: Path, path: Path
) -> None:
    source = path.read_text(encoding="utf-8")
    published = (built_site / path.relative_to(ROOT / "docs")).read_text(encoding="utf-8")
    page = context.new_page()
    rules = page.evaluate(RULES, source)
    assert page.evaluate(RULES, published) == rules
    assert len(rules) >= 10
    assert len(published) < len(source)
    assert "/*" not in published

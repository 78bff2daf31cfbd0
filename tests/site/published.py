"""The pages of the built site as trees, parsed once for all tests of a process: they only look.

lxml is much quicker here than Beautiful Soup.
"""

from functools import cache
from pathlib import Path

from lxml.html import HtmlElement, document_fromstring


@cache
def tree(file: Path) -> HtmlElement:
    """Parse a published page."""
    return document_fromstring(file.read_text(encoding="utf-8"))


def article(page: HtmlElement) -> HtmlElement:
    """Return what the theme puts around a page's content."""
    found = page.find(".//article")
    assert found is not None, "the theme puts a page's content elsewhere"
    return found


def texts(page: HtmlElement, selector: str) -> list[str]:
    """List the text of each element that is selected."""
    return [element.text_content() for element in page.cssselect(selector)]

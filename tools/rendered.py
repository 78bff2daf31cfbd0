"""Read code blocks, verified values and claims off a rendered page, and compare with its source.

The reader uses it for a page as Python-Markdown renders it.  A page as it is published is read by
tests/site/test_guard.py, with another parser, so that what a reader of the site sees is what was
executed, compared and verified.
"""

import re
from collections import Counter
from typing import Any

from bs4 import BeautifulSoup, Tag

from tools.words import WORDS

CLAIMS = tuple(words.claim.rstrip(":： ").lower() for words in WORDS.values())


def lightened(html: str) -> str:
    """Drop what is not read, the markup of code and figures: it is slow."""
    html = re.sub(r"(<svg\b[^>]*>).*?(?=</svg>)", r"\1", html, flags=re.DOTALL)
    return re.sub(r"<pre\b.*?</pre>", _without_spans, html, flags=re.DOTALL)


def _without_spans(block: re.Match[str]) -> str:
    return re.sub(r"</?(?:span|a)\b[^>]*>", "", block[0])


def normal(block: str) -> str:
    """Drop what highlighting does not keep: blank lines at both ends, trailing blanks."""
    return "\n".join(line.rstrip() for line in block.expandtabs(4).strip("\n").split("\n"))


def code_blocks(page: BeautifulSoup | Tag) -> list[str]:
    """List the text of every code block."""
    blocks = page.find_all("pre")
    return [pre.get_text() for pre in blocks if not pre.find_parent(class_="linenodiv")]


def verified_values(page: BeautifulSoup | Tag) -> list[tuple[str, str]]:
    """List the text and the expression of everything that is marked as verified."""
    found = []
    for span in page.select(".verified"):
        code, mark = span.find("code"), span.find(class_="verified-mark")
        expression = str(mark.get("data-expr", "")) if mark else ""
        found.append(((code or span).get_text(), expression))
    return found


def claim_titles(page: BeautifulSoup | Tag) -> list[str]:
    """List the titles of the boxes that claim something."""
    titles = [title.get_text() for title in page.select(".admonition-title, summary")]
    return [title for title in titles if title.lstrip().lower().startswith(CLAIMS)]


def disguised_code(page: BeautifulSoup) -> list[tuple[str, str]]:
    """List what looks like a code block and is none, with the reason."""
    found = [
        (code.get_text(), "inline code that runs over several lines is not executed: use a fence")
        for code in page.find_all("code")
        if "\n" in code.get_text().strip() and not code.find_parent("pre")
    ]
    found += [
        (element.get_text(), "this looks like a code block and is not a fence")
        for element in page.select('.highlight, .codehilite, [class*="language-"]')
        if not element.find("pre") and not element.find_parent(class_="highlight")
    ]
    return found


def surplus(left: list[Any], right: list[Any]) -> list[Any]:
    """List what is on the left more often than on the right."""
    return list((Counter(left) - Counter(right)).elements())

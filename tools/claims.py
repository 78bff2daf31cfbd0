"""Show a verified value: `` `[4, 16, 6]`{ .verified expr="list(outputs.shape)" } ``.

A Python-Markdown extension.  The value keeps its code element and gets a small check mark behind
it, whose tooltip and accessible name are the expression that the checks evaluate.  Where a page
first has one, a line says what the mark means; a page that is only read goes without it.
"""

import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from tools.language import STOPS
from tools.words import WORDS


class VerifiedValues(Treeprocessor):
    """Wrap each `code.verified` in a span and add its mark; explain the first."""

    def run(self, root: Element) -> None:
        words = WORDS[getattr(self.md, "language", "en")]
        for parent in list(root.iter()):
            for index, child in enumerate(parent):
                if child.tag == "code" and "verified" in child.get("class", "").split():
                    parent[index] = marked(child, words.verified)
        if not getattr(self.md, "reading", False):
            explain_first(root, words.legend)


def explain_first(root: Element, text: str) -> None:
    """Put the legend below the paragraph with the first mark, or above the list, table or box.

    What stands in a widget's place is hidden where the widget runs, so it comes last, inside.
    """
    legend = Element("p", {"class": "verified-legend", "data-search-exclude": ""})
    legend.text = text
    having = [block for block in root if block.find(".//span[@class='verified']") is not None]
    first = next((block for block in having if block.get("class") != "widget"), None)
    if first is not None:
        root.insert(list(root).index(first) + (first.tag == "p"), legend)
    elif having:
        having[0].insert(1, legend)


def marked(code: Element, name: str) -> Element:
    """Return the span that holds a verified value and its mark."""
    expression = code.attrib.pop("expr", "")
    kept = [name for name in code.get("class", "").split() if name != "verified"]
    code.attrib.pop("class", None)
    if kept:
        code.set("class", " ".join(kept))
    span = Element("span", {"class": "verified"})
    # A comma stays on the line of its value: a browser may break behind the mark, which is a box.
    close, span.tail = re.fullmatch(rf"([{STOPS}]*)(.*)", code.tail or "", re.DOTALL).groups()
    code.tail = None
    span.append(code)
    label = name.format(expression=expression)
    mark = {"class": "verified-mark", "tabindex": "0", "role": "note", "aria-label": label}
    SubElement(span, "span", {**mark, "data-expr": expression}).tail = close
    return span


class ClaimsExtension(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        # After attr_list (8) has set the class, before MkDocs resolves links (0).
        md.treeprocessors.register(VerifiedValues(md), "verified_values", 7)


def makeExtension(**kwargs: Any) -> ClaimsExtension:
    """Build the extension; Python-Markdown calls this."""
    return ClaimsExtension(**kwargs)

"""Show a verified value: `` `[4, 16, 6]`{ .verified expr="list(outputs.shape)" } ``.

A Python-Markdown extension.  The value keeps its code element and gets a small mark after it, whose
tooltip and accessible name are the expression that the checks evaluate.  Where a page first has
one, a line says what the mark means.
"""

from pathlib import Path
from typing import Any, ClassVar
from xml.etree.ElementTree import Element, SubElement

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

from claimdown.config import Config, ConfigError, Words, config_for

STOPS = ",.;:!?)，。；：？！）、"  # which stay on the line of what they follow


class VerifiedValues(Treeprocessor):
    """Wrap each `code.verified` in a span and add its mark; explain the first."""

    def __init__(self, md: Markdown, words: Words, replaced: str) -> None:
        super().__init__(md)
        self.words, self.replaced = words, replaced

    def run(self, root: Element) -> None:
        for parent in list(root.iter()):
            for index, child in enumerate(parent):
                if child.tag == "code" and "verified" in classes(child):
                    parent[index] = marked(child, self.words.verified)
        explain_first(root, self.words.legend, self.replaced)


def explain_first(root: Element, text: str, replaced: str = "") -> None:
    """Put the legend below the paragraph with the first mark, or above the list, table or box.

    A block of the class `replaced` is hidden where its script runs; it is taken only if no other
    block has a mark, and then the legend stands inside.
    """
    legend = Element("p", {"class": "verified-legend"})
    legend.text = text
    having = [block for block in root if block.find(".//span[@class='verified']") is not None]
    first = next((block for block in having if replaced not in classes(block)), None)
    if first is not None:
        root.insert(list(root).index(first) + (first.tag == "p"), legend)
    elif having:
        having[0].insert(1, legend)


def marked(code: Element, name: str) -> Element:
    """Return the span that holds a verified value and its mark."""
    expression = code.attrib.pop("expr", "")
    kept = [name for name in classes(code) if name != "verified"]
    code.attrib.pop("class", None)
    if kept:
        code.set("class", " ".join(kept))
    span = Element("span", {"class": "verified"})
    # A comma stays on the line of its value: a browser may break after the mark, which is a box.
    text = code.tail or ""
    rest = text.lstrip(STOPS)
    code.tail, span.tail = None, rest
    span.append(code)
    label = name.format(expression=expression)
    mark = {"class": "verified-mark", "tabindex": "0", "role": "note", "aria-label": label}
    SubElement(span, "span", {**mark, "data-expr": expression}).tail = text[: len(text) - len(rest)]
    return span


def classes(element: Element) -> list[str]:
    return element.get("class", "").split()


class EditionExtension(Extension):
    """An extension whose options name a project and one of its editions."""

    options: ClassVar[dict[str, list[str]]] = {}  # further ones

    def __init__(self, **kwargs: Any) -> None:
        self.config = {
            "edition": ["", "the pages' edition in [tool.claimdown]; without one, the first"],
            "root": [".", "a folder of the project that [tool.claimdown] belongs to"],
            **{name: list(option) for name, option in self.options.items()},
        }
        super().__init__(**kwargs)

    def edition(self) -> tuple[Config, str]:
        """Find the configuration and the edition that the options name."""
        config = config_for(Path(self.getConfig("root")))
        name = self.getConfig("edition") or next(iter(config.editions))
        if name not in config.editions:
            known = ", ".join(config.editions)
            raise ConfigError(f"option edition: expected one of {known}, got {name!r}")
        return config, name


class ValuesExtension(EditionExtension):
    options: ClassVar = {"replaced": ["", "the class of blocks that a script replaces"]}

    def extendMarkdown(self, md: Markdown) -> None:
        config, name = self.edition()
        values = VerifiedValues(md, config.words(name), self.getConfig("replaced"))
        # After attr_list (8) has set the class, before MkDocs resolves links (0).
        md.treeprocessors.register(values, "claimdown_values", 7)


def makeExtension(**kwargs: Any) -> ValuesExtension:
    """Build the extension; Python-Markdown calls this."""
    return ValuesExtension(**kwargs)

"""How much of the site, or of one page of it, there is to execute, compare and verify.

A Python-Markdown extension: the fence ```` ```checks ```` holds one word, `table`, for a row per
page, or `summary`, for the sums.  Pages are read for it and not executed; a strict build, which
stops if a page does not hold, makes the numbers true.
"""

import re
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from markdown import Markdown
from markdown.preprocessors import Preprocessor
from mkdocs.utils.yaml import yaml_load

from claimdown.config import Config, Words
from claimdown.fences import outermost
from claimdown.page import Page
from claimdown.reader import read
from claimdown.values import EditionExtension

COLUMNS = ("executed", "compared", "verified", "claims", "skipped", "shown")


class CountsFences(Preprocessor):
    """Fill in each fence `checks`."""

    def __init__(self, md: Markdown, config: Config, edition: str, nav: str) -> None:
        super().__init__(md)
        self.config, self.edition, self.nav = config, edition, nav

    def run(self, lines: list[str]) -> list[str]:
        text, done, end = "\n".join(lines), "", 0
        for fence in outermost(text):
            if fence.lexemes["info"].strip() == "checks":
                word = fence.lexemes["source"].strip()
                html = filled_in(word, self.config, self.edition, self.nav)
                indent = text[fence.start : text.index("`", fence.start)]
                done += f"{text[end : fence.start]}\n{indent}{self.md.htmlStash.store(html)}\n"
                end = fence.end
        return (done + text[end:]).split("\n")


def filled_in(word: str, config: Config, edition: str, nav: str = "") -> str:
    """Return the HTML of a fence; ValueError names another word than one of the two."""
    kinds = {"table": _table, "summary": _summary}
    if word not in kinds:
        known = ", ".join(kinds)
        raise ValueError(f"checks: expected one of {known}, got {word!r}")
    pages = [read(path) for path in in_order(config, edition, nav)]
    total = {kind: sum(page.counts[kind] for page in pages) for kind in COLUMNS}
    return kinds[word](pages, total, config.words(edition))


def in_order(config: Config, edition: str, nav: str) -> list[Path]:
    """List an edition's pages as a file for MkDocs names them under `nav`, then the others."""
    if not nav:
        return config.pages(edition)
    with (config.root / nav).open("rb") as file:
        names = leaves(yaml_load(file).get("nav", []))
    places = {config.folder(edition) / name: place for place, name in enumerate(names)}
    return sorted(config.pages(edition), key=lambda page: places.get(page, len(places)))


def leaves(nav: Any) -> list[str]:
    """List what a navigation leads to, in its order.

    >>> leaves(["a.md", {"Part": [{"Title": "b.md"}, "c.md"]}])
    ['a.md', 'b.md', 'c.md']
    """
    if isinstance(nav, str):
        return [nav]
    entries = nav.values() if isinstance(nav, dict) else nav
    return [leaf for entry in entries for leaf in leaves(entry)]


def count_line(counts: dict[str, int], link: str, words: Words) -> str:
    """Say how much of a page was computed and compared; `link` leads to what says how.

    Returns "" if there is nothing of the kind, and plain text if there is no link.
    """
    named = {"verified": words.value, "compared": words.output_noun, "claims": words.claim_noun}
    found = words.comma.join(
        f"{counts[kind]} {one if counts[kind] == 1 else several}"
        for kind, (one, several) in named.items()
        if counts[kind]
    )
    if not found:
        return ""
    line = words.counts.format(link=escape(link), found=found)
    return line if link else re.sub(r"</?a\b[^>]*>", "", line)


def _table(pages: list[Page], total: dict[str, int], words: Words) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in words.columns)
    having = [page for page in pages if any(page.counts.values())]
    body = "".join(_row(page.title, page.counts) for page in having)
    return (
        f'<div class="checks"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody><tfoot>{_row(words.all_pages, total)}</tfoot></table></div>"
    )


def _row(name: str, row: dict[str, int]) -> str:
    cells = "".join(f"<td>{row[column]}</td>" for column in COLUMNS)
    return f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'


def _summary(pages: list[Page], total: dict[str, int], words: Words) -> str:
    named = zip(COLUMNS[:-1], words.summary, strict=True)
    sums = [(total[kind], what) for kind, what in named]
    again = Counter(name for page in pages for name in page.again)
    sums += [(number, words.run_again.format(name=name)) for name, number in again.items()]
    items = "".join(f"<li><strong>{number}</strong> {what}</li>" for number, what in sums)
    return f'<ul class="checks">{items}</ul>'


class CountsExtension(EditionExtension):
    options: ClassVar = {"nav": ["", "a file for MkDocs, below the root, that orders the pages"]}

    def extendMarkdown(self, md: Markdown) -> None:
        counts = CountsFences(md, *self.edition(), self.getConfig("nav"))
        # After includes (32) and normal line ends (30), before all that takes fences (25).
        md.preprocessors.register(counts, "claimdown_counts", 26)


def makeExtension(**kwargs: Any) -> CountsExtension:
    """Build the extension; Python-Markdown calls this."""
    return CountsExtension(**kwargs)

"""Let Sybil collect and run chapters through the one reader and the one runner."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sybil import Document, Example, Region
from sybil.typing import Parser

from tools.chapter import Item, page_text, read_chapter
from tools.executed import remember
from tools.runner import ChapterRun, Edit, Tally, explained
from tools.site import language_of, pages


class Page(Document):
    """A page whose bytes need not be UTF-8, so that the reader can say where they are not."""

    @classmethod
    def parse(cls, path: str, *parsers: Parser, encoding: str = "utf-8") -> Document:
        document = cls(page_text(Path(path)), path)
        for parser in parsers:
            for region in parser(document):
                document.add(region)
        return document


@dataclass
class PageResult:
    """What came of a page: plain data, which a worker of pytest-xdist can send."""

    text: str
    whole: Tally  # what there is to check, whether it was checked or not
    tally: Tally = field(default_factory=Tally)
    edits: list[Edit] = field(default_factory=list)


Results = dict[Path, PageResult]


class ChapterParser:
    """A Sybil parser: each item of a chapter is an example."""

    def __init__(self, update: bool = False) -> None:
        self.update = update
        self.runs: list[ChapterRun] = []

    def __call__(self, document: Document) -> Iterator[Region]:
        chapter = read_chapter(Path(document.path))  # as the page was read: kept from earlier runs
        run = ChapterRun(chapter, document.namespace, self.update)
        self.runs.append(run)
        held: list[Item] = []

        def evaluate(example: Example) -> str | None:
            try:
                run.check(example.parsed)
            except Exception as error:  # a page's code may raise anything
                return explained(error)
            held.append(example.parsed)
            whole = len(held) == len(chapter.items) and not self.update
            if whole and chapter.path in pages(language_of(chapter.path)):
                remember(chapter, run.tally, run.printed)  # the site need not execute it again
            return None

        for item in chapter.items:
            # Without an extent: a fault may lie inside a block, and regions must not overlap.
            yield Region(item.start, item.start, item, evaluate)

    @property
    def results(self) -> Results:
        found = {}
        for run in self.runs:
            chapter, whole = run.chapter, Tally()
            for item in chapter.items:
                whole.count(chapter.path, item)
            found[chapter.path] = PageResult(chapter.text, whole, run.tally, run.edits)
        return found


def merge(into: Results, results: Results) -> None:
    """Add what another process has done; each page is checked by one of them, and read by all."""
    for path, result in results.items():
        known = into.setdefault(path, PageResult(result.text, result.whole))
        known.tally.add(result.tally)
        known.edits += result.edits


def total(tallies: Iterator[Tally]) -> Tally:
    whole = Tally()
    for tally in tallies:
        whole.add(tally)
    return whole

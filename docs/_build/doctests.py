"""Let Sybil collect and run chapters through the one reader and the one runner."""

from collections.abc import Iterator
from pathlib import Path

from sybil import Document, Example, Region
from sybil.typing import Parser

from docs._build.chapter import page_text, read_chapter
from docs._build.runner import ChapterRun, Tally, explained


class Page(Document):
    """A page whose bytes need not be UTF-8, so that the reader can say where they are not."""

    @classmethod
    def parse(cls, path: str, *parsers: Parser, encoding: str = "utf-8") -> Document:
        document = cls(page_text(Path(path)), path)
        for parser in parsers:
            for region in parser(document):
                document.add(region)
        return document


class ChapterParser:
    """A Sybil parser: each item of a chapter is an example."""

    def __init__(self, update: bool = False) -> None:
        self.update = update
        self.runs: list[ChapterRun] = []

    def __call__(self, document: Document) -> Iterator[Region]:
        chapter = read_chapter(Path(document.path), document.text)
        run = ChapterRun(chapter, document.namespace, self.update)
        self.runs.append(run)

        def evaluate(example: Example) -> str | None:
            try:
                run.check(example.parsed)
            except Exception as error:  # a page's code may raise anything
                return explained(error)
            return None

        for item in chapter.items:
            # Without an extent: a fault may lie inside a block, and regions must not overlap.
            yield Region(item.start, item.start, item, evaluate)

    @property
    def tally(self) -> Tally:
        total = Tally()
        for run in self.runs:
            total.add(run.tally)
        return total

    @property
    def whole(self) -> Tally:
        """What there is to check, whether it was checked or not."""
        total = Tally()
        for run in self.runs:
            for item in run.chapter.items:
                total.count(run.chapter.path, item)
        return total

    @property
    def rewritten(self) -> list[ChapterRun]:
        return [run for run in self.runs if run.edits]

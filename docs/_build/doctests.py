"""Let Sybil collect and run chapters through the one reader and the one runner."""

from collections.abc import Iterator
from pathlib import Path

from sybil import Document, Example, Region

from docs._build.chapter import read_chapter
from docs._build.runner import ChapterRun, ClaimError, Edit, Tally


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
            except ClaimError as error:
                return str(error)
            return None

        for item in chapter.items:
            yield Region(item.start, item.end, item, evaluate)

    @property
    def tally(self) -> Tally:
        total = Tally()
        for run in self.runs:
            total.add(run.tally)
        return total

    @property
    def edits(self) -> dict[Path, list[Edit]]:
        return {run.chapter.path: run.edits for run in self.runs if run.edits}

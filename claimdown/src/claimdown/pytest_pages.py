"""Sybil collects the pages of a course, pytest reports each item, and a summary tells the sums."""

import pickle
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Self

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.typing import Parser

from claimdown.config import ConfigError, config_for
from claimdown.page import COUNTED, Page, rerun
from claimdown.reader import read
from claimdown.report import Edit, Report, summary
from claimdown.runner import run
from claimdown.update import apply_edits


class PageDocument(Document):
    """A page as the reader has read it, whatever its bytes; each of its items is an example."""

    page: Page

    @classmethod
    def parse(cls, path: str, *parsers: Parser, encoding: str = "utf-8") -> Self:
        page = read(Path(path))
        document = cls(page.text, path)
        document.page = page
        for parser in parsers:
            for region in parser(document):
                document.add(region)
        return document

    def examples(self) -> Iterator[Example]:
        """List the items under their own lines; Sybil's columns are wrong later on a line."""
        for _, region in self.regions:
            column = region.start - self.text.rfind("\n", 0, region.start)
            line = self.text.count("\n", 0, region.start) + 1
            yield Example(self, line, column, region, self.namespace)


class Items(Sybil):
    """Names an item by its place on the page, and a further run of the page by its name."""

    def identify(self, example: Example) -> str:
        again = example.parsed
        return f"again:{again}" if isinstance(again, str) else super().identify(example)


@dataclass
class Checked:
    """What came of a page: plain data, which a worker of pytest-xdist can send."""

    text: str
    items: dict[int | str, tuple[str, int]]  # what is done with each, and its line
    held: set[int | str] = field(default_factory=set)  # which of them were checked, and hold
    edits: tuple[Edit, ...] = ()


class Pages:
    """The part of the plugin that a project with pages gets."""

    def __init__(self, config: pytest.Config) -> None:
        try:
            course = config_for(config.rootpath)
        except ConfigError as error:
            raise pytest.UsageError(str(error)) from None
        self.root = config.rootpath
        self.folders = [self.root / edition.folder for edition in course.editions.values()]
        self.update: bool = config.getoption("--update-outputs")
        self.checked: dict[str, Checked] = {}  # by the page's name, below the root
        self.not_rewritten: list[str] = []
        self.collect = Items(
            parsers=[self.regions],
            path=str(self.root),
            patterns=["*.md"],
            document_types={".md": PageDocument},
        ).pytest()

    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> pytest.Collector | None:
        if any(file_path.is_relative_to(folder) for folder in self.folders):
            return self.collect(file_path, parent)
        return None

    def regions(self, document: Document) -> Iterator[Region]:
        assert isinstance(document, PageDocument), "Sybil reads all pages with it"
        page = document.page
        items: dict[int | str, tuple[str, int]] = {
            index: (COUNTED.get(type(item), ""), item.line) for index, item in enumerate(page.items)
        }
        items |= {again: (rerun(again), 1) for again in page.again}
        checked = Checked(page.text, items)
        self.checked[Path(document.path).relative_to(self.root).as_posix()] = checked

        @cache
        def report() -> Report | str:
            """Run the whole page, whichever of its items is wanted first."""
            try:
                return run(page, update=self.update, recall=False)
            except ConfigError as error:
                return str(error)

        def evaluate(example: Example) -> str | None:
            whole, item = report(), example.parsed
            if isinstance(whole, str):
                return whole
            checked.edits = whole.edits
            faults = [f for f in whole.failures if (f.again or f.index) == item]
            if not faults:
                checked.held.add(item)
            line = items[item][1]
            return "\n".join(f.details or placed(f.message, f.line, line) for f in faults)

        # Without an extent: a fault may lie inside a block, and regions must not overlap.
        for again in page.again:
            yield Region(0, 0, again, evaluate)
        for index, item in enumerate(page.items):
            yield Region(item.start, item.start, index, evaluate)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Take over what a worker of pytest-xdist has done; one that has crashed leaves nothing."""
        if error is None:
            for name, checked in pickle.loads(node.workeroutput["claimdown"]).items():
                known = self.checked.setdefault(name, checked)
                known.held |= checked.held
                known.edits = known.edits or checked.edits

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(session.config, "workeroutput"):  # a worker: the one that reports also rewrites
            session.config.workeroutput["claimdown"] = pickle.dumps(self.checked)
            return
        for name, checked in self.checked.items():
            try:
                if checked.edits:
                    apply_edits(self.root / name, checked.text, checked.edits)
            except (OSError, ValueError) as error:
                self.not_rewritten.append(str(error))
                checked.edits = ()
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self.checked:
            return
        terminalreporter.section("pages")
        pages = sorted(self.checked.items())
        held = [checked.items[index][0] for _, checked in pages for index in checked.held]
        whole = [kind for _, checked in pages for kind, _ in checked.items.values()]
        terminalreporter.line(summary(len(pages), Counter(held), Counter(whole)))
        for wanted in ("skipped", "shown"):
            for name, checked in pages:
                for index, (kind, line) in checked.items.items():
                    if kind == wanted and index in checked.held:
                        terminalreporter.line(f"  {kind}: {name}:{line}")
        for name, checked in pages:
            if checked.edits:
                terminalreporter.line(f"  rewritten: {name}: {len(checked.edits)} places")
        for message in self.not_rewritten:
            terminalreporter.line(f"  {message}")


def placed(message: str, line: int, own: int) -> str:
    return message if line == own else f"line {line}: {message}"

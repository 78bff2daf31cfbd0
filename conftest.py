"""Run the chapters: Sybil collects every page through `docs/_build`, pytest reports it."""

from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.rest import DocTestParser, PythonCodeBlockParser

from docs._build.doctests import ChapterParser
from docs._build.update import apply_edits

ROOT = Path(__file__).parent
CHAPTERS = ChapterParser()

pytest_collect_file = (
    Sybil(parsers=[CHAPTERS], path="docs/en", patterns=["*.md"])
    + Sybil(
        parsers=[DocTestParser(), PythonCodeBlockParser()], path="rnn_tutorial", patterns=["*.py"]
    )
).pytest()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-outputs",
        action="store_true",
        help="rewrite the chapters' outputs and verified values in place",
    )


def pytest_configure(config: pytest.Config) -> None:
    CHAPTERS.update = config.getoption("--update-outputs")


def pytest_sessionfinish() -> None:
    for path, edits in CHAPTERS.edits.items():
        apply_edits(path, edits)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not CHAPTERS.runs:
        return
    tally = CHAPTERS.tally
    terminalreporter.section("chapters")
    terminalreporter.line(
        f"{len(CHAPTERS.runs)} pages: {len(tally.executed)} blocks executed, "
        f"{len(tally.compared)} outputs compared, {len(tally.verified)} values verified, "
        f"{len(tally.skipped)} skipped, {len(tally.shown)} shown but not executed"
    )
    for kind, places in (("skipped", tally.skipped), ("shown", tally.shown)):
        for path, line in places:
            terminalreporter.line(f"  {kind}: {path.relative_to(ROOT)}:{line}")
    for path, edits in CHAPTERS.edits.items():
        terminalreporter.line(f"  rewritten: {path.relative_to(ROOT)}: {len(edits)} places")

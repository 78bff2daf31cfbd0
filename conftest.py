"""Run the chapters: Sybil collects every page through `docs/_build`, pytest reports it."""

import os
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.rest import DocTestParser, PythonCodeBlockParser

from docs._build.doctests import ChapterParser, Page
from docs._build.update import apply_edits

ROOT = Path(__file__).parent
CHAPTERS = ChapterParser()

# Read when torch is first imported, here and in the processes that tests start.  Its threads would
# otherwise spin while they wait, and on a busy machine take the time of those that compute.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

pytest_collect_file = (
    Sybil(parsers=[CHAPTERS], path="docs/en", patterns=["*.md"], document_types={".md": Page})
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


def pytest_sessionfinish(session: pytest.Session) -> None:
    for run in CHAPTERS.rewritten:
        try:
            apply_edits(run.chapter.path, run.chapter.text, run.edits)
        except (OSError, ValueError) as error:
            session.shouldfail = str(error)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            run.edits.clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not CHAPTERS.runs:
        return
    tally, whole = CHAPTERS.tally, CHAPTERS.whole
    counts = {name: len(places) for name, places in vars(tally).items()}
    for name, places in vars(whole).items():  # a part that was not run or has failed is seen
        if len(places) != counts[name]:
            counts[name] = f"{counts[name]} of {len(places)}"
    terminalreporter.section("chapters")
    terminalreporter.line(
        f"{len(CHAPTERS.runs)} pages: {counts['executed']} blocks executed, "
        f"{counts['compared']} outputs compared, {counts['verified']} values verified, "
        f"{counts['skipped']} skipped, {counts['shown']} shown but not executed"
    )
    for kind, places in (("skipped", tally.skipped), ("shown", tally.shown)):
        for path, line in places:
            terminalreporter.line(f"  {kind}: {path.relative_to(ROOT)}:{line}")
    for run in CHAPTERS.rewritten:
        path = run.chapter.path.relative_to(ROOT)
        terminalreporter.line(f"  rewritten: {path}: {len(run.edits)} places")

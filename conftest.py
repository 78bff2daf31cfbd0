"""Run the chapters: Sybil collects every page through `tools`, pytest reports it."""

import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from sybil import Sybil
from sybil.parsers.rest import DocTestParser, PythonCodeBlockParser

from tools.chapter import read_chapter
from tools.doctests import ChapterParser, Page, Results, merge, total
from tools.update import apply_edits

ROOT = Path(__file__).parent
CHAPTERS = ChapterParser()
RESULTS: Results = {}  # of all processes, in the one that reports
MOST_WORKERS = 4  # each reads all pages, and takes half a gigabyte with its browser

# Read when torch is first imported, here and in the processes that tests start.  Its threads would
# otherwise spin while they wait, and on a busy machine take the time of those that compute.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Workers share the processors as they are; a thread each suffices.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

pytest_collect_file = (
    Sybil(parsers=[CHAPTERS], path="docs", patterns=["*.md"], document_types={".md": Page})
    + Sybil(
        parsers=[DocTestParser(), PythonCodeBlockParser()],
        patterns=["rnn_tutorial/*.py", "tools/*.py"],
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


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let each worker read a part of the pages: all need all of them, and find the others' kept."""
    worker = getattr(session.config, "workerinput", None)
    if worker:
        pages = sorted(ROOT.glob("docs/**/*.md"))
        for page in pages[int(worker["workerid"][2:]) :: worker["workercount"]]:
            read_chapter(page)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Share whole folders among workers; for single files, starting them takes longer."""
    if not any(Path(argument).is_dir() for argument in config.args):
        return 0
    return min((os.cpu_count() or 1) + 1, MOST_WORKERS)  # one, because browsers are waited for


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker has done; one that has crashed leaves nothing."""
    if error is None:
        merge(RESULTS, pickle.loads(node.workeroutput["chapters"]))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):  # a worker: whoever reports also rewrites
        session.config.workeroutput["chapters"] = pickle.dumps(CHAPTERS.results)
        return
    merge(RESULTS, CHAPTERS.results)
    for path, result in RESULTS.items():
        try:
            if result.edits:
                apply_edits(path, result.text, result.edits)
        except (OSError, ValueError) as error:
            session.shouldfail = str(error)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            result.edits.clear()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not RESULTS:
        return
    tally = total(result.tally for result in RESULTS.values())
    whole = total(result.whole for result in RESULTS.values())
    counts = {name: len(places) for name, places in vars(tally).items()}
    for name, places in vars(whole).items():  # a part that was not run or has failed is seen
        if len(places) != counts[name]:
            counts[name] = f"{counts[name]} of {len(places)}"
    terminalreporter.section("chapters")
    terminalreporter.line(
        f"{len(RESULTS)} pages: {counts['executed']} blocks executed, "
        f"{counts['compared']} outputs compared, {counts['verified']} values verified, "
        f"{counts['skipped']} skipped, {counts['shown']} shown but not executed"
    )
    for kind, places in (("skipped", tally.skipped), ("shown", tally.shown)):
        for path, line in sorted(places):
            terminalreporter.line(f"  {kind}: {path.relative_to(ROOT)}:{line}")
    for path, result in sorted(RESULTS.items()):
        if result.edits:
            terminalreporter.line(
                f"  rewritten: {path.relative_to(ROOT)}: {len(result.edits)} places"
            )

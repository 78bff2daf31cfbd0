"""What the engine's tests share: a small course, pages in it, and what is said about them."""

import atexit
import contextlib
import io
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from claimdown.page import Page, Problem
from claimdown.reader import read
from claimdown.runner import run

HEAD = "# Page { #page }\n\n"  # the third line is the first of a test's own
TICKS = "```"
PLANTED = "assert 1 == 2, 'planted'"
PYPROJECT = '[tool.claimdown.editions.en]\nfolder = "docs"\n'
MODULE = '''"""A module that pages include from."""


def double(number: int) -> int:
    """Return twice a number."""
    return 2 * number


def positive(number: int) -> int:
    if number <= 0:
        raise ValueError(f"number: expected one above 0, got {number}")
    return number


class Pair:
    """Two numbers."""

    first, second = 1, 2
'''


@dataclass(frozen=True)
class Checked:
    """What was counted on a page, and each fault as (line, message)."""

    counts: dict[str, int]
    faults: list[tuple[int, str]]

    def has(self, line: int, part: str) -> bool:
        return any(at == line and part in message for at, message in self.faults)


@cache
def course() -> Path:
    """Make a small course, which goes away at the end."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return make_course(Path(folder.name).resolve(), {})


def make_course(root: Path, pages: dict[str, str], pyproject: str = PYPROJECT) -> Path:
    """Write a course with a module to include from, and with pages below `docs`."""
    files = {"pyproject.toml": pyproject, "package/numbers.py": MODULE}
    files |= {f"docs/{name}": text for name, text in pages.items()}
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    (root / "docs").mkdir(exist_ok=True)
    return root


def as_read(text: str) -> Page:
    """Read a page, given all of its text."""
    return read(course() / "docs" / "page.md", text)


def refused(text: str) -> Checked:
    """Read a page, and list what the reader refuses."""
    page = as_read(text)
    return Checked(page.counts, [(problem.line, problem.message) for problem in page.of(Problem)])


def check(text: str) -> Checked:
    """Read and run a page, given all of its text."""
    report = run(as_read(text), recall=False)
    return Checked(report.counts, [(fault.line, fault.message) for fault in report.failures])


def fence(info: str = "python", body: str = PLANTED, marker: str = TICKS) -> str:
    return f"{marker}{info}\n{body}\n{marker}\n"


def output(body: str) -> str:
    return "\n" + fence('text title="Output"', body)


def inside(text: str, prefix: str = "    ") -> str:
    """Put a prefix before every line."""
    lines = text.splitlines(keepends=True)
    return "".join((prefix if line.strip() else prefix.rstrip(" ")) + line for line in lines)


def pytest_said(root: Path, *options: str) -> tuple[int, str]:
    """Run pytest in a course, within this process; say how it ended, and what it said."""
    said = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(root),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.delenv("PYTEST_XDIST_WORKER", raising=False)
        code = pytest.main(["-p", "claimdown", "-p", "no:cacheprovider", *options])
    return code, said.getvalue()

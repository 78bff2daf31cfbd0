"""What the engine's own tests share: temporary pages, and what is said about them."""

from dataclasses import dataclass
from pathlib import Path

from tools.chapter import read_chapter
from tools.runner import Tally, run_chapter

HEAD = "# Page { #page }\n\n"  # the third line is the first of a test's own
TICKS = "```"
PLANTED = "assert 1 == 2, 'planted'"


@dataclass(frozen=True)
class Checked:
    """What was counted on a page, and each fault as (line, message)."""

    tally: Tally
    faults: list[tuple[int, str]]

    def has(self, line: int, part: str) -> bool:
        return any(at == line and part in message for at, message in self.faults)


def check(text: str) -> Checked:
    """Read and run a page, given all of its text."""
    report = run_chapter(read_chapter(Path("page.md"), text))
    return Checked(report.tally, [(failure.line, failure.message) for failure in report.failures])


def fence(info: str = "python", body: str = PLANTED, marker: str = TICKS) -> str:
    return f"{marker}{info}\n{body}\n{marker}\n"


def output(body: str) -> str:
    return "\n" + fence('text title="Output"', body)


def inside(text: str, prefix: str) -> str:
    """Put a prefix before every line."""
    lines = text.splitlines(keepends=True)
    return "".join((prefix if line.strip() else prefix.rstrip(" ")) + line for line in lines)

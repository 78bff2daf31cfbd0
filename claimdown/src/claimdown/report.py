"""What came of running a page, and one line that sums several up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from claimdown.page import Page, counted, rerun

DONE = {
    "executed": "blocks executed",
    "compared": "outputs compared",
    "verified": "values verified",
    "skipped": "skipped",
    "shown": "shown but not executed",
}


class ClaimError(AssertionError):
    """A page claims something that its code does not bear out; the text says what."""


@dataclass(frozen=True)
class Edit:
    """Replace the characters from `start` to `end` of a page's text."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Failure:
    """What does not hold on a page: at which item, at which line, and why."""

    index: int  # of the item in `page.items`
    line: int  # of the page: the statement that failed, else where the item begins
    message: str  # the last line is enough to understand it
    details: str = ""  # the whole traceback, if code has raised something
    again: str = ""  # the name of the further run that it happens in


@dataclass(frozen=True)
class Report:
    """The result of a whole page."""

    page: Page
    failures: tuple[Failure, ...] = ()
    printed: dict[int, str] = field(default_factory=dict)  # by the line of the code
    edits: tuple[Edit, ...] = ()  # which would make outputs and values right

    @property
    def counts(self) -> dict[str, int]:
        """How much of the page's counts was checked and holds."""
        failed = {failure.index for failure in self.failures if not failure.again}
        held = (item for number, item in enumerate(self.page.items) if number not in failed)
        broken = [rerun(failure.again) for failure in self.failures if failure.again]
        return self.page.counts | counted(held) | dict.fromkeys(broken, 0)

    @property
    def messages(self) -> tuple[str, ...]:
        """Each failure as `path:line: message`."""
        return tuple(f"{self.page.path}:{f.line}: {f.message}" for f in self.failures)


def summary(pages: int, held: Mapping[str, int], whole: Mapping[str, int]) -> str:
    """Sum up; a part that was not run or has failed is seen.

    >>> summary(1, {"executed": 5}, {"executed": 12}).partition(",")[0]
    '1 page: 5 of 12 blocks executed'
    """
    parts, again = [], {kind: kind for kind in whole if kind.startswith(rerun(""))}
    for kind, what in (DONE | again).items():
        some, every = held.get(kind, 0), whole.get(kind, 0)
        parts.append(f"{some} {what}" if some == every else f"{some} of {every} {what}")
    return f"{pages} page{'' if pages == 1 else 's'}: {', '.join(parts)}"

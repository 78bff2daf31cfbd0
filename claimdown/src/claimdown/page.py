"""What is found on a page: the items that site, tests, notebook and translation all take."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from claimdown.config import Config, Words, is_list

Kind = TypeVar("Kind", bound="Item")


@dataclass(frozen=True)
class Item:
    """Something on a page; offsets count characters of the text with \\n line ends."""

    line: int  # 1-based, in the file
    start: int
    end: int


@dataclass(frozen=True)
class Origin:
    """Where a line of code was written: in the page, or in a file that the page includes."""

    line: int
    file: Path | None = None  # None: the page itself


@dataclass(frozen=True)
class Fence(Item):
    """A fence; `body_start` to `body_end` are the lines between its markers."""

    language: str
    title: str
    code: str  # includes expanded, without indentation
    prefix: str  # the spaces that stand before each line
    body_start: int
    body_end: int
    last_line: int  # of the page: the closing marker's
    origins: tuple[Origin, ...] = field(repr=False)  # of each line of `code`


class Code(Fence):
    """Python, to be executed."""


class Skipped(Fence):
    """Python that must not run; its title says why."""


class Shown(Fence):
    """Another language, shown and not executed."""


class Generated(Fence):
    """A fence that the site fills in itself."""


class Refused(Fence):
    """A fence in no written form: a `Problem` says so."""


class Output(Fence):
    """What the code right above it prints."""


@dataclass(frozen=True)
class Value(Item):
    """A verified value: `text` on the page is what `expression` evaluates to."""

    text: str
    expression: str
    text_start: int
    text_end: int


@dataclass(frozen=True)
class Problem(Item):
    """A fault in the page's source."""

    message: str


@dataclass(frozen=True)
class Claim(Item):
    """A box `??? check "Claim: ..."`; `last_line` is the last line of its content."""

    title: str
    last_line: int


COUNTED = {Code: "executed", Output: "compared", Value: "verified", Skipped: "skipped",
           Shown: "shown"}  # fmt: skip


@dataclass(frozen=True)
class Block:
    """A piece of the page's Markdown, as it stands: the blocks, joined, are the whole body.

    `kind` is one of heading, paragraph, item, numbered item, definition, footnote, box, row,
    formula, figure, html, tab, rule and fence.
    """

    kind: str
    line: int
    lines: tuple[str, ...]  # with their indentation, without line ends
    indent: int  # spaces before the first line
    apart: bool  # whether a blank line stands before it
    fence: Fence | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, eq=False)
class Page:
    """One page as it was read."""

    path: Path
    text: str  # with \n line ends
    config: Config  # of the course
    edition: str  # the name of its language in the configuration
    meta: dict[str, Any]  # the front matter
    items: tuple[Item, ...]  # fences, values and problems, in page order
    claims: tuple[Claim, ...]
    blocks: tuple[Block, ...]
    included: frozenset[Path]

    def of(self, kind: type[Kind]) -> list[Kind]:
        """List the items of one kind, in page order."""
        return [item for item in self.items if isinstance(item, kind)]

    @property
    def requires(self) -> list[str]:
        """The packages that its code needs, besides those that every page needs."""
        found = self.meta.get("requires", [])
        return found if is_list(found) else []  # what is no list is a problem of the page

    @property
    def words(self) -> Words:
        return self.config.words(self.edition)

    @property
    def name(self) -> str:
        """The page's file, from the root of its course."""
        return self.config.name_of(self.path)

    @property
    def title(self) -> str:
        """The first heading, without its id; the file's name if there is none."""
        headings = (block.text for block in self.blocks if block.kind == "heading")
        return without_id(next(headings, self.path.stem).lstrip("# "))

    @property
    def again(self) -> tuple[str, ...]:
        """The names of the further runs that the configuration asks for; none without code."""
        return tuple(self.config.again) if self.of(Code) else ()

    @property
    def counts(self) -> dict[str, int]:
        """How much there is to check: executed, compared, verified, skipped, shown, claims."""
        again = {rerun(name): 1 for name in self.again}
        return counted(self.items) | {"claims": len(self.claims)} | again


def counted(items: Iterable[Item]) -> dict[str, int]:
    """Count items by what is done with them."""
    kinds = Counter(type(item) for item in items)
    return {name: kinds[kind] for kind, name in COUNTED.items()}


def rerun(name: str) -> str:
    """Return what a further run of a page is counted as."""
    return f"run again in {name}"


def without_id(heading: str) -> str:
    """Drop `{ #id }` from the end of a heading.

    >>> without_id("The check { #check }")
    'The check'
    """
    text, mark, rest = heading.rpartition(" { #")
    return text if mark and rest.endswith("}") else heading

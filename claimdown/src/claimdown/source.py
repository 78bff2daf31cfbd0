"""A page's text with its lines and offsets, and what is found wrong with it."""

from itertools import accumulate
from pathlib import Path

from mkdocs.utils.meta import get_data

from claimdown.config import Config


class Source:
    """The text of one page; lines are numbered from 1."""

    def __init__(self, path: Path, text: str, config: Config) -> None:
        self.path, self.text, self.config = path, text, config
        self.edition = config.edition_of(path)
        self.words = config.words(self.edition)
        self.lines = text.split("\n")
        self.offsets = [0, *accumulate(len(line) + 1 for line in self.lines)]
        body, self.meta = get_data(text.removeprefix("\ufeff"))
        self.first = text.count("\n") - body.count("\n") + 1  # the first line of the body
        self.included: set[Path] = set()
        self.faults: dict[tuple[int, str], None] = {}  # each line and what is wrong there, once

    def refuse(self, line: int, why: str) -> None:
        self.faults.setdefault((line, why))

    def line_of(self, offset: int) -> int:
        return self.text.count("\n", 0, offset) + 1

    def start(self, line: int) -> int:
        """Return where a line begins; the end of the text for a line after the last one."""
        return min(self.offsets[line - 1], len(self.text))


def page_text(path: Path) -> str:
    """Read a page's file; bytes that are not UTF-8 become surrogates, which the reader reports."""
    return with_line_feeds(path.read_bytes().decode("utf-8", errors="surrogateescape"))


def with_line_feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")

"""The written form of each kind of block; every other form is reported."""

import re
from collections.abc import Iterator

from claimdown.blocks import kind_of
from claimdown.page import Block
from claimdown.prose import cells
from claimdown.source import Source

Found = Iterator[tuple[int, str]]  # a line of the page, and what is wrong there
BOX = re.compile(r'(?P<mark>!!!|\?\?\?\+?) (?P<kind>[a-z]+)(?: "(?P<title>[^"]+)")?')
HEADING = re.compile(r"#{1,6} \S.*? \{ #[\w-]+ \}")
ROW = re.compile(r"\|.*\|")
# The written form of a block's first line, and how to say it.
FORMS = {
    "heading": (HEADING, "a heading ends in its id: ## Title { #an-id }"),
    "box": (BOX, 'a box is written !!! kind "Title"'),
    "tab": (re.compile(r'=== "[^"]+"'), 'a tab is written === "Title"'),
    "definition": (re.compile(r":   \S.*"), "a definition begins with a colon and three spaces"),
    "reference": (re.compile(r"(?!)"), "an address stands in its link: [text](address)"),
    "abbreviation": (re.compile(r"\*\[[^\]]+\]: \S.*"), "an abbreviation is written *[X]: meaning"),
    "html": (re.compile(r"</?[a-zA-Z].*"), "raw HTML is a tag: no comment, no declaration"),
    "row": (ROW, "a row of a table begins and ends with a bar"),
    "rule": (re.compile(r"-{3,}|\*{3,}|_{3,}"), "a heading is written ## Title { #an-id }"),
}
LISTED = re.compile(r"(?:\d+\. |[-*+] |:   |\[\^\S+\]: )")  # before the text of an item
DIVIDER = re.compile(r"[ :-]*-[ :-]*\|[ :|-]*")  # of a table without bars at its ends


def malformed(source: Source, blocks: tuple[Block, ...]) -> Found:
    """Report blocks in another form than the written one of their kind."""
    forms = dict(FORMS)
    if not source.config.heading_ids:
        forms["heading"] = re.compile(r"#{1,6} \S.*"), FORMS["heading"][1]
    ids: dict[str, int] = {}
    for before, block in zip((None, *blocks), blocks, strict=False):
        text = block.lines[0].strip()
        pattern, form = forms.get(block.kind, (None, ""))
        if pattern and not pattern.fullmatch(text):
            yield block.line, f"{form}; found {text}"
        if block.kind == "heading" and HEADING.fullmatch(text):
            name = text.rpartition(" { #")[2].removesuffix(" }")
            if ids.setdefault(name, block.line) != block.line:
                yield block.line, f"the id {name} is the one of line {ids[name]} already"
        if block.kind in ("item", "numbered item", "definition", "footnote"):
            held = LISTED.sub("", text, count=1)
            if kind_of(held) not in ("paragraph", "html", "formula") or held.startswith(" "):
                yield block.line, f"this {block.kind} holds text, and other blocks below it"
        if block.kind == "rule" and before and before.kind == "paragraph" and not block.apart:
            yield block.line, f"{form}, and a rule after a blank line"
        if any("\t" in line[: len(line) - len(line.lstrip())] for line in block.lines):
            yield block.line, "a tab in the indentation: use spaces"
        for number, line in enumerate(block.lines if block.kind == "quote" else (), block.line):
            yield from _quoted(number, line.strip())


def _quoted(number: int, line: str) -> Found:
    """Report a line of a quote."""
    if not line.startswith(">"):
        yield number, "each line of a quote begins with >"
    text = line.removeprefix(">").removeprefix(" ")
    if text and (kind_of(text) != "paragraph" or text.startswith((" ", "\t"))):
        yield number, "a quote holds text, and no other block: no code, no list"


def ragged_tables(blocks: tuple[Block, ...]) -> Found:
    """Report rows of another length than their table's first: Markdown drops what is too much."""
    head = 0
    for block in blocks:
        if block.kind == "paragraph" and any(map(DIVIDER.fullmatch, block.lines)):
            yield block.line, FORMS["row"][1]
        if block.kind != "row" or block.apart:
            head = 0
        if block.kind == "row":
            own = cells(block.lines[0])
            head = head or own
            if own != head:
                yield block.line, f"the table's first row has {head} cells, this one {own}"

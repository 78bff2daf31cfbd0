"""The written form of each kind of block; every other form is reported."""

import re
from collections.abc import Iterator

from claimdown.blocks import kind_of
from claimdown.page import Block
from claimdown.prose import cells
from claimdown.source import FormError, Source

BOX = re.compile(r'(?P<mark>!!!|\?\?\?\+?) (?P<kind>[a-z]+)(?: "(?P<title>[^"]+)")?')
HEADING = re.compile(r"#{1,6} \S.*? \{ #[\w-]+ \}")
# The written form of a block's first line, and how to say it.
FORMS = {
    "heading": (HEADING, "a heading ends in its id: ## Title { #an-id }"),
    "box": (BOX, 'a box is written !!! kind "Title"'),
    "tab": (re.compile(r'=== "[^"]+"'), 'a tab is written === "Title"'),
    "definition": (re.compile(r":   \S.*"), "a definition begins with a colon and three spaces"),
    "reference": (re.compile(r"(?!)"), "an address stands in its link: [text](address)"),
    "abbreviation": (re.compile(r"\*\[[^\]]+\]: \S.*"), "an abbreviation is written *[X]: meaning"),
    "html": (
        re.compile(r"</?[a-zA-Z].*", re.DOTALL),
        "raw HTML is a tag: no comment, no declaration",
    ),
    "row": (re.compile(r"\|.*\|"), "a row of a table begins and ends with a bar"),
    "rule": (re.compile(r"-{3,}|\*{3,}|_{3,}"), "a heading is written ## Title { #an-id }"),
}
DIVIDER = re.compile(r"[ :-]*-[ :-]*\|[ :|-]*")  # of a table without bars at its ends


def malformed(source: Source, blocks: tuple[Block, ...]) -> Iterator[FormError]:
    """Report blocks in another form than the written one of their kind."""
    headings = HEADING if source.config.heading_ids else re.compile(r"#{1,6} \S.*")
    patterns = FORMS | {"heading": (headings, FORMS["heading"][1])}
    ids: dict[str, int] = {}
    for before, block in zip((None, *blocks), blocks, strict=False):
        text = block.lines[0].strip()
        name = text.rpartition(" { #")[2].removesuffix(" }") if block.kind == "heading" else ""
        if name and HEADING.fullmatch(text) and ids.setdefault(name, block.line) != block.line:
            yield FormError(block.line, f"the id {name} is the one of line {ids[name]} already")
        pattern, form = patterns.get(block.kind, (None, ""))
        if pattern and not pattern.fullmatch(text):
            yield FormError(block.line, f"{form}; found {text}")
        held = re.sub(r"^(?:\d+\. |[-*+] |:   |\[\^\S+\]: )", "", text)
        if block.kind in ("item", "numbered item", "definition", "footnote") and (
            kind_of(held) not in ("paragraph", "html", "formula") or held.startswith(" ")
        ):
            yield FormError(block.line, f"this {block.kind} holds text, and other blocks below it")
        if block.kind == "rule" and before and before.kind == "paragraph" and not block.apart:
            yield FormError(block.line, f"{form}, and a rule after a blank line")
        if any("\t" in line[: len(line) - len(line.lstrip())] for line in block.lines):
            yield FormError(block.line, "a tab in the indentation: use spaces")
        if block.kind == "quote":
            yield from _quote(block)


def ragged_tables(blocks: tuple[Block, ...]) -> Iterator[FormError]:
    """Report rows of another length than their table's first: Markdown drops what is too much."""
    head = 0
    for block in blocks:
        first = block.lines[0]
        if block.kind == "paragraph" and any(map(DIVIDER.fullmatch, block.lines)):
            yield FormError(block.line, FORMS["row"][1])
        if block.kind != "row" or block.apart:
            head = 0
        if block.kind == "row" and (head := head or cells(first)) != cells(first):
            message = f"the table's first row has {head} cells, this one {cells(first)}"
            yield FormError(block.line, message)


def _quote(block: Block) -> Iterator[FormError]:
    for number, line in enumerate(block.lines, block.line):
        if not line.strip().startswith(">"):
            yield FormError(number, "each line of a quote begins with >")
        text = line.strip().removeprefix(">").removeprefix(" ")
        if text and (kind_of(text) != "paragraph" or text.startswith((" ", "\t"))):
            yield FormError(number, "a quote holds text, and no other block: no code, no list")

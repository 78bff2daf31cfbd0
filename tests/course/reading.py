"""What a person reads of a page: lines outside of fences, and which of them a fold hides."""

from collections import defaultdict
from collections.abc import Iterator

from claimdown.blocks import inside
from claimdown.forms import BOX
from claimdown.page import Page

HAN = "\u4e00-\u9fff"


def prose(page: Page) -> Iterator[tuple[int, str, str]]:
    """Yield the lines outside of fences: number, kind of block, text."""
    for block in page.blocks:
        if not block.fence:
            for number, line in enumerate(block.lines, block.line):
                yield number, block.kind, line


def folds(page: Page) -> dict[int, set[str]]:
    """Map the first line of each block in a fold to the kinds of the folds that hold it."""
    found: dict[int, set[str]] = defaultdict(set)
    for number, block in enumerate(page.blocks):
        box = BOX.fullmatch(block.lines[0].strip()) if block.kind == "box" else None
        if box and box["mark"] != "!!!":
            for below in inside(block, page.blocks[number + 1 :]):
                found[below.line].add(box["kind"])
    return found

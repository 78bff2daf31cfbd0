"""Cut a page into blocks, and tell which of them stand where Markdown would show code."""

import re
from collections.abc import Iterable, Iterator

from claimdown.page import Block, Fence

KINDS = {
    "heading": re.compile(r"#{1,6} "),
    "numbered item": re.compile(r"\d+[.)] "),
    "item": re.compile(r"[-*+] "),
    "definition": re.compile(r":   "),
    "footnote": re.compile(r"\[\^[^\]\s]+\]: "),
    "box": re.compile(r"!!!|\?\?\?"),
    "tab": re.compile(r"==="),
    "row": re.compile(r"\|"),
    "formula": re.compile(r"\$\$"),
    "figure": re.compile(r'!\[.*\]\([^\s)]*(?:\s+"[^"]*")?\)(?:\{[^}]*\})?$'),
    "html": re.compile(r"</?[a-zA-Z][\w-]*"),
    "rule": re.compile(r"(?:-{3,}|\*{3,}|_{3,})$"),
}
SINGLE = ("heading", "box", "tab", "row", "figure", "html", "rule")  # one line each
HOLDING = ("numbered item", "item", "definition", "footnote", "box", "tab")
STEP = 4  # spaces that the content of a block is indented by


def kind_of(line: str) -> str:
    """Name what begins at a line; a paragraph, if nothing else does."""
    text = line.strip()
    return next((kind for kind, pattern in KINDS.items() if pattern.match(text)), "paragraph")


def cut(lines: list[str], first: int, fences: Iterable[Fence]) -> Iterator[Block]:
    """Cut a page's lines from number `first` (1-based) on into blocks, in order."""
    starts = {fence.line: fence for fence in fences}
    block: list[str] = []
    start, kind, apart, number = first, "", True, first
    while number <= len(lines):
        line = lines[number - 1]
        fence = starts.get(number)
        begins = kind_of(line) if line.strip() else ""
        inside = kind == "formula" and "".join(block).count("$$") % 2 == 1
        ends = not line.strip() or fence or begins != "paragraph" or kind in SINGLE
        if block and ends and not inside:
            yield Block(kind, start, tuple(block), indent(block[0]), apart)
            block, apart = [], False
        if fence:
            whole = tuple(lines[number - 1 : fence.last_line])
            yield Block("fence", number, whole, len(fence.prefix), apart, fence)
            number, apart = fence.last_line + 1, False
            continue
        if line.strip() or inside:
            if not block:
                start, kind = number, begins
            block.append(line)
        else:
            apart = True
        number += 1
    if block:
        yield Block(kind, start, tuple(block), indent(block[0]), apart)


def indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def misplaced(blocks: Iterable[Block]) -> Iterator[tuple[Block, int]]:
    """List the blocks that are not indented as the block that holds them demands, with how far."""
    holders: list[int] = []
    for block in blocks:
        while holders and block.indent < holders[-1] + STEP:
            holders.pop()
        content = holders[-1] + STEP if holders else 0
        if block.indent != content:
            yield block, content
        if block.kind in HOLDING:
            holders.append(block.indent)

"""Cut a page into blocks, and tell which of them stand where Markdown would show code."""

import re
from collections.abc import Iterable, Iterator
from itertools import takewhile

from claimdown.page import Block, Fence

KINDS = {
    "heading": re.compile(r"#"),
    "numbered item": re.compile(r"\d+\. "),
    "item": re.compile(r"[-*+] "),
    "definition": re.compile(r":\s"),
    "footnote": re.compile(r"\[\^[^\]\s]+\]:"),
    "reference": re.compile(r"\[[^\]]+\]:"),
    "abbreviation": re.compile(r"\*\["),
    "quote": re.compile(r">"),
    "box": re.compile(r"!!!|\?\?\?"),
    "tab": re.compile(r"==="),
    "row": re.compile(r"\|"),
    "formula": re.compile(r"\$\$"),
    "figure": re.compile(r'!\[.*\]\([^\s)]*(?:\s+"[^"]*")?\)(?:\{[^}]*\})?$'),
    "html": re.compile(r"<"),
    "rule": re.compile(r"(?:-{3,}|\*{3,}|_{3,})$"),
}
# One line each.
SINGLE = ("heading", "box", "tab", "row", "figure", "html", "rule", "reference", "abbreviation")
LISTED = ("numbered item", "item")
OPENING = ("box", "tab")  # their content may follow at once
HOLDING = (*LISTED, "definition", "footnote", "box", "tab")  # what is indented below them
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


def inside(holder: Block, later: Iterable[Block]) -> Iterator[Block]:
    """Yield those of the blocks below another one that it holds."""
    return takewhile(lambda block: block.indent >= holder.indent + STEP, later)


def misplaced(blocks: Iterable[Block]) -> Iterator[tuple[int, str]]:
    """Say of each block that Markdown would take for another one, at which line, and why."""
    holders: list[int] = []
    before: Block | None = None
    for block in blocks:
        while holders and block.indent < holders[-1] + STEP:
            holders.pop()
        content = holders[-1] + STEP if holders else 0
        what = "this fence is" if block.fence else "this is"
        if block.indent >= content + STEP and not block.fence:
            message = "this code block is not a fence: it is indented too far, and shown as code"
            yield block.line, message
        elif block.kind == "footnote" and block.indent:
            yield block.line, "a footnote's text stands at the left margin"
        elif block.indent != content:
            yield block.line, f"{what} indented by {block.indent} spaces, where {content} are right"
        if before and not block.apart and not _may_touch(before, block):
            yield block.line, f"a blank line is missing before this {block.kind}"
        if not block.fence:
            least = block.indent + (block.kind in HOLDING)
            for number, line in enumerate(block.lines[1:], block.line + 1):
                if line.strip() and indent(line) < least:
                    what = f"the {block.kind} that it belongs to"
                    yield number, f"this line is not indented as {what}"
        if block.kind in HOLDING:
            holders.append(block.indent)
        before = block


def _may_touch(before: Block, block: Block) -> bool:
    """Whether a block may follow another one without a blank line between them."""
    if before.kind in OPENING or block.kind == before.kind == "row":
        return True
    if before.kind == "html":
        return block.kind in ("html", "paragraph", "figure")
    if block.kind in LISTED:
        return before.kind in LISTED
    if block.kind == "definition":
        return before.kind in ("paragraph", "definition")
    if block.kind == "paragraph":
        return before.kind in ("heading", "definition", "abbreviation")
    return block.kind == "html" or block.kind == before.kind == "abbreviation"

"""The boxes that claim something, and what a reader would take for one."""

import ast
import contextlib
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from claimdown.blocks import inside
from claimdown.forms import BOX
from claimdown.page import Block, Claim, Code
from claimdown.source import Source


def claims_of(source: Source, blocks: tuple[Block, ...]) -> Iterator[Claim]:
    """Yield the claims; note boxes that resemble one, and claims that assert nothing."""
    words = source.words
    ends = (words.equal, words.within_rounding)
    form = f'??? check "{words.claim}...{ends[0]}" or "{words.claim}...{ends[1]}"'
    for number, block in enumerate(blocks):
        box = BOX.fullmatch(block.lines[0].strip()) if block.kind == "box" else None
        title = (box["title"] or "") if box else ""
        is_claim = title.startswith(words.claim) and title.endswith(ends)
        if not (box and is_claim and box.group("mark", "kind") == ("???", "check")):
            if _resembles_claim(source, block, box, title):
                why = "this looks like a claim, and is not written as one: a claim is written"
                source.refuse(block.line, f"{why} {form}")
            continue
        content = [block, *inside(block, blocks[number + 1 :])]
        if not any(asserts(b.fence.code) for b in content if isinstance(b.fence, Code)):
            source.refuse(block.line, "this claim asserts nothing: its box holds no `assert`")
        last_line = content[-1].line + len(content[-1].lines) - 1
        start, end = source.start(block.line), source.start(last_line + 1)
        yield Claim(block.line, start, end, title, last_line)


def asserts(code: str) -> bool:
    """Whether code asserts what it computes, or calls a function whose name begins with assert."""
    with contextlib.suppress(SyntaxError):
        for node in ast.walk(ast.parse(code)):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", getattr(called, "id", ""))
            tests = isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant)
            if tests or name.startswith("assert"):
                return True
    return False


def _resembles_claim(source: Source, block: Block, box: re.Match[str] | None, title: str) -> bool:
    """Whether a reader of the page would take a box, or a line, for a claim."""
    words, text = source.words, block.lines[0].strip(' *_#>-|="')
    claims = {edition.words.claim.strip().lower() for edition in source.config.editions.values()}
    if block.kind != "box":
        return not block.fence and text.lower().startswith(tuple(claims))
    if title.endswith((words.equal, words.within_rounding)):
        return True
    is_solution = box and box["mark"] != "!!!" and title.startswith(words.solution)
    if {"success", "check", "done"} & set(text.split(" ")) and not is_solution:
        return True
    first = re.split(r"[:：\s]", title.strip().lower(), maxsplit=1)[0]
    names = [claim.rstrip(":： ") for claim in claims]
    return any(SequenceMatcher(None, first, name).ratio() > 0.75 for name in names)

"""The boxes that claim something, and what a reader would take for one."""

import ast
import contextlib
import re
from collections.abc import Iterator
from difflib import SequenceMatcher

from claimdown.forms import BOX
from claimdown.page import Block, Claim, Code
from claimdown.source import FormError, Source


def claims_of(
    source: Source, blocks: tuple[Block, ...], faults: list[FormError]
) -> Iterator[Claim]:
    words = source.words
    ends = (words.equal, words.within_rounding)
    form = f'!!! success "{words.claim}...{ends[0]}" or "{words.claim}...{ends[1]}"'
    for number, block in enumerate(blocks):
        box = BOX.fullmatch(block.lines[0].strip()) if block.kind == "box" else None
        title = (box["title"] or "") if box else ""
        kind = box.group("mark", "kind") if box else ()
        is_claim = title.startswith(words.claim) and title.endswith(ends)
        is_claim = is_claim and kind == ("!!!", "success")
        if not is_claim:
            if _resembles_claim(source, block, box, title):
                why = "this looks like a claim, and is not written as one: a claim is written"
                faults.append(FormError(block.line, f"{why} {form}"))
            continue
        content = [*_content(blocks[number:])]
        last = content[-1]
        codes = [b.fence for b in content if isinstance(b.fence, Code)]
        if not any(asserts(code.code) for code in codes):
            faults.append(
                FormError(block.line, "this claim asserts nothing: its box holds no `assert`")
            )
        last_line = last.line + len(last.lines) - 1
        yield Claim(block.line, source.start(block.line), source.start(last_line + 1), title,
                    last_line)  # fmt: skip


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


def _content(blocks: tuple[Block, ...]) -> Iterator[Block]:
    """Yield a box and the blocks inside of it."""
    box, *later = blocks
    yield box
    for block in later:
        if block.indent < box.indent + 4:
            return
        yield block


def _resembles_claim(source: Source, block: Block, box: re.Match[str] | None, title: str) -> bool:
    """Whether a reader of the page would take a box, or a line, for a claim."""
    words, text = source.words, block.lines[0].strip(' *_#>-|="')
    claims = {edition.words.claim.strip().lower() for edition in source.config.editions.values()}
    if block.kind != "box":
        return not block.fence and any(text.lower().startswith(claim) for claim in claims)
    if title.endswith((words.equal, words.within_rounding)):
        return True
    if "success" in text.split(" ") and not (
        box and box["mark"] != "!!!" and title.startswith(words.solution)
    ):
        return True
    first = re.split(r"[:：\s]", title.strip().lower(), maxsplit=1)[0]
    return any(
        SequenceMatcher(None, first, claim.rstrip(":： ")).ratio() > 0.75 for claim in claims
    )

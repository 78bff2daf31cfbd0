"""Read a page: every code block, output, verified value, claim and fault in it, in page order.

Each thing has one written form.  Every other form of it is a `Problem` at its line, so that what
the site shows as code, output or value cannot be anything that was not executed or compared.
"""

import ast
import contextlib
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from claimdown.blocks import cut, kind_of, misplaced
from claimdown.config import DAY, Config, config_for
from claimdown.fences import fences
from claimdown.numbers import numbers_in
from claimdown.page import Block, Claim, Code, Item, Page, Problem, Refused, Value
from claimdown.prose import Prose, cells, take_apart
from claimdown.source import FormError, Source, page_text, with_line_feeds

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
NOT_UTF8 = re.compile("[\udc80-\udcff]")


class _Known(NamedTuple):
    page: Page
    config: Config
    included: dict[Path, int]  # with the times of their last changes


_known: dict[Path, _Known] = {}


def read(path: Path, text: str | None = None) -> Page:
    """Read one page, or another text as if it stood in its file.

    A page whose text, includes and configuration are as before is not read again.
    Raises nothing for a fault in the page: faults are `Problem` items, in their places.

    Raises:
        ConfigError: if the course's configuration is wrong.
        OSError: if there is no such file.
    """
    path, config = path.resolve(), config_for(path)
    text = page_text(path) if text is None else with_line_feeds(text)
    known = _known.get(path)
    if known and (known.page.text, known.config, known.included) == (
        text, config, _times(known.page)
    ):  # fmt: skip
        return known.page
    page = _read(Source(path, text, config))
    _known[path] = _Known(page, config, _times(page))
    return page


def _times(page: Page) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns if file.is_file() else 0 for file in page.included}


def _read(source: Source) -> Page:
    faults: list[FormError] = []
    included: set[Path] = set()
    found = list(fences(source, faults, included))
    blocks = tuple(cut(source.lines, source.first, found))
    values = [value for block in blocks for value in _prose(source, block, faults)]
    claims = tuple(_claims(source, blocks, faults))
    faults += [*_front_matter(source), *_forms(source, blocks), *_tables(blocks)]
    faults += [FormError(line, why) for line, why in misplaced(blocks)]
    faults += _bytes(source)
    said = dict.fromkeys((fault.line, str(fault)) for fault in faults)
    problems = [Problem(line, source.start(line), source.start(line), why) for line, why in said]
    kept = [fence for fence in found if not isinstance(fence, Refused)]
    items: list[Item] = sorted([*problems, *kept, *values], key=lambda item: (item.start, item.end))
    return Page(source.path, source.text, source.edition, source.meta, tuple(items), claims, blocks,
                frozenset(included))  # fmt: skip


def _bytes(source: Source) -> Iterator[FormError]:
    for number, line in enumerate(source.lines, 1):
        if NOT_UTF8.search(line):
            yield FormError(number, "this line is not valid UTF-8")


def _front_matter(source: Source) -> Iterator[FormError]:
    """Report what is missing, or not verified, in the lines before the body."""
    begins = source.text.removeprefix("\ufeff").startswith("---\n")
    if begins != bool(source.meta):
        message = "the front matter is a YAML mapping between two lines ---"
        yield FormError(1, f"{message}; what stands here is not, and the site may show it as text")
        return
    for key in source.config.front_matter:
        if not source.meta.get(key):
            yield FormError(1, f"the front matter has no {key}: add a line `{key}: …`")
    limit = source.meta.get("timeout", 1)
    number = isinstance(limit, int | float) and not isinstance(limit, bool)
    wrong = not number or not 0 < limit <= DAY
    for line_number, line in enumerate(source.lines[: source.first - 1], 1):
        if line.startswith("timeout:") and wrong:
            expected = f"a number of seconds above 0 and at most {DAY:g}"
            yield FormError(line_number, f"a timeout is {expected}; found {limit!r}")
        for _, text, _ in [] if line.startswith("timeout:") else numbers_in(line):
            why = f'the number "{text}" in the front matter cannot be verified'
            yield FormError(line_number, why)


# Prose.


def _prose(source: Source, block: Block, faults: list[FormError]) -> Iterator[Value]:
    """Yield the verified values of a block; note what is wrong with its text."""
    if block.fence:
        return
    text, start = block.text, source.start(block.line)
    prose = take_apart(text, block.kind)

    def line(offset: int) -> int:
        return block.line + text.count("\n", 0, offset)

    for mark in prose.marks:
        if not mark.expression.strip():
            faults.append(FormError(line(mark.start), f"`{mark.text}` has no expression"))
        elif reason := _lost(block, prose, mark.start, mark.expression):
            faults.append(
                FormError(line(mark.start), f"the mark of `{mark.text}` is lost: {reason}")
            )
            continue
        at = start + mark.start
        yield Value(line(mark.start), at, start + mark.end, mark.text, mark.expression, at + 1,
                    at + 1 + text[mark.start + 1 :].index("`"))  # fmt: skip
    faults += [FormError(line(at), why) for at, why in prose.numbers()]
    faults += [FormError(line(at), why) for at, why in _strange(source, block, prose)]


def _lost(block: Block, prose: Prose, start: int, expression: str) -> str:
    """Say why Markdown would not take a mark for one, "" if it does."""
    if any(image.start() < start < image.end() for image in prose.images):
        return "an image's texts hold no values"
    if block.lines[0].lstrip().startswith("*["):
        return "an abbreviation's text holds no values"
    if block.kind == "row" and "|" in expression:
        return "a bar in an expression ends the cell of a table"
    if "$" in expression:
        return "a $ in an expression begins a formula"
    return ""


def _strange(source: Source, block: Block, prose: Prose) -> Iterator[tuple[int, str]]:
    """Report what is in no written form, with its offset in the block."""
    for at in prose.odd_marks:
        yield at, _about_mark(block.text[at:])
    for at, code in prose.codes:
        if "\n" in code:
            message = "inline code that runs over several lines is not executed: use a fence"
            yield at, message
    for at, formula in prose.formulas:
        if "`" in formula:
            yield at, "a formula holds no inline code, and no verified value"
    for title in re.finditer(r"\]\([^\s()]*\s+'", block.text):
        yield title.start(), "the title of a link or an image stands in double quotes"
    for marker in re.finditer(r"`{3,}|~{3,}", prose.bare):
        yield marker.start(), "a fence stands on a line of its own, after spaces"
    for marker in re.finditer(r"-8<-", prose.bare):
        yield marker.start(), "an include stands in a ```python fence, alone on its line"
    for comment in re.finditer("<!--", prose.bare):
        yield comment.start(), "an HTML comment is not checked: leave it out"
    for tag in re.finditer(r"<(?P<name>[a-zA-Z][\w-]*)(?P<attributes>[^<>]*)", block.text):
        if prose.bare[tag.start()] == " " or prose.bare[tag.start()] == "<":
            yield from _raw_html(source, tag)
    for image in prose.images:
        yield from _image(source, image)


def _about_mark(text: str) -> str:
    form = 'a verified value is written `value`{ .verified expr="…" }'
    if re.match(r'\{ \.verified expr="[^"\n]*"[^} ]', text):
        return f"{form}; this expression ends at its inner quote: use single quotes inside of it"
    if not re.search(r"\bexpr\s*=", text.split("}")[0]):
        return f"{form}; this one has no expression"
    return f"{form}; found {text.splitlines()[0][:60]}, which is not in a form that is checked"


def _raw_html(source: Source, tag: re.Match[str]) -> Iterator[tuple[int, str]]:
    name, attributes = tag["name"].lower(), tag["attributes"].lower()
    if name not in source.config.html:
        known = ", ".join(source.config.html)
        yield tag.start(), f"raw HTML, <{name}>, is not checked: use Markdown, or one of {known}"
    elif re.search(r"\b(?:style|hidden)\b|\bclass=\S*(?:verified|highlight|language-|admonition)",
                   attributes):  # fmt: skip
        what = "a style or a class that the site writes, such as verified"
        yield tag.start(), f"raw HTML, <{name}>, with {what}, is not checked"
    elif name in ("div", "figure", "figcaption") and not re.search(r"\bmarkdown\b", attributes):
        yield (
            tag.start(),
            f"raw HTML, <{name}>, is read as Markdown only with `markdown` in its tag",
        )


def _image(source: Source, image: re.Match[str]) -> Iterator[tuple[int, str]]:
    target = image["target"]
    if not image["alt"].strip():
        yield image.start(), f"image {target}: no alt text"
    if not re.match(r"[a-z]+:", target) and not (source.path.parent / target).is_file():
        yield image.start(), f"image {target}: no such file"


# Blocks.


def _forms(source: Source, blocks: tuple[Block, ...]) -> Iterator[FormError]:
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


def _tables(blocks: tuple[Block, ...]) -> Iterator[FormError]:
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


# Claims.


def _claims(source: Source, blocks: tuple[Block, ...], faults: list[FormError]) -> Iterator[Claim]:
    words = source.words
    ends = (words.equal, words.within_rounding)
    form = f'!!! success "{words.claim}...{ends[0]}" or "{words.claim}...{ends[1]}"'
    for number, block in enumerate(blocks):
        box = BOX.fullmatch(block.lines[0].strip()) if block.kind == "box" else None
        title = (box["title"] or "") if box else ""
        is_claim = bool(box) and (box["mark"], box["kind"]) == ("!!!", "success") and (
            title.startswith(words.claim) and title.endswith(ends)
        )  # fmt: skip
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

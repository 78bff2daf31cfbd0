"""The verified values of a block's text, and what in it is in no written form."""

import re
from collections.abc import Iterator

from claimdown.page import Block, Value
from claimdown.prose import Prose, take_apart
from claimdown.source import Source

Strange = Iterator[tuple[int, str]]  # an offset in a block, and what is wrong there
# What is in no written form wherever it stands in running text.
NO_TEXT = {
    r"`{3,}|~{3,}": "a fence stands on a line of its own, after spaces",
    r"-8<-": "an include stands in a ```python fence, alone on its line",
    r"<!--": "an HTML comment is not checked: leave it out",
}


def values_in(source: Source, block: Block) -> Iterator[Value]:
    """Yield the verified values of a block; note what is wrong with its text."""
    if block.fence:
        return
    text, start = block.text, source.start(block.line)
    prose = take_apart(text, block.kind)

    def line(offset: int) -> int:
        return block.line + text.count("\n", 0, offset)

    for mark in prose.marks:
        shown, expression, at = mark["value"].strip(), mark["expr"], line(mark.start())
        if not expression.strip():
            source.refuse(at, f"`{shown}` has no expression")
        elif reason := _lost(block, prose, mark):
            source.refuse(at, f"the mark of `{shown}` is lost: {reason}")
            continue
        begin, end, text_begin, text_end = (start + n for n in (*mark.span(), *mark.span("value")))
        yield Value(at, begin, end, shown, expression, text_begin, text_end)
    for offset, why in [*prose.numbers(), *_strange(source, block, prose)]:
        source.refuse(line(offset), why)


def _lost(block: Block, prose: Prose, mark: re.Match[str]) -> str:
    """Say why Markdown would not take a mark for one, "" if it does."""
    if any(image.start() < mark.start() < image.end() for image in prose.images):
        return "an image's texts hold no values"
    if block.kind == "abbreviation":
        return "an abbreviation's text holds no values"
    if block.kind == "row" and "|" in mark["expr"]:
        return "a bar in an expression ends the cell of a table"
    return "a $ in an expression begins a formula" if "$" in mark["expr"] else ""


def _strange(source: Source, block: Block, prose: Prose) -> Strange:
    for at in prose.odd_marks:
        yield at, _about_mark(block.text[at:])
    for at, code in prose.codes:
        if "\n" in code:
            yield at, "inline code that runs over several lines is not executed: use a fence"
    for at, formula in prose.formulas:
        if "`" in formula:
            yield at, "a formula holds no inline code, and no verified value"
    for title in re.finditer(r"\]\([^\s()]*\s+'", block.text):
        yield title.start(), "the title of a link or an image stands in double quotes"
    for pattern, why in NO_TEXT.items():
        for found in re.finditer(pattern, prose.bare):
            yield found.start(), why
    for tag in re.finditer(r"<(?P<name>[a-zA-Z][\w-]*)(?P<attributes>[^<>]*)", block.text):
        if prose.bare[tag.start()] in " <":
            yield from _raw_html(source, tag)
    for image in prose.images:
        target = image["target"]
        if not image["alt"].strip():
            yield image.start(), f"image {target}: no alt text"
        if not re.match(r"[a-z]+:", target) and not (source.path.parent / target).is_file():
            yield image.start(), f"image {target}: no such file"


def _about_mark(text: str) -> str:
    form = 'a verified value is written `value`{ .verified expr="…" }'
    if re.match(r'\{ \.verified expr="[^"\n]*"[^} ]', text):
        return f"{form}; this expression ends at its inner quote: use single quotes inside of it"
    if not re.search(r"\bexpr\s*=", text.split("}")[0]):
        return f"{form}; this one has no expression"
    return f"{form}; found {text.splitlines()[0][:60]}, which is not in a form that is checked"


def _raw_html(source: Source, tag: re.Match[str]) -> Strange:
    name, attributes = tag["name"].lower(), tag["attributes"].lower()
    what = f"raw HTML, <{name}>,"
    written_by_site = r"\b(?:style|hidden)\b|\bclass=\S*(?:verified|highlight|language-|admonition)"
    if name not in source.config.html:
        known = ", ".join(source.config.html)
        yield tag.start(), f"{what} is not checked: use Markdown, or one of {known}"
    elif re.search(written_by_site, attributes):
        cause = "with a style or a class that the site writes, such as verified"
        yield tag.start(), f"{what} {cause}, is not checked"
    elif name in ("div", "figure", "figcaption") and not re.search(r"\bmarkdown\b", attributes):
        yield tag.start(), f"{what} is read as Markdown only with `markdown` in its tag"

"""The verified values of a block's text, and what in it is in no written form."""

import re
from collections.abc import Iterator

from claimdown.page import Block, Value
from claimdown.prose import Prose, take_apart
from claimdown.source import FormError, Source


def values_in(source: Source, block: Block, faults: list[FormError]) -> Iterator[Value]:
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

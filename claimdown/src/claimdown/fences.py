"""The fences of a page: found by Sybil's lexer, each in one written form or refused."""

import re
from collections.abc import Iterator
from functools import cache

from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.util import ClassNotFound
from sybil import Document, Region
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from claimdown.includes import WHOLE, excerpt
from claimdown.numbers import shapes_in
from claimdown.page import Code, Fence, Generated, Origin, Output, Refused, Shown, Skipped
from claimdown.source import Source

LEXER = RawFencedCodeBlockLexer(re.compile(r"(?P<info>[^\n]*)(?:\n|\Z)"))
MARKER = re.compile(r"^[>\s]*(?:(?:[-*+:]|\d+[.)])\s+)*(?P<run>`{3,}|~{3,})")
OPENING = re.compile(r"([^`~]*)(`+|~+)(.*)")  # what stands before, the marker, and the rest
WRITTEN = re.compile(r'(?P<language>[a-z]+)(?: title="(?P<title>[^"]+)")?')
SKIPPED = re.compile(r'python \{ \.skip title="(?P<title>[^"]+)" \}')
INCLUDE = re.compile(rf'--8<-- "(?P<file>[^":]+\.py):(?P<section>[A-Za-z]\w*(?:{WHOLE})?)"')
GENERATED = ("table", "summary")  # what a fence `checks` may hold


class FormError(Exception):
    """A fence is in no written form: at which line, and why."""


def outermost(text: str) -> Iterator[Region]:
    """List the fences of a text that stand in no other one, in their order."""
    end = 0
    for region in sorted(LEXER(Document(text, "")), key=lambda region: (region.start, -region.end)):
        if region.start >= end:
            end = region.end
            yield region


def fences(source: Source) -> Iterator[Fence]:
    """List the fences; one in no written form is `Refused`, and the source notes why."""
    previous = None
    for region in outermost(source.text):
        first, last = source.line_of(region.start), source.line_of(region.end)
        if first < source.first:
            source.refuse(first, "a fence in the front matter")
        else:
            previous = _fence(source, first, last, previous)
            yield previous


def _fence(source: Source, first: int, last: int, previous: Fence | None) -> Fence:
    opening = OPENING.match(source.lines[first - 1])
    assert opening, "the lexer has found a fence here"
    prefix, run, info = opening.groups()
    kind: type[Fence] = Refused
    title, code = "", ""
    body: list[tuple[str, Origin]] = []
    try:
        _demand_whole(source, first, last, prefix, run)
        kind, title = _classified(source, first, info, run)
        body = list(_body(source, first, last, prefix, kind))
        code = "\n".join(line for line, _ in body)
        _demand_filled(first, kind, code)
        if kind is Output and not _is_right_after(source, previous, first, prefix):
            raise FormError(first, "this output stands after no code block")
    except FormError as fault:
        source.refuse(*fault.args)
        kind, code, body = Refused, "", []
    for _, _, why in shapes_in(title):
        source.refuse(first, why)
    return kind(
        line=first,
        start=source.start(first),
        end=source.start(last + 1),
        language=re.split(r"[\s{]", info)[0],
        title=title,
        code=code,
        prefix=prefix,
        body_start=source.start(first + 1),
        body_end=source.start(last),
        last_line=last,
        origins=tuple(origin for _, origin in body),
    )


def _demand_whole(source: Source, first: int, last: int, prefix: str, run: str) -> None:
    """Demand that a fence stands alone on its lines and ends as it begins."""
    if prefix.strip(" "):
        what = "a fence stands on a line of its own, after spaces"
        raise FormError(first, f"{what}; not after {prefix!r}")
    if last == first or source.lines[last - 1] != prefix + run:
        markers = (n for n in range(first + 1, last) if MARKER.match(source.lines[n - 1]))
        other = next(markers, None)
        into = f"; it runs into the one at line {other}" if other else ""
        what = f"this fence is never closed{into}"
        raise FormError(first, f"{what}: it ends at a line {run}, indented as it is")


def _classified(source: Source, line: int, info: str, run: str) -> tuple[type[Fence], str]:
    """Say what a fence is for, and its title."""
    words, shown = source.words, source.config.shown
    output = f'```text title="{words.output}"'
    kind: type[Fence] = Refused
    title = ""
    if skipped := SKIPPED.fullmatch(info):
        kind, title = Skipped, skipped["title"]
        if not re.match(rf"{re.escape(words.not_run)}\w", title):
            what = "a skipped block says why in its title"
            raise FormError(line, f'{what}: title="{words.not_run}..."')
    elif written := WRITTEN.fullmatch(info):
        kinds = dict.fromkeys(shown, Shown) | {"python": Code, "text": Output, "checks": Generated}
        kind, title = kinds.get(written["language"], Refused), written["title"] or ""
        titles = {edition.words.output.lower() for edition in source.config.editions.values()}
        if kind is Generated and title:
            raise FormError(line, "a fence `checks` has no title")
        wrong = title != words.output if kind is Output else title.strip().lower() in titles
        if wrong:
            raise FormError(line, f"an output fence is written {output}; found ```{info}")
    if kind is Refused:
        if any(map(is_python, re.findall(r"\w+", info.split("title")[0]))):
            skipped_form = f'```python {{ .skip title="{words.not_run}…" }}'
            forms = f'```python, ```python title="…" or {skipped_form}'
            raise FormError(line, f"Python is written {forms}; found {run}{info}")
        what = f'a fence "{info.strip()}"' if info.strip() else "a fence with no language"
        others = f"use python, {output[3:]}, or one of {', '.join(shown)}"
        raise FormError(line, f"{what} is neither executed nor compared; {others}")
    if run != "```" and kind is not Shown:
        raise FormError(line, f"this fence is written with ```, not with {run}")
    return kind, title


@cache
def is_python(language: str) -> bool:
    """Whether a highlighter takes a fence's language for Python."""
    try:
        return isinstance(get_lexer_by_name(language), PythonLexer)
    except ClassNotFound:
        return False


def _body(
    source: Source, first: int, last: int, prefix: str, kind: type[Fence]
) -> Iterator[tuple[str, Origin]]:
    """Yield each line that a fence holds, includes expanded, and where it was written."""
    for number in range(first + 1, last):
        line = source.lines[number - 1]
        if not line.startswith(prefix) and line.strip():
            raise FormError(number, "this line is not indented as the fence that it stands in")
        line = line[len(prefix) :]
        if kind is Shown:
            if re.match(r"\s*-+8<-", line):
                message = "an include that is only shown begins with a semicolon: ;--8<--"
                raise FormError(number, message)
            yield line, Origin(number)
        elif MARKER.match(line):
            what = "this fence is never closed"
            raise FormError(first, f"{what}; it runs into the one at line {number}")
        elif "-8<-" in line:
            yield from _included(source, number, line, kind)
        else:
            yield line, Origin(number)


def _included(
    source: Source, number: int, line: str, kind: type[Fence]
) -> Iterator[tuple[str, Origin]]:
    """Yield the lines that an include brings in."""
    found = INCLUDE.fullmatch(line)
    if found is None or kind is Output:
        message = 'an include stands alone on its line, in code: --8<-- "file.py:name"'
        raise FormError(number, f"{message}; found {line.strip()!r}")
    root, section, include = source.config.root, found["section"], f'include "{found["file"]}'
    file = (root / found["file"]).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise FormError(number, f'{include}": no such file in {root.name}/')
    try:
        lines = excerpt(file.read_text(encoding="utf-8-sig"), section)  # as Python reads it
    except UnicodeDecodeError:
        raise FormError(number, f'{include}": not valid UTF-8') from None
    except SyntaxError as error:
        at = f"line {error.lineno}: " if error.lineno else ""
        raise FormError(number, f'{include}": {at}not Python') from None
    except LookupError as error:
        raise FormError(number, f'{include}:{section}": {error}') from None
    source.included.add(file)
    for place, line in lines:
        if MARKER.match(line) or "-8<-" in line:
            what = f"line {place}, {line.strip()}: in a page this is a fence or an include"
            raise FormError(number, f'{include}": {what}')
        yield line, Origin(place, file)


def _demand_filled(first: int, kind: type[Fence], code: str) -> None:
    if kind in (Code, Skipped) and not code.strip():
        raise FormError(first, "this block holds no code")
    if kind is Generated and code.strip() not in GENERATED:
        raise FormError(first, f'a fence "checks" holds one word: {" or ".join(GENERATED)}')


def _is_right_after(source: Source, previous: Fence | None, first: int, prefix: str) -> bool:
    if not isinstance(previous, Code) or previous.prefix != prefix:
        return False
    return not source.text[previous.end : source.start(first)].strip()

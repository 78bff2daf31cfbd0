"""The fences of a page: found by Sybil's lexer, each in one written form or refused."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.util import ClassNotFound
from sybil import Document
from sybil.parsers.markdown.lexers import RawFencedCodeBlockLexer

from claimdown.includes import definitions
from claimdown.numbers import shapes_in
from claimdown.page import Code, Fence, Generated, Origin, Output, Refused, Shown, Skipped
from claimdown.source import FormError, Source

LEXER = RawFencedCodeBlockLexer(re.compile(r"(?P<info>[^\n]*)(?:\n|\Z)"))
MARKER = re.compile(r"^[>\s]*(?:(?:[-*+:]|\d+[.)])\s+)*(?P<run>`{3,}|~{3,})")
OPENING = re.compile(r"([^`~]*)(`+|~+)(.*)")  # what stands before, the marker, and the rest
WRITTEN = re.compile(r'(?P<language>[a-z]+)(?: title="(?P<title>[^"]+)")?')
SKIPPED = re.compile(r'python \{ \.skip title="(?P<title>[^"]+)" \}')
INCLUDE = re.compile(r'--8<-- "(?P<file>[^":]+\.py):(?P<name>[A-Za-z_]\w*)"')
GENERATED = ("table", "summary")  # what a fence `checks` may hold


def fences(source: Source, faults: list[FormError], included: set[Path]) -> Iterator[Fence]:
    """List the fences; one in no written form is `Refused`, and its fault is noted."""
    end, previous = 0, None
    regions = LEXER(Document(source.text, str(source.path)))
    for region in sorted(regions, key=lambda region: (region.start, -region.end)):
        if region.start < end:
            continue  # inside another one
        end = region.end
        first, last = source.line_of(region.start), source.line_of(region.end)
        if first < source.first:
            faults.append(FormError(first, "a fence in the front matter"))
            continue
        previous = _fence(source, first, last, previous, faults, included)
        yield previous


def _fence(
    source: Source,
    first: int,
    last: int,
    previous: Fence | None,
    faults: list[FormError],
    included: set[Path],
) -> Fence:
    opening = OPENING.match(source.lines[first - 1])
    assert opening, "the lexer has found a fence here"
    prefix, run, info = opening.groups()
    kind: type[Fence] = Refused
    title, code = "", ""
    origins: tuple[Origin, ...] = ()
    try:
        _whole(source, first, last, prefix, run)
        kind, title = classified(source, first, info, run)
        code, origins = _code(source, first, last, prefix, kind, included)
        _filled(source, first, kind, code)
        if kind is Output and not _is_right_after(source, previous, first, prefix):
            raise FormError(first, "this output stands after no code block")
    except FormError as fault:
        faults.append(fault)
        kind = Refused
    faults += [FormError(first, why) for _, _, why in shapes_in(title)]
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
        origins=origins,
    )


def _whole(source: Source, first: int, last: int, prefix: str, run: str) -> None:
    """Demand that a fence stands alone on its lines and ends as it begins."""
    if prefix.strip(" "):
        raise FormError(
            first, f"a fence stands on a line of its own, after spaces; not after {prefix!r}"
        )
    if last == first or source.lines[last - 1] != prefix + run:
        markers = (n for n in range(first + 1, last) if MARKER.match(source.lines[n - 1]))
        other = next(markers, None)
        into = f"; it runs into the one at line {other}" if other else ""
        raise FormError(
            first, f"this fence is never closed{into}: it ends at a line {run}, indented as it is"
        )


def classified(source: Source, line: int, info: str, run: str) -> tuple[type[Fence], str]:
    """Say what a fence is for, and its title.

    Raises:
        FormError: if it is in no written form; the message says which there are.
    """
    words = source.words
    kind: type[Fence] | None = None
    title = ""
    skipped, written = SKIPPED.fullmatch(info), WRITTEN.fullmatch(info)
    output = f'```text title="{words.output}"'
    python = f'```python, ```python title="…" or ```python {{ .skip title="{words.not_run}…" }}'
    if skipped:
        if not re.match(rf"{re.escape(words.not_run)}\w", skipped["title"]):
            message = f'a skipped block says why in its title: title="{words.not_run}..."'
            raise FormError(line, message)
        kind, title = Skipped, skipped["title"]
    elif written:
        language, title = written["language"], written["title"] or ""
        shown = dict.fromkeys(source.config.shown, Shown)
        kind = ({**shown, "python": Code, "text": Output, "checks": Generated}).get(language)
        if kind is Generated and title:
            raise FormError(line, "a fence `checks` has no title")
        titles = {edition.words.output.lower() for edition in source.config.editions.values()}
        if (kind is Output) != (title.strip().lower() in titles) or (
            kind is Output and title != words.output
        ):
            raise FormError(line, f"an output fence is written {output}; found ```{info}")
    if kind is None:
        if any(map(is_python, re.findall(r"\w+", info.split("title")[0]))):
            raise FormError(line, f"Python is written {python}; found {run}{info}")
        what = f'a fence "{info.strip()}"' if info.strip() else "a fence with no language"
        others = f"use python, {output[3:]}, or one of {', '.join(source.config.shown)}"
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


def _code(
    source: Source, first: int, last: int, prefix: str, kind: type[Fence], included: set[Path]
) -> tuple[str, tuple[Origin, ...]]:
    """Return what a fence holds, includes expanded, and where each of its lines was written."""
    lines: list[str] = []
    origins: list[Origin] = []
    for number in range(first + 1, last):
        line = source.lines[number - 1]
        if not line.startswith(prefix) and line.strip():
            raise FormError(number, "this line is not indented as the fence that it stands in")
        line = line[len(prefix) :]
        if kind is not Shown and MARKER.match(line):
            raise FormError(
                first, f"this fence is never closed; it runs into the one at line {number}"
            )
        if kind is Shown and re.match(r"\s*-+8<-", line):
            raise FormError(
                number, "an include that is only shown begins with a semicolon: ;--8<--"
            )
        if "-8<-" in line and kind is not Shown:
            file, start, new = _included(source, number, line, kind)
            included.add(file)
            lines += new
            origins += [Origin(start + n, file) for n in range(len(new))]
        else:
            lines.append(line)
            origins.append(Origin(number))
    return "\n".join(lines), tuple(origins)


def _included(
    source: Source, number: int, line: str, kind: type[Fence]
) -> tuple[Path, int, list[str]]:
    """Return the file of an include, the first line of what it brings in, and its lines."""
    found = INCLUDE.fullmatch(line)
    if found is None or kind is Output:
        message = 'an include stands alone on its line, in code: --8<-- "file.py:name"'
        raise FormError(number, f"{message}; found {line.strip()!r}")
    root = source.config.root
    file = (root / found["file"]).resolve()
    if not file.is_relative_to(root) or not file.is_file():
        raise FormError(number, f'include "{found["file"]}": no such file in {root.name}/')
    try:
        text = file.read_text(encoding="utf-8-sig")  # as Python reads it
        known = definitions(text)
    except UnicodeDecodeError:
        raise FormError(number, f'include "{found["file"]}": not valid UTF-8') from None
    except SyntaxError as error:
        at = f"line {error.lineno}: " if error.lineno else ""
        raise FormError(number, f'include "{found["file"]}": {at}not Python') from None
    if found["name"] not in known:
        names = ", ".join(known) or "none"
        raise FormError(
            number,
            f'include "{found["file"]}:{found["name"]}": no function or class of that name; '
            f"the file defines: {names}",
        )
    start, end = known[found["name"]]
    lines = text.split("\n")[start - 1 : end]
    for place, line in enumerate(lines, start):
        if MARKER.match(line) or "-8<-" in line:
            message = f"line {place}, {line.strip()}: in a page this is a fence or an include"
            raise FormError(number, f'include "{found["file"]}": {message}')
    return file, start, lines


def _filled(source: Source, first: int, kind: type[Fence], code: str) -> None:
    if kind in (Code, Skipped) and not code.strip():
        raise FormError(first, "this block holds no code")
    if kind is Generated and code.strip() not in GENERATED:
        raise FormError(first, f'a fence "checks" holds one word: {" or ".join(GENERATED)}')


def _is_right_after(source: Source, previous: Fence | None, first: int, prefix: str) -> bool:
    if not isinstance(previous, Code) or previous.prefix != prefix:
        return False
    return not source.text[previous.end : source.start(first)].strip()

"""Read a chapter: every code block, output, verified value and fault in it, in page order.

The chapter is rendered with the site's own Markdown, and the fences are taken from SuperFences
while it renders, so whatever the site shows as code is what the checks see.  A second look at the
resulting HTML reports what did not come through a fence, or came out differently.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from markdown import Markdown
from markdown.extensions.attr_list import AttrListTreeprocessor, get_attrs_and_remainder
from mkdocs.utils.meta import get_data
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.util import ClassNotFound

from docs._build.numerals import unverified_numbers
from docs._build.site import site_markdown
from docs._build.snippets import Origin

# Fences that only show something.  The test run lists each of them by name.
SHOWN_LANGUAGES = {"bash", "powershell", "toml", "yaml", "markdown", "html", "bibtex"}
# Fences that the build fills in itself (custom fences of mkdocs.yml).
GENERATED_LANGUAGES = {"checks"}

FENCE_MARKER = re.compile(r"^[>\s]*(?:(?:[-*+:]|\d+[.)])\s+)*(?P<run>`{3,}|~{3,})(?P<rest>.*)$")
INLINE_CODE = re.compile(r"(?<![`\\])(?P<ticks>`+)(?!`)(?P<text>.+?)(?<!`)(?P=ticks)(?!`)")


@dataclass(frozen=True)
class Item:
    """Something in a chapter; offsets count characters of the file with \\n line ends."""

    line: int  # 1-based, in the file
    start: int
    end: int


@dataclass(frozen=True)
class Fence(Item):
    """A fence: `body_start` to `body_end` are the lines between its markers."""

    language: str
    title: str
    classes: tuple[str, ...]
    code: str  # includes expanded, without indentation and quote marks
    prefix: str  # the indentation and quote marks that stand before each line
    body_start: int
    body_end: int
    origins: tuple[Origin, ...] = field(repr=False)


class Code(Fence):
    """Python, to be executed."""


class Skipped(Fence):
    """Python that must not run; its title says why."""


class Shown(Fence):
    """Another language, shown and not executed."""


class Output(Fence):
    """What the code right above it prints."""


@dataclass(frozen=True)
class Value(Item):
    """A verified value: `text` on the page is what `expression` evaluates to."""

    text: str
    expression: str
    text_start: int
    text_end: int


@dataclass(frozen=True)
class Problem(Item):
    """A fault in the chapter's source."""

    message: str


@dataclass(frozen=True)
class Chapter:
    path: Path
    text: str
    items: tuple[Item, ...]
    html: str = field(repr=False)

    def of(self, kind: type) -> list[Any]:
        return [item for item in self.items if isinstance(item, kind)]


def read_chapter(path: Path, text: str | None = None) -> Chapter:
    """Read one page.

    Raises nothing for a fault in the page: faults are `Problem` items, in their places.
    """
    if text is None:
        text = path.read_text(encoding="utf-8")
    source = _Source(text)
    try:
        html = source.render()
    except Exception as error:  # whatever an extension raises on bad input, the page is at fault
        problem = source.problem(0, f"the page cannot be rendered: {type(error).__name__}: {error}")
        return Chapter(path, text, (problem,), "")
    items = [*source.fences(), *source.values(), *source.problems]
    items += source.compare_with_html(html, items)
    items.sort(key=lambda item: (item.start, item.end, not isinstance(item, Problem)))
    return Chapter(path, text, tuple(items), html)


def without_front_matter(text: str) -> tuple[str, int]:
    """Return a page's Markdown and the number of lines of front matter before it."""
    body, _ = get_data(text.removeprefix("\ufeff"))
    return body, text.count("\n") - body.count("\n")


@cache
def is_python(language: str) -> bool:
    """Whether the site highlights the language as Python."""
    try:
        return isinstance(get_lexer_by_name(language), PythonLexer)
    except ClassNotFound:
        return False


@dataclass
class _Raw:
    """A fence as SuperFences saw it; `first` and `last` number its markers' expanded lines."""

    first: int
    last: int
    language: str
    title: str
    classes: tuple[str, ...]
    code: str
    prefix: str


class _Source:
    """One page while it is read: its lines, where they came from, what was found in them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.body, self.first_line = without_front_matter(text)
        self.offsets = [0]
        for line in text.split("\n"):
            self.offsets.append(self.offsets[-1] + len(line) + 1)
        self.problems: list[Problem] = []
        self.broken_lines: set[int] = set()
        self.raw: list[_Raw] = []
        self.expanded: list[str] = []
        self.origins: list[Origin] = []

    # Rendering, with SuperFences and the includes watched.

    def render(self) -> str:
        md = site_markdown()
        md.reading = True  # custom fences leave their content to the build
        snippets = md.preprocessors["snippet"]
        snippets.report = self.report_include
        self.watch(md)
        html = md.convert(self.body)
        self.origins = snippets.origins
        return html

    def report_include(self, page_line: int, message: str) -> None:
        self.broken_lines.add(page_line)
        self.problems.append(self.problem(page_line, message))

    def watch(self, md: Markdown) -> None:
        fences = md.preprocessors["fenced_code_block"]
        run, process = fences.run, fences.process_nested_block

        def watched_run(lines: list[str]) -> list[str]:
            self.expanded = list(lines)
            return run(lines)

        def watched_process(ws: str, content: str, start: int, end: int) -> None:
            title = fences.options.get("title", "")
            code, prefix = fences.rebuild_block(fences.code), fences.ws
            found = _Raw(
                start, end - 1, fences.lang or "", title, tuple(fences.classes), code, prefix
            )
            stored = len(fences.stack)
            process(ws, content, start, end)
            if len(fences.stack) > stored:
                self.raw.append(found)

        fences.run, fences.process_nested_block = watched_run, watched_process

    # Places.

    def line_start(self, page_line: int) -> int:
        line = min(page_line + self.first_line, len(self.offsets) - 1)
        return min(self.offsets[line], len(self.text))

    def problem(self, page_line: int, message: str) -> Problem:
        start = self.line_start(page_line)
        return Problem(page_line + self.first_line + 1, start, start, message)

    def page_line(self, expanded_line: int) -> int:
        """Map a line after expansion to the page's own line (the renderer appends blank lines)."""
        if not self.origins:
            return 0
        return self.origins[min(expanded_line, len(self.origins) - 1)].page_line

    # Fences.

    def fences(self) -> Iterator[Item]:
        previous: Fence | None = None
        for raw in sorted(self.raw, key=lambda raw: raw.first):
            first, last = self.page_line(raw.first), self.page_line(raw.last)
            if self.broken_lines & set(range(first, last + 1)):
                previous = None
                continue  # already reported: its include is broken
            message, kind = self.classify(raw)
            if message:
                yield self.problem(first, message)
                previous = None
                continue
            fence = self.fence(kind, raw, first, last)
            if kind is Output and not self.is_right_behind(previous, fence):
                yield self.problem(first, "this output stands behind no code block")
                continue
            if raw.language not in GENERATED_LANGUAGES:
                yield fence
            previous = fence
        yield from self.stray_markers()

    def fence(self, kind: type[Fence], raw: _Raw, first: int, last: int) -> Fence:
        lines = self.origins[raw.first + 1 : raw.last]
        return kind(
            line=first + self.first_line + 1,
            start=self.line_start(first),
            end=self.line_start(last + 1),
            language=raw.language,
            title=raw.title,
            classes=raw.classes,
            code=raw.code,
            prefix=raw.prefix,
            body_start=self.line_start(first + 1),
            body_end=self.line_start(last),
            origins=tuple(
                Origin(line.page_line + self.first_line, line.file, line.file_line)
                for line in lines
            ),
        )

    def classify(self, raw: _Raw) -> tuple[str, type[Fence]]:
        """Say what a fence is for, or what is wrong with it."""
        for number, line in enumerate(raw.code.split("\n"), raw.first + 1):
            marker = FENCE_MARKER.match(line)
            if marker and is_python(raw.language):
                inner = self.page_line(number) + self.first_line + 1
                return f"this fence is never closed; it runs into the one at line {inner}", Fence
        if is_python(raw.language):
            if "skip" not in raw.classes:
                return "", Code
            if not re.match(r"Not run: \w", raw.title):
                return 'a skipped block says why in its title: title="Not run: ..."', Fence
            return "", Skipped
        if raw.title.strip().lower() == "output":
            if raw.language == "text" and raw.title == "Output":
                return "", Output
            return 'an output fence is written ```text title="Output"', Fence
        if raw.language in SHOWN_LANGUAGES | GENERATED_LANGUAGES:
            return "", Shown
        name = f'"{raw.language}"' if raw.language else "no language"
        shown = ", ".join(sorted(SHOWN_LANGUAGES))
        return (
            f"a fence with {name} is neither executed nor compared; "
            f"use python, text with title Output, or one of {shown}"
        ), Fence

    def is_right_behind(self, previous: Fence | None, fence: Fence) -> bool:
        if not isinstance(previous, Code) or previous.prefix != fence.prefix:
            return False
        return not self.text[previous.end : fence.start].strip("> \t\n")

    def stray_markers(self) -> Iterator[Problem]:
        """Report each line that looks like a fence's marker and is none to the site."""
        for number, line in self.prose():
            marker = FENCE_MARKER.match(line)
            if marker and marker["run"] not in marker["rest"]:
                message = "this fence is never closed, or is not one in this place: the site " \
                    "shows it as text"
                yield self.problem(self.page_line(number), message)

    def prose(self) -> Iterator[tuple[int, str]]:
        """Yield the expanded lines outside fences, numbered."""
        inside = {n for raw in self.raw for n in range(raw.first, raw.last + 1)}
        for number, line in enumerate(self.expanded[: len(self.origins)]):
            if number not in inside:
                yield number, line

    # Verified values.

    def values(self) -> Iterator[Value]:
        for number, line in self.prose():
            page_line = self.page_line(number)
            line_start = self.line_start(page_line)
            own = self.text[line_start : self.line_start(page_line + 1)]
            if self.origins[number].file or own.rstrip("\n").expandtabs(4) != line:
                continue  # included or rewritten: the HTML shows it, and it is reported there
            for code in INLINE_CODE.finditer(own):
                tail = AttrListTreeprocessor.INLINE_RE.match(own[code.end() :].rstrip("\n"))
                if tail is None:
                    continue
                attributes, remainder = get_attrs_and_remainder(tail.group(1))
                if (".", "verified") not in attributes:
                    continue
                yield Value(
                    line=page_line + self.first_line + 1,
                    start=line_start + code.start(),
                    end=line_start + code.end() + len(tail.group(0)) - len(remainder),
                    text=code["text"].strip(),
                    expression=dict(attributes).get("expr") or "",
                    text_start=line_start + code.start("text"),
                    text_end=line_start + code.end("text"),
                )

    # The second look.

    def compare_with_html(self, html: str, items: list[Item]) -> list[Problem]:
        soup = BeautifulSoup(html, "html.parser")
        shown = Counter(normal(block) for block in rendered_blocks(soup))
        expected = Counter(
            normal(raw.code) for raw in self.raw if raw.language not in GENERATED_LANGUAGES
        )
        found = [
            self.problem(self.find(block), "this code block is not a fence, so it is not executed")
            for block in (shown - expected)
        ]
        found += [
            self.problem(self.find(block), "this fence does not come out as a code block")
            for block in (expected - shown)
        ]
        values = Counter((v.text, v.expression) for v in items if isinstance(v, Value))
        marked = Counter(rendered_values(soup))
        for text, expression in marked - values:
            message = f"verified value `{text}` is not found in the source ({expression})"
            found.append(self.problem(self.find(text), message))
        for text, expression in values - marked:
            message = f"verified value `{text}` is lost on the page: Markdown reads {expression}"
            found.append(self.problem(self.find(text), message))
        found += [
            self.problem(self.find(text), message) for text, message in unverified_numbers(soup)
        ]
        return found

    def find(self, text: str) -> int:
        """Find the page's line that best shows some text; 0 if the text is not there as such."""
        first = next((line.strip() for line in text.split("\n") if line.strip()), "")
        masked = self.body.split("\n")
        for number, line in enumerate(masked):
            if first and first in re.sub(r"\{[^}\n]*\.verified[^\n]*?\}", "", line):
                return number
        return 0


def normal(block: str) -> str:
    """Drop what highlighting does not keep: blank lines at both ends, trailing blanks."""
    return "\n".join(line.rstrip() for line in block.expandtabs(4).strip("\n").split("\n"))


def rendered_blocks(soup: BeautifulSoup) -> list[str]:
    """List the text of every code block on a rendered page."""
    blocks = soup.find_all("pre")
    return [pre.get_text() for pre in blocks if not pre.find_parent(class_="linenodiv")]


def rendered_values(soup: BeautifulSoup) -> list[tuple[str, str]]:
    """List every verified value on a rendered page with its expression."""
    return [
        (span.code.get_text(), str(span.find(class_="verified-mark")["data-expr"]))
        for span in soup.select("span.verified")
    ]

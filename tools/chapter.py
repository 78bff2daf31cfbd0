"""Read a chapter: every code block, output, verified value and fault in it, in page order.

The chapter is rendered with the site's own Markdown, and the fences are taken from SuperFences
while it renders, so whatever the site shows as code is what the checks see.  A second look at the
resulting HTML reports what did not come through a fence, or came out differently.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from html import unescape
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from markdown import Markdown
from markdown.extensions.attr_list import AttrListTreeprocessor, get_attrs_and_remainder
from mkdocs.utils.meta import get_data
from pygments.lexers import get_lexer_by_name
from pygments.lexers.python import PythonLexer
from pygments.util import ClassNotFound

from tools import inline_svg, rendered, snippets
from tools.kept import kept
from tools.numerals import numbers_in, unverified_numbers
from tools.rendered import normal, surplus
from tools.site import docs_dir, language_of, pages, site_markdown
from tools.snippets import Origin
from tools.words import WORDS

# Fences that only show something.  The test run lists each of them by name.
SHOWN_LANGUAGES = {"bash", "powershell", "toml", "yaml", "markdown", "html", "bibtex"}
# Fences that the build fills in itself (custom fences of mkdocs.yml), with what they may hold.
GENERATED_LANGUAGES = {"checks": ("table", "summary")}

FENCE_MARKER = re.compile(r"^[>\s]*(?:(?:[-*+:]|\d+[.)])\s+)*(?P<run>`{3,}|~{3,})(?P<rest>.*)$")
CLAIM_MARKER = re.compile(
    r"""(?xi)^(?P<prefix>[>\s]*) (?:!!!|\?\?\?\+?) \s*
    (?P<kind>\w*) [^"]* "\s*(?P<title>(?:claim\b|断言).*)"\s*$"""
)
OUTPUT_TITLES = {words.output.lower() for words in WORDS.values()}
# The custom elements of docs/assets/widgets.
WIDGETS = ("gradient-explorer", "shape-explorer", "step-player", "unrolled-network")
RAW_TAG = re.compile(r"<(?P<tag>[a-zA-Z][\w-]*)(?=[\s/>]|$)(?P<attributes>[^>]*)")
# Raw HTML that, without a style, cannot look like code; the Markdown linter allows no other either.
HARMLESS_TAGS = {"abbr", "br", "div", "figcaption", "figure", "kbd", "span", "sub", "sup", *WIDGETS}
MARKED = re.compile(r"`+[^`]+`+\{[^`\n]*?\.verified\b[^`\n]*?\}")
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
class Claim(Item):
    """A box `!!! success "Claim: ..."`; `last_line` is the last line of its content."""

    title: str
    last_line: int


@dataclass(frozen=True, eq=False)
class Chapter:
    """One page as it was read; reading it again gives another one."""

    path: Path
    text: str  # with \n line ends
    items: tuple[Item, ...]
    claims: tuple[Claim, ...]
    html: str = field(repr=False)

    def of(self, kind: type) -> list[Any]:
        return [item for item in self.items if isinstance(item, kind)]


def page_text(path: Path) -> str:
    """Read a page's file; bytes that are not UTF-8 become surrogates, which the reader reports."""
    raw = path.read_bytes().decode("utf-8", errors="surrogateescape")
    return raw.replace("\r\n", "\n").replace("\r", "\n")


def read_chapter(path: Path, text: str | None = None) -> Chapter:
    """Read one page, or another text in its place.

    A page that has not changed, nor what it includes, is read once, and kept in `.cache/`.
    Raises nothing for a fault in the page: faults are `Problem` items, in their places.
    """
    keep = text is None and path.is_relative_to(snippets.ROOT)
    text = page_text(path) if text is None else text.replace("\r\n", "\n").replace("\r", "\n")
    return _read_chapter(path, text, _included(), keep)


def _included() -> tuple[tuple[Path, int], ...]:
    """List all that pages include, with the time of its last change."""
    files = [*snippets.ROOT.glob("rnn_tutorial/*.py"), *inline_svg.FIGURES.glob("*.svg")]
    return tuple((file, file.stat().st_mtime_ns) for file in files)


@lru_cache(maxsize=256)  # `mkdocs serve` reads pages as often as they change
def _read_chapter(path: Path, text: str, _: tuple[tuple[Path, int], ...], keep: bool) -> Chapter:
    if not keep:
        return _read(path, text)[0]
    found = kept(path, text, lambda: _read(path, text))
    return replace(found, path=path)  # the project may have been moved


def _read(path: Path, text: str) -> tuple[Chapter, set[str] | None]:
    """Read a page; name the files that it includes, if that is sure."""
    source = _Source(text, language_of(path))
    try:
        html = rendered.lightened(source.render())
        items = source.read(BeautifulSoup(html, "html.parser"))
    except Exception as error:  # whatever an extension raises on bad input, the page is at fault
        message = f"the page cannot be rendered: {type(error).__name__}: {error}"
        return Chapter(path, text, (source.problem(0, message),), (), ""), None
    items.sort(key=lambda item: (item.start, item.end, not isinstance(item, Problem)))
    included = None if source.problems else source.files
    return Chapter(path, text, tuple(items), tuple(source.claims), html), included


def is_chapter(path: Path) -> bool:
    """Whether a page is one to work through, and so gets a notebook: it holds code.

    The others are pages to look things up in, and the site's own.
    """
    language = language_of(path)
    folder = docs_dir(language)
    if path not in pages(language) or path.parent in (folder, folder / "reference"):
        return False
    return bool(read_chapter(path).of(Code))


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

    def __init__(self, text: str, language: str) -> None:
        self.text = text
        self.language, self.words = language, WORDS[language]
        self.body, self.first_line = without_front_matter(text)
        self.offsets = [0]
        for line in text.split("\n"):
            self.offsets.append(self.offsets[-1] + len(line) + 1)
        self.problems: list[Problem] = []
        self.claims: list[Claim] = []
        self.located: Counter[str] = Counter()
        self.broken_lines: set[int] = set()
        self.raw: list[_Raw] = []
        self.expanded: list[str] = []
        self.origins: list[Origin] = []
        self.files: set[str] = set()  # which the page includes

    def read(self, page: BeautifulSoup) -> list[Item]:
        """List everything in the page, given the page as it was rendered."""
        fences, values = list(self.fences()), list(self.values())
        self.claims = list(self.find_claims(fences))
        items: list[Item] = [*fences, *values, *self.problems]
        items += [*self.stray_markup(), *self.front_matter()]
        return items + list(self.compare(page, values))

    # Rendering, with SuperFences and the includes watched.

    def render(self) -> str:
        md = site_markdown(self.language)
        md.reading = True  # custom fences leave their content to the build
        snippets = md.preprocessors["snippet"]
        snippets.report = self.report_include
        self.watch(md)
        html = md.convert(self.body.encode("utf-8", "replace").decode())
        self.origins, self.files = snippets.origins, snippets.files
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
            if not raw.code.strip():
                return "this block holds no code", Fence
            if "skip" not in raw.classes:
                return "", Code
            not_run = self.words.not_run
            if not re.match(rf"{not_run}\w", raw.title):
                return f'a skipped block says why in its title: title="{not_run}..."', Fence
            return "", Skipped
        if raw.title.strip().lower() in OUTPUT_TITLES:
            if raw.language == "text" and raw.title == self.words.output:
                return "", Output
            return f'an output fence is written ```text title="{self.words.output}"', Fence
        words = GENERATED_LANGUAGES.get(raw.language, ())
        if raw.language in SHOWN_LANGUAGES or raw.code.strip() in words:
            return "", Shown
        if words:
            return f'a fence "{raw.language}" holds one word: {" or ".join(words)}', Fence
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

    def stray_markup(self) -> Iterator[Problem]:
        """Report each line that looks like a fence, an include or code, and is none to the site."""
        for number, line in enumerate(self.text.split("\n")):
            if re.search("[\udc80-\udcff]", line):
                yield self.problem(number - self.first_line, "this line is not valid UTF-8")
        for number, line in enumerate(self.expanded[: len(self.origins)]):
            if "-8<-" in INLINE_CODE.sub("", line):
                message = "this include is not expanded: it stands alone on its line, in quotes"
                yield self.problem(self.page_line(number), message)
        for number, line in self.prose():
            if FENCE_MARKER.match(line):
                message = (
                    "this fence is never closed, or is not one in this place: the site "
                    "shows it as text"
                )
                yield self.problem(self.page_line(number), message)
            for tag in RAW_TAG.finditer(INLINE_CODE.sub("", line)):
                if tag["tag"].lower() not in HARMLESS_TAGS or "style" in tag["attributes"].lower():
                    message = f"raw HTML, <{tag['tag']}>, is not checked: use Markdown"
                    yield self.problem(self.page_line(number), message)

    def front_matter(self) -> Iterator[Problem]:
        """Report what is not verified in the lines that become the page's title and description."""
        if self.first_line == 0 and re.match(r"---\n(.*\n)+?(---|\.\.\.)\n", self.body):
            message = "the front matter is no YAML mapping, so the site shows it as text"
            yield self.problem(0, message)
        for number, line in enumerate(self.text.split("\n")[: self.first_line]):
            if FENCE_MARKER.match(line):
                yield self.problem(number - self.first_line, "a fence in the front matter")
            for text in numbers_in(line):
                message = f'the number "{text}" in the front matter cannot be verified'
                yield self.problem(number - self.first_line, message)

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

    # Claims.

    def find_claims(self, fences: list[Item]) -> Iterator[Claim]:
        for number, line in self.prose():
            marker = CLAIM_MARKER.match(line)
            if marker is None:
                continue
            last = self.last_line_inside(number, marker["prefix"] + "    ")
            first_line, last_line = self.page_line(number), self.page_line(last)
            claim = Claim(
                line=first_line + self.first_line + 1,
                start=self.line_start(first_line),
                end=self.line_start(last_line + 1),
                title=marker["title"],
                last_line=last_line + self.first_line + 1,
            )
            blocks = [
                f for f in fences if isinstance(f, Code) and claim.start < f.start < claim.end
            ]
            words = self.words
            how = (words.equal, words.within_rounding)
            written = claim.title.startswith(words.claim) and claim.title.endswith(how)
            if marker["kind"] != "success" or not written:
                message = (
                    "a claim is a box of the kind `success`; its title says how it holds: "
                    f'"{words.claim}...{how[0]}" or "{words.claim}...{how[1]}"'
                )
                self.problems.append(self.problem(first_line, message))
            if not any(re.search(r"\bassert(?:_close)?\b", block.code) for block in blocks):
                self.problems.append(self.problem(first_line, "this claim asserts nothing"))
            yield claim

    def last_line_inside(self, number: int, indentation: str) -> int:
        """Find the last line of an indented block, given the line above it."""
        last = number
        for later in range(number + 1, len(self.origins)):
            if self.expanded[later].startswith(indentation):
                last = later
            elif self.expanded[later].strip():
                break
        return last

    # The second look.

    def compare(self, page: BeautifulSoup, values: list[Value]) -> Iterator[Problem]:
        """Report where the rendered page shows something else than what was found in the source."""
        fences = [raw for raw in self.raw if raw.language not in GENERATED_LANGUAGES]
        shown = [normal(block) for block in rendered.code_blocks(page)]
        expected = [normal(fence.code) for fence in fences]
        for block in surplus(shown, expected):
            message = "this code block is not a fence, so it is not executed"
            yield self.problem(self.find(block), message)
        for block in surplus(expected, shown):
            fence = next(fence for fence in fences if normal(fence.code) == block)
            message = "this fence does not come out as a code block"
            yield self.problem(self.page_line(fence.first), message)
        in_source = [(value.text, value.expression) for value in values]
        on_page = rendered.verified_values(page)
        for text, expression in surplus(on_page, in_source):
            message = f"`{text}` is marked as verified, but not in a form that is checked"
            yield self.problem(self.find(text), f"{message} ({expression or 'no expression'})")
        for text, expression in surplus(in_source, on_page):
            value = next(v for v in values if (v.text, v.expression) == (text, expression))
            message = f"the mark of `{text}` ({expression}) is lost on the page"
            yield self.problem(value.line - 1 - self.first_line, message)
        titles = {letters(title): title for title in rendered.claim_titles(page)}
        claimed = [letters(claim.title) for claim in self.claims]
        for title in surplus(list(titles), claimed):
            written = f'!!! success "{self.words.claim}..."'
            message = f'"{titles[title]}" is not written as a claim: {written}'
            yield self.problem(self.find(titles[title]), message)
        for text, message in rendered.disguised_code(page) + unverified_numbers(page):
            yield self.problem(self.find(text), message)

    def find(self, text: str) -> int:
        """Find the page's line that shows some text; each further call finds the next such line."""
        wanted = plain(next((line for line in text.split("\n") if line.strip()), ""))
        pattern = re.compile(rf"(?<![\w.]){re.escape(wanted)}(?!\w)")
        hits = [n for n, line in self.prose() if pattern.search(plain(MARKED.sub("", line)))]
        hits = hits or [n for n, line in enumerate(self.expanded) if wanted in plain(line)]
        if not wanted or not hits:
            return 0
        self.located[text] += 1
        return self.page_line(hits[min(self.located[text], len(hits)) - 1])


def plain(line: str) -> str:
    """Drop a line's inline markup, as far as it is needed to find a text in it."""
    return " ".join(re.sub(r"[*_`\\]", "", unescape(line)).split())


def letters(title: str) -> str:
    """Keep what a title's source and its rendered text have in common."""
    return re.sub(r"[\W_]", "", title)

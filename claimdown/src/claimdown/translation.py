"""Hold a translation and its original together.

`differences` compares two pages section by section and block by block: headings, code up to
comments and translated strings, outputs up to words, verified values, claims, links, formulas,
numbers; and names text that is still the original's.  `stale` names what has changed in the
original since then: a translation keeps a fingerprint of each section in its front matter.
Messages have the form `file:line: what is wrong; what to do`.
"""

import hashlib
import os.path
import re
import textwrap
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain, zip_longest
from pathlib import Path

import yaml

from claimdown.comments import without_comments
from claimdown.config import Config, ConfigError
from claimdown.page import Block, Output, Page, Skipped
from claimdown.prose import ATTRIBUTES, FOOTNOTE, TOKEN, cells
from claimdown.reader import read
from claimdown.wording import in_script, same_but_strings, same_but_words

Told = tuple[str, int]  # what stands at a line of a page
Found = Iterator[tuple[int, str]]  # a line of the translation, and what is wrong there
FINGERPRINTS = "translated_from"
# What does not depend on the language.
MARK = re.compile(
    rf"{TOKEN.pattern}|(?:\]\(<?|<(?=https?:))(?P<link>[^\s()>]+(?:\([^\s()]*\))?)"
    rf"|(?P<footnote>{FOOTNOTE.pattern})|(?P<tag></?[a-zA-Z][\w-]*[^<>]*>)"
    rf"|(?P<attributes>(?!\{{:? ?lang=){ATTRIBUTES.pattern})|(?P<number>\d+(?:[.,]\d+)*)",
    re.DOTALL,
)
NAMES = {"expr": "verified value", "code": "inline code", "tag": "HTML tag",
         "attributes": "attribute list"}  # fmt: skip
# A sentence may name one of these twice in one language and once in the other.
ONCE = ("inline code", "formula", "number")
TOLD = re.compile(r' (?:alt|aria-label|title)="([^"]*)"')  # text inside a tag
WORDED = re.compile(rf"\\text\{{[^}}]*\}}|{TOLD.pattern}")  # text inside a mark
# A caption and the title of a box or a tab are no quotations.
TITLE = re.compile(r'(?m)(\]\([^\s)]+ |^ *(?:!!!|\?\?\?\+?|===)[ a-z]*)"([^"\n]*)"')
# What may be in another language: *words*{ lang=en }, "a quotation", > a quotation.
FOREIGN = re.compile(r'(?m)\*[^*\n]+\*\{:? ?lang=[\w-]+ ?\}|"[^"\n]+"|^[ \t]*>.*$')
LETTER = "A-Za-z\u00c0-\u024f"
WORD = rf"(?:[{LETTER}][\d_{LETTER}'’-]+|[aAI](?![\d_{LETTER}.]))"
# Four words or more.
RUN = re.compile(rf"(?<![\d_{LETTER}.-]){WORD}(?:[\s,;:*()\[\]]+{WORD}){{3,}}")


@dataclass(frozen=True)
class Piece:
    """A block, or an entry of the front matter, as it is compared."""

    line: int
    shape: str  # what is the same in all languages
    code: tuple[str, ...] = ()  # of a fence, without comments
    marks: tuple[Told, ...] = ()
    runs: tuple[Told, ...] = ()  # of words
    source: str = ""  # what a fingerprint is taken of

    @property
    def key(self) -> Hashable:
        """What finds the same block in the other language, among others of its shape."""
        marks = [mark for mark, _ in self.marks if not mark.startswith(ONCE)]
        return self.shape, self.code, tuple(sorted(marks))


def sections(page: Page) -> dict[str, list[Piece]]:
    """Cut a page at its headings; what stands above the first one belongs to the front matter."""
    here = [Piece(1, "front matter", source=str(page.meta.get("description", "")))]
    here += [_entry(key, page) for key in page.meta if key != FINGERPRINTS]
    found = {"front matter": here}
    for block in page.blocks:
        if block.kind == "heading":
            _, _, name = block.text.rstrip(" }").partition(" { #")
            here = found.setdefault(name or f"heading {len(found)}", [])
        here.append(_piece(block, page))
    return found


def _entry(key: str, page: Page) -> Piece:
    """Take a string as text, and what is none as the same in all languages."""
    line = page.text.count("\n", 0, page.text.find(f"\n{key}:") + 1) + 1
    value = page.meta[key]
    if not isinstance(value, str):
        return Piece(line, f"front matter {key}: {value}")
    return Piece(line, f"front matter {key}", (), _marks(value, line, page), _runs(value, line))


def _piece(block: Block, page: Page) -> Piece:
    line, fence, text, code = block.line, block.fence, block.text, ""
    if fence:
        text = fence.title if isinstance(fence, Skipped) else ""
        code = without_comments(textwrap.dedent("\n".join(block.lines[1:-1])), fence.language)
    shape = _shape(block, page) + (f", indented by {block.indent}" if block.indent else "")
    marks, runs = _marks(text, line, page), _runs(text, line)
    return Piece(line, shape, tuple(code.split("\n")), marks, runs, f"{block.text}\n")


def _shape(block: Block, page: Page) -> str:
    first, fence = block.lines[0].strip(), block.fence
    said = first.split()[: {"heading": 1, "box": 2}.get(block.kind, 0)]
    if fence:  # the title of some is a word of the language
        title = isinstance(fence, Output | Skipped)
        said = [f"({type(fence).__name__.lower()})", fence.language if title else first.strip("`~")]
    elif block.kind == "box":
        words = page.words
        ways = {words.equal: "equal", words.within_rounding: "within rounding"}
        said += [f"claim ({name})" for word, name in ways.items() if first.endswith(f'{word}"')]
    elif block.kind == "row":
        divider = re.sub("-+", "-", first.replace(" ", "")) if set(first) <= set("|:- ") else ""
        said = [f"of {cells(first)} cells", divider]
    return " ".join([block.kind, *said]).strip()


def _marks(text: str, line: int, page: Page) -> tuple[Told, ...]:
    """List what does not depend on the language."""
    found = []
    for mark in MARK.finditer(text):
        kind, item = mark.lastgroup or "", mark[0]
        if kind != "escape":
            item = _target(mark["link"], page) if kind == "link" else WORDED.sub("", item)
            named = f"{NAMES.get(kind, kind)} {' '.join(item.split())}"
            found.append((named, line + text.count("\n", 0, mark.start())))
    return tuple(found)


def _target(target: str, page: Page) -> str:
    """Name a file that is not in the translation as the original names it."""
    config, (name, mark, part) = page.config, target.partition("#")
    original, file = config.original_of(page.path), os.path.normpath(page.path.parent / name)
    inside = Path(file).is_relative_to(config.folder(page.edition))
    if original and target.startswith("..") and not inside:
        theirs = os.path.relpath(file, original.parent)
        if not (page.path.parent / theirs).exists():
            return Path(theirs).as_posix() + mark + part
    return target


def _runs(text: str, line: int) -> tuple[Told, ...]:
    """List runs of words, in a language with Latin letters."""
    text = FOREIGN.sub("|", MARK.sub(_words, TITLE.sub(r"\1 \2 ", text)))
    return tuple(
        (" ".join(re.findall(WORD, run[0])), line + text.count("\n", 0, run.start()))
        for run in RUN.finditer(text)
    )


def _words(mark: re.Match[str]) -> str:
    told = TOLD.findall(mark[0]) if mark["tag"] else []
    return "".join(f"|{text}|" for text in told) + " " + "\n" * mark[0].count("\n")


def differences(page: Page, original: Page) -> list[str]:
    """Say in what a translation differs from its original, in the order of its lines."""
    ours, theirs = sections(page), sections(original)
    there, script = original.name, page.config.editions[page.edition].script
    found = [*_apart(_headings(ours), _headings(theirs), there, script)]
    found += _untranslated(page, chain(*ours.values()), chain(*theirs.values()))
    for key in [key for key in ours if key in theirs]:
        found += _apart(ours[key], theirs[key], there, script)
    return [f"{page.name}:{line}: {message}" for line, message in sorted(found)]


def _headings(found: dict[str, list[Piece]]) -> list[Piece]:
    return [Piece(pieces[0].line, f"section {name}") for name, pieces in found.items()]


def _apart(ours: list[Piece], theirs: list[Piece], there: str, script: str) -> Found:
    """Compare the blocks of a section in their order."""
    keys, others = ([piece.key for piece in side] for side in (ours, theirs))
    here = {mark for piece in ours for mark, _ in piece.marks}
    elsewhere = {mark for piece in theirs for mark, _ in piece.marks}
    matcher = SequenceMatcher(None, keys, others, autojunk=False)
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        for mine, other in zip_longest(ours[i:i_end], theirs[j:j_end]):
            if mine is None:
                what = f"below this, the {other.shape} ({there}:{other.line}) is missing"
                yield ours[max(i_end, 1) - 1].line, f"{what}; add it"
            elif other is None:
                yield mine.line, f"{there} has no such {mine.shape}; remove it, or add it there"
            elif mine.shape != other.shape:
                what = f"here is {mine.shape}, where {there}:{other.line} has {other.shape}"
                yield mine.line, f"{what}; make this one like it"
            else:
                yield from _code_apart(mine, other, there, script)
                for mark, line in _more(other, mine, here):
                    yield mine.line, f"the {mark} ({there}:{line}) is missing; add it here"
                for mark, line in _more(mine, other, elsewhere):
                    if not re.fullmatch(r"number \d", mark):  # a language may spell it out
                        what = f"the {mark} is not in {there}:{other.line}"
                        yield line, f"{what}; write what is there"


def _code_apart(mine: Piece, other: Piece, there: str, script: str) -> Found:
    """Name the first line of code that differs, but for strings or printed words."""
    pair = "\n".join(mine.code), "\n".join(other.code)
    same = same_but_words if "(output)" in mine.shape else same_but_strings
    if same(*pair, script):
        return
    lines = zip_longest(mine.code, other.code, fillvalue="the end of the block")
    found = [(at, own, its) for at, (own, its) in enumerate(lines, 1) if own != its]
    # Better a line that is not translated.
    at, own, its = next((line for line in found if not in_script(line[1], script)), found[0])
    what = f"here is {own!r}, where {there}:{other.line + at} has {its!r}"
    yield mine.line + at, f"{what}; only comments, docstrings and strings are translated"


def _more(piece: Piece, other: Piece, section: set[str]) -> Iterator[Told]:
    """List the marks that the other block, or for some of them its section, has not."""
    counts = [Counter(mark for mark, _ in each.marks) for each in (piece, other)]
    for mark in counts[0] - counts[1]:
        if not (mark.startswith(ONCE) and mark in section):
            yield mark, dict(piece.marks)[mark]


def _untranslated(page: Page, ours: Iterable[Piece], theirs: Iterable[Piece]) -> Found:
    """Name words that are still the original's or, in another script, cannot be the language's."""
    edition = page.config.editions[page.edition]
    still = {run for piece in theirs for run, _ in piece.runs}
    cure = f'translate it; a name or a quotation is written *…*{{ lang={edition.original} }} or "…"'
    for run, line in [run for piece in ours for run in piece.runs]:
        if edition.script or run in still:
            yield line, f'"{run}" is not translated; {cure}'


def fingerprints(original: Page) -> dict[str, str]:
    """Hash each section of an original; letters only, because pages verify their numbers."""
    letters, found = str.maketrans("0123456789", "ghijklmnop"), {}
    for name, pieces in sections(original).items():
        source = "".join(piece.source for piece in pieces).encode("utf-8", "surrogateescape")
        found[name] = hashlib.sha256(source).hexdigest()[:8].translate(letters)
    return found


def stale(page: Page, original: Page) -> list[str]:
    """Name the sections of an original that have changed since they were translated."""
    known, ours, theirs = page.meta.get(FINGERPRINTS), sections(page), sections(original)
    name, there = page.name, original.name
    cure = f"then run python -m claimdown --translated {name}"
    if not isinstance(known, dict):
        return [f"{name}:1: no {FINGERPRINTS} in the front matter; compare with {there}, {cure}"]
    old = [key for key, mark in fingerprints(original).items() if known.get(key) != mark]
    lines = {key: pieces[0].line for key, pieces in ours.items()}
    return [
        f"{name}:{lines.get(key, 1)}: section {key} ({there}:{theirs[key][0].line}) has changed "
        f"since it was translated; translate what is new, {cure}"
        for key in old
    ]


def marked(text: str, original: Page) -> str:
    """Write the present fingerprints of an original into the front matter of a translation."""
    block = yaml.safe_dump({FINGERPRINTS: fingerprints(original)}, sort_keys=False)
    found = re.match(r"---\n(?P<head>(?:.*\n)*?)---\n", text)
    head = re.sub(rf"(?m)^{FINGERPRINTS}:\n(?:[ \t].*\n)*", "", found["head"] if found else "")
    return f"---\n{head}{block}---\n{text[found.end() if found else 0 :]}"


def mark_translated(path: Path, original: Path) -> None:
    """Write into a translation that it says what its original says now."""
    text = marked(read(path).text, read(original))
    path.write_text(text, encoding="utf-8", newline="\n")


def pairs(paths: Iterable[Path], config: Config) -> dict[Path, Path]:
    """Map translations to originals, given pages of either kind, or none for all there are."""
    found, entry = {}, "[tool.claimdown.editions]"
    for page in [path.resolve() for path in paths] or config.pages():
        here = config.edition_of(page)
        if not page.is_relative_to(config.folder(here)):
            raise ConfigError(f"{page}:1: in no folder of {entry}; move it there, or add one")
        if original := config.original_of(page):
            found[page] = original
        for name, edition in config.editions.items():
            if edition.original == here:
                found[config.folder(name) / page.relative_to(config.folder(here))] = page
    if not found:
        raise ConfigError(f"{config.root / 'pyproject.toml'}: {entry}: none has an `original`")
    return found


def compare(paths: Iterable[Path], config: Config) -> list[str]:
    """Say all that is wrong with translations; name pages that only one of two editions has."""
    return [line for pair in pairs(paths, config).items() for line in _compared(*pair, config)]


def _compared(page: Path, original: Path, config: Config) -> list[str]:
    name, there = config.name_of(page), config.name_of(original)
    if not original.is_file():
        return [f"{name}:1: it translates nothing; write {there}, or remove it"]
    if not page.is_file():
        return [f"{there}:1: it is not translated; write {name}"]
    return differences(read(page), read(original)) + stale(read(page), read(original))

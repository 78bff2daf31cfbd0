"""Hold a translation and its original together.

`differences` compares two pages section by section: headings, blocks, code up to comments, outputs,
verified values, claims, links, formulas, numbers; and names text that is still the original's.
`stale` names what has changed in the original since then: a translation keeps a fingerprint of each
section in its front matter.  Messages have the form `file:line: what is wrong; what to do`.
"""

import hashlib
import os.path
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path

import yaml

from claimdown.comments import without_comments
from claimdown.config import Config, ConfigError, Words, config_for
from claimdown.page import Block, Output, Page, Refused, Skipped, Value
from claimdown.prose import ATTRIBUTES, FOOTNOTE, INLINE_CODE, TOKEN
from claimdown.reader import read

Found = Iterator[tuple[int, str]]  # a line of the translation, and what is there
FINGERPRINTS = "translated_from"
HEADING = re.compile(r"(?P<level>#+) .*?(?P<id>\{ #[\w-]+ \})?")
# What does not depend on the language, besides inline code and formulas.
MARKS = {
    "link": re.compile(r"(?:\]\(<?|<(?=https?:))([^\s()>]+(?:\([^\s()]*\))?)"),
    "footnote": re.compile(f"({FOOTNOTE.pattern})"),
    "HTML tag": re.compile(r"(</?[a-zA-Z][\w-]*[^<>]*>)"),
    "attribute list": re.compile(rf"((?!\{{:? ?lang=){ATTRIBUTES.pattern})"),
    "number": re.compile(r"(\d+(?:[.,]\d+)*)"),
}
# A sentence may name one of these twice in one language and once in the other.
ONCE = ("inline code", "formula", "number")
TOLD = re.compile(r' (?:alt|aria-label|title)="([^"]*)"')  # text inside a tag
WORDED = re.compile(rf"\\text\{{[^}}]*\}}|{TOLD.pattern}")  # text inside a mark
# What may be in another language: *words*{ lang=en }, "a quotation", > a quotation.
FOREIGN = re.compile(r'(?m)\*[^*\n]+\*\{:? ?lang=[\w-]+ ?\}|"[^"\n]+"|^[ \t]*>.*$')
CAPTION = re.compile(r'(\]\(\S+ )"([^"\n]*)"\)')
LETTER = "A-Za-z\u00c0-\u024f"
WORD = rf"(?:[{LETTER}][\d_{LETTER}'’-]+|[aAI](?![\d_{LETTER}.]))"
# Four words or more.
RUN = re.compile(rf"(?<![\d_{LETTER}.-]){WORD}(?:[\s,;:*()\[\]]+{WORD}){{3,}}")


@dataclass(frozen=True)
class Piece:
    """A block as it is compared: `shape` is what is the same in all languages."""

    line: int
    shape: str
    code: tuple[str, ...] = ()  # of a fence, without comments


@dataclass
class Section:
    """What stands below a heading, or above the first one; `line` is the heading's."""

    line: int = 1
    end: int = 1
    pieces: list[Piece] = field(default_factory=list)
    marks: dict[str, list[tuple[str, int]]] = field(default_factory=lambda: defaultdict(list))
    runs: list[tuple[int, str]] = field(default_factory=list)  # of words, with their lines
    text: str = ""  # what a fingerprint is taken of

    def add(self, line: int, prose: str, page: Page) -> None:
        """Take a text apart into marks, which it keeps with their lines, and words."""
        found = [
            ("inline code" if token["code"] else "formula", token.start(), token[0].strip("`"))
            for token in TOKEN.finditer(prose)
            if token["code"] or token["formula"]
        ]
        text = TOKEN.sub(_blank, prose)
        for kind, pattern in MARKS.items():
            found += [(kind, mark.start(1), mark[1]) for mark in pattern.finditer(text)]
            text = pattern.sub(_blank, text)
        for kind, start, item in found:
            item = " ".join(WORDED.sub("", item).split())
            item = _target(item, page) if kind == "link" else item
            self.marks[kind].append((item, line + text.count("\n", 0, start)))
        text = FOREIGN.sub(lambda match: _blank(match, "|"), text)
        told = [(0, text)] + [(said.start(1), said[1]) for said in TOLD.finditer(prose)]
        for start, run in [(start, run) for start, part in told for run in RUN.finditer(part)]:
            words = " ".join(re.findall(WORD, run[0]))
            self.runs.append((line + text.count("\n", 0, start + run.start()), words))


def _blank(match: re.Match[str], by: str = " ") -> str:
    return re.sub(r"[^\n]", by, match[0])


@lru_cache(maxsize=256)  # a page is its own key: another reading of it is another page
def sections(page: Page) -> dict[str, Section]:
    """Cut a page at its headings."""
    text = page.text
    for value in page.of(Value):
        text = text[: value.start] + " " * (value.end - value.start) + text[value.end :]
    lines, words = text.split("\n"), config_for(page.path).words(page.edition)
    claims = {claim.line: claim.title for claim in page.claims}
    here = _front_matter(page)
    found = {"front matter": here}
    for block in page.blocks:
        if heading := block.kind == "heading" and HEADING.fullmatch(block.text.strip()):
            name = (heading["id"] or "").strip("{ #}") or f"heading {len(found)}"
            here = found.setdefault(name, Section(block.line))
        here.end = block.line + len(block.lines) - 1
        here.pieces.append(_piece(block, claims.get(block.line, ""), words))
        here.text += "".join(f"{line}\n" for line in block.lines if line.strip() or block.fence)
        if not block.fence:
            prose = CAPTION.sub(r"\1 \2 )", "\n".join(lines[block.line - 1 : here.end]))
            titled = block.kind in ("box", "tab")  # their titles are no quotations
            here.add(block.line, prose.replace('"', " ") if titled else prose, page)
        elif isinstance(block.fence, Skipped):
            here.add(block.line, block.fence.title, page)
        here.marks["verified value"] += [
            (f"`{value.text}` ({value.expression})", value.line)
            for value in page.of(Value)
            if block.line <= value.line <= here.end
        ]
    return found


def _front_matter(page: Page) -> Section:
    """Take strings as text, and what is none as the same in all languages."""
    section = Section(text=str(page.meta.get("description", "")))
    for key, value in page.meta.items():
        line = page.text.count("\n", 0, page.text.find(f"\n{key}:") + 1) + 1
        if key != FINGERPRINTS:
            same = "" if isinstance(value, str) else f": {value}"
            section.pieces.append(Piece(line, f"front matter {key}{same}"))
        if isinstance(value, str):
            section.add(line, value, page)
    return section


def _piece(block: Block, claim: str, words: Words) -> Piece:
    first, shape, fence, code = block.lines[0].strip(), block.kind, block.fence, ""
    if heading := block.kind == "heading" and HEADING.fullmatch(first):
        shape = f"heading {heading['level']} {heading['id'] or ''}"
    elif fence:
        title = "" if isinstance(fence, Output | Skipped) else fence.title  # theirs is a word
        said = first.strip("`~") if isinstance(fence, Refused) else f"{fence.language} {title}"
        shape = f"fence ({type(fence).__name__.lower()}) {said}"
        code = without_comments(textwrap.dedent("\n".join(block.lines[1:-1])), fence.language)
    elif block.kind == "box":
        ways = {words.equal: "equal", words.within_rounding: "within rounding"}
        way = [f"claim ({name})" for word, name in ways.items() if claim.endswith(word)]
        shape = " ".join(["box", *first.split()[:2], *way])
    elif block.kind == "row":
        cells = re.sub(INLINE_CODE, "", first).replace("\\|", "").count("|") - 1
        aligned = re.sub("-+", "-", first.replace(" ", "")) if set(first) <= set("|:- ") else ""
        shape = f"row of {cells} cells {aligned}"
    shape = shape.strip() + (f", indented by {block.indent}" if block.indent else "")
    return Piece(block.line, shape, tuple(code.split("\n")))


def _target(target: str, page: Page) -> str:
    """Name what a link leads to in one way for all editions: by its place in the edition."""
    if re.match(r"[a-z][\w+.-]*:|[#/]", target):
        return target
    config, (name, mark, part) = config_for(page.path), target.partition("#")
    file, folder = os.path.normpath(page.path.parent / name), config.folder(page.edition)
    if original := config.editions[page.edition].original:
        place = os.path.relpath(file, config.folder(original))
        if not Path(file).is_relative_to(folder) and not (folder / place).exists():
            folder = config.folder(original)  # a picture, say, that both show
    return Path(os.path.relpath(file, folder)).as_posix() + mark + part


def differences(page: Page, original: Page) -> list[str]:
    """Say in what a translation differs from its original, in the order of its lines."""
    ours, theirs = sections(page), sections(original)
    there = _name(original.path)
    found = [*_pieces_apart(_headings(ours), _headings(theirs), there)]
    found += _untranslated(ours, theirs, page)
    for key in [key for key in ours if key in theirs]:
        found += _pieces_apart(ours[key], theirs[key], there)
        found += _marks_apart(ours[key], theirs[key], there)
    return [f"{_name(page.path)}:{line}: {message}" for line, message in sorted(found)]


def _headings(found: dict[str, Section]) -> Section:
    pieces = [Piece(section.line, f"section {name}") for name, section in found.items()]
    return Section(pieces=pieces, end=[*found.values()][-1].end)


def _pieces_apart(ours: Section, theirs: Section, there: str) -> Found:
    shapes = [[(piece.shape, piece.code) for piece in side.pieces] for side in (ours, theirs)]
    for _, i, i_end, j, j_end in SequenceMatcher(None, *shapes, autojunk=False).get_opcodes():
        for mine, other in zip_longest(ours.pieces[i:i_end], theirs.pieces[j:j_end]):
            if mine is None:
                line = ours.pieces[i_end].line if i_end < len(ours.pieces) else ours.end
                yield line, f"the {other.shape} ({there}:{other.line}) is missing; add it here"
            elif other is None:
                yield mine.line, f"{there} has no such {mine.shape}; remove it, or add it there"
            elif mine.shape != other.shape:
                what = f"here is {mine.shape}, where {there}:{other.line} has {other.shape}"
                yield mine.line, f"{what}; make this one like it"
            elif mine.code != other.code:
                pairs = enumerate(zip_longest(mine.code, other.code, fillvalue=""), 1)
                at, (own, its) = next((n, pair) for n, pair in pairs if pair[0] != pair[1])
                what = f"here is {own!r}, where {there}:{other.line + at} has {its!r}"
                yield mine.line + at, f"{what}; only comments are translated"


def _marks_apart(ours: Section, theirs: Section, there: str) -> Found:
    for kind in sorted(ours.marks.keys() | theirs.marks.keys()):
        mine, its = ours.marks[kind], theirs.marks[kind]
        for item in _more(kind, its, mine):
            line = dict(its)[item]
            before = sum(piece.line <= line for piece in theirs.pieces) - 1
            alike = len(ours.pieces) == len(theirs.pieces)
            at = ours.pieces[before].line if alike and ours.pieces else ours.line
            yield at, f"the {kind} {item} ({there}:{line}) is missing; add it here"
        for item in _more(kind, mine, its):
            if kind != "number" or len(item) > 1:  # a language may spell small numbers out
                what = f"the {kind} {item} is not in this section of {there}:{theirs.line}"
                yield dict(mine)[item], f"{what}; write what is there"


def _more(kind: str, these: list[tuple[str, int]], those: list[tuple[str, int]]) -> Iterable[str]:
    one, two = (Counter(item for item, _ in found) for found in (these, those))
    return one.keys() - two.keys() if kind in ONCE else one - two


def _untranslated(ours: dict[str, Section], theirs: dict[str, Section], page: Page) -> Found:
    """Name words that are still the original's or, in another script, cannot be the language's."""
    edition = config_for(page.path).editions[page.edition]
    still = {run for section in theirs.values() for _, run in section.runs}
    cure = f'translate it; a name or a quotation is written *…*{{ lang={edition.original} }} or "…"'
    for line, run in [found for section in ours.values() for found in section.runs]:
        if edition.script or run in still:
            yield line, f'"{run}" is not translated; {cure}'


def fingerprints(original: Page) -> dict[str, str]:
    """Hash each section of an original; letters only, because pages verify their numbers."""
    letters = str.maketrans("0123456789", "ghijklmnop")
    return {name: hashlib.sha256(section.text.encode()).hexdigest()[:8].translate(letters)
            for name, section in sections(original).items()}  # fmt: skip


def stale(page: Page, original: Page) -> list[str]:
    """Name the sections of an original that have changed since they were translated."""
    known, ours, theirs = page.meta.get(FINGERPRINTS), sections(page), sections(original)
    name, there = _name(page.path), _name(original.path)
    cure = f"then run python -m claimdown --translated {name}"
    if not isinstance(known, dict):
        return [f"{name}:1: no {FINGERPRINTS} in the front matter; compare with {there}, {cure}"]
    return [
        f"{name}:{ours.get(key, Section()).line}: section {key} ({there}:{theirs[key].line}) has "
        f"changed since it was translated; translate what is new, {cure}"
        for key, fingerprint in fingerprints(original).items()
        if known.get(key) != fingerprint
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
    """Map translations to originals, given pages of either kind, or none for all there are.

    Raises:
        ConfigError: if a page is in no edition, or no edition translates another.
    """
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
    return [line for pair in pairs(paths, config).items() for line in _compared(*pair)]


def _compared(page: Path, original: Path) -> list[str]:
    if not original.is_file():
        return [f"{_name(page)}:1: it translates nothing; write {_name(original)}, or remove it"]
    if not page.is_file():
        return [f"{_name(original)}:1: it is not translated; write {_name(page)}"]
    return differences(read(page), read(original)) + stale(read(page), read(original))


def _name(path: Path) -> str:
    return path.relative_to(config_for(path).root).as_posix()

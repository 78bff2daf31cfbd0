"""What this course asks of a page, besides what the engine checks; tests and `make page` call it.

A rule takes a page and returns its faults, each as `file:line: what is wrong; what to do`.
"""

import ast
import os
import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import autocorrect_py

from claimdown.page import Code, Page
from claimdown.prose import INLINE_CODE
from claimdown.source import page_text
from tests.course import chinese
from tests.course.reading import HAN, folds, prose
from tools.author.fold import fold_of, written
from tools.figures.labels import untranslated
from tools.site import (
    CONFIGURATIONS,
    LANGUAGES,
    ROOT,
    docs_dir,
    english,
    is_chapter,
    language_of,
    navigation,
)

UNFILLED = re.compile(r"TODO .+")  # as the templates of make chapter have it
BONES = ("need", "idea", "code", "check", "mistakes", "summary", "exercises", "next")
CHAPTERS = (
    "foundations", "gates", "sequences", "learning", "speed", "recurrences", "deployment", "numbers",
)  # fmt: skip  # their folders
WORDS, SHOWN, CLAIMED = 1800, 150, 450  # at most, the last one for the claims of all chapters
NO_PROSE = ("figure", "html", "formula")
# A Chinese character says as much as two letters, and takes as much room in a list of results.
DESCRIPTION = {"en": (50, 160), "zh": (20, 80)}
FIGURE = re.compile(r"\]\(\S*assets/figures/(?P<name>[\w-]+)\.svg")
LINK = re.compile(r"\]\((?![a-z]+:|/|\S*assets/figures/)(?P<file>[^\s)#]*)(?:#(?P<anchor>[\w-]+))?")
ANCHOR = re.compile(r"\{:?[^}\n]*#([\w-]+)[^}\n]*\}")
PAPER = re.compile(r"https?://(?:arxiv\.org|(?:dx\.)?doi\.org)/[^\s)>\]\"`]+")
INCLUDE = re.compile(r'--8<-- "(rnn_tutorial/[\w/]+\.py):(\w+)(?:-whole)?"')
EXPLAINED = re.compile(r"Explained in: (docs/en/[\w/-]+\.(?:md|py))")
# autocorrect's own rules, and blanks around formulas; it would put blanks around links as well.
TYPOGRAPHY = '{"rules": {"space-bracket": 0, "space-dollar": 1}}'
# What autocorrect passes over: a blank between Chinese and code, or a value with its mark.
CLOSE = re.compile(rf"[{HAN}]`|`[{HAN}]|\}}[{HAN}]")
HALF_WIDTH = re.compile(rf"[{HAN}][,;:!?]|[{HAN}]\((?![A-Z])")


def faults(page: Page) -> list[str]:
    """Name all that this course's rules find on one page, and about it elsewhere."""
    rules = (unfilled, description, bones, size, earlier, listed, links, figures, typography,
             chinese_words, package)  # fmt: skip
    found = [fault for rule in rules for fault in rule(page)]
    return [*found, *citations(page.path, page.text)]


def name_of(path: Path) -> str:
    """Name a file as a person at the project's folder would."""
    return (path.relative_to(ROOT) if path.is_relative_to(ROOT) else path).as_posix()


def at(path: Path, line: int, what: str) -> str:
    return f"{name_of(path)}:{line}: {what}"


def link_to(path: Path, page: Path) -> str:
    """Return what a page writes to link a file."""
    return Path(os.path.relpath(path, page.parent)).as_posix()


def line_of(text: str, part: str) -> int:
    """Tell in which line a part begins; in the first one, if it is not there."""
    return text.count("\n", 0, max(text.find(part), 0)) + 1


# A page by itself.


def unfilled(page: Page) -> list[str]:
    """Name what `make chapter` has left to write; of a translation, only how much there is."""
    lines = enumerate(page.text.split("\n"), 1)
    found = [(number, todo[0]) for number, line in lines if (todo := UNFILLED.search(line))]
    if found and page.edition != LANGUAGES[0]:
        what = f"not translated yet, in {len(found)} places that begin with TODO"
        return [at(page.path, found[0][0], f"{what}; write the English page first")]
    return [at(page.path, number, f"not filled in: {todo}") for number, todo in found]


def description(page: Page) -> list[str]:
    """Name a description that is too short or too long; the reader names one that is missing."""
    text = str(page.meta.get("description", ""))
    shortest, longest = DESCRIPTION[page.edition]
    if not text or shortest <= len(text) <= longest:
        return []
    what = f"the description has {len(text)} characters; give it {shortest} to {longest}"
    return [at(page.path, line_of(page.text, "description:"), what)]


def bones(page: Page) -> list[str]:
    """Name the sections that a chapter lacks or has in another order than the others."""
    if not is_chapter(page.path) or page.path.parent.name == "look-up":
        return []
    lines = {found[1]: block.line for block in page.blocks
             if block.kind == "heading" and (found := ANCHOR.search(block.text))}  # fmt: skip
    order, found, last = ", ".join(BONES), [], 0
    for bone in BONES:
        if bone not in lines:
            found.append(at(page.path, 1, f"no section {{ #{bone} }}; add it: {order}"))
        elif lines[bone] < last:
            what = f"section {{ #{bone} }} comes too early; the order is {order}"
            found.append(at(page.path, lines[bone], what))
        last = max(last, lines.get(bone, 0))
    return found


@dataclass(frozen=True)
class Size:
    """How much of a page there is to read."""

    words: int  # outside of folds
    shown: int  # lines of code outside of folds
    claims: int  # lines of code in claims


def size_of(page: Page) -> Size:
    """Count words of prose, but no formula, code or caption, and lines that are not blank."""
    folded = folds(page)
    words = sum(words_in(block.text) for block in page.blocks
                if not (block.fence or block.line in folded or block.kind in NO_PROSE))  # fmt: skip
    lines = {code.line: sum(bool(line.strip()) for line in code.code.split("\n"))
             for code in page.of(Code)}  # fmt: skip
    shown = sum(lines[line] for line in lines if line not in folded)
    return Size(words, shown, sum(lines[line] for line in lines if "check" in folded.get(line, ())))


def words_in(text: str) -> int:
    text = re.sub(r"\]\([^)]*\)|\{[^}]*\}", "]", text)
    return len(re.findall(r"[A-Za-z][A-Za-z'’-]*", re.sub(r"\$[^$]*\$|`[^`]*`", " x ", text)))


def size(page: Page) -> list[str]:
    """Name an English chapter that takes too long to read."""
    if page.path.parent.name not in CHAPTERS or page.edition != "en":
        return []
    found, cure = size_of(page), "cut, fold, or move a part to a page of its own"
    counts = {"words of prose": (found.words, WORDS), "lines of shown code": (found.shown, SHOWN)}
    return [at(page.path, 1, f"{number} {what}, and at most {most} can be read at once; {cure}")
            for what, (number, most) in counts.items() if number > most]  # fmt: skip


def earlier(page: Page) -> list[str]:
    """Name what is wrong with the fold "From earlier chapters": its names, or its code."""
    fold, run = fold_of(page), f"run make page P={name_of(page.path)}"
    if not fold.block or unfilled(page):
        return []
    found = [at(page.path, fold.listed[name], f"the page does not use {name}, or defines it; "
                f"drop it from this text, then {run}") for name in fold.idle]  # fmt: skip
    found += [at(page.path, fold.block.line, f"the page uses {name}; add it to the text of this "
                 f"fold, with a link to the page that explains it, then {run}")
              for name in sorted(fold.missing)]  # fmt: skip
    lines = zip_longest(page.text.split("\n"), written(fold).split("\n"))
    differing = (number for number, (is_, should) in enumerate(lines, 1) if is_ != should)
    if not found and (first := next(differing, None)):
        what = f"from here on, this fold is not the code that the names in its text need; {run}"
        found.append(at(page.path, first, what))
    return found


def links(page: Page) -> list[str]:
    """Name the links to pages and sections of this course that are not there."""
    found = []
    for number, _, line in prose(page):
        for link in LINK.finditer(re.sub(INLINE_CODE, "", line)):
            target = (page.path.parent / link["file"]).resolve() if link["file"] else page.path
            if not target.is_file():
                found.append(at(page.path, number, f"{link['file']}: there is no such file"))
            elif (anchor := link["anchor"]) and anchor not in anchors(target):
                what = f"{name_of(target)} has no #{anchor}; link one of its headings' ids"
                found.append(at(page.path, number, what))
    return found


def anchors(path: Path) -> set[str]:
    return set(ANCHOR.findall(page_text(path)))


def typography(page: Page) -> list[str]:
    """Name what is not set as Chinese is; another language has no such rules."""
    if page.edition != "zh":
        return []
    return [at(page.path, block.line + line - 1, f"{what}; correct the typography")
            for block in page.blocks if not block.fence
            for line, what in complaints(block.text)]  # fmt: skip


def chinese_words(page: Page) -> list[str]:
    """Name terms without their English, other words for them, and habits of translations."""
    return [at(page.path, line, what) for line, what in chinese.faults(page)]


def complaints(text: str) -> list[tuple[int, str]]:
    """List what is wrong with the blanks and the punctuation of a Chinese text, by line."""
    autocorrect_py.load_config(TYPOGRAPHY)  # type: ignore[attr-defined]
    text = text.encode("utf-8", "replace").decode()  # the reader names what is no UTF-8
    linted = autocorrect_py.lint_for(text, "markdown").lines
    told = [(line.line, f"{line.old.strip()} -> {line.new.strip()}") for line in linted]
    for number, line in enumerate(text.split("\n"), 1):
        plain = re.sub(INLINE_CODE, "`x`", re.sub(r"\{ [^}]*\}", "{}", line))
        plain = plain.replace("`{}", "}")
        for pattern in (CLOSE, HALF_WIDTH):
            told += [(number, f"{hit[0]}: {line.strip()}") for hit in pattern.finditer(plain)]
    return told


# A page and the files around it.


def listed(page: Page) -> list[str]:
    """Name the configurations that do not list a page, or list it in another place."""
    place = english(page.path).relative_to(docs_dir())
    positions = {language: navigation(language).index(docs_dir(language) / place)
                 for language in LANGUAGES
                 if docs_dir(language) / place in navigation(language)}  # fmt: skip
    found = []
    for language, file in CONFIGURATIONS.items():
        text = page_text(file)
        line = line_of(text, f": {place.as_posix()}\n")
        if language not in positions:
            what = f"{place.as_posix()} is not listed; add a line for it"
            found.append(at(file, line_of(text, "\nnav:") + 1, what))
        elif positions[language] != positions.get(LANGUAGES[0], positions[language]):
            what = f"{place.as_posix()} is listed elsewhere than in {CONFIGURATIONS['en'].name}"
            found.append(at(file, line, f"{what}; move this line"))
        elif unfilled := UNFILLED.search(text.split("\n")[line - 1]):
            found.append(at(file, line, f"not filled in: {unfilled[0]}"))
    return found


def figures(page: Page) -> list[str]:
    """Name figures that are not drawn, and their labels that have no Chinese."""
    found = []
    for number, _, line in prose(page):
        for image in FIGURE.finditer(line):
            svg = ROOT / "docs/assets/figures" / f"{image['name']}.svg"
            module = image["name"].replace("-", "_")
            if svg.is_file():
                found += labels(svg, f"{name_of(page.path)}:{number}")
            else:
                what = f"figure {svg.name} is not drawn; write tools/figures/{module}.py, then run"
                found.append(at(page.path, number, f"{what} python -m tools.figures {module}"))
    return found


def labels(svg: Path, where: str) -> list[str]:
    """Name the labels of a figure that have no Chinese."""
    missing = dict.fromkeys(untranslated(page_text(svg), svg.stem))
    cure = "add it to LABELS in tools/figures/labels.py"
    return [f'{where}: figure {svg.name}: the label "{label}" has no Chinese; {cure}'
            for label in missing]  # fmt: skip


def citations(path: Path, text: str) -> list[str]:
    """Name the papers that a page, or a lab, links and the bibliography does not give to it."""
    language = language_of(path)
    bibliography = docs_dir(language) / "look-up/bibliography.md"
    if path == bibliography:
        return []
    whole, link = (
        page_text(bibliography),
        link_to(path, bibliography),
    )
    entries = {paper[0]: entry for entry in whole.split("\n\n") if (paper := PAPER.search(entry))}
    cited, found = dict.fromkeys(PAPER.findall(text)), []
    for address in cited:
        if address not in entries:
            what = (
                f"{address} is not in {name_of(bibliography)}; add an entry, in its place by name"
            )
            found.append(at(path, line_of(text, address), what))
    for address, entry in entries.items():
        named = f"]({link})" in entry
        if named != (address in cited):
            what = "cites no more what stands here; remove" if named else "cites this; add"
            what = f"{name_of(path)} {what} the link to {link}"
            found.append(at(bibliography, line_of(whole, entry), what))
    return found


# The package.


@dataclass(frozen=True)
class Defined:
    """A function or a class of the package."""

    name: str
    file: Path
    line: int
    docstring: str

    @property
    def include(self) -> str:
        """How a chapter shows it, with the first line of its docstring and its shapes."""
        return f'--8<-- "{name_of(self.file)}:{self.name}"'

    @property
    def showing(self) -> list[str]:
        """Patterns of how a chapter or a lab shows it."""
        package = ".".join(self.file.relative_to(ROOT).parent.parts)
        cell = rf'tags=\["source"\]\nfrom {re.escape(package)} import [^%]*\b{self.name}\b'
        return [re.escape(self.include), re.escape(self.whole), cell]

    @property
    def whole(self) -> str:
        """How the reference shows it, with all of its docstring."""
        return f'{self.include[:-1]}-whole"'


def package(page: Page) -> list[str]:
    """Name what is missing for the package's names that a page includes."""
    names = dict.fromkeys(name for _, name in INCLUDE.findall(page.text))
    public = public_names()
    return [fault for name in names if name in public for fault in about(public[name])]


def public_names() -> dict[str, Defined]:
    return {
        node.name: Defined(node.name, path, node.lineno, ast.get_docstring(node) or "")
        for path in sorted((ROOT / "rnn_tutorial").rglob("*.py"))
        for node in ast.parse(page_text(path)).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }


def exported() -> set[str]:
    """Return `__all__` of the package and of its parts, without importing them."""
    files = (ROOT / "rnn_tutorial").rglob("__init__.py")
    nodes = [node for file in files for node in ast.parse(page_text(file)).body]
    lists = [node.value for node in nodes if isinstance(node, ast.Assign)]
    return {name for value in lists for name in ast.literal_eval(value)}


def about(defined: Defined) -> list[str]:
    """Name what a public name lacks: its export, its docstring's parts, its reference."""
    name, text = defined.name, defined.docstring
    here, found = f"{name_of(defined.file)}:{defined.line}: {name}", []
    if name not in exported():
        home = name_of(defined.file.with_name("__init__.py"))
        found.append(f"{here} is not in __all__; import and list it in {home}")
    if "\n>>> " not in text and not name.endswith("Base"):  # what only its subclasses can run
        found.append(f"{here} has no example; add one to its docstring, after >>>")
    last = text.strip().split("\n")[-1].strip()
    explained = EXPLAINED.fullmatch(last)
    page = ROOT / explained[1] if explained else None
    if page and not page.is_file():
        found.append(f"{here} is explained in {explained[1]}, which is not there; write it, or "
                     "name another page at the end of the docstring")  # fmt: skip
    elif not page:
        found.append(f"{here}: the docstring ends with {last!r}; "
                     "let it end with the page: Explained in: docs/en/FOLDER/PAGE.md")  # fmt: skip
    elif not any(re.search(shown, page_text(page)) for shown in defined.showing):
        found.append(at(page, 1, f"it explains {name} and does not show it; add {defined.include}"))
    return found + [fault for language in LANGUAGES for fault in reference(defined, language, page)]


def reference(defined: Defined, language: str, explained: Path | None) -> list[str]:
    """Name what the reference of one language lacks for a name: section, include, row."""
    name, index = defined.name, docs_dir(language) / "reference/index.md"
    heading = f"## `{name}` {{ #{name} }}"
    pages = {path: text for path in sorted(index.parent.glob("*.md"))
             if f"\n{heading}\n" in (text := page_text(path))}  # fmt: skip
    if len(pages) != 1:
        where = ", ".join(map(name_of, pages)) or "no page"
        what = f"{where} of the reference has a section for {name}; write one on one of them"
        cure = f"{heading}, with {defined.whole}, and a row in the table of all names"
        return [at(index, 1, f"{what}: {cure}")]
    ((page, text),) = pages.items()
    found = []
    if defined.whole not in text:
        what = f"section {name} does not show its source; add {defined.whole}"
        found.append(at(page, line_of(text, heading), what))
    begins, ends = f"| [`{name}`]({page.name}#{name}) |", " |"
    if explained:
        target = docs_dir(language) / explained.relative_to(docs_dir())
        ends = f"({link_to(target, index)}) |"
    rows = page_text(index)
    if not any(row.startswith(begins) and row.endswith(ends) for row in rows.split("\n")):
        what = f"no row for {name}; add {begins} what it is | [title of the page]{ends}"
        found.append(at(index, line_of(rows, "{ #names }"), what))
    return found

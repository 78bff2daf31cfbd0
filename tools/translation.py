"""Hold a translation and its English page together.

`differences` compares the two section by section: headings, blocks, code up to comments, outputs,
verified values, claims, figures, widgets, links, formulas, numbers.  `stale` names what has changed
in the English page since it was translated: the translation keeps a fingerprint of each section.

`python -m tools.translation` reports both for all pages, or for those that it is given;
with `--translated` it first writes the English page's present fingerprints into the translation.
"""

import hashlib
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from mkdocs.utils.meta import get_data

from tools.chapter import FENCE_MARKER, INLINE_CODE, MARKED, page_text
from tools.comments import without_comments
from tools.site import LANGUAGES, ROOT, docs_dir, english, language_of
from tools.words import WORDS

FINGERPRINTS = "translated_from"
HEADING = re.compile(r"^(?P<level>#{1,6}) .*?(?:\{ #(?P<id>[\w-]+) \})?$")
KINDS = {
    "numbered item": re.compile(r"\d+\. "),
    "item": re.compile(r"[-*] "),
    "definition": re.compile(r":   "),
    "box": re.compile(r"(!!!|\?\?\?\+?) (\w+)"),
    "row of a table": re.compile(r"\|"),
    "formula": re.compile(r"\$\$"),
    "figure": re.compile(r"!\[.*?\]\((?P<source>[^ )]+)(?: \".*\")?\)(?P<id>\{.*?\})?$"),
    "HTML": re.compile(r"</?[a-z][\w-]*"),
    "include": re.compile(r"--8<--"),
}
LINK = re.compile(r"(?<!!)\[[^\]\[]*(?:\[[^\]]*\][^\]\[]*)*\]\((?P<target>[^\s)]+)[^)]*\)")
ATTRIBUTES = re.compile(r"\{ [.#][^}]*\}")
LANGUAGE = re.compile(r" ?\*[^*\n]+\*\{ lang=\w+ \}")  # a term in the other language
MATHS = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$[^$\n]+?\$", re.DOTALL)
WORDS_IN_MATHS = re.compile(r"\\text\{[^}]*\}")
FOREIGN = re.compile(r"^#+ |^\s*> |\{ #[\w-]+ \}$")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass
class Section:
    """What stands below a heading, or above the first one; `line` is the heading's."""

    name: str
    line: int
    text: str = ""
    blocks: list[tuple[int, str]] = field(default_factory=list)  # a line, and what begins there
    prose: list[str] = field(default_factory=list)


def sections(text: str, language: str) -> dict[str, Section]:
    """Cut a page at its headings."""
    body, meta = get_data(text)
    first = text.count("\n") - body.count("\n") + 1
    head = Section("front matter", 1, str(meta.get("description", "")))
    keys = [key for key in meta if key != FINGERPRINTS]
    head.blocks = [(1, f"front matter: {', '.join(keys)}")]
    found = {head.name: head}
    here, named, unnamed = head, head.name, 0
    for line, block in _blocks(body.split("\n"), first):
        heading = HEADING.match(block[0])
        if heading:
            named, unnamed = heading["id"] or named, 0 if heading["id"] else unnamed + 1
            name = f"{named} ({unnamed})" if unnamed else named
            here = found.setdefault(name, Section(name, line))
        here.text += "\n".join(block) + "\n"
        here.blocks.append((line, _described(block, language)))
        if not FENCE_MARKER.match(block[0]):
            here.prose += block
    return found


def _blocks(lines: list[str], first: int) -> Iterator[tuple[int, list[str]]]:
    """Cut lines into fences, headings, items, boxes, rows and paragraphs, with their places."""
    block: list[str] = []
    start, fence = first, ""
    for number, line in enumerate(lines, first):
        marker = FENCE_MARKER.match(line)
        if fence:
            block.append(line)
            if marker and marker["run"].startswith(fence) and not marker["rest"].strip():
                yield start, block
                block, fence = [], ""
            continue
        kind = _kind(line)
        if block and (not line.strip() or marker or kind or HEADING.match(line)):
            yield start, block
            block = []
        if line.strip():
            start = start if block else number
            block.append(line)
        if marker:
            fence = marker["run"]
        elif line.strip() and (HEADING.match(line) or kind in ("row of a table", "box", "HTML")):
            yield start, block
            block = []
    if block:
        yield start, block


def _kind(line: str) -> str:
    text = line.strip()
    return next((kind for kind, pattern in KINDS.items() if pattern.match(text)), "")


def _described(block: list[str], language: str) -> str:
    """Say of a block what must be the same in all languages."""
    text = block[0].strip()
    indentation = " " * (len(block[0]) - len(block[0].lstrip()))
    heading, fence = HEADING.match(block[0]), FENCE_MARKER.match(block[0])
    if heading:
        return f"heading {heading['level']} #{heading['id']}"
    if fence:
        info = fence["rest"].replace(WORDS[language].output, "Output")
        info = info.replace(WORDS[language].not_run, "Not run: ")
        language = re.match(r"\W*(\w*)", info)[1]
        code = without_comments(textwrap.dedent("\n".join(block[1:-1])), language)
        return f"{indentation}fence {info}\n{code}"
    kind = _kind(block[0])
    if kind == "box":
        words = WORDS[language]
        names = {words.claim: "claim", words.equal: "equal", words.within_rounding: "rounding"}
        said = [name for word, name in names.items() if word in text]
        return f"{indentation}box {text.split(' ')[1]} {' '.join(said)}".rstrip()
    if kind == "figure":
        found = KINDS["figure"].match(text)
        return f"{indentation}figure {found['source'] if found else ''}"
    if kind == "row of a table":
        return f"{indentation}row of {INLINE_CODE.sub('', text).count('|') - 1} cells"
    if kind == "HTML":
        return f"{indentation}{text}"
    return f"{indentation}{kind or 'paragraph'}"


def inside(section: Section) -> dict[str, Counter[str]]:
    """Count what stands in the text of a section and does not depend on the language."""
    text = LANGUAGE.sub("", "\n".join(section.prose))
    found = {"verified value": MARKED.findall(text)}
    text = MARKED.sub("", text)
    found["link"] = [link["target"] for link in LINK.finditer(text)]
    found["attribute"] = [a for a in ATTRIBUTES.findall(text) if a != "{ .verified }"]
    codes = [code["text"] for code in INLINE_CODE.finditer(text)]
    text = LINK.sub(lambda link: link[0].split("](")[0], INLINE_CODE.sub("", text))
    formulas = [WORDS_IN_MATHS.sub("", formula) for formula in MATHS.findall(text)]
    text = ATTRIBUTES.sub("", MATHS.sub("", text))
    counted = {kind: Counter(" ".join(item.split()) for item in items)
               for kind, items in found.items()}  # fmt: skip
    # A sentence may name a thing twice in one language and once in the other.
    once = {"code": codes, "formula": formulas, "number": NUMBER.findall(text)}
    return counted | {kind: Counter(set(items)) for kind, items in once.items()}


def differences(page: Path) -> list[str]:
    """Say in what a translation differs from its English page."""
    language, source = language_of(page), english(page)
    ours, theirs = sections_of(page), sections_of(source)
    name = page.relative_to(ROOT).as_posix()
    if list(ours) != list(theirs):
        missing = ", ".join(key for key in theirs if key not in ours)
        added = ", ".join(key for key in ours if key not in theirs)
        what = f"missing: {missing or 'none'}; added: {added or 'none'}"
        return [
            f"{name}: the sections are not those of the English page, or in another order: {what}"
        ]
    found = []
    for key, section in ours.items():
        place = f"{name}:{section.line}: section {key}"
        found += [f"{place}: {what}" for what in _unlike(section, theirs[key])]
    return found + [f"{name}: {line}" for line in _untranslated(ours, theirs, language)]


def _unlike(ours: Section, theirs: Section) -> Iterator[str]:
    for (line, mine), (other_line, other) in zip_longest(
        ours.blocks, theirs.blocks, fillvalue=(0, "nothing")
    ):
        if mine != other:
            yield f"line {line} has {mine!r}, the English line {other_line} has {other!r}"
            break  # what follows is shifted
    mine_inside, theirs_inside = inside(ours), inside(theirs)
    for kind, counted in theirs_inside.items():
        for item in counted - mine_inside[kind]:
            yield f"the {kind} {item} is missing"
        for item in mine_inside[kind] - counted:
            if kind != "number" or len(item) > 1:  # English spells small numbers out
                yield f"the {kind} {item} is not in the English page"


def _untranslated(
    ours: dict[str, Section], theirs: dict[str, Section], language: str
) -> Iterator[str]:
    """Name lines of text that are still the English ones."""
    english_lines = {line for section in theirs.values() for line in _bare(section)}
    for section in ours.values():
        for line in _bare(section):
            if line in english_lines and len(re.findall(r"\b[a-z]{2,}", line)) > 4:
                yield f"section {section.name}: not translated into {language}: {line}"


def _bare(section: Section) -> list[str]:
    """Return a section's lines without what is the same in all languages.

    Headings may be error messages, lines with an id are authors, stressed words titles of works.
    """
    own = (line for line in section.prose if not FOREIGN.search(line))
    text = INLINE_CODE.sub("", MARKED.sub("", "\n".join(own)))
    text = ATTRIBUTES.sub("", LINK.sub("", MATHS.sub("", text)))
    return re.sub(r"<[^>]*>|\*[^*\n]+\*|[|:-]", "", text).split("\n")


def fingerprints(source: Path) -> dict[str, str]:
    """Hash each section of an English page; letters only, because pages verify their numbers."""
    letters = str.maketrans("0123456789", "ghijklmnop")
    return {
        name: hashlib.sha256(section.text.encode()).hexdigest()[:8].translate(letters)
        for name, section in sections_of(source).items()
    }


def stale(page: Path) -> list[str]:
    """Name the sections of the English page that have changed since they were translated."""
    text = page_text(page)
    kept = re.search(rf"(?m)^(?:# )?{FINGERPRINTS}:\n((?:(?:# )?  .*\n)+)", text)
    known = dict(re.findall(r"  (\w[\w ()-]*): (\w+)", kept[1])) if kept else {}
    name, source = page.relative_to(ROOT).as_posix(), english(page)
    now, places = fingerprints(source), sections_of(source)
    return [
        f"{name}: {source.relative_to(ROOT).as_posix()}:{places[section].line}: "
        f"section {section} has changed since it was translated"
        for section, fingerprint in now.items()
        if known.get(section) != fingerprint
    ]


def mark_translated(page: Path) -> None:
    """Write the present fingerprints of the English page into its translation."""
    text, comment = page_text(page), "# " if page.suffix == ".py" else ""
    lines = [f"{FINGERPRINTS}:", *(f"  {k}: {v}" for k, v in fingerprints(english(page)).items())]
    block = "".join(f"{comment}{line}\n" for line in lines)
    text = re.sub(rf"(?m)^{comment}{FINGERPRINTS}:\n(?:{comment}  .*\n)+", "", text)
    rule = f"{comment}---\n"
    head, end, body = text.removeprefix(rule).partition(rule)
    if not text.startswith(rule) or not end:
        raise ValueError(f"{page}: no front matter, which would hold the fingerprints")
    page.write_text(f"{rule}{head}{block}{end}{body}", encoding="utf-8", newline="\n")


def sections_of(page: Path) -> dict[str, Section]:
    """Read a page's or a lab's sections by their ids."""
    text = page_text(page)
    return sections(lab_as_page(text) if page.suffix == ".py" else text, language_of(page))


def lab_as_page(script: str) -> str:
    """Write a lab's cells as the Markdown that they stand for, line for line."""
    lines = script.split("\n")
    start = lines.index("# ---", 1) + 1
    page, kind = [""] * start, ""
    for line in lines[start:]:
        if line.startswith("# %%"):
            if kind == "code":
                page[-1] = "```"  # in place of the blank line between two cells
            kind = "text" if "[markdown]" in line else "code"
            page.append(f"<div{line[4:]}>" if kind == "text" else f"```python{line[4:]}")
        else:
            page.append(re.sub("^# ?", "", line) if kind == "text" else line)
    return "\n".join([*page, "```"] if kind == "code" else page)


def sources(language: str = "en") -> list[Path]:
    """List an edition's pages and labs."""
    folder = docs_dir(language)
    return sorted([*folder.rglob("*.md"), *folder.glob("labs/*.py")])


def unpaired(language: str) -> list[str]:
    """Name the pages that only one of the two editions has."""
    twins = {page.relative_to(docs_dir(language)) for page in sources(language)}
    originals = {page.relative_to(docs_dir()) for page in sources()}
    missing = [f"docs/{language}/{name.as_posix()} is missing" for name in originals - twins]
    lonely = [f"docs/{language}/{name.as_posix()} has no twin" for name in twins - originals]
    return sorted(missing + lonely)


def main() -> None:
    chosen = [Path(name).resolve() for name in sys.argv[1:] if name != "--translated"]
    for page in chosen or [page for name in LANGUAGES[1:] for page in sources(name)]:
        if "--translated" in sys.argv:
            mark_translated(page)
        print("\n".join(differences(page) + stale(page)) or f"{page.relative_to(ROOT)}: the same")
    if not chosen:
        print("\n".join(line for name in LANGUAGES[1:] for line in unpaired(name)))


if __name__ == "__main__":
    main()

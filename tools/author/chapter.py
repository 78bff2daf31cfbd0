"""`make chapter NAME=learning/zoneout TITLE="Zoneout"` lays out a chapter in all languages.

It writes the pages with the bones of a chapter, lists them, and adds the stub of a wrong line.
Everything that is left to write begins with TODO, and the tests name it until it is written.
"""

import re
import sys
from pathlib import Path

from claimdown.translation import mark_translated
from tests.course.rules import UNFILLED, at
from tools.site import CONFIGURATIONS, LANGUAGES, ROOT, docs_dir

MUTATIONS = ROOT / "tests/course/mutations.py"
NAME = re.compile(r"(?P<folder>[a-z-]+)/(?P<slug>[a-z][a-z-]*[a-z])")
TITLE = re.compile(r"[A-Za-z][\w .,'’-]*")
HEADING = re.compile(r"(?m)^# (.*) \{ #")
STUB = """\
    # TITLE
    Mutation(
        "TODO a mistake in words, for SLUG",
        "TODO a file of rnn_tutorial/, such as cells.py, or SLUG.md for a line of the page's own",
        right="TODO what stands there, once",
        wrong="TODO what would be wrong",
        caught_by={"SLUG": ["TODO Say what equals what"]},
    ),
"""


def laid_out(name: str, title: str) -> dict[Path, str]:
    """Return the new texts of all files that a new chapter changes.

    Raises:
        ValueError: names what is wrong with the name or the title, and what was expected.
    """
    folder, slug = parts(name)
    title = title or slug.replace("-", " ").capitalize()
    if not TITLE.fullmatch(title):
        what = "letters, digits, blanks and .,'’- that begin with a letter"
        raise ValueError(f"TITLE: expected {what}, got {title!r}")
    texts, headings = {}, {}
    for language in LANGUAGES:
        template = Path(__file__).with_name(f"chapter.{language}.md").read_text(encoding="utf-8")
        text = filled(template, title, slug)
        texts[docs_dir(language) / folder / f"{slug}.md"] = text
        headings[language] = HEADING.search(text)[1]
    for language, file in CONFIGURATIONS.items():
        entry = f"{headings[language]}: {name}.md"
        texts[file] = with_line(file.read_text(encoding="utf-8"), folder, entry)
    entries = MUTATIONS.read_text(encoding="utf-8").rstrip()
    texts[MUTATIONS] = f"{entries.removesuffix(']')}{filled(STUB, title, slug)}]\n"
    return texts


def parts(name: str) -> tuple[str, str]:
    """Take a chapter's name apart into its folder and the rest, which no other page may have."""
    chapters = [
        page for page in docs_dir().glob("*/*.md") if "{ #exercises }" in page.read_text("utf-8")
    ]
    folders = sorted({page.parent.name for page in chapters})
    found = NAME.fullmatch(name)
    if not found or found["folder"] not in folders:
        where = f"FOLDER one of {', '.join(folders)}, PAGE small letters and hyphens"
        raise ValueError(f"NAME: expected FOLDER/PAGE, {where}; got {name!r}")
    for language in LANGUAGES:
        for other in docs_dir(language).rglob(f"{found['slug']}.*"):
            taken = other.relative_to(ROOT).as_posix()
            raise ValueError(f"NAME: expected a new page, got {name!r}, and there is {taken}")
    return found["folder"], found["slug"]


def filled(template: str, title: str, slug: str) -> str:
    return template.replace("TITLE", title).replace("SLUG", slug)


def with_line(configuration: str, folder: str, entry: str) -> str:
    """Add a line to the navigation, at the end of the part that holds the pages of a folder."""
    lines = configuration.split("\n")
    last = max(n for n, line in enumerate(lines) if re.search(rf": {folder}/[\w-]+\.md$", line))
    indent = re.match(r" *", lines[last])[0]
    while lines[last + 1].startswith(f"{indent}- "):
        last += 1
    return "\n".join([*lines[: last + 1], f"{indent}- {entry}", *lines[last + 1 :]])


def write(texts: dict[Path, str]) -> None:
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    original, *translations = [path for path in texts if path.suffix == ".md"]
    for page in translations:
        mark_translated(page, original)


def main(name: str, title: str) -> int:
    try:
        texts = laid_out(name, title)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    write(texts)
    for path in texts:
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if found := UNFILLED.search(line):
                print(at(path, number, f"to fill in: {found[0]}"))
    print(f"Written; now fill these in, then run make page P=docs/en/{name}.md")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))

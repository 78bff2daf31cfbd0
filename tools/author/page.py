"""`make page P=docs/en/learning/zoneout.md` fills a page in and lists what the checks find in it.

Outputs, values and the code of earlier chapters are written into the page and its twin in the other
language; then everything that concerns the page is checked: the engine's rules, this course's, the
comparison of the two, what readers may copy, and whether the page's wrong lines break its claims.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

from claimdown.__main__ import as_fault
from claimdown.config import config_for
from claimdown.page import Page
from claimdown.reader import read
from claimdown.runner import run
from claimdown.translation import compare
from claimdown.update import apply_edits
from tests.course import copying, mutants, rules
from tools.author import fold
from tools.site import LANGUAGES, docs_dir, english, is_chapter, language_of


def faults_about(path: Path) -> Iterator[str]:
    """Fill a page and its twins in; yield what is wrong with them, as soon as it is known."""
    source = english(path)
    twins = [docs_dir(language) / source.relative_to(docs_dir()) for language in LANGUAGES]
    there = [twin for twin in twins if twin.is_file()]
    for twin in filter(fold.update, there):
        print(f"{rules.name_of(twin)}: the fold of earlier definitions written")
    with (
        ProcessPoolExecutor(1, mutants.CONTEXT) as process,
        ThreadPoolExecutor(len(there)) as pool,
    ):
        copied = process.submit(copied_from, source)
        failures = {}
        for twin, (edits, found) in zip(there, pool.map(filled_in, map(read, there)), strict=True):
            if edits:
                print(f"{rules.name_of(twin)}: {edits} outputs and values written")
            failures[twin] = found
            yield from found
        for twin in there:
            yield from rules.faults(read(twin))
        yield from copied.result()
    if source.is_file():
        yield from mutants.faults(read(source), holds=not failures[source])
        if failures[source]:
            print(f"{rules.name_of(source)}: it does not hold, so its wrong lines were not run")
    if not any(rules.unfilled(read(twin)) for twin in there):  # then they have yet to agree
        yield from compare([source], config_for(source))


def filled_in(page: Page) -> tuple[int, list[str]]:
    """Run a page and write its outputs and values; return how many, and what does not hold."""
    report = run(page, update=True)
    if report.edits:
        apply_edits(page.path, page.text, report.edits)
    found = {(failure.line, failure.message): None for failure in report.failures}
    return len(report.edits), [as_fault(page.path, line, message) for line, message in found]


def copied_from(path: Path) -> list[str]:
    """Name what readers of an English page cannot copy; the translation has the same code."""
    if not path.is_file() or not (is_chapter(path) or path.parent.name == "reference"):
        return []
    return copying.faults(path)


def page_named(name: str) -> Path:
    """Return the page of a name.

    Raises:
        ValueError: if it is not a page; lists those that exist.
    """
    path = Path(name).resolve()
    folders = " or ".join(rules.name_of(docs_dir(language)) for language in LANGUAGES)
    if path.suffix != ".md" or not path.is_relative_to(docs_dir(language_of(path))):
        raise ValueError(f"P: expected a page *.md under {folders}, got {name!r}")
    if not path.is_file():
        raise ValueError(f"P: there is no {name}; make chapter NAME=FOLDER/NAME writes a new one")
    return path


def main(name: str) -> int:
    sys.stdout.reconfigure(errors="backslashreplace")  # a page may contain bytes that are not UTF-8
    found: set[str] = set()
    try:
        path = page_named(name)
        for fault in faults_about(path):
            if fault not in found:  # both pages may name a file that they share
                print(fault, flush=True)
            found.add(fault)
    except ValueError as error:  # a wrong name, or a wrong entry in the configuration
        print(error, file=sys.stderr)
        return 2
    number = f"{len(found)} fault{'s' * (len(found) > 1)}"
    print(f"{rules.name_of(path)}: {number if found else 'everything holds; now run make test'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) == 2 else ""))

"""`python -m claimdown FILE-or-folder…` runs pages and names each fault as file:line.

It ends with 0 if everything holds, with 1 if anything does not, and with 2 if it was called, or the
course is configured, in a wrong way.
"""

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from claimdown.config import ConfigError, config_for
from claimdown.page import Page
from claimdown.reader import read
from claimdown.report import Report, summary
from claimdown.runner import run
from claimdown.translation import compare, mark_translated, pairs
from claimdown.update import apply_edits


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m claimdown", description="Run pages and check them.")
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE-or-folder",
                        help="pages, or folders of pages; the whole course if none")  # fmt: skip
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--update", action="store_true", help="rewrite outputs and values in place")
    how.add_argument("--compare", action="store_true", help="compare translations; run nothing")
    how.add_argument("--translated", action="store_true", help="mark translations as up to date")
    chosen = parser.parse_args(arguments)
    try:
        pages = pages_of(chosen.paths)
        if chosen.compare or chosen.translated:
            return compare_all(pages, chosen.translated)
        return run_all(pages, chosen.update)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2


def pages_of(paths: list[Path]) -> list[Path]:
    """List the pages that are asked for, each once; refuse a path that is none and holds none."""
    found: dict[Path, Path] = {}
    for path in paths or [config_for(Path()).root]:
        course = config_for(path)
        here = [page for page in course.pages() if page.is_relative_to(path.resolve())]
        if path.is_file() and path.suffix == ".md":
            here = [path]
        if not here:
            raise ConfigError(f"{path}: expected a page, *.md, or a folder with pages of a course")
        found |= {page.resolve(): page for page in here}
    return list(found.values())


def run_all(pages: list[Path], update: bool) -> int:
    """Run pages several at a time; print what does not hold, in their order, as it is known."""
    held, whole, faults = Counter[str](), Counter[str](), 0
    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        here = map(opened, pages)  # CPython 3.11 may raise if two threads parse (gh-106905)
        for page, report, error in pool.map(partial(checked, update), here):
            if report:
                whole.update(report.page.counts)
                held.update({} if error else report.counts)
                for failure in report.failures:
                    print(as_fault(page, failure.line, failure.message), flush=True)
                faults += len(report.failures)
            if error:
                print(as_fault(page, 1, error), flush=True)
                faults += 1
            elif report and report.edits:
                print(f"{shown(page)}: {counted(len(report.edits), 'place')} rewritten", flush=True)
    end = counted(faults, "fault") if faults else "everything holds"
    print(f"{summary(len(pages), held, whole)}; {end}")
    return 1 if faults else 0


def opened(path: Path) -> tuple[Path, Page | None, str]:
    """Read one page; say why, if it cannot be read."""
    try:
        return path, read(path), ""
    except ConfigError:
        raise
    except (OSError, ValueError) as error:  # the other pages go on
        return path, None, str(error)


def checked(update: bool, entry: tuple[Path, Page | None, str]) -> tuple[Path, Report | None, str]:
    """Run one page that could be read; say why, if it cannot be rewritten."""
    path, page, error = entry
    report = None
    try:
        if page:
            report = run(page, update=update, recall=False)
            if report.edits:
                apply_edits(path, page.text, report.edits)
    except ConfigError:
        raise
    except (OSError, ValueError) as failed:
        error = str(failed)
    return path, report, error


def compare_all(pages: list[Path], translated: bool) -> int:
    """Print where translations differ from their originals, or mark them as up to date."""
    config = config_for(pages[0])
    twins = pairs(pages, config)
    for page, original in twins.items() if translated else ():
        if page.is_file() and original.is_file():
            mark_translated(page, original)
    found = compare(pages, config)
    end = counted(len(found), "difference") if found else "no difference"
    print("\n".join([*found, f"{counted(len(twins), 'translation')} compared: {end}"]))
    return 1 if found else 0


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def as_fault(page: Path, line: int, message: str) -> str:
    first, *rest = message.split("\n")
    return "\n".join([f"{shown(page)}:{line}: {first}", *(f"    {text}" for text in rest)])


def shown(page: Path) -> Path:
    """Name a page as short as a person at the prompt would."""
    here = Path.cwd()
    return page.relative_to(here) if page.is_relative_to(here) else page


if __name__ == "__main__":
    sys.exit(main())

"""What a page's code did, for the build: each page is executed once and remembered in `.cache/`.

The site needs it for the notebooks' outputs and for the counts.  The tests execute every page anew,
and what they have seen hold they leave here for the site that they build.
"""

import hashlib
import json
import os
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path

from docs._build.chapter import Chapter, read_chapter
from docs._build.runner import Tally, run_chapter
from docs._build.site import ROOT

CACHE = ROOT / ".cache" / "chapters"


@dataclass(frozen=True)
class Executed:
    """The counts of one page, its printed texts by line of code, and its failures."""

    counts: dict[str, int]  # the fields of `Tally`, and claims
    printed: dict[int, str]
    failures: tuple[str, ...]  # "path:line: message"


def executed(path: Path) -> Executed:
    """Execute a page, or recall what it did when nothing that it depends on has changed."""
    return _executed(path, _stored(path))


@cache
def _executed(path: Path, stored: Path) -> Executed:
    if stored.is_file():
        found = json.loads(stored.read_text(encoding="utf-8"))
        printed = {int(line): text for line, text in found["printed"].items()}
        return Executed(found["counts"], printed, ())
    chapter = read_chapter(path)
    report = run_chapter(chapter)
    if not report.failures:
        remember(chapter, report.tally, report.printed)
    name = path.relative_to(ROOT).as_posix()
    failures = tuple(f"{name}:{failure.line}: {failure.message}" for failure in report.failures)
    return Executed(_counts(chapter, report.tally), report.printed, failures)


def remember(chapter: Chapter, tally: Tally, printed: dict[int, str]) -> None:
    """Keep what a page did, which has been executed without a failure."""
    stored = _stored(chapter.path)
    CACHE.mkdir(parents=True, exist_ok=True)
    temporary = stored.with_suffix(f".{os.getpid()}")  # others may be writing it, too
    content = {"counts": _counts(chapter, tally), "printed": printed}
    temporary.write_text(json.dumps(content), encoding="utf-8")
    os.replace(temporary, stored)


def _counts(chapter: Chapter, tally: Tally) -> dict[str, int]:
    counts = {field.name: len(getattr(tally, field.name)) for field in fields(Tally)}
    return counts | {"claims": len(chapter.claims)}


def _stored(path: Path) -> Path:
    return CACHE / f"{path.stem}-{_key(path)[:16]}.json"


def _key(path: Path) -> str:
    """Hash the page and all that its results come from."""
    sources = [path, *sorted(ROOT.glob("mkdocs*.yml")), *sorted(ROOT.glob("rnn_tutorial/*.py"))]
    sources += sorted(ROOT.glob("docs/_build/*.py"))
    digest = hashlib.sha256(version("torch").encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()

"""What a page's code did, for the build: each page is executed once and remembered in `.cache/`.

A page and its translations hold the same code, up to comments, and so share what it did.

The site needs it for the notebooks' outputs and for the counts.  The tests execute every page anew,
and what they have seen hold they leave here for the site that they build.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from tools.chapter import Chapter, Code, Fence, Value, read_chapter
from tools.comments import without_comments
from tools.kept import replace
from tools.runner import Tally, run_chapter
from tools.site import ROOT

CACHE = ROOT / ".cache" / "chapters"


@dataclass(frozen=True)
class Executed:
    """The counts of one page, its printed texts by line of code, and its failures."""

    counts: dict[str, int]  # the fields of `Tally`, and claims
    printed: dict[int, str]
    failures: tuple[str, ...]  # "path:line: message"


def executed(path: Path) -> Executed:
    """Execute a page, or recall what it did when nothing that it depends on has changed."""
    return _executed(path, _stored(read_chapter(path)))


@cache
def _executed(path: Path, stored: Path) -> Executed:
    chapter = read_chapter(path)
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / f"{path.stem}.lock"):  # another edition may be executing it just now
        if stored.is_file():
            found = json.loads(stored.read_text(encoding="utf-8"))
            lines = (block.line for block in chapter.of(Code))
            return Executed(found["counts"], dict(zip(lines, found["printed"], strict=True)), ())
        report = run_chapter(chapter)
        if not report.failures:
            remember(chapter, report.tally, report.printed)
    name = chapter.path.relative_to(ROOT).as_posix()
    failures = tuple(f"{name}:{failure.line}: {failure.message}" for failure in report.failures)
    return Executed(_counts(chapter, report.tally), report.printed, failures)


def remember(chapter: Chapter, tally: Tally, printed: dict[int, str]) -> None:
    """Keep what a page did, which has been executed without a failure."""
    stored = _stored(chapter)
    texts = [printed[block.line] for block in chapter.of(Code)]
    content = {"counts": _counts(chapter, tally), "printed": texts}
    replace(stored, json.dumps(content).encode())


def _counts(chapter: Chapter, tally: Tally) -> dict[str, int]:
    counts = {field.name: len(getattr(tally, field.name)) for field in fields(Tally)}
    return counts | {"claims": len(chapter.claims)}


@lru_cache(maxsize=256)
def _stored(chapter: Chapter) -> Path:
    """Name the file by all that the results come from."""
    digest = hashlib.sha256(version("torch").encode())
    digest.update("\0".join(_parts(chapter)).encode())
    for source in sorted([*ROOT.glob("rnn_tutorial/*.py"), *ROOT.glob("tools/*.py")]):
        digest.update(source.read_bytes())
    return CACHE / f"{chapter.path.stem}-{digest.hexdigest()[:16]}.json"


def _parts(chapter: Chapter) -> Iterator[str]:
    """Write down what is executed, compared and verified, in order.

    Between two blocks of code the order of values does not matter, and differs among languages.
    """
    values: list[str] = []
    for item in chapter.items:
        if isinstance(item, Value):
            values.append(f"{item.text}: {item.expression}")
            continue
        yield from sorted(values)
        values = []
        yield type(item).__name__
        if isinstance(item, Fence):
            yield without_comments(item.code, item.language)
    yield from sorted(values)
    yield str(len(chapter.claims))

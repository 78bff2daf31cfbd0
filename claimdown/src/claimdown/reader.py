"""Read a page: every code block, output, verified value, claim and fault in it, in page order.

Each thing has one written form.  Every other form of it is a `Problem` at its line, so that what
the site shows as code, output or value cannot be anything that was not executed or compared.
"""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from claimdown.blocks import cut, misplaced
from claimdown.claims import claims_of
from claimdown.config import DAY, config_for, is_list, is_time
from claimdown.fences import fences
from claimdown.forms import malformed, ragged_tables
from claimdown.numbers import numbers_in
from claimdown.page import Item, Page, Problem, Refused
from claimdown.source import Source, page_text, with_line_feeds
from claimdown.texts import values_in

NOT_UTF8 = re.compile("[\udc80-\udcff]")
# Pages that were read, with the times at which what they include was changed last.
_known: dict[Path, tuple[Page, dict[Path, int]]] = {}


def read(path: Path, text: str | None = None) -> Page:
    """Read one page, or another text as if it stood in its file.

    A page whose text, includes and configuration are as before is not read again.
    Raises nothing for a fault in the page: faults are `Problem` items, in their places.

    Raises:
        ConfigError: if the course's configuration is wrong.
        OSError: if there is no such file.
    """
    path, config = path.resolve(), config_for(path)
    text = page_text(path) if text is None else with_line_feeds(text)
    page, times = _known.get(path, (None, {}))
    if not page or (page.text, page.config, times) != (text, config, _times(page)):
        page = _read(Source(path, text, config))
        _known[path] = page, _times(page)
    return page


def _times(page: Page) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns if file.is_file() else 0 for file in page.included}


def _read(source: Source) -> Page:
    found = list(fences(source))
    blocks = tuple(cut(source.lines, source.first, found))
    values = [value for block in blocks for value in values_in(source, block)]
    claims = tuple(claims_of(source, blocks))
    for line, why in chain(
        _front_matter(source), malformed(source, blocks), ragged_tables(blocks), misplaced(blocks)
    ):
        source.refuse(line, why)
    for number, text in enumerate(source.lines, 1):
        if NOT_UTF8.search(text):
            source.refuse(number, "this line is not valid UTF-8")
    starts = [(source.start(line), line, why) for line, why in source.faults]
    problems = [Problem(line, start, start, why) for start, line, why in starts]
    kept = [fence for fence in found if not isinstance(fence, Refused)]
    items: list[Item] = sorted([*problems, *kept, *values], key=lambda item: (item.start, item.end))
    return Page(
        source.path, source.text, source.config, source.edition, source.meta,
        tuple(items), claims, blocks, frozenset(source.included),
    )  # fmt: skip


def _front_matter(source: Source) -> Iterator[tuple[int, str]]:
    """Report what is missing, or not verified, in the lines before the body."""
    begins = source.text.removeprefix("\ufeff").startswith("---\n")
    if begins != bool(source.meta):
        message = "the front matter is a YAML mapping between two lines ---"
        yield 1, f"{message}; what stands here is not, and the site may show it as text"
        return
    for key in source.config.front_matter:
        if not source.meta.get(key):
            yield 1, f"the front matter has no {key}: add a line `{key}: …`"
    if not is_list(found := source.meta.get("requires", [])):
        at = source.text.count("\n", 0, source.text.find("\nrequires:") + 1) + 1
        yield at, f"`requires` is a list of packages, such as [numpy]; found {found!r}"
    limit = source.meta.get("timeout", 1)
    for line_number, line in enumerate(source.lines[: source.first - 1], 1):
        if not line.startswith("timeout:"):
            for _, text, _ in numbers_in(line):
                yield line_number, f'the number "{text}" in the front matter cannot be verified'
        elif not is_time(limit):
            expected = f"a number of seconds above 0 and at most {DAY:g}"
            yield line_number, f"a timeout is {expected}; found {limit!r}"

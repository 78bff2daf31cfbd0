"""How much of the site, or of one page of it, is executed, compared and verified.

```` ```checks ```` holds one word: `table`, for a row a page, or `summary`, for the site's sums.
A custom fence of SuperFences, named in mkdocs.yml.  `page_counts` says it of a page.
"""

import re
from collections import Counter
from html import escape
from pathlib import Path
from typing import Any

from markdown import Markdown

from tools.chapter import without_front_matter
from tools.executed import executed
from tools.site import pages
from tools.words import WORDS, Words

COLUMNS = ("executed", "compared", "verified", "claims", "skipped", "shown")
SUMMARY = COLUMNS[:-1]


def render(
    source: str, language: str, css_class: str, options: dict[str, Any], md: Markdown, **_: Any
) -> str:
    """Return the fence's HTML; SuperFences calls this.

    Raises:
        ValueError: if the fence holds another word.
    """
    if getattr(md, "reading", False):
        return ""  # the page is being checked: it cannot wait for its own result
    kinds = {"table": _table, "summary": _summary}
    kind = source.strip()
    if kind not in kinds:
        raise ValueError(f"checks: expected one of {', '.join(kinds)}, got {kind!r}")
    language = getattr(md, "language", "en")
    return kinds[kind]({page: executed(page).counts for page in pages(language)}, WORDS[language])


def page_counts(counts: dict[str, int], checks: str, language: str) -> str:
    """Say what of a page was computed and compared, with a link to `checks`, which says how.

    Returns "" if there is nothing of the kind.
    """
    found = [counts[kind] for kind in ("verified", "compared", "claims")]
    if not any(found):
        return ""
    return f'<p class="rnn-counts">{WORDS[language].counts(*found, checks)}</p>'


def title(page: Path) -> str:
    """Return a page's first heading, without its attributes."""
    body, _ = without_front_matter(page.read_text(encoding="utf-8"))
    found = re.search(r"^# (.+?)(?:\s*\{[^}]*\})?\s*$", body, re.MULTILINE)
    return found[1] if found else page.stem


def _total(counts: dict[Path, dict[str, int]]) -> Counter[str]:
    return sum((Counter(row) for row in counts.values()), Counter())


def _table(counts: dict[Path, dict[str, int]], words: Words) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in words.columns)
    rows = [(escape(title(page)), row) for page, row in counts.items() if any(row.values())]
    body = "".join(_row(name, row) for name, row in rows)
    foot = _row(words.all_pages, _total(counts))
    return (
        f'<div class="checks" data-search-exclude><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody><tfoot>{foot}</tfoot></table></div>"
    )


def _row(name: str, row: dict[str, int]) -> str:
    cells = "".join(f"<td>{row.get(column, 0)}</td>" for column in COLUMNS)
    return f'<tr><th scope="row">{name}</th>{cells}</tr>'


def _summary(counts: dict[Path, dict[str, int]], words: Words) -> str:
    total = _total(counts)
    named = zip(SUMMARY, words.summary, strict=True)
    items = [f"<li><strong>{total[kind]}</strong> {what}</li>" for kind, what in named]
    return f'<ul class="checks">{"".join(items)}</ul>'

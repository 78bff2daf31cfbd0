"""The bibliography lists what the pages cite, and nothing else."""

import re
from pathlib import Path

import pytest
from bs4 import Tag

from tests.course.rendering import rendered
from tests.course.rules import citations
from tools.site import LANGUAGES, ROOT, docs_dir

DOCS = ROOT / "docs/en"
PAGE = DOCS / "look-up/bibliography.md"
NAMED = re.compile(r"([A-Z]\w+)(?: and [A-Z]\w+| et\s+al\.)? \(((?:19|20)\d\d)\)")
SOURCES = [path for language in LANGUAGES for path in sorted(docs_dir(language).rglob("*"))
           if path.suffix in (".md", ".py")]  # fmt: skip


def entries() -> list[Tag]:
    return rendered(PAGE).find_all("dt")


def name_of(entry: Tag) -> str:
    return str(entry["id"])


def links(entry: Tag) -> list[str]:
    """List the addresses of an entry: first the work's, then those of the citing pages."""
    meaning = entry.find_next_sibling("dd")
    assert isinstance(meaning, Tag)
    return [str(link["href"]) for link in meaning.find_all("a")]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_bibliography_gives_a_page_what_it_cites_and_nothing_else(path: Path) -> None:
    assert citations(path, path.read_text(encoding="utf-8")) == []


def test_every_entry_is_cited_by_a_page() -> None:
    assert len(entries()) > 15
    for entry in entries():
        _, *listed = links(entry)
        assert listed, name_of(entry)
        assert {(PAGE.parent / page).resolve() for page in listed} <= set(SOURCES)


def test_entries_are_sorted_and_listed_once() -> None:
    works = [links(entry)[0] for entry in entries()]
    assert len(set(works)) == len(works)
    names = [entry.get_text() for entry in entries()]
    assert names == sorted(names, key=str.casefold)


def test_sources_of_the_package_are_listed() -> None:
    listed = [entry.get_text() for entry in entries()]
    found = {
        match.groups()
        for path in sorted((ROOT / "rnn_tutorial").glob("*.py"))
        for match in NAMED.finditer(path.read_text(encoding="utf-8"))
    }
    assert ("Elman", "1990") in found
    missing = {
        (author, year)
        for author, year in found
        if not any(text.startswith(author) and f"({year})" in text for text in listed)
    }
    assert missing == set()

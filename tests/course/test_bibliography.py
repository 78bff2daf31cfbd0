"""The bibliography lists what the pages cite, and nothing else."""

import re
from pathlib import Path

import pytest
from bs4 import Tag

from tests.course.rendering import rendered
from tools.site import ROOT

DOCS = ROOT / "docs/en"
PAGE = DOCS / "look-up/bibliography.md"
PAPER = re.compile(r"https?://(?:arxiv\.org|(?:dx\.)?doi\.org)/[^\s)>\]\"`]+")
NAMED = re.compile(r"([A-Z]\w+)(?: and [A-Z]\w+| et\s+al\.)? \(((?:19|20)\d\d)\)")
SOURCES = [path for path in sorted(DOCS.rglob("*")) if path.suffix in (".md", ".py")]
CITING = {path: path.read_text(encoding="utf-8") for path in SOURCES if path != PAGE}


def entries() -> list[Tag]:
    return rendered(PAGE).find_all("dt")


def name_of(entry: Tag) -> str:
    return str(entry["id"])


def links(entry: Tag) -> list[str]:
    """List the addresses of an entry: first the work's, then those of the citing pages."""
    meaning = entry.find_next_sibling("dd")
    assert isinstance(meaning, Tag)
    return [str(link["href"]) for link in meaning.find_all("a")]


def cited_in(address: str) -> set[Path]:
    whole = re.compile(re.escape(address) + r"(?![\w/])")  # not as the beginning of another
    return {path for path, text in CITING.items() if whole.search(text)}


def test_every_paper_that_a_page_links_is_listed() -> None:
    linked = {address for text in CITING.values() for address in PAPER.findall(text)}
    assert linked - {links(entry)[0] for entry in entries()} == set()
    assert len(linked) > 15


@pytest.mark.parametrize("entry", entries(), ids=name_of)
def test_entry_names_the_pages_that_cite_it(entry: Tag) -> None:
    work, *listed = links(entry)
    named = {(PAGE.parent / page).resolve() for page in listed}
    assert named
    assert named == cited_in(work)


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

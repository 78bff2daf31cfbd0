"""The glossary leads to the chapters and labs, and the chapters lead to it."""

import re

import pytest
from bs4 import Tag

from tests.course.rendering import rendered
from tools.site import ROOT, labs, pages

GLOSSARY = ROOT / "docs/en/look-up/glossary.md"
ENTRIES = re.compile(r"look-up/glossary\.md#([a-z-]+)|\(glossary\.md#([a-z-]+)")


def entries() -> list[Tag]:
    return rendered(GLOSSARY).find_all("dt")


def term_of(entry: Tag) -> str:
    """Return the English term, which comes before the Chinese one."""
    return str(entry.find(string=True)).strip()


def faults(entry: Tag) -> list[str]:
    """List what an entry lacks: a Chinese term, a sentence, a link to a page with the term."""
    meaning = entry.find_next_sibling("dd")
    chinese, link = entry.select_one("[lang=zh]"), meaning and meaning.find("a")
    if not chinese or not re.search(r"[一-鿿]", chinese.get_text()):
        return ["no Chinese term"]
    if not isinstance(meaning, Tag) or not isinstance(link, Tag):
        return ["no link to a chapter"]
    name, _, anchor = str(link["href"]).partition("#")
    target = (GLOSSARY.parent / name).resolve()
    if target not in [*pages(), *labs()]:
        return [f"{name} is no page"]
    found = []
    page = rendered(target)
    if not page.find(id=anchor):
        found.append(f"{name} has no anchor {anchor}")
    if term_of(entry).casefold() not in " ".join(page.get_text().split()).casefold():
        found.append(f"{name} does not contain {term_of(entry)!r}")
    sentence = meaning.get_text().removesuffix(link.get_text()).strip()
    if not sentence.endswith("."):
        found.append("no sentence")
    return found


def test_there_are_enough_entries_and_each_has_its_own_anchor() -> None:
    anchors = [str(entry.get("id", "")) for entry in entries()]
    assert len(anchors) >= 50
    assert all(anchors)
    assert len(set(anchors)) == len(anchors)


@pytest.mark.parametrize("entry", entries(), ids=term_of)
def test_entry_is_complete_and_its_chapter_contains_the_term(entry: Tag) -> None:
    assert faults(entry) == []


def test_main_terms_are_linked_from_the_chapters() -> None:
    linked = {
        found[1] or found[2]
        for page in pages()
        if page.parent != ROOT / "docs/en" and page != GLOSSARY
        for found in ENTRIES.finditer(page.read_text(encoding="utf-8"))
    }
    assert linked <= {str(entry["id"]) for entry in entries()}
    assert len(linked) >= 15

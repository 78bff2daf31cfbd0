"""What the reader found in a page is recalled until something that it comes from has changed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tools.chapter import Code, read_chapter
from tools.kept import kept

from tools import chapter
from tools import kept as keeping
from tools.site import docs_dir

Keep = Callable[[str], str]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(keeping, "ROOT", tmp_path)
    monkeypatch.setattr(keeping, "CACHE", tmp_path / ".cache")
    return tmp_path


@pytest.fixture
def keep(project: Path) -> Keep:
    """Return what keeps a page that includes `part.py`, and says how often that was read."""
    (project / "part.py").write_text("1")
    readings: list[str] = []

    def read() -> tuple[str, set[str]]:
        readings.append("once")
        return f"read {len(readings)} times", {"part.py"}

    return lambda text: kept(project / "docs" / "page.md", text, read)


def test_page_that_has_not_changed_is_recalled(keep: Keep) -> None:
    assert [keep("text"), keep("text"), keep("text")] == ["read 1 times"] * 3


def test_other_text_is_read(keep: Keep) -> None:
    assert [keep("text"), keep("new"), keep("text")] == [f"read {n} times" for n in (1, 2, 3)]


@pytest.mark.parametrize("content", ["2", None])
def test_change_of_what_it_includes_is_seen(keep: Keep, project: Path, content: str | None) -> None:
    keep("text")
    if content is None:
        (project / "part.py").unlink()
    else:
        (project / "part.py").write_text(content)
    assert keep("text") == "read 2 times"
    assert keep("text") == "read 2 times"


def test_change_of_the_reader_is_seen(keep: Keep, monkeypatch: pytest.MonkeyPatch) -> None:
    keep("text")
    monkeypatch.setattr(keeping, "reader_state", lambda: "another")
    assert keep("text") == "read 2 times"


def test_page_with_a_fault_is_read_again(project: Path) -> None:
    page = project / "page.md"
    assert kept(page, "text", lambda: ("first", None)) == "first"
    assert kept(page, "text", lambda: ("second", None)) == "second"


def test_recalled_page_is_the_page_as_it_is_read() -> None:
    page = docs_dir() / "gates" / "lstm-by-hand.md"
    recalled, text = read_chapter(page), page.read_text(encoding="utf-8")
    fresh = read_chapter(page, text)  # a text in a page's place is not looked up
    assert recalled is not fresh
    assert (recalled.text, recalled.html) == (text, fresh.html)
    assert (recalled.items, recalled.claims) == (fresh.items, fresh.claims)
    assert len(recalled.of(Code)) > 10


def test_project_may_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    page = docs_dir() / "foundations" / "memory.md"
    before = replace(read_chapter(page), path=Path("/elsewhere/memory.md"))
    monkeypatch.setattr(chapter, "kept", lambda *_: before)
    monkeypatch.setattr(chapter, "_included", lambda: ("another",))  # not as this process knows it
    assert read_chapter(page).path == page

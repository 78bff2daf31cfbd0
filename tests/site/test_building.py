"""A build is kept for the next run until something changes; two builds are the same."""

import hashlib
import shutil
from pathlib import Path

import pytest

from tests.site import building
from tests.site.building import build_failure, recalled_or_built, state


def digests(site: Path) -> dict[str, str]:
    files = (path for path in sorted(site.rglob("*")) if path.is_file())
    return {
        path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_a_second_build_is_the_same_byte_for_byte(built_site: Path, tmp_path: Path) -> None:
    """The first may be the one of an earlier run: what it depends on, its name holds."""
    assert not build_failure(tmp_path)
    first, second = digests(built_site), digests(tmp_path)
    assert len(first) > 100
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


FILES = ["docs/en/gates/page.md", "docs/assets/site.css", "tools/theme/main.html", "mkdocs.zh.yml",
         "tools/hooks.py", "rnn_tutorial/cells.py", "claimdown/src/claimdown/reader.py",
         "pyproject.toml"]  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in FILES:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("old", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", FILES)
def test_state_changes_with_each_file(root: Path, name: str) -> None:
    states = {state(root)}
    (root / name).write_text("new", encoding="utf-8")
    states.add(state(root))
    (root / name).rename(root / name.replace(".", "_renamed."))
    states.add(state(root))
    assert len(states) == 3


def test_state_changes_with_nothing_else(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = state(root)
    for name in ("tests/test.py", "tools/hooks.cpython-311.pyc", "README.md"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("new", encoding="utf-8")
    assert state(root) == before
    monkeypatch.setattr(building, "settings", lambda language: {"site_url": "elsewhere"})
    assert state(root) != before


def test_site_is_kept_until_its_state_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, built = ["a"], []

    def build(target: Path) -> str:
        built.append(now[0])
        target.mkdir()
        (target / "index.html").write_text(now[0], encoding="utf-8")
        if now[0] == "changed meanwhile":
            now[0] = "b"
        return "it fails" if now[0] == "wrong" else ""

    monkeypatch.setattr(building, "build_failure", build)
    monkeypatch.setattr(building, "state", lambda: now[0])

    def page(state: str = "") -> str:
        now[0] = state or now[0]
        shutil.rmtree(tmp_path / "site", ignore_errors=True)
        said = recalled_or_built(tmp_path / "site", tmp_path / "kept")
        return said or (tmp_path / "site" / "index.html").read_text(encoding="utf-8")

    assert [page("a"), page()] == ["a", "a"]
    assert built == ["a"]
    assert page("changed meanwhile") == "changed meanwhile"
    assert list((tmp_path / "kept").iterdir()) == []
    assert [page(), page()] == ["b", "b"]
    assert [page("wrong"), page(), page("a")] == ["it fails", "it fails", "a"]
    assert built == ["a", "changed meanwhile", "b", "wrong", "wrong", "a"]
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["a"]

"""The author's path: a chapter is laid out and a page is checked, in a copy of the project."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.site import ROOT

# What the two commands read.
COPIED = ["claimdown", "docs/assets/figures", "docs/en", "docs/zh", "mkdocs.yml", "mkdocs.zh.yml",
          "pyproject.toml", "rnn_tutorial", "tests", "tools"]  # fmt: skip
GENERATED = ("__pycache__", "node_modules")
SLUG = "laid-out-by-a-test"
NAME = f"learning/{SLUG}"
EN, ZH = f"docs/en/{NAME}.md", f"docs/zh/{NAME}.md"
CHANGED = {EN, ZH, "mkdocs.yml", "mkdocs.zh.yml", "tests/course/mutations.py"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project, and lay a chapter out in the copy."""
    folder = tmp_path_factory.mktemp("project")
    for name in COPIED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(*GENERATED))
        else:
            shutil.copy(ROOT / name, folder / name)
    told = author(folder, "chapter", NAME, "A loop")
    assert told.returncode == 0, told.stderr
    return folder


@pytest.fixture(autouse=True)
def as_laid_out(project: Path) -> Iterator[None]:
    """Take back what a test changes."""
    before = {name: (project / name).read_bytes() for name in CHANGED}
    yield
    for name, content in before.items():
        (project / name).write_bytes(content)


def author(folder: Path, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return module(folder, f"tools.author.{command}", *arguments)


def module(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the copied project."""
    paths = os.pathsep.join([str(folder / "claimdown/src"), str(folder)])
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_chapter_has_pages_lines_in_both_navigations_and_a_stub(project: Path) -> None:
    for name in ("mkdocs.yml", "mkdocs.zh.yml"):
        old, new = ((folder / name).read_text(encoding="utf-8") for folder in (ROOT, project))
        (line,) = set(new.split("\n")) - set(old.split("\n"))
        assert line in (
            f"      - A loop: {NAME}.md",
            f"      - TODO 译出标题: {NAME}.md",
        )
        assert new.replace(f"{line}\n", "") == old, "comments and order stay"
        lines = new.split("\n")
        assert "learning/debugging.md" in lines[lines.index(line) - 1]
    old, new = (
        (folder / "tests/course/mutations.py").read_text("utf-8") for folder in (ROOT, project)
    )
    assert new.startswith(old.removesuffix("]\n"))
    assert f'"{SLUG}": ["' in new


@pytest.mark.parametrize(
    ("name", "title", "message"),
    [
        ("zoneout", "", "NAME: expected FOLDER/PAGE, FOLDER one of foundations, gates, learning, "),
        ("nowhere/zoneout", "", "NAME: expected FOLDER/PAGE, FOLDER one of foundations, gates, "),
        ("learning/Zone_out", "", "PAGE small letters and hyphens; got 'learning/Zone_out'"),
        ("learning/../x", "", "NAME: expected FOLDER/PAGE"),
        (f"gates/{SLUG}", "", f"NAME: expected a new page, got 'gates/{SLUG}', and there is docs/"),
        ("learning/new", "a: b", "TITLE: expected letters, digits, blanks and .,'’- that begin"),
    ],
)
def test_wrong_name_is_refused_and_nothing_written(
    project: Path, name: str, title: str, message: str
) -> None:
    before = {name: (project / name).read_bytes() for name in CHANGED}
    told = author(project, "chapter", name, title)
    assert told.returncode == 2
    assert message in told.stderr
    assert before == {name: (project / name).read_bytes() for name in CHANGED}
    assert not (project / f"docs/en/{name}.md").exists()


def test_what_is_not_filled_in_is_named(project: Path) -> None:
    told = author(project, "page", ZH)
    assert told.returncode == 1
    faults = told.stdout.splitlines()[:-1]
    files = {fault.split(":")[0] for fault in faults}
    assert files == CHANGED - {"mkdocs.yml"}
    left = [fault for fault in faults if ": not filled in: TODO " not in fault]
    assert [fault for fault in left if not fault.startswith(f"{ZH}:2: not translated yet")] == []
    assert told.stdout.endswith(f"{ZH}: {len(faults)} faults\n")


def test_stub_of_a_wrong_line_fails_by_name(project: Path) -> None:
    test = "tests/course/test_mutations.py"
    told = module(project, "pytest", "-n0", "-q", "-p", "no:cacheprovider", test, "-k", "TODO")
    assert "1 failed" in told.stdout
    assert re.search(r"tests/course/mutations\.py:\d+: not filled in: TODO", told.stdout)


def names_all(told: subprocess.CompletedProcess[str], patterns: list[str]) -> None:
    assert told.returncode == 1
    for pattern in patterns:
        assert re.search(f"(?m)^{pattern}", told.stdout), f"{pattern}\n{told.stdout}"


def test_page_is_filled_in_and_its_faults_are_named(project: Path) -> None:
    """Here are several faults at once; each is named with file, line and remedy."""
    for name in (EN, ZH):
        text = re.sub(r"TODO ?", "", (project / name).read_text(encoding="utf-8"))
        text = text.replace("[4, 16, 5]\n", "?\n").replace("`[4, 16, 5]`", "`?`")
        (project / name).write_text(text, encoding="utf-8")
    change(project, EN, "and one figure.", "as in [a paper](https://arxiv.org/abs/1.2).")
    change(project, EN, "`require_shape` from", "`require_shape` and `gru_cell` from")
    change(project, EN, "print(list", "import math\nprint(list")
    change(project, EN, "](../foundations/memory.md)", "](../foundations/memory.md#nowhere)")
    change(project, EN, "assert not torch.equal(x, x.flip(1))", "assert torch.equal(x, x.flip(1))")
    stub = {f"TODO a file of rnn_tutorial/, such as cells.py, or {SLUG}.md": f"{SLUG}.md",
            " for a line of the page's own": "", "TODO what stands there, once": "x.clone()",
            "TODO what would be wrong": "x.detach()", "TODO a mistake": "a mistake",
            '["TODO Say what': '["Say what'}  # fmt: skip
    for old, new in stub.items():
        change(project, "tests/course/mutations.py", old, new)
    first = [
        rf"{EN}: the fold of earlier definitions written",
        rf"{EN}:\d+: the page does not use gru_cell, or defines it; drop it from this",
        rf"{EN}: 2 outputs and values written",
        rf"{ZH}: 2 outputs and values written",
        rf"{EN}:\d+: AssertionError",
        rf"{EN}: it does not hold, so its wrong lines were not run",
    ]
    second = [
        rf"{ZH}:\d+: here is .* has 'import math'",
        rf"{ZH}:\d+: section idea .* has changed since it was translated; .*--translated {ZH}",
        rf"{EN}:\d+: docs/en/foundations/memory.md has no #nowhere; link one of its headings' ids",
        rf"{EN}:\d+: https://arxiv.org/abs/1.2 is not in docs/en/look-up/bibliography.md; add an ",
        rf"{EN}:\d+: import math belongs into the first block; move it there",
        r"mkdocs.zh.yml:\d+: not filled in: TODO 译出标题",
        rf"tests/course/mutations.py:\d+: {SLUG} still holds with it: 'Say what equals what \(eq",
    ]
    names_all(author(project, "page", EN), first)
    change(project, EN, "assert torch.equal(x, x.flip(1))", "assert not torch.equal(x, x.flip(1))")
    names_all(author(project, "page", EN), second)
    text = (project / EN).read_text(encoding="utf-8")
    assert "\n[4, 16, 5]\n" in text
    names = ["require_shape", "require_cell", "gru_cell", "gru_update"]
    assert re.findall(r"--8<--.*:(\w+)", text) == names
    assert '`[4, 16, 5]`{ .verified expr="list(x.shape)" }' in (project / ZH).read_text("utf-8")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "P: expected a page *.md under docs/en or docs/zh, got ''"),
        ("README.md", "P: expected a page *.md under docs/en or docs/zh, got 'README.md'"),
        ("docs/en/learning/new.md", "P: there is no docs/en/learning/new.md; make chapter NAME="),
    ],
)
def test_wrong_page_is_refused(project: Path, name: str, message: str) -> None:
    told = author(project, "page", name)
    assert told.returncode == 2
    assert told.stderr.startswith(message)

"""Rules that the repository sets for itself, read off its files."""

import ast
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rnn_tutorial
from tests.course.rules import about, exported, public_names

ROOT = Path(__file__).parents[2]
MODULES = sorted(ROOT.glob("rnn_tutorial/*.py"))
LONGEST_FUNCTION = 25


@pytest.mark.parametrize("name", rnn_tutorial.__all__)
def test_public_name_is_documented_shown_in_a_chapter_and_in_the_reference(name: str) -> None:
    assert about(public_names()[name]) == []


def test_all_lists_every_public_name() -> None:
    assert public_names().keys() == exported() == set(rnn_tutorial.__all__)


def code_lines(function: ast.FunctionDef) -> int:
    """Count the lines of a function, signature included, docstring and blank lines left out."""
    first = function.body[0]
    length = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function) is None:
        return length
    return length - ((first.end_lineno or 0) - first.lineno + 1)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_functions_are_short_and_documented(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            assert code_lines(node) <= LONGEST_FUNCTION, f"{path.name}:{node.lineno}: {node.name}"
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in rnn_tutorial.__all__:
            assert ast.get_docstring(node), f"{path.name}:{node.lineno}: {node.name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_package_imports_torch_and_the_standard_library(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno}: relative import"
            imported.add(node.module or "")
    allowed = {"torch", "rnn_tutorial", *sys.stdlib_module_names}
    assert {name.split(".")[0] for name in imported} <= allowed


def test_ruff_looks_at_every_file() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--show-files"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    folders = (ROOT / name for name in ("benchmarks", "docs", "rnn_tutorial", "tests", "tools"))
    ours = {path for folder in folders for path in folder.rglob("*.py")}
    ours = {path for path in ours if "node_modules" not in path.parts}
    assert ROOT / "tools/hooks.py" in ours
    assert ours <= set(map(Path, done.stdout.splitlines()))


def brought_in(package: str, extras: set[str], seen: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Collect (distribution, who asks) for all that a package and its extras need here."""
    try:
        lines = requires(package) or []
    except PackageNotFoundError:
        return seen
    for requirement in map(Requirement, lines):
        name = canonicalize_name(requirement.name)
        marker = requirement.marker
        wanted = marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""})
        if wanted and (name, package) not in seen:
            seen.add((name, package))
            brought_in(name, set(requirement.extras), seen)
    return seen


def test_constraints_pin_all_that_the_extras_bring_in() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    for pin in pins:
        assert re.fullmatch(r"==[^*,]+", str(pin.specifier)), f"{pin}: not an exact version"
    here = [pin.name for pin in pins if pin.marker is None or pin.marker.evaluate()]
    assert len(here) == len(set(here)), "two lines hold for one package"
    needed = brought_in("rnn-tutorial", {"docs", "test"}, set())
    unpinned = {f"{name} (for {asks})" for name, asks in needed if name not in here}
    assert not unpinned


def test_workflows_pin_actions_by_commit() -> None:
    used = [
        (path.name, line.strip())
        for path in sorted(ROOT.glob(".github/workflows/*.yml"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "uses:" in line
    ]
    assert used
    for name, line in used:
        assert re.search(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), f"{name}: {line}"

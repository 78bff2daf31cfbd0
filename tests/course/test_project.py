"""Rules that the repository sets for itself, read off its files."""

import ast
import importlib
import inspect
import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import rnn_tutorial

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs/en/reference"
MODULES = sorted(ROOT.glob("rnn_tutorial/*.py"))
LONGEST_FUNCTION = 25


def defined_in(name: str) -> str:
    """Return the path, from the root, of the file that defines a public name."""
    module = importlib.import_module(getattr(rnn_tutorial, name).__module__)
    return Path(module.__file__ or "").relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", rnn_tutorial.__all__)
def test_public_name_is_shown_in_a_chapter(name: str) -> None:
    include = f'--8<-- "{defined_in(name)}:{name}"'
    chapters = ROOT.glob("docs/en/**/*.md")
    shown = [path for path in chapters if include in path.read_text(encoding="utf-8")]
    assert shown, f"no chapter under docs/en includes it: {include}"


@pytest.mark.parametrize("name", rnn_tutorial.__all__)
def test_docstring_ends_with_the_page_that_explains_the_name(name: str) -> None:
    last = (getattr(rnn_tutorial, name).__doc__ or "").strip().splitlines()[-1].strip()
    named = re.fullmatch(r"Explained in: (docs/en/[\w/-]+\.md)", last)
    assert named, f"{defined_in(name)}: {name}: its docstring ends with {last!r}"
    page = ROOT / named[1]
    assert page.is_file(), f"{defined_in(name)}: {name}: there is no {named[1]}"
    include = f'--8<-- "{defined_in(name)}:{name}"'
    assert include in page.read_text(encoding="utf-8"), f"{named[1]} does not include it: {include}"


@pytest.mark.parametrize("name", rnn_tutorial.__all__)
def test_docstring_has_an_example(name: str) -> None:
    if not name.endswith("Base"):  # what only its subclasses can run
        # Python 3.13 takes the indentation away, and older versions keep it.
        documented = inspect.cleandoc(getattr(rnn_tutorial, name).__doc__ or "")
        assert "\n>>> " in documented, f"{defined_in(name)}: {name}: no example to execute"


@pytest.mark.parametrize("name", rnn_tutorial.__all__)
def test_reference_has_a_section_and_a_row_for_every_name(name: str) -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md")}
    heading, include = f"## `{name}` {{ #{name} }}\n", f'--8<-- "{defined_in(name)}:{name}"'
    (page,) = [path for path, text in pages.items() if heading in text]
    assert include in pages[page]
    rows = pages[REFERENCE / "index.md"].splitlines()
    (row,) = [row for row in rows if row.startswith(f"| [`{name}`]({page.name}#{name}) |")]
    explained = (getattr(rnn_tutorial, name).__doc__ or "").split("Explained in: docs/en/")[1]
    assert row.endswith(f"({os.path.relpath(explained.strip(), 'reference')}) |")


def test_all_lists_every_public_name() -> None:
    public = {
        node.name
        for path in MODULES
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    assert public == set(rnn_tutorial.__all__)


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

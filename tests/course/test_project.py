"""Rules that the repository sets for itself, read off its files."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import rnn_tutorial
from claimdown.reader import read
from rnn_tutorial import heads, recurrences
from tests.course.rules import CHAPTERS, CLAIMED, about, exported, public_names, size_of
from tools.site import navigation

ROOT = Path(__file__).parents[2]
MODULES = sorted(ROOT.glob("rnn_tutorial/**/*.py"))
PUBLIC = [*rnn_tutorial.__all__, *heads.__all__, *recurrences.__all__]
LONGEST_FUNCTION = 28


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_is_documented_shown_in_a_chapter_and_in_the_reference(name: str) -> None:
    assert about(public_names()[name]) == []


def test_claims_can_be_read() -> None:
    pages = [page for page in navigation() if page.parent.name in CHAPTERS]
    lines = {page.stem: size_of(read(page)).claims for page in pages}
    assert sum(lines.values()) <= CLAIMED, lines


def test_all_lists_every_public_name() -> None:
    assert public_names().keys() == exported() == set(PUBLIC)


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
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name in PUBLIC:
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


# ---- other releases of PyTorch ----------------------------------------------------------------


def pins(name: str) -> list[str]:
    """Return the versions of a package that constraints.txt pins, one for each range of Pythons."""
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    return re.findall(rf"(?m)^{name}==(\S+)", text)


def would_run(*arguments: str) -> str:
    """Return what make would run for a release that is not installed."""
    command = ["make", "--no-print-directory", "-n", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_another_pytorch_has_an_environment_of_its_own(tmp_path: Path) -> None:
    printed = would_run("test", "TORCH=0.1.2")
    assert ".venv" not in printed
    assert "-m venv .cache/torch-0.1.2\n" in printed
    assert "-c .cache/torch-0.1.2/constraints.txt 'torch==0.1.2' -e ./claimdown" in printed
    what = 'pytest -m "not browser" docs rnn_tutorial tests/package'
    assert printed.splitlines()[-1] == f".cache/torch-0.1.2/bin/python -m {what}"
    assert "'torch>=0.dev0' -e" in would_run("test", "TORCH=nightly", "VENV=nowhere")
    plain = would_run("test", f"VENV={tmp_path}/not-there")
    assert "-c constraints.txt  -e ./claimdown" in plain
    assert plain.splitlines()[-1].endswith('pytest -m "not browser" ')


def test_another_pytorch_brings_its_own_dependencies() -> None:
    filtered = re.search(r"(?m)^(sed .*) > ", would_run("test", "TORCH=0.1.2"))
    assert filtered, "constraints.txt is not filtered"
    done = subprocess.run(
        filtered[1], shell=True, cwd=ROOT, capture_output=True, text=True, check=True
    )
    kept = set(re.findall(r"(?m)^([\w-]+)==", done.stdout))
    needed = {name for name, _ in brought_in("rnn-tutorial", {"docs", "test"}, set())}
    others = needed - {name for name, _ in brought_in("torch", set(), set())} - {"torch"}
    assert others <= kept
    # PyTorch 2.6.0 asks for one version of sympy, and not for the one that is pinned.
    assert not {"torch", "sympy", "mpmath"} & kept
    assert not [name for name in kept if name.startswith(("nvidia", "cuda", "triton"))]


def test_workflow_runs_the_oldest_the_pinned_and_the_newest_pytorch() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]["test"]["strategy"]["matrix"]["include"]
    releases = {job.get("torch", "as pinned") for job in jobs}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    floor = next(line for line in project["dependencies"] if line.startswith("torch"))
    oldest = floor.removeprefix("torch>=")
    newest = max(pins("torch"), key=Version)
    assert {"as pinned", newest} < releases
    assert Version(oldest) in {Version(release) for release in releases - {"as pinned"}}
    assert {job["python"] for job in jobs} >= {
        project["requires-python"].removeprefix(">="),
        "3.15",
    }
    steps = {step["run"]: step["if"] for step in workflow["jobs"]["test"]["steps"] if "run" in step}
    assert steps == {
        "bash .ci/run": "${{ !matrix.torch }}",
        "make test TORCH=${{ matrix.torch }}": "${{ matrix.torch }}",
    }


def test_the_nightly_pytorch_is_tried_each_week_and_fails_nothing() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/nightly.yml").read_text(encoding="utf-8"))
    when = workflow[True]  # YAML 1.1 reads the key `on` as a truth value
    assert when.keys() == {"schedule", "workflow_dispatch"}
    day, month, weekday = when["schedule"][0]["cron"].split()[2:]
    assert (day, month) == ("*", "*")
    assert weekday != "*"
    (job,) = workflow["jobs"].values()
    assert "whl/nightly" in job["env"]["PIP_EXTRA_INDEX_URL"]
    steps = [step for step in job["steps"] if "run" in step]
    assert steps[0]["run"] == "make test TORCH=nightly"
    for step in steps[:-1]:
        assert step["continue-on-error"] is True
    assert steps[-1]["if"] == "steps.test.outcome == 'failure'"
    assert steps[-1]["run"].startswith('echo "::warning')


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

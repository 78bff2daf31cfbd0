"""A check that uses the browser and fails is run once more, and the summary names both runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.site import ROOT

CHECKS = """
from pathlib import Path
import pytest

@pytest.fixture
def browser():
    return "none"

def test_by_chance(browser):
    mark = Path(__file__).with_name("been here")
    assert mark.exists() or mark.touch()

def test_always(browser):
    raise ValueError("planted")

def test_without_a_browser():
    raise ValueError("planted")
"""


@pytest.mark.parametrize("workers", ["0", "1"])
def test_both_runs_are_named_and_failing_twice_fails(tmp_path: Path, workers: str) -> None:
    file = tmp_path / "test_planted.py"
    file.write_text(CHECKS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-n", workers]
    command += ["--rootdir", str(tmp_path), "-o", "markers=browser", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    name = "  test_planted.py::test_"
    assert f"{name}by_chance: failed at {file}:11: AssertionError, then passed" in lines
    assert f"{name}always: failed at {file}:14: ValueError, then failed" in lines
    assert "without_a_browser: failed" not in done.stdout
    assert "2 failed, 1 passed, 2 rerun" in lines[-1]

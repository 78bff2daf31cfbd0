"""A check that uses the browser and fails is run once more, and the summary names both runs."""

import re
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
    runs = re.findall(r"(?m)^  (\S+): failed at \S*(test_planted.py:.*)$", done.stdout)
    assert runs == [
        ("test_planted.py::test_by_chance", "test_planted.py:11: AssertionError, then passed"),
        ("test_planted.py::test_always", "test_planted.py:14: ValueError, then failed"),
    ]
    assert "2 failed, 1 passed, 2 rerun" in done.stdout.splitlines()[-1]

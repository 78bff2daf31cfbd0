"""What a course may import from the engine by name."""

import subprocess
import sys

import pytest

import claimdown


def test_every_public_name_is_there() -> None:
    for name in claimdown.__all__:
        assert getattr(claimdown, name).__name__ == name
        assert getattr(claimdown, name).__module__.startswith("claimdown.")


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(AttributeError, match="nowhere"):
        claimdown.nowhere  # noqa: B018


def test_importing_the_plugin_of_pytest_imports_little_else() -> None:
    program = "import sys, claimdown.pytest_plugin; print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    heavy = {"sybil", "markdown", "mkdocs", "nbformat", "claimdown.reader"}
    assert not heavy & set(run.stdout.split())

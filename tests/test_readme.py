"""What the READMEs tell people to type is there, and their Python runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
READMES = {path.name: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("README*.md"))}
README = READMES["README.md"]


def fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_python_runs() -> None:
    blocks = fences("python")
    assert blocks
    for block in blocks:
        subprocess.run([sys.executable, "-c", block], check=True, cwd=ROOT)


@pytest.mark.parametrize("name", READMES)
def test_every_fence_is_known(name: str) -> None:
    opened = re.findall(r"^```(\S+)", READMES[name], re.MULTILINE)
    assert set(opened) <= {"bash", "powershell", "python", "bibtex"}


@pytest.mark.parametrize("name", READMES)
def test_make_targets_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)", READMES[name]))
    assert {"serve", "test", "site"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


@pytest.mark.parametrize("name", READMES)
def test_files_named_exist(name: str) -> None:
    linked = re.findall(r"\]\(([^):]+)\)", READMES[name])
    named = linked + re.findall(r"`((?:docs|tests)/[a-z_./]+)`", READMES[name])
    assert set(READMES) - {name} <= set(linked), "the README in the other language"
    for file in named:
        assert (ROOT / file).exists(), file


def test_ci_runs_the_command_of_the_readme() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "make test" in "".join(fences("bash"))
    assert re.search(r'^stage "make test" make test$', script, re.MULTILINE)

"""What the README tells people to type is there, and its Python runs."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fences(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_python_runs() -> None:
    blocks = fences("python")
    assert blocks
    for block in blocks:
        subprocess.run([sys.executable, "-c", block], check=True, cwd=ROOT)


def test_every_fence_is_known() -> None:
    opened = re.findall(r"^```(\S+)", README, re.MULTILINE)
    assert set(opened) <= {"bash", "powershell", "python", "bibtex"}


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)", README))
    assert {"serve", "test", "site", "update", "format"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


def test_files_named_exist() -> None:
    named = re.findall(r"\]\(([^):]+)\)", README) + re.findall(
        r"`((?:docs|tests)/[a-z_./]+)`", README
    )
    assert len(named) >= 5
    for name in named:
        assert (ROOT / name).exists(), name


def test_ci_runs_the_command_of_the_readme() -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert "make test" in "".join(fences("bash"))
    assert re.search(r'^stage "make test" make test$', script, re.MULTILINE)

"""What the READMEs tell people to type is there, and their Python runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import WITHOUT_BROWSER, unseen

ROOT = Path(__file__).parents[2]
READMES = {path.name: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("README*.md"))}
README = READMES["README.md"]


FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^(#+) .*(?:\n(?!#+ ).*)*", re.MULTILINE)
ONLY_HERE = {"README.zh.md": ["下载太慢：使用镜像"]}  # sections without an English counterpart


def fences(language: str, text: str = README) -> list[str]:
    return [code for kind, code in FENCE.findall(text) if kind == language]


def sections(name: str) -> list[str]:
    """List a README's sections, each with its title, without those that only it has."""
    found = [section[0] for section in SECTION.finditer(FENCE.sub("", READMES[name]))]
    alone = ONLY_HERE.get(name, [])
    assert all(any(one.lstrip("# ").startswith(title) for one in found) for title in alone)
    return [one for one in found if not one.lstrip("# ").startswith(tuple(alone))]


def commands(name: str) -> list[list[str]]:
    """List what each section of a README tells to type in its running text."""
    typed = re.compile(r"`(make [^`]+|python [^`]+)`")
    return [typed.findall(section) for section in sections(name)]


def test_python_runs() -> None:
    blocks = fences("python")
    assert blocks
    for block in blocks:
        subprocess.run([sys.executable, "-c", block], check=True, cwd=ROOT)


@pytest.mark.parametrize("name", sorted(set(READMES) - {"README.md"}))
def test_translation_says_the_same_to_type_in_the_same_order(name: str) -> None:
    """Blocks are the same throughout, and so are sections, with the commands in their text."""
    assert FENCE.findall(READMES[name]) == FENCE.findall(README)
    levels = [[section.split(" ")[0] for section in sections(one)] for one in (name, "README.md")]
    assert levels[0] == levels[1]
    for section, ours, theirs in zip(
        sections(name), commands(name), commands("README.md"), strict=True
    ):
        assert ours == theirs, section.split("\n")[0]
    pictures = [re.findall(r"!\[[^\]]+\]\(([^)]+)\)", READMES[one]) for one in (name, "README.md")]
    assert pictures[0] == pictures[1] != []


@pytest.mark.parametrize("name", READMES)
def test_no_package_index_is_named_but_pytorchs(name: str) -> None:
    named = re.findall(r"https?://([^/\s)`}]+)", READMES[name])
    assert set(named) == {"download.pytorch.org", "rnn-tutorial.github.io"}


@pytest.mark.parametrize("name", READMES)
def test_every_fence_is_known(name: str) -> None:
    opened = re.findall(r"^```(\S+)", READMES[name], re.MULTILINE)
    assert set(opened) <= {"bash", "powershell", "python", "bibtex"}


@pytest.mark.parametrize("name", READMES)
def test_make_targets_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z-]+)", READMES[name]))
    assert {"serve", "test", "test-browser", "site"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


@pytest.mark.parametrize("name", READMES)
def test_files_named_exist(name: str) -> None:
    linked = re.findall(r"\]\(([^):]+)\)", READMES[name])
    named = linked + re.findall(r"`((?:docs|tests)/[a-z_./]+)`", READMES[name])
    assert set(READMES) - {name} <= set(linked), "the README in the other language"
    for file in named:
        assert (ROOT / file).exists(), file


@pytest.mark.parametrize("command", ["make test", "make test-browser"])
def test_ci_runs_the_command_of_the_readme(command: str) -> None:
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert command in "".join(fences("bash")).splitlines()
    assert f'stage "{command}" {command}' in script


def test_both_commands_together_run_everything() -> None:
    """One leaves out a mark, the other has nothing else, and collects where the mark may be."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = dict(re.findall(r"^(test[a-z-]*):.*\n\t.* -m pytest (.*)$", makefile, re.MULTILINE))
    folders = ["tests/site", "tests/widgets"]
    browser = f"-m browser {' '.join(folders)}"
    other_torch = "$(if $(TORCH),docs rnn_tutorial tests/package)"  # empty where none is named
    assert recipes == {"test": f'-m "{WITHOUT_BROWSER}" {other_torch}', "test-browser": browser}
    elsewhere = [file for file in unseen if str(Path(file).parent) not in folders]
    assert elsewhere == [], "move what uses the browser into one of these folders"


def test_what_is_left_to_the_browser_is_named() -> None:
    files = ["tests/site/test_axe.py", "tests/site/test_navigation.py"]
    command = [sys.executable, "-m", "pytest", "-n1", "-p", "no:cacheprovider"]
    command += ["-m", WITHOUT_BROWSER, *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    named = re.findall(r"^  not run: (\d+) in (\S+)$", done.stdout, re.MULTILINE)
    assert [file for _, file in named] == files
    total = sum(int(count) for count, _ in named)
    line = f"{total} checks use a browser and were not run: run `make test-browser`"
    assert line in done.stdout.splitlines()

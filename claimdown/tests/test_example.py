"""The engine's second user: the example is built and checked where only the engine is installed."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from checking import pytest_said
from claimdown.__main__ import main

ENGINE = Path(__file__).parents[1]
INDEX, MERGE, GERMAN = "docs/index.md", "docs/merge.md", "docs/de/index.md"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Install the engine in a fresh environment, beside what it declares; return its Python.

    What it declares, and what that declares in turn, is linked from the present environment, which
    takes no time and no network; nothing else can be imported there.
    """
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    found = str(folder / ("Scripts" if os.name == "nt" else "bin") / "python")
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(said(found, folder, "-c", code).strip())
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    options = ["--no-deps", "--no-build-isolation", "--no-compile", "--target", packages]
    subprocess.run([*pip, *options, ENGINE], check=True)
    (engine,) = Distribution.discover(name="claimdown", path=[str(packages)])
    link_declared(engine, packages)
    return found


def link_declared(package: Distribution, folder: Path) -> None:
    """Link the distributions that one asks for into a folder."""
    for requirement in map(Requirement, package.requires or []):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        needed = distribution(requirement.name)
        assert needed.version in requirement.specifier
        tops = {file.parts[0] for file in needed.files or []} - {"..", "__pycache__"}
        new = [top for top in tops if not (folder / top).exists()]
        for top in new:
            (folder / top).symlink_to(needed.locate_file(top))
        if new:
            link_declared(needed, folder)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return copied(tmp_path)


def copied(folder: Path) -> Path:
    """Copy the example into a folder, without what was generated in it."""
    generated = shutil.ignore_patterns(".cache", "site", "__pycache__", ".pytest_cache")
    return Path(shutil.copytree(ENGINE / "example", folder / "course", ignore=generated))


def said(python: str, folder: Path, *arguments: str, code: int = 0) -> str:
    """Run Python in a folder; return what it says, to both streams."""
    done = subprocess.run(
        [python, *arguments], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        encoding="utf-8", check=False, env=environment(),
    )  # fmt: skip
    assert done.returncode == code, done.stdout
    return done.stdout


def environment() -> dict[str, str]:
    """Return the environment without what lets the tests' own packages be found."""
    hidden = ("PYTHONPATH", "PYTEST_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return kept | {"PYTHONUTF8": "1"}


def planted(course: Path, file: str, old: str, new: str) -> None:
    """Change one place of a file, which may become one that is not UTF-8."""
    text = (course / file).read_text(encoding="utf-8")
    assert text.count(old) >= 1, old
    changed = text.replace(old, new, 1).encode("utf-8", errors="surrogateescape")
    (course / file).write_bytes(changed)


def line_of(course: Path, file: str, part: str) -> int:
    text = (course / file).read_text(encoding="utf-8", errors="surrogateescape")
    assert text.count(part) >= 1, part
    return text[: text.index(part)].count("\n") + 1


def test_nothing_of_another_course_is_installed(python: str, tmp_path: Path) -> None:
    code = (
        "from importlib.util import find_spec\n"
        "names = 'torch', 'rnn_tutorial', 'tools', 'material', 'bs4', 'claimdown'\n"
        "print([name for name in names if find_spec(name)])"
    )
    assert said(python, tmp_path, "-c", code).strip() == "['claimdown']"


def test_example_holds(python: str, course: Path) -> None:
    text = said(python, course, "-m", "claimdown")
    assert text.strip() == (
        "3 pages: 15 blocks executed, 5 outputs compared, 9 values verified, 0 skipped, "
        "2 shown but not executed, 2 run again in a shallow stack; everything holds"
    )
    text = said(python, course, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "3 pages: 15 blocks executed, 5 outputs compared, 9 values verified" in text
    assert re.search(r"\b34 passed\b", text), text


@pytest.fixture(scope="module")
def site(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the example's site; a strict build that says nothing has found no fault."""
    course = copied(tmp_path_factory.mktemp("site"))
    assert said(python, course, "-m", "mkdocs", "build", "--strict", "-q") == ""
    return course / "site"


def test_site_has_the_pages_and_what_was_counted(site: Path) -> None:
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert pages == {"404.html", "index.html", "merge/index.html", "de/index.html"}
    german = (site / "de/index.html").read_text(encoding="utf-8")
    assert "auf dieser Seite: 3 Werte, 2 Ausgaben, 1 Behauptung." in german
    assert 'href="../merge/">Berechnet und verglichen</a>' in german
    table = (site / "merge/index.html").read_text(encoding="utf-8")
    assert '<th scope="row">Merge sort</th><td>5</td><td>1</td>' in table
    assert "two ordered lists in order." in table
    assert "each list in order -" in table
    assert "Of two equal items" not in table, "of this docstring only the shapes are shown"
    assert "takes about n log n comparisons" in table, "of this one all"
    assert "<script" not in re.sub(r"<script.*?</script>", "", table, flags=re.DOTALL)


def test_notebook_runs_without_the_course(python: str, site: Path, tmp_path: Path) -> None:
    for name in ("index.ipynb", "de/index.ipynb"):
        notebook = json.loads((site / name).read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        code = "\n".join("".join(cell["source"]) for cell in cells)
        printed = [line for cell in cells for output in cell["outputs"]
                   for line in "".join(output["text"]).splitlines()]  # fmt: skip
        assert printed == ["[1, 2, 3, 4, 5]", "0"]
        assert said(python, tmp_path, "-c", code).splitlines() == printed


# File, what is replaced by what, a part of the line that is named, and what is said there.
OUTPUT = "[1, 2, 3, 4, 5]\n```"
FAULTS = {
    "output": (
        INDEX, OUTPUT, "[1, 2, 3, 5, 4]\n```", '```text title="Output"', "the output differs",
    ),
    "output of a translation": (
        GERMAN, OUTPUT, "[1, 2]\n```", '```text title="Ausgabe"', "the output differs",
    ),
    "value": (INDEX, "`190`", "`191`", "`191`", "the value differs"),
    "value in a table": (MERGE, "`24`", "`25`", "`25`", "the value differs"),
    "expression": (INDEX, 'expr="worst"', 'expr="worse"', "`190`", "NameError"),
    "literal": (INDEX, 'expr="worst"', 'expr="190"', "`190`", "is compared with itself"),
    "claim": (INDEX, "n * (n - 1) // 2\n    ```", "n * n // 2\n    ```", "n * n", "AssertionError"),
    "claim that asserts nothing": (
        MERGE, "    assert all(", "    len(", "Claim: merge", "this claim asserts nothing",
    ),
    "claim, misspelt": (INDEX, "Claim: a list", "Clam: a list", "Clam:", "looks like a claim"),
    "number": (INDEX, "Sort five", "Sort 25", "Sort 25", '"25" in the text is not verified'),
    "shape": (MERGE, "These were", "Of (6, 720):", "Of (6, 720)", "looks like a concrete shape"),
    "another spelling": (INDEX, "```python\nordered", "```py\nordered", "```py\n", "Python is"),
    "never closed": (MERGE, OUTPUT, "[1, 2, 3, 4, 5]", '```text title="Output"', "never closed"),
    "no such function": (
        INDEX, ':insertion_sort"', ':sort"', ':sort"', "the file defines: insertion_sort",
    ),
    "no such file": (INDEX, '-8<-- "sorting/', '-8<-- "sort/', '-8<-- "sort/', "no such file"),
    "prints unseen": (INDEX, "n = 20", "n = print(20) or 20", "```python\nn = print", "no output"),
    "prints nothing": (
        MERGE, "print(merge(", "len(merge(", '```text title="Output"', "prints nothing",
    ),
    "standard error": (
        INDEX, "n = 20", "import sys\nn = 20\nprint(n, file=sys.stderr)", "```python\nimport sys",
        "writes to standard error",
    ),
    "deeper than the further run allows": (
        INDEX, "n = 20", "count = lambda n: n and count(n - 1)\nn = count(300) or 20",
        "count = lambda", "in a shallow stack: RecursionError",
    ),
    "not Python": (INDEX, "n = 20", "n == = 20", "n == = 20", "not valid Python"),
    "heading without an id": (INDEX, " { #code }", "", "## The code", "ends in its id"),
    "raw HTML": (INDEX, "Sort five", "<pre>x</pre> Sort five", "<pre>", "raw HTML, <pre>"),
    "not UTF-8": (INDEX, "Sort five", "Sort \udcff five", "Sort \udcff", "not valid UTF-8"),
    "another word": (MERGE, "\ntable\n", "\ntabel\n", "```checks", "holds one word"),
    "endless": (
        INDEX, "n = 20", "while True:\n    pass", "```python\nwhile", "not ended within 2 s"
    ),
    "end of the process": (
        INDEX, "n = 20", "import os\nos._exit(3)", "```python\nimport os", "with exit code 3",
    ),
    "fault in the package": (
        INDEX, '-8<-- "sorting/insertion.py', '-8<-- "sorting/spoilt.py', "`3`", "the value differs"
    ),
    "fault in the package, in a translation": (
        GERMAN, '-8<-- "sorting/insertion.py', '-8<-- "sorting/spoilt.py', "`3`",
        "the value differs",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def faulty(python: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Make a course with a page per fault, and run it as a whole; return it and what was said."""
    course = copied(tmp_path_factory.mktemp("faulty"))
    planted(course, "pyproject.toml", "[tool.claimdown]", "[tool.claimdown]\ntimeout = 2")
    shutil.copy(course / "sorting/insertion.py", course / "sorting/spoilt.py")
    planted(course, "sorting/spoilt.py", "steps + 1", "steps + 2")
    for number, (file, old, new, _, _) in enumerate(FAULTS.values()):
        shutil.copy(course / file, course / named(file, number))
        planted(course, named(file, number), old, new)
    return course, said(python, course, "-m", "claimdown", code=1)


def named(file: str, number: int) -> str:
    return file.replace(".md", f"-{number}.md")


@pytest.mark.parametrize("number", range(len(FAULTS)), ids=FAULTS)
def test_fault_is_named_by_file_and_line(number: int, faulty: tuple[Path, str]) -> None:
    (course, text), (file, _, _, part, message) = faulty, list(FAULTS.values())[number]
    place = f"{named(file, number)}:{line_of(course, named(file, number), part)}"
    assert re.search(rf"(?m)^{place}: .*{re.escape(message)}", text), text


def test_pages_without_a_fault_are_not_named(faulty: tuple[Path, str]) -> None:
    _, text = faulty
    assert not re.search(f"(?m)^(?:{INDEX}|{MERGE}|{GERMAN}):", text)
    assert f"{len(FAULTS) + 3} pages: " in text


def test_pytest_names_a_fault(course: Path) -> None:
    planted(course, MERGE, "`24`", "`25`")
    code, text = pytest_said(course, "-q")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert re.search(rf"{MERGE}.*line:{line_of(course, MERGE, '`25`')}\b", text), text
    assert "1 failed, 33 passed" in text


def test_update_writes_what_was_computed(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (course / INDEX).read_bytes()
    planted(course, INDEX, "`190`", "`?`")
    planted(course, INDEX, OUTPUT, "?\n```")
    assert main(["--update", str(course / INDEX)]) == 0
    assert f"{INDEX}: 2 places rewritten" in capsys.readouterr().out
    assert (course / INDEX).read_bytes() == before


TRANSLATION = {
    "code": ("n = 20", "n = 30", "n = 30"),
    "value": ("`190`", "`3`", "`3`{ .verified expr=\"worst\""),
    "claim": (" (genau)", " (bis auf Rundung)", "Behauptung:"),
    "missing heading": ("## Der Code { #code }\n\n", "", ""),
    "left in English": (
        "Wie viele Schritte braucht eine Liste, die schon sortiert ist?",
        "How many steps does a list take that is in order already?", "How many",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def compared(python: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Make a course with a pair of pages per difference; return it and what is said."""
    course = copied(tmp_path_factory.mktemp("compared"))
    for number, (old, new, _) in enumerate([*TRANSLATION.values(), ("", "", "")]):
        for file in (INDEX, GERMAN):
            shutil.copy(course / file, course / named(file, number))
        planted(course, named(GERMAN, number), old, new)
    planted(course, named(INDEX, number), "Sort five numbers.", "Sort these five numbers.")
    return course, said(python, course, "-m", "claimdown", "--compare", code=1)


@pytest.mark.parametrize("number", range(len(TRANSLATION)), ids=TRANSLATION)
def test_difference_of_a_translation_is_named(number: int, compared: tuple[Path, str]) -> None:
    (course, text), page = compared, named(GERMAN, number)
    part = list(TRANSLATION.values())[number][2]
    line = line_of(course, page, part) if part else r"\d+"
    assert re.search(rf"(?m)^{page}:{line}: ", text), text


def test_other_pages_are_compared_with_their_originals(compared: tuple[Path, str]) -> None:
    _, text = compared
    assert re.search(rf"(?m)^{named(GERMAN, len(TRANSLATION))}:\d+: section code .* changed", text)
    assert f"{MERGE}:1: it is not translated; write docs/de/merge.md" in text
    assert f"{GERMAN}:" not in text


def test_strict_build_stops_at_each_fault(python: str, course: Path) -> None:
    """One is on a page, the others are brought in by a hook."""
    planted(course, MERGE, "`24`", "`25`")
    (course / "hook.py").write_text(
        "def on_post_page(output, page, **_):\n"
        "    return output.replace('</h1>', '</h1><pre>assert 1 == 2</pre>', 1)\n",
        encoding="utf-8",
    )
    planted(course, "mkdocs.yml", "plugins:", "hooks: [hook.py]\n\nplugins:")
    text = said(python, course, "-m", "mkdocs", "build", "--strict", "-q", code=1)
    assert f"{MERGE}:{line_of(course, MERGE, '`25`')}: the value differs" in text
    for page in (INDEX, MERGE, GERMAN):
        assert f"{page}:1: the page shows a code block that is not in its source" in text
    assert "Aborted with 4 errors in strict mode" in text


def test_readme_is_a_course_of_one_page(
    python: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the README shows, written into the files that it names, holds and can be built."""
    text = (ENGINE / "README.md").read_text(encoding="utf-8")
    names = {
        "toml": "pyproject.toml",
        "yaml": "mkdocs.yml",
        "markdown": INDEX,
        "python": "averages.py",
    }
    (tmp_path / "docs").mkdir()
    bodies = [(body, kind) for _, kind, body in re.findall(r"(?ms)^(`{3,})(\w+)\n(.*?)^\1$", text)]
    for language, name in names.items():
        parts = [body for body, kind in bodies if kind == language]
        assert parts
        (tmp_path / name).write_text("\n".join(parts), encoding="utf-8")
    assert main([str(tmp_path / "docs")]) == 0
    assert capsys.readouterr().out.strip() == (
        "1 page: 3 blocks executed, 1 outputs compared, 1 values verified, 0 skipped, "
        "0 shown but not executed, 1 run again in low precision; everything holds"
    )
    assert "1 page: 3 blocks executed" in said(python, tmp_path, "-m", "pytest", "-q")
    assert said(python, tmp_path, "-m", "mkdocs", "build", "--strict", "-q") == ""
    page = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "Computed and compared on this page: 1 value, 1 output, 1 claim." in page

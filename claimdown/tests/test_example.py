"""The engine's second user: the example is built and checked where only the engine is installed."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[1]
CONSTRAINTS = ENGINE.parent / "constraints.txt"
INDEX, MERGE, GERMAN = "docs/index.md", "docs/merge.md", "docs/de/index.md"


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Install the engine, and what it asks for, in a fresh environment; return its Python."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    found = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pinned = ["-c", CONSTRAINTS] if CONSTRAINTS.is_file() else []
    pip = [sys.executable, "-m", "pip", "--python", found, "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "-q", "--no-compile", *pinned, ENGINE], check=True)
    return str(found)


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
        "2 shown but not executed; everything holds"
    )
    text = said(python, course, "-m", "claimdown", "--compare", GERMAN)
    assert text.strip() == "1 translation compared: no difference"
    text = said(python, course, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "3 pages: 15 blocks executed, 5 outputs compared, 9 values verified" in text
    assert re.search(r"\b32 passed\b", text), text


def test_site_is_built_strictly(python: str, course: Path) -> None:
    assert said(python, course, "-m", "mkdocs", "build", "--strict", "-q") == ""
    site = course / "site"
    pages = {path.relative_to(site).as_posix() for path in site.rglob("*.html")}
    assert pages == {"404.html", "index.html", "merge/index.html", "de/index.html"}
    german = (site / "de/index.html").read_text(encoding="utf-8")
    assert "auf dieser Seite: 3 Werte, 2 Ausgaben, 1 Behauptung." in german
    assert 'href="../merge/">Berechnet und verglichen</a>' in german
    table = (site / "merge/index.html").read_text(encoding="utf-8")
    assert '<th scope="row">Merge sort</th><td>5</td><td>1</td>' in table
    assert "<script" not in re.sub(r"<script.*?</script>", "", table, flags=re.DOTALL)


def test_notebook_runs_without_the_course(python: str, course: Path, tmp_path: Path) -> None:
    said(python, course, "-m", "mkdocs", "build", "-q")
    for name in ("index.ipynb", "de/index.ipynb"):
        notebook = json.loads((course / "site" / name).read_text(encoding="utf-8"))
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
    "not Python": (INDEX, "n = 20", "n == = 20", "n == = 20", "not valid Python"),
    "heading without an id": (INDEX, " { #code }", "", "## The code", "ends in its id"),
    "raw HTML": (INDEX, "Sort five", "<pre>x</pre> Sort five", "<pre>", "raw HTML, <pre>"),
    "not UTF-8": (INDEX, "Sort five", "Sort \udcff five", "Sort \udcff", "not valid UTF-8"),
    "another word": (MERGE, "\ntable\n", "\ntabel\n", "```checks", "holds one word"),
}  # fmt: skip


@pytest.fixture(scope="module")
def faulty(python: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Make a course with a page per fault, and run it as a whole; return it and what was said."""
    course = copied(tmp_path_factory.mktemp("faulty"))
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


def test_page_that_never_ends_is_named(python: str, course: Path) -> None:
    planted(course, INDEX, "# Insertion sort", "---\ntimeout: 1\n---\n# Insertion sort")
    planted(course, INDEX, "n = 20", "while True:\n    pass")
    text = said(python, course, "-m", "claimdown", code=1)
    place = f"{INDEX}:{line_of(course, INDEX, '```python' + chr(10) + 'while')}"
    assert f"{place}: the page has not ended within 1 s" in text
    assert "3 pages: 12 of 15 blocks executed" in text


def test_fault_in_the_package_is_named_on_each_page(python: str, course: Path) -> None:
    planted(course, "sorting/insertion.py", "steps + 1", "steps + 2")
    text = said(python, course, "-m", "claimdown", code=1)
    for page in (INDEX, GERMAN):
        assert f"{page}:{line_of(course, page, '`3`')}: the value differs" in text
    assert MERGE not in text
    assert "of 15 blocks executed" in text


def test_one_bad_page_leaves_the_others_alone(python: str, course: Path) -> None:
    planted(course, INDEX, "n = 20", "import os\nos._exit(3)")
    text = said(python, course, "-m", "claimdown", code=1)
    assert f"{INDEX}:{line_of(course, INDEX, '```python' + chr(10) + 'import os')}: " in text
    assert not re.search(f"(?m)^(?:{GERMAN}|{MERGE}):", text)
    assert "3 pages: 12 of 15 blocks executed" in text


def test_pytest_names_a_fault(python: str, course: Path) -> None:
    planted(course, MERGE, "`24`", "`25`")
    text = said(python, course, "-m", "pytest", "-q", "-p", "no:cacheprovider", code=1)
    assert re.search(rf"{MERGE}.*line:{line_of(course, MERGE, '`25`')}\b", text), text
    assert "1 failed, 31 passed" in text


def test_update_writes_what_was_computed(python: str, course: Path) -> None:
    before = (course / INDEX).read_bytes()
    planted(course, INDEX, "`190`", "`?`")
    planted(course, INDEX, OUTPUT, "?\n```")
    text = said(python, course, "-m", "claimdown", "--update", INDEX)
    assert f"{INDEX}: 2 places rewritten" in text
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


@pytest.mark.parametrize(("old", "new", "part"), TRANSLATION.values(), ids=TRANSLATION)
def test_difference_of_a_translation_is_named(
    old: str, new: str, part: str, python: str, course: Path
) -> None:
    planted(course, GERMAN, old, new)
    text = said(python, course, "-m", "claimdown", "--compare", GERMAN, code=1)
    line = line_of(course, GERMAN, part) if part else r"\d+"
    assert re.search(rf"(?m)^{GERMAN}:{line}: ", text), text


def test_page_without_a_translation_is_named(python: str, course: Path) -> None:
    text = said(python, course, "-m", "claimdown", "--compare", code=1)
    assert f"{MERGE}:1: it is not translated; write docs/de/merge.md" in text


def test_translation_of_an_older_original_is_named(python: str, course: Path) -> None:
    planted(course, INDEX, "Sort five numbers.", "Sort these five numbers.")
    text = said(python, course, "-m", "claimdown", "--compare", GERMAN, code=1)
    assert re.search(rf"(?m)^{GERMAN}:\d+: ", text), text


def test_wrong_configuration_is_named(python: str, course: Path) -> None:
    planted(course, "pyproject.toml", 'author = "The', "timeout = 'long'\nauthor = \"The")
    text = said(python, course, "-m", "claimdown", code=2)
    assert "pyproject.toml: [tool.claimdown] timeout: expected float, got 'long'" in text
    text = said(python, course, "-m", "mkdocs", "build", "-q", code=1)
    assert "pyproject.toml: [tool.claimdown] timeout: expected float, got 'long'" in text


def test_strict_build_stops_at_a_fault(python: str, course: Path) -> None:
    planted(course, MERGE, "`24`", "`25`")
    text = said(python, course, "-m", "mkdocs", "build", "--strict", "-q", code=1)
    assert f"{MERGE}:{line_of(course, MERGE, '`25`')}: the value differs" in text
    assert "Aborted with 1 errors in strict mode" in text


def test_strict_build_stops_at_what_a_hook_brings_in(python: str, course: Path) -> None:
    (course / "hook.py").write_text(
        "def on_post_page(output, page, **_):\n"
        "    return output.replace('</h1>', '</h1><pre>assert 1 == 2</pre>', 1)\n",
        encoding="utf-8",
    )
    planted(course, "mkdocs.yml", "plugins:", "hooks: [hook.py]\n\nplugins:")
    text = said(python, course, "-m", "mkdocs", "build", "--strict", "-q", code=1)
    for page in (INDEX, MERGE, GERMAN):
        assert f"{page}:1: the page shows a code block that is not in its source" in text


def test_readme_is_a_course_of_one_page(python: str, tmp_path: Path) -> None:
    """What the README shows, written into the files that it names, holds and can be built."""
    text = (ENGINE / "README.md").read_text(encoding="utf-8")
    names = {
        "toml": "pyproject.toml",
        "yaml": "mkdocs.yml",
        "markdown": INDEX,
        "python": "averages.py",
    }
    (tmp_path / "docs").mkdir()
    for _, language, body in re.findall(r"(?ms)^(`{3,})(\w+)\n(.*?)^\1$", text):
        if language in names:
            (tmp_path / names[language]).write_text(body, encoding="utf-8")
    assert all((tmp_path / name).is_file() for name in names.values())
    assert said(python, tmp_path, "-m", "claimdown").strip() == (
        "1 page: 3 blocks executed, 1 outputs compared, 1 values verified, 0 skipped, "
        "0 shown but not executed; everything holds"
    )
    assert "1 page: 3 blocks executed" in said(python, tmp_path, "-m", "pytest", "-q")
    assert said(python, tmp_path, "-m", "mkdocs", "build", "--strict", "-q") == ""
    page = (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert "Computed and compared on this page: 1 value, 1 output, 1 claim." in page

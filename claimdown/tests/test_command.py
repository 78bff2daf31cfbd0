"""`python -m claimdown` runs pages without pytest, and names each fault as file:line."""

import subprocess
import sys
from pathlib import Path

import pytest

from checking import HEAD, PYPROJECT, TICKS, fence, make_course, output
from claimdown.__main__ import main
from courses import TWO_EDITIONS

GOOD = HEAD + fence(body="print('a')") + output("a") + '\nSo `4`{ .verified expr="2 + 2" }.\n'
WRONG = HEAD + fence(body="print('a')") + output("b")
PAGES = {
    "a.md": GOOD,
    "b.md": WRONG,
    "bytes.md": HEAD + "Not \udcff UTF-8.\n\n" + fence(body="x = 1"),
    "endless.md": "---\ntimeout: 1\n---\n" + HEAD + fence(body="while True:\n    pass"),
    "gone.md": HEAD + fence(body="import os\nos._exit(3)"),
    "include.md": HEAD + fence(body='--8<-- "package/none.py:x"') + "\n" + fence(body="1 / 0"),
    "open.md": HEAD + f"{TICKS}python\nassert True\n",
    "part/c.md": GOOD,
}
SAID = """\
docs/b.md:7: the output differs.
    Expected:
    b
    Actual:
    a
docs/bytes.md:3: this line is not valid UTF-8
docs/endless.md:6: the page has not ended within 1 s; {longer}
docs/gone.md:3: the process of the page ends here, with exit code 3
docs/include.md:4: include "package/none.py": no such file in {root}/
docs/include.md:8: ZeroDivisionError: division by zero
"""
LONGER = "a longer time is allowed by `timeout: SECONDS` in its front matter"


def test_each_fault_is_printed_with_file_and_line(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "claimdown"], cwd=make_course(tmp_path, PAGES),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (1, "")
    *faults, never_closed, last = result.stdout.splitlines(keepends=True)
    assert "".join(faults) == SAID.format(root=tmp_path.name, longer=LONGER)
    assert never_closed.startswith("docs/open.md:3: this fence is never closed")
    assert last == (
        "8 pages: 4 of 7 blocks executed, 2 of 3 outputs compared, 2 values verified, 0 skipped, "
        "0 shown but not executed; 7 faults\n"
    )


def test_a_process_gives_back_what_it_holds(tmp_path: Path) -> None:
    body = (
        "import multiprocessing\n"
        "locks = [multiprocessing.get_context('forkserver').Lock() for _ in range(200)]"
    )
    result = subprocess.run(
        [sys.executable, "-m", "claimdown"],
        cwd=make_course(tmp_path, {"locks.md": HEAD + fence(body=body)}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")


def test_pages_run_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of two pages waits for the other one."""
    code = (
        "from pathlib import Path\nimport time\nPath('{}').touch()\n"
        "while not Path('{}').exists():\n    time.sleep(0.01)"
    )
    pages = {
        f"{own}.md": "---\ntimeout: 20\n---\n" + HEAD + fence(body=code.format(own, other))
        for own, other in ("ab", "ba")
    }
    monkeypatch.chdir(make_course(tmp_path, pages))
    assert main([]) == 0


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course with one page that holds and one that does not; the present folder is its root."""
    monkeypatch.chdir(make_course(tmp_path, {"a.md": GOOD, "part/b.md": WRONG}))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "cwd", "code", "pages"),
    [
        ([], "", 1, 2),
        ([], "docs/part", 1, 2),
        (["docs"], "", 1, 2),
        (["docs/part"], "", 1, 1),
        (["docs/a.md"], "", 0, 1),
        (["docs/a.md", "docs/a.md"], "", 0, 1),
        (["a.md", "part"], "docs", 1, 2),
        (["../a.md"], "docs/part", 0, 1),
    ],
)
def test_pages_that_are_asked_for(
    arguments: list[str], cwd: str, code: int, pages: int, course: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(course / cwd)
    assert main(arguments) == code
    assert capsys.readouterr().out.splitlines()[-1].startswith(f"{pages} page")


def test_whole_line_when_everything_holds(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["docs/a.md"]) == 0
    assert capsys.readouterr().out == (
        "1 page: 1 blocks executed, 1 outputs compared, 1 values verified, 0 skipped, "
        "0 shown but not executed; everything holds\n"
    )


@pytest.mark.parametrize("asked", ["nowhere.md", "nowhere", "package", "package/numbers.py"])
def test_what_is_no_page_is_named(
    asked: str, course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["docs/a.md", asked]) == 2
    said = capsys.readouterr()
    assert said.err == f"{asked}: expected a page, *.md, or a folder with pages of a course\n"
    assert said.out == ""


ENTRIES = {
    "timout = 5": "[tool.claimdown] timout: no such entry; there are again, author",
    "timeout = 'soon'": "timeout: expected a number above 0, at most 86400, got 'soon'",
    "timeout = 0": "timeout: expected a number above 0, at most 86400, got 0",
    "timeout = inf": "timeout: expected a number above 0, at most 86400, got inf",
    "timeout = true": "timeout: expected a number above 0, at most 86400, got True",
    "shown = 'bash'": "[tool.claimdown] shown: expected a list of strings, got 'bash'",
    "shown = [1]": "[tool.claimdown] shown: expected a list of strings, got [1]",
    "heading_ids = 'no'": "[tool.claimdown] heading_ids: expected true or false, got 'no'",
    "editions = []": "[tool.claimdown] editions: expected one table per language, got []",
    "editions.en = 'docs'": "[tool.claimdown.editions.en]: expected a table, got 'docs'",
    "editions.en.folder = 'dox'": "editions.en.folder: expected a folder, got 'dox'",
    "editions.en.foldr = 'docs'": "[tool.claimdown.editions.en] foldr: no such entry; there are",
    "editions.en.original = 'fr'": "editions.en.original: expected one of en, got 'fr'",
    "editions.en.words = 'x'": "[tool.claimdown.editions.en] words: expected a table, got 'x'",
    "editions.en.words.claims = 'x'": "words claims: no such entry; there are all_pages",
    "editions.fr.folder = 'docs'": "[tool.claimdown.editions.fr] words: add output, claim",
    "distributions = ['a-b']": "distributions: expected what is installed, got 'a-b'",
    "preload = ['a_b']": "preload: expected what is installed, got 'a_b'",
    "broken": "pyproject.toml: ",
}


@pytest.mark.parametrize(("entry", "message"), ENTRIES.items())
def test_wrong_configuration_is_named(
    entry: str, message: str, course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (course / "pyproject.toml").write_text(f"[tool.claimdown]\n{entry}\n", encoding="utf-8")
    assert main(["docs/a.md"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"{course / 'pyproject.toml'}: ")
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_unknown_option_is_wrong_usage(course: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--updat3"])
    assert stopped.value.code == 2


def test_update_rewrites_and_says_so(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--update"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("docs/part/b.md: 1 place rewritten\n2 pages: 2 blocks executed")
    assert (course / "docs/part/b.md").read_text() == WRONG.replace("\nb\n", "\na\n")
    assert (course / "docs/a.md").read_text() == GOOD
    assert main([]) == 0


def test_page_that_changes_meanwhile_is_not_rewritten(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    changing = "n = open('docs/part/b.md', 'a').write('More.')\nprint('a')"
    (course / "docs/part/b.md").write_text(HEAD + fence(body=changing) + output("x"))
    assert main(["--update"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("docs/part/b.md:1: ")
    assert "not rewritten, because it has changed while it was checked\n" in out


def test_page_that_cannot_be_read_does_not_stop_the_others(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (course / "docs/lost.md").symlink_to("nowhere")
    assert main([]) == 1
    out = capsys.readouterr().out
    assert "docs/lost.md:1: " in out
    assert out.splitlines()[-1].startswith("3 pages: 2 blocks executed, 1 of 2 outputs")


def test_translations_are_compared_and_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = "---\ndescription: one\n---\n# One { #one }\n\nText.\n\n" + fence(body="x = 1")
    twin = original.replace("One", "Eins").replace(": one", ": eins").replace("Text", "Wort")
    pages = {"a.md": original, "de/a.md": twin}
    monkeypatch.chdir(make_course(tmp_path, pages, TWO_EDITIONS))
    assert main(["--compare"]) == 1
    assert capsys.readouterr().out.startswith("docs/de/a.md:1: ")
    assert main(["--translated", "docs/de/a.md"]) == 0
    assert capsys.readouterr().out == "1 translation compared: no difference\n"
    assert main(["--compare"]) == 0
    (tmp_path / "docs/a.md").write_text(original.replace("x = 1", "x = 2"))
    assert main(["--compare"]) == 1
    (tmp_path / "README.md").write_text(original)
    assert main(["--compare", "README.md"]) == 2
    assert "README.md:1: in no folder" in capsys.readouterr().err


def test_course_without_a_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(make_course(tmp_path, {"a.md": GOOD}, PYPROJECT))
    (tmp_path / "pyproject.toml").unlink()
    assert main([]) == 0
    assert capsys.readouterr().out.startswith("1 page: 1 blocks executed")

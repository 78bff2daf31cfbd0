"""What a person sees: real runs of pytest over planted pages, in a small course of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from checking import HEAD, TICKS, fence, inside, make_course, output, pytest_said
from courses import TWO_EDITIONS

CLAIM = '??? check "Claim: one is two (equal)"\n' + inside(fence(body="assert 1 == 2, 'no'"))
INCLUDE = '--8<-- "package/numbers.py:positive"'
GOOD = (
    HEAD
    + fence(body="print('a')")
    + output("a")
    + '\nSo `4`{ .verified expr="2 + 2" }.\n\n'
    + fence("bash", "ls")
)
PAGES = {
    "claim.md": HEAD + CLAIM + "\n" + fence(body="assert True"),
    "operands.md": HEAD + fence(body="x = 1\nassert x == 2"),
    "output.md": HEAD + fence(body="print('actual')") + output("expected"),
    "missing.md": HEAD + fence(body="print('printed')"),
    "value.md": HEAD + '`4`{ .verified expr="2 + 2" } is not `5`{ .verified expr="2 + 2" }.\n',
    "shape.md": HEAD + "A list [4, 16].\n",
    "include.md": HEAD + fence(body=INCLUDE.replace("positive", "postive")) + "\n" + fence(),
    "open.md": HEAD + f"{TICKS}python\nassert True\n",
    "exit.md": HEAD + fence(body="raise SystemExit(0)"),
    "gone.md": HEAD + fence(body="import os\nos._exit(0)"),
    "endless.md": "---\ntimeout: 1\n---\n" + HEAD + fence(body="while True:\n    pass"),
    "skip.md": HEAD + fence(body="import pytest\npytest.skip('planted')"),
    "warning.md": HEAD + fence(body="import warnings\nwarnings.warn('planted')"),
    "package.md": HEAD + fence(body=INCLUDE) + "\n" + fence(body="x = 0\npositive(x)"),
    "bytes.md": HEAD + "Not \udcff UTF-8.\n",
    "part/good.md": GOOD,
}
SEEN = [
    r'claim\.md", line 5, in <module>\n    assert 1 == 2, .*\n(?:.*\n)?AssertionError: no\n',
    r"assert x == 2\n(?:.*\n)?AssertionError\n\n? +x = 1\n\noperands\.md:3: ",
    r"output\.md, line 7, column 1 .*\n.*\nExpected:\nexpected\nActual:\nactual\n\noutput\.md:7: ",
    r"the code prints, and no output fence .*:\nprinted\n\nmissing\.md:3: ",
    r"line 3, column 38 .*\n.*\nExpression: 2 \+ 2\nExpected: 5\nActual:   4\n\nvalue\.md:3: ",
    r'"\[4, 16\]" looks like a concrete shape and is not verified\n\nshape\.md:3: ',
    r'"package/numbers\.py:postive": no function .* double, positive, Pair\n\ninclude\.md:4: ',
    r'include\.md", line 8, in <module>\n    assert 1 == 2',
    r"this fence is never closed.*\n\nopen\.md:3: ",
    r"line 4: the code stops the run: SystemExit: 0\n\nexit\.md:3: ",
    r"the process of the page ends here, with exit code 0\n\ngone\.md:3: ",
    r"the page has not ended within 1 s.*\n\nendless\.md:6: ",
    r"line 5: the code stops the run: Skipped: planted\n\nskip\.md:3: ",
    r'warning\.md", line 5, in <module>\n    warnings.warn.*\n(?:.*\n)?UserWarning: planted\n',
    r'package\.md", line 9, in <module>\n(?:.*\n)*?.*numbers\.py", line 11, in positive\n',
    r"this line is not valid UTF-8\n\nbytes\.md:3: ",
]
# Of pytest-xdist: how items are given to two workers; "" for none.
ONE_OR_ANY, ONE_OR_FILES = ("", "load"), ("", "loadfile")


def run(root: Path, *options: str, workers: str = "") -> tuple[int, str]:
    """Run pytest in a course, without other plugins; say how it ended, and what it said."""
    return run_alone(root, *options, workers=workers) if workers else pytest_said(root, *options)


def run_alone(root: Path, *options: str, workers: str = "") -> tuple[int, str]:
    """Run pytest in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-p", "claimdown", "-p", "no:cacheprovider"]
    if workers:
        command += ["-p", "xdist", "-n", "2", "--dist", workers]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    result = subprocess.run(
        [*command, *options], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    return result.returncode, result.stdout + result.stderr


@pytest.fixture(scope="module", params=ONE_OR_ANY)
def broken(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, str]:
    root = make_course(tmp_path_factory.mktemp("broken"), PAGES)
    return run(root, workers=request.param)


def test_each_fault_is_shown_with_file_and_line(broken: tuple[int, str]) -> None:
    for pattern in SEEN:
        assert re.search(pattern, broken[1]), f"{pattern}\n{broken[1]}"


def test_traceback_shows_the_page_and_not_the_engine(broken: tuple[int, str]) -> None:
    assert "ValueError: number: expected one above 0, got 0\n" in broken[1]
    assert "claimdown/" not in broken[1]
    assert "sybil/" not in broken[1]
    assert "multiprocessing" not in broken[1]


def test_every_broken_page_fails_and_the_good_one_passes(broken: tuple[int, str]) -> None:
    code, text = broken
    assert code == pytest.ExitCode.TESTS_FAILED
    failed = set(re.findall(r"^FAILED docs/(\S+\.md)::line:", text, re.MULTILINE))
    assert failed == PAGES.keys() - {"part/good.md"}
    assert " error" not in text.splitlines()[-1]


def test_summary_of_a_failed_run_does_not_claim_the_whole(broken: tuple[int, str]) -> None:
    assert (
        "16 pages: 4 of 14 blocks executed, 1 of 2 outputs compared, 2 of 3 values verified, "
        "0 skipped, 1 shown but not executed"
    ) in broken[1], broken[1]


def test_summary_of_a_part(tmp_path: Path) -> None:
    root = make_course(tmp_path, {"a.md": GOOD})
    code, text = run(root, "-k", "line:3")
    assert code == pytest.ExitCode.OK, text
    assert "1 page: 1 blocks executed, 0 of 1 outputs compared, 0 of 1 values verified" in text
    code, text = run(root, "--collect-only")
    assert "0 of 1 blocks executed, 0 of 1 outputs compared, 0 of 1 values verified" in text


@pytest.mark.parametrize("workers", ONE_OR_FILES)
def test_update_rewrites_and_says_so(workers: str, tmp_path: Path) -> None:
    skipped = fence('python { .skip title="Not run: planted" }', "1 / 0")
    pages = {"a.md": GOOD, "b.md": PAGES["output.md"], "c.md": HEAD, "part/d.md": HEAD + skipped}
    root = make_course(tmp_path, pages)
    code, text = run(root, "docs", "--update-outputs", workers=workers)
    assert code == pytest.ExitCode.OK, text
    assert (
        "4 pages: 2 blocks executed, 2 outputs compared, 1 values verified, "
        "1 skipped, 1 shown but not executed\n"
        "  skipped: docs/part/d.md:3\n"
        "  shown: docs/a.md:13\n"
        "  rewritten: docs/b.md: 1 places\n"
    ) in text
    assert (root / "docs/b.md").read_text() == pages["b.md"].replace("expected", "actual")
    assert (root / "docs/a.md").read_text() == GOOD


def test_page_that_cannot_be_rewritten_fails(tmp_path: Path) -> None:
    changing = "open('docs/a.md', 'a').write('More.')\nprint('actual')"
    root = make_course(tmp_path, {"a.md": HEAD + fence(body=f"n = {changing}") + output("x")})
    code, text = run(root, "--update-outputs")
    assert code == pytest.ExitCode.TESTS_FAILED, text
    assert "a.md: not rewritten, because it has changed while it was checked" in text
    assert "  rewritten:" not in text


WRONG = {
    "timout = 5": "[tool.claimdown] timout: no such entry; there are again, author",
    "timeout = 'soon'": "timeout: expected a number above 0, at most 86400, got 'soon'",
    "timeout = 5\n[tool.x": "pyproject.toml: ",
}


def test_wrong_configuration_is_named(tmp_path: Path) -> None:
    for entry, message in WRONG.items():
        root = make_course(tmp_path, {"a.md": GOOD}, f"[tool.claimdown]\n{entry}\n")
        (root / "other.ini").write_text("[pytest]\n")
        code, text = run(root, "-c", "other.ini")  # pytest itself then reads no TOML
        assert code == pytest.ExitCode.USAGE_ERROR
        assert re.search(r"(?m)^ERROR: .*" + re.escape(message), text), text
        assert "Traceback" not in text


def test_other_projects_notice_nothing(tmp_path: Path) -> None:
    root = make_course(tmp_path, {"a.md": PAGES["claim.md"]}, "[tool.pytest.ini_options]\n")
    (root / "test_it.py").write_text(
        "import sys\n\ndef test_it():\n"
        "    names = {name for name in sys.modules if name.startswith('claimdown')}\n"
        "    assert names == {'claimdown', 'claimdown.pytest_plugin'}\n"
    )
    code, text = run_alone(root)
    assert code == pytest.ExitCode.OK, text
    assert "1 passed" in text
    assert "pages" not in text
    code, text = run(root, "--update-outputs")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --update-outputs: no [tool.claimdown] in {root / 'pyproject.toml'}\n" in text
    (root / "other.ini").write_text("[pytest]\n")
    (root / "pyproject.toml").write_text("[broken")
    assert run(root, "-c", "other.ini", "--collect-only")[0] == pytest.ExitCode.OK


def test_the_plugin_can_be_left_out(tmp_path: Path) -> None:
    root = make_course(tmp_path, {"a.md": PAGES["claim.md"]})
    (root / "test_left.py").write_text("def test_it():\n    pass\n")
    code, text = run(root, "-p", "no:claimdown")
    assert code == pytest.ExitCode.OK, text
    assert "1 passed" in text


def test_pages_of_all_editions_are_collected_and_no_others(tmp_path: Path) -> None:
    pages = {"a.md": GOOD, "de/a.md": HEAD + fence(body="assert True")}
    root = make_course(tmp_path, pages, TWO_EDITIONS)
    (root / "README.md").write_text(PAGES["claim.md"])
    (root / "docs" / "notes.txt").write_text(PAGES["claim.md"])
    code, text = run(root)
    assert code == pytest.ExitCode.OK, text
    assert "2 pages: 2 blocks executed" in text

"""Each page runs once more after each entry of `[tool.claimdown.again]`, for its asserts alone."""

import re
from pathlib import Path

import pytest

from checking import HEAD, PYPROJECT, fence, make_course, output, pytest_said
from claimdown.__main__ import main
from claimdown.config import ConfigError, config_for
from claimdown.counts import filled_in
from claimdown.reader import read
from claimdown.report import Report
from claimdown.runner import run

AGAIN = """
[tool.claimdown.again]
base = "import os; os.environ['BASE'] = '2'"
"""
BASE = fence(body="import os\nbase = int(os.environ.get('BASE', 1))") + "\n"
DIFFERING = (
    HEAD + BASE + fence(body="print(base)") + output("1")
    + '\nIt is `1`{ .verified expr="base" }.\n\n'
    + fence(body="if base == 2:\n    print('unseen')")
)  # fmt: skip
FAILING = HEAD + BASE + fence(body="def one():\n    assert base == 1, 'planted'\n\none()")


def course(root: Path, pages: dict[str, str], again: str = AGAIN) -> Path:
    return make_course(root, pages, f"{again}\n{PYPROJECT}")


def report_of(root: Path, text: str, again: str = AGAIN, recall: bool = False) -> Report:
    return run(read(course(root, {"page.md": text}, again) / "docs/page.md"), recall=recall)


def test_outputs_and_values_may_differ(tmp_path: Path) -> None:
    report = report_of(tmp_path, DIFFERING)
    assert report.messages == ()
    assert report.counts["run again in base"] == 1
    assert report.counts["compared"] == report.counts["verified"] == 1


def test_assert_that_fails_is_named(tmp_path: Path) -> None:
    report = report_of(tmp_path, FAILING)
    (failure,) = report.failures
    assert (failure.line, failure.again) == (10, "base")
    assert failure.message == "in base: AssertionError: planted"
    assert re.search(r'(?s)^in base:\nTraceback.*page\.md", line 10, in one\n', failure.details)
    assert report.counts == report.page.counts | {"run again in base": 0}
    assert report.counts["executed"] == 2


def test_first_run_may_fail_alone(tmp_path: Path) -> None:
    report = report_of(tmp_path, FAILING.replace("== 1", "== 2"))
    assert [failure.message for failure in report.failures] == ["AssertionError: planted"]
    assert report.counts["executed"] == report.counts["run again in base"] == 1


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "if base == 2: os._exit(3)",
            "in base: the process of the page ends here, with exit code 3",
        ),
        ("while base == 2: pass", "in base: the page has not ended within 2 s"),
        ("if base == 2: raise SystemExit", "in base: the code stops the run: SystemExit"),
    ],
)
def test_run_that_does_not_end_well_is_named(code: str, message: str, tmp_path: Path) -> None:
    text = HEAD + BASE + fence(body=code) + "\n" + fence(body="assert True")
    report = report_of(tmp_path, text, f"[tool.claimdown]\ntimeout = 2\n{AGAIN}")
    assert message in report.failures[0].message
    assert {failure.again for failure in report.failures} == {"base"}


def test_page_without_code_runs_once(tmp_path: Path) -> None:
    assert "run again in base" not in report_of(tmp_path, HEAD + "Text.\n").counts


def test_what_a_page_did_is_recalled_if_both_runs_held(tmp_path: Path) -> None:
    """A run adds to a file outside of the project."""
    root, log = tmp_path / "course", tmp_path / "log"
    log.touch()
    text = HEAD + BASE + fence(body=f"n = open({str(log)!r}, 'a').write(str(base))")
    for runs, again in (2, AGAIN), (2, AGAIN), (3, ""), (5, AGAIN.replace("2", "3")):
        assert report_of(root, text, again, recall=True).messages == ()
        assert len(log.read_text()) == runs
    assert set(log.read_text()) == {"1", "2", "3"}


def test_page_that_fails_again_is_not_recalled(tmp_path: Path) -> None:
    for _ in range(2):
        assert len(report_of(tmp_path, FAILING, recall=True).failures) == 1


def test_command_names_fault_and_sum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = course(tmp_path, {"a.md": FAILING, "b.md": DIFFERING, "c.md": HEAD})
    assert main([str(root / "docs")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("docs/a.md:10: in base: AssertionError: planted")
    assert lines[-1].endswith("0 shown but not executed, 1 of 2 run again in base; 1 fault")


def test_pytest_has_an_item_for_each_page_and_run(tmp_path: Path) -> None:
    root = course(tmp_path, {"a.md": FAILING, "b.md": DIFFERING})
    code, text = pytest_said(root, "-v")
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "docs/b.md::again:base PASSED" in text
    assert re.findall(r"(?m)^FAILED (\S+)", text) == ["docs/a.md::again:base"]
    assert re.search(r'in base:\nTraceback.*\n.*a\.md", line', text)
    assert "0 shown but not executed, 1 of 2 run again in base" in text
    assert "1 failed" in text
    code, text = pytest_said(root, "-k", "again and b.md")
    assert code == pytest.ExitCode.OK
    assert "0 shown but not executed, 1 of 2 run again in base" in text


def test_sums_on_the_site_tell_of_it(tmp_path: Path) -> None:
    config = config_for(course(tmp_path, {"a.md": FAILING, "b.md": DIFFERING, "c.md": HEAD}))
    assert "<li><strong>2</strong> pages run again in base</li>" in filled_in(
        "summary", config, "en"
    )


WRONG = {
    "again = 'x'": "] again: expected a table of strings, got 'x'",
    "again.base = 1": "] again: expected a table of strings, got {'base': 1}",
    "again.base = 'x ='": "] again.base: expected Python to run before a page, got 'x ='",
}


@pytest.mark.parametrize(("entry", "message"), WRONG.items())
def test_wrong_entry_is_refused(entry: str, message: str, tmp_path: Path) -> None:
    root = make_course(tmp_path, {"page.md": HEAD}, f"[tool.claimdown]\n{entry}\n")
    with pytest.raises(ConfigError, match=re.escape(message)):
        config_for(root)


def test_entry_that_raises_is_a_fault_of_the_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = course(tmp_path, {"page.md": DIFFERING}, "[tool.claimdown.again]\nbase = 'nowhere.x()'")
    assert main([str(root / "docs")]) == 2
    message = "[tool.claimdown] again.base: NameError: name 'nowhere' is not defined"
    assert message in capsys.readouterr().err
    code, text = pytest_said(root)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert message in text

"""What a person sees: real runs of pytest over planted chapters, in a copy of the project."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.engine import HEAD, fence, inside, output

ROOT = Path(__file__).parents[2]
CLAIM = '!!! success "Claim: one is two (equal)"\n' + inside(fence(), "    ")

GOOD = (
    HEAD
    + fence(body="print('a')")
    + output("a")
    + '\nSo `4`{ .verified expr="2 + 2" }.\n\n'
    + fence("bash", "ls")
)
PAGES = {
    "claim.md": HEAD + CLAIM + "\n" + fence(body="assert True"),
    "output.md": HEAD + fence(body="print('actual')") + output("expected"),
    "missing.md": HEAD + fence(body="print('printed')"),
    "value.md": HEAD + 'So `5`{ .verified expr="2 + 2" }.\n',
    "shape.md": HEAD + "A tensor [4, 16].\n",
    "include.md": HEAD + fence(body='--8<-- "rnn_tutorial/linear.py:linr"') + "\n" + fence(),
    "open.md": HEAD + "```python\nassert True\n",
    "exit.md": HEAD + fence(body="raise SystemExit(0)"),
    "skip.md": HEAD + fence(body="import pytest\npytest.skip('planted')"),
    "warning.md": HEAD + fence(body="import warnings\nwarnings.warn('planted')"),
    "package.md": HEAD
    + fence(body="from torch import Tensor")
    + "\n"
    + fence(body='--8<-- "rnn_tutorial/shapes.py:require_shape"')
    + "\n"
    + fence(body="import torch\nrequire_shape('x', torch.zeros(2), 3)"),
    "bytes.md": HEAD + "Not \udcff UTF-8.\n",
    "figure.md": HEAD + "![](../assets/figures/nowhere.svg)\n",
    "part/good.md": GOOD,
}
SEEN = [
    r'claim\.md", line 5, in <module>\n    assert 1 == 2, .*\n(?:.*\n)?AssertionError: planted\n',
    r"output\.md, line 7, .*\n.*\nExpected:\nexpected\nActual:\nactual\n\noutput\.md:7: ",
    r"the code prints, and no output fence is behind it:\nprinted\n\nmissing\.md:3: ",
    r"Expression: 2 \+ 2\nExpected: 5\nActual:   4\n\nvalue\.md:3: ",
    r'"\[4, 16\]" looks like a concrete shape and is not verified\n\nshape\.md:3: ',
    r'"rnn_tutorial/linear\.py:linr": no function .* linear, map_over_time\n\ninclude\.md:4: ',
    r'include\.md", line 8, in <module>\n    assert 1 == 2',
    r"this fence is never closed.*\n\nopen\.md:3: ",
    r"line 4: the code stops the run: SystemExit: 0\n\nexit\.md:3: ",
    r"line 5: the code stops the run: Skipped: planted\n\nskip\.md:3: ",
    r'warning\.md", line 5, in <module>\n    warnings.warn.*\n(?:.*\n)?UserWarning: planted\n',
    r'package\.md", line 13, in <module>\n(?:.*\n)*?.*shapes\.py", line \d+, in require',
    r"this line is not valid UTF-8\n\nbytes\.md:3: ",
    r"the page cannot be rendered: ValueError: image .*nowhere\.svg: no alt text",
]


WORKERS = {0: "one process", 2: "two workers"}


def project(tmp_path: Path, pages: dict[str, str]) -> Path:
    """Copy what the chapters are read with, and write other chapters."""
    for folder in ("tools", "rnn_tutorial", "docs/assets/vendor/katex"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    for name in ("conftest.py", "pyproject.toml", "mkdocs.yml", "mkdocs.zh.yml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name, text in pages.items():
        path = tmp_path / "docs" / "en" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    return tmp_path


def run(root: Path, *options: str, workers: int = 0) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "docs/en", "-p", "no:cacheprovider", *options]
    command += ["-n", str(workers)]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return result.returncode, result.stdout + result.stderr


@pytest.fixture(scope="module", params=WORKERS, ids=WORKERS.get)
def broken(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[int, str]:
    return run(project(tmp_path_factory.mktemp("broken"), PAGES), workers=request.param)


@pytest.mark.parametrize("pattern", SEEN)
def test_fault_is_shown_with_file_and_line(pattern: str, broken: tuple[int, str]) -> None:
    assert re.search(pattern, broken[1]), broken[1]


def test_traceback_shows_the_page_and_not_the_engine(broken: tuple[int, str]) -> None:
    assert "RuntimeError: x: expected shape (3), got (2,)\n" in broken[1]
    assert "runner.py" not in broken[1]
    assert "sybil/" not in broken[1]


def test_every_broken_page_fails_and_the_good_one_passes(broken: tuple[int, str]) -> None:
    code, text = broken
    assert code == pytest.ExitCode.TESTS_FAILED
    failed = set(re.findall(r"^FAILED docs/en/(\S+\.md)::line:", text, re.MULTILINE))
    assert failed == PAGES.keys() - {"part/good.md"}
    assert " error" not in text.splitlines()[-1]


def test_summary_of_a_failed_run_does_not_claim_the_whole(broken: tuple[int, str]) -> None:
    assert (
        "14 pages: 5 of 12 blocks executed, 1 of 2 outputs compared, 1 of 2 values verified, "
        "0 skipped, 1 shown but not executed"
    ) in broken[1], broken[1]


@pytest.mark.parametrize("workers", WORKERS, ids=WORKERS.get)
def test_summary_of_a_whole_run(workers: int, tmp_path: Path) -> None:
    skipped = fence('{ .python .skip title="Not run: planted" }', "1 / 0")
    root = project(tmp_path, {"a.md": GOOD, "part/b.md": HEAD + skipped})
    code, text = run(root, workers=workers)
    assert code == pytest.ExitCode.OK, text
    assert (
        "2 pages: 1 blocks executed, 1 outputs compared, 1 values verified, "
        "1 skipped, 1 shown but not executed\n"
        "  skipped: docs/en/part/b.md:3\n"
        "  shown: docs/en/a.md:13\n"
    ) in text


def test_summary_of_a_part(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.md": GOOD})
    code, text = run(root, "-k", "line:3")
    assert code == pytest.ExitCode.OK, text
    assert "1 of 1" not in text
    assert "1 blocks executed, 0 of 1 outputs compared, 0 of 1 values verified" in text
    code, text = run(root, "--collect-only")
    assert "0 of 1 blocks executed, 0 of 1 outputs compared, 0 of 1 values verified" in text


@pytest.mark.parametrize("workers", WORKERS, ids=WORKERS.get)
def test_update_rewrites_and_says_so(workers: int, tmp_path: Path) -> None:
    root = project(tmp_path, {"a.md": PAGES["output.md"], "b.md": PAGES["shape.md"]})
    code, text = run(root, "--update-outputs", workers=workers)
    assert code == pytest.ExitCode.TESTS_FAILED, "the shape is still reported"
    assert "  rewritten: docs/en/a.md: 1 places\n" in text
    assert "rewritten: docs/en/b.md" not in text
    code, text = run(root, "--update-outputs")
    assert "rewritten" not in text
    assert "1 outputs compared" in text


def test_whole_folders_are_shared_among_workers_and_files_are_not(
    pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    workers = pytestconfig.hook.pytest_xdist_auto_num_workers
    for arguments, expected in (
        (["docs/en"], 4),
        (["docs/en/index.md", "tests/a.py::x"], 0),
    ):
        monkeypatch.setattr(pytestconfig, "args", [str(ROOT / name) for name in arguments])
        assert workers(config=pytestconfig) == expected

"""What a block prints, raises or leaves behind is compared, or reported where it happens."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from checking import HEAD, PLANTED, Checked, as_read, check, course, fence, output
from claimdown.runner import run


def printing(code: str, shown: str | None = None) -> Checked:
    """Run one block, which begins at line 3, with or without an output."""
    return check(HEAD + fence(body=code) + ("" if shown is None else output(shown)))


def page_of(pairs: dict[str, tuple[str, str]]) -> tuple[str, list[int]]:
    """Write a page of blocks with their outputs; return it with the lines of the outputs."""
    text, lines = HEAD, []
    for code, shown in pairs.values():
        text += fence(body=code)
        lines.append(text.count("\n") + 2)
        text += output(shown) + "\n"
    return text, lines


# What code prints, and what the page may show for it.
SAME = {
    "two lines": ("print('a')\nprint('b')", "a\nb"),
    "written": ("import sys\nn = sys.stdout.write('a b')", "a b"),
    "blanks at the end": ("print('a  ')\nprint()", "a"),
    "blank lines inside": ("print('a\\n\\nb')", "a\n\nb"),
    "tab": ("print('a\\tb')", "a       b"),
    "markup": ("print('<b>&amp; *a*')", "<b>&amp; *a*"),
    "float to the digits shown": ("print(1 / 3)", "0.333"),
    "rounded up": ("print(2 / 3)", "0.667"),
    "not a number": ("print(float('nan'), float('inf'))", "nan inf"),
    "scientific": ("print(2.75e-5)", "2.8e-05"),
    "complex": ("print(complex(1 / 3, 2))", "(0.333+2j)"),
    "list": ("print([1 / 3, 2])", "[0.33, 2]"),
}
DIFFERENT = {
    "text": ("print('a')", "b"),
    "one line more": ("print('a\\nb')", "a"),
    "indentation": ("print('  a')", "a"),
    "integer": ("print(1000001)", "1000000"),
    "integer for a float": ("print(2.0)", "2"),
    "float for an integer": ("print(2)", "2.0"),
    "float without decimals": ("print(2.4)", "2."),
    "not quite zero": ("print(0.04)", "0.0"),
    "negative zero": ("print(-0.0)", "0.0"),
    "sign": ("print(-0.5)", "0.5"),
    "Unicode minus": ("print(-0.5)", "−0.5"),
    "last digit": ("print(0.333)", "0.334"),
    "cut off, not rounded": ("print(2 / 3)", "0.666"),
    "exponent": ("print(2.75e-5)", "2.75e-06"),
    "truth": ("print(1)", "True"),
    "number of numbers": ("print(0.5, 0.5)", "0.5"),
    "infinity": ("print(float('inf'))", "1.0"),
    "thousands": ("print(1000)", "1,000"),
}


def test_outputs_that_agree() -> None:
    page = check(page_of(SAME)[0])
    assert not page.faults
    assert page.counts["compared"] == len(SAME)


def test_outputs_that_differ() -> None:
    text, lines = page_of(DIFFERENT)
    page = check(text)
    assert [line for line, _ in page.faults] == lines
    for (_, shown), (_, message) in zip(DIFFERENT.values(), page.faults, strict=True):
        assert message.startswith(f"the output differs.\nExpected:\n{shown}\nActual:\n")
    assert page.counts["compared"] == 0
    assert page.counts["executed"] == len(DIFFERENT)


def test_long_output_is_reported_by_what_differs() -> None:
    lines = [str(n) for n in range(500)]
    page = printing("print(*range(500), sep='\\n')", "\n".join([*lines[:250], "x", *lines[251:]]))
    assert page.faults[0][1].endswith("@@ -250,3 +250,3 @@\n 249\n-x\n+250\n 251")


def test_missing_output_is_asked_for_with_what_was_printed() -> None:
    page = printing("print('a')")
    ((line, message),) = page.faults
    assert line == 3
    assert message.startswith("the code prints, and no output fence ")
    assert message.endswith(":\na")
    page = printing("print(*range(500), sep='\\n')")
    assert page.faults[0][1].endswith("29\n... and 470 lines more")


def test_output_that_nothing_printed() -> None:
    pairs = {"text": ("x = 1", "a"), "empty": ("x = 1", ""), "blank": ("print()", "")}
    text, lines = page_of(pairs)
    assert [line for line, message in check(text).faults if "prints nothing" in message] == lines


# What code must not do, and what is said.
RAISING = {
    "assert": ("x = 1\nassert x == 2, 'planted'", 2, "AssertionError: planted"),
    "in a function": ("def f():\n    return 1 / 0\n\nf()", 2, "ZeroDivisionError"),
    "exit": ("raise SystemExit(0)", 1, "the code stops the run: SystemExit: 0"),
    "exit()": ("import sys\nsys.exit()", 2, "the code stops the run: SystemExit"),
    "quit": ("quit()", 1, "the code stops the run: SystemExit"),
    "skip of unittest": ("import unittest\nraise unittest.SkipTest('x')", 2, "SkipTest: x"),
    "skip of pytest": ("import pytest\npytest.skip('x')", 2, "Skipped: x"),
    "expected failure": ("import pytest\npytest.xfail('x')", 2, "XFailed: x"),
    "generator's end": ("raise GeneratorExit", 1, "the code stops the run: GeneratorExit"),
    "a person's stop": ("raise KeyboardInterrupt", 1, "the code stops the run: KeyboardInterrupt"),
    "group": ("raise ExceptionGroup('g', [ValueError('x')])", 1, "ExceptionGroup: g"),
    "recursion": ("def g():\n    g()\n\ng()", 2, "RecursionError"),
    "odd error": (
        "class Odd(Exception):\n    def __str__(self):\n        return 1 / 0\n\nraise Odd",
        5,
        "Odd",
    ),
    "warning": ("import warnings\nwarnings.warn('planted')", 2, "UserWarning: planted"),
    "standard error": ("import sys\nprint('a', file=sys.stderr)", 0, "standard error"),
    "colour": ("print('\\x1b[31mred')", 0, "the code prints '\\x1b', which a page cannot show"),
    "progress": ("print('1%\\r2%')", 0, "the code prints '\\r', which a page cannot show"),
    "null": ("print('\\0')", 0, "the code prints '\\x00', which a page cannot show"),
    "half a character": ("print('\\ud800')", 0, "which a page cannot show"),
    "a fence": ("print('```')", 0, "take for its own markup"),
    "an include": ("print('--' + '8<-- x')", 0, "take for its own markup"),
    "not Python": ("x = 1\ny = = 2", 2, "line {}: not valid Python"),
    "a magic": ("%matplotlib inline", 1, "line {}: not valid Python"),
    "a question": ("print?", 1, "line {}: not valid Python"),
    "return": ("return 1", 1, "line {}: not valid Python"),
    "await": ("await x", 1, "line {}: not valid Python"),
    "null in the source": ("x = '\0'", 1, "line {}: not valid Python"),
    "an open bracket": ("x = (1,\ny = 2", 1, "line {}: not valid Python"),
}


def test_code_that_fails() -> None:
    text, starts = HEAD, []
    for code, _, _ in RAISING.values():
        starts.append(text.count("\n") + 1)
        text += fence(body=code) + "\n"
    page = check(text + fence(body="after = 'all of them'"))
    for start, (name, (_, line, message)) in zip(starts, RAISING.items(), strict=True):
        assert page.has(start + line, message.format(start + line)), (name, page.faults)
    assert len(page.faults) == len(RAISING)
    assert page.counts["executed"] == 1


ASSERTS = {
    "assert total == 4": ["total = 3"],
    "assert total > len([1, 2, 3])": ["total = 3", "len([1, 2, 3]) = 3"],
    "assert not names": ["names = ['a', 'b']"],
    "assert total and missing": ["total = 3", "missing = None"],
    "assert isinstance(total, str)": ["total = 3", "str = <class 'str'>"],
    "assert total in names": ["total = 3", "names = ['a', 'b']"],
    "assert (\n    total\n    == 4\n)": ["total = 3"],
    "for n in range(3):\n    assert n < 2": ["n = 2"],
    "def f(x):\n    assert x == total\n\nf(5)": ["x = 5", "total = 3"],
}


def test_plain_assert_shows_its_operands() -> None:
    text = HEAD + fence(body="total, names, missing = 3, ['a', 'b'], None") + "\n"
    page = check(text + "\n".join(fence(body=code) for code in ASSERTS))
    assert len(page.faults) == len(ASSERTS)
    for (_, message), operands in zip(page.faults, ASSERTS.values(), strict=True):
        assert message.startswith("AssertionError\n")
        assert [line.strip() for line in message.split("\n")[1:]] == operands


def test_assert_with_a_message_shows_that() -> None:
    assert printing("x = 1\nassert x == 2, 'planted'").faults == [(5, "AssertionError: planted")]


def test_traceback_begins_in_the_page() -> None:
    code = "import json\n\ndef load(text):\n    return json.loads(text)\n\nload('{')"
    report = run(as_read(HEAD + fence(body=code)), recall=False)
    (failure,) = report.failures
    name = course() / "docs" / "page.md"
    assert failure.details.startswith(
        "Traceback (most recent call last):\n"
        f"  File \"{name}\", line 9, in <module>\n    load('{{')\n"
    )
    assert f'File "{name}", line 7, in load\n    return json.loads(text)\n' in failure.details
    assert "claimdown" not in failure.details
    assert failure.line == 7


def test_other_blocks_still_run_and_a_missing_name_is_traced_to_its_cause() -> None:
    blocks = ["x = 1 / 0", "y = 2", "print(x)", "z = x + y", "assert y == 2"]
    text = HEAD + "\n".join(fence(body=body) for body in blocks) + output("1")
    page = check(text + '\n`1`{ .verified expr="x" }\n')
    missing = "x is missing, because the block at line 3 failed"
    assert page.faults == [
        (4, "ZeroDivisionError: division by zero"),
        (11, missing),
        (15, missing),
        (23, "the block at line 19 prints nothing: remove this output"),
        (27, "`1`: x raises NameError: the block at line 3 failed to define x"),
    ]
    assert page.counts["executed"] == 2


def test_output_of_a_failed_block_is_not_compared() -> None:
    page = printing("print('a')\nassert False", "a")
    assert page.has(8, "not compared, because the block at line 3 failed")
    assert page.counts["compared"] == 0


# Whoever writes: each pair of blocks holds a stream and writes to it in the next block.
WRITING = {
    "a default argument": (
        "import sys\ndef say(x, out=sys.stdout):\n    print(x, file=out)",
        "say('x')",
    ),
    "the method": ("import sys\nwrite = sys.stdout.write", "n = write('x\\n')"),
    "a handler": (
        "import logging, sys\nlog = logging.getLogger('held')\n"
        "log.addHandler(logging.StreamHandler(sys.stdout))",
        "log.warning('x')",
    ),
    "the first stream": ("import sys", "print('x', file=sys.__stdout__)"),
    "a child process": (
        "import subprocess, sys",
        "n = subprocess.run([sys.executable, '-c', 'print(\\'x\\')']).returncode",
    ),
    "the shell": ("import os", "n = os.system('echo x')"),
    "the descriptor": ("import os", "n = os.write(1, b'x\\n')"),
    "a thread": (
        "import threading\nthread = threading.Thread(target=print, args=('x',))",
        "thread.start()\nthread.join()",
    ),
    "redirected": (
        "import contextlib, io, sys\nheld = io.StringIO()",
        "with contextlib.redirect_stdout(held):\n    print('hidden')\nprint('x')",
    ),
    "buffer": ("import sys", "n = sys.stdout.buffer.write(b'x\\n')"),
}


def test_everything_that_is_written_is_captured() -> None:
    pairs = WRITING.values()
    silent = HEAD + "\n".join(fence(body=a) + "\n" + fence(body=b) for a, b in pairs)
    page = check(silent)
    assert [message.rpartition("\n")[2] for _, message in page.faults] == ["x"] * len(WRITING)
    shown = HEAD + "\n".join(fence(body=a) + "\n" + fence(body=b) + output("x") for a, b in pairs)
    page = check(shown)
    assert not page.faults
    assert page.counts["compared"] == len(WRITING)
    differing = shown.replace("\nx\n```", "\ny\n```")
    assert len(check(differing).faults) == len(WRITING)


def test_what_a_child_process_writes_stands_in_its_order() -> None:
    child = "n = os.system('echo {}')"
    code = f"import os\nprint('a')\n{child.format('b')}\nprint('c', end='')\n{child.format('d')}"
    assert not printing(code, "a\nb\ncd").faults


def test_what_is_written_to_standard_error_is_reported_whoever_writes() -> None:
    codes = ["import logging\nlogging.warning('x')", "import os\nn = os.system('echo x >&2')",
             "import sys\nn = sys.stderr.write('x')"]  # fmt: skip
    page = check(HEAD + "\n".join(fence(body=code) for code in codes))
    assert [message.split(",")[0] for _, message in page.faults] == [
        "the code writes to standard error"
    ] * 3


def test_what_a_thread_prints_late_is_no_secret() -> None:
    code = (
        "import threading\ngo = threading.Event()\n"
        "thread = threading.Thread(target=lambda: go.wait() and print('late'))\nthread.start()"
    )
    page = check(HEAD + fence(body=code) + "\n" + fence(body="go.set()\nthread.join()"))
    assert page.has(10, "late"), page.faults


def test_page_ends_when_its_threads_have_ended() -> None:
    code = "import threading\nthreading.Timer(1, print, ['late']).start()"
    page = printing(code)
    assert page.has(3, "after its last block the page prints: late"), page.faults
    endless = "import threading\nthreading.Thread(target=threading.Event().wait).start()"
    page = check("---\ntimeout: 1\n---\n" + HEAD + fence(body=endless))
    assert page.has(6, "has not ended within 1 s")


def test_long_line_is_cut_in_a_message() -> None:
    for shown in (None, "x"):
        ((_, message),) = printing("print('x' * 10**5)", shown).faults
        assert len(message) < 2000
        assert "x... and 99000 more" in message


# Code that runs as a program of its own does.
PROGRAM = {
    "name": "assert __name__ == '__main__'",
    "module": "import sys\nx = 1\nassert sys.modules['__main__'].x == 1",
    "pickle": (
        "import pickle\nclass Point:\n    x = 1\n\n"
        "assert pickle.loads(pickle.dumps(Point())).x == 1\n"
        "assert pickle.loads(pickle.dumps(Point)) is Point"
    ),
    "source of a function": (
        "import inspect\n\ndef f(x):\n    return x + 1\n\n"
        "assert inspect.getsource(f) == 'def f(x):\\n    return x + 1\\n'"
    ),
    "source of a class": (
        "class A:\n    x = 1\n\nassert inspect.getsource(A).rstrip() == 'class A:\\n    x = 1'"
    ),
    "source of an include": (
        '--8<-- "package/numbers.py:double"\n'
        "assert inspect.getsource(double).startswith('def double(number: int)')\n"
        "assert inspect.getsource(f).startswith('def f(x)')"
    ),
    "types": (
        "import typing\nclass B:\n    a: 'A'\n    n: int\n\n"
        "assert typing.get_type_hints(B) == {'a': A, 'n': int}"
    ),
    "data class": (
        "from dataclasses import dataclass\n\n@dataclass\nclass C:\n    a: 'A | None' = None\n\n"
        "assert typing.get_type_hints(C) == {'a': A | None}"
    ),
    "enumeration": (
        "import enum\nE = enum.Enum('E', 'a b')\nassert pickle.loads(pickle.dumps(E.a)) is E.a"
    ),
    "a process": ("import multiprocessing\nassert multiprocessing.current_process().name"),
    "warnings": "import warnings\nwith warnings.catch_warnings(record=True) as seen:\n"
    "    warnings.simplefilter('always')\n    warnings.warn('x')\nassert len(seen) == 1",
    "input": "import sys\nassert sys.stdin is None or sys.stdin.read() == ''",
    "the page's folder": "from pathlib import Path\nassert Path('pyproject.toml').is_file()",
}


def test_code_runs_as_a_program_does() -> None:
    page = check(HEAD + "\n".join(fence(body=code) for code in PROGRAM.values()))
    assert not page.faults
    assert page.counts["executed"] == len(PROGRAM)


def test_future_statement_holds_for_the_page() -> None:
    future = fence(body="from __future__ import annotations") + "\n"
    later = fence(body="def f(x: Missing) -> Missing: ...") + "\n"
    value = '`Missing`{ .verified expr="f.__annotations__[chr(120)]" }\n'
    assert not check(HEAD + future + later + value).faults
    if sys.version_info < (3, 14):  # since then no annotation is evaluated
        assert check(HEAD + later).has(4, "NameError: name 'Missing' is not defined")


# What one page changes in its process, and how the next one sees that it did not.
CHANGING = {
    "os.environ['PLANTED'] = 'x'": "assert 'PLANTED' not in os.environ",
    "sys.path.insert(0, 'planted')": "assert 'planted' not in sys.path",
    "warnings.simplefilter('ignore')": (
        "try:\n    warnings.warn('x')\nexcept UserWarning:\n    pass\nelse:\n    assert False"
    ),
    "decimal.getcontext().prec = 3": "assert decimal.getcontext().prec == 28",
    "os.chdir('/')": "assert os.getcwd() != '/'",
    "random.seed(0); first = random.random()": "assert random.random() != 0.8444218515250481",
    "math.pi = 3": "assert math.pi > 3.1",
    "sys.setrecursionlimit(200)": "assert sys.getrecursionlimit() > 200",
    "sys.modules['json'] = None": "import json",
    "shared = 1": "assert 'shared' not in globals()",
    "logging.root.addHandler(logging.NullHandler())": "assert not logging.root.handlers",
}
IMPORTS = "import decimal, logging, math, os, random, sys, warnings"


def test_pages_do_not_change_each_other() -> None:
    changing, seeing = (
        check(HEAD + "\n".join(fence(body=code) for code in [IMPORTS, *codes]))
        for codes in (CHANGING, CHANGING.values())
    )
    assert not changing.faults
    assert not seeing.faults


def test_page_that_never_ends_is_reported_and_others_run() -> None:
    start = time.monotonic()
    front = "---\ntimeout: 1\n---\n"
    text = front + HEAD + fence(body="x = 1") + "\n" + fence(body="while x:\n    pass") + "\n"
    page = check(text + fence(body="y = 1"))
    assert time.monotonic() - start < 30
    assert page.has(10, "has not ended within 1 s") or page.has(11, "has not ended within 1 s")
    assert page.has(15, "not checked, because the page stopped")
    assert len(page.faults) == 2
    assert page.counts["executed"] == 1
    assert not check(HEAD + fence(body="x = 1")).faults


@pytest.mark.parametrize(
    "code",
    ["import os\nos._exit(0)", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
     "import faulthandler\nfaulthandler._sigsegv()"],
    ids=["exit", "kill", "crash"],
)  # fmt: skip
def test_page_whose_process_ends_is_reported(code: str) -> None:
    page = check(HEAD + fence(body="x = 1") + "\n" + fence(body=code) + "\n" + fence(body="y = 1"))
    assert page.has(7, "the process of the page ends here")
    assert page.has(12, "not checked, because the page stopped at line 7")
    assert len(page.faults) == 2
    assert page.counts["executed"] == 1


def test_what_a_page_has_started_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"n = open({str(note)!r}, 'w').write(str(child.pid))"
    )
    check(HEAD + fence(body=code))
    deadline = time.monotonic() + 5
    while running(int(note.read_text())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not running(int(note.read_text()))


def running(pid: int) -> bool:
    """Whether there is such a process, and not only what is left of it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_asserts_hold_under_optimisation() -> None:
    """`python -O` drops the asserts of the code that it compiles, but not those of a page."""
    program = (
        "from checking import HEAD, check, fence\n"
        f"if __name__ == '__main__': print(check(HEAD + fence(body={PLANTED!r})).faults)"
    )
    result = subprocess.run(
        [sys.executable, "-O", "-c", program],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
    )
    assert result.stdout == "[(4, 'AssertionError: planted')]\n", result.stderr

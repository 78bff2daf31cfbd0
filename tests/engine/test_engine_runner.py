"""What a block prints, raises or leaves behind is compared, or reported where it happens."""

import pytest

from tests.engine.engine import HEAD, Checked, check, fence, output


def printing(code: str, shown: str | None = None) -> Checked:
    """Run one block, which begins at line 3, with or without an output."""
    return check(HEAD + fence(body=code) + ("" if shown is None else output(shown)))


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


@pytest.mark.parametrize(("code", "shown"), SAME.values(), ids=SAME)
def test_output_that_agrees(code: str, shown: str) -> None:
    page = printing(code, shown)
    assert not page.faults
    assert len(page.tally.compared) == 1


@pytest.mark.parametrize(("code", "shown"), DIFFERENT.values(), ids=DIFFERENT)
def test_output_that_differs(code: str, shown: str) -> None:
    page = printing(code, shown)
    line = 3 + code.count("\n") + 4
    assert page.has(line, f"the output differs.\nExpected:\n{shown}\nActual:\n"), page.faults
    assert not page.tally.compared


def test_tensor_over_several_lines() -> None:
    code = "import torch\nprint(torch.arange(6.0, dtype=torch.float64).view(2, 3) / 3)"
    shown = (
        "tensor([[0.0000, 0.3333, 0.6667],\n        [1.0000, 1.3333, 1.6667]], dtype=torch.float64)"
    )
    assert not printing(code, shown).faults
    for right, wrong in (("0.3333", "0.3334"), ("float64", "float32"), ("0.0000", "0.0001")):
        assert printing(code, shown.replace(right, wrong)).has(8, "the output differs")


def test_long_output_is_reported_by_what_differs() -> None:
    lines = [str(n) for n in range(500)]
    page = printing("print(*range(500), sep='\\n')", "\n".join([*lines[:250], "x", *lines[251:]]))
    assert page.faults[0][1].endswith("@@ -250,3 +250,3 @@\n 249\n-x\n+250\n 251")


def test_missing_output_is_asked_for_with_what_was_printed() -> None:
    page = printing("print('a')")
    assert page.faults == [(3, "the code prints, and no output fence is behind it:\na")]
    page = printing("print(*range(500), sep='\\n')")
    assert page.faults[0][1].endswith("29\n... and 470 lines more")


def test_output_that_nothing_printed() -> None:
    assert printing("x = 1", "a").has(7, "the block at line 3 prints nothing")
    assert printing("x = 1", "").has(7, "the block at line 3 prints nothing")
    assert printing("print()", "").has(7, "the block at line 3 prints nothing")


@pytest.mark.parametrize(
    "between",
    ["", "Text.\n\n", "## Heading\n\n", fence("bash", "ls") + "\n", output("a") + "\n"],
    ids=["no code", "text", "heading", "other fence", "second output"],
)
def test_output_behind_no_code(between: str) -> None:
    text = HEAD + (fence(body="print('a')") + "\n" if between else "") + between
    page = check(text + fence('text title="Output"', "a"))
    assert page.has(text.count("\n") + 1, "this output stands behind no code block"), page.faults


def test_output_in_another_container_is_not_behind_the_code() -> None:
    page = check(HEAD + "> " + fence(body="print('a')").replace("\n", "\n> ") + "\n" + output("a"))
    assert any("behind no code block" in message for _, message in page.faults)


def test_output_called_otherwise() -> None:
    for info in ('text title="output"', 'console title="Output"', 'text title="Output "'):
        page = check(HEAD + fence(body="print('a')") + "\n" + fence(info, "a"))
        assert page.has(7, "an output fence is written"), info


# What code must not do, and what is said.
RAISING = {
    "assert": ("x = 1\nassert x == 2, 'planted'", 5, "AssertionError: planted"),
    "in a function": ("def f():\n    return 1 / 0\n\nf()", 5, "ZeroDivisionError"),
    "exit": ("raise SystemExit(0)", 4, "the code stops the run: SystemExit: 0"),
    "exit()": ("import sys\nsys.exit()", 5, "the code stops the run: SystemExit"),
    "skip of unittest": ("import unittest\nraise unittest.SkipTest('x')", 5, "SkipTest: x"),
    "skip of pytest": ("import pytest\npytest.skip('x')", 5, "stops the run: Skipped: x"),
    "expected failure": ("import pytest\npytest.xfail('x')", 5, "stops the run: XFailed: x"),
    "generator's end": ("raise GeneratorExit", 4, "the code stops the run: GeneratorExit"),
    "warning": ("import warnings\nwarnings.warn('planted')", 5, "UserWarning: planted"),
    "standard error": ("import sys\nprint('a', file=sys.stderr)", 3, "standard error"),
    "colour": ("print('\\x1b[31mred')", 3, "the code prints '\\x1b', which a page cannot show"),
    "progress": ("print('1%\\r2%')", 3, "the code prints '\\r', which a page cannot show"),
    "null": ("print('\\0')", 3, "the code prints '\\x00', which a page cannot show"),
    "half a character": ("print('\\ud800')", 3, "which a page cannot show"),
    "a fence": ("print('```')", 3, "take for its own markup"),
    "an include": ("print('--8<-- \"x\"')", 3, "take for its own markup"),
    "not Python": ("x = 1\ny = = 2", 3, "line 5: not valid Python"),
    "a magic": ("%matplotlib inline", 3, "line 4: not valid Python"),
}


@pytest.mark.parametrize(("code", "line", "message"), RAISING.values(), ids=RAISING)
def test_code_that_fails(code: str, line: int, message: str) -> None:
    page = printing(code)
    assert page.has(line, message), page.faults
    assert not page.tally.executed


def test_a_person_can_stop_the_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        printing("raise KeyboardInterrupt")


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
    assert len(page.tally.executed) == 2


def test_output_of_a_failed_block_is_not_compared() -> None:
    page = printing("print('a')\nassert False", "a")
    assert page.has(8, "not compared, because the block at line 3 failed")
    assert not page.tally.compared


def test_chapters_do_not_share_names() -> None:
    assert not printing("shared = 1").faults
    assert printing("shared").has(4, "NameError: name 'shared' is not defined")


def test_code_runs_as_a_program_does() -> None:
    assert not printing("assert __name__ == '__main__'").faults


def test_asserts_hold_under_optimisation() -> None:
    """`python -O` drops the asserts of the code that it compiles, but not those of a chapter."""
    import subprocess
    import sys

    program = (
        "from tests.engine.engine import HEAD, PLANTED, check, fence\n"
        "print(check(HEAD + fence(body=PLANTED)).faults)"
    )
    run = subprocess.run([sys.executable, "-O", "-c", program], capture_output=True, text=True)
    assert run.stdout == "[(4, 'AssertionError: planted')]\n", run.stderr

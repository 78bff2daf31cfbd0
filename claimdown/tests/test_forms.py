"""Each thing has one written form; whatever else a page shows as code is refused at its line."""

from pathlib import Path

import pytest
from markdown import Markdown

from checking import (
    HEAD,
    PLANTED,
    TICKS,
    as_read,
    check,
    fence,
    inside,
    make_course,
    output,
    refused,
)  # fmt: skip
from claimdown.page import Code, Generated, Output, Problem, Shown, Skipped
from claimdown.reader import read
from claimdown.runner import run

BLOCK = fence()

# Where a block of code may stand, with the line of the planted assert.
EXECUTED = {
    "plain": (BLOCK, 4),
    "title": (fence('python title="a/b.py: x"'), 4),
    "box": ("!!! note\n\n" + inside(BLOCK), 6),
    "box, titled, no blank line": ('!!! note "Title"\n' + inside(BLOCK), 5),
    "folded box": ("??? note\n\n" + inside(BLOCK), 6),
    "open folded box": ('???+ note "Title"\n\n' + inside(BLOCK), 6),
    "tab": ('=== "x"\n\n' + inside(BLOCK), 6),
    "second tab": ('=== "x"\n\n    a\n\n=== "y"\n\n' + inside(BLOCK), 10),
    "list": ("- a\n\n" + inside(BLOCK), 6),
    "numbered list": ("1. a\n\n" + inside(BLOCK), 6),
    "nested list": ("- a\n\n    - b\n\n" + inside(BLOCK, " " * 8), 8),
    "box in a list": ("- a\n\n    !!! note\n\n" + inside(BLOCK, " " * 8), 8),
    "list in a box": ("!!! note\n\n    - a\n\n" + inside(BLOCK, " " * 8), 8),
    "box in a box": ("!!! note\n\n    ??? note\n\n" + inside(BLOCK, " " * 8), 8),
    "definition": ("Term\n:   Text\n\n" + inside(BLOCK), 7),
    "footnote": ("See[^1].\n\n[^1]: Text\n\n" + inside(BLOCK), 8),
    "below a table": ("| a | b |\n|---|---|\n| c | d |\n\n" + BLOCK, 8),
    "below a paragraph": ("Text\n\n" + BLOCK + "\ntext\n", 6),
    "below a list": ("- a\n\nText\n\n" + BLOCK, 8),
    "after the last heading": ("## Last { #last }\n\n" + BLOCK, 6),
    "last line, no newline": (BLOCK.rstrip("\n"), 4),
    "form feed": (fence(body=f"x = 1\f\n{PLANTED}"), 5),
    "line separator": (fence(body=f"x = '\u2028'\n{PLANTED}"), 5),
    "next line": (fence(body=f"x = '\x85'\n{PLANTED}"), 5),
    "blank lines": (fence(body=f"\n\n{PLANTED}\n\n"), 6),
    "ticks in a string": (fence(body=f"x = ' ``` '\n{PLANTED}"), 5),
}


@pytest.mark.parametrize(("text", "line"), EXECUTED.values(), ids=EXECUTED)
def test_block_is_code_in_its_place(text: str, line: int) -> None:
    page = as_read(HEAD + text)
    assert not page.of(Problem)
    (code,) = page.of(Code)
    place = code.code.split("\n").index(PLANTED)
    assert code.origins[place].line == line
    assert code.origins[place].file is None


def test_each_block_is_executed() -> None:
    """All of them on one page; each planted assert is reported at its own line."""
    text, lines = HEAD, []
    for number, (block, line) in enumerate(EXECUTED.values()):
        block = block.replace("#last", f"#last-{number}").replace("[^1]", f"[^{number}]")
        lines.append(text.count("\n") + line - 2)
        text += block.rstrip("\n") + f"\n\nEnd of {'it' * (number > 0)}.\n\n"
    page = check(text)
    assert [at for at, message in page.faults if "planted" in message] == lines
    assert len(page.faults) == len(lines)
    assert page.counts["executed"] == 0
    page = check(text.replace("1 == 2", "1 == 1"))
    assert not page.faults
    assert page.counts["executed"] == len(lines)


# Forms that are refused: the line, and what is said there.
CLOSED = "never closed"
NEITHER = "is neither executed nor compared"
PYTHON = "Python is written"
ALONE = "on a line of its own"
SPACES = "spaces"
RAW = "raw HTML"
REFUSED = {
    # Other spellings of a language.
    "space": (fence(" python"), 3, PYTHON),
    "two spaces": (fence('python  title="x"'), 3, PYTHON),
    "space at the end": (fence("python "), 3, PYTHON),
    "py": (fence("py"), 3, PYTHON),
    "python3": (fence("python3"), 3, PYTHON),
    "py3": (fence("py3"), 3, PYTHON),
    "capitals": (fence("Python"), 3, PYTHON),
    "pyi": (fence("pyi"), 3, PYTHON),
    "numpy": (fence("numpy"), 3, PYTHON),
    "starlark": (fence("starlark"), 3, PYTHON),
    "bazel": (fence("bazel"), 3, PYTHON),
    "dot": (fence(".python"), 3, PYTHON),
    "attributes": (fence(" { .python .annotate }"), 3, PYTHON),
    "attributes, no space": (fence('{.python title="x"}'), 3, PYTHON),
    "language and attributes": (fence('python {.annotate title="x"}'), 3, PYTHON),
    "language in braces": (fence("{ .python }"), 3, PYTHON),
    "id": (fence("{ .python #a-block }"), 3, PYTHON),
    "highlighted lines": (fence('python hl_lines="1"'), 3, PYTHON),
    "line numbers": (fence('python linenums="1"'), 3, PYTHON),
    "title and more": (fence('python title="x" linenums="1"'), 3, PYTHON),
    "single quotes": (fence("python title='x'"), 3, PYTHON),
    "no quotes": (fence("python title=x"), 3, PYTHON),
    "empty title": (fence('python title=""'), 3, PYTHON),
    "a comma": (fence("python,ignore"), 3, PYTHON),
    "unknown option": (fence("python nocheck=yes"), 3, PYTHON),
    "a quote in the title": (fence('python title="a"b"'), 3, PYTHON),
    "called Output": (fence('python title="Output"'), 3, "output fence is written"),
    "skipped, class first": (fence('{ .python .skip title="Not run: x" }'), 3, PYTHON),
    "skipped without a title": (fence("python { .skip }"), 3, PYTHON),
    "skipped without a reason": (fence('python { .skip title="Not run: " }'), 3, "says why"),
    "skipped for no reason": (fence('python { .skip title="It is slow" }'), 3, "says why"),
    "skipped, no spaces": (fence('python {.skip title="Not run: x"}'), 3, PYTHON),
    "skipped, and more": (fence('python { .skip .x title="Not run: x" }'), 3, PYTHON),
    # Other languages.
    "prompts": (fence("pycon", ">>> assert 1 == 2"), 3, f'"pycon" {NEITHER}'),
    "Python 2": (fence("python2"), 3, f'"python2" {NEITHER}'),
    "Cython": (fence("cython"), 3, f'"cython" {NEITHER}'),
    "no language": (fence(""), 3, f"no language {NEITHER}"),
    "no language, but a space": (fence(" "), 3, f"no language {NEITHER}"),
    "text": (fence("text"), 3, "output fence is written"),
    "text with another title": (fence('text title="Result"'), 3, "output fence is written"),
    "console": (fence('console title="Output"'), 3, "output"),
    "a shown language called Output": (fence('bash title="Output"'), 3, "output fence is written"),
    "shown, in capitals": (fence("Bash"), 3, f'"Bash" {NEITHER}'),
    "shown, with attributes": (fence("bash { .annotate }"), 3, NEITHER),
    "shown, after a space": (fence(" bash"), 3, NEITHER),
    "generated by the site": (fence("checks"), 3, "holds one word: table or summary"),
    "generated, with a title": (fence('checks title="x"', "table"), 3, "checks"),
    "a diagram": (fence("mermaid", "graph"), 3, NEITHER),
    "a formula": (fence("math", "x"), 3, NEITHER),
    # Other markers.
    "tildes": (fence(marker="~~~"), 3, "written with ```"),
    "four ticks": (fence(marker="````"), 3, "written with ```"),
    "tildes, output": (
        fence(body="print('a')") + "\n" + fence('text title="Output"', "a", "~~~"),
        7,
        "written with ```",
    ),
    "one line": (f"{TICKS}python {PLANTED}{TICKS}\n", 3, ""),
    "inline over two lines": (f"Text `` python\n{PLANTED} ``\n", 3, "over several lines"),
    "inline, three ticks, over two lines": (f"Text ``` python\n{PLANTED} ```\n", 3, ""),
    "empty": (fence(body=""), 3, "holds no code"),
    "blank": (fence(body="\n  \n"), 3, "holds no code"),
    "escaped": (f"\\{TICKS}python\n{PLANTED}\n{TICKS}\n", 3, ""),
    # Not closed.
    "never closed": (f"{TICKS}python\n{PLANTED}\n", 3, CLOSED),
    "never closed, another follows": (f"{TICKS}python\nx = 1\n\n{BLOCK}", 3, "at line 6"),
    "never closed in a box": (
        f"!!! note\n\n    {TICKS}python\n    {PLANTED}\n\nText\n\n{BLOCK}",
        5,
        "",
    ),
    "never closed at the end of a box": (
        f"!!! note\n\n    {TICKS}python\n    {PLANTED}\n",
        5,
        CLOSED,
    ),
    "closed with fewer ticks": (f"````python\n{PLANTED}\n```\n\nText\n", 3, CLOSED),
    "closed with more ticks": (f"```python\n{PLANTED}\n````\n\nText\n", 3, CLOSED),
    "closed with tildes": (f"```python\n{PLANTED}\n~~~\n\nText\n", 3, CLOSED),
    "closed further in": (f"```python\n{PLANTED}\n    ```\n\nText\n", 3, CLOSED),
    "closed with a space": (f"```python\n{PLANTED}\n``` \n\nText\n", 3, CLOSED),
    "closed with a word": (f"```python\n{PLANTED}\n``` end\n\nText\n", 3, CLOSED),
    # Not in its place.
    "content outside of its box": (f"!!! note\n\n    ```python\n{PLANTED}\n    ```\n", 6, ""),
    "in an item, no blank line": ("- a\n" + inside(BLOCK), 4, "blank line"),
    "after an item's bullet": ("- " + inside(BLOCK, "  ").lstrip(), 3, ALONE),
    "after an item's number": ("1. " + inside(BLOCK, "   ").lstrip(), 3, ALONE),
    "after a definition's colon": ("Term\n:   " + inside(BLOCK).lstrip(), 4, ALONE),
    "after a footnote's mark": ("See[^1].\n\n[^1]: " + inside(BLOCK).lstrip(), 5, ""),
    "indented by one": (inside(BLOCK, " "), 3, SPACES),
    "indented by three": (inside(BLOCK, "   "), 3, SPACES),
    "indented by four": (inside(BLOCK), 3, SPACES),
    "box, seven spaces": ("!!! note\n" + inside(BLOCK, " " * 7), 4, SPACES),
    "box, two spaces": ("!!! note\n\n" + inside(BLOCK, "  "), 5, SPACES),
    "box, tabs": ("!!! note\n\n" + inside(BLOCK, "\t"), 5, "spaces"),
    "list, two spaces": ("- a\n\n" + inside(BLOCK, "  "), 5, SPACES),
    "list, three spaces": ("1. a\n\n" + inside(BLOCK, "   "), 5, SPACES),
    "nested list, six spaces": ("- a\n\n    - b\n\n" + inside(BLOCK, " " * 6), 7, SPACES),
    "list, no box any more": ("- a\n\nText\n\n" + inside(BLOCK), 7, SPACES),
    "blockquote": (inside(BLOCK, "> "), 3, ALONE),
    "blockquote, no space": (inside(BLOCK, ">"), 3, ALONE),
    "nested blockquote": (inside(BLOCK, "> > "), 3, ALONE),
    "blockquote in a box": ("!!! note\n\n" + inside(inside(BLOCK, "> ")), 5, ALONE),
    "a no-break space before it": (inside(BLOCK, "\xa0"), 3, ""),
    "a zero-width space before it": ("\u200b" + BLOCK, 3, ""),
    # In a place that Markdown does not take for what it looks like.
    "another list's mark": (f"1) a\n\n{inside(BLOCK)}", 5, SPACES),
    "a list right after a paragraph": (f"Text\n- a\n\n{inside(BLOCK)}", 4, "blank line"),
    "a number right after a paragraph": (f"Text\n10. a\n\n{inside(BLOCK)}", 4, "blank line"),
    "a list right after a fence": (f"{fence('bash', 'ls')}- a\n\n{inside(BLOCK)}", 6, "blank line"),
    "a list right after a tag": (f"<br>\n- a\n\n{inside(BLOCK)}", 4, "blank line"),
    "right after a reference": (f"[a]:\n{BLOCK}", 4, ""),
    "an indented line after a reference": ("[a]: https://x.org\n    assert False\n", 4, ""),
    "an indented line after a heading's mark": ("#\n    assert False\n", 3, ""),
    "an indented line after a quote's mark": (">\n     assert False\n", 4, ""),
    "a box left by a line": (f"!!! note\n    * c\ntext\n\n{inside(BLOCK)}", 5, ""),
    "a footnote in a list": (f"- a\n\n    [^1]: b\n\n{inside(BLOCK, ' ' * 8)}", 5, ""),
    "a footnote in a box": ("!!! note\n\n    [^1]: b\n\n        assert False\n", 5, ""),
    "a list in a footnote": (f"[^1]: a\n    * b\n\n{inside(BLOCK, ' ' * 8)}", 4, ""),
    # Code that is no fence.
    "four spaces": (inside(PLANTED + "\n"), 3, "not a fence"),
    "a tab": (f"\t{PLANTED}\n", 3, ""),
    "four spaces in a box": ("!!! note\n\n    a\n\n        assert False\n", 7, "not a fence"),
    "four spaces in a list": ("- a\n\n        assert False\n", 5, "not a fence"),
    "four spaces after a heading": ("## A { #a }\n\n    assert False\n", 5, "not a fence"),
    "eight spaces below a list": ("- a\n\n    b\n\n            assert False\n", 7, "not a fence"),
    "indented in a blockquote": (">     assert False\n", 3, ""),
    "indented after a bullet": ("-     assert False\n", 3, ""),
    "pre": ("<pre><code>assert False</code></pre>\n", 3, f"{RAW}, <pre>"),
    "pre, in capitals": ("<PRE>assert False</PRE>\n", 3, f"{RAW}, <pre>"),
    "highlighted pre": ('<div class="highlight"><pre>assert False</pre></div>\n', 3, RAW),
    "highlighted div": ('<div class="highlight" markdown>assert False</div>\n', 3, RAW),
    "class without quotes": ("<div class=highlight markdown>assert False</div>\n", 3, RAW),
    "code": ("Text <code>assert False</code>\n", 3, f"{RAW}, <code>"),
    "styled div": ('<div style="white-space: pre" markdown>assert False</div>\n', 3, RAW),
    "styled with spaces": ('<div markdown style = "font: x">assert False</div>\n', 3, RAW),
    "textarea": ("<textarea>\nassert False\n</textarea>\n", 3, f"{RAW}, <textarea>"),
    "samp": ("Text <samp>assert False</samp>\n", 3, f"{RAW}, <samp>"),
    "tag over two lines": ("<xmp\nhidden>assert False</xmp>\n", 3, f"{RAW}, <xmp>"),
    "script": ('<script type="text/python">\nassert False\n</script>\n', 3, f"{RAW}, <script>"),
    "template": (f"<template markdown>\n\n{BLOCK}\n</template>\n", 3, f"{RAW}, <template>"),
    "details": (f"<details markdown>\n\n{BLOCK}\n</details>\n", 3, f"{RAW}, <details>"),
    "svg": ("<svg><text>assert False</text></svg>\n", 3, f"{RAW}, <svg>"),
    "iframe": ('<iframe srcdoc="<pre>assert False</pre>"></iframe>\n', 3, f"{RAW}, <iframe>"),
    "an image tag": ('<img src="code.png" alt="assert False">\n', 3, f"{RAW}, <img>"),
    "hidden HTML": (f"<div hidden markdown>\n\n{BLOCK}\n</div>\n", 3, RAW),
    "plain HTML": (f"<div>\n\n{BLOCK}\n</div>\n", 3, RAW),
    "comment": (f"<!--\n\n{BLOCK}\n-->\n", 3, "comment"),
    "comment, no blank line": (f"<!--\n{BLOCK}-->\n", 3, "comment"),
    "comment on the marker's line": (f"<!-- {BLOCK}-->\n", 3, ""),
    "comment in a line": ("Text <!-- hidden --> text.\n", 3, "comment"),
    "processing instruction": ("<?python\nassert False\n?>\n", 3, ""),
    "declaration": ("<!DOCTYPE html [\nassert False\n]>\n", 3, ""),
    "CDATA": ("<![CDATA[\nassert False\n]]>\n", 3, ""),
    "not UTF-8": (f"Text \udcff\n\n{BLOCK.replace('1 == 2', 'True')}", 3, "not valid UTF-8"),
    # Headings and boxes.
    "heading without an id": ("## Part\n", 3, "id"),
    "heading with an id and a class": ("## Part { #part .x }\n", 3, "id"),
    "heading with an id, no spaces": ("## Part {#part}\n", 3, "id"),
    "heading, a colon": ("## Part {: #part }\n", 3, "id"),
    "heading underlined": ("Part\n----\n", 4, "heading"),
    "heading doubly underlined": ("Part\n====\n", 4, "found ===="),
    "heading without a space": ("##Part { #part }\n", 3, "heading"),
    "heading closed with hashes": ("## Part { #part } ##\n", 3, "id"),
    "a table without bars at its ends": ("a | b\n--- | ---\nc | d\n", 3, "with a bar"),
    "a row without a bar at its end": ("| a | b |\n|---|---|\n| c | d\n", 5, "with a bar"),
    "a row with a cell too many": (
        "| a | b |\n|---|---|\n| c | d | e |\n",
        5,
        "this one 3",
    ),
    "a row with a cell too few": ("| a | b |\n|---|---|\n| c |\n", 5, "this one 1"),
    "a bar in a formula in a row": (
        "| a | b |\n|---|---|\n| c | $|x|$ |\n",
        5,
        "this one 4",
    ),
    "an id twice": ("## A { #a }\n\n## B { #a }\n", 5, "a"),
    "the first heading's id again": ("## A { #page }\n", 3, "page"),
    "box without a space": ("!!!note\n\n    Text\n", 3, "box"),
    "box in single quotes": ("!!! note 'Title'\n\n    Text\n", 3, "box"),
    "box with two kinds": ('!!! note inline "Title"\n\n    Text\n', 3, "box"),
    "box with an empty title": ('!!! note ""\n\n    Text\n', 3, "box"),
    "box in capitals": ('!!! Note "Title"\n\n    Text\n', 3, "box"),
    "tab without a title": ("===\n\n    Text\n", 3, ""),
}


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_other_form_is_refused(text: str, line: int, message: str) -> None:
    page = refused(HEAD + text)
    assert page.has(line, message), page.faults


INCLUDE = '--8<-- "package/numbers.py'
INCLUDES = {
    "no such definition": (f'{INCLUDE}:doubel"', 4, "the file defines: double, positive, Pair"),
    "no such file": ('--8<-- "package/number.py:double"', 4, "no such file"),
    "a folder": ('--8<-- "package:double"', 4, ""),
    "another site": ('--8<-- "https://example.org/x.py:x"', 4, ""),
    "outside of the project": ('--8<-- "../x.py:x"', 4, "no such file"),
    "an absolute path": ('--8<-- "/etc/x.py:x"', 4, "no such file"),
    "the whole file": (f'{INCLUDE}"', 4, "include"),
    "lines": (f'{INCLUDE}:1:3"', 4, "include"),
    "a method": (f'{INCLUDE}:Pair.first"', 4, "include"),
    "half of one": (f'{INCLUDE}:double-half"', 4, "an include stands alone"),
    "all of none": (f'{INCLUDE}:doubel-whole"', 4, "the file defines: double, positive, Pair"),
    "escaped": (f';{INCLUDE}:double"', 4, "include"),
    "no quotes": (f"{INCLUDE}:double".replace('"', ""), 4, "include"),
    "single quotes": (f"{INCLUDE}:double'".replace('"', "'"), 4, "include"),
    "a space after it": (f'{INCLUDE}:double" ', 4, "include"),
    "something after it": (f'{INCLUDE}:double"  # twice', 4, "include"),
    "in a comment": (f'# {INCLUDE}:double"', 4, "include"),
    "one dash": (f'{INCLUDE}:double"'.replace("--8", "-8"), 4, "include"),
    "three dashes": (f'{INCLUDE}:double"'.replace("--8", "---8"), 4, "include"),
    "indented": (f'if True:\n    {INCLUDE}:double"', 5, "include"),
    "two on a line": (f'{INCLUDE}:double" {INCLUDE}:Pair"', 4, "include"),
    "a block of them": ("--8<--\npackage/numbers.py:double\n--8<--", 4, "include"),
}


@pytest.mark.parametrize(("text", "line", "message"), INCLUDES.values(), ids=INCLUDES)
def test_broken_include_is_named(text: str, line: int, message: str) -> None:
    page = refused(HEAD + fence(body=text))
    assert page.has(line, message), page.faults


@pytest.mark.parametrize(
    "text",
    [
        f'{INCLUDE}:double"\n',
        f'Text {INCLUDE}:double" text.\n',
        fence("bash", f'{INCLUDE}:double"'),
        fence(body="print('a')") + output(f'{INCLUDE}:double"'),
        f'!!! note "{INCLUDE}:double"\n',
        '--8<-- "part.md"\n',
    ],
)
def test_include_stands_in_code_only(text: str) -> None:
    page = refused(HEAD + text)
    assert any("include" in message for _, message in page.faults), page.faults


def test_include_is_expanded_and_its_lines_are_those_of_its_file() -> None:
    body = f'x = 0\n{INCLUDE}:positive"\npositive(x)'
    page = as_read(f"{HEAD}{fence(body=body)}")
    (code,) = page.of(Code)
    assert code.code.startswith("x = 0\ndef positive(number: int) -> int:\n    if number")
    assert [origin.line for origin in code.origins] == [4, 9, 10, 11, 12, 6]
    assert [origin.file and origin.file.name for origin in code.origins] == [
        None, *["numbers.py"] * 4, None,
    ]  # fmt: skip
    assert [file.name for file in page.included] == ["numbers.py"]
    faults = check(f"{HEAD}{fence(body=body)}\nText\n\n{fence()}").faults
    assert faults[0] == (6, "ValueError: number: expected one above 0, got 0")
    assert len(faults) == 2, "the rest of the page runs"


# What a file may hold that no page can include: its bytes, and what is said.
FILES = {
    "not UTF-8": (b'def f():\n    return "\xff"\n', "UTF-8"),
    "not Python": (b"def f(:\n", "line 1: not Python"),
    "a null byte": (b'def f():\n    return "\0"\n', "not Python"),
    "a fence": (b'def f():\n    """Text.\n\n    ```python\n    x\n    ```\n    """\n', "fence"),
    "an include": (b'def f():\n    """Text.\n\n--8<-- "x.py:f"\n    """\n', "include"),
}


@pytest.mark.parametrize(("content", "message"), FILES.values(), ids=FILES)
def test_file_that_cannot_be_included_is_named(
    content: bytes, message: str, tmp_path: Path
) -> None:
    root = make_course(tmp_path, {"page.md": HEAD + fence(body='--8<-- "package/file.py:f-whole"')})
    (root / "package" / "file.py").write_bytes(content)
    (problem,) = read(root / "docs/page.md").of(Problem)
    assert problem.line == 4
    assert "package/file.py" in problem.message
    assert message in problem.message


LONG = '''class Ratio:
    """A quotient.

    ```python
    Whoever wants more looks it up.
    ```

    Shape:
        numerator, denominator:

            two numbers

    Raises:
        ZeroDivisionError: and says which.
    """

    def of(self, a: int, b: int) -> float:
        r"""
        Divide.

        Shape:
            no \\""", and "no end"

        """  # noqa

        def inner() -> float:
            """Say "a"

            and more."""
            return a / b

        return inner()

    def __call__(self):
        """One line."""

    def text(self):
        """Return a text
        of two lines; '\\n'."""
        return "no docstring," """

    Shape:
        of its own
        """

    def odd(self): """Stay.

        As it is."""
'''
SHORT = '''class Ratio:
    """A quotient.

    Shape:
        numerator, denominator:

            two numbers
    """

    def of(self, a: int, b: int) -> float:
        r"""
        Divide.

        Shape:
            no \\""", and "no end"
        """  # noqa

        def inner() -> float:
            """Say "a"
            """
            return a / b

        return inner()

    def __call__(self):
        """One line."""

    def text(self):
        """Return a text"""
        return "no docstring," """

    Shape:
        of its own
        """

    def odd(self): """Stay.

        As it is."""'''


def test_include_shows_of_docstrings_the_first_line_and_the_shapes(tmp_path: Path) -> None:
    text = HEAD + fence(body='--8<-- "package/ratio.py:Ratio"\nRatio().of(1, 0)')
    root = make_course(tmp_path, {"page.md": text})
    (root / "package/ratio.py").write_text(LONG)
    page = read(root / "docs/page.md")
    code = page.of(Code)[0]
    assert code.code == f"{SHORT}\nRatio().of(1, 0)"
    lines = LONG.split("\n")
    for origin, line in zip(code.origins, SHORT.split("\n"), strict=False):
        assert line.removesuffix('"""') in lines[origin.line - 1], "each line keeps its number"
    (failure,) = run(page, recall=False).failures
    place = lines.index("            return a / b") + 1
    assert f'ratio.py", line {place}, in inner\n    return a / b\n' in failure.details
    options = {"claimdown.includes": {"base_path": [str(root)]}}
    site = Markdown(extensions=["claimdown.includes"], extension_configs=options)
    shown = "\n".join(site.preprocessors["snippet"].run(text.split("\n")))
    assert shown == text.replace('--8<-- "package/ratio.py:Ratio"', SHORT)


def test_include_of_the_whole_shows_all_of_a_docstring(tmp_path: Path) -> None:
    text = HEAD + fence(body='--8<-- "package/ratio.py:Ratio-whole"')
    root = make_course(tmp_path, {"page.md": text})
    (root / "package/ratio.py").write_text(LONG.replace("`" * 3, "''"))
    assert read(root / "docs/page.md").of(Code)[0].code + "\n" == LONG.replace("`" * 3, "''")


def test_file_may_begin_with_a_mark_of_its_encoding(tmp_path: Path) -> None:
    root = make_course(tmp_path, {"page.md": HEAD + fence(body='--8<-- "package/file.py:f"')})
    (root / "package" / "file.py").write_bytes(b"\xef\xbb\xbfdef f():\r\n    return 1\r\n")
    page = read(root / "docs/page.md")
    assert not page.of(Problem)
    assert page.of(Code)[0].code == "def f():\n    return 1"


def test_include_stands_in_a_box() -> None:
    page = as_read(f"{HEAD}!!! note\n\n{inside(fence(body=INCLUDE + ':Pair' + chr(34)))}")
    assert page.of(Code)[0].code.splitlines()[-1] == "    first, second = 1, 2"


@pytest.mark.parametrize(
    ("before", "line_end", "first_line"),
    [
        ("", "\r\n", 1),
        ("", "\r", 1),
        ("\ufeff", "\n", 1),
        ("---\ndescription: x\n---\n", "\n", 4),
        ("\ufeff---\ndescription: x\n---\n\n\n", "\r\n", 6),
    ],
)
def test_lines_are_those_of_the_file(before: str, line_end: str, first_line: int) -> None:
    page = as_read((before + HEAD + BLOCK).replace("\n", line_end))
    assert not page.of(Problem)
    assert [code.origins[0].line for code in page.of(Code)] == [first_line + 3]


FRONT_MATTER = {
    "a fence": (f"---\nkey: |\n{inside(BLOCK)}---\n", 3, "a fence in the front matter"),
    "a shape": ("---\ndescription: a list [4, 16]\n---\n", 2, '"[4, 16]" in the front matter'),
    "a number": ("---\ndescription: x\ntitle: 16 steps\n---\n", 3, '"16" in the front matter'),
    "no mapping": ("---\ndescription: cells: one step\n---\n", 1, "front matter"),
    "a list": ("---\n- a\n- b\n---\n", 1, "front matter"),
    "no limit": ("---\ntimeout: soon\n---\n", 2, "timeout"),
    "a limit of nothing": ("---\ndescription: x\ntimeout: 0\n---\n", 3, "timeout"),
    "a limit below nothing": ("---\ntimeout: -1\n---\n", 2, "timeout"),
    "a limit that is no number": ("---\ntimeout: yes\n---\n", 2, "timeout"),
    "a limit without end": ("---\ntimeout: .inf\n---\n", 2, "timeout"),
    "no number as a limit": ("---\ntimeout: .nan\n---\n", 2, "timeout"),
    "no list of packages": ("---\ndescription: x\nrequires: numpy\n---\n", 3, "requires"),
    "no names of packages": ("---\nrequires: [[numpy]]\n---\n", 2, "requires"),
    "without end": ("---\ndescription: x\n", 1, "front matter"),
    "of another kind": ("description: x\n\n", 1, ""),
}


@pytest.mark.parametrize(("text", "line", "message"), FRONT_MATTER.values(), ids=FRONT_MATTER)
def test_front_matter_is_refused(text: str, line: int, message: str) -> None:
    page = refused(text + HEAD)
    assert page.has(line, message), page.faults


def test_skipped_and_shown_blocks_are_counted_and_not_run() -> None:
    text = HEAD + "\n".join(
        [
            fence('python { .skip title="Not run: it needs a GPU" }'),
            fence("bash", "ls"),
            fence('yaml title="mkdocs.yml"', "a: 1"),
            fence("markdown", BLOCK.rstrip(), "````"),
            fence("checks", "table"),
        ]
    )
    page = as_read(text)
    assert not page.of(Problem)
    assert [fence.line for fence in page.of(Skipped)] == [3]
    assert [fence.line for fence in page.of(Shown)] == [7, 11, 15]
    assert [fence.code for fence in page.of(Generated)] == ["table"]
    ran = check(text)
    assert not ran.faults
    assert ran.counts == {
        "executed": 0, "compared": 0, "verified": 0, "skipped": 1, "shown": 3, "claims": 0,
    }  # fmt: skip


def test_output_belongs_to_the_code_right_above_it() -> None:
    page = as_read(HEAD + fence(body="print('a')") + output("a") + "\n" + fence(body="x = 1"))
    assert not page.of(Problem)
    assert [each.code for each in page.of(Output)] == ["a"]


@pytest.mark.parametrize(
    "between",
    ["", "Text.\n\n", "## Heading { #b }\n\n", fence("bash", "ls") + "\n", output("a") + "\n",
     fence('python { .skip title="Not run: x" }') + "\n", "!!! note\n\n"],
    ids=["no code", "text", "heading", "other fence", "second output", "skipped", "box"],
)  # fmt: skip
def test_output_after_no_code(between: str) -> None:
    text = HEAD + (fence(body="print('a')") + "\n" if between else "") + between
    page = refused(text + fence('text title="Output"', "a"))
    assert page.has(text.count("\n") + 1, "this output stands after no code block"), page.faults


def test_output_outside_of_its_codes_box_is_not_after_the_code() -> None:
    text = HEAD + "!!! note\n\n" + inside(fence(body="print('a')"))
    assert refused(text + output("a")).has(9, "after no code block")
    assert not refused(text + inside(output("a"))).faults


OUTPUTS = ('text title="output"', 'text title="Output:"', 'text title="Output "', 'text title=""',
           "text { title=\"Output\" }", 'text  title="Output"', ' text title="Output"',
           'text title="Output" ', "text title='Output'", 'txt title="Output"',
           '{ .text title="Output" }')  # fmt: skip


@pytest.mark.parametrize("info", OUTPUTS)
def test_output_called_otherwise(info: str) -> None:
    page = refused(HEAD + fence(body="print('a')") + "\n" + fence(info, "a"))
    assert any(line == 7 and "utput" in message for line, message in page.faults), page.faults


CLAIM = '??? check "Claim: it holds (equal)"\n'
ASSERTS = inside(fence(body="assert len(str(1)) == 1"))
CLAIMS = {
    "no assert": (CLAIM + inside(fence(body="x = 1")), "asserts nothing"),
    "only the word": (CLAIM + inside(fence(body="x = 'assert'")), "asserts nothing"),
    "only in a comment": (CLAIM + inside(fence(body="x = 1  # assert x")), "asserts nothing"),
    "only skipped": (
        CLAIM + inside(fence('python { .skip title="Not run: x" }', "assert len(str(1)) == 1")),
        "asserts nothing",
    ),
    "assert outside": (
        CLAIM + "\n    Text.\n\n" + fence(body="assert len(str(1)) == 1"),
        "asserts nothing",
    ),
    "no code": (CLAIM, "asserts nothing"),
    "what always holds": (CLAIM + inside(fence(body="assert True")), "asserts nothing"),
    "another kind": (CLAIM.replace("check", "note") + ASSERTS, "claim"),
    "no kind of equality": (CLAIM.replace(" (equal)", "") + ASSERTS, "claim"),
    "another kind of equality": (CLAIM.replace("(equal)", "(roughly)") + ASSERTS, "claim"),
    "plural": (CLAIM.replace("Claim:", "Claims:") + ASSERTS, "claim"),
    "no colon": (CLAIM.replace("Claim:", "Claim") + ASSERTS, "claim"),
    "lower case": (CLAIM.replace("Claim:", "claim:") + ASSERTS, "claim"),
    "a slip": (CLAIM.replace("Claim:", "Clam:") + ASSERTS, "claim"),
    "another slip": (CLAIM.replace("Claim:", "Cliam:") + ASSERTS, "claim"),
    "a slip, another kind": (
        CLAIM.replace("Claim:", "Clam:").replace("check", "note") + ASSERTS,
        "claim",
    ),
    "a space before it": (CLAIM.replace("Claim:", " Claim:") + ASSERTS, "claim"),
    "in bold": (CLAIM.replace("Claim:", "**Claim:**") + ASSERTS, "claim"),
    "not folded": (CLAIM.replace("???", "!!!") + ASSERTS, "claim"),
    "open": (CLAIM.replace("???", "???+") + ASSERTS, "claim"),
    "as a solution": (CLAIM.replace("check", "success") + ASSERTS, "claim"),
    "no kind": (CLAIM.replace("check ", "") + ASSERTS, "box"),
    "two kinds": (CLAIM.replace("check", "check inline") + ASSERTS, "box"),
    "a green box": ('!!! success "It works"\n' + ASSERTS, "claim"),
    "a green box that opens": ('??? check "It works"\n' + ASSERTS, "claim"),
    "a green box, no title": ("!!! success\n" + ASSERTS, "claim"),
    "a paragraph": ("**Claim:** it holds (equal)\n", "claim"),
    "a heading": ("## Claim: it holds { #x }\n", "claim"),
    "a tab": ('=== "Claim: it holds (equal)"\n\n' + ASSERTS, "claim"),
}


@pytest.mark.parametrize(("text", "message"), CLAIMS.values(), ids=CLAIMS)
def test_claim_is_complete(text: str, message: str) -> None:
    page = refused(HEAD + text)
    assert page.has(3, message), page.faults


def test_claims_are_listed() -> None:
    close = CLAIM.replace("(equal)", "(within rounding)")
    page = as_read(HEAD + CLAIM + ASSERTS + "\n" + close + "\n    Text.\n\n" + ASSERTS)
    assert not page.of(Problem)
    assert [(claim.line, claim.last_line) for claim in page.claims] == [(3, 6), (8, 14)]
    assert page.counts["claims"] == 2
    assert page.counts["executed"] == 2


def test_a_solution_is_a_folded_green_box() -> None:
    assert not refused(HEAD + '??? success "Solution"\n\n    Text.\n').faults

"""However a page shows Python, the block is executed, or the page is refused at that line."""

import pytest

from tests.engine.engine import HEAD, PLANTED, TICKS, check, fence, inside

BLOCK = fence()

# Forms that the site shows as a code block, with the line of the planted assert.
EXECUTED = {
    "plain": (BLOCK, 4),
    "title": (fence('python title="x"'), 4),
    "space": (fence(" python"), 4),
    "py": (fence("py"), 4),
    "python3": (fence("python3"), 4),
    "py3": (fence("py3"), 4),
    "capitals": (fence("Python"), 4),
    "pyi": (fence("pyi"), 4),
    "numpy": (fence("numpy"), 4),
    "ipython": (fence("ipython"), 4),
    "starlark": (fence("starlark"), 4),
    "dot": (fence(".python"), 4),
    "attributes": (fence(" { .python .annotate }"), 4),
    "attributes, no space": (fence('{.python title="x"}'), 4),
    "language and attributes": (fence('python {.annotate title="x" linenums="1"}'), 4),
    "id": (fence("{ .python #a-block }"), 4),
    "highlighted lines": (fence('python hl_lines="1"'), 4),
    "line numbers": (fence('python linenums="1"'), 4),
    "called Output": (fence('python title="Output"'), 4),
    "tildes": (fence(marker="~~~"), 4),
    "four ticks": (fence(marker="````"), 4),
    "indented by one": (inside(BLOCK, " "), 4),
    "indented by three": (inside(BLOCK, "   "), 4),
    "admonition": ("!!! note\n\n" + inside(BLOCK, "    "), 6),
    "admonition, titled, no blank line": ('!!! note "Title"\n' + inside(BLOCK, "    "), 5),
    "admonition, seven spaces": ("!!! note\n" + inside(BLOCK, "       "), 5),
    "admonition, tabs": ("!!! note\n\n" + inside(BLOCK, "\t"), 6),
    "details": ("??? note\n\n" + inside(BLOCK, "    "), 6),
    "open details": ("???+ note\n\n" + inside(BLOCK, "    "), 6),
    "content tab": ('=== "x"\n\n' + inside(BLOCK, "    "), 6),
    "second content tab": ('=== "x"\n\n    a\n\n=== "y"\n\n' + inside(BLOCK, "    "), 10),
    "list": ("- a\n\n" + inside(BLOCK, "    "), 6),
    "numbered list": ("1. a\n\n" + inside(BLOCK, "    "), 6),
    "nested list": ("- a\n\n    - b\n\n" + inside(BLOCK, "        "), 8),
    "list, no blank line": ("- a\n" + BLOCK, 5),
    "blockquote": (inside(BLOCK, "> "), 4),
    "blockquote, no space": (inside(BLOCK, ">"), 4),
    "nested blockquote": (inside(BLOCK, "> > "), 4),
    "blockquote in admonition": ("!!! note\n\n" + inside(inside(BLOCK, "> "), "    "), 6),
    "admonition in list": ("- a\n\n    !!! note\n\n" + inside(BLOCK, "        "), 8),
    "definition": ("Term\n:   Text\n\n" + inside(BLOCK, "    "), 7),
    "footnote": ("See[^1].\n\n[^1]: Text\n\n" + inside(BLOCK, "    "), 8),
    "Markdown in HTML": ("<div markdown>\n\n" + BLOCK + "\n</div>\n", 6),
    "hidden HTML": ("<div hidden markdown>\n\n" + BLOCK + "\n</div>\n", 6),
    "plain HTML": ("<div>\n\n" + BLOCK + "\n</div>\n", 6),
    "below a table": ("| a | b |\n|---|---|\n| c | d |\n" + BLOCK, 7),
    "below a paragraph": ("Text\n" + BLOCK + "text\n", 5),
    "after the last heading": ("## Last { #last }\n\n" + BLOCK, 6),
    "last line, no newline": (BLOCK.rstrip("\n"), 4),
    "form feed": (fence(body=f"x = 1\f\n{PLANTED}"), 5),
    "line separator": (fence(body=f"x = '\u2028'\n{PLANTED}"), 5),
}

# Forms that are refused: the line, and what is said there.
NEVER_CLOSED = "this fence is never closed"
NOT_A_FENCE = "this code block is not a fence"
NOT_RUN = "is neither executed nor compared"
RAW = "raw HTML"
REFUSED = {
    "prompts": (fence("pycon", ">>> assert 1 == 2"), 3, f'"pycon" {NOT_RUN}'),
    "Python 2": (fence("python2"), 3, f'"python2" {NOT_RUN}'),
    "Cython": (fence("cython"), 3, f'"cython" {NOT_RUN}'),
    "no language": (fence(""), 3, f"no language {NOT_RUN}"),
    "language in braces, no dot": (fence("{python}"), 3, f"no language {NOT_RUN}"),
    "text": (fence("text"), 3, f'"text" {NOT_RUN}'),
    "unknown words": (fence("python,ignore"), 3, NEVER_CLOSED),
    "unknown option": (fence("python nocheck=yes"), 3, NEVER_CLOSED),
    "skipped without a reason": (fence("{ .python .skip }"), 3, "says why in its title"),
    "empty": (fence(body=""), 3, "holds no code"),
    "never closed": (f"{TICKS}python\n{PLANTED}\n", 3, NEVER_CLOSED),
    "never closed, another follows": (f"{TICKS}python\nx = 1\n\n{BLOCK}", 3, "the one at line 6"),
    "never closed in an admonition": (
        f"!!! note\n\n    {TICKS}python\n    {PLANTED}\n\nText\n\n{BLOCK}",
        5,
        NEVER_CLOSED,
    ),
    "never closed, end of an admonition": (
        f"!!! note\n\n    {TICKS}python\n    {PLANTED}\n",
        5,
        NEVER_CLOSED,
    ),
    "closed with fewer ticks": (f"````python\n{PLANTED}\n```\n\nText\n", 3, NEVER_CLOSED),
    "closed with more ticks": (f"```python\n{PLANTED}\n````\n\nText\n", 3, NEVER_CLOSED),
    "closed with tildes": (f"```python\n{PLANTED}\n~~~\n\nText\n", 3, NEVER_CLOSED),
    "content outside of its list": (
        f"!!! note\n\n    ```python\n{PLANTED}\n    ```\n",
        5,
        NEVER_CLOSED,
    ),
    "beside the list's bullet": ("- " + inside(BLOCK, "  ").lstrip(), 3, NEVER_CLOSED),
    "beside the definition's colon": ("Term\n:   " + BLOCK, 4, NEVER_CLOSED),
    "on one line": (f"{TICKS}python {PLANTED}{TICKS}\n", 3, NEVER_CLOSED),
    "inline over two lines": (f"Text `` python\n{PLANTED} ``\n", 3, "runs over several lines"),
    "four spaces": (inside(PLANTED + "\n", "    "), 3, NOT_A_FENCE),
    "a tab": (f"\t{PLANTED}\n", 3, NOT_A_FENCE),
    "four spaces in an admonition": ("!!! note\n\n    a\n\n        assert False\n", 7, NOT_A_FENCE),
    "a fence indented by four": (inside(BLOCK, "    "), 3, NOT_A_FENCE),
    "fence indented in HTML": (
        f"<div markdown>\n\n{inside(BLOCK, '    ')}</div>\n",
        5,
        NOT_A_FENCE,
    ),
    "pre": ("<pre><code>assert False</code></pre>\n", 3, NOT_A_FENCE),
    "highlighted pre": ('<div class="highlight"><pre>assert False</pre></div>\n', 3, NOT_A_FENCE),
    "highlighted div": (
        '<div class="highlight">assert False</div>\n',
        3,
        "looks like a code block",
    ),
    "code": ('<div class="language-python"><code>assert False</code></div>\n', 3, f"{RAW}, <code>"),
    "styled div": ('<div style="white-space: pre">assert False</div>\n', 3, f"{RAW}, <div>"),
    "generated by the build": (fence("checks"), 3, "holds one word: table or summary"),
    "textarea": ("<textarea>\nassert False\n</textarea>\n", 3, f"{RAW}, <textarea>"),
    "samp": ("Text <samp>assert False</samp>\n", 3, f"{RAW}, <samp>"),
    "tag over two lines": ("<xmp\nhidden>assert False</xmp>\n", 3, f"{RAW}, <xmp>"),
    "script": ('<script type="text/python">\nassert False\n</script>\n', 3, f"{RAW}, <script>"),
    "template": (f"<template markdown>\n\n{BLOCK}\n</template>\n", 3, f"{RAW}, <template>"),
    "comment": (f"<!--\n\n{BLOCK}\n-->\n", 5, "does not come out as a code block"),
    "comment, no blank line": (f"<!--\n{BLOCK}-->\n", 4, "does not come out as a code block"),
    "comment on the marker's line": (f"<!-- {BLOCK}-->\n", 5, NEVER_CLOSED),
    "escaped": (f"\\{TICKS}python\n{PLANTED}\n{TICKS}\n", 5, NEVER_CLOSED),
    "not UTF-8": (f"Text \udcff\n\n{BLOCK}", 3, "not valid UTF-8"),
}

INCLUDE = '--8<-- "rnn_tutorial/linear.py'
INCLUDES = {
    "no such definition": (f'{INCLUDE}:linr"', 4, "no function or class of that name"),
    "no such file": ('--8<-- "rnn_tutorial/liner.py:linear"', 4, "could not be found"),
    "another site": ('--8<-- "https://example.org/x.py"', 4, "could not be found"),
    "outside of the project": ('--8<-- "../x.py"', 4, "could not be found"),
    "no such lines": (f'{INCLUDE}:900:901"', 4, "there is nothing at these lines"),
    "escaped": (f';{INCLUDE}:linear"', 4, "not expanded"),
    "no quotes": (f"{INCLUDE}:linear".replace('"', ""), 4, "not expanded"),
    "something behind it": (f'{INCLUDE}:linear"  # the layer', 4, "not expanded"),
    "a block with a wrong name": ("--8<--\nrnn_tutorial/linear.py:linr\n--8<--", 4, "of that name"),
    "a block never closed": ("--8<--\nrnn_tutorial/linear.py:linear", 4, "never closed"),
}


@pytest.mark.parametrize(("text", "line"), EXECUTED.values(), ids=EXECUTED)
def test_block_is_executed(text: str, line: int) -> None:
    page = check(HEAD + text)
    assert page.faults == [(line, "AssertionError: planted")]
    assert not page.tally.executed
    page = check(HEAD + text.replace("1 == 2", "1 == 1"))
    assert not page.faults
    assert len(page.tally.executed) == 1


@pytest.mark.parametrize(("text", "line", "message"), REFUSED.values(), ids=REFUSED)
def test_block_is_refused(text: str, line: int, message: str) -> None:
    page = check(HEAD + text)
    assert page.has(line, message), page.faults
    assert not page.tally.executed


@pytest.mark.parametrize(("text", "line", "message"), INCLUDES.values(), ids=INCLUDES)
def test_broken_include_is_named_and_the_rest_runs(text: str, line: int, message: str) -> None:
    page = check(f"{HEAD}{fence(body=text)}\n{BLOCK}")
    assert page.has(line, message), page.faults
    if "never closed" not in message:
        assert (HEAD + fence(body=text) + "\n").count("\n") + 2 in dict(page.faults)


@pytest.mark.parametrize(
    ("before", "line_end", "first_line"),
    [
        ("", "\r\n", 1),
        ("", "\r", 1),
        ("\ufeff", "\n", 1),
        ("---\ndescription: x\n---\n", "\n", 4),
        ("\ufeff---\ndescription: x\n---\n\n\n", "\r\n", 6),
        ("description: x\n\n", "\n", 3),
    ],
)
def test_lines_are_those_of_the_file(before: str, line_end: str, first_line: int) -> None:
    text = (before + HEAD + BLOCK).replace("\n", line_end)
    assert check(text).faults == [(first_line + 3, "AssertionError: planted")]


def test_fences_and_numbers_in_front_matter_are_refused() -> None:
    page = check(f"key: value\n{inside(BLOCK, '    ')}\ntext\n")
    assert page.has(2, "a fence in the front matter")
    page = check(f"---\ndescription: a tensor [4, 16]\ntitle: 16 steps\n---\n{HEAD}")
    assert page.has(2, '"[4, 16]" in the front matter')
    assert page.has(3, '"16" in the front matter')


def test_front_matter_that_cannot_be_read_is_refused() -> None:
    page = check(f"---\ndescription: cells: one step\n---\n{HEAD}")
    assert page.has(1, "the front matter is no YAML mapping")


def test_skipped_and_shown_blocks_are_counted_and_not_run() -> None:
    text = fence('{ .python .skip title="Not run: it needs a GPU" }') + "\n" + fence("bash", "ls")
    page = check(f"{HEAD}{text}\n{fence('markdown', BLOCK.rstrip(), '````')}")
    assert not page.faults
    assert [line for _, line in page.tally.skipped] == [3]
    assert [line for _, line in page.tally.shown] == [7, 11]


def test_lines_of_an_include_are_those_of_its_file() -> None:
    names = "\n".join(f"rnn_tutorial/{name}" for name in ("shapes.py:require_shape", "linear.py"))
    for lines in ('--8<-- "rnn_tutorial/linear.py"', f"--8<--\n{names}\n--8<--"):
        body = f"{lines}\nlinear(torch.zeros(3), torch.zeros(2, 2))"
        chapter = f"{HEAD}{fence(body='from torch import Tensor')}\n{fence(body=body)}"
        page = check(chapter)
        call = chapter[: chapter.index("linear(torch")].count("\n") + 1
        assert page.faults == [(call, "RuntimeError: input: expected shape (2), got (3,)")]


def test_a_page_that_cannot_be_rendered_is_one_fault() -> None:
    page = check(HEAD + "![](../assets/figures/nowhere.svg)\n")
    assert [line for line, _ in page.faults] == [1]
    assert "the page cannot be rendered: ValueError" in page.faults[0][1]


CLAIM = '!!! success "Claim: it holds (equal)"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CLAIM + inside(fence(body="x = 1"), "    "), "asserts nothing"),
        (CLAIM + "\n    Text.\n\n" + fence(body="assert True"), "asserts nothing"),
        (CLAIM.replace("success", "note") + inside(fence(body="assert 1"), "    "), "of the kind"),
        (CLAIM.replace(" (equal)", "") + inside(fence(body="assert 1"), "    "), "how it holds"),
        (
            CLAIM.replace("Claim:", "Claims") + inside(fence(body="assert 1"), "    "),
            "is not written as a claim",
        ),
        (CLAIM.replace("success", "") + inside(fence(body="assert 1"), "    "), "of the kind"),
        ('!!! success inline "Claim: it (equal)"\n', "asserts nothing"),
    ],
)
def test_claim_is_complete(text: str, message: str) -> None:
    page = check(HEAD + text)
    assert page.has(3, message), page.faults

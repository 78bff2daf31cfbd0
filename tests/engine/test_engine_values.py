"""Every number on a page is verified in its place, or refused there."""

from pathlib import Path

import pytest

from tests.engine.engine import HEAD, check, fence

RIGHT = '`4`{ .verified expr="2 + 2" }'
WRONG = '`5`{ .verified expr="2 + 2" }'

# Where a verified value may stand: a stale one is found there, with the line of the value.
PLACES = {
    "paragraph": ("So {} it is.\n", 3),
    "heading": ("## So {}\n", 3),
    "heading with an id": ("## So {} {{ #so }}\n", 3),
    "table cell": ("| a | b |\n|---|---|\n| c | {} |\n", 5),
    "table head": ("| a | {} |\n|---|---|\n| c | d |\n", 3),
    "list": ("- a\n- b {}\n", 4),
    "nested list": ("- a\n\n    - b {}\n", 5),
    "second line of an item": ("1. So\n   {}\n", 4),
    "link text": ("[a {}](https://x.org)\n", 3),
    "bold": ("**a {}** and *b*\n", 3),
    "figure caption": (
        "<figure markdown>\n<figcaption markdown>So {}</figcaption>\n</figure>\n",
        4,
    ),
    "admonition": ("!!! note\n\n    So {}\n", 5),
    "admonition's title": ('!!! note "So {}"\n\n    Text\n', 3),
    "content tab's title": ('=== "So {}"\n\n    Text\n', 3),
    "blockquote": ("> So {}\n", 3),
    "definition": ("Term\n:   So {}\n", 4),
    "term": ("Term {}\n:   So\n", 3),
    "footnote": ("See[^1].\n\n[^1]: So {}\n", 5),
    "Markdown in HTML": ("<div markdown>\nSo {}\n</div>\n", 4),
    "behind a formula": ("$x$ is {} and $y$ is not\n", 3),
    "behind a tab": ("So\t{}\n", 3),
}

# Other ways to write one.
SPELLINGS = [
    '``{}``{{ .verified expr="2 + 2" }}',
    '`` {} ``{{ .verified expr="2 + 2" }}',
    '`{}`{{: .verified expr="2 + 2" }}',
    '`{}`{{ expr="2 + 2" .verified }}',
    "`{}`{{ .verified expr='int(\"4\")' }}",
    "`{}`{{.verified expr=2+2}}",
    '`{}`{{ .verified expr="{{1: 4}}[1]" }}',
    '`{}`{{ .verified #here expr="2 * 2 * 1" }}',
]

# Marks that check nothing: refused.
LOST = "is lost on the page"
NO_FORM = "not in a form that is checked"
BAD_MARKS = {
    "no expression": ("`4`{ .verified }\n", 3, "has no expression"),
    "empty expression": ('`4`{ .verified expr="" }\n', 3, "has no expression"),
    "the value itself": ('`[4, 16]`{ .verified expr="[4, 16]" }\n', 3, "is compared with itself"),
    "its own text": ("`five`{ .verified expr=\"'five'\" }\n", 3, "is compared with itself"),
    "raises": ('`4`{ .verified expr="undefined" }\n', 3, "raises NameError"),
    "not Python": ('`4`{ .verified expr="2 +" }\n', 3, "raises SyntaxError"),
    "stops the run": ('`4`{ .verified expr="exit()" }\n', 3, "raises SystemExit"),
    "escaped quotes": ('`4`{ .verified expr="int(\\"4\\")" }\n', 3, "raises SyntaxError"),
    "class written out": ('`4`{ class="verified" expr="4" }\n', 3, NO_FORM),
    "bold": ('**4**{ .verified expr="4" }\n', 3, NO_FORM),
    "paragraph": ('It is 5.25\n{ .verified expr="4" }\n', 3, NO_FORM),
    "span": ('<span class="verified">[4, 16]</span>\n', 3, NO_FORM),
    "code": ('<code class="verified" expr="4">4</code>\n', 3, NO_FORM),
    "a space before it": ('`4` { .verified expr="4" }\n', 3, "is not verified"),
    "a line before it": ('Text\n`4`\n{ .verified expr="4" }\n', 4, NO_FORM),
    "a line inside it": ('`4`{ .verified\nexpr="4" }\n', 3, "is not verified"),
    "caption": (f"![alt](a.png '{RIGHT}')\n", 3, LOST),
    "alt text": (f"![alt {RIGHT}](a.png)\n", 3, LOST),
    "comment": (f"<!-- {RIGHT} -->\n", 3, LOST),
    "HTML": (f"<div>\n{RIGHT}\n</div>\n", 4, LOST),
    "abbreviation": (f"*[HTML]: {RIGHT}\n\nHTML\n", 3, LOST),
    "indented code": (f"    {RIGHT}\n", 3, LOST),
    "formula in the expression": ("$x$ `4`{ .verified expr=\"len('$a$b')\" } $y$\n", 3, LOST),
    "a bar in the expression": ('| a |\n|---|\n| `4`{ .verified expr="4 | 0" } |\n', 5, LOST),
}

SHAPE = "looks like a concrete shape"
NUMBER = "is not verified"
UNMARKED = {
    "list": ("Now [4, 16, 6].\n", 3, SHAPE),
    "tuple": ("Now (4, 16, 6).\n", 3, SHAPE),
    "one axis": ("Now `(6,)`.\n", 3, SHAPE),
    "torch.Size": ("Now `torch.Size([4, 16])`.\n", 3, SHAPE),
    "inline code": ("Now `[4, 16, 6]`.\n", 3, SHAPE),
    "comparison in code": ("Now `x.shape == (4, 16)`.\n", 3, SHAPE),
    "two lines": ("Now [4,\n16].\n", 3, SHAPE),
    "times": ("Now 4 × 16.\n", 3, SHAPE),
    "x": ("Now 4x16x6.\n", 3, SHAPE),
    "by": ("A 6 by 5 matrix.\n", 3, SHAPE),
    "semicolons": ("Now [4; 16].\n", 3, SHAPE),
    "full-width": ("Now（4，16，6）.\n", 3, SHAPE),
    "bold inside": ("Now [4, **16**, 6].\n", 3, SHAPE),
    "entity": ("Now &#91;4, 16, 6].\n", 3, SHAPE),
    "escaped": ("Now \\[4, 16\\].\n", 3, SHAPE),
    "nested": ("Now [[4, 16], [5, 6]].\n", 3, SHAPE),
    "formula": ("Now $[4, 16]$.\n", 3, SHAPE),
    "formula, times": ("Now $W \\in \\mathbb{R}^{4 \\times 16}$.\n", 3, SHAPE),
    "display formula": ("Now\n\n$$\nx = (4, 16)\n$$\n", 6, SHAPE),
    "heading": ("Text\n\n## Now [4, 16]\n", 5, SHAPE),
    "table": ("| a | b |\n|---|---|\n| c | [4, 16] |\n", 5, SHAPE),
    "table head": ("| a | [4, 16] |\n|---|---|\n| c | d |\n", 3, SHAPE),
    "admonition's title": ('!!! note "Now [4, 16]"\n\n    Text\n', 3, SHAPE),
    "fold's title": ('??? note "Now `[4, 16]`"\n\n    Text\n', 3, SHAPE),
    "content tab": ('=== "Now [4, 16]"\n\n    Text\n', 3, SHAPE),
    "fence's title": (fence('python title="Now [4, 16]"', "x = 1"), 3, SHAPE),
    "alt text": ("![Now [4, 16]](a.png)\n", 3, SHAPE),
    "image's title": ('![alt](a.png "Now (4, 16)")\n', 3, SHAPE),
    "figure": ("![Now [4, 16]](../assets/figures/memory-loop.svg)\n", 3, SHAPE),
    "caption": ('![alt](../assets/figures/memory-loop.svg "Now (4, 16)")\n', 3, SHAPE),
    "link's text": ("[Now (4, 16)](https://x.org)\n", 3, SHAPE),
    "link's title": ('[a](https://x.org "[4, 16]")\n', 3, SHAPE),
    "abbreviation": ("*[RNN]: of [4, 16]\n\nRNN\n", 3, SHAPE),
    "footnote": ("a[^1]\n\n[^1]: of [4, 16]\n", 5, SHAPE),
    "HTML": ("<div>\nNow [4, 16]\n</div>\n", 4, SHAPE),
    "below code that holds it": (fence(body="x = [4, 16]") + "\nNow [4, 16].\n", 7, SHAPE),
    "integer": ("Now 16 steps.\n", 3, NUMBER),
    "hyphen": ("A 16-step run.\n", 3, NUMBER),
    "unit": ("It takes 100ms.\n", 3, NUMBER),
    "factor": ("It is 10x as fast.\n", 3, NUMBER),
    "percent": ("It is 16% more.\n", 3, NUMBER),
    "fraction": ("It is 1/16 of it.\n", 3, NUMBER),
    "decimal": ("It is 0.5 there.\n", 3, NUMBER),
    "no leading zero": ("It is .5 there.\n", 3, NUMBER),
    "negative": ("It is -2.75 there.\n", 3, NUMBER),
    "Unicode minus": ("It is −2.75 there.\n", 3, NUMBER),
    "scientific": ("It is -2.75e-05 there.\n", 3, NUMBER),
    "power": ("It is 10⁶ there.\n", 3, NUMBER),
    "thousands": ("It is 1,000 there.\n", 3, NUMBER),
    "like a year": ("It is 2048 there.\n", 3, NUMBER),
    "equation": ("So T=16 there.\n", 3, NUMBER),
    "twice, below a year": ("In 2016.\n\nNow 16.\n", 5, NUMBER),
    "number in code": ("Now `4`.\n", 3, NUMBER),
    "list in code": ("Now `[0.5]`.\n", 3, NUMBER),
    "tensor in code": ("Now `tensor([0.5, 0.25])`.\n", 3, NUMBER),
    "table cell": ("| a | b |\n|---|---|\n| c | 0.25 |\n", 5, NUMBER),
}

ALLOWED = [
    "Two steps, 3 of them, in 1997 and in 2026.",
    "A 32-bit float, `float32`, GPT-2, version v1.2, on 2026-11-24, see #1234.",
    "Row `output[:, 0]`, `h_n[0, 1]`, `torch.zeros(4, 16, 5)`, `2 ** 63 - 1`, `0x10`.",
    "$T = 16$ and $x_{10}$ and $2^{63}$.",
    "[Section 4.2](https://x.org/16/3.14)",
    "# Not [N, T, E] { #other }",
]


@pytest.mark.parametrize(("place", "line"), PLACES.values(), ids=PLACES)
def test_stale_value_is_found_in_its_place(place: str, line: int) -> None:
    page = check(HEAD + place.format(WRONG))
    assert page.faults == [
        (line, "the value differs.\nExpression: 2 + 2\nExpected: 5\nActual:   4")
    ]
    page = check(HEAD + place.format(RIGHT))
    assert not page.faults
    assert [at for _, at in page.tally.verified] == [line]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_value_may_be_written_in_other_ways(spelling: str) -> None:
    assert not check(f"{HEAD}So {spelling.format(4)}\n").faults
    assert check(f"{HEAD}So {spelling.format(5)}\n").has(3, "Expected: 5\nActual:   4")


@pytest.mark.parametrize(("text", "line", "message"), BAD_MARKS.values(), ids=BAD_MARKS)
def test_mark_that_checks_nothing_is_refused(text: str, line: int, message: str) -> None:
    page = check(HEAD + text)
    assert page.has(line, message), page.faults


@pytest.mark.parametrize(("text", "line", "message"), UNMARKED.values(), ids=UNMARKED)
def test_unmarked_number_is_refused(text: str, line: int, message: str) -> None:
    page = check(HEAD + text)
    assert page.has(line, message), page.faults


@pytest.mark.parametrize("text", ALLOWED)
def test_other_text_is_let_alone(text: str) -> None:
    assert not check(f"{HEAD}{text}\n").faults


def test_two_equal_faults_are_named_at_both_lines() -> None:
    page = check(f"{HEAD}One 16.\n\nTwo 16.\n")
    assert [line for line, _ in page.faults] == [3, 5]


def test_value_is_computed_where_it_stands() -> None:
    value = '`{}`{{ .verified expr="x" }}'
    blocks = [fence(body=f"x = {n}") + "\n" + value.format(n) + "\n\n" for n in (1, 2)]
    assert not check(HEAD + "".join(blocks)).faults
    page = check(HEAD + value.format(1) + "\n\n" + fence(body="x = 1"))
    assert page.has(3, "raises NameError")


def test_code_in_code_is_no_value() -> None:
    page = check(f"{HEAD}Write `` {WRONG} ``.\n\n{fence('markdown', WRONG)}")
    assert not page.faults
    assert not page.tally.verified


def test_value_with_a_bar_stands_in_a_table() -> None:
    table = '| a |\n|---|\n| `a|{}`{{ .verified expr="chr(97) + chr(124) + chr(98)" }} |\n'
    assert not check(HEAD + table.format("b")).faults
    assert check(HEAD + table.format("c")).has(5, "Expected: a|c\nActual:   a|b")


def test_included_text_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.snippets.ROOT", tmp_path)
    (tmp_path / "part.md").write_text(f"So {RIGHT}.\n\nNow 16.\n\n{fence()}", encoding="utf-8")
    page = check(HEAD + '--8<-- "part.md"\n')
    assert page.has(3, "`4` is marked as verified, but not in a form that is checked")
    assert page.has(3, '"16" in the text is not verified')
    assert any(message == "AssertionError: planted" for _, message in page.faults)

"""Every number on a page is verified in its place, or refused there."""

import pytest

from checking import HEAD, as_read, check, fence, refused
from claimdown.page import Problem, Value

RIGHT = '`4`{ .verified expr="2 + 2" }'
WRONG = '`5`{ .verified expr="2 + 2" }'

# Where a verified value may stand, with its line.
PLACES = {
    "paragraph": ("So {} it is.\n", 3),
    "heading": ("## So {} {{ #so }}\n", 3),
    "table cell": ("| a | b |\n|---|---|\n| c | {} |\n", 5),
    "table head": ("| a | {} |\n|---|---|\n| c | d |\n", 3),
    "list": ("- a\n- b {}\n", 4),
    "nested list": ("- a\n\n    - b {}\n", 5),
    "second line of an item": ("1. So\n   {}\n", 4),
    "second line of a paragraph": ("So\n{} it is.\n", 4),
    "link text": ("[a {}](https://x.org)\n", 3),
    "bold": ("**a {}** and *b*\n", 3),
    "bold itself": ("**{}**\n", 3),
    "figure caption": (
        "<figure markdown>\n<figcaption markdown>So {}</figcaption>\n</figure>\n",
        4,
    ),
    "box": ("!!! note\n\n    So {}\n", 5),
    "blockquote": ("> So {}\n", 3),
    "definition": ("Term\n:   So {}\n", 4),
    "term": ("Term {}\n:   So\n", 3),
    "footnote": ("See[^1].\n\n[^1]: So {}\n", 5),
    "Markdown in HTML": ("<div markdown>\n\nSo {}\n\n</div>\n", 5),
    "HTML in a line": ("H<sub>{}</sub> it is\n", 3),
    "after a formula": ("$x$ is {} and $y$ is not\n", 3),
    "after a tab": ("So\t{}\n", 3),
    "in brackets": ("So ({}, it is).\n", 3),
    "after inline code": ("`a` and {} and ``b``\n", 3),
}

FORM = "a verified value is written"
LOST = "is lost"
# Other ways to write one, which are refused, and marks that check nothing.
BAD_MARKS = {
    "two ticks": ('``4``{ .verified expr="2 + 2" }\n', 3, FORM),
    "two ticks and spaces": ('`` 4 ``{ .verified expr="2 + 2" }\n', 3, FORM),
    "a colon": ('`4`{: .verified expr="2 + 2" }\n', 3, FORM),
    "class last": ('`4`{ expr="2 + 2" .verified }\n', 3, FORM),
    "single quotes": ("`4`{ .verified expr='2 + 2' }\n", 3, FORM),
    "no spaces": ('`4`{.verified expr="2+2"}\n', 3, FORM),
    "no quotes": ("`4`{ .verified expr=2+2 }\n", 3, FORM),
    "an id": ('`4`{ .verified #here expr="2 + 2" }\n', 3, FORM),
    "another class": ('`4`{ .verified .x expr="2 + 2" }\n', 3, FORM),
    "more after it": ('`4`{ .verified expr="2 + 2" title="x" }\n', 3, FORM),
    "two spaces": ('`4`{  .verified expr="2 + 2" }\n', 3, FORM),
    "two spaces inside": ('`4`{ .verified  expr="2 + 2" }\n', 3, FORM),
    "spaces around the sign": ('`4`{ .verified expr = "2 + 2" }\n', 3, FORM),
    "capitals": ('`4`{ .Verified expr="2 + 2" }\n', 3, ""),
    "a slip": ('`4`{ .verifed expr="2 + 2" }\n', 3, ""),
    "only the expression": ('`4`{ expr="2 + 2" }\n', 3, ""),
    "only the expression, text": ('`four`{ expr="2 + 2" }\n', 3, ""),
    "a slip in the expression": ('`4`{ .verified exp="2 + 2" }\n', 3, "no expression"),
    "no expression": ("`4`{ .verified }\n", 3, "no expression"),
    "empty expression": ('`4`{ .verified expr="" }\n', 3, "no expression"),
    "blank expression": ('`4`{ .verified expr=" " }\n', 3, "no expression"),
    "escaped quotes": ('`4`{ .verified expr="int(\\"4\\")" }\n', 3, "inner quote"),
    "quotes inside": ('`4`{ .verified expr="f"{2 + 2:.2f}"" }\n', 3, "inner quote"),
    "a quote at the end": ('`4`{ .verified expr="d["a"]" }\n', 3, "inner quote"),
    "in a link's text": ("[`a`{.verified}](https://x.org)\n", 3, ""),
    "no expression, in a link's text": ("[`4`{ .verified }](https://x.org)\n", 3, ""),
    "a formula": ("$x${ .verified }\n", 3, FORM),
    "after an address": ("https://x.org/`4`{.verified}\n", 3, ""),
    "no brace": ('`four` .verified expr="4" }\n', 3, FORM),
    "only its end": ('| a |\n|---|\n| verified expr="4" } |\n', 5, FORM),
    "class written out": ('`4`{ class="verified" expr="4" }\n', 3, FORM),
    "bold": ('**4**{ .verified expr="4" }\n', 3, FORM),
    "link": ('[4](https://x.org){ .verified expr="4" }\n', 3, FORM),
    "heading": ('## 4 { #x .verified expr="4" }\n', 3, ""),
    "paragraph": ('It is 5.25\n{ .verified expr="4" }\n', 4, FORM),
    "span": ('<span class="verified">4</span>\n', 3, "raw HTML, <span>"),
    "span, no quotes": ("<span class=verified>4</span>\n", 3, "raw HTML, <span>"),
    "code": ('<code class="verified" expr="4">4</code>\n', 3, "raw HTML, <code>"),
    "a space before it": ('`4` { .verified expr="4" }\n', 3, FORM),
    "a line before it": ('Text\n`4`\n{ .verified expr="4" }\n', 5, FORM),
    "a line inside it": ('`4`{ .verified\nexpr="4" }\n', 3, FORM),
    "a line inside the value": ('`4\n4`{ .verified expr="4" }\n', 3, ""),
    "a line inside the expression": ('`4`{ .verified expr="2 +\n2" }\n', 3, FORM),
    "escaped": ('\\`4`{ .verified expr="4" }\n', 3, ""),
    "image's title": (f"![alt](a.png '{RIGHT}')\n", 3, ""),
    "alt text": (f"![alt {RIGHT}](a.png)\n", 3, ""),
    "link's title": (f"[a](https://x.org '{RIGHT}')\n", 3, ""),
    "comment": (f"<!-- {RIGHT} -->\n", 3, "comment"),
    "plain HTML": (f"<div>\n{RIGHT}\n</div>\n", 3, "markdown"),
    "abbreviation": (f"*[HTML]: {RIGHT}\n\nHTML\n", 3, LOST),
    "reference": (f"[a]\n\n[a]: https://x.org '{RIGHT}'\n", 5, ""),
    "indented code": (f"    {RIGHT}\n", 3, ""),
    "fence's title": (fence(f"python title='{RIGHT}'", "x = 1"), 3, ""),
    "box's title": (f'!!! note "So {RIGHT}"\n\n    Text\n', 3, ""),
    "tab's title": (f'=== "So {RIGHT}"\n\n    Text\n', 3, ""),
    "in a formula": (f"$x = {RIGHT}$\n", 3, ""),
    "in a displayed formula": (f"$$\n{RIGHT}\n$$\n", 3, "a formula holds no"),
    "formula in the expression": ("$x$ `4`{ .verified expr=\"len('$a$b')\" } $y$\n", 3, LOST),
    "a bar in the expression": (
        '| a |\n|---|\n| `4`{ .verified expr="4 | 0" } |\n',
        5,
        LOST,
    ),
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
    "no-break space": ("Now [4,\xa016].\n", 3, SHAPE),
    "entities inside": ("Now [4,&nbsp;16].\n", 3, SHAPE),
    "hyphen between": ("A 6-by-5 matrix.\n", 3, SHAPE),
    "full-width": ("Now（4，16，6）.\n", 3, SHAPE),
    "bold inside": ("Now [4, **16**, 6].\n", 3, SHAPE),
    "entity": ("Now &#91;4, 16, 6].\n", 3, SHAPE),
    "escaped": ("Now \\[4, 16\\].\n", 3, SHAPE),
    "nested": ("Now [[4, 16], [5, 6]].\n", 3, SHAPE),
    "formula": ("Now $[4, 16]$.\n", 3, SHAPE),
    "formula, times": ("Now $W \\in \\mathbb{R}^{4 \\times 16}$.\n", 3, SHAPE),
    "display formula": ("Now\n\n$$\nx = (4, 16)\n$$\n", 6, SHAPE),
    "heading": ("Text\n\n## Now [4, 16] { #now }\n", 5, SHAPE),
    "table": ("| a | b |\n|---|---|\n| c | [4, 16] |\n", 5, SHAPE),
    "table head": ("| a | [4, 16] |\n|---|---|\n| c | d |\n", 3, SHAPE),
    "admonition's title": ('!!! note "Now [4, 16]"\n\n    Text\n', 3, SHAPE),
    "fold's title": ('??? note "Now `[4, 16]`"\n\n    Text\n', 3, SHAPE),
    "content tab": ('=== "Now [4, 16]"\n\n    Text\n', 3, SHAPE),
    "fence's title": (fence('python title="Now [4, 16]"', "x = 1"), 3, SHAPE),
    "alt text": ("![Now [4, 16]](a.png)\n", 3, SHAPE),
    "image's title": ('![alt](a.png "Now (4, 16)")\n', 3, SHAPE),
    "link's text": ("[Now (4, 16)](https://x.org)\n", 3, SHAPE),
    "link's title": ('[a](https://x.org "[4, 16]")\n', 3, SHAPE),
    "abbreviation": ("*[RNN]: of [4, 16]\n\nRNN\n", 3, SHAPE),
    "footnote": ("a[^1]\n\n[^1]: of [4, 16]\n", 5, SHAPE),
    "HTML": ("<div markdown>\n\nNow [4, 16]\n\n</div>\n", 5, SHAPE),
    "HTML in a line": ("So <sub>4</sub> and <kbd>[4, 16]</kbd>.\n", 3, SHAPE),
    "HTML's title": ('So <abbr title="of [4, 16]">it</abbr>.\n', 3, SHAPE),
    "item": ("- Now [4, 16]\n", 3, SHAPE),
    "box": ("!!! note\n\n    Now [4, 16]\n", 5, SHAPE),
    "blockquote": ("> Now [4, 16]\n", 3, SHAPE),
    "list over two lines of an item": ("- Now [4,\n  16]\n", 3, SHAPE),
    "definition": ("Term\n:   Now [4, 16]\n", 4, SHAPE),
    "reference": ("[a]\n\n[a]: https://x.org 'of [4, 16]'\n", 5, SHAPE),
    "next to a value": ('`4`{ .verified expr="2 + 2" } of [4, 16].\n', 3, SHAPE),
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
def test_value_is_found_in_its_place(place: str, line: int) -> None:
    page = as_read(HEAD + place.format(RIGHT))
    assert not page.of(Problem)
    (value,) = page.of(Value)
    assert (value.line, value.text, value.expression) == (line, "4", "2 + 2")
    assert page.text[value.start : value.end] == RIGHT
    assert page.text[value.text_start : value.text_end] == "4"


def test_stale_value_is_found_in_each_place() -> None:
    """All of them on one page, each at its own line."""
    text, lines = HEAD, []
    for number, (place, line) in enumerate(PLACES.values()):
        lines.append(text.count("\n") + line - 2)
        place = place.replace("[^1]", f"[^{number}]").replace("#so", f"#so-{number}")
        text += place.format(WRONG) + "\nEnd of it.\n\n"
    page = check(text)
    differs = "the value differs.\nExpression: 2 + 2\nExpected: 5\nActual:   4"
    assert page.faults == [(line, differs) for line in lines]
    page = check(text.replace("`5`", "`4`"))
    assert not page.faults
    assert page.counts["verified"] == len(lines)


@pytest.mark.parametrize(("text", "line", "message"), BAD_MARKS.values(), ids=BAD_MARKS)
def test_mark_in_another_form_is_refused(text: str, line: int, message: str) -> None:
    page = refused(HEAD + text)
    assert page.has(line, message), page.faults


@pytest.mark.parametrize(("text", "line", "message"), UNMARKED.values(), ids=UNMARKED)
def test_unmarked_number_is_refused(text: str, line: int, message: str) -> None:
    page = refused(HEAD + text)
    assert page.has(line, message), page.faults


@pytest.mark.parametrize("text", ALLOWED)
def test_other_text_is_let_alone(text: str) -> None:
    assert not refused(f"{HEAD}{text}\n").faults


def test_two_equal_faults_are_named_at_both_lines() -> None:
    page = refused(f"{HEAD}One 16.\n\nTwo 16.\n")
    assert [line for line, _ in page.faults] == [3, 5]


# What a value's expression evaluates to, and what is said of it; all on one page.
EVALUATED = {
    '`[4, 16]`{ .verified expr="[4, 16]" }': "is compared with itself",
    "`five`{ .verified expr=\"'five'\" }": "is compared with itself",
    '`4`{ .verified expr="undefined" }': "raises NameError",
    '`4`{ .verified expr="2 +" }': "raises SyntaxError",
    '`4`{ .verified expr="x = 4" }': "raises SyntaxError",
    '`4`{ .verified expr="exit()" }': "raises SystemExit",
    '`4`{ .verified expr="1 / 0" }': "raises ZeroDivisionError",
    '`4.0`{ .verified expr="2 + 2" }': "Expected: 4.0\nActual:   4",
    '`4`{ .verified expr="2.5 + 2" }': "Expected: 4\nActual:   4.5",
    '`0.0`{ .verified expr="0.04 * 1" }': "Expected: 0.0",
    '`0.333`{ .verified expr="1 / 3" }': "",
    '`0.334`{ .verified expr="1 / 3" }': "Expected: 0.334",
    '`1,000`{ .verified expr="10 ** 3" }': "",
    '`[4, 16]`{ .verified expr="[4] + [16]" }': "",
    '`4`{ .verified expr="{1: 4}[1]" }': "",
    '`(4, 16)`{ .verified expr="[4] + [16]" }': "Expected: (4, 16)\nActual:   [4, 16]",
    '`[0.33, 1]`{ .verified expr="[1 / 3, 1]" }': "",
    '`a|b`{ .verified expr="chr(97) + chr(124) + chr(98)" }': "",
    "`it's`{ .verified expr=\"str('it') + chr(39) + 's'\" }": "",
    '`{1: 4}`{ .verified expr="dict([(1, 4)])" }': "",
}


def test_value_is_what_its_expression_evaluates_to() -> None:
    page = check(HEAD + "\n\n".join(EVALUATED) + "\n")
    faults = dict(page.faults)
    for number, (text, message) in enumerate(EVALUATED.items()):
        line = 3 + 2 * number
        assert (line in faults) == bool(message), (text, faults.get(line))
        assert message in faults.get(line, ""), text
    assert page.counts["verified"] == sum(not message for message in EVALUATED.values())


def test_value_is_computed_where_it_stands() -> None:
    value = '`{}`{{ .verified expr="x" }}'
    blocks = [fence(body=f"x = {n}") + "\n" + value.format(n) + "\n\n" for n in (1, 2)]
    assert not check(HEAD + "".join(blocks)).faults
    page = check(HEAD + value.format(1) + "\n\n" + fence(body="x = 1"))
    assert page.has(3, "raises NameError")


def test_code_in_code_is_no_value() -> None:
    page = as_read(f"{HEAD}Write `` {WRONG} ``.\n\n{fence('markdown', WRONG)}")
    assert not page.of(Problem)
    assert not page.of(Value)


def test_value_with_a_bar_stands_in_a_table() -> None:
    table = '| a |\n|---|\n| `a|{}`{{ .verified expr="chr(97) + chr(124) + chr(98)" }} |\n'
    assert not refused(HEAD + table.format("b")).faults
    assert check(HEAD + table.format("c")).has(5, "Expected: a|c\nActual:   a|b")

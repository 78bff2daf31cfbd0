"""The last hand on a page's HTML."""

import pytest

from docs._build.formulas import typeset
from docs._build.page_html import (
    FIRST_BLOCKS,
    LETTERS,
    deferred,
    early_fonts,
    finished,
    searched,
)
from docs._build.site import settings

N, H = '<em class="axis-n">N</em>', '<em class="axis-h">H</em>'


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        (f"({N}, {H})", f"({N},\u00a0{H})"),
        (f"({N}, 4·{H}, P)", f"({N},\u00a04·{H},\u00a0P)"),
        (f"({N}, …)", f"({N},\u00a0…)"),
        (f"({H},)", f"({H},)"),
        (f"(now {N}, {H})", f"(now {N}, {H})"),  # a sentence
        ("<code>f(a, b)</code>", "<code>f(a, b)</code>"),
        (f"({N}, 4) and ({H}, 5)", f"({N},\u00a04) and ({H},\u00a05)"),
    ],
)
def test_shape_stays_on_one_line(html: str, shown: str) -> None:
    assert finished(html) == shown


def test_ending_of_a_chinese_claim_stays_on_one_line() -> None:
    title = '<p class="admonition-title">断言：它们一样{}</p>'
    assert finished(title.format("（相等）")) == title.format(
        '<span class="closed">（相等）</span>'
    )
    assert finished("<p>（相等）的</p>") == "<p>（相等）的</p>"


@pytest.mark.parametrize(
    ("tex", "fonts"),
    [("h", ["Math-Italic"]), ("1", ["Main-Regular"]), ("h_1", ["Math-Italic", "Main-Regular"]),
     (r"\tanh", ["Main-Regular"]), (r"\bigl(", ["Size1-Regular"]), (r"\Bigl(", ["Size2-Regular"]),
     (r"\textstyle\sum", ["Size1-Regular"]), (r"\sum", ["Size2-Regular"]),
     (r"\biggl(", ["Size3-Regular"]), (r"\Biggl(", ["Size4-Regular"])],
)  # fmt: skip
def test_fonts_of_the_first_formulas_are_asked_for_early(tex: str, fonts: list[str]) -> None:
    formula = f"<p>{typeset(tex, display=True)}</p>\n"
    text = "<div><p>Te<br>xt</p> <p>2</p></div>\n"
    phone, wide = FIRST_BLOCKS.values()
    always, never = dict.fromkeys(fonts, "all"), {}
    assert early_fonts(formula) == always
    assert early_fonts(text * (phone - 1) + formula) == always
    only_wide = dict.fromkeys(fonts, "(min-width: 45em)")
    assert early_fonts(text * phone + formula) == only_wide
    assert early_fonts(text * (wide - 1) + formula) == only_wide
    assert early_fonts(text * wide + formula) == never
    assert early_fonts(f"<details open>{formula}</details>") == always
    assert early_fonts(f'<details class="note">{formula}</details>') == never


def test_every_font_of_formulas_can_be_asked_for() -> None:
    assert set(LETTERS) == set(settings()["extra"]["formula_fonts"])


def test_scripts_wait_but_for_the_one_that_is_written_into_the_page() -> None:
    late = '<script src="a.js"></script>'
    assert deferred(late) == '<script src="a.js" defer></script>'
    for now in ("<script>let a</script>", r"""'<script src="b.js"><\/script>'"""):
        assert deferred(now) == now


def test_search_is_spared_what_it_leaves_out() -> None:
    html = (
        '<p>One <bdi data-search-exclude><span>x</span></bdi> two</p>'
        '<svg role="img" data-search-exclude><text>a</text></svg>'
        '<div data-search-exclude class="language-python highlight"><pre><code>b</code></pre></div>'
        '<div class="language-text highlight"><pre><code>ValueError: c</code></pre></div>'
    )  # fmt: skip
    assert searched(html) == (
        "<p>One <bdi data-search-exclude></bdi> two</p>"
        '<svg role="img" data-search-exclude></svg>'
        '<div data-search-exclude class="language-python highlight"></div>'
        '<div class="language-text highlight"><pre><code>ValueError: c</code></pre></div>'
    )

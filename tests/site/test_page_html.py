"""What is finished in a page's HTML."""

import pytest

from tools.page_html import finished

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
    title = "<summary>断言：它们一样{}</summary>"
    assert finished(title.format("（相等）")) == title.format(
        '<span class="closed">（相等）</span>'
    )
    assert finished("<p>（相等）的</p>") == "<p>（相等）的</p>"

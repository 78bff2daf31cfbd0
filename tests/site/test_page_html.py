"""What is finished in a page's HTML."""

import pytest

from tools.page_html import accessible, finished
from tools.words import WORDS

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


def test_names_of_links_to_the_next_page_have_the_colon_of_their_language() -> None:
    link = '<a href="b.html" class="md-footer__link md-footer__link--next" aria-label="{}">'
    said = link.format("下一页: 手写: nn.GRU")
    assert accessible(said, WORDS["zh"]) == link.format("下一页：手写: nn.GRU")
    assert accessible(said, WORDS["en"]) == said

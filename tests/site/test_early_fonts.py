"""The fonts that a page's first screen needs."""

import pytest

from tools.early_fonts import FIRST_BLOCKS, LETTERS, early_fonts
from tools.formulas import typeset
from tools.site import settings


@pytest.mark.parametrize(
    ("tex", "fonts"),
    [("h", ["Math-Italic"]), ("1", ["Main-Regular"]), ("h_1", ["Math-Italic", "Main-Regular"]),
     (r"\tanh", ["Main-Regular"]), (r"\bigl(", ["Size1-Regular"]), (r"\Bigl(", ["Size2-Regular"]),
     (r"\textstyle\sum", ["Size1-Regular"]), (r"\sum", ["Size2-Regular"]),
     (r"\biggl(", ["Size3-Regular"]), (r"\Biggl(", ["Size4-Regular"])],
)  # fmt: skip
def test_fonts_of_the_first_formulas_are_asked_for_early(tex: str, fonts: list[str]) -> None:
    formula = f"<p>{typeset(tex, display=True)}</p>\n"
    text = "<div><p>one<br>two</p> <p>three</p></div>\n"
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

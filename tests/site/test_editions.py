"""What the build does for a second language: its links, its lines, its words, its search."""

from pathlib import Path

import pytest

from claimdown.config import config_for
from claimdown.numbers import numbers_in
from claimdown.page import Code, rerun
from claimdown.reader import read
from claimdown.runner import run
from tests.course.rendering import site_markdown
from tools.editions import linked, without_twins
from tools.language import joined
from tools.site import LANGUAGES, address_of, docs_dir, english, language_of, settings
from tools.words import WORDS

HEAD = '<link rel="alternate" href="../zh/" hreflang="zh">'
SWITCH = '<a href="../zh/" hreflang="zh" class="md-select__link">'
PAGES = [docs_dir() / "learning" / "truncated-bptt.md", docs_dir("zh") / "gates" / "gru-by-hand.md"]


def test_pages_know_their_edition() -> None:
    assert [language_of(page) for page in PAGES] == ["en", "zh"]
    assert [address_of(page) for page in PAGES] == [
        "learning/truncated-bptt.html",
        "zh/gates/gru-by-hand.html",
    ]
    assert english(PAGES[1]) == docs_dir() / "gates" / "gru-by-hand.md"
    assert language_of(Path("elsewhere.md")) == "en"


def test_links_lead_to_the_same_page() -> None:
    html = linked(HEAD + SWITCH, "en", "gates/gru.html")
    assert f'rel="alternate " href="{settings("zh")["site_url"]}gates/gru.html"' in html
    assert '<a href="../zh/gates/gru.html" hreflang="zh"' in html
    back = linked(SWITCH.replace('"zh"', '"en"'), "zh", "index.html")
    assert '<a href="../index.html" hreflang="en"' in back
    assert without_twins(HEAD + SWITCH) == SWITCH


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ("一句。\n又一句。", "一句。又一句。"),
        ("一句。\n   又一句。", "一句。又一句。"),  # inside an item
        ("逗号，\nnn.RNN", "逗号，nn.RNN"),
        ("没有标点\n的行", "没有标点的行"),
        ("用 nn.RNN\n处理", "用 nn.RNN\n处理"),  # a blank belongs there
        ("One.\nTwo.", "One.\nTwo."),
        ("句子。\n", "句子。"),  # what follows is an element
    ],
)
def test_lines_are_joined_where_chinese_has_no_blank(lines: str, line: str) -> None:
    assert joined(lines) == line


def test_page_s_lines_are_joined() -> None:
    text = "一句。\n又一句，*强调*。\n\n1. 一项。\n   又一句。\n"
    html = site_markdown("zh").convert(text)
    assert "一句。又一句，<em>强调</em>。" in html
    assert "一项。又一句。" in html
    assert "一句。\n又一句" in site_markdown("en").convert(text)


@pytest.mark.parametrize("text", ["有16步", "有 16 步", "约3.5倍", "在16"])
def test_number_next_to_chinese_is_refused(text: str) -> None:
    assert [number for _, number, _ in numbers_in(text)] == [text.strip("有约在步倍 ")]


@pytest.mark.parametrize("text", ["在1998年", "第3步", "v2.13 版", "x16 个"])
def test_year_digit_and_name_next_to_chinese_are_not(text: str) -> None:
    assert numbers_in(text) == []


def test_translation_recalls_what_the_english_page_did() -> None:
    page = read(docs_dir("zh") / "reference" / "cells.md")  # no words in its code
    theirs, ours = run(read(english(page.path))), run(page)
    alone = {rerun(name): 1 for name in theirs.page.again}  # a translation is run once
    assert alone
    assert ours.counts | alone == theirs.counts
    assert list(ours.printed.values()) == list(theirs.printed.values())
    assert list(ours.printed) == [block.line for block in page.of(Code)]


def test_words_are_there_in_each_language() -> None:
    assert tuple(WORDS) == LANGUAGES == tuple(config_for(docs_dir()).editions)

"""What the build does for a second language: its links, its lines, its words, its search."""

import signal
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from mkdocs.exceptions import Abort
from tools.chapter import Code, read_chapter
from tools.comments import without_comments
from tools.executed import executed
from tools.numerals import numbers_in

from tools import editions, hooks
from tools.editions import (
    finish_others,
    linked,
    serve_others,
    start_others,
    without_twins,
)
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
    page = docs_dir("zh") / "page.md"
    text = "# 页 { #page }\n\n一句。\n又一句，*强调*。\n\n1. 一项。\n   又一句。\n"
    html = read_chapter(page, text).html
    assert "一句。又一句，<em>强调</em>。" in html
    assert "一项。又一句。" in html
    assert "一句。\n又一句" in read_chapter(docs_dir() / "page.md", text).html


@pytest.mark.parametrize("text", ["有16步", "有 16 步", "约3.5倍", "在16"])
def test_number_beside_chinese_is_refused(text: str) -> None:
    assert numbers_in(text) == [text.strip("有约在步倍 ")]


@pytest.mark.parametrize("text", ["在1998年", "第3步", "v2.13 版", "x16 个"])
def test_year_digit_and_name_beside_chinese_are_not(text: str) -> None:
    assert numbers_in(text) == []


@pytest.mark.parametrize(
    ("code", "language", "left"),
    [
        ("x = 1  # one", "python", "x = 1"),
        ("x = '# no'  # yes\n# all\ny", "python", "x = '# no'\n\ny"),
        ("make test  # all", "bash", "make test"),
        ("# kept", "markdown", "# kept"),
        ('--8<-- "a.py:b"  # c', "python", '--8<-- "a.py:b"'),
        ("def f(", "python", "def f("),
    ],
)
def test_comments_are_dropped_and_nothing_else(code: str, language: str, left: str) -> None:
    assert without_comments(code, language) == left


def test_translation_shares_what_the_english_page_did() -> None:
    page = docs_dir("zh") / "foundations" / "memory.md"
    ours, theirs = executed(page), executed(english(page))
    assert ours.counts == theirs.counts
    assert list(ours.printed.values()) == list(theirs.printed.values())
    assert list(ours.printed) == [block.line for block in read_chapter(page).of(Code)]


def test_words_are_there_in_each_language() -> None:
    assert tuple(WORDS) == LANGUAGES
    assert WORDS["zh"].counts(2, 0, 1, "how.html") == (
        '本页的 2 个数值、1 条断言都<a href="how.html">经过计算和比对</a>。'
    )
    assert len({len(words.columns) for words in WORDS.values()}) == 1
    assert len({len(words.summary) for words in WORDS.values()}) == 1


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a small configuration in the place of the Chinese one; return its start page."""
    page = tmp_path / "docs" / "index.md"
    page.parent.mkdir()
    page.write_text("# Another edition\n", encoding="utf-8")
    configuration = tmp_path / "small.yml"
    configuration.write_text("site_name: Small\ntheme: mkdocs\n", encoding="utf-8")
    monkeypatch.setitem(editions.CONFIGURATIONS, "zh", configuration)
    return page


def start(site: Path, strict: bool = True) -> dict[str, subprocess.Popen[str]]:
    return start_others(SimpleNamespace(site_dir=str(site), strict=strict), dirty=False)


def test_other_editions_are_built_into_the_same_site(small: Path, tmp_path: Path) -> None:
    finish_others(start(tmp_path / "site"))
    html = (tmp_path / "site" / "zh" / "index.html").read_text(encoding="utf-8")
    assert "Another edition" in html


def test_an_edition_that_fails_stops_the_build_and_says_why(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small.write_text("[Nowhere](nowhere.md)\n", encoding="utf-8")
    finish_others(start(tmp_path / "site", strict=False))
    assert "'nowhere.md', but the target is not found" in capsys.readouterr().err
    with pytest.raises(Abort, match=r"small\.yml: this edition could not be built"):
        finish_others(start(tmp_path / "site"))
    assert "'nowhere.md', but the target is not found" in capsys.readouterr().err


def test_a_build_that_fails_ends_the_other_editions(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "others", start(tmp_path / "site"))
    hooks.on_build_error(ValueError("planted"))
    assert hooks.others["zh"].returncode == -signal.SIGKILL
    assert not (tmp_path / "site" / "zh" / "index.html").exists()


def test_other_editions_are_served_and_built_only_when_they_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built: list[list[str]] = []

    def build(command: list[str], **_: object) -> None:
        built.append(command)
        folder = Path(command[-1])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "index.html").write_text("built", encoding="utf-8")

    monkeypatch.setattr(subprocess, "run", build)
    monkeypatch.setattr(editions, "SERVED", tmp_path / "served")
    site = tmp_path / "site"
    for _ in range(2):
        serve_others(SimpleNamespace(site_dir=str(site)))
    assert len(built) == 1
    assert str(editions.CONFIGURATIONS["zh"]) in built[0]
    assert (site / "zh" / "index.html").read_text(encoding="utf-8") == "built"

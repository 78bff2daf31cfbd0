"""A translation says what its English page says, properly, and follows when that changes."""

import re
from pathlib import Path

import pytest

from claimdown.config import config_for
from claimdown.page import Page
from claimdown.reader import read
from claimdown.translation import compare, pairs
from tests.course.rules import complaints, labels, typography
from tools.figures.labels import LABELS, OWN, TEXT, in_chinese, labels_of
from tools.labs.translation import compared, lab_as_page, marked_lab, read_lab, translated_labs
from tools.site import LANGUAGES, ROOT, docs_dir, english, labs, navigation, settings

CONFIG = config_for(ROOT)
TRANSLATED = list(pairs([], CONFIG))
LABS = translated_labs()
FIGURES = sorted((docs_dir().parent / "assets" / "figures").glob("*.svg"))


def name_of(path: Path) -> str:
    return path.relative_to(docs_dir().parent).as_posix()


@pytest.mark.parametrize("page", TRANSLATED, ids=name_of)
def test_page_agrees_with_its_english_twin_and_follows_it(page: Path) -> None:
    assert compare([page], CONFIG) == []


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_navigation_is_the_same(language: str) -> None:
    assert [english(page) for page in navigation(language)] == navigation()


@pytest.mark.parametrize("lab", LABS, ids=name_of)
def test_lab_agrees_with_its_english_twin_and_follows_it(lab: Path) -> None:
    assert compared(lab) == []


def test_every_lab_is_translated() -> None:
    assert [english(lab) for lab in LABS] == labs() * len(LANGUAGES[1:])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "digits = load_digits()",
            "digits = load_digits(n_class=9)",
            "here is 'digits = load_digits(n",
        ),
        ('# %% tags=["folded"]', '# %% tags=["claim"]', "here is fence (refused) python tags"),
        (
            "](../foundations/deep-and-bidirectional.md)",
            "](../foundations/memory.md)",
            "the link ../foundations/deep",
        ),
        (
            "实验不下载任何东西",
            "实验 downloads nothing at all",
            '"downloads nothing at all" is not',
        ),
    ],
)
def test_drift_of_a_lab_is_named(old: str, new: str, message: str) -> None:
    lab = docs_dir("zh") / "labs/digits.py"
    script = lab.read_text(encoding="utf-8")
    line = script[: script.index(old)].count("\n") + 1
    (found, *_) = compared(lab, script.replace(old, new, 1))
    assert found.startswith(f"docs/zh/labs/digits.py:{line}: {message}"), found


def test_line_of_a_lab_that_would_not_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match=r"expected a blank line before '# %%', got 'b = 2'"):
        lab_as_page("# ---\n# ---\n# %%\na = 1\nb = 2\n# %%\nc = 3\n")


def test_lab_says_how_to_follow() -> None:
    lab = docs_dir("zh") / "labs/digits.py"
    script = re.sub(r"(?m)^#   data: \w+$", "#   data: aaaaaaaa", lab.read_text(encoding="utf-8"))
    (found,) = compared(lab, script)
    assert re.search(r"section data .* has changed .* python -m tools\.labs\.translation", found)


@pytest.mark.parametrize("lab", LABS, ids=name_of)
def test_marked_lab_is_the_same_except_for_its_fingerprints(lab: Path) -> None:
    script = lab.read_text(encoding="utf-8")
    assert marked_lab(lab) == script
    assert compared(lab, re.sub(r"(?m)^(import torch)$", r"\1  # 注释", script)) == []
    assert lab_as_page(script).count("\n") in (script.count("\n"), script.count("\n") + 1)


def shown(page: Page) -> str:
    """Return a page's text, without code."""
    return "\n".join(block.text for block in page.blocks if not block.fence)


def read_any(path: Path) -> Page:
    return read_lab(path) if path.suffix == ".py" else read(path)


@pytest.mark.parametrize("path", LABS, ids=name_of)
def test_typography_of_labs(path: Path) -> None:
    assert typography(read_lab(path)) == []


@pytest.mark.parametrize(
    "text",
    [
        "用nn.RNN处理。",
        "把$x_t$乘以权重。",
        "他说,你好。",
        "有`h_n`的值。",
        "共16个。",
        "状态 ，输出",
        '`[4]`{ .verified expr="x" }个',
        "句子一。 句子二。",
        "展开(unroll)",
    ],
)
def test_typography_complains(text: str) -> None:
    assert complaints(text)


def test_typography_accepts_what_is_right() -> None:
    good = '用 `nn.RNN` 处理 $x_t$，得到 `[4, 16]`{ .verified expr="x" } 个；见[双向](b.md)（图）。'
    assert complaints(good) == []


def test_each_term_of_the_glossary_occurs_where_its_entry_leads() -> None:
    glossary = docs_dir("zh") / "look-up/glossary.md"
    entry = re.compile(r"(?m)^(\S[^*\n]*?) \*.*\n:   .*\n(?:    .*\n)*?    \[.*?\]\((.*?)#")
    entries = entry.findall(read(glossary).text)
    assert len(entries) > 60
    missing = [f"{term}: {path}" for term, path in entries
               if term not in shown(read_any((glossary.parent / path).resolve()))]  # fmt: skip
    assert missing == []


@pytest.mark.parametrize("figure", FIGURES, ids=lambda path: path.stem)
def test_labels_of_figures_are_translated(figure: Path) -> None:
    svg = figure.read_text(encoding="utf-8")
    assert labels(figure, "docs") == []
    chinese = in_chinese(svg, figure.stem)
    assert TEXT.sub("", chinese) == TEXT.sub("", svg)
    assert not re.search(r"[\u3400-\u9fff][,.:;!?()]|[,.:;!?()][\u3400-\u9fff]", chinese)


def test_every_translated_label_is_drawn() -> None:
    drawn = {path.stem: set(labels_of(path.read_text(encoding="utf-8"))) for path in FIGURES}
    assert LABELS.keys() <= set().union(*drawn.values())
    for figure, own in OWN.items():
        assert own.keys() <= drawn[figure], figure


def test_a_label_is_translated_as_a_whole_or_left_alone() -> None:
    text = '<text x="1">{}</text>'.format
    symbol = '<tspan font-style="italic">{}</tspan><tspan dy="0.25em" font-size="84%">{}</tspan>'
    c_t, c_0 = (symbol.format("c", below) + '<tspan dy="-0.21em">\u200b</tspan>' for below in "t0")
    drawn = text(f"gradient from {c_t} to {c_0}")
    assert labels_of(drawn) == ["gradient from c_t to c_0"]
    assert in_chinese(drawn, "") == text(f"从 {c_t} 到 {c_0} 的梯度")
    assert in_chinese(text("input"), "lstm-cell") != in_chinese(text("input"), "stacked")
    assert in_chinese(text(f"{c_t} = 1"), "") == text(f"{c_t} = 1")


def test_the_words_of_both_configurations_differ_and_the_rest_does_not() -> None:
    ours, theirs = settings("zh"), settings()
    for key in ("hooks", "validation", "extra_css", "extra_javascript", "use_directory_urls"):
        assert ours[key] == theirs[key]
    assert ours["site_name"] != theirs["site_name"]

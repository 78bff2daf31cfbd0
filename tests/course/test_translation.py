"""A translation says what its English page says, properly, and follows when that changes."""

import re
from collections.abc import Callable
from pathlib import Path

import autocorrect_py
import pytest

from tools import translation
from tools.chapter import INLINE_CODE, page_text
from tools.figure_labels import LABELS, in_chinese, untranslated
from tools.site import LANGUAGES, docs_dir, english, language_of, navigation, settings
from tools.translation import differences, mark_translated, sources, stale, unpaired

TRANSLATED = [page for language in LANGUAGES[1:] for page in sources(language)]
NAMES = [page.relative_to(docs_dir().parent).as_posix() for page in TRANSLATED]
FIGURES = sorted((docs_dir().parent / "assets" / "figures").glob("*.svg"))
# autocorrect's own rules, and blanks around formulas; it would put blanks around links as well.
RULES = '{"rules": {"space-bracket": 0, "space-dollar": 1}}'
HAN = "\u4e00-\u9fff"
# What autocorrect passes over: a blank between Chinese and code, or a value with its mark.
CLOSE = re.compile(rf"[{HAN}]`|`[{HAN}]|\}}[{HAN}]")
HALF_WIDTH = re.compile(rf"[{HAN}][,;:!?]|[{HAN}]\((?![A-Z])")


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_editions_have_the_same_pages(language: str) -> None:
    assert unpaired(language) == []
    assert [english(page) for page in navigation(language)] == navigation()


@pytest.mark.parametrize("page", TRANSLATED, ids=NAMES)
def test_page_agrees_with_its_english_twin(page: Path) -> None:
    assert differences(page) == []


@pytest.mark.parametrize("page", TRANSLATED, ids=NAMES)
def test_page_follows_its_english_twin(page: Path) -> None:
    assert stale(page) == []


def shown(page: Path) -> str:
    """Return a page's text, without code."""
    whole = translation.sections_of(page).values()
    return "\n".join(line for section in whole for line in section.prose)


@pytest.mark.parametrize("page", TRANSLATED, ids=NAMES)
def test_typography(page: Path) -> None:
    assert complaints(shown(page)) == []


def complaints(text: str) -> list[str]:
    autocorrect_py.load_config(RULES)
    found = autocorrect_py.lint_for(text, "markdown").lines
    told = [f"{line.old.strip()} -> {line.new.strip()}" for line in found]
    for line in text.split("\n"):
        plain = INLINE_CODE.sub("`x`", re.sub(r"\{ [^}]*\}", "{}", line))
        plain = plain.replace("`{}", "}")
        told += [f"{hit[0]}: {line}" for hit in CLOSE.finditer(plain)]
        told += [f"{hit[0]}: {line}" for hit in HALF_WIDTH.finditer(plain)]
    return told


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


def test_terms_are_those_of_the_glossary() -> None:
    """Each term stands on the page that its entry leads to."""
    text = page_text(docs_dir("zh") / "look-up/glossary.md")
    entry = re.compile(r"(?m)^(\S[^*\n]*?) \*.*\n:   .*\n(?:    .*\n)*?    \[.*?\]\((.*?)#")
    entries = entry.findall(text)
    assert len(entries) > 60
    missing = [f"{term}: {path}" for term, path in entries
               if term not in shown((docs_dir("zh") / "look-up" / path).resolve())]  # fmt: skip
    assert missing == []


@pytest.mark.parametrize("figure", FIGURES, ids=lambda path: path.stem)
def test_labels_of_figures_are_translated(figure: Path) -> None:
    svg = figure.read_text(encoding="utf-8")
    assert untranslated(svg) == []
    assert re.sub(r">[^<]*<", "><", in_chinese(svg)) == re.sub(r">[^<]*<", "><", svg)


def test_every_translated_label_is_drawn() -> None:
    drawn = "".join(path.read_text(encoding="utf-8") for path in FIGURES).replace("\u200b", "")
    assert [label for label in LABELS if label not in drawn] == []


# Drift, planted: a page, a change to it, and what is said of it.  A Chinese page is named first.
MEMORY, LINEAR = "zh/foundations/memory.md", "en/foundations/memory.md"
DRIFT: dict[str, tuple[str, Callable[[str], str], str]] = {
    "English sentence changed": (
        LINEAR,
        lambda text: text.replace("Whatever should still count later", "What should count later"),
        r"memory\.md: docs/en/foundations/memory\.md:\d+: section idea has changed",
    ),
    "English description changed": (
        LINEAR,
        lambda text: text.replace("description: Add", "description: Put"),
        r"section front matter has changed",
    ),
    "section added in English": (
        LINEAR,
        lambda text: text.replace("## Where next", "## Why { #why }\n\nSo.\n\n## Where next"),
        r"the sections are not those of the English page.*missing: why; added: none",
    ),
    "verified value changed": (
        MEMORY,
        lambda text: text.replace("`16`{ .verified", "`17`{ .verified"),
        r"section code: the verified value `16`\{.*\} is missing",
    ),
    "exercise missing": (
        MEMORY,
        lambda text: re.sub(r"(?ms)^3\. .*?(?=^## )", "", text),
        r"section exercises: line 0 has 'nothing', the English line \d+ has 'numbered item'",
    ),
    "code changed": (
        MEMORY,
        lambda text: text.replace("torch.manual_seed(0)", "torch.manual_seed(1)", 1),
        r"section code: line \d+ has .*manual_seed\(1\)",
    ),
    "output changed": (
        MEMORY,
        lambda text: text.replace("4.567", "4.568"),
        r"section unrolled: line \d+ has .*4\.568",
    ),
    "claim of another kind": (
        MEMORY,
        lambda text: text.replace("（相等）", "（舍入误差以内）", 1),
        r"section check: line \d+ has 'box success claim rounding'",
    ),
    "link to another place": (
        MEMORY,
        lambda text: text.replace("](one-matmul.md)", "](anatomy.md)", 1),
        r"the link one-matmul\.md is missing",
    ),
    "figure changed": (
        MEMORY,
        lambda text: text.replace("memory-loop.svg", "stacked.svg"),
        r"section idea: line \d+ has 'figure \S*stacked\.svg'",
    ),
    "formula changed": (
        MEMORY,
        lambda text: text.replace("$x_t W_1$", "$x_t W_2$", 1),
        r"section idea: the formula \$x_t W_1\$ is missing",
    ),
    "name in code changed": (
        MEMORY,
        lambda text: text.replace("`partial`", "`unroll`"),
        r"the code partial is missing",
    ),
    "paragraph left out": (
        MEMORY,
        lambda text: re.sub(r"\n\n看.*?(?=\n\n)", "", text, count=1, flags=re.DOTALL),
        r"section code: line \d+ has",
    ),
    "left in English": (
        MEMORY,
        lambda text: text.replace(
            "## 代码 { #code }\n\n",
            "## 代码 { #code }\n\nIt takes an input and a state, and returns the next state.\n",
        ),
        r"not translated into zh: It takes an input and a state",
    ),
    "widget changed": (
        "zh/look-up/shape-explorer.md",
        lambda text: text.replace('h="6"', 'h="7"', 1),
        r'has \'<shape-explorer .*h="7"',
    ),
    "heading of another level": (
        MEMORY,
        lambda text: text.replace("## 代码 {", "### 代码 {"),
        r"section code: line \d+ has 'heading ### #code'",
    ),
    "code of a lab changed": (
        "zh/labs/digits.py",
        lambda text: text.replace("digits = load_digits()", "digits = load_digits(n_class=9)"),
        r"section data: line \d+ has .*n_class=9",
    ),
}


@pytest.mark.parametrize(("name", "change", "message"), DRIFT.values(), ids=DRIFT)
def test_planted_drift_is_named(
    name: str, change: Callable[[str], str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = docs_dir().parent / name
    page = docs_dir("zh") / changed.relative_to(docs_dir(language_of(changed)))
    before = differences(page) + stale(page)
    text = change(page_text(changed))
    assert text != page_text(changed)
    monkeypatch.setattr(
        translation, "page_text", lambda path: text if path == changed else page_text(path)
    )
    found = "\n".join(line for line in differences(page) + stale(page) if line not in before)
    assert re.search(message, found), found
    assert f"docs/zh/{page.relative_to(docs_dir('zh')).as_posix()}" in found


@pytest.mark.parametrize("name", ["foundations/memory.md", "labs/digits.py"])
def test_comments_may_differ(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = docs_dir("zh") / name
    text = re.sub(r"(?m)^(import torch)$", r"\1  # 注释", page_text(page), count=1)
    assert "# 注释" in text
    monkeypatch.setattr(
        translation, "page_text", lambda path: text if path == page else page_text(path)
    )
    assert differences(page) == []


@pytest.mark.parametrize("name", ["foundations/memory.md", "labs/digits.py"])
def test_a_page_is_marked_as_translated(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / Path(name).name
    original = docs_dir("zh") / name
    page.write_text(original.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(translation, "english", lambda _: docs_dir() / name)
    mark_translated(page)
    once = page.read_text(encoding="utf-8")
    mark_translated(page)
    assert page.read_text(encoding="utf-8") == once
    assert once.count("translated_from:") == 1


def test_the_words_of_both_configurations_differ_and_the_rest_does_not() -> None:
    ours, theirs = settings("zh"), settings()
    for key in ("hooks", "validation", "extra_css", "extra_javascript", "use_directory_urls"):
        assert ours[key] == theirs[key]
    assert ours["site_name"] != theirs["site_name"]

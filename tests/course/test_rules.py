"""Every page keeps the course's own rules, and each rule names what breaks it."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from claimdown.page import Page
from claimdown.reader import read
from tests.course import rules
from tools.site import LANGUAGES, ROOT, docs_dir, pages

PAGES = [page for language in LANGUAGES for page in pages(language)]
CHAPTER = docs_dir() / "learning/regularising.md"
CHINESE = docs_dir("zh") / "learning/regularising.md"


@pytest.mark.parametrize("page", PAGES, ids=rules.name_of)
def test_page_keeps_the_rules(page: Path) -> None:
    assert rules.faults(read(page)) == []


PLANTED = {
    "left to fill in": (
        CHAPTER, rules.unfilled, "When one does not do", "TODO Name the next chapter",
        r"regularising.md:\d+: not filled in: TODO Name the next chapter",
    ),
    "short description": (
        CHAPTER, rules.description, "description: Dropout", "description: Dropout\nmore: Masks",
        r"regularising.md:2: the description has 7 characters; give it 50 to 160",
    ),
    "Chinese description": (
        CHINESE, rules.description, "description: ", "description: 短\nmore: ",
        r"zh/learning/regularising.md:2: the description has 1 characters; give it 20 to 80",
    ),
    "too many words": (
        CHAPTER, rules.size, "## The idea { #idea }\n",
        "## The idea { #idea }\n" + "\nWords." * 1800,
        r"regularising.md:1: \d+ words of prose, and at most 1800 can be read at once; cut, ",
    ),
    "too much code": (
        CHAPTER, rules.size, "## The idea { #idea }\n",
        "## The idea { #idea }\n\n```python\n" + "x = 1\n" * 150 + "```\n",
        r"regularising.md:1: \d+ lines of shown code, and at most 150 can be read at once",
    ),
    "no section": (
        CHAPTER, rules.bones, "{ #code }", "{ #source }",
        r"regularising.md:1: no section { #code }; add it: need, idea, code, ",
    ),
    "earlier name without a use": (
        CHAPTER, rules.earlier, "`max_abs_diff`", "`max_abs_diff`, `gru_cell`",
        r"regularising.md:\d+: the page does not use gru_cell, or defines it; drop it from this",
    ),
    "earlier name that is not listed": (
        CHINESE, rules.earlier, "`max_abs_diff`", "`torch`",
        r"zh/learning/regularising.md:\d+: the page uses max_abs_diff; add it to the text of this",
    ),
    "earlier code that is missing": (
        CHAPTER, rules.earlier, '    --8<-- "rnn_tutorial/shapes.py:require_shape"\n\n\n', "",
        r"regularising.md:\d+: from here on, this fold is not the code that the names in its text ",
    ),
    "earlier code that is too much": (
        CHAPTER, rules.earlier, '    --8<-- "rnn_tutorial/compare.py:max_abs_diff"\n',
        '    --8<-- "rnn_tutorial/compare.py:max_abs_diff"\n\n\n'
        '    --8<-- "rnn_tutorial/compare.py:ulp_distance"\n',
        r"regularising.md:\d+: from here on, .* need; run make page P=docs/en/learning/r",
    ),
    "missing page": (
        CHAPTER, rules.links, "](debugging.md)", "](nowhere.md)",
        r"regularising.md:\d+: nowhere.md: there is no such file",
    ),
    "missing section": (
        CHAPTER, rules.links, "](debugging.md)", "](debugging.md#nowhere)",
        r"regularising.md:\d+: docs/en/learning/debugging.md has no #nowhere; ",
    ),
    "section of the page itself": (
        CHAPTER, rules.links, "](debugging.md)", "](#nowhere)",
        r"regularising.md:\d+: docs/en/learning/regularising.md has no #nowhere; ",
    ),
    "figure that is not drawn": (
        CHAPTER, rules.figures, "dropout-masks.svg", "drop-in.svg",
        r"regularising.md:\d+: figure drop-in.svg is not drawn; write tools/figures/drop_in.py",
    ),
    "blank of Chinese typography": (
        CHINESE, rules.typography, "如果某种改动", "用nn.RNN，如果某种改动",
        r"zh/learning/regularising.md:\d+: 用nn.RNN，如果某种改动.* -> 用 nn.RNN，如果.*; correct",
    ),
    "code too close to Chinese": (
        CHINESE, rules.typography, "所以 `eval` 算的", "所以`eval` 算的",
        r"zh/learning/regularising.md:\d+: 以`: ",
    ),
    "paper without an entry": (
        CHAPTER, lambda page: rules.citations(page.path, page.text), "abs/1606.01305", "abs/1.2",
        r"regularising.md:\d+: https://arxiv.org/abs/1.2 is not in docs/en/look-up/bibliography.md",
    ),
    "paper that is no more cited": (
        CHINESE, lambda page: rules.citations(page.path, page.text), "abs/1606.01305", "abs/",
        r"docs/zh/look-up/bibliography.md:\d+: docs/zh/learning/regularising.md cites no more ",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "rule", "old", "new", "message"), PLANTED.values(), ids=PLANTED)
def test_planted_fault_is_named(
    path: Path, rule: Callable[[Page], list[str]], old: str, new: str, message: str
) -> None:
    text = read(path).text
    assert text.count(old)
    found = rule(read(path, text.replace(old, new, 1)))
    assert [fault for fault in found if re.search(message, fault)], found
    assert rule(read(path)) == []


def test_sections_in_another_order_are_named() -> None:
    text = read(CHAPTER).text.replace("{ #idea }", "{ #x }").replace("{ #code }", "{ #idea }")
    (fault,) = rules.bones(read(CHAPTER, text.replace("{ #x }", "{ #code }")))
    assert re.search(r"regularising.md:\d+: section \{ #code \} comes too early; the order", fault)


def test_paper_without_a_link_back_is_named() -> None:
    page = docs_dir() / "checks.md"  # which cites nothing
    found = rules.citations(page, "\nhttps://arxiv.org/abs/1606.01305")
    (fault,) = found
    assert fault.endswith("docs/en/checks.md cites this; add the link to ../checks.md")


def test_page_that_is_not_listed_or_elsewhere_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    page, home = read(CHAPTER), {language: [*pages(language)] for language in LANGUAGES}
    monkeypatch.setattr(rules, "navigation", home.__getitem__)
    assert rules.listed(page) == []
    home["zh"].remove(CHINESE)
    (fault,) = rules.listed(page)
    assert re.search(r"mkdocs.zh.yml:\d+: learning/regularising.md is not listed; add", fault)
    home["zh"].append(CHINESE)
    (fault,) = rules.listed(page)
    line = rules.line_of((ROOT / "mkdocs.zh.yml").read_text("utf-8"), "learning/regularising.md")
    assert fault.startswith(f"mkdocs.zh.yml:{line}: learning/regularising.md is listed elsewhere")


def test_label_without_chinese_is_named_with_figure_page_and_cure(tmp_path: Path) -> None:
    svg = tmp_path / "zoneout.svg"
    svg.write_text("<svg><text>kept by zoneout</text></svg>", encoding="utf-8")
    cure = "add it to LABELS in tools/figures/labels.py"
    assert rules.labels(svg, "page.md:7") == [
        f'page.md:7: figure zoneout.svg: the label "kept by zoneout" has no Chinese; {cure}'
    ]


PACK = rules.public_names()["pack"]
LACKING = {
    "everything": (
        {"name": "not_there", "docstring": "Keep some."},
        [
            r"rnn_tutorial/masked\.py:\d+: not_there is not in __all__; import and list it in ",
            r"rnn_tutorial/masked\.py:\d+: not_there has no example; add one to its docstring",
            r"rnn_tutorial/masked\.py:\d+: not_there: the docstring ends with 'Keep some\.'; let ",
            "docs/en/reference/index.md:1: no page of the reference has a section for not_there",
            "docs/zh/reference/index.md:1: no page of the reference has a section for not_there",
        ],
    ),
    "the right page": (
        {"docstring": "\n>>> pack\nExplained in: docs/en/foundations/memory.md"},
        [
            "docs/en/foundations/memory.md:1: it explains pack and does not show it; add --8<",
            r"docs/en/reference/index.md:\d+: no row for pack; add \| \[`pack`\]\(lengths\.md#pack",
            r"docs/zh/reference/index.md:\d+: no row for pack; add \| \[`pack`\]\(lengths\.md#pack",
        ],
    ),
    "a page that is there": (
        {"docstring": "\n>>> pack\nExplained in: docs/en/foundations/nowhere.md"},
        [
            r"rnn_tutorial/masked\.py:\d+: pack is explained in docs/en/foundations/nowhere\.md",
            r"docs/en/reference/index.md:\d+: no row for pack; add \| \[`pack`\]\(lengths\.md#pack",
            r"docs/zh/reference/index.md:\d+: no row for pack; add \| \[`pack`\]\(lengths\.md#pack",
        ],
    ),
    "its source": (
        {"file": PACK.file.with_name("other.py")},
        [
            "docs/en/sequences/unequal-length.md:1: it explains pack and does not show it; add",
            r"docs/en/reference/lengths.md:\d+: section pack does not show its source; add --8<",
            r"docs/zh/reference/lengths.md:\d+: section pack does not show its source; add --8<",
        ],
    ),
}


@pytest.mark.parametrize(("changed", "messages"), LACKING.values(), ids=LACKING)
def test_what_a_public_name_lacks_is_named(changed: dict[str, Any], messages: list[str]) -> None:
    found = rules.about(replace(PACK, **changed))
    assert len(found) == len(messages), found
    for fault, message in zip(found, messages, strict=True):
        assert re.match(message, fault), fault
    assert rules.about(PACK) == []

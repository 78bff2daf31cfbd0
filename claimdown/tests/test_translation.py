"""A translation is held to its original: each difference is named with file, line and cure."""

import re
from pathlib import Path

import pytest

from claimdown.comments import without_comments
from claimdown.config import ConfigError, config_for
from claimdown.reader import read
from claimdown.translation import compare, differences, mark_translated, pairs, stale

SETTINGS = """
[tool.claimdown]
html = ["kbd", "my-widget"]

[tool.claimdown.editions.en]
folder = "docs/en"

[tool.claimdown.editions.zh]
folder = "docs/zh"
original = "en"
script = "CJK"
"""
WORDS = """
[tool.claimdown.editions.zh.words]
output = "输出"
claim = "断言："
equal = "（相等）"
within_rounding = "（舍入误差以内）"
not_run = "不运行："
solution = "解答"
legend = "由构建算出。"
verified = "核对过：{expression}"
counts = "{found}"
value = ["个数值", "个数值"]
output_noun = ["段输出", "段输出"]
claim_noun = ["条断言", "条断言"]
comma = "、"
columns = ["页面"]
all_pages = "全部页面"
summary = ["个代码块"]
notebook = "下载笔记本"
notebook_of = ["本笔记本"]
requires = "需要 {packages}。"
on_the_page = "在页面上"
run_again = "个页面又运行一遍"
"""
ENGLISH = """---
description: How to sort a list.
hide: [toc]
---

# Sorting { #sorting }

A sort puts `items` in order; [searching](search.md#halves) needs that.[^1]

## The idea { #idea }

![Two rows](rows.svg "A row of numbers, and the same row when it is sorted."){ #fig-rows }

It takes $n \\log n$ steps: of 1024 items, `10`{ .verified expr="(1024).bit_length() - 1" } rounds.

<my-widget rows="3" title="Two rows"></my-widget>

```python
items = [3, 1, 2]
items.sort()  # in place
print("sorted by size:", items)
```

```text title="Output"
sorted by size: [1, 2, 3]
```

??? check "Claim: sorting twice changes nothing (equal)"
    ```python
    assert sorted(items) == items
    ```

## Exercises { #exercises }

1. Sort in reverse.

    ??? success "Solution"
        Ask for it:

        ```python
        items.sort(reverse=True)
        ```

2. Sort by length, see <https://docs.python.org/3/howto/sorting.html>.

| name | time |
| --- | --- |
| merge | `n` |

### "list index out of range" { #range }

> The list is shorter than you think it is.

```python { .skip title="Not run: it never ends" }
while True: ...
```

[^1]: Not on a list of one.
"""
CHINESE = """---
description: 怎样给列表排序。
hide: [toc]
---

# 排序 { #sorting }

排序把 `items` 排好次序；[查找](search.md#halves)需要它。[^1]

## 思路 { #idea }

![两行](rows.svg "一行数，以及排好序的同一行。"){ #fig-rows }

它要走 $n \\log n$ 步：1024 个元素要 `10`{ .verified expr="(1024).bit_length() - 1" } 轮。

<my-widget rows="3" title="两行"></my-widget>

```python
items = [3, 1, 2]
items.sort()  # 就地
print("按大小排序：", items)
```

```text title="输出"
按大小排序： [1, 2, 3]
```

??? check "断言：排两次什么也不改变（相等）"
    ```python
    assert sorted(items) == items
    ```

## 练习 { #exercises }

1. 倒着排。

    ??? success "解答"
        开口要：

        ```python
        items.sort(reverse=True)
        ```

2. 按长度排，见 <https://docs.python.org/3/howto/sorting.html>。

| 名称 | 时间 |
| --- | --- |
| 归并 | `n` |

### "list index out of range" { #range }

> The list is shorter than you think it is.

```python { .skip title="不运行：永远不会结束" }
while True: ...
```

[^1]: 只有一个元素的列表除外。
"""


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Write a course of one page in two languages."""
    (tmp_path / "pyproject.toml").write_text(SETTINGS + WORDS, encoding="utf-8")
    for language, text in (("en", ENGLISH), ("zh", CHINESE)):
        folder = tmp_path / "docs" / language
        folder.mkdir(parents=True)
        (folder / "sorting.md").write_text(text, encoding="utf-8")
        (folder / "search.md").write_text("# 1 { #one }\n", encoding="utf-8")
        (folder / "rows.svg").write_text("<svg/>", encoding="utf-8")
    return tmp_path.resolve()


def said(course: Path, chinese: str = CHINESE, english: str = ENGLISH) -> list[str]:
    """Compare two texts as if they were the course's page."""
    original = read(course / "docs/en/sorting.md", english)
    return differences(read(course / "docs/zh/sorting.md", chinese), original)


def line_of(part: str, text: str = CHINESE) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_a_faithful_translation_differs_in_nothing(course: Path) -> None:
    assert said(course) == []


# A change to the Chinese page: what is replaced, by what, and what is said at which text's line.
PLANTED: dict[str, tuple[str, str, str, str]] = {
    "level of a heading": (
        "## 思路", "### 思路", "## 思路",
        r"here is heading ###, where .*:10 has heading ##; make",
    ),
    "id of a heading": (
        "{ #idea }", "{ #ideas }", "## 思路",
        r"here is section ideas, where docs/en/sorting\.md:10 has section idea; make",
    ),
    "section left out": (
        '### "list index out of range" { #range }\n', "", "## 练习",
        r"below this, the section range \(docs/en/sorting\.md:\d+\) is missing; add it",
    ),
    "section of its own": (
        "## 练习 {", "## 小结 { #summary }\n\n好。\n\n## 练习 {", "## 小结",
        r"docs/en/sorting\.md has no such section summary; remove it",
    ),
    "paragraph left out": (
        "排序把 `items` 排好次序；[查找](search.md#halves)需要它。[^1]\n", "", "# 排序",
        r"below this, the paragraph \(docs/en/sorting\.md:8\) is missing; add it",
    ),
    "paragraph too many": (
        "2. 按", "好了。\n\n2. 按", "好了", r"docs/en/sorting\.md has no such paragraph; remove",
    ),
    "item left out": (
        "1. 倒着排。\n", "倒着排。\n", "1. 倒着排", r"here is paragraph, .* has numbered item",
    ),
    "indentation": (
        "    ??? success", "??? success", "    ??? success",
        r"here is box \?\?\? success, where .* has box \?\?\? success, indented by 4; make",
    ),
    "kind of box": (
        '??? success "解答"', '??? note "解答"', "    ??? success",
        r"here is box \?\?\? note",
    ),
    "code": (
        "items = [3, 1, 2]", "items = [3, 2, 1]", "items = [3",
        r"here is 'items = \[3, 2, 1\]', where .*:19 has 'items = \[3, 1, 2\]'; only comments",
    ),
    "code inside a box": (
        "reverse=True", "reverse=False", "        items.sort(rev",
        r"here is 'items\.sort\(reverse=F",
    ),
    "line of code left out": (
        "items.sort()  # 就地\n", "", "```\n\n```text",
        r"here is 'the end of the block', where .*:21 has 'print\(",
    ),
    "blank line at the end of code": (
        "items)\n", "items)\n\n", "\n```\n\n```text",
        r"here is '', where .*:22 has 'the end of the block'",
    ),
    "string in code": (
        "while True: ...", "while 1: ...", "while True", r"here is 'while 1: \.\.\.'",
    ),
    "code beside a translated string": (
        "：\", items", "：\", item", "print(", r"here is 'print\(\"按大小排序：\", item\)'",
    ),
    "number in a translated string": (
        "按大小排序：\", items", "按 2 排序：\", items", "print(", r"here is 'print\(\"按 2 排序",
    ),
    "truth in a translated string": (
        "按大小排序：\", items", "按大小 True：\", items", "print(",
        r"here is 'print\(\"按大小 True",
    ),
    "words that are values in an output": (
        "按大小排序： [1", "按大小排序： nan [1", "按大小排序： nan", r"here is '按大小排序： nan",
    ),
    "two numbers of an output run together": (
        "排序： [1, 2, 3]", "排序： [12, 3]", "按大小排序： [12",
        r"here is '按大小排序： \[12, 3\]'",
    ),
    "string in another language": (
        "\"按大小排序：", "\"ranked by size:", "print(", r"here is 'print\(\"ranked by",
    ),
    "output": ("[1, 2, 3]", "[1, 2, 4]", "按大小排序： [1", r"here is '按大小排序： \[1, 2, 4\]'"),
    "line of an output": (
        "排序： [1, 2, 3]", "排序：\n[1, 2, 3]", "[1, 2, 3]\n```",
        r"here is '\[1, 2, 3\]', where .*:26 has 'the end",
    ),
    "output left out": (
        '```text title="输出"\n按大小排序： [1, 2, 3]\n```\n\n', "", "```python",
        r"below this, the fence \(output\) text .* is missing",
    ),
    "block that is skipped": (
        '```python\nitems = [', '```python { .skip title="不运行：懒" }\nitems = [', "```python",
        r"here is fence \(skipped\) python, where .* has fence \(code\) python",
    ),
    "value": (
        "`10`{", "`11`{", "它要走",
        r"the verified value `11`\{ .* \} is not in docs/en/sorting\.md:14; write",
    ),
    "expression": (
        "bit_length() - 1", "bit_length()", "它要走",
        r"the verified value `10`\{ .*\(1024\)\.bit_length\(\) - 1. \} \(.*:14\) is missing; add",
    ),
    "value that is plain": (
        '{ .verified expr="(1024).bit_length() - 1" }', "", "它要走",
        r"the verified value .* is missing",
    ),
    "kind of claim": (
        "（相等）", "（舍入误差以内）", "??? check",
        r"here is box \?\?\? check claim \(within rounding\), where .* claim \(equal\)",
    ),
    "claim that is none": (
        "断言：排两次什么也不改变（相等）", "排两次", "??? check",
        r"here is box \?\?\? check, where",
    ),
    "picture": (
        "rows.svg", "cols.svg", "![两行]", r"the link cols\.svg is not in docs/en/sorting\.md:12",
    ),
    "link": (
        "(search.md#halves)", "(search.md)", "排序把",
        r"the link search\.md#halves \(.*\) is missing",
    ),
    "link to the original": (
        "(search.md#halves)", "(../en/search.md#halves)", "排序把",
        r"the link \.\./en/search\.md#halves is not in",
    ),
    "link in brackets": (
        "howto/sorting", "howto/unicode", "2. 按", r"the link https.*unicode\.html is not",
    ),
    "attribute list": (
        "{ #fig-rows }", "{ #fig-row }", "![两行]",
        r"the attribute list \{ #fig-row \} is not",
    ),
    "formula": ("$n \\log n$", "$n^2$", "它要走", r"the formula \$n \\log n\$ \(.*\) is missing"),
    "inline code": ("`items`", "`list`", "排序把", r"the inline code `list` is not in docs/en"),
    "number": ("1024 个", "1000 个", "它要走", r"the number 1000 is not in docs/en"),
    "footnote": ("它。[^1]", "它。", "排序把", r"the footnote \[\^1\] \(.*\) is missing"),
    "tag": ('rows="3"', 'rows="4"', "<my-widget", r'the HTML tag <my-widget rows="4"> is not'),
    "row": ("| 归并 | `n` |\n", "", "| --- |", r"below this, the row of 2 cells \(.*\) is missing"),
    "cell": ("| 归并 | `n` |", "| 归并 | `n` | |", "| 归并", r"here is row of 3 cells"),
    "alignment": ("| --- | --- |", "| --- | --: |", "| ---", r"here is row of 2 cells \|-\|-:\|"),
    "key of the front matter": (
        "hide: [toc]\n", "", "description",
        r"below this, the front matter hide: \['toc'\] .* is missing",
    ),
    "setting in the front matter": (
        "[toc]", "[navigation]", "hide", r"here is front matter hide: \['nav",
    ),
    "half a sentence": (
        "开口要：", "开口要 of the list is kept.", "开口要",
        r'"of the list is kept" is not translated; translate',
    ),
    "half a sentence around a formula": (
        "步：", "步 of the $n$ is kept：", "它要走", r'"of the is kept" is not',
    ),
    "half a sentence around a link": (
        "排序把", "排序 is what [we do](search.md) 把", "排序把", r'"is what we do" is not',
    ),
    "heading left in English": (
        "# 排序 {", "# Sorting what is given {", "# 排序", r'"Sorting what is given" is not',
    ),
    "caption": (
        "排好序的同一行", "the same row when sorted", "![两行]",
        r'"the same row when sorted" is not',
    ),
    "alt text": ("![两行]", "![two rows of numbers]", "![两行]", r'"two rows of numbers" is not'),
    "title of a box": (
        "排两次什么也不改变", "sorting twice changes nothing", "??? check",
        r'"sorting twice changes',
    ),
    "title in a tag": ('"两行"', '"two rows of it"', "<my-widget", r'"two rows of it" is not'),
    "description": (
        "怎样给列表排序", "How to sort a list", "description", r'"How to sort a list" is not',
    ),
    "reason for skipping": (
        "永远不会结束", "因为 it will never end", "```python { .skip",
        r'"it will never end" is not',
    ),
    "cell in English": (
        "| 归并 |", "| merge the two halves |", "| 归并", r'"merge the two halves" is not',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "message"), PLANTED.values(), ids=PLANTED)
def test_a_planted_difference_is_named(
    course: Path, old: str, new: str, at: str, message: str
) -> None:
    assert old in CHINESE
    changed = CHINESE.replace(old, new, 1)
    found = said(course, changed)
    named = [line for line in found if re.search(f"^docs/zh/sorting\\.md:\\d+: {message}", line)]
    assert named, "\n".join(found)
    assert f"docs/zh/sorting.md:{line_of(at, changed if at in changed else CHINESE)}: " in named[0]
    assert "; " in named[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  # 就地", "  # 改动 items 本身 in place and so on"),
        ("`items` 排好次序", "`items` 排好 `items` 的次序"),  # named twice
        ("[查找]", "分 3 步[查找]"),  # English spells a small number out
        ("开口要：", "开口要（*of the list that is*{ lang=en }）："),
        ("开口要：", '开口要 "of the list that is"：'),
        ("开口要：", "开口要 `of the list that is`："),
        ("开口要：", "开口要，Timsort 和 of the list。"),  # three words
        ("怎样给列表排序", "insertion_sort_by_length 怎样给列表排序"),
        ("开口要：", "*A. B. Knuth, C. D. Hoare*："),
    ],
)
def test_what_may_differ(course: Path, old: str, new: str) -> None:
    assert old in CHINESE
    found = said(course, CHINESE.replace(old, new, 1))
    assert [line for line in found if "inline code `of the" not in line] == []


def test_a_language_in_the_same_script_is_compared_with_the_original_s_words(course: Path) -> None:
    settings = (SETTINGS + WORDS).replace('script = "CJK"\n', "")
    (course / "pyproject.toml").write_text(settings, encoding="utf-8")
    own = CHINESE.replace("开口要：", "Du musst nur darum bitten:")
    own = own.replace("按大小排序：", "sorted by size:")
    assert said(course, own) == []
    found = said(course, own.replace("只有一个元素的列表除外。", "Not on a list of one."))
    assert [line.split(";")[0] for line in found] == [
        f'docs/zh/sorting.md:{line_of("[^1]: 只")}: "Not on a list of one" is not translated'
    ]


def test_two_translated_sections_in_another_order_are_named(course: Path) -> None:
    english = ENGLISH + "\n## A { #a }\n\n## B { #b }\n"
    found = said(course, CHINESE + "\n## B { #b }\n\n## A { #a }\n", english)
    assert any("section" in line and "docs/zh/sorting.md:6" in line for line in found), found


def test_one_row_too_many_is_one_difference(course: Path) -> None:
    rows = [f"| [A](search.md#a{number}) | b |\n" for number in range(4)]
    table = "| 名称 | b |\n| --- | --- |\n"
    english = ENGLISH + "\n" + table.replace("名称", "Name") + "".join(rows)
    twice = CHINESE + "\n" + table + "".join([rows[0], *rows])
    assert said(course, CHINESE + "\n" + table + "".join(rows), english) == []
    (found,) = said(course, twice, english)
    assert "docs/en/sorting.md has no such row of 2 cells; remove it" in found
    assert len(said(course, CHINESE + "\n" + table + "".join(rows[1:]), english)) == 1
    swapped = CHINESE + "\n" + table + "".join([rows[1], rows[0], *rows[2:]])
    assert said(course, swapped, english)


def test_a_heading_without_id_is_found_by_its_place(course: Path) -> None:
    english, chinese = ENGLISH + "\n### So\n\nFar.\n", CHINESE + "\n### 如此\n"
    (found,) = said(course, chinese, english)
    assert f":{line_of('### 如此', chinese)}: below this, the paragraph (docs/en" in found


def test_pictures_and_untranslated_pages_may_lie_in_the_folder_of_the_original(
    course: Path,
) -> None:
    """If one edition's folder holds the other's, the way to a picture is another one."""
    settings = (SETTINGS + WORDS).replace('"docs/en"', '"docs"')
    (course / "pyproject.toml").write_text(settings, encoding="utf-8")
    (course / "docs/rows.svg").write_text("<svg/>", encoding="utf-8")
    (course / "docs/zh/rows.svg").unlink()
    (course / "docs/search.md").write_text("# 1 { #one }\n", encoding="utf-8")
    original = read(course / "docs/sorting.md", ENGLISH)
    page = course / "docs/zh/sorting.md"
    assert differences(read(page, CHINESE.replace("rows.svg", "../rows.svg")), original) == []
    (course / "docs/new.md").write_text("# 1 { #halves }\n", encoding="utf-8")  # in one edition
    new = read(course / "docs/sorting.md", ENGLISH.replace("search.md", "new.md"))
    chinese = CHINESE.replace("rows.svg", "../rows.svg").replace("search.md", "../new.md")
    assert differences(read(page, chinese), new) == []
    found = differences(read(page, CHINESE.replace("search.md", "../search.md")), original)
    assert any("the link ../search.md#halves is not" in line for line in found)


def test_fingerprints_name_what_has_changed_since(course: Path) -> None:
    page, original = course / "docs/zh/sorting.md", course / "docs/en/sorting.md"
    (none,) = stale(read(page), read(original))
    assert none.startswith("docs/zh/sorting.md:1: no translated_from in the front matter; compare")
    mark_translated(page, original)
    once = page.read_text(encoding="utf-8")
    mark_translated(page, original)
    assert page.read_text(encoding="utf-8") == once
    assert once.count("translated_from:") == 1
    assert stale(read(page), read(original)) == []
    assert differences(read(page), read(original)) == []
    changed = read(
        original, ENGLISH.replace("Ask for it", "Just ask").replace("How to", "Here you")
    )
    assert [line.split(" (")[0] for line in stale(read(page), changed)] == [
        "docs/zh/sorting.md:1: section front matter",
        f"docs/zh/sorting.md:{line_of('## 练习', once)}: section exercises",
    ]
    assert stale(read(page), changed)[1].endswith(
        "translate what is new, then run python -m claimdown --translated docs/zh/sorting.md"
    )


def test_an_original_that_is_no_utf_8_is_compared_all_the_same(course: Path) -> None:
    page, original = course / "docs/zh/sorting.md", course / "docs/en/sorting.md"
    mark_translated(page, original)
    changed = read(original, ENGLISH.replace("A sort", "A s\udcffrt"))
    (message,) = stale(read(page), changed)
    assert "section sorting" in message


@pytest.mark.parametrize("name", ["on", "no", "1"])
def test_an_id_that_yaml_would_read_otherwise_is_kept(course: Path, name: str) -> None:
    page, original = course / "docs/zh/sorting.md", course / "docs/en/sorting.md"
    for file in (page, original):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("{ #idea }", f"{{ #{name} }}"), encoding="utf-8")
    mark_translated(page, original)
    assert stale(read(page), read(original)) == []


def test_a_page_without_front_matter_gets_one(course: Path) -> None:
    page, original = course / "docs/zh/sorting.md", course / "docs/en/sorting.md"
    page.write_text(CHINESE.split("---\n", 2)[2], encoding="utf-8")
    mark_translated(page, original)
    assert page.read_text(encoding="utf-8").startswith("---\ntranslated_from:\n  front matter: ")


def test_pages_that_one_edition_lacks_are_named(course: Path) -> None:
    config = config_for(course)
    for page, original in pairs([], config).items():
        mark_translated(page, original)
    assert compare([], config) == []
    (course / "docs/en/new.md").write_text("# New { #new }\n", encoding="utf-8")
    (course / "docs/zh/old.md").write_text("# 旧 { #old }\n", encoding="utf-8")
    assert compare([], config) == [
        "docs/en/new.md:1: it is not translated; write docs/zh/new.md",
        "docs/zh/old.md:1: it translates nothing; write docs/en/old.md, or remove it",
    ]
    assert compare([course / "docs/en/sorting.md"], config) == []


def test_an_original_is_compared_with_its_translations(course: Path) -> None:
    (found,) = compare([course / "docs/en/sorting.md"], config_for(course))
    assert found.startswith("docs/zh/sorting.md:1: no translated_from")


def test_a_page_outside_of_all_editions_is_refused(course: Path) -> None:
    with pytest.raises(ConfigError, match=r"README\.md:1: in no folder of \[tool\.claimdown"):
        compare([course / "README.md"], config_for(course))


def test_a_course_in_one_language_has_nothing_to_compare(course: Path) -> None:
    text = SETTINGS.partition("[tool.claimdown.editions.zh]")[0]
    (course / "pyproject.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: \[tool.*\]: none has an `original`"):
        compare([course / "docs/en/sorting.md"], config_for(course))


@pytest.mark.parametrize(
    ("code", "language", "left"),
    [
        ("x = 1  # one", "python", "x = 1"),
        ("x = '# no'  # yes\n# all\ny", "python", "x = '# no'\n\ny"),
        ("make test  # all", "bash", "make test"),
        ("# kept", "markdown", "# kept"),
        ('--8<-- "a.py:b"  # c', "python", '--8<-- "a.py:b"'),
        ("def f(  # c", "python", "def f(  # c"),
    ],
)
def test_comments_are_dropped_and_nothing_else(code: str, language: str, left: str) -> None:
    assert without_comments(code, language) == left

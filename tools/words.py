"""The words that the build itself writes or looks for on a page, in each language of the site."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    # What the source of a page must say for the checks to know a thing.
    output: str  # the title of an output fence
    claim: str  # how a claim's title begins
    equal: str  # how it ends if it holds bit for bit,
    within_rounding: str  # or not quite
    not_run: str  # how the title of a skipped block begins
    # What the build writes.
    legend: str
    verified: str  # the accessible name of a mark, with {expression}
    counts: Callable[[int, int, int, str], str]
    columns: tuple[str, ...]  # of the table of checks: page, then one a count
    all_pages: str
    summary: tuple[str, ...]
    notebook: str  # on the button
    notebook_of: tuple[
        str, ...
    ]  # the note below a notebook's title, with {title}, {link}, {course}
    lab_of: str
    code: str  # the head of a folded cell of a lab
    permalink: str
    search: str  # the accessible name of the search
    colon: str  # what it shows between a term and its explanation


def _english_counts(values: int, outputs: int, claims: int, how: str) -> str:
    named = {"value": values, "output": outputs, "claim": claims}
    found = [f"{n} {noun}{'s' * (n > 1)}" for noun, n in named.items() if n]
    several = " and ".join(filter(None, [", ".join(found[:-1]), found[-1]]))
    verb = "was" if values + outputs + claims == 1 else "were"
    return f'{several} on this page {verb} <a href="{how}">computed and compared</a>.'


def _chinese_counts(values: int, outputs: int, claims: int, how: str) -> str:
    named = {"个数值": values, "段输出": outputs, "条断言": claims}
    several = "、".join(f"{n} {noun}" for noun, n in named.items() if n)
    return f'本页的 {several}都<a href="{how}">经过计算和比对</a>。'


WORDS = {
    "en": Words(
        output="Output",
        claim="Claim: ",
        equal=" (equal)",
        within_rounding=" (within rounding)",
        not_run="Not run: ",
        legend=(
            "The build computed this value. "
            "Point at the mark, tap it or tab to it, and you see how."
        ),
        verified="Verified: {expression}",
        counts=_english_counts,
        columns=(
            "Page",
            "Blocks executed",
            "Outputs compared",
            "Values verified",
            "Claims asserted",
            "Skipped",
            "Shown only",
        ),
        all_pages="All pages",
        summary=(
            "code blocks executed",
            "outputs compared",
            "values verified",
            "claims asserted",
            "skipped",
        ),
        notebook="Download notebook",
        notebook_of=(
            "This notebook is the chapter [{title}]({link}) of *{course}*.",
            "It needs PyTorch and nothing else: `pip install torch`.",
            "The outputs are those of the site; run the cells from top to bottom to get your own.",
        ),
        lab_of="This notebook is the lab [{title}]({link}) of *{course}*.",
        code="Code",
        permalink="Permanent link",
        search="Search",
        colon=": ",
    ),
    "zh": Words(
        output="输出",
        claim="断言：",
        equal="（相等）",
        within_rounding="（舍入误差以内）",
        not_run="不运行：",
        legend="这个值由构建算出。把指针移到标记上、点一下或用 Tab 键选中它，就能看到是怎么算的。",
        verified="核对过：{expression}",
        counts=_chinese_counts,
        columns=("页面", "执行的代码块", "比对的输出", "核对的值", "断言", "跳过", "仅展示"),
        all_pages="全部页面",
        summary=("个代码块已执行", "段输出已比对", "个值已核对", "条断言成立", "处跳过"),
        notebook="下载笔记本",
        notebook_of=(
            "本笔记本是《{course}》的一章：[{title}]({link})。",
            "它只需要 PyTorch：`pip install torch`。",
            "其中的输出来自网站；从头到尾运行各个单元格，就能得到你自己的输出。",
        ),
        lab_of="本笔记本是《{course}》的实验：[{title}]({link})。",
        code="代码",
        permalink="永久链接",
        search="搜索",
        colon="：",
    ),
}

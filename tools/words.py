"""The words that this site writes by itself, in each of its languages.

Those that the engine needs are in pyproject.toml, `[tool.claimdown.editions]`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    lab_of: str  # the note below the title of a lab's notebook, with {title}, {link}, {course}
    code: str  # the head of a folded cell of a lab
    permalink: str
    search: str  # the accessible name of the search
    colon: str  # what the search shows between a term and its explanation


WORDS = {
    "en": Words(
        lab_of="This notebook is the lab [{title}]({link}) of *{course}*.",
        code="Code",
        permalink="Permanent link",
        search="Search",
        colon=": ",
    ),
    "zh": Words(
        lab_of="本 Notebook 是《{course}》的实验：[{title}]({link})。",
        code="代码",
        permalink="永久链接",
        search="搜索",
        colon="：",
    ),
}

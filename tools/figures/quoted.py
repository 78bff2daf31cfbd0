"""The texts that chapters train on, as their pages write them."""

import re

from tools.site import docs_dir


def quoted(chapter: str, name: str) -> str:
    """Return the text that a chapter gives a name to, between three quotation marks."""
    page = (docs_dir() / chapter).read_text(encoding="utf-8")
    return re.search(rf'{name} = """\n(.*?)\n"""', page, re.DOTALL)[1]


def verses() -> list[str]:
    """Build the verses of the rhyme as the chapter does: each has one line more at its head."""
    lines = quoted("foundations/a-network-that-writes.md", "rhyme").split("\n")
    return ["this is " + " ".join(lines[k::-1]) for k in range(len(lines))]


def rhyme() -> str:
    """Return what the network that writes is trained on: all verses but the last."""
    return "\n".join(["", *verses()[:-1], ""])

"""Write corrected outputs and values back into a chapter's file."""

import os
from collections.abc import Iterable
from pathlib import Path

from docs._build.runner import Edit


def apply_edits(path: Path, edits: Iterable[Edit]) -> None:
    """Replace parts of a file, whole or not at all, and keep its line ends.

    Offsets count characters with \\n line ends, as Python's text mode reads them.
    """
    with path.open(encoding="utf-8", newline="") as file:
        raw = file.read()
    line_end = "\r\n" if "\r\n" in raw else "\n"
    text = raw.replace("\r\n", "\n")
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    temporary = path.with_name(path.name + ".new")
    with temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(text.replace("\n", line_end))
    os.replace(temporary, path)

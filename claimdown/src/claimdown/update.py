"""Write corrected outputs and values back into a page's file."""

import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from claimdown.report import Edit
from claimdown.source import page_text


def apply_edits(path: Path, text: str, edits: Iterable[Edit]) -> None:
    """Replace parts of a file, whole or not at all, and leave every other byte as it is.

    `text` is the page as it was read, with \\n line ends; the offsets of the edits count its
    characters.

    Raises:
        ValueError: if the file has changed since it was read.
    """
    path = path.resolve()  # a link stays a link
    if page_text(path) != text:
        raise ValueError(f"{path}: not rewritten, because it has changed while it was checked")
    raw = path.read_bytes().decode("utf-8", errors="surrogateescape")
    line_end = "\r\n" if "\r\n" in raw else "\n"
    characters = re.findall(r"\r\n|.", raw, re.DOTALL)  # as many as the text has
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        characters[edit.start : edit.end] = edit.text.replace("\n", line_end)
    temporary = path.with_name(path.name + ".new")
    temporary.write_bytes("".join(characters).encode("utf-8", errors="surrogateescape"))
    shutil.copymode(path, temporary)
    os.replace(temporary, path)

"""Keep in `.cache/` what the reader found in a page: other processes and later builds need it, too.

A page has one file there.  It begins with a line that names all that the rest comes from.
"""

import hashlib
import json
import os
import pickle
import sys
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from tools.formulas import KATEX
from tools.inline_svg import FIGURES
from tools.site import LANGUAGES, settings
from tools.snippets import ROOT

CACHE = ROOT / ".cache" / "read"
DISTRIBUTIONS = ("beautifulsoup4", "markdown", "mkdocs", "pygments", "pymdown-extensions")
Found = TypeVar("Found")


def kept(path: Path, text: str, read: Callable[[], tuple[Found, set[str] | None]]) -> Found:
    """Recall what was found in a page; if anything that it comes from has changed, read it again.

    `read` returns what it found, and the names of the files that the page includes; or None, if it
    must not be kept.
    """
    stored = CACHE / path.relative_to(ROOT).with_suffix(".pickle")
    state = hashlib.sha256(f"{reader_state()}\0{text}".encode("utf-8", "replace")).hexdigest()
    if stored.is_file():
        head, _, found = stored.read_bytes().partition(b"\n")
        known = json.loads(head)
        if known == {"state": state, "included": digests(known["included"])}:
            return pickle.loads(found)
    result, included = read()
    if included is None:
        return result
    head = json.dumps({"state": state, "included": digests(included)}).encode()
    replace(stored, head + b"\n" + pickle.dumps(result))
    return result


@cache
def reader_state() -> str:
    """Hash what any page is read with: this folder's code, the Markdown extensions, the libraries.

    A figure is read by its name only.
    """
    digest = hashlib.sha256(sys.version.encode())
    digest.update(repr([(name, version(name)) for name in DISTRIBUTIONS]).encode())
    digest.update(repr(sorted(figure.name for figure in FIGURES.glob("*.svg"))).encode())
    for source in sorted([*ROOT.glob("tools/*.py"), KATEX]):
        digest.update(source.read_bytes())
    for language in LANGUAGES:
        extensions = settings(language)["markdown_extensions"]
        digest.update(json.dumps(extensions, default=lambda named: named.__qualname__).encode())
    return digest.hexdigest()


def digests(names: Iterable[str]) -> dict[str, str]:
    """Hash files by their names, which start at the project's root; "" for one that is missing."""
    files = {name: ROOT / name for name in sorted(set(names))}
    return {
        name: hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
        for name, file in files.items()
    }


def replace(stored: Path, content: bytes) -> None:
    """Write a file in one step: other processes may be reading it, or writing it, too."""
    stored.parent.mkdir(parents=True, exist_ok=True)
    temporary = stored.with_suffix(f".{os.getpid()}")
    temporary.write_bytes(content)
    os.replace(temporary, stored)

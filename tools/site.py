"""The site's editions: their configurations, the order of their pages, and where these lie.

An edition is one language: its pages lie in `docs/LANGUAGE`, and its file for MkDocs is
`mkdocs.yml`, which the others inherit from.
"""

import posixpath
from functools import cache
from pathlib import Path
from typing import Any

from mkdocs.utils.yaml import yaml_load

from claimdown.config import config_for
from claimdown.counts import leaves
from claimdown.page import Code
from claimdown.reader import read

ROOT = Path(__file__).resolve().parents[1]
CONFIGURATIONS = {"en": ROOT / "mkdocs.yml", "zh": ROOT / "mkdocs.zh.yml"}
LANGUAGES = tuple(CONFIGURATIONS)


@cache
def settings(language: str = "en") -> dict[str, Any]:
    """Read an edition's configuration as it stands, without loading any plugin."""
    with CONFIGURATIONS[language].open("rb") as file:
        return yaml_load(file)


def docs_dir(language: str = "en") -> Path:
    return ROOT / settings(language)["docs_dir"]


def language_of(page: Path) -> str:
    """Tell an edition by the folder of a page; a page outside of them is an English one."""
    return config_for(ROOT).edition_of(page)


def english(page: Path) -> Path:
    """Return the page that another one is the translation of; an English one is its own."""
    return docs_dir() / page.relative_to(docs_dir(language_of(page)))


def navigation(language: str = "en") -> list[Path]:
    """List the Markdown pages that an edition's navigation names, in its order."""
    names = leaves(settings(language)["nav"])
    return [docs_dir(language) / name for name in names if name.endswith(".md")]


def pages(language: str = "en") -> list[Path]:
    """List an edition's Markdown pages in the order of the navigation, then any page left out."""
    listed = navigation(language)
    return listed + sorted(set(docs_dir(language).rglob("*.md")) - set(listed))


def labs(language: str = "en") -> list[Path]:
    """List an edition's labs, by name."""
    return sorted(docs_dir(language).glob("labs/*.py"))


def is_chapter(page: Path) -> bool:
    """Whether a page is one to work through: it holds code.

    The others are pages to look things up in, and the site's own.
    """
    folder = docs_dir(language_of(page))
    if page.parent in (folder, folder / "reference"):
        return False
    return bool(read(page).of(Code))


def site_folder(language: str) -> str:
    """Return where in the site an edition lies: "." for English, "zh" for Chinese."""
    return posixpath.relpath(settings(language)["site_dir"], settings()["site_dir"])


def address_of(page: Path) -> str:
    """Return where in the site a page lies, such as "zh/foundations/memory.html"."""
    language = language_of(page)
    name = page.relative_to(docs_dir(language)).with_suffix(".html").as_posix()
    return posixpath.normpath(posixpath.join(site_folder(language), name))

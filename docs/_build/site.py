"""The site's own Markdown, so that tests, notebooks and pages read a chapter in one way."""

from functools import cache
from pathlib import Path
from typing import Any

from markdown import Markdown
from mkdocs.config.base import Config
from mkdocs.config.config_options import MarkdownExtensions
from mkdocs.utils.yaml import yaml_load

from docs._build.snippets import ROOT


class _MarkdownConfig(Config):
    markdown_extensions = MarkdownExtensions(builtins=["toc", "tables", "fenced_code"])
    mdx_configs: dict[str, Any]


@cache
def settings(path: Path = ROOT / "mkdocs.yml") -> dict[str, Any]:
    """Read the site's configuration file as it stands, without loading any plugin."""
    with path.open("rb") as file:
        return yaml_load(file)


@cache
def _markdown_config() -> Config:
    config = _MarkdownConfig()
    config.load_dict({"markdown_extensions": settings()["markdown_extensions"]})
    errors, warnings = config.validate()
    if errors or warnings:
        raise ValueError(f"mkdocs.yml, markdown_extensions: {errors + warnings}")
    return config


def site_markdown() -> Markdown:
    """Return a Markdown converter configured as MkDocs configures it for a page."""
    config = _markdown_config()
    extensions, configs = config["markdown_extensions"], config["mdx_configs"]
    return Markdown(extensions=extensions, extension_configs=configs)


def navigation() -> list[Path]:
    """List the Markdown pages that the navigation names, in its order."""
    docs_dir = ROOT / settings()["docs_dir"]
    return [docs_dir / name for name in _leaves(settings()["nav"]) if name.endswith(".md")]


def pages() -> list[Path]:
    """List the site's Markdown pages in the order of the navigation, then any page left out."""
    listed = navigation()
    docs_dir = ROOT / settings()["docs_dir"]
    return listed + sorted(set(docs_dir.rglob("*.md")) - set(listed))


def _leaves(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    entries = nav.values() if isinstance(nav, dict) else nav
    return [leaf for entry in entries for leaf in _leaves(entry)]

"""Pages, and the text of labs, as the site's own Markdown renders them; no theme is around them."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from markdown import Markdown
from mkdocs.config.base import Config
from mkdocs.config.config_options import MarkdownExtensions
from mkdocs.utils.meta import get_data

from tools.labs.translation import lab_as_page
from tools.site import language_of, settings


class _MarkdownConfig(Config):
    markdown_extensions = MarkdownExtensions(builtins=["toc", "tables", "fenced_code"])
    mdx_configs: dict[str, Any]


def site_markdown(language: str = "en") -> Markdown:
    """Return a Markdown converter configured as MkDocs configures it for a page."""
    config = _MarkdownConfig()
    config.load_dict({"markdown_extensions": settings(language)["markdown_extensions"]})
    errors, warnings = config.validate()
    assert not errors + warnings
    extensions, configs = config["markdown_extensions"], config["mdx_configs"]
    return Markdown(extensions=extensions, extension_configs=configs)


@cache
def rendered(page: Path) -> BeautifulSoup:
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".py":
        text = re.sub(r"(?ms)^```python.*?^```$|^<div[^\n]*", "", lab_as_page(text))
    body, _ = get_data(text)
    return BeautifulSoup(site_markdown(language_of(page)).convert(body), "html.parser")

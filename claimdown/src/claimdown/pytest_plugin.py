"""The pytest plugin: in a project with `[tool.claimdown]`, its pages are collected and checked.

Every other project with pytest loads this module too, so it imports next to nothing.
"""

import tomllib
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("claimdown").addoption(
        "--update-outputs",
        action="store_true",
        help="rewrite the pages' outputs and verified values in place",
    )


def pytest_configure(config: pytest.Config) -> None:
    if is_configured(config.rootpath / "pyproject.toml"):
        from claimdown.pytest_pages import Pages

        config.pluginmanager.register(Pages(config), "claimdown-pages")


def is_configured(file: Path) -> bool:
    """Whether a project says anything about pages."""
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    if "claimdown" not in text:
        return False
    try:
        return "claimdown" in tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError:
        return True  # who reads the configuration says what is wrong with it

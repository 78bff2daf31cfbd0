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
    file = config.rootpath / "pyproject.toml"
    if is_configured(file):
        from claimdown.pytest_pages import Pages

        config.pluginmanager.register(Pages(config), "claimdown-pages")
    elif config.getoption("--update-outputs"):
        raise pytest.UsageError(f"--update-outputs: no [tool.claimdown] in {file}")


def is_configured(file: Path) -> bool:
    """Whether a project says anything about pages."""
    text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    if "claimdown" not in text:
        return False
    try:
        return "claimdown" in tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError:
        return True  # who reads the configuration says what is wrong with it

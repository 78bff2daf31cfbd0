"""The scripts of the widgets as they are published: the widgets' own, and nobody else's."""

import re
from pathlib import Path

import pytest

from tools.site import ROOT

SOURCES = sorted((ROOT / "docs/assets/widgets").glob("*.js"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_script_imports_its_neighbours_only(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    imported = re.findall(r"\bfrom \"([^\"]+)\"|\bimport\(`([^`]+)`\)", source)
    assert all(name.startswith("./") for pair in imported for name in pair if name)


def test_assets_are_published_as_they_are(built_site: Path) -> None:
    assets = [path for path in (ROOT / "docs/assets").rglob("*") if path.is_file()]
    published = {path: built_site / path.relative_to(ROOT / "docs") for path in assets}
    left_out = {path.name for path, copy in published.items() if not copy.is_file()}
    assert left_out == {"katex.min.js"}  # which runs while the site is built
    assert all(path.read_bytes() == copy.read_bytes()
               for path, copy in published.items() if copy.is_file())  # fmt: skip

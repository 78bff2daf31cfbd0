"""The scripts of the widgets as they are published: small, without comments, and nobody else's."""

import gzip
import re
from pathlib import Path

import pytest

from docs._build.scripts import without_comments
from docs._build.site import ROOT

SOURCES = sorted((ROOT / "docs/assets/widgets").glob("*.js"))
LARGEST = 15_000  # bytes, all widgets together, as they are transferred


def test_widgets_together_are_small(built_site: Path) -> None:
    published = sorted((built_site / "assets/widgets").glob("*.js"))
    assert [path.name for path in published] == [path.name for path in SOURCES]
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in published}
    assert sum(sizes.values()) <= LARGEST, sizes


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_published_script_is_its_source_without_comments(path: Path, built_site: Path) -> None:
    published = (built_site / "assets/widgets" / path.name).read_text(encoding="utf-8")
    source = path.read_text(encoding="utf-8")
    assert published == without_comments(source)
    assert not re.search(r"/\*|^\s*//", published, re.MULTILINE)
    imported = re.findall(r"\bfrom \"([^\"]+)\"|\bimport\(`([^`]+)`\)", source)
    assert all(name.startswith("./") for pair in imported for name in pair if name)


def test_only_comments_go() -> None:
    source = """\
// What this is.

/** @type {number} */
const a = 1; // stays: it does not begin its line
/** @param {string} b
 * @returns {string}
 */
const f = (/** @type {string} */ b) => /** @type {any} */ (`
    x // y  # ${b}

https://example.org/`);
"""
    assert (
        without_comments(source)
        == """\

const a = 1; // stays: it does not begin its line
const f = (b) => (`
    x // y  # ${b}

https://example.org/`);
"""
    )

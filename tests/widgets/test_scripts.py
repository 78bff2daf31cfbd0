"""The scripts of the widgets as they are published: small, without comments, and nobody else's."""

import re
from pathlib import Path

import pytest

from tools.scripts import without_comments
from tools.site import ROOT

SOURCES = sorted((ROOT / "docs/assets/widgets").glob("*.js"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_published_script_is_its_source_without_comments(path: Path, built_site: Path) -> None:
    published = (built_site / "assets/widgets" / path.name).read_text(encoding="utf-8")
    source = path.read_text(encoding="utf-8")
    assert published == without_comments(source)
    assert not re.search(r"/\*|^\s*//", published, re.MULTILINE)
    imported = re.findall(r"\bfrom \"([^\"]+)\"|\bimport\(`([^`]+)`\)", source)
    assert all(name.startswith("./") for pair in imported for name in pair if name)


def test_only_the_widgets_are_published(built_site: Path) -> None:
    published = sorted((built_site / "assets/widgets").glob("*.js"))
    assert [path.name for path in published] == [path.name for path in SOURCES]


def test_what_says_something_stays() -> None:
    source = """\
// What this is.

/** @type {number} */
const a = 1; // a comment behind code
/** @param {string} b
 * @returns {string}
 */
const f = (/** @type {string} */ b) => /** @type {any} */ (`
    x // y  # ${ b + ` /* ${ a } */  ` }

https://example.org/`);
const g = async (c) => {
  if (c in window) return typeof c;
  return a + +c - -a + "  //  " + 'it\\'s  '
}
g("a  b").then((d) => (/[/'"]  \\d/).test(d)); // "
"""
    expected = """\
const a=1;const f=(b)=>(`
    x // y  # ${b+` /* ${a} */  `}

https://example.org/`);const g=async(c)=>{if(c in window)return typeof c;return a+ +c- -a+"  //  "+'it\\'s  '}
g("a  b").then((d)=>(/[/'"]  \\d/).test(d));"""  # noqa: E501 -- as it is published
    assert without_comments(source) == expected


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be read as JavaScript"):
        without_comments("const f = () => /^\\d+'$/.test('  ');")

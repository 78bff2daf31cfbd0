"""The files of the site show what was read and run, one for one, and nothing else.

The engine's plugin compares each page while it is built.  This looks at what has been written.
"""

from pathlib import Path

import pytest
from lxml.html import tostring
from mkdocs.utils import is_markdown_file

from claimdown.config import config_for
from claimdown.guard import differences, published, unverified_numbers
from claimdown.page import Code, Output, Skipped, Value
from claimdown.reader import read
from tests.site.published import article, tree
from tools.site import LANGUAGES, address_of, docs_dir, labs, language_of, navigation, pages

PAGES = {address_of(page): page for language in LANGUAGES for page in pages(language)}
EXAMPLE = "foundations/linear-layer-over-time.html"


def faults(name: str, html: str) -> list[tuple[int, str]]:
    page = read(PAGES[name])
    claim = config_for(page.path).words(language_of(page.path)).claim
    return differences(page, published(html, claim))


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_what_was_checked(name: str, built_site: Path) -> None:
    html = (built_site / name).read_text(encoding="utf-8")
    assert faults(name, html) == []
    page, shown = read(PAGES[name]), published(html, "Claim: ")
    assert len(shown.python) == len(page.of(Code)) + len(page.of(Skipped))
    assert len(shown.values) == len(page.of(Value))


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_no_number_that_nothing_verifies(name: str, built_site: Path) -> None:
    html = tostring(article(tree(built_site / name)), encoding="unicode")
    assert unverified_numbers(read(PAGES[name]), html) == []


def test_a_number_and_a_block_that_a_hook_brings_in_are_named(built_site: Path) -> None:
    html = (built_site / EXAMPLE).read_text(encoding="utf-8")
    block = '<div class="language-python highlight"><pre><code>assert 1 == 2</code></pre></div>'
    ((_, message),) = faults(EXAMPLE, html.replace("</article>", f"{block}</article>"))
    assert "assert 1 == 2" in message
    page = read(PAGES[EXAMPLE])
    assert unverified_numbers(page, "<p>It takes 123 steps.</p>")


def test_outputs_are_under_their_title(built_site: Path) -> None:
    for name, path in PAGES.items():
        title = config_for(path).words(language_of(path)).output
        titles = [span.text_content() for span in tree(built_site / name).cssselect(".filename")]
        assert titles.count(title) == len(read(path).of(Output)), name


def test_nothing_is_skipped() -> None:
    """A block that does not run is an exception that somebody has to ask for; nobody has."""
    skipped = {page.stem: read(page).of(Skipped) for page in PAGES.values()}
    assert not any(skipped.values()), skipped


def test_every_published_page_was_read(built_site: Path) -> None:
    executed = {address_of(path) for name in LANGUAGES for path in labs(name)}
    names = {path.relative_to(built_site).as_posix() for path in built_site.rglob("*.htm*")}
    assert names == {*PAGES, *executed, "404.html", "zh/404.html"}


def test_every_page_is_in_the_navigation() -> None:
    for language in LANGUAGES:
        listed = navigation(language)
        files = [path for path in docs_dir(language).rglob("*") if is_markdown_file(path.name)]
        assert files
        assert not [path for path in files if path not in listed], "not in mkdocs.yml, nav"

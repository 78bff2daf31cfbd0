"""The published pages show no Python block, output or value that was not checked, and vice versa.

The reader looks at Markdown and the runner at what the reader found. This looks at the HTML that
MkDocs has written, so that neither a plugin, a hook nor a theme can bring in what nobody checked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from lxml.html import HtmlElement, document_fromstring
from mkdocs.utils import is_markdown_file

from tests.site.published import article, texts, tree
from tools.chapter import Code, Output, Skipped, Value, is_python, read_chapter
from tools.executed import executed
from tools.rendered import normal, surplus
from tools.site import (
    LANGUAGES,
    address_of,
    docs_dir,
    language_of,
    navigation,
    pages,
    settings,
)
from tools.words import WORDS

DOCS = Path(__file__).parents[2] / "docs" / "en"
PAGES = {address_of(page): page for language in LANGUAGES for page in pages(language)}

OUTPUT = {words.output for words in WORDS.values()}


@dataclass(frozen=True)
class Published:
    """What a published page shows."""

    python: list[str]
    outputs: list[str]
    values: list[tuple[str, str]]


def published(page: HtmlElement) -> Published:
    """Read the article of a published page."""
    python, outputs = [], []
    for block in article(page).iter("pre"):
        text = normal(block.text_content())
        if any(map(is_python, languages(block))):
            python.append(text)
        elif OUTPUT.intersection(texts(block.getparent(), ".filename")):
            outputs.append(text)
    values = [verified_value(span) for span in article(page).cssselect(".verified")]
    return Published(python, outputs, values)


def languages(block: HtmlElement) -> list[str]:
    """List the languages that a block's own or surrounding elements are highlighted as."""
    classes = " ".join(block.xpath("ancestor-or-self::*/@class")).split()
    return [name.removeprefix("language-") for name in classes if name.startswith("language-")]


def verified_value(span: HtmlElement) -> tuple[str, str]:
    """Return the text and the expression of what is marked as verified."""
    codes, marks = span.cssselect("code"), span.cssselect(".verified-mark")
    expression = marks[0].get("data-expr", "") if marks else ""
    return (codes or [span])[0].text_content(), expression


def differences(page: Path, shown: Published) -> list[str]:
    """Name what a published page and its source, as it was checked, do not have in common."""
    chapter = read_chapter(page)
    python = [normal(block.code) for block in chapter.of(Code) + chapter.of(Skipped)]
    outputs = [normal(block.code) for block in chapter.of(Output)]
    values = [(value.text, value.expression) for value in chapter.of(Value)]
    pairs = [
        ("Python block", shown.python, python),
        ("output", shown.outputs, outputs),
        ("verified value", shown.values, values),
    ]
    return [
        f"{page.relative_to(docs_dir(language_of(page)))}: {kind} {what}: {item!r}"
        for kind, on_page, in_source in pairs
        for what, items in (
            ("published and not checked", surplus(on_page, in_source)),
            ("checked and not published", surplus(in_source, on_page)),
        )
        for item in items
    ]


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_what_was_checked(name: str, built_site: Path) -> None:
    result, shown = executed(PAGES[name]), published(tree(built_site / name))
    assert not differences(PAGES[name], shown)
    assert not result.failures
    assert len(shown.python) == result.counts["executed"] + result.counts["skipped"]
    assert len(shown.outputs) == result.counts["compared"]
    assert len(shown.values) == result.counts["verified"]


def test_nothing_is_skipped() -> None:
    """A block that does not run is an exception that an issue has to ask for; none has."""
    skipped = {page.stem: read_chapter(page).of(Skipped) for page in PAGES.values()}
    assert not any(skipped.values()), skipped


def unread(site: Path) -> list[str]:
    """Name the published pages that neither the reader nor the notebooks' builder has seen."""
    labs = {address_of(path) for name in LANGUAGES for path in docs_dir(name).glob("labs/*.py")}
    names = [path.relative_to(site).as_posix() for path in site.rglob("*.htm*")]
    known = {*PAGES, *labs, "404.html", "zh/404.html"}
    return sorted(set(names) - known)


def test_every_published_page_was_read(built_site: Path) -> None:
    assert not unread(built_site)
    jupyter = settings()["plugins"]["mkdocs-jupyter"]
    assert jupyter["execute"], "labs are executed while the site is built"
    assert not jupyter["allow_errors"], "a lab that fails stops the build"


def test_every_page_is_in_the_navigation() -> None:
    listed = navigation()
    files = [path for path in DOCS.rglob("*") if is_markdown_file(path.name)]
    assert files
    left_out = [path.relative_to(DOCS).as_posix() for path in files if path not in listed]
    assert not left_out, "not in mkdocs.yml, nav"


BLOCK = '<div class="language-python highlight"><pre><span></span><code>{}</code></pre></div>'
VALUE = (
    '<span class="verified"><code>7</code><span class="verified-mark" data-expr="7"></span></span>'
)


def inserted(html: str, addition: str) -> str:
    return html.replace("</article>", f"{addition}</article>")


def without(selector: str) -> Callable[[str], str]:
    """Return a function that takes the first such element out of a page."""

    def remove(html: str) -> str:
        soup = BeautifulSoup(html, "html.parser")
        soup.select_one(f"article {selector}").decompose()
        return str(soup)

    return remove


PLANTED = {
    "block put in": (
        lambda html: inserted(html, BLOCK.format("assert 1 == 2")),
        "Python block published and not checked: 'assert 1 == 2'",
    ),
    "block of another lexer put in": (
        lambda html: inserted(html, BLOCK.replace("python", "py3").format("assert 1 == 2")),
        "Python block published and not checked: 'assert 1 == 2'",
    ),
    "block taken out": (without("div.language-python"), "Python block checked and not published"),
    "block changed": (
        lambda html: html.replace("manual_seed", "manual_seeds", 1),
        "Python block published and not checked",
    ),
    "output taken out": (without("div.language-text"), "output checked and not published"),
    "output put in": (
        lambda html: inserted(
            html,
            '<div class="language-text highlight"><span class="filename">Output</span>'
            "<pre><code>7</code></pre></div>",
        ),
        "output published and not checked: '7'",
    ),
    "value put in": (
        lambda html: inserted(html, VALUE),
        "verified value published and not checked: ('7', '7')",
    ),
    "value taken out": (without("span.verified"), "verified value checked and not published"),
    "mark taken out": (without("span.verified-mark"), "verified value published and not checked"),
}


@pytest.mark.parametrize(("change", "message"), PLANTED.values(), ids=PLANTED)
def test_planted_difference_is_named(
    change: Callable[[str], str], message: str, built_site: Path
) -> None:
    name = "foundations/linear-layer-over-time.html"
    html = (built_site / name).read_text(encoding="utf-8")
    changed = change(html)
    assert changed != html
    found = differences(PAGES[name], published(document_fromstring(changed)))
    assert found
    assert f"{PAGES[name].relative_to(DOCS)}: {message}" in found[0]


def test_planted_page_is_named(tmp_path: Path) -> None:
    (tmp_path / "labs").mkdir()
    for name in ("index.html", "secret.html", "labs/other.htm", "404.html"):
        (tmp_path / name).touch()
    assert unread(tmp_path) == ["labs/other.htm", "secret.html"]

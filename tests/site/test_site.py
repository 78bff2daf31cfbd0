"""The files of the built site: links, anchors, metadata, what a page asks for."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise, zip_longest
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from lxml.html import HtmlElement

from tests.course.rules import DESCRIPTION
from tests.site.published import texts, tree
from tools.site import (
    LANGUAGES,
    address_of,
    docs_dir,
    english,
    labs,
    pages,
    settings,
    site_folder,
)

SITE_URL = settings()["site_url"]
SOURCES = {
    address_of(page): page for language in LANGUAGES for page in [*pages(language), *labs(language)]
}
PAGES = [address for address, page in SOURCES.items() if page.suffix == ".md"]
ALL = list(SOURCES)


def language(page: str) -> str:
    return "zh" if page.startswith("zh/") else "en"


def test_site_holds_the_pages_of_the_navigation_and_no_others(built_site: Path) -> None:
    built = {path.relative_to(built_site).as_posix() for path in built_site.rglob("*.html")}
    assert built == {*ALL, "404.html", "zh/404.html"}


def targets(page: str, found: HtmlElement) -> Iterator[tuple[str, str]]:
    """List (file, anchor) of each link and resource of a page that lies within the site."""
    for link in found.xpath("//@href | //@src"):
        address = urlsplit(urljoin(f"http://site/{page}", link))
        if address.netloc == "site":
            yield unquote(address.path).lstrip("/"), unquote(address.fragment)


def test_links_and_anchors_resolve(built_site: Path) -> None:
    ids = {page: set(tree(built_site / page).xpath("//@id")) for page in ALL}
    broken, checked = [], 0
    for page in ALL:
        for file, anchor in targets(page, tree(built_site / page)):
            checked += 1
            if not (built_site / file).is_file():
                broken.append(f"{page}: {file}: no such file")
            elif anchor and anchor != "__codelineno" and anchor not in ids.get(file, {anchor}):
                broken.append(f"{page}: {file}#{anchor}: no such anchor")
    assert not broken
    assert checked > 100


@pytest.mark.parametrize("page", ALL)
def test_ids_are_unique(built_site: Path, page: str) -> None:
    ids = tree(built_site / page).xpath("//@id")
    twice = {name for name in ids if ids.count(name) > 1}
    assert not twice


@pytest.mark.parametrize("page", ALL)
def test_no_column_of_a_table_is_empty(built_site: Path, page: str) -> None:
    for table in tree(built_site / page).cssselect("article table"):
        rows = [row.xpath("td | th") for row in table.cssselect("tbody tr")]
        for column in zip_longest(*rows):
            cells = [cell for cell in column if cell is not None]
            assert any(
                cell.text_content().strip() or cell.find(".//svg") is not None for cell in cells
            ), table.text_content().split()[:12]


@pytest.mark.parametrize("page", [*ALL, "404.html"])
def test_page_asks_no_other_host(built_site: Path, page: str) -> None:
    found = tree(built_site / page)
    asked = found.xpath("//@src")
    links = found.cssselect("link[href]:not([rel=canonical]):not([hreflang])")
    asked += [link.get("href") for link in links]
    asked += re.findall(r"url\(([^)]+)\)", " ".join(texts(found, "style")))
    assert asked
    assert not [address for address in asked if re.match(r"['\"]?(https?:)?//", address)]


@pytest.mark.parametrize("page", ALL)
def test_page_tells_what_it_is(built_site: Path, page: str) -> None:
    found = tree(built_site / page)

    def content(key: str, value: str) -> str:
        elements = found.cssselect(f"meta[{key}='{value}']")
        assert elements, f"no meta {key}={value}"
        return elements[0].get("content")

    assert found.get("lang") == settings(language(page))["theme"]["language"]
    assert len(found.cssselect("h1")) == 1
    description = content("name", "description")
    shortest, longest = DESCRIPTION[language(page)]
    assert shortest <= len(description) <= longest
    assert content("property", "og:description") == description
    assert content("property", "og:title") in found.findtext(".//title")
    card = urlsplit(content("property", "og:image")).path.removeprefix(urlsplit(SITE_URL).path)
    assert (built_site / card).is_file()
    canonical = found.cssselect("link[rel=canonical]")[0]
    assert canonical.get("href") == content("property", "og:url") == urljoin(SITE_URL, page)


def test_descriptions_differ(built_site: Path) -> None:
    where = "//meta[@name='description']/@content"
    found = [text for page in ALL for text in tree(built_site / page).xpath(where)]
    assert len(set(found)) == len(found) == len(ALL)


@pytest.mark.parametrize("name", LANGUAGES)
def test_sitemap_lists_every_page(built_site: Path, name: str) -> None:
    tree = ElementTree.parse(built_site / site_folder(name) / "sitemap.xml")
    listed = {element.text for element in tree.iter() if element.tag.endswith("loc")}
    assert listed == {urljoin(SITE_URL, page) for page in ALL if language(page) == name}


@pytest.mark.parametrize("name", LANGUAGES)
def test_search_index_knows_every_page(built_site: Path, name: str) -> None:
    file = built_site / site_folder(name) / "search/search_index.json"
    index = json.loads(file.read_text(encoding="utf-8"))
    found = {entry["location"].split("#")[0] for entry in index["docs"]}
    assert {page.removeprefix("zh/") for page in ALL if language(page) == name} <= found
    texts = " ".join(entry["text"] for entry in index["docs"])
    assert "x.shape[0] * x.shape[1]" not in texts, "expressions of verified values are no prose"


@pytest.mark.parametrize("page", PAGES)
def test_page_can_be_edited(built_site: Path, page: str) -> None:
    source = SOURCES[page].relative_to(docs_dir().parent).as_posix()
    links = tree(built_site / page).cssselect("a.md-content__button")
    assert [link for link in links if link.get("href").endswith(f"/docs/{source}")]


@pytest.mark.parametrize("name", LANGUAGES)
def test_chapters_lead_from_one_to_the_next(built_site: Path, name: str) -> None:
    for page, following in pairwise(page for page in PAGES if language(page) == name):
        if following.endswith("reference/index.html"):
            continue  # the lab stands before the reference
        links = tree(built_site / page).cssselect("a.md-footer__link--next")
        assert [urljoin(page, link.get("href")) for link in links] == [following], page


@pytest.mark.parametrize("page", ALL)
def test_page_leads_to_its_twins(built_site: Path, page: str) -> None:
    """Search engines are told by absolute addresses, readers are led by relative ones."""
    found = tree(built_site / page)
    twins = {
        name: address
        for address, source in SOURCES.items()
        for name in LANGUAGES
        if language(address) == name and english(source) == english(SOURCES[page])
    }
    assert len(twins) == len(LANGUAGES)
    links, switches = (found.cssselect(f"{name}[hreflang]") for name in ("link", "a"))
    told = {link.get("hreflang"): link.get("href") for link in links}
    assert told == {name: urljoin(SITE_URL, address) for name, address in twins.items()}
    switch = {a.get("hreflang"): urljoin(page, a.get("href")) for a in switches}
    assert switch == twins


def test_404_page_speaks_its_language(built_site: Path) -> None:
    assert texts(tree(built_site / "404.html"), "h1") == ["This page is not here"]
    assert texts(tree(built_site / "zh/404.html"), "h1") == ["这里没有这个页面"]

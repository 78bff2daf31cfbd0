"""The files of the built site: links, anchors, metadata, what a page asks for."""

import json
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup

from docs._build.site import pages, settings

ROOT = Path(__file__).parent.parent
SITE_URL = settings()["site_url"]
PAGES = [page.relative_to(ROOT / "docs/en").with_suffix(".html").as_posix() for page in pages()]
LAB = "labs/digits.html"
ALL = [*PAGES, LAB]


@cache
def parsed(built_site: Path, page: str) -> BeautifulSoup:
    """Parse a page, once for all tests: they only look."""
    return BeautifulSoup((built_site / page).read_text(encoding="utf-8"), "html.parser")


def test_site_holds_the_pages_of_the_navigation_and_no_others(built_site: Path) -> None:
    built = {path.relative_to(built_site).as_posix() for path in built_site.rglob("*.html")}
    assert built == {*ALL, "404.html"}


def targets(page: str, soup: BeautifulSoup) -> list[tuple[str, str]]:
    """List (file, anchor) of each link and resource of a page that lies within the site."""
    found = []
    for name in ("href", "src"):
        for element in soup.find_all(attrs={name: True}):
            address = urlsplit(urljoin(f"http://site/{page}", str(element[name])))
            if address.netloc == "site":
                found.append((unquote(address.path).lstrip("/"), unquote(address.fragment)))
    return found


def test_links_and_anchors_resolve(built_site: Path) -> None:
    ids = {
        page: {str(element["id"]) for element in parsed(built_site, page).find_all(id=True)}
        for page in ALL
    }
    broken, checked = [], 0
    for page in ALL:
        for file, anchor in targets(page, parsed(built_site, page)):
            checked += 1
            if not (built_site / file).is_file():
                broken.append(f"{page}: {file}: no such file")
            elif anchor and anchor != "__codelineno" and anchor not in ids.get(file, {anchor}):
                broken.append(f"{page}: {file}#{anchor}: no such anchor")
    assert not broken
    assert checked > 100


@pytest.mark.parametrize("page", ALL)
def test_ids_are_unique(built_site: Path, page: str) -> None:
    ids = [str(element["id"]) for element in parsed(built_site, page).find_all(id=True)]
    twice = {name for name in ids if ids.count(name) > 1}
    assert not twice


@pytest.mark.parametrize("page", [*ALL, "404.html"])
def test_page_asks_no_other_host(built_site: Path, page: str) -> None:
    soup = parsed(built_site, page)
    asked = [str(element["src"]) for element in soup.select("[src]")]
    asked += [str(element["href"]) for element in soup.select("link[href]:not([rel=canonical])")]
    asked += re.findall(r"url\(([^)]+)\)", " ".join(map(str, soup.find_all("style"))))
    assert asked
    assert not [address for address in asked if re.match(r"['\"]?(https?:)?//", address)]


@pytest.mark.parametrize("page", ALL)
def test_page_tells_what_it_is(built_site: Path, page: str) -> None:
    soup = parsed(built_site, page)

    def content(key: str, value: str) -> str:
        element = soup.find("meta", attrs={key: value})
        assert element, f"no meta {key}={value}"
        return str(element["content"])

    assert soup.html
    assert soup.html["lang"] == "en"
    assert len(soup.find_all("h1")) == 1
    description = content("name", "description")
    assert 50 <= len(description) <= 160
    assert content("property", "og:description") == description
    assert content("property", "og:title") in str(soup.title)
    card = urlsplit(content("property", "og:image")).path.removeprefix(urlsplit(SITE_URL).path)
    assert (built_site / card).is_file()
    canonical = soup.find("link", rel="canonical")
    assert canonical
    assert canonical["href"] == content("property", "og:url") == urljoin(SITE_URL, page)


def test_descriptions_differ(built_site: Path) -> None:
    found = [parsed(built_site, page).find("meta", attrs={"name": "description"}) for page in ALL]
    assert len({str(element["content"]) for element in found if element}) == len(ALL)


def test_sitemap_lists_every_page(built_site: Path) -> None:
    tree = ElementTree.parse(built_site / "sitemap.xml")
    listed = {element.text for element in tree.iter() if element.tag.endswith("loc")}
    assert listed == {urljoin(SITE_URL, page) for page in ALL}


def test_search_index_knows_every_page(built_site: Path) -> None:
    index = json.loads((built_site / "search/search_index.json").read_text(encoding="utf-8"))
    found = {entry["location"].split("#")[0] for entry in index["docs"]}
    assert set(ALL) <= found
    texts = " ".join(entry["text"] for entry in index["docs"])
    assert "x.shape[0] * x.shape[1]" not in texts, "expressions of verified values are no prose"


@pytest.mark.parametrize("page", PAGES)
def test_page_can_be_edited(built_site: Path, page: str) -> None:
    source = Path(page).with_suffix(".md").as_posix()
    links = [str(a["href"]) for a in parsed(built_site, page).select("a.md-content__button")]
    assert [link for link in links if link.endswith(f"docs/en/{source}")]


def test_chapters_lead_from_one_to_the_next(built_site: Path) -> None:
    for page, following in pairwise(ALL):
        if following in ("reference/index.html", LAB):
            continue  # the lab stands between the last chapter and the reference
        link = parsed(built_site, page).select_one("a.md-footer__link--next")
        assert link, page
        assert urljoin(page, str(link["href"])) == following

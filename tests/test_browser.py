"""The site as a reader sees it, in Chromium: quiet, copyable, legible, within its frame."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from docs._build.chapter import Code, read_chapter
from docs._build.site import pages, settings

ROOT = Path(__file__).parent.parent
MARKDOWN = {page.relative_to(ROOT / "docs/en").with_suffix(".html").as_posix(): page
            for page in pages()}  # fmt: skip
PAGES = [*MARKDOWN, "labs/digits.html"]
PHONE = {"width": 390, "height": 844}


class Listener:
    """What a page complains of, and what it asks other hosts for."""

    def __init__(self, page: Page, origin: str) -> None:
        self.origin = origin
        self.complaints: list[str] = []
        page.on("console", lambda message: message.type in ("error", "warning")
                and self.complaints.append(f"{message.type}: {message.text}"))  # fmt: skip
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("request", self.note)
        page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))

    def note(self, request: Request) -> None:
        if not request.url.startswith((self.origin, "data:", "blob:")):
            self.complaints.append(f"asks another host: {request.url}")


def without_search(context: BrowserContext, built_site: Path) -> None:
    """Give pages an empty index: building the site's takes longer than all else on a page."""
    index = json.loads((built_site / "search/search_index.json").read_text(encoding="utf-8"))
    empty = index | {"docs": []}
    context.route("**/search_index.json", lambda route: route.fulfill(json=empty))


@pytest.fixture(scope="module")
def shared(browser: Browser, built_site: Path) -> Iterator[BrowserContext]:
    """One profile for all pages: what they have in common is loaded once."""
    context = browser.new_context(color_scheme="light", viewport=PHONE)
    without_search(context, built_site)
    context.add_init_script("localStorage.clear()")  # each page begins in the system's scheme
    yield context
    context.close()


@pytest.fixture
def phone(shared: BrowserContext) -> Iterator[Page]:
    page = shared.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_quiet_and_complete(phone: Page, served: str, name: str) -> None:
    """In both schemes, the second by the reader's own switch, because loading takes longest."""
    page = phone
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    page.goto(served + name, wait_until="networkidle")
    for scheme in ("default", "slate"):
        if scheme == "slate":
            page.locator("label[title='Switch to the dark scheme']").click()
        assert page.evaluate("document.body.dataset.mdColorScheme") == scheme
        assert page.locator(".arithmatex:not(:has(.katex))").count() == 0, "a formula in plain TeX"
        assert page.locator(".katex-error").count() == 0
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"scrolls sideways by {wide} px on a phone, scheme {scheme}"
        broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)")
        assert broken == []
    assert heard.complaints == []


@pytest.mark.parametrize(("scheme", "used"), [("light", "default"), ("dark", "slate")])
@pytest.mark.parametrize("name", ["index.html", "foundations/memory.html", "labs/digits.html"])
def test_scheme_is_the_one_of_the_system(
    browser: Browser, served: str, name: str, scheme: str, used: str
) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    page.goto(served + name, wait_until="networkidle")
    assert page.evaluate("document.body.dataset.mdColorScheme") == used
    assert heard.complaints == []
    context.close()


COPY_ALL = """async () => {
    const copied = []
    for (const block of document.querySelectorAll(".language-python.highlight")) {
        const button = block.querySelector("button.md-code__button[data-md-type=copy]")
        button.scrollIntoView({block: "center", behavior: "instant"})
        const {x, y, width, height} = button.getBoundingClientRect()
        const top = document.elementFromPoint(x + width / 2, y + height / 2)
        if (!button.contains(top)) throw Error(`out of reach: ${block.textContent}`)
        button.click()
        copied.push(await navigator.clipboard.readText())
    }
    return copied
}"""


@pytest.mark.parametrize("name", MARKDOWN)
def test_copy_button_gives_exactly_the_executed_code(
    context: BrowserContext, served: str, built_site: Path, name: str
) -> None:
    without_search(context, built_site)
    page = context.new_page()
    page.goto(served + name, wait_until="networkidle")
    page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
    copied = [text.rstrip("\n") for text in page.evaluate(COPY_ALL)]
    blocks = [item.code.rstrip("\n") for item in read_chapter(MARKDOWN[name]).of(Code)]
    assert copied == blocks
    for block in page.locator(".language-python.highlight").all()[:1]:  # and with the mouse
        page.evaluate("navigator.clipboard.writeText('nothing')")
        block.hover()
        block.locator("button.md-code__button[data-md-type=copy]").click()
        assert page.evaluate("navigator.clipboard.readText()").rstrip("\n") == blocks[0]


def test_verified_value_shows_its_expression(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.goto(served + "foundations/linear-layer-over-time.html", wait_until="networkidle")
    mark = page.locator(".verified-mark").first
    bubble = "element => getComputedStyle(element, '::after').content"
    assert mark.evaluate(bubble) == "none"
    mark.focus()
    assert mark.evaluate(bubble) == '"x.shape[0]"'
    assert mark.get_attribute("aria-label") == "Verified: x.shape[0]"


def test_scheme_switch(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.goto(served, wait_until="networkidle")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("label[title='Switch to the dark scheme']").click()
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


def test_search_leads_to_a_chapter(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    page.goto(served, wait_until="networkidle")
    page.locator("label.md-search__icon, input.md-search__input").first.click()
    page.keyboard.type("h_n bidirectional")
    results = page.locator(".md-search-result__link")
    results.first.wait_for()
    links = [link.get_attribute("href") or "" for link in results.all()]
    assert any("bidirectional" in link for link in links[:3]), links
    assert heard.complaints == []


def test_formulas_are_rendered_after_an_instant_visit(
    context: BrowserContext, served: str, built_site: Path
) -> None:
    page = context.new_page()
    # Material visits instantly what the sitemap lists; it takes the port from there.
    here = (built_site / "sitemap.xml").read_text(encoding="utf-8")
    here = here.replace(settings()["site_url"], served)
    page.route("**/sitemap.xml", lambda route: route.fulfill(body=here, content_type="text/xml"))
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    page.goto(served, wait_until="networkidle")
    page.evaluate("window.sameDocument = true")
    page.get_by_role("link", name="Start with chapter one").click()
    page.wait_for_url("**/linear-layer-over-time.html")
    page.locator(".arithmatex .katex").first.wait_for()
    assert page.evaluate("window.sameDocument"), "the visit was not instant"
    assert page.locator(".arithmatex:not(:has(.katex))").count() == 0
    assert heard.complaints == []


def test_missing_page_shows_the_way_back(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    response = page.goto(served + "foundations/no-such-page.html")
    assert response
    assert response.status == 404
    assert page.locator("h1").inner_text() == "This page is not here"
    page.get_by_role("link", name="start of the course").click()
    page.locator("h1", has_text="Recurrent networks").wait_for()


def test_notebook_is_offered_and_downloads(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.goto(served + "foundations/linear-layer-over-time.html", wait_until="networkidle")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download notebook").click()
    assert download.value.suggested_filename == "linear-layer-over-time.ipynb"
    assert '"nbformat": 4' in download.value.path().read_text(encoding="utf-8")


def test_cheat_sheet_prints_on_two_pages(context: BrowserContext, served: str) -> None:
    page = context.new_page()
    page.goto(served + "practice/cheat-sheet.html", wait_until="networkidle")
    pdf = page.pdf(format="A4", prefer_css_page_size=True)
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 2
    # What is printed lies within the paper: A4 less its margins of 12 mm, at 96 px an inch.
    page.set_viewport_size({"width": int((210 - 24) / 25.4 * 96), "height": 1032})
    page.emulate_media(media="print")
    right = "element => element.getBoundingClientRect().right - window.innerWidth"
    tables = page.locator(".md-content table:visible").all()
    assert len(tables) == 6
    assert max(table.evaluate(right) for table in tables) <= 0
    assert page.locator(".md-content details").count() > 0
    assert page.locator(".md-content details:visible").count() == 0


def test_opens_from_a_folder(browser: Browser, built_site: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    heard = Listener(page, "file://")
    page.goto((built_site / "index.html").as_uri(), wait_until="networkidle")
    page.get_by_role("link", name="Start with chapter one").click()
    page.wait_for_url("**/linear-layer-over-time.html")
    page.locator(".arithmatex .katex").first.wait_for()
    assert heard.complaints == []
    context.close()

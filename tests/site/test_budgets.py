"""How many bytes a visit costs, gzipped as a web server sends them."""

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response

from tools.site import LANGUAGES, site_folder

FIRST_VISIT, NEXT_PAGE = 275_000, 60_000
# A lab holds all that a notebook prints and draws.
FIRST_LAB, NEXT_LAB = 290_000, 65_000
PACKED = (".woff2", ".png", ".ico", ".gz")  # a server sends these as they are
READ = """async () => {
    for (let y = 0; y < document.body.scrollHeight; y += 500) {
        scrollTo(0, y)
        await new Promise(done => requestAnimationFrame(() => setTimeout(done, 20)))
    }
}"""


def weight(name: str, body: bytes) -> int:
    return len(body) if name.endswith(PACKED) else len(gzip.compress(body, 6))


def html_weights(site: Path, language: str, labs: bool) -> dict[str, int]:
    """Weigh the own file of every lab, or of every other page, the heaviest first."""
    every = {path.relative_to(site).as_posix(): path for path in site.rglob("*.html")}
    chinese = language == "zh"
    paths = {
        name: path for name, path in every.items()
        if name.startswith("zh/") == chinese and ("labs/" in name) == labs
    }  # fmt: skip
    weights = {name: weight(name, path.read_bytes()) for name, path in paths.items()}
    return dict(sorted(weights.items(), key=lambda item: -item[1]))


class Scales:
    """Weigh what a page asks for, each address once, as a browser's cache does."""

    def __init__(self, page: Page) -> None:
        self.weights: dict[str, int] = {}
        page.on("response", self.weigh)

    def weigh(self, response: Response) -> None:
        address = response.url.split("#")[0]
        if address.startswith("http") and address not in self.weights:
            self.weights[address] = weight(address, response.body())

    def heaviest(self) -> str:
        """List what weighs most, for the message of a failure."""
        heaviest = sorted(self.weights.items(), key=lambda item: -item[1])[:8]
        return "\n".join(f"{weight:>8,} {address}" for address, weight in heaviest)


def visit(page: Page, address: str) -> Scales:
    scales = Scales(page)
    with page.expect_response("**/search_index.json"):  # which a page asks for late
        page.goto(address, wait_until="load")
    page.evaluate(READ)  # a page asks for widgets and letters when they come near
    page.wait_for_load_state("networkidle")
    return scales


@pytest.mark.parametrize(
    ("labs", "rank", "most"),
    [*((False, rank, FIRST_VISIT) for rank in range(4)), (True, 0, FIRST_LAB)],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_first_visit_to_one_of_the_heaviest_pages(
    browser: Browser, built_site: Path, searchable: str, language: str,
    labs: bool, rank: int, most: int,
) -> None:  # fmt: skip
    name = list(html_weights(built_site, language, labs))[rank]
    context = browser.new_context()
    scales = visit(context.new_page(), searchable + name)
    context.close()
    for part in (name, "search_index.json", ".woff2", "main."):
        assert part in " ".join(scales.weights), f"{name}: {part} was not loaded"
    unasked = [part for part in scales.weights if "labs/" in part and part.endswith(".json")]
    assert unasked == [], "a demo loads its weights when it is used"
    weight = sum(scales.weights.values())
    assert weight <= most, f"{name}: {weight:,}\n{scales.heaviest()}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("labs", "most"), [(False, NEXT_PAGE), (True, NEXT_LAB)])
def test_the_page_after_a_chapter_costs_little_more_than_its_text(
    browser: Browser, built_site: Path, searchable: str, language: str, labs: bool, most: int
) -> None:
    weights = html_weights(built_site, language, labs)
    context = browser.new_context()
    start = f"{searchable}{site_folder(language)}/foundations/memory.html"
    known = visit(context.new_page(), start).weights
    name = next(iter(weights))
    then = visit(context.new_page(), searchable + name).weights
    context.close()
    besides = sum(w for a, w in then.items() if a not in known and not a.endswith(name))
    allowed = most - besides
    assert {name: size for name, size in weights.items() if size > allowed} == {}

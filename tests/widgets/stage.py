"""How tests come to a widget: on its page, where it is loaded when it comes near, or alone."""

from urllib.parse import urljoin

from playwright.sync_api import Locator, Page, Route, expect

from tests.site.visits import load
from tools.site import site_folder

# In the frame that it has on every page, instead of the rest of the smallest page.
PLACE = """async ([base, tag, language, attributes]) => {
    document.documentElement.lang = language
    await import(`${base}assets/widgets/${tag}.js`)
    const widget = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes)) widget.setAttribute(name, value)
    const paragraph = document.createElement("p")
    paragraph.append(widget)
    const frame = document.createElement("div")
    frame.className = "widget"
    frame.append(paragraph)
    document.querySelector("article").replaceChildren(frame)
}"""


def alone(
    page: Page,
    served: str,
    tag: str,
    attributes: dict[str, str] | None = None,
    language: str = "en",
) -> Locator:
    """Bring a widget without its page, where that does not matter: a chapter takes long to load.

    That each stands on its pages, and is loaded there, is for tests that visit them.
    An edition has a style sheet of its own.
    """
    edition = urljoin(served, f"{site_folder(language)}/")
    load(page, edition + "404.html")
    page.evaluate(PLACE, [edition, tag, language, attributes or {}])
    widget = page.locator(tag)
    expect(widget.locator(":scope > *").first).to_be_attached()
    return widget


def bring(page: Page, tag: str) -> Locator:
    """Scroll to a widget; return it when it is there."""
    page.locator(f":has(> {tag}), .widget:has({tag})").first.scroll_into_view_if_needed()
    widget = page.locator(tag)
    expect(widget.locator(":scope > *").first).to_be_attached()
    return widget


def in_language(page: Page, language: str) -> None:
    """Let the pages of the English edition say that they are in another language."""

    def fulfill(route: Route) -> None:
        html = route.fetch().text()
        assert html.count('<html lang="en"') == 1
        html = html.replace('<html lang="en"', f'<html lang="{language}"')
        route.fulfill(body=html, content_type="text/html")

    page.route(lambda address: address.split("?")[0].endswith(".html"), fulfill)

"""How tests come to a widget: it is loaded when it comes near the screen."""

from playwright.sync_api import Locator, Page, Route, expect


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

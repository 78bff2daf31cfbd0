"""The site from a folder, as a download or on a stick: what needs more than reading works too."""

from pathlib import Path

from playwright.sync_api import Browser, expect


def test_search_works_from_a_folder(browser: Browser, built_site: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.goto((built_site / "gates" / "lstm-by-hand.html").as_uri(), wait_until="load")
    page.get_by_role("textbox", name="Search").click()
    page.keyboard.type("h_n bidirectional", delay=20)
    results = page.locator(".md-search-result__link")
    expect(results.first).to_be_visible(timeout=20_000)
    with page.expect_navigation():
        results.first.click()
    assert page.url.startswith(built_site.as_uri())
    assert "h_n" in page.content()
    assert complaints == []
    context.close()


def test_widgets_leave_their_place_to_what_stands_there_without_scripts(
    browser: Browser, built_site: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.goto((built_site / "practice" / "shape-explorer.html").as_uri(), wait_until="load")
    expect(page.locator(".widget table").first).to_be_visible()
    assert page.locator("shape-explorer").first.evaluate("e => e.childElementCount") == 0
    assert complaints == []
    context.close()

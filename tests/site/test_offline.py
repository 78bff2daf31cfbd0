"""The site from a folder, as a download or on a stick: what needs more than reading works too."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect


@pytest.mark.parametrize(
    ("start", "box", "typed", "found"),
    [
        ("gates/lstm-by-hand.html", "Search", "h_n bidirectional", "h_n"),
        ("zh/gates/lstm-by-hand.html", "搜索", "LSTM遗忘门", "遗忘"),
    ],
)
def test_search_works_from_a_folder(
    browser: Browser, built_site: Path, start: str, box: str, typed: str, found: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.goto((built_site / start).as_uri(), wait_until="load")
    page.get_by_role("textbox", name=box).click()
    page.keyboard.type(typed, delay=20)
    page.keyboard.press("End")  # an input method ends with a key, and Material listens to keys
    results = page.locator(".md-search-result__link")
    expect(results.first).to_be_visible(timeout=20_000)
    with page.expect_navigation():
        results.first.click()
    assert page.url.startswith(built_site.as_uri())
    assert found in page.content()
    assert complaints == []
    context.close()


def test_widgets_leave_their_place_to_what_stands_there_without_scripts(
    browser: Browser, built_site: Path
) -> None:
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
    page.goto((built_site / "look-up" / "shape-explorer.html").as_uri(), wait_until="load")
    expect(page.locator(".widget table").first).to_be_visible()
    assert page.locator("shape-explorer").first.evaluate("e => e.childElementCount") == 0
    assert complaints == []
    context.close()

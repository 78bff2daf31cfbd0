"""Steps within a page, between pages and between languages, as a reader takes them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.site.visits import Listener, expect_at, load
from tests.widgets.stage import bring

PAGE = "foundations/rnn-by-hand.html"


@pytest.fixture
def page(context: BrowserContext, served: str) -> Iterator[Page]:
    page = context.new_page()
    heard = Listener(page, served.split("/rnn-tutorial")[0])
    yield page
    assert heard.complaints == []


def switch(page: Page, language: str) -> None:
    """Choose a language in the header's menu."""
    page.locator(".md-select button").hover()
    page.locator(".md-select").get_by_role("link", name=language).click()


def test_language_switch_leads_to_the_page_that_was_reached(page: Page, served: str) -> None:
    load(page, served + "foundations/memory.html")
    page.locator("article a[href='one-matmul.html']").first.click()
    page.wait_for_url("**/one-matmul.html")
    switch(page, "简体中文")
    page.wait_for_url("**/zh/foundations/one-matmul.html")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    switch(page, "English")
    page.wait_for_url(f"{served}foundations/one-matmul.html")


def test_language_switch_leads_to_the_same_section(page: Page, served: str) -> None:
    load(page, served + "foundations/one-matmul.html#check")
    expect_at(page, "check")
    switch(page, "简体中文")
    page.wait_for_url("**/zh/foundations/one-matmul.html#check")
    expect_at(page, "check")
    page.evaluate("location.hash = 'mistakes'")
    expect_at(page, "mistakes")
    switch(page, "English")
    page.wait_for_url(f"{served}foundations/one-matmul.html#mistakes")
    expect_at(page, "mistakes")


def test_a_step_to_a_heading_leaves_the_page_and_its_widgets_as_they_are(
    page: Page, served: str
) -> None:
    load(page, served + PAGE)
    player = bring(page, "step-player").get_by_role("slider").first
    player.press("End")
    last = player.input_value()
    assert last != "0"
    for name in ("check", "mistakes", "check"):
        page.locator(f".md-sidebar--secondary a[href$='#{name}']").click()
        expect_at(page, name)
    page.go_back()
    page.wait_for_url("**#mistakes")
    assert player.input_value() == last

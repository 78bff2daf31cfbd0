"""What visits to the built site have in common: its pages, and a record of their errors."""

import time

from playwright.sync_api import Page, Request

from tools.site import LANGUAGES, address_of, pages

MARKDOWN = {address_of(page): page for language in LANGUAGES for page in pages(language)}
PAGES = [*MARKDOWN, "labs/digits.html", "zh/labs/digits.html"]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
# Within ten seconds, because from a folder nothing may ever be called.
IDLE = "() => new Promise(done => requestIdleCallback(() => done(), {timeout: 10_000}))"
IN_PLACE = """({name, least, most}) => {
    const {top} = document.getElementById(name).getBoundingClientRect()
    return least <= top && top <= most
}"""
# A page is at rest when nothing has grown or scrolled for 300 ms, or so restless that it is seen.
AT_REST = """() => new Promise(done => {
    const start = performance.now()
    let place = "", since = start
    const look = now => {
        const {scrollHeight, scrollTop} = document.documentElement
        if (place !== `${scrollHeight} ${scrollTop}`) since = now
        place = `${scrollHeight} ${scrollTop}`
        now - since > 300 || now - start > 10_000 ? done() : requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
})"""


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


def load(page: Page, address: str) -> None:
    """Load a page, and wait until nothing is asked for and no script has anything left to do.

    Playwright's "networkidle" then waits half a second more, on every page.
    """
    pending: set[Request] = set()
    page.on("request", lambda request: pending.add(request))
    for event in ("requestfinished", "requestfailed"):
        page.on(event, lambda request: pending.discard(request))
    page.goto(address)
    end = time.monotonic() + 30
    while time.monotonic() < end:
        page.evaluate(IDLE)
        if not pending:
            return
        page.wait_for_timeout(10)
    raise TimeoutError(f"{address} waits for {sorted(request.url for request in pending)}")


def rest(page: Page) -> None:
    """Wait until the page is at rest."""
    page.evaluate(AT_REST)


def expect_at(page: Page, name: str) -> None:
    """Expect that the page is scrolled to a heading, just below its header, and stays there."""
    header = page.locator("header.md-header").bounding_box()
    assert header
    where = {"name": name, "least": header["height"] - 1, "most": header["height"] + 40}
    page.wait_for_function(IN_PLACE, arg=where, timeout=5000)
    rest(page)
    assert page.evaluate(IN_PLACE, where), f"{name} has not stayed in its place"


def watch_shifts(page: Page) -> None:
    """Note from now on what moves on the page without the reader's doing."""
    page.add_init_script(
        "window.shifts = []; new PerformanceObserver(list => shifts.push(...list.getEntries()))"
        ".observe({ type: 'layout-shift', buffered: true })"
    )


def shifts(page: Page) -> list[float]:
    """List how much has moved each time, once the browser had read the page.

    Where it paints while it still reads, a line that grows is no fault of the page's.
    """
    read = "performance.getEntriesByType('navigation')[0].domInteractive"
    late = f"shifts.filter(shift => shift.startTime > {read}).map(shift => shift.value)"
    return page.evaluate(late)

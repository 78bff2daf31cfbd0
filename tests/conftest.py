"""The site, built once for all tests that look at it, and a browser to look with.

`make test` leaves out whatever uses the browser, and says so.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, Error, Playwright, sync_playwright

from tests.site.building import recalled_or_built
from tests.site.serving import Published, WithoutSearch, serving

BROWSERS = (
    "chromium-headless-shell",  # opens no windows
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
)
# Without a display, as root, and quiet: Chromium's own background requests are not the site's.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

WITHOUT_BROWSER = "not browser"  # what the Makefile lets `make test` choose
unseen: Counter[str] = Counter()  # checks that were not chosen because they use a browser, by file


@pytest.hookimpl(tryfirst=True)  # before pytest chooses by marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark whatever uses the browser below; where it fails, it is run once more."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    left_out = (item.nodeid for item in items if item.get_closest_marker("browser"))
    unseen.update(nodeid.split("::")[0] for nodeid in left_out)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["unseen"] = dict(unseen)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    if error is None and not unseen:  # all workers say the same
        unseen.update(node.workeroutput["unseen"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    name_runs(terminalreporter)
    if terminalreporter.config.option.markexpr == WITHOUT_BROWSER and unseen:
        name_unseen(terminalreporter)


def name_runs(terminalreporter: pytest.TerminalReporter) -> None:
    """Name both runs of each check that failed and was run once more."""
    first_runs = terminalreporter.stats.get("rerun", [])
    passed = {report.nodeid for report in terminalreporter.stats.get("passed", [])}
    if first_runs:
        terminalreporter.section("run once more")
    for report in first_runs:
        second = "passed" if report.nodeid in passed else "failed"
        where = report.longreprtext.splitlines()[-1]
        terminalreporter.line(f"  {report.nodeid}: failed at {where}, then {second}")


def name_unseen(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what `make test` leaves to `make test-browser`."""
    terminalreporter.section("browser")
    terminalreporter.line(
        f"{unseen.total()} checks use a browser and were not run: run `make test-browser`"
    )
    for file, count in sorted(unseen.items()):
        terminalreporter.line(f"  not run: {count} in {file}")


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Build the whole site strictly, lab and notebooks included; return its folder.

    `make test-browser` looks at what `make test` has built, where nothing has changed since.
    """
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent  # which all workers of this run share
    target, log = folder / "site", folder / "site.log"
    with FileLock(folder / "site.lock"):  # one builds, the others wait for it
        if not log.exists():
            log.write_text(recalled_or_built(target), encoding="utf-8")
    if failure := log.read_text(encoding="utf-8"):
        pytest.fail(f"mkdocs build --strict failed:\n{failure}")
    return target


@pytest.fixture(scope="session")
def served(built_site: Path) -> Iterator[str]:
    """Serve the built site, but with nothing to search; yield its start page's folder."""
    with serving(built_site, WithoutSearch) as address:
        yield address


@pytest.fixture(scope="session")
def searchable(built_site: Path) -> Iterator[str]:
    """Serve the built site as it is, for tests of the search and of what a visit costs."""
    with serving(built_site, Published) as address:
        yield address


def launch(playwright: Playwright) -> Browser:
    """Start the first of these browsers that is installed."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return playwright.chromium.launch(executable_path=found, args=FLAGS)
    return playwright.chromium.launch(
        channel="chrome", args=FLAGS
    )  # where Chrome's installer puts it


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start a browser; without one, skip and say so, or fail if one is required."""
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except Error as error:
            message = f"no Chromium or Chrome found: {str(error).splitlines()[0]}"
            if os.environ.get("REQUIRE_BROWSER"):
                pytest.fail(message)
            pytest.skip(message)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """Open a fresh profile at desktop width."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context
    context.close()

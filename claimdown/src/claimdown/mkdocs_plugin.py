"""The MkDocs plugin: each page runs while the site is built, and is looked at once it is built.

Below a page's title stand what was checked on it, and its notebook.  Pages run in processes of
their own while MkDocs renders; a build waits for them at its end, `mkdocs serve` does not.
"""

import logging
import os
import posixpath
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from fnmatch import fnmatchcase
from html import escape
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Literal

from mkdocs.config import base
from mkdocs.config import config_options as option
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page as SitePage

from claimdown.config import ConfigError, config_for
from claimdown.counts import count_line
from claimdown.guard import Fault, differences, published, unverified_numbers
from claimdown.notebooks import notebook, notebook_text
from claimdown.page import Code, Generated, Page, Problem
from claimdown.reader import read
from claimdown.report import Report
from claimdown.runner import run

# Faults are errors, and no warnings: these do not stop `mkdocs build --strict --quiet`.
log = logging.getLogger("mkdocs.plugins.claimdown")
STYLE = "assets/claimdown.css"
EXTENSIONS = ("claimdown.values", "claimdown.counts")  # which have an option `edition`


class Options(base.Config):
    run = option.Type(bool, default=True)
    counts_page = option.Type(str, default="")
    notebooks = option.Type(bool, default=False)
    no_notebook = option.ListOfItems(option.Type(str), default=[])
    notebook_class = option.Type(str, default="claimdown-notebook")
    style = option.Type(bool, default=True)
    figures = option.Type(str, default="")
    unread = option.ListOfItems(option.Type(str), default=["404.html"])


class ClaimdownPlugin(BasePlugin[Options]):
    def __init__(self) -> None:
        self.on_startup(command="build", dirty=False)  # a program may build without starting up

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Begin anew: MkDocs keeps one plugin for all that a process builds."""
        self.command, self.dirty = command, dirty
        self.pages: dict[str, Page] = {}  # by the name of the source file, as MkDocs has it
        self.running: dict[str, tuple[File, Future[Report]]] = {}
        self.known: set[str] = set()  # the addresses of all pages that were read, in any build
        self.compared: set[str] = set()  # of those that were looked at in this build
        self.pool = ThreadPoolExecutor(max(2, os.cpu_count() or 1), "claimdown")

    def on_shutdown(self) -> None:
        self.running.clear()  # nobody wants to know any more
        self.pool.shutdown(wait=False, cancel_futures=True)

    def on_build_error(self, **_: Any) -> None:
        for _file, future in self.running.values():
            future.cancel()

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Read the course's configuration, and look whether what the options name is there."""
        try:
            self.course = config_for(Path(config.config_file_path).parent)
        except ConfigError as error:
            raise PluginError(str(error)) from None
        if self.config.style:
            config.extra_css.append(STYLE)
        self.figure = loaded(self.config.figures) if self.config.figures else None
        return config

    def on_files(self, files: Files, config: MkDocsConfig) -> Files:
        """Read the pages of this build, and begin to run them."""
        if self.config.style:
            style = Path(__file__).with_name("claimdown.css").read_text(encoding="utf-8")
            files.append(File.generated(config, STYLE, content=style))
        ours = set(self.course.pages())
        self.compared = set()
        self.pages = {}
        for file in files.documentation_pages():
            path = Path(file.abs_src_path or "").resolve()
            if path not in ours:
                continue
            self.known.add(file.dest_uri)
            if self.dirty and not file.is_modified():
                continue
            self.pages[file.src_uri] = page = read(path)
            if self.config.run:
                self.start(file, page, config)
        editions = {page.edition for page in self.pages.values()}
        self.counts_pages = {edition: self.counts_page(edition, files) for edition in editions}
        return files

    def start(self, file: File, page: Page, config: MkDocsConfig) -> None:
        """Let a page run; while a site is served, what comes of it is told when it is there."""
        _, before = self.running.get(file.src_uri, (file, None))
        if before:
            before.cancel()  # an older text, if it has not begun to run
        future = self.pool.submit(run, page)
        self.running[file.src_uri] = file, future
        if self.command == "serve":

            def tell(future: Future[Report]) -> None:
                if self.running.get(file.src_uri) == (file, future):
                    self.finish(file, future, config)

            future.add_done_callback(tell)

    def finish(self, file: File, future: Future[Report], config: MkDocsConfig) -> None:
        """Name what does not hold on a page; write its notebook if all does."""
        try:
            report = future.result()
        except ConfigError as error:
            raise PluginError(str(error)) from None
        tell(report.page, [(failure.line, failure.message) for failure in report.failures])
        if report.failures or not self.has_notebook(file, report.page):
            return
        try:
            address = posixpath.join(config.site_url or "", file.url)
            node = notebook(report.page, report, address, self.figure)
        except ValueError as error:  # the page holds something that no notebook can show
            log.error(str(error).replace(str(report.page.path), report.page.name))
            return
        target = Path(file.abs_dest_path).with_suffix(".ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(notebook_text(node), encoding="utf-8", newline="\n")

    def counts_page(self, edition: str, files: Files) -> File | None:
        """Find the page that the lines below the titles link to: the edition's, or its original."""
        name = self.config.counts_page
        if not name:
            return None
        editions = filter(None, (edition, self.course.editions[edition].original))
        paths = [self.course.folder(each) / name for each in editions]
        known = {Path(file.abs_src_path or "").resolve(): file for file in files}
        found = next((known[path] for path in paths if path in known), None)
        if not found:
            where = " or ".join(path.relative_to(self.course.root).as_posix() for path in paths)
            raise PluginError(f"option counts_page: expected a page of the site, found no {where}")
        return found

    def has_notebook(self, file: File, page: Page) -> bool:
        wanted = self.config.notebooks and not matches(file.src_uri, self.config.no_notebook)
        return wanted and bool(page.of(Code)) and not page.of(Generated)

    def on_page_markdown(
        self, markdown: str, page: SitePage, config: MkDocsConfig, **_: Any
    ) -> None:
        """Tell the extensions in which language the page is: a site may hold several."""
        found = self.pages.get(page.file.src_uri)
        for name in EXTENSIONS:
            if found and name in config.markdown_extensions:
                options = config.mdx_configs.get(name) or {}
                config.mdx_configs[name] = {**options, "edition": found.edition}

    @event_priority(-100)  # after all that changes the content
    def on_page_content(self, html: str, page: SitePage, **_: Any) -> str:
        """Look for numbers that nobody verifies; put counts and notebook below the title."""
        found = self.pages.get(page.file.src_uri)
        if found is None:
            return html
        problems = [(problem.line, problem.message) for problem in found.of(Problem)]
        if not problems:
            tell(found, unverified_numbers(found, html))
        elif not self.config.run:  # else they are named with what fails
            tell(found, problems)
        words, facts = found.words, ""
        if not any(fence.code.strip() == "summary" for fence in found.of(Generated)):
            to = self.counts_pages[found.edition]
            link = to.url_relative_to(page.file) if to else ""
            line = count_line(found.counts, link, words)
            facts = f'<p class="claimdown-counts">{line}</p>' if line else ""
        if self.has_notebook(page.file, found):
            name = escape(Path(page.file.dest_uri).with_suffix(".ipynb").name)
            facts += (
                f'<a class="{self.config.notebook_class}" href="{name}" download="{name}">'
                f"{words.notebook}</a>"
            )
        return below_title(html, facts)

    @event_priority(-100)
    def on_post_page(self, output: str, page: SitePage, **_: Any) -> str:
        """Compare what is published with what was read; a page with a fault is refused anyway."""
        found = self.pages.get(page.file.src_uri)
        if found:
            self.compared.add(page.file.dest_uri)
            if not found.of(Problem):
                tell(found, differences(found, published(output, found.words.claim)))
        return output

    @event_priority(100)  # notebooks are there when other plugins look at the site
    def _finish_all(self, config: MkDocsConfig) -> None:
        if self.command != "serve":
            for file, future in self.running.values():
                self.finish(file, future, config)
            self.running.clear()

    @event_priority(-100)  # after all that writes pages
    def _name_unread(self, config: MkDocsConfig) -> None:
        site = Path(config.site_dir)
        read_ones = self.known if self.dirty else self.compared
        for path in sorted(site.rglob("*.htm*")):
            name = path.relative_to(site).as_posix()
            if name not in read_ones and not matches(name, self.config.unread):
                log.error(
                    f"{name}: this page is published and is no page of [tool.claimdown]; "
                    "if it should be, name it in the plugin's option unread"
                )

    on_post_build = CombinedEvent(_finish_all, _name_unread)


def tell(page: Page, faults: Iterable[Fault]) -> None:
    for line, message in faults:
        log.error(f"{page.name}:{line}: {message}")


def matches(name: str, patterns: list[str]) -> bool:
    """Tell whether a name matches one of the patterns, in which * also stands for a /."""
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def below_title(html: str, facts: str) -> str:
    """Put a line between a page's title and its text; before all of it if there is no title."""
    if not facts:
        return html
    line = f'<div class="claimdown-facts">{facts}</div>'
    title, end, text = html.partition("</h1>")
    return f"{title}{end}\n{line}{text}" if end else f"{line}\n{html}"


def loaded(name: str) -> Callable[..., Any]:
    """Import a function by its name, `module:function`."""
    try:
        found = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        found, name = None, f"{name}: {error}"
    if not callable(found):
        raise PluginError(f"option figures: expected module:function, got {name}")
    return found

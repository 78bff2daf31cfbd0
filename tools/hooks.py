"""What MkDocs itself is asked for: shared assets, notebooks, a page's counts, labs, failures.

Everything that a chapter needs to be read is a Markdown extension; this file only connects.
"""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import TemplateContext
from nbformat import NotebookNode

from claimdown.config import config_for
from claimdown.mkdocs_plugin import below_title
from claimdown.notebooks import notebook_text
from tools.editions import linked, without_twins
from tools.formulas import KATEX
from tools.labs.execution import executed, planned
from tools.labs.notebook import notebook_of_page
from tools.labs.pages import is_lab, lab_page
from tools.labs.weights import write_weights
from tools.page_html import (
    accessible,
    finished,
    notebook_button,
)
from tools.search import forget_long_words, searched, short_index, weight
from tools.site import LANGUAGES
from tools.words import WORDS

DOCS = Path(__file__).parents[1] / "docs"
ASSETS = DOCS / "assets"
CACHE = DOCS.parent / ".cache" / "templates"
executing: dict[str, Future[Path]] = {}  # the labs of this build, while its other pages are made


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Begin to execute the labs; add docs/assets, which all editions share, under `assets/`."""
    cache = Path(config.config_file_path).parent / ".cache" / "labs"
    for file in list(filter(is_lab, files)):
        files.remove(file)
        files.append(file)  # last, where its page waits the least
        if file.is_modified():
            labs = editions(Path(config.docs_dir), file.src_uri)
            plan = planned(labs)
            executing[file.src_uri] = in_background(executed, plan, cache, language(config))
    for path in sorted(ASSETS.rglob("*")):
        if path.is_file() and path != KATEX:  # which runs while the site is built
            source = path.relative_to(DOCS).as_posix()
            files.append(File(source, str(DOCS), config.site_dir, config.use_directory_urls))
    return files


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> Environment:
    """Keep the theme's templates compiled: `mkdocs serve` would compile them at every save."""
    CACHE.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(CACHE))
    return env


@event_priority(100)  # before mkdocs-jupyter, which renders the file that is named here
def on_pre_page(page: Page, config: MkDocsConfig, files: Files) -> Page:
    """Wait for a lab to be executed; its page shows the executed notebook."""
    if is_lab(page.file):
        page.file.abs_src_path = str(executing[page.file.src_uri].result())
    return page


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Bring a lab's page into the form of a chapter, and every page into that of this site."""
    button = ""
    if is_lab(page.file):
        name = write_notebook(notebook_of_page(page, files, language(config)), page)
        write_weights(page)
        button = notebook_button(name, config_for(DOCS).words(language(config)).notebook)
        html = lab_page(html, page, files, language(config))
    return below_title(finished(html), button)


def editions(docs_dir: Path, name: str) -> dict[str, Path]:
    """Return a lab's file in each edition that has it, the original first."""
    files = {language: docs_dir.parent / language / name for language in LANGUAGES}
    return {language: file for language, file in files.items() if file.exists()}


def language(config: MkDocsConfig) -> str:
    """Name an edition: the theme calls the Chinese one zh-CN."""
    return config.theme["language"].partition("-")[0]


def in_background(function: Callable[..., Path], *arguments: Any) -> Future[Path]:
    """Call a function in a thread that ends with the process, as a pool's does not."""
    future: Future[Path] = Future()

    def work() -> None:
        try:
            future.set_result(function(*arguments))
        except Exception as error:  # raised again where the result is asked for
            future.set_exception(error)

    Thread(target=work, daemon=True).start()
    return future


def write_notebook(notebook: NotebookNode, page: Page) -> str:
    """Write a notebook next to its page; return the file's name."""
    target = Path(page.file.abs_dest_path).with_suffix(".ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(notebook_text(notebook), encoding="utf-8", newline="\n")
    return target.name


@event_priority(100)  # before the search plugin
def _shorten(context: TemplateContext, page: Page, config: MkDocsConfig, **_: Any) -> None:
    context["whole"] = page.content
    page.content = searched(page.content, WORDS[language(config)].colon, page.url)
    forget_long_words(page.content)
    page.meta["search"] = {"boost": weight(page.url)}


@event_priority(-100)  # after it
def _restore(context: TemplateContext, page: Page, **_: Any) -> None:
    page.content = context.pop("whole")


on_page_context = CombinedEvent(_shorten, _restore)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    name = language(config)
    return linked(accessible(output, WORDS[name]), name, page.url)


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    return without_twins(accessible(output_content, WORDS[language(config)]))


def on_post_build(config: MkDocsConfig) -> None:
    """Shorten the search index; the offline plugin copies it after this, for a site in a folder."""
    index = Path(config.site_dir) / "search" / "search_index.json"
    content = short_index(index.read_text(encoding="utf-8"))
    index.write_text(content, encoding="utf-8", newline="\n")

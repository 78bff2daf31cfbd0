"""What MkDocs itself is asked for: shared assets, notebooks, a page's counts, labs, failures.

Everything that a chapter needs to be read is a Markdown extension; this file only connects.
"""

from pathlib import Path
from typing import Any

from claimdown.config import config_for
from claimdown.notebook import notebook_text
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import CombinedEvent, event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import TemplateContext
from nbformat import NotebookNode

from tools.early_fonts import early_fonts
from tools.editions import (
    Build,
    finish_others,
    leads,
    linked,
    serve_others,
    start_others,
    without_twins,
)
from tools.formulas import KATEX
from tools.labs.execution import prepare_labs
from tools.labs.notebook import notebook_of_page
from tools.labs.pages import is_lab, lab_page
from tools.page_html import (
    accessible,
    below_title,
    deferred,
    finished,
    lean,
    notebook_button,
)
from tools.scripts import without_comments
from tools.search import forget_long_words, searched, weight
from tools.style_sheets import compact
from tools.words import WORDS

DOCS = Path(__file__).parents[1] / "docs"
ASSETS = DOCS / "assets"
SHORTER = {".css": compact, ".js": without_comments}  # as files of our own are published
serving = dirty_build = False
others: dict[str, Build] = {}  # the editions that are being built beside this one


def on_startup(command: str, dirty: bool) -> None:
    global serving, dirty_build
    serving, dirty_build = command == "serve", dirty


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    prepare_labs(config)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add docs/assets, which all editions share, under `assets/`; change one file of the theme.

    MkDocs has just emptied the site's folder: the other editions can go there.
    """
    if leads(config) and not serving:
        others.update(start_others(config, dirty_build))
    for path in sorted(ASSETS.rglob("*")):
        source = path.relative_to(DOCS).as_posix()
        if path.parent in (ASSETS, ASSETS / "widgets") and path.suffix in SHORTER:
            code = SHORTER[path.suffix](path.read_text(encoding="utf-8"))
            files.append(File.generated(config, source, content=code))
        elif path.is_file() and path != KATEX:  # which runs while the site is built
            site_dir, directory_urls = config.site_dir, config.use_directory_urls
            files.append(File(source, str(DOCS), site_dir, directory_urls))
    return files


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Bring a lab's page into the form of a chapter, and every page into that of this site."""
    button = ""
    if is_lab(page):
        name = write_notebook(notebook_of_page(html, page, files), page)
        words = config_for(DOCS).words(config.theme["language"])
        button = notebook_button(name, words.notebook)
        html = lab_page(html, page, files)
    page.meta["early_fonts"] = early_fonts(html)
    return below_title(finished(html), button)


def write_notebook(notebook: NotebookNode, page: Page) -> str:
    """Write a notebook beside its page; return the file's name."""
    target = Path(page.file.abs_dest_path).with_suffix(".ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(notebook_text(notebook), encoding="utf-8", newline="\n")
    return target.name


@event_priority(100)  # before the search plugin
def _shorten(context: TemplateContext, page: Page, config: MkDocsConfig, **_: Any) -> None:
    context["whole"] = page.content
    page.content = searched(page.content, WORDS[config.theme["language"]].colon)
    forget_long_words(page.content)
    page.meta["search"] = {"boost": weight(page.url)}


@event_priority(-100)  # after it
def _restore(context: TemplateContext, page: Page, **_: Any) -> None:
    page.content = context.pop("whole")


on_page_context = CombinedEvent(_shorten, _restore)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    language = config.theme["language"]
    page_html = deferred(lean(accessible(output, WORDS[language].search)))
    return linked(page_html, language, page.url)


def on_post_template(output_content: str, template_name: str, config: MkDocsConfig) -> str:
    page_html = accessible(output_content, WORDS[config.theme["language"]].search)
    return without_twins(deferred(page_html))


def on_post_build(config: MkDocsConfig) -> None:
    if serving and leads(config):
        serve_others(config)
    finish_others(others)


def on_build_error(error: Exception) -> None:
    """Do not leave the other editions' builds behind."""
    for build in others.values():
        if build.returncode is None:  # nobody has waited for it
            build.kill()
            build.communicate()

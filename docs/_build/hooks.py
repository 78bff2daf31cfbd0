"""What MkDocs itself is asked for: shared assets, notebooks, their buttons, lab pages, failures.

Everything that a chapter needs to be read is a Markdown extension; this file only connects.
"""

import logging
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs._build.chapter import Chapter, Code, read_chapter
from docs._build.executed import executed
from docs._build.notebooks import chapter_notebook, notebook_text
from docs._build.site import pages

DOCS = Path(__file__).parents[1]
ASSETS = DOCS / "assets"
log = logging.getLogger("mkdocs.hooks.rnn_tutorial")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add docs/assets, which all editions share, under `assets/`."""
    for path in sorted(ASSETS.rglob("*")):
        if path.is_file():
            source = path.relative_to(DOCS).as_posix()
            site_dir, directory_urls = config.site_dir, config.use_directory_urls
            files.append(File(source, str(DOCS), site_dir, directory_urls))
    return files


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Put the download button before a chapter."""
    if not is_chapter(source(page)):
        return html
    name = notebook_name(page)
    return (
        f'<a class="md-button rnn-notebook" href="{name}" download="{name}">'
        f"Download notebook</a>\n{html}"
    )


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Write the chapter's notebook beside its page, and report what fails on the page."""
    path = source(page)
    if path in pages():
        for failure in executed(path).failures:
            log.warning(failure)  # strict builds stop here; `serve --no-strict` goes on
    if is_chapter(path):
        target = Path(page.file.abs_dest_path).with_name(notebook_name(page))
        target.parent.mkdir(parents=True, exist_ok=True)
        notebook = chapter_notebook(read_chapter(path), executed(path).printed)
        target.write_text(notebook_text(notebook), encoding="utf-8", newline="\n")
    return output


def source(page: Page) -> Path:
    return Path(page.file.abs_src_path or "")


def notebook_name(page: Page) -> str:
    return f"{source(page).stem}.ipynb"


def is_chapter(path: Path) -> bool:
    """Whether a page is one to work through: it lies in a part's folder and holds code."""
    return path.suffix == ".md" and path.parent.name != "en" and _has_code(read_chapter(path))


def _has_code(chapter: Chapter) -> bool:
    return bool(chapter.of(Code))

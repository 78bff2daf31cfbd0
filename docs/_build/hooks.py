"""What MkDocs itself is asked for: shared assets, notebooks, their buttons, labs, failures.

Everything that a chapter needs to be read is a Markdown extension; this file only connects.
"""

import logging
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs._build.chapter import is_chapter, read_chapter
from docs._build.executed import executed
from docs._build.lab_execution import prepare_labs
from docs._build.lab_notebook import notebook_of_page
from docs._build.lab_pages import is_lab, lab_page
from docs._build.notebooks import chapter_notebook, notebook_text
from docs._build.scripts import without_comments
from docs._build.site import pages

DOCS = Path(__file__).parents[1]
ASSETS = DOCS / "assets"
SEARCH = '<div class="md-search" data-md-component="search" role="dialog"'
FENCE = re.compile(r'<div( class="language-(?:python|text)\b.*?</pre>)', re.DOTALL)
MESSAGE = re.compile(r'class="language-text.*(Error|Warning)', re.DOTALL)
log = logging.getLogger("mkdocs.hooks.rnn_tutorial")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    prepare_labs(config)
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add docs/assets, which all editions share, under `assets/`."""
    for path in sorted(ASSETS.rglob("*")):
        source = path.relative_to(DOCS).as_posix()
        if path.parent == ASSETS / "widgets" and path.suffix == ".js":
            code = without_comments(path.read_text(encoding="utf-8"))
            files.append(File.generated(config, source, content=code))
        elif path.is_file():
            site_dir, directory_urls = config.site_dir, config.use_directory_urls
            files.append(File(source, str(DOCS), site_dir, directory_urls))
    return files


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Report what failed on a page; give it its notebook; keep its code out of the search."""
    path = Path(page.file.abs_src_path or "")
    if path in pages():
        for failure in executed(path).failures:
            log.warning(failure)  # strict builds stop here; `serve --no-strict` goes on
    html = without_code_in_search(with_notebook(html, path, page, files))
    return html.replace("<th></th>", "<td></td>")  # the corner of a table heads nothing


def with_notebook(html: str, path: Path, page: Page, files: Files) -> str:
    """Write a chapter's or a lab's notebook beside its page, and put a button before the page."""
    if is_lab(page):
        notebook = notebook_of_page(html, page, files)
        html = lab_page(html, page, files)
    elif is_chapter(path) and not executed(path).failures:
        notebook = chapter_notebook(read_chapter(path), executed(path).printed)
    else:
        return html
    target = Path(page.file.abs_dest_path).with_name(f"{path.stem}.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(notebook_text(notebook), encoding="utf-8", newline="\n")
    return (
        f'<a class="md-button rnn-notebook" href="{target.name}" download="{target.name}">'
        f"Download notebook</a>\n{html}"
    )


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Name Material's search, which is a dialogue, for screen readers."""
    return output.replace(SEARCH, f'{SEARCH} aria-label="Search"')


@event_priority(-100)  # after the search plugin
def on_post_build(config: MkDocsConfig) -> None:
    """Write the search index as a script, too: from a folder a browser reads nothing else."""
    index = Path(config.site_dir) / "search" / "search_index.json"
    script = f"var __index = {index.read_text(encoding='utf-8')}"
    index.with_suffix(".js").write_text(script, encoding="utf-8", newline="\n")


def without_code_in_search(html: str) -> str:
    """Leave out of the search index what is three quarters of it: code, and printed numbers.

    What people search for stays: an output that shows an error or a warning.
    """
    return FENCE.sub(lambda f: f[0] if MESSAGE.search(f[0]) else f"<div data-search-exclude{f[1]}", html)

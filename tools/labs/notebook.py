"""Turn an executed lab into a notebook that runs where the course is not installed."""

import re
from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import nbformat
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from claimdown.config import config_for
from claimdown.notebooks import metadata
from tools.labs.pages import linked_file
from tools.labs.weights import WEIGHTS
from tools.site import ROOT, settings
from tools.words import WORDS

HEADING_ID = re.compile(r"(?m)^(#{1,6} .*?)\s*\{\s*#[\w-]+\s*\}\s*$")
AXIS = re.compile(r'<em class="axis-\w+">(\w+)</em>')
LINK = re.compile(r"\]\(([^)\s]+)\)")


def notebook_of_page(page: Page, files: Files, language: str) -> NotebookNode:
    """Build the notebook to download from a lab's page; its demo stays on the page."""

    def link(href: str) -> str:
        if urlsplit(href).scheme:
            return href
        path, hash, fragment = href.partition("#")
        target = linked_file(path, page, files) if path else page.file
        relative = target.url_relative_to(page.file) if target else path
        return urljoin(page.canonical_url or "", relative) + hash + fragment

    first, *others = nbformat.read(page.file.abs_src_path, as_version=4).cells
    title, rest = first.source.split("\n", 1)
    title = HEADING_ID.sub(r"\1", title)
    course = settings(language)["site_name"]
    lab_of = WORDS[language].lab_of
    origin = "> " + lab_of.format(title=title[2:], link=link(""), course=course)
    first.source = f"{title}\n\n{origin}\n{rest}"
    cells = []
    for number, cell in enumerate([first, *others], 1):
        if "demo" in cell.metadata.get("tags", []):
            continue
        write = code_cell if cell.cell_type == "code" else text_cell
        cells.append(write(cell, f"{page.file.name}-{number}", link))
    return new_notebook(cells=cells, metadata=metadata(title[2:], config_for(ROOT)))


def text_cell(cell: NotebookNode, name: str, link: Callable[[str], str]) -> NotebookNode:
    """Write text without what only the site understands."""
    text = HEADING_ID.sub(r"\1", cell.source)
    text = AXIS.sub(r"*\1*", text)
    return new_markdown_cell(LINK.sub(lambda found: f"]({link(found[1])})", text), id=name)


def code_cell(cell: NotebookNode, name: str, link: Callable[[str], str]) -> NotebookNode:
    """Write code as it was executed; keep the outputs."""
    folded = {"note", "folded"} & set(cell.metadata.get("tags", []))
    return new_code_cell(
        cell.metadata["executed"],
        id=name,
        metadata={"jupyter": {"source_hidden": True}} if folded else {},
        execution_count=cell.execution_count,
        outputs=[without_weights(new_output(**output)) for output in cell.outputs],
    )


def without_weights(output: NotebookNode) -> NotebookNode:
    output.get("data", {}).pop(WEIGHTS, None)
    return output

"""Turn a chapter into a Jupyter notebook that runs with PyTorch alone.

The text is the page's own HTML, written back as plain Markdown; a code cell holds exactly the lines
that were executed, and below them what they printed.
"""

import base64
import posixpath
import re
from collections.abc import Iterator
from html import escape
from itertools import count
from typing import Any
from urllib.parse import urljoin, urlsplit

import nbformat
from bs4 import Tag
from mkdocs.structure.files import File
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools.chapter import Chapter, Code, Fence, Output, Problem
from tools.inline_svg import SOURCE
from tools.pictures import figure_png
from tools.plain_markdown import Piece, PlainMarkdown, escaped, joined
from tools.rendered import normal
from tools.site import docs_dir, language_of, settings
from tools.words import WORDS

LANGUAGE_INFO = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


def chapter_notebook(chapter: Chapter, printed: dict[int, str]) -> NotebookNode:
    """Build the notebook; `printed` maps the line of each code block to what it printed.

    Raises:
        ValueError: if the chapter has a fault, or if a block of it was not executed.
    """
    for problem in chapter.of(Problem):
        raise ValueError(f"{chapter.path}:{problem.line}: {problem.message}")
    page = _Page(chapter, printed)
    notebook = new_notebook(cells=list(page.cells()), metadata=page.metadata())
    notebook.nbformat_minor = 5
    return notebook


def notebook_text(notebook: NotebookNode) -> str:
    """Return the file's text: the same text for the same notebook."""
    return nbformat.writes(notebook) + "\n"


class _Page:
    """One chapter while its notebook is written."""

    def __init__(self, chapter: Chapter, printed: dict[int, str]) -> None:
        self.chapter, self.printed = chapter, printed
        self.language = language_of(chapter.path)
        self.file = self.page(chapter.path.relative_to(docs_dir(self.language)).as_posix())
        self.fences: Iterator[Fence] = iter(chapter.of(Fence))
        title, *rest = PlainMarkdown(self.fence, self.figure, self.link).page(chapter.html)
        self.title = title.text.removeprefix("# ")
        self.pieces = joined([title, self.origin(), *rest])

    def metadata(self) -> dict[str, Any]:
        return {
            "title": re.sub(r"[`*$\\]", "", self.title),
            "authors": [{"name": settings(self.language)["site_author"]}],
            "license": "MIT",
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": LANGUAGE_INFO,
        }

    def origin(self) -> Piece:
        """Say where the notebook comes from and what it needs."""
        course = escaped(settings(self.language)["site_name"])
        note = WORDS[self.language].notebook_of
        return Piece(
            "\n".join(
                "> " + line.format(title=self.title, link=self.link(""), course=course)
                for line in note
            )
        )

    def cells(self) -> Iterator[NotebookNode]:
        executions = count(1)
        for number, piece in enumerate(self.pieces, 1):
            name = f"{self.chapter.path.stem[:50]}-{number}"
            if piece.code is None:
                yield new_markdown_cell(piece.text, id=name)
                continue
            yield new_code_cell(
                piece.code.code,
                id=name,
                metadata={"jupyter": {"source_hidden": True}} if piece.folded else {},
                execution_count=next(executions),
                outputs=self.outputs(piece.code),
            )

    def outputs(self, code: Code) -> list[NotebookNode]:
        if code.line not in self.printed:
            raise ValueError(f"{self.chapter.path}:{code.line}: this block was not executed")
        text = self.printed[code.line]
        return [new_output("stream", name="stdout", text=text)] if text else []

    # What the text refers to.

    def fence(self, block: Tag) -> list[Piece]:
        """Find what a code block is: a cell, the output of one, or text that is only shown."""
        fence = next(self.fences, None)
        code = (block if block.name == "pre" else block.find_all("pre")[-1]).get_text()
        if fence is None or normal(fence.code) != normal(code):
            line = fence.line if fence else self.chapter.text.count("\n")
            raise ValueError(
                f"{self.chapter.path}:{line}: on the page, this block stands in another place "
                "(in a footnote?); a notebook would run it out of order"
            )
        if isinstance(fence, Code):
            return [Piece(code=fence)]
        if isinstance(fence, Output):
            return []
        title = [Piece(f"{escaped(fence.title)}:")] if fence.title else []
        ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", fence.code)), 3)
        return [*title, Piece(f"{ticks}{fence.language}\n{fence.code}\n{ticks}")]

    def figure(self, image: Tag, caption: str) -> Piece:
        """Write a figure as a PNG inside the text, with its caption.

        Colab shows neither attachments (googlecolab/colabtools#3836) nor SVG (#2092), JupyterLab no
        SVG as an attachment (jupyterlab/jupyterlab#10464); all show a PNG in a data address.
        """
        source = str(image["src"])
        found = SOURCE.search(source)
        if not found:
            return Piece(f"![{escaped(str(image.get('alt', '')))}]({self.link(source)})")
        picture, width = figure_png(found[1].replace("-", "_"))
        data = base64.b64encode(picture).decode("ascii")
        alt = escape(str(image["alt"]))
        shown = f'<img alt="{alt}" width="{width}" src="data:image/png;base64,{data}">'
        return Piece(f"{shown}\n\n*{caption}*" if caption else shown, alone=True)

    def link(self, href: str) -> str:
        """Make an address absolute; one of a page, by its file, becomes the page's own."""
        parts = urlsplit(href)
        if parts.scheme or parts.netloc:
            return href
        source = posixpath.join(posixpath.dirname(self.file.src_uri), parts.path)
        target = self.page(posixpath.normpath(source)) if parts.path else self.file
        anchor = f"#{parts.fragment}" if parts.fragment else ""
        return urljoin(settings(self.language)["site_url"], target.url) + anchor

    def page(self, source: str) -> File:
        """Name a file of this edition as MkDocs does."""
        folders = settings(self.language)["use_directory_urls"]
        return File(source, str(docs_dir(self.language)), "", use_directory_urls=folders)

"""Turn a page into a Jupyter notebook.

The text is the page's own Markdown without what only its site reads, so that Jupyter, Colab and
VS Code show it alike.  A code cell holds exactly the lines that were executed, and their output;
the blocks of a fold share one where nothing stands between them.
"""

import base64
import os
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import count, pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from claimdown.config import Config
from claimdown.page import Block, Code, Fence, Generated, Output, Page, Problem
from claimdown.prose import ATTRIBUTES, IMAGE, TAG, TOKEN
from claimdown.report import Report

Piece = str | NotebookNode  # text, with what divides it from the text above; or a finished cell
Figures = Callable[[Path], bytes | None]
LANGUAGE_INFO = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"}
INLINE = re.compile(
    rf"{TOKEN.pattern}|{TAG.pattern}|(?P<dollar>\$)"
    rf"|(?:(?<=[`*_)\]>])|\n *(?=[^\n]*\Z))(?P<dropped>{ATTRIBUTES.pattern})"
    r"|(?<=\]\()(?<!\\\]\()(?P<target>[^\s()]+)",
    re.DOTALL,
)
HEADING_ID = re.compile(rf" +{ATTRIBUTES.pattern}$")
MARKER = re.compile(r"((?:\d+\.|[-*+:]) +)")
# A line's end inside Chinese or Japanese, which would be shown as a space.
CJK = r"\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"
LINE_END = re.compile(
    rf"(?<=[\u3000-\u303f\uff00-\uffef”’…])\n[ >]*|(?<=[{CJK}])\n[ >]*(?=[{CJK}“])"
)
CONTAINERS = ("div", "figcaption", "figure", "span")  # tags that only lay out what is in them
TIGHT = {"item", "numbered item", "row", "paragraph", "html"}  # may touch each other
PNG = b"\x89PNG\r\n\x1a\n"


def notebook(
    page: Page, report: Report, address: str = "", figure: Figures | None = None
) -> NotebookNode:
    """Build the notebook of a page, given what came of running it.

    `address` is where the site has the page.  `figure` gets the path of a picture, and returns it
    as a PNG, twice as large as it is to be shown, or None if the notebook shall only link to it.

    Raises:
        ValueError: names file and line if the page has a fault, if something on it does not hold
            or was not executed, or if a notebook cannot show it.
    """
    faults = [f"{page.path}:{problem.line}: {problem.message}" for problem in page.of(Problem)]
    if faults or report.messages:
        raise ValueError("\n".join([*faults, *report.messages]))
    writer = _Writer(page, report, address, figure)
    title = re.sub(r"[`*$\\]", "", writer.title)
    return new_notebook(cells=list(writer.cells()), metadata=metadata(title, page.config))


def metadata(title: str, config: Config) -> dict[str, Any]:
    """Return what a notebook says of itself."""
    return {
        "title": title,
        **({"authors": [{"name": config.author}]} if config.author else {}),
        **({"license": config.licence} if config.licence else {}),
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": LANGUAGE_INFO,
    }


def notebook_text(node: NotebookNode) -> str:
    """Return the file's text: the same text for the same notebook."""
    return nbformat.writes(node) + "\n"


class _Writer:
    """One page while its notebook is written."""

    def __init__(self, page: Page, report: Report, address: str, png: Figures | None) -> None:
        self.page, self.report, self.address, self.png = page, report, address, png
        self.edition = page.config.editions[page.edition]
        self.anchor = ""  # of the container that was opened last
        self.title = self.inline(page.title)
        self.terms = {  # where a paragraph is what the definition below it defines
            block.line
            for block, below in pairwise(page.blocks)
            if below.kind == "definition" and below.indent == block.indent
        }

    def cells(self) -> Iterator[NotebookNode]:
        """Yield the title, where the notebook comes from, and the rest."""
        body = self.blocks(self.page.blocks)
        head = [piece for piece in body[:1] if isinstance(piece, str) and is_heading(piece)]
        link, course = self.link(""), escaped(self.edition.site_name)
        packages = " ".join([*self.page.config.requires, *self.page.requires])
        words = self.edition.words
        note = "\n".join([*words.notebook_of, *([words.requires] if packages else [])])
        note = note.format(title=self.title, link=link, course=course, packages=packages)
        note = quote(note)
        executions = count(1)
        for number, piece in enumerate(joined([*head, note, *body[len(head) :]]), 1):
            cell = new_markdown_cell(piece.strip("\n")) if isinstance(piece, str) else piece
            cell.id = f"{self.page.path.stem[:50]}-{number}"
            if cell.cell_type == "code":
                cell.execution_count = next(executions)
            yield cell

    def fault(self, line: int, message: str) -> ValueError:
        return ValueError(f"{self.page.path}:{line}: {message}")

    # Blocks.

    def blocks(self, blocks: Sequence[Block], above: str = "") -> list[Piece]:
        """Write blocks that stand side by side, each with those inside it."""
        result: list[Piece] = []
        for block, inside in nested(blocks):
            pieces = self.block(block, inside)
            if pieces and isinstance(pieces[0], str):
                apart = block.apart or not {above, block.kind} <= TIGHT
                pieces[0] = ("\n\n" if apart else "\n") + pieces[0].lstrip("\n")
            above = block.kind if pieces else ""
            result += pieces
        return result

    def block(self, block: Block, inside: list[Block]) -> list[Piece]:
        lines = [line.lstrip() for line in block.lines]
        text = "\n".join(lines)
        match block.kind:
            case "fence" if block.fence:
                return self.fence(block.fence)
            case "formula":
                return [textwrap.dedent(block.text).rstrip()]
            case "heading":
                return [self.inline(HEADING_ID.sub("", text))]
            case "figure":
                return [self.figure(block.line, text)]
            case "box":
                return self.box(text, self.blocks(inside))
            case "paragraph" if block.line in self.terms:
                return ["\n".join(f"- **{self.inline(line)}**" for line in lines)]
            case "item" | "numbered item" | "definition":
                _, marker, first = MARKER.split(text, maxsplit=1)
                # The term above a definition is an item; this is how it goes on.
                marker = "  " if block.kind == "definition" else marker
                return item(marker, [self.inline(first), *self.blocks(inside, "paragraph")])
            case "paragraph" | "row" | "quote" | "html" | "rule":
                text = self.inline(text, block.kind == "row").strip()
                return [text] if text else []
            case "abbreviation":
                return []
        cure = "write it otherwise, or name the page in the option no_notebook"
        raise self.fault(block.line, f"a notebook cannot show a {block.kind}: {cure}")

    def fence(self, fence: Fence) -> list[Piece]:
        if isinstance(fence, Output):
            return []
        if isinstance(fence, Code):
            printed = self.report.printed.get(fence.line)
            if printed is None:
                raise self.fault(fence.line, "this block was not executed")
            outputs = [new_output("stream", name="stdout", text=printed)] if printed else []
            return [new_code_cell(fence.code, outputs=outputs)]
        if isinstance(fence, Generated):
            raise self.fault(fence.line, f"a notebook cannot show a fence `{fence.language}`")
        title = f"{escaped(fence.title)}:\n\n" if fence.title else ""
        ticks = max(["``", *re.findall("`+", fence.code)], key=len) + "`"
        return [f"{title}{ticks}{fence.language}\n{fence.code}\n{ticks}"]

    def box(self, text: str, body: list[Piece]) -> list[Piece]:
        """Write a box as a quote below its title; fold one that is folded, but for a claim's text.

        A fold holds the text before the first code block; its code is folded by itself.
        """
        mark, kind, *rest = text.split(" ", 2)
        title = self.inline(rest[0].strip('"') if rest else kind.capitalize())
        if mark == "???":
            body = hidden(body)
        if mark != "???" or kind == "check":
            pieces = joined([f"**{title}**", *body])
            return [quote(piece) if isinstance(piece, str) else piece for piece in pieces]
        body = joined(body)
        if not body or isinstance(body[0], NotebookNode):
            return [f"**{title}**", *body]
        name = escape(re.sub("[`*]", "", title), quote=False)
        head = f"<details>\n<summary><b>{name}</b></summary>"
        return [new_markdown_cell(f"{head}\n\n{body[0].strip()}\n\n</details>"), *body[1:]]

    def figure(self, line: int, text: str) -> Piece:
        """Write a figure with its caption, in a cell of its own if there is a PNG of it.

        Colab shows neither attachments (googlecolab/colabtools#3836) nor SVG (#2092), JupyterLab no
        SVG as an attachment (jupyterlab/jupyterlab#10464); all show a PNG in a data address.
        """
        image = IMAGE.match(text)
        if image is None:
            return self.inline(text)
        caption = f"\n\n*{self.inline(image['title'])}*" if image["title"] else ""
        file = Path(os.path.normpath(self.page.path.parent / image["target"]))
        png = self.png(file) if self.png and file.is_file() else None
        if png is None:
            return self.inline(image[0]) + caption
        if not png.startswith(PNG):
            raise self.fault(line, f"expected {file.name} as a PNG, got {png[:8]!r}")
        width = int.from_bytes(png[16:20], "big") // 2
        data, alt = base64.b64encode(png).decode("ascii"), escape(re.sub("[`*$]", "", image["alt"]))
        shown = f'<img alt="{alt}" width="{width}" src="data:image/png;base64,{data}">'
        return new_markdown_cell(shown + caption)

    # Inside a block.

    def inline(self, text: str, is_row: bool = False) -> str:
        """Drop what only the site reads; in a row, no bar of a code or a formula ends a cell."""

        def written(match: re.Match[str]) -> str:
            code = f"`{match['value']}`" if match["value"] else match[0]
            match match.lastgroup:
                case "expr" | "code":
                    return re.sub(r"(?<!\\)\|", r"\\|", code) if is_row else code
                case "formula" if is_row:
                    return code.replace(r"\|", r"\Vert ").replace("|", r"\vert ")
                case "attributes":
                    return self.tag(match)
                case "dollar":
                    return r"\$"  # a lone one: another reader may see a formula begin
                case "dropped":
                    return ""
                case "target":
                    return self.link(match["target"])
            return match[0]

        if self.edition.script == "CJK":
            text = LINE_END.sub("", text)
        return INLINE.sub(written, text)

    def tag(self, tag: re.Match[str]) -> str:
        """Drop a container's tag, keep <kbd> and the like; say where a custom element moves."""
        is_custom = "-" in tag["name"]
        if not is_custom and tag["name"] not in CONTAINERS:
            return tag[0]
        before, self.anchor = self.anchor, ""
        if tag[0].startswith("</"):
            return ""
        own = re.search(r'\sid="([^"]*)"', tag["attributes"])
        self.anchor = f"#{own[1]}" if own else before if is_custom else ""
        words = self.edition.words.on_the_page if is_custom else ""
        return words.format(link=self.link(self.anchor))

    def link(self, target: str) -> str:
        """Make an address absolute; one of a page, by its file, becomes the page's own."""
        if not self.address:
            return target or self.page.path.name
        path, mark, anchor = target.partition("#")
        if urlsplit(target).scheme or not path:
            return urljoin(self.address, target)
        endings = "|".join(map(re.escape, self.page.config.page_suffixes))
        if self.address.endswith(".html"):
            return re.sub(f"({endings})$", ".html", urljoin(self.address, path)) + mark + anchor
        # The site shows a.md as a/, and index.md as its folder.
        folder = urljoin(self.address, "." if self.page.path.stem in ("index", "README") else "..")
        page = re.sub(f"(/index|/README)?({endings})$", "/", urljoin(folder, path))
        return page + mark + anchor


def nested(blocks: Sequence[Block]) -> Iterator[tuple[Block, list[Block]]]:
    """Pair each block with those inside it, which are indented more."""
    rest = list(blocks)
    while rest:
        block, *rest = rest
        ends = (at for at, below in enumerate(rest) if below.indent <= block.indent)
        end = next(ends, len(rest))
        yield block, rest[:end]
        rest = rest[end:]


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Join neighbouring texts, down to the next heading or cell."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else None
        if isinstance(piece, str) and isinstance(last, str) and not is_heading(piece):
            result[-1] = last + piece
        else:
            result.append(piece)
    return result


def hidden(pieces: Sequence[Piece]) -> list[Piece]:
    """Fold code, and put blocks that follow each other and print nothing into one cell."""
    result: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, NotebookNode) and piece.cell_type == "code":
            piece.metadata["jupyter"] = {"source_hidden": True}
            last = result[-1] if result else ""
            if isinstance(last, NotebookNode) and last.cell_type == "code" and not last.outputs:
                last.source += f"\n\n\n{piece.source}"
                last.outputs = piece.outputs
                continue
        result.append(piece)
    return result


def item(marker: str, pieces: list[Piece]) -> list[Piece]:
    """Indent an item down to its first code block, below which it goes on without."""
    first, *rest = joined(pieces)
    return [marker + textwrap.indent(str(first), " " * len(marker)).lstrip(), *rest]


def quote(text: str) -> str:
    return "\n\n" + "\n".join(f"> {line}".rstrip() for line in text.strip("\n").split("\n"))


def is_heading(text: str) -> bool:
    return bool(re.match(r"\s*#{1,6} ", text))


def escaped(text: str) -> str:
    """Keep text that is no Markdown from being read as such."""
    return re.sub(r"[\\`*_$<\[\]]", r"\\\g<0>", text)

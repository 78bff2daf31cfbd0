"""Turn a page into a Jupyter notebook.

The text is the page's own Markdown without what only its site reads, so that Jupyter, Colab and
VS Code show it alike.  A code cell holds exactly the lines that were executed, and their output.
"""

import base64
import os
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from claimdown.blocks import HOLDING
from claimdown.config import Config, config_for
from claimdown.forms import BOX
from claimdown.page import Block, Code, Fence, Generated, Output, Page, Problem
from claimdown.prose import ATTRIBUTES, IMAGE, TAG, TOKEN
from claimdown.report import Report

LANGUAGE_INFO = {
    "name": "python",
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
INLINE = re.compile(
    rf"{TOKEN.pattern}|{TAG.pattern}|(?P<dollar>\$)|\[\^(?P<note>[^\]\s]+)\]"
    rf"|(?:(?<=[`*_)\]>])|\n *(?=[^\n]*\Z))(?P<dropped>{ATTRIBUTES.pattern})"
    r"|(?<=\]\()(?<!\\\]\()(?P<target>[^\s()]+)",
    re.DOTALL,
)
HEADING_ID = re.compile(rf" +{ATTRIBUTES.pattern}$")
MARKER = re.compile(r"(?:(?P<number>\d+)\.|[-*+:]) +")
# A line's end inside Chinese or Japanese, which would be shown as a space.
CJK = r"\u3000-\u30ff\u3400-\u9fff\uff00-\uffef"
LINE_END = re.compile(
    rf"(?<=[\u3000-\u303f\uff00-\uffef”’…])\n[ >]*|(?<=[{CJK}])\n[ >]*(?=[{CJK}“])"
)
CONTAINERS = ("div", "figcaption", "figure", "span")  # tags that only lay out what is in them
TIGHT = {"item", "numbered item", "row", "paragraph", "html"}  # may touch each other
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Piece:
    """Text of the notebook, or a block of code to execute."""

    text: str = ""
    code: Code | None = None
    apart: bool = True  # a blank line stands before it
    alone: bool = False  # stands in a cell of its own
    folded: bool = False  # closed until the reader opens it


def notebook(
    page: Page,
    report: Report,
    address: str = "",
    figure: Callable[[Path], bytes | None] | None = None,
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
    writer = _Writer(page, report, config_for(page.path), address, figure)
    title = re.sub(r"[`*$\\]", "", writer.inline(page.title))
    return new_notebook(cells=list(writer.cells()), metadata=metadata(title, writer.config))


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


@dataclass
class _Writer:
    """One page while its notebook is written."""

    page: Page
    report: Report
    config: Config
    address: str
    picture: Callable[[Path], bytes | None] | None
    opened: list[str] = field(default_factory=list)  # ids of the containers around this place
    moving: str | None = None  # the id of one in which a script of the site shows something

    def cells(self) -> Iterator[NotebookNode]:
        executions = count(1)
        for number, piece in enumerate(self.pieces(), 1):
            name = f"{self.page.path.stem[:50]}-{number}"
            if piece.code is None:
                yield new_markdown_cell(piece.text, id=name)
                continue
            if piece.code.line not in self.report.printed:
                raise self.fault(piece.code.line, "this block was not executed")
            printed = self.report.printed[piece.code.line]
            yield new_code_cell(
                piece.code.code,
                id=name,
                metadata={"jupyter": {"source_hidden": True}} if piece.folded else {},
                execution_count=next(executions),
                outputs=[new_output("stream", name="stdout", text=printed)] if printed else [],
            )

    def pieces(self) -> list[Piece]:
        """List what the cells hold: the title, where the notebook comes from, and the rest."""
        found = [*self.blocks(self.page.blocks), *self.on_the_page()]
        head = [piece for piece in found[:1] if re.match("#+ ", piece.text)]
        edition = self.config.editions[self.page.edition]
        title, course = self.inline(self.page.title), escaped(edition.site_name)
        lines = edition.words.notebook_of
        note = [line.format(title=title, link=self.link(""), course=course) for line in lines]
        return joined([*head, *quoted([Piece("\n".join(note))]), *found[len(head) :]])

    def fault(self, line: int, message: str) -> ValueError:
        return ValueError(f"{self.page.path}:{line}: {message}")

    # Blocks.

    def blocks(self, blocks: Sequence[Block], above: str = "") -> list[Piece]:
        """Write blocks that stand side by side, each with those inside it."""
        result: list[Piece] = []
        number = 0
        groups = list(nested(blocks))
        for (block, inside), (below, _) in zip(groups, [*groups, (None, [])][1:], strict=True):
            lines = [line.lstrip() for line in block.lines]
            if block.kind == "numbered item":  # a list counts on from its first number
                written = int(MARKER.match(lines[0])["number"])
                number = number + 1 if above == block.kind else written
                lines[0] = MARKER.sub(f"{number}. ", lines[0], count=1)
            if block.kind == "paragraph" and below and below.kind == "definition":
                pieces = [Piece("\n".join(f"- **{self.inline(line)}**" for line in lines))]
            else:
                pieces = self.block(block, "\n".join(lines), inside)
            if pieces:
                apart = block.apart or not {above, block.kind} <= TIGHT
                pieces[0] = replace(pieces[0], apart=apart)
            if not self.opened:
                pieces += self.on_the_page()
            above = block.kind if pieces else ""
            result += pieces
        return result

    def on_the_page(self) -> list[Piece]:
        """Say where something moves, if a part of the page is over in which something does."""
        if self.moving is None:
            return []
        words, link = self.config.words(self.page.edition), self.link(self.moving)
        self.moving = None
        return [Piece(words.on_the_page.format(link=link))]

    def block(self, block: Block, text: str, inside: list[Block]) -> list[Piece]:
        """Write one block; `text` is its own, without indentation."""
        match block.kind:
            case "fence" if block.fence:
                return self.fence(block.fence)
            case "formula":
                return [Piece(textwrap.dedent(block.text).rstrip())]
            case "heading":
                return [Piece(self.inline(HEADING_ID.sub("", text)))]
            case "figure":
                return [self.figure(block.line, text)]
            case "box":
                return self.box(text, self.blocks(inside))
            case "tab":
                title = self.inline(text.split('"', 1)[1].rstrip('"'))
                return [Piece(f"**{title}**"), *self.blocks(inside)]
            case "item" | "numbered item" | "definition":
                marker = text[: MARKER.match(text).end()]
                first = Piece(self.inline(text[len(marker) :]))
                # The term above a definition is an item; this is how it goes on.
                marker = "  " if block.kind == "definition" else marker
                return item(marker, [first, *self.blocks(inside, "paragraph")])
            case "footnote":
                return [Piece(self.inline(text.replace("]:", "]", 1))), *self.blocks(inside)]
            case "paragraph" | "row" | "quote" | "html" | "rule":
                text = self.inline(text, block.kind == "row").strip()
                return [Piece(text)] if text else []
            case "abbreviation":
                return []
        raise self.fault(block.line, f"a notebook cannot show a block of the kind {block.kind!r}")

    def fence(self, fence: Fence) -> list[Piece]:
        if isinstance(fence, Code):
            return [Piece(code=fence)]
        if isinstance(fence, Output):
            return []
        if isinstance(fence, Generated):
            raise self.fault(fence.line, f"a notebook cannot show a fence `{fence.language}`")
        title = [Piece(f"{escaped(fence.title)}:")] if fence.title else []
        ticks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", fence.code)), 3)
        return [*title, Piece(f"{ticks}{fence.language}\n{fence.code}\n{ticks}")]

    def box(self, text: str, body: list[Piece]) -> list[Piece]:
        """Write a box as a quote below its title; fold one that is folded.

        A fold holds the text before the first code block; each code block is folded itself.
        """
        box = BOX.fullmatch(text)
        title = self.inline(box["kind"].capitalize() if box["title"] is None else box["title"])
        first = Piece(f"**{title}**")
        if box["mark"] != "???":
            return quoted([first, *body])
        body = joined(body)
        if body and not body[0].code:
            name = escape(re.sub("[`*]", "", title), quote=False)
            head = f"<details>\n<summary><b>{name}</b></summary>"
            first = Piece(f"{head}\n\n{body.pop(0).text}\n\n</details>", alone=True)
        return [first, *(replace(piece, folded=piece.code is not None) for piece in body)]

    def figure(self, line: int, text: str) -> Piece:
        """Write a figure as a PNG inside the text, with its caption.

        Colab shows neither attachments (googlecolab/colabtools#3836) nor SVG (#2092), JupyterLab no
        SVG as an attachment (jupyterlab/jupyterlab#10464); all show a PNG in a data address.
        """
        image = IMAGE.match(text)
        if image is None:
            raise self.fault(line, 'a figure is written ![text](file "caption")')
        caption = f"\n\n*{self.inline(image['title'])}*" if image["title"] else ""
        file = Path(os.path.normpath(self.page.path.parent / image["target"]))
        png = self.picture(file) if self.picture and file.is_file() else None
        if png is None and self.address and file.is_file():
            anchor = re.search(r"(?<=\{ )#[\w-]+", text[image.end() :])
            return Piece(f"[{image['alt']}]({self.link(anchor[0] if anchor else '')}){caption}")
        if png is None:
            return Piece(image[0] + caption)
        if not png.startswith(PNG):
            raise self.fault(line, f"expected {file.name} as a PNG, got {png[:8]!r}")
        width = int.from_bytes(png[16:20], "big") // 2
        data, alt = base64.b64encode(png).decode("ascii"), escape(re.sub("[`*$]", "", image["alt"]))
        shown = f'<img alt="{alt}" width="{width}" src="data:image/png;base64,{data}">'
        return Piece(shown + caption, alone=True)

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
                case "note":
                    return f"<sup>{match['note']}</sup>"
                case "dropped":
                    return ""
                case "target":
                    return self.link(match["target"])
            return match[0]

        if self.config.editions[self.page.edition].script == "CJK":
            text = LINE_END.sub("", text)
        return INLINE.sub(written, text)

    def tag(self, tag: re.Match[str]) -> str:
        """Drop the tags of containers and of custom elements; keep <sup>, <kbd> and the like."""
        is_custom = "-" in tag["name"]
        if not is_custom and tag["name"] not in CONTAINERS:
            return tag[0]
        if not tag[0].startswith("</"):
            if is_custom:
                self.moving = next((anchor for anchor in reversed(self.opened) if anchor), "")
            anchor = re.search(r'\sid="([^"]*)"', tag["attributes"])
            self.opened.append(f"#{anchor[1]}" if anchor else "")
        elif self.opened:
            self.opened.pop()
        return ""

    def link(self, target: str) -> str:
        """Make an address absolute; one of a page, by its file, becomes the page's own."""
        path, hash_mark, anchor = target.partition("#")
        if not self.address:
            return target or self.page.path.name
        if urlsplit(target).scheme or not path:
            return urljoin(self.address, target) if target else self.address
        base = self.address
        if base.endswith(".html"):
            path = re.sub(r"\.md$", ".html", path)
        else:
            path = re.sub(r"(^|/)(?:index|README)\.md$", r"\1", path) or "."
            path = re.sub(r"\.md$", "/", path)
            base = base if self.page.path.stem in ("index", "README") else urljoin(base, "..")
        return urljoin(base, path) + hash_mark + anchor


def nested(blocks: Sequence[Block]) -> Iterator[tuple[Block, list[Block]]]:
    """Pair each block with those inside it."""
    rest = list(blocks)
    while rest:
        block = rest.pop(0)
        inside: list[Block] = []
        while block.kind in HOLDING and rest and rest[0].indent > block.indent:
            inside.append(rest.pop(0))
        yield block, inside


def item(marker: str, pieces: list[Piece]) -> list[Piece]:
    """Indent an item down to its first code block, below which it goes on without."""
    first, *rest = joined(pieces)
    return [Piece(marker + textwrap.indent(first.text, " " * len(marker)).lstrip()), *rest]


def quoted(pieces: list[Piece]) -> list[Piece]:
    """Mark every block of text as a quote; code cells interrupt it."""

    def quote(text: str) -> str:
        return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))

    return [piece if piece.code else replace(piece, text=quote(piece.text))
            for piece in joined(pieces)]  # fmt: skip


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Join neighbouring blocks of text, except those that stand alone, down to the next heading."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else Piece(alone=True)
        divided = piece.code or piece.alone or last.code or last.alone
        if divided or re.match("#{1,6} ", piece.text):
            result.append(piece)
        else:
            between = "\n\n" if piece.apart else "\n"
            result[-1] = replace(last, text=f"{last.text}{between}{piece.text}")
    return result


def escaped(text: str) -> str:
    """Keep text that is no Markdown from being read as such."""
    return re.sub(r"[\\`*_$<\[\]]", r"\\\g<0>", text)

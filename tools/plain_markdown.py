"""Write a page's HTML back as the plain Markdown that Jupyter, Colab and VS Code read alike.

Starting from the HTML, and not from the page's source, leaves the reading of Material's Markdown to
the extensions that define it: what reaches the notebook is what the site shows.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby

from bs4 import BeautifulSoup, Comment, PageElement, Tag

from tools.chapter import WIDGETS, Code
from tools.formulas import tex_of

# What Markdown would read as markup in running text; the site's reader has already read it.
SPECIAL = re.compile(r"[\\`*$~]|(?<!\w)_|_(?!\w)|(?<=\])[(\[:]")
LINE_START = re.compile(r"(?m)^(?=(?:#{1,6}|[-+])(?:\s|$)|>|[-=]+$)")
NUMBER_START = re.compile(r"(?m)^(\d+)(?=[.)](?:\s|$))")
BLOCKS = {"p", "ul", "ol", "dl", "table", "blockquote", "details", "div", "figure", "pre", "hr",
          "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "aside", "center"}  # fmt: skip
MARKS = {"em": "*", "i": "*", "strong": "**", "b": "**", "del": "~~", "s": "~~"}
ALIGNMENT = {"left": ":--", "center": ":-:", "right": "--:"}


@dataclass(frozen=True)
class Piece:
    """One block of Markdown, or a block of code to execute."""

    text: str = ""
    code: Code | None = None
    alone: bool = False  # stands in a cell of its own
    folded: bool = False  # closed until the reader opens it


@dataclass(frozen=True)
class PlainMarkdown:
    """Write elements as Markdown.

    `fence` writes a code block, `figure` an image that stands alone, given its caption as well, and
    `link` an address.
    """

    fence: Callable[[Tag], list[Piece]]
    figure: Callable[[Tag, str], Piece]
    link: Callable[[str], str]

    def page(self, html: str) -> list[Piece]:
        return self.blocks(BeautifulSoup(html, "html.parser"))

    # Blocks.

    def blocks(self, parent: Tag) -> list[Piece]:
        """Write an element's children; text that stands beside blocks is a paragraph."""
        pieces: list[Piece] = []
        for is_block, group in groupby(parent.children, lambda node: is_a(node, *BLOCKS)):
            nodes = list(group)
            if not is_block:
                pieces += self.paragraph(nodes)
            for node in nodes if is_block else []:
                pieces += self.block(node)
        return pieces

    def block(self, tag: Tag) -> list[Piece]:
        by_class = {
            "highlight": self.fence,
            "arithmatex": lambda div: [Piece(f"$$\n{tex_of(div)}\n$$")],
            "admonition": self.box,
            "tabbed-set": self.tabs,
            "widget": self.widget,
        }
        by_name = {
            "p": lambda p: self.paragraph(p.children),
            "pre": self.fence,
            "details": self.box if tag.has_attr("open") else self.folded,
            "blockquote": lambda quote: quoted(self.blocks(quote)),
            "ul": self.items,
            "ol": self.items,
            "dl": self.definitions,
            "figure": self.picture,
            "table": self.table,
            "hr": lambda hr: [Piece("---")],
        }
        if re.fullmatch("h[1-6]", tag.name):
            return [Piece(f"{'#' * int(tag.name[1])} {self.line(tag)}")]
        for name in tag.get_attribute_list("class"):
            if name in by_class:
                return by_class[name](tag)
        return by_name.get(tag.name, self.blocks)(tag)

    def paragraph(self, nodes: Iterable[PageElement]) -> list[Piece]:
        nodes = list(nodes)
        shown = [node for node in nodes if str(node).strip()]
        if len(shown) == 1 and isinstance(shown[0], Tag) and shown[0].name == "img":
            return [self.figure(shown[0], "")]
        text = "".join(map(self.inline, nodes)).strip()
        text = "\n".join(line.strip() for line in text.split("\n"))
        text = NUMBER_START.sub(r"\1\\", LINE_START.sub(r"\\", text))
        return [Piece(text)] if text else []

    def picture(self, tag: Tag) -> list[Piece]:
        image, caption = tag.find("img", recursive=False), tag.find("figcaption", recursive=False)
        if not image:
            return self.blocks(tag)
        return [self.figure(image, self.line(caption) if caption else "")]

    def heading(self, title: Tag) -> Piece:
        """Write a title that is no section's: a bold line."""
        return Piece(f"**{self.line(title)}**")

    def box(self, tag: Tag) -> list[Piece]:
        """Write an admonition, or a box that is open, as a quote below its title."""
        title = tag.find(is_title, recursive=False)
        head = [self.heading(title.extract())] if title else []
        return quoted([*head, *self.blocks(tag)])

    def folded(self, tag: Tag) -> list[Piece]:
        """Fold the text before the first code block, and every code block itself."""
        title = tag.find(is_title, recursive=False)
        name = text_of(title.extract()) if title else "Details"
        body = joined(self.blocks(tag))
        first = f"**{escaped(name)}**"
        if body and not body[0].code:
            opening = f"<details>\n<summary><b>{escape(name)}</b></summary>"
            first = f"{opening}\n\n{body.pop(0).text}\n\n</details>"
        folded = [replace(piece, folded=piece.code is not None) for piece in body]
        return [Piece(first, alone=True), *folded]

    def items(self, tag: Tag) -> list[Piece]:
        """Write a list, with the numbers that it has on the page."""
        pieces = []
        for number, item in enumerate(
            tag.find_all("li", recursive=False), int(str(tag.get("start", 1)))
        ):
            marker = f"{number}. " if tag.name == "ol" else "- "
            pieces += self.item(marker, self.blocks(item))
        loose = tag.find("p") or any(piece.code or piece.alone for piece in pieces)
        return pieces if loose else [Piece("\n".join(piece.text for piece in pieces))]

    def definitions(self, tag: Tag) -> list[Piece]:
        """Write a definition list as a list: the term in bold, what is said of it below."""
        pieces: list[Piece] = []
        term: list[Piece] = []
        for part in tag.find_all(["dt", "dd"], recursive=False):
            if part.name == "dt":
                term.append(self.heading(part))
            else:
                pieces += self.item("- ", [*term, *self.blocks(part)])
                term = []
        return pieces

    def item(self, marker: str, pieces: list[Piece]) -> list[Piece]:
        """Indent an item down to its first code block, below which it goes on without."""
        first, *rest = joined([Piece(), *pieces])
        lines = first.text.strip().split("\n")
        indented = [(" " * len(marker) + line).rstrip() for line in lines]
        return [Piece(marker + "\n".join(indented).lstrip()), *rest]

    def tabs(self, tag: Tag) -> list[Piece]:
        labels = tag.select(":scope > .tabbed-labels > label")
        bodies = tag.select(":scope > .tabbed-content > .tabbed-block")
        pieces = []
        for label, body in zip(labels, bodies, strict=True):
            pieces += [self.heading(label), *self.blocks(body)]
        return pieces

    def widget(self, tag: Tag) -> list[Piece]:
        """Write what a page shows without scripts, and where the moving part is."""
        for element in tag.find_all(WIDGETS):
            element.decompose()
        anchor = f"#{tag['id']}" if tag.has_attr("id") else ""
        return [
            *self.blocks(tag),
            Piece(f"[On the page]({self.link(anchor)}) you can change this."),
        ]

    def table(self, tag: Tag) -> list[Piece]:
        rows = [row.find_all(["th", "td"], recursive=False) for row in tag.find_all("tr")]
        styles = [re.search(r"text-align:\s*(\w+)", str(cell.get("style", ""))) for cell in rows[0]]
        rule = [ALIGNMENT.get(style[1], "---") if style else "---" for style in styles]
        lines = [[self.cell(cell) for cell in row] for row in rows]
        return [
            Piece("\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]]))
        ]

    def cell(self, tag: Tag) -> str:
        for math in tag.select(".arithmatex"):  # a bar in it would end the cell
            tex = tex_of(math).replace(r"\|", r"\Vert ").replace("|", r"\vert ")
            math.string = rf"\({tex}\)"
        return self.line(tag).replace("|", r"\|")

    # Inside a block.

    def line(self, tag: Tag) -> str:
        return " ".join("".join(map(self.inline, tag.children)).split())

    def inline(self, node: PageElement) -> str:
        if not isinstance(node, Tag):
            return "" if isinstance(node, Comment) else escaped(str(node))
        classes = set(node.get_attribute_list("class"))
        if classes & {"headerlink", "footnote-backref", "verified-mark"}:
            return ""
        if "arithmatex" in classes:
            return f"${tex_of(node)}$"
        if node.name == "code":
            return code_span(node.get_text())
        if node.name == "img":
            return f"![{escaped(str(node.get('alt', '')))}]({self.link(str(node['src']))})"
        if node.name == "br":
            return "<br>"
        text = "".join(map(self.inline, node.children))
        if node.name in MARKS:
            return f"{MARKS[node.name]}{text}{MARKS[node.name]}"
        if node.name == "a" and "footnote-ref" not in classes:
            return f"[{text}]({self.link(str(node.get('href', '')))})"
        if node.name in ("a", "span"):
            return text
        title = f' title="{escape(str(node["title"]))}"' if node.has_attr("title") else ""
        return f"<{node.name}{title}>{text}</{node.name}>"  # <sup>, <kbd>, <abbr> are Markdown too


def is_a(node: PageElement, *names: str) -> bool:
    return isinstance(node, Tag) and node.name in names


def is_title(tag: Tag) -> bool:
    return tag.name == "summary" or "admonition-title" in tag.get_attribute_list("class")


def text_of(tag: Tag) -> str:
    """Return an element's text, with its formulas as Jupyter writes them."""
    for math in tag.select(".arithmatex"):
        math.string = f"${tex_of(math)}$"
    return tag.get_text().strip()


def escaped(text: str) -> str:
    """Keep text that is no markup from being read as markup."""
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    text = re.sub(r"<(?=[a-zA-Z/!?])", "&lt;", text)
    return SPECIAL.sub(r"\\\g<0>", text)


def code_span(code: str) -> str:
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    pad = " " if code.startswith("`") or code.endswith("`") else ""
    return "`" * (longest + 1) + pad + code + pad + "`" * (longest + 1)


def joined(pieces: list[Piece]) -> list[Piece]:
    """Join neighbouring blocks of text, except those that stand alone, down to the next heading."""
    result: list[Piece] = []
    for piece in pieces:
        last = result[-1] if result else Piece(alone=True)
        apart = piece.code or piece.alone or last.code or last.alone
        if apart or re.match("#+ ", piece.text):
            result.append(piece)
        else:
            result[-1] = replace(last, text=f"{last.text}\n\n{piece.text}")
    return result


def quoted(pieces: list[Piece]) -> list[Piece]:
    """Mark every block of text as a quote; code cells interrupt it."""

    def quote(text: str) -> str:
        return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))

    return [
        piece if piece.code else replace(piece, text=quote(piece.text)) for piece in joined(pieces)
    ]

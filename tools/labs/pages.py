"""Bring the page of a lab, as mkdocs-jupyter renders it, into the shape of a chapter.

mkdocs-jupyter lays an executed lab out as JupyterLab would, with JupyterLab's style sheet
in the page.  `slim` keeps what a reader sees (text, highlighted code, printed output, tables,
figures) in Material's own markup, so that the site's style, copy buttons and formulas serve it.
Three cell tags put cells into a box, whose title is the bold paragraph that begins it: `claim`,
`note` and `solution`.  A fourth, `folded`, closes the code of a cell and leaves its output open.
"""

import base64
import logging
import posixpath
import re
from collections.abc import Iterator
from itertools import groupby

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString
from markdown.extensions.toc import nest_toc_tokens
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import TableOfContents, get_toc

from claimdown.config import config_for
from tools.figures.tidy import tidy
from tools.formulas import typeset_formulas
from tools.language import joined
from tools.site import ROOT
from tools.words import WORDS, Words

log = logging.getLogger("mkdocs.hooks.labs")

HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]
HEADING_ID = re.compile(r"\s*\{\s*#(?P<id>[\w-]+)\s*\}\s*$")
FORMULA = re.compile(r"\$\$(?P<display>.+?)\$\$|\$(?P<inline>[^$\n]+?)\$", re.DOTALL)
FOLDED = '<details class="note folded"><summary>{}</summary>\n{}</details>'
BOXES = {"claim": "check", "note": "note", "solution": "success"}  # a cell's tag, and its class


def lab_page(html: str, page: Page, files: Files, language: str) -> str:
    """Finish a lab's page: markup, links, table of contents, description.

    Call it from `on_page_content` for the page of each file that `is_lab`.
    """
    html = slim(html, language)
    soup = BeautifulSoup(html, "html.parser")
    page.toc = table_of_contents(soup)
    page.present_anchor_ids = {tag["id"] for tag in soup.find_all(id=True)}
    page.meta.setdefault("description", promise(soup))
    return resolve_links(html, page, files)


def is_lab(file: File) -> bool:
    return file.src_uri.startswith("labs/") and file.src_uri.endswith(".py")


def slim(html: str, language: str = "en") -> str:
    """Keep what a reader sees of a page by mkdocs-jupyter, in the markup of a chapter."""
    soup = BeautifulSoup(html, "html.parser")
    if soup.find(class_="jp-Notebook") is None:
        raise ValueError("no notebook in this page")
    # Figures are set in at the end: an HTML parser would change the case of their attributes.
    images = soup.select(".jp-RenderedSVG img")
    figures = [_figure(image["src"], number) for number, image in enumerate(images, 1)]
    for image in images:
        image.replace_with("\0")
    cells = soup.select(".jp-Notebook > .jp-Cell")
    boxes = groupby(cells, key=_box)
    text = "\n".join(
        _boxed(box, "\n".join(block for cell in inside for block in _blocks(cell, language)))
        for box, inside in boxes
    )
    return typeset_formulas(re.sub("\0", lambda _: figures.pop(0), text))


def _blocks(cell: Tag, language: str) -> Iterator[str]:
    """Yield a cell's text, or its code and each of its outputs."""
    for text in cell.find_all(class_="jp-MarkdownOutput"):
        yield _text(text, WORDS[language])
    for code in cell.select(".jp-InputArea-editor .highlight-ipynb"):
        block = str(_code(code, "language-python"))
        yield FOLDED.format(WORDS[language].code, block) if "folded" in _tags(cell) else block
    for output in cell.find_all(class_="jp-OutputArea-output"):
        yield _output(output, config_for(ROOT).words(language).output)


def _tags(cell: Tag) -> set[str]:
    """Return a cell's tags; nbconvert writes them as classes, of one element or another."""
    classes = {name for tag in [cell, *cell.find_all(True)] for name in tag.get("class", [])}
    return {name.removeprefix("celltag_") for name in classes if name.startswith("celltag_")}


def _box(cell: Tag) -> str:
    """Return the box that a cell's tags put it in, if any."""
    return next((box for box in BOXES if box in _tags(cell)), "")


def _boxed(box: str, html: str) -> str:
    if not box:
        return html
    soup = BeautifulSoup(html, "html.parser")
    title = soup.find("p")
    if title is None or title.strong is None or title.strong.text.strip() != title.text.strip():
        raise ValueError(f'a cell tagged "{box}" must begin with a bold paragraph, its title')
    title.extract()
    outer, inner = _tag("details", {"class": BOXES[box]}), _tag("summary", {})
    inner.extend(list(title.strong.contents))
    outer.extend([inner, *list(soup.contents)])
    return str(outer)


def _tag(name: str, attributes: dict[str, str]) -> Tag:
    return BeautifulSoup("", "html.parser").new_tag(name, attrs=attributes)


def _text(text: Tag, words: Words) -> str:
    """Return a text cell with the headings, formulas and code blocks of a chapter."""
    for heading in text.find_all(HEADINGS):
        _heading(heading, words)
    for block in text.find_all("div", class_="highlight"):
        block.replace_with(_code(block, "language-text"))
    _formulas(text)
    for string in text.find_all(string=re.compile("\n")):
        if not string.find_parent(["code", "pre"]):
            string.replace_with(joined(string))
    return text.decode_contents().strip()


def _heading(heading: Tag, words: Words) -> None:
    """Take the id from `{ #id }` after a heading, and give it Material's permanent link."""
    for anchor in heading.find_all("a", class_="anchor-link"):
        anchor.extract()
    last = heading.contents[-1]
    match = HEADING_ID.search(str(last)) if isinstance(last, NavigableString) else None
    if match:
        last.replace_with(str(last)[: match.start()])
        heading["id"] = match["id"]
    link = _tag(
        "a",
        {"class": "headerlink", "href": f"#{heading['id']}", "title": words.permalink},
    )
    link.string = "¶"
    heading.append(link)


def _formulas(text: Tag) -> None:
    """Mark formulas as pymdownx.arithmatex does, to be typeset."""
    for string in text.find_all(string=FORMULA):
        if string.find_parent(["code", "pre"]):
            continue
        fragment, end = BeautifulSoup("", "html.parser"), 0
        for match in FORMULA.finditer(string):
            fragment.append(string[end : match.start()])
            display = match["display"]
            marked = _tag("div" if display else "span", {"class": "arithmatex"})
            marked.string = rf"\[{display}\]" if display else rf"\({match['inline']}\)"
            fragment.append(marked)
            end = match.end()
        fragment.append(string[end:])
        string.replace_with(fragment)
    for formula in text.select("p > div.arithmatex:only-child"):
        if formula.parent.get_text(strip=True) == formula.get_text(strip=True):
            formula.parent.unwrap()


def _code(block: Tag, classes: str, title: str = "") -> Tag:
    """Return a block of code, or of output, as pymdownx.highlight would have written it."""
    outer = _tag("div", {"class": f"{classes} highlight"})
    if title:
        filename = _tag("span", {"class": "filename"})
        filename.string = title
        outer.append(filename)
    pre, code = _tag("pre", {}), _tag("code", {})
    source = block.find("pre") or block
    code.extend(list(source.contents))
    for span in code.find_all("span"):
        if not span.contents:
            span.extract()
    pre.append(code)
    outer.append(pre)
    return outer


def _output(output: Tag, title: str) -> str:
    """Return one output of a cell; anything that a lab does not show yet is refused."""
    kind = output.get("data-mime-type", "")
    if kind in ("text/html", "text/markdown", "image/svg+xml"):
        _formulas(output)
        return output.decode_contents().strip()
    if kind == "text/plain":
        return str(_code(output, "language-text no-copy", title))  # no copy button
    raise ValueError(f"a lab shows text, tables and SVG figures, not {kind or output.name}")


def _figure(source: str, number: int) -> str:
    """Return a figure of its own from a data URL: named, and in the colours of the page."""
    data = base64.b64decode(source.removeprefix("data:image/svg+xml;base64,"))
    svg = tidy(data.decode("utf-8")).strip()
    title = re.search(r"<title>(.*?)</title>\s*", svg, re.DOTALL)
    if title is None or not title[1].strip():
        raise ValueError("a figure without a description: pass one as the SVG's title")
    alt = " ".join(title[1].split()).replace('"', "&quot;")
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>lab-{number}-", svg.replace(title[0], "", 1))
    svg = svg.replace("<svg", f'<svg role="img" aria-label="{alt}" data-search-exclude', 1)
    width = float(re.search(r'viewBox="\S+ \S+ (\S+)', svg)[1])
    return f'<figure class="figure" style="--figure-width: {width:g}">{svg}</figure>'


# What MkDocs takes from Markdown pages by itself.


def table_of_contents(soup: BeautifulSoup) -> TableOfContents:
    """List a page's headings as Python-Markdown would."""
    found = ((each, each.get_text().removesuffix("¶").strip()) for each in soup.find_all(HEADINGS))
    tokens = [{"level": int(each.name[1]), "id": each["id"], "name": name} for each, name in found]
    return get_toc(nest_toc_tokens(tokens))


def promise(soup: BeautifulSoup) -> str:
    """Return the sentence below the page's title."""
    first = soup.find("p")
    return " ".join(first.get_text().split()) if first else ""


def resolve_links(html: str, page: Page, files: Files) -> str:
    """Point links at source files to where those are published; report broken ones."""
    anchors: dict[File, dict[str, str]] = {}

    def resolved(link: re.Match[str]) -> str:
        start, href, fragment = link[1], link[2], link[3] or ""
        target = linked_file(href, page, files)
        if target is None:
            log.warning(f"{page.file.src_uri}: the link {href}{fragment} leads to no file")
            return link[0]
        if fragment:
            anchors.setdefault(target, {})[fragment[1:]] = href + fragment
        return f'{start}{target.url_relative_to(page.file)}{fragment}"'

    html = re.sub(r'(<a\b[^>]*\bhref=")([^":#]+)(#[^"]*)?"', resolved, html)
    page.links_to_anchors = anchors  # MkDocs checks them when all pages are there
    return html


def linked_file(path: str, page: Page, files: Files) -> File | None:
    """Find the file that a page's relative link names."""
    folder = posixpath.dirname(page.file.src_uri)
    return files.get_file_from_path(posixpath.normpath(posixpath.join(folder, path)))

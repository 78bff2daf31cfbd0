"""Puts a figure into the page itself, so that it follows the colour scheme of the reader.

`![alt text](../../assets/figures/NAME.svg "Caption."){ #fig-name }`, alone in its paragraph,
becomes a `<figure>` that holds the SVG and, if there is one, the caption, with formulas.
"""

import re
from collections import Counter
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor, UnescapeTreeprocessor

from tools.figures.labels import in_chinese

FIGURES = Path(__file__).parents[1] / "docs" / "assets" / "figures"
SOURCE = re.compile(r"(?:^|/)assets/figures/([\w-]+)\.svg$")
LONG_LINE = re.compile(r'(?<= d=")M [-\d.]+ [-\d.]+(?: L [-\d.]+ [-\d.]+){20,} ?(?=")')
# A figure in a file of its own names its colours; on a page the style sheet does.
FALLBACK = re.compile(r"var\((--fig-(?!font)\w+), #\w+\)")


class InlineSvg(Treeprocessor):
    """Replaces each image of a figure; runs while its address is still the author's."""

    def run(self, root: Element) -> None:
        seen: Counter[str] = Counter()
        parents = [(parent, child) for parent in root.iter() for child in parent]
        for parent, image in parents:
            match = SOURCE.search(image.get("src", "")) if image.tag == "img" else None
            if match:
                seen[match[1]] += 1
                self.replace(parent, image, match[1], seen[match[1]])

    def replace(self, paragraph: Element, image: Element, name: str, occurrence: int) -> None:
        src, unescape = image.get("src"), UnescapeTreeprocessor().unescape
        alt, caption = (unescape(image.get(key, "")).strip() for key in ("alt", "title"))
        if not alt:
            raise ValueError(f"image {src}: no alt text")
        if not (FIGURES / f"{name}.svg").is_file():
            raise FileNotFoundError(f"image {src}: no such figure in docs/assets/figures")
        beside = f"{paragraph.text or ''}{image.tail or ''}".strip()
        if paragraph.tag != "p" or len(paragraph) > 1 or beside:
            raise ValueError(f"image {src}: a figure stands alone in its paragraph")
        alt = re.sub(r"\\[()]", "", alt)
        html = self.drawing(paragraph, name, alt, occurrence)
        if caption:
            # The inline parser has turned $x$ into \(x\), to be typeset.
            caption = re.sub(
                r"\\\(.+?\\\)", r'<span class="arithmatex">\g<0></span>', escape(caption)
            )
            html += f"<figcaption>{caption}</figcaption>"
        paragraph.tag, paragraph.text = "figure", self.md.htmlStash.store(html)
        paragraph.remove(image)
        paragraph.set("class", f"figure {image.get('class', '')}".strip())
        if "id" in image.attrib:
            paragraph.set("id", image.attrib["id"])

    def drawing(self, paragraph: Element, name: str, alt: str, occurrence: int) -> str:
        html = inlined(name, alt, occurrence)
        if getattr(self.md, "language", "en") == "zh":
            html = in_chinese(html, name)
        width = re.search(r'viewBox="\S+ \S+ (\S+)', html)
        if width:  # site.css keeps the text at its size
            paragraph.set("style", f"--figure-width: {width[1]}")
        return html


def inlined(name: str, alt: str, occurrence: int = 1) -> str:
    """Return the SVG element of a figure, named for screen readers, its ids made its own."""
    svg = (FIGURES / f"{name}.svg").read_text(encoding="utf-8")
    svg = svg[svg.index("<svg") :].strip()  # without prolog and doctype
    own = f"{name}-{occurrence}-" if occurrence > 1 else f"{name}-"
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{own}", svg)
    svg = FALLBACK.sub(r"var(\1)", LONG_LINE.sub(_by_steps, svg))
    return f'<svg role="img" aria-label="{escape(alt)}" data-search-exclude{svg[4:]}'


def _by_steps(line: re.Match[str]) -> str:
    """Write a line as its steps, in tenths of a pixel: a quarter of the bytes when compressed."""
    tenths = [round(10 * float(number)) for number in re.findall(r"[-\d.]+", line[0])]
    points = list(zip(tenths[::2], tenths[1::2], strict=True))
    steps = [f"{(c - a) / 10:g} {(d - b) / 10:g}" for (a, b), (c, d) in pairwise(points)]
    return f"M{points[0][0] / 10:g} {points[0][1] / 10:g}l{' '.join(steps)}"


class InlineSvgExtension(Extension):
    def extendMarkdown(self, md: Markdown) -> None:
        # After attr_list (8), before MkDocs resolves links (0).
        md.treeprocessors.register(InlineSvg(md), "inline_svg", 4)


def makeExtension(**kwargs: Any) -> InlineSvgExtension:
    return InlineSvgExtension(**kwargs)

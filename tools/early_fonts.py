"""Which of KaTeX's fonts a page's first screen needs, so that a browser can ask for them first.

Asked for as late as a browser does by itself, they come when the page can already be seen, and
their letters are wider than those that have stood in for them: the text behind a formula moves.
"""

import re

# How many blocks site.css lets no browser put off, less the two before a page's content: a formula
# in one of these is drawn at once.
FIRST_BLOCKS = {"all": 9, "(min-width: 45em)": 17}
TAG = re.compile(r"<(?P<end>/?)(?P<name>[a-zA-Z][\w-]*)[^>]*?(?P<empty>/?)>")
EMPTY = {"br", "hr", "img", "input", "wbr"}
CLOSED = re.compile(r"<details(?![^>]* open\b).*?</details>", re.DOTALL)
# What KaTeX's style sheet sets in which of its fonts.
LETTERS = {
    "Math-Italic": re.compile(r'<span class="mord mathnormal[^>]*>[^<]'),
    "Main-Regular": re.compile(
        r'<span class="m(?:ord|bin|rel|op|open|close|punct)(?: mtight)?"[^>]*>[^<]'
    ),
    "Size1-Regular": re.compile(r'class="[^"]*(?:\bsize1|delim-size1|small-op)\b'),
    "Size2-Regular": re.compile(r'class="[^"]*(?:\bsize2|large-op)\b'),
    "Size3-Regular": re.compile(r'class="[^"]*\bdelimsizing size3\b'),
    "Size4-Regular": re.compile(r'class="[^"]*(?:\bdelimsizing size4|delim-size4)\b'),
}


def early_fonts(html: str) -> dict[str, str]:
    """Name the fonts that formulas on the first screen need, each with the screens that need it."""
    found: dict[str, str] = {}
    for screens, blocks in FIRST_BLOCKS.items():
        first = CLOSED.sub("", beginning(html, blocks))
        for font, letters in LETTERS.items():
            if letters.search(first):
                found.setdefault(font, screens)
    return found


def beginning(html: str, blocks: int) -> str:
    """Return the first blocks of a page's content."""
    depth = 0
    for tag in TAG.finditer(html):
        if tag["empty"] or tag["name"] in EMPTY:
            continue
        depth += -1 if tag["end"] else 1
        blocks -= depth == 0
        if not blocks:
            return html[: tag.end()]
    return html

"""Find numbers on a rendered page that nothing verifies.

Refused without a `.verified` mark: anything that looks like a concrete shape, wherever it stands;
inline code that is a number or a list of numbers; and, in running text and tables, any number of
two or more digits or with a decimal point.  Code blocks, formulas, figures,
link texts, years and words such as 32-bit are exempt, except that a shape is refused in formulas
and link texts too.
"""

import re
from copy import copy

from bs4 import BeautifulSoup

SHAPE = re.compile(
    r"""(?x)
    (?:(?<![\w\])}.])[\[(]|[（［])\s*\d+
        (?: (?:\s*[,;，]\s*\d+)+\s*[,;，]? | \s*[,，] )\s*[\])）］]  # [4, 16, 6] and (6,)
    | \d+(?:\s*[×✕]\s*\d+)+ | \b(?!0x)\d+(?:\s?x\s?\d+)+\b  # 4 × 16 × 6 and 4x16x6
    | \b\d+[ -]by[ -]\d+\b                                   # 6 by 5
    | \\times\}?\s*\{?\d                                      # 4 \times 16 in a formula
    """
)
NUMBER = r"[-+−]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?%?"
LIST = rf"[\[(\s]*{NUMBER}(?:[\])\s]*,[\[(\s]*{NUMBER})*\s*,?[\])\s]*"
NUMERIC_CODE = re.compile(rf"(?:tensor\(|torch\.Size\()?{LIST}")
YEAR = r"(?:19\d\d|20[0-2]\d)"
WIDE = r"\u3000-\u9fff\uff00-\uffef"  # Chinese stands beside a number without a space
PROSE_NUMBER = re.compile(
    rf"""(?x)
    # No part of a name, a version, an issue, a path.
    (?<!(?![{WIDE}])[\w.\#]) (?<!\w-) (?<![^\W\d]/)
    (?!{YEAR}(?!(?![{WIDE}])\w|\.\d)) (?!\d+-?bit\b)
    (?: \d[\d,]*\.\d+(?:[eE][-+]?\d+)? | \d+[eE][-+]?\d+ | \d[\d,]*\d | \.\d+ )
    """
)
GAP = " ⁘ "


def numbers_in(text: str) -> list[str]:
    """List what reads as a shape or as a number in plain text."""
    shapes = [match.group() for match in SHAPE.finditer(text)]
    return shapes + PROSE_NUMBER.findall(SHAPE.sub(GAP, text))


def unverified_numbers(page: BeautifulSoup) -> list[tuple[str, str]]:
    """Return each refused number on the page with the reason."""
    soup = copy(page)
    for element in soup.select("pre, script, style, svg > *, .verified, .headerlink"):
        element.replace_with(GAP)
    labels = [str(tag.get(name, "")) for name in ("alt", "title", "aria-label")
              for tag in soup.find_all(attrs={name: True})]  # fmt: skip
    found = [shape_reason(match) for text in [soup.get_text(), *labels]
             for match in SHAPE.finditer(text)]  # fmt: skip
    for code in soup.find_all("code"):
        text = code.get_text().strip()
        if NUMERIC_CODE.fullmatch(text) and not SHAPE.search(text):
            found.append((text, f"the number `{text}` is not verified: give it an expression"))
        code.replace_with(GAP)
    for element in soup.select(".arithmatex, a"):
        element.replace_with(GAP)
    text = SHAPE.sub(GAP, soup.get_text())  # a shape is reported once, not by its numbers again
    found += [
        (number, f'the number "{number}" in the text is not verified')
        for number in PROSE_NUMBER.findall(text)
    ]
    return found


def shape_reason(match: re.Match[str]) -> tuple[str, str]:
    text = match.group()
    return text, f'"{text}" looks like a concrete shape and is not verified'

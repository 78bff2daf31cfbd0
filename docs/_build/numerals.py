"""Find numbers on a rendered page that nothing verifies.

Refused without a `.verified` mark: anything that looks like a concrete shape, wherever it stands;
inline code that is a number or a list of numbers; and, in running text, any number of two or more
digits or with a decimal point.  Code blocks, formulas, figures, link texts and years are exempt,
except that a shape is refused in formulas and link texts too.
"""

import re
from copy import copy

from bs4 import BeautifulSoup

SHAPE = re.compile(
    r"""(?x)
    (?<![\w\])}.])[\[(]\s*\d+(?:\s*,\s*\d+)+\s*,?\s*[\])]   # [4, 16, 6] and (4, 16, 6)
    | (?<![\w\])}.])[\[(]\s*\d+\s*,\s*[\])]                 # (6,)
    | \d+(?:\s*[×✕]\s*\d+)+ | \b\d+(?:\s?x\s?\d+)+\b        # 4 × 16 × 6 and 4x16x6
    | \\times\s*\d                                          # 4 \times 16 in a formula
    """
)
NUMBER = r"[-+−]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?%?"
NUMERIC_CODE = re.compile(rf"\s*[\[(]?\s*{NUMBER}(?:\s*,\s*{NUMBER})*\s*,?\s*[\])]?\s*")
YEAR = r"(?:19|20)\d\d"
PROSE_NUMBER = re.compile(
    rf"""(?x)
    (?<![\w.#$/-])
    (?!{YEAR}(?![\w.]))
    (?: \d+\.\d+(?:[eE][-+]?\d+)? | \d[eE][-+]?\d+ | \d[\d,]*\d )
    (?![\w-])
    """
)
GAP = " ⁘ "


def unverified_numbers(page: BeautifulSoup) -> list[tuple[str, str]]:
    """Return each refused number on the page with the reason."""
    soup = copy(page)
    for element in soup.select("pre, script, style, svg > *, span.verified, .headerlink"):
        element.replace_with(GAP)
    labels = [str(tag.get(name, "")) for name in ("alt", "title", "aria-label")
              for tag in soup.find_all(attrs={name: True})]  # fmt: skip
    found = [shape_reason(match) for text in [soup.get_text(), *labels]
             for match in SHAPE.finditer(text)]  # fmt: skip
    for code in soup.find_all("code"):
        text = code.get_text()
        if NUMERIC_CODE.fullmatch(text) and not SHAPE.search(text):
            found.append((text, f"the number `{text}` is not verified: give it an expression"))
        code.replace_with(GAP)
    for element in soup.select(".arithmatex, a"):
        element.replace_with(GAP)
    found += [
        (match.group(), f'the number "{match.group()}" in the text is not verified')
        for match in PROSE_NUMBER.finditer(soup.get_text())
        if not SHAPE.search(match.group())
    ]
    return found


def shape_reason(match: re.Match[str]) -> tuple[str, str]:
    text = match.group()
    return text, f'"{text}" looks like a concrete shape and is not verified'

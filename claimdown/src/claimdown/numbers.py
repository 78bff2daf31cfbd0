"""Find what reads as a number or as a shape, and so needs an expression that computes it.

Anything that looks like a concrete shape is one, wherever it stands; so is inline code that is a
number or a list of numbers, and in running text any number of two or more digits or with a decimal
point.  Years and words such as 32-bit are not.
"""

import re

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
NUMERIC_CODE = re.compile(rf"(?:\w+(?:\.\w+)*\(\s*(?=[\[(]))?{LIST}")
YEAR = r"(?:19\d\d|20[0-2]\d)"
WIDE = r"\u3000-\u9fff\uff00-\uffef"  # Chinese stands next to a number without a space
PROSE_NUMBER = re.compile(
    rf"""(?x)
    # No part of a name, a version, an issue, a path.
    (?<!(?![{WIDE}])[\w.\#]) (?<!\w-) (?<![^\W\d]/)
    (?!{YEAR}(?!(?![{WIDE}])\w|\.\d)) (?!\d+-?bit\b)
    (?: \d[\d,]*\.\d+(?:[eE][-+]?\d+)? | \d+[eE][-+]?\d+ | \d[\d,]*\d | \.\d+ )
    """
)
GAP = "⁘"  # stands for what is no text


def blank(match: re.Match[str]) -> str:
    """Fill the place of a match with as many gaps, so that offsets stay right."""
    return GAP * len(match[0])


def shapes_in(text: str) -> list[tuple[int, str, str]]:
    """List each concrete shape with its offset and why it is refused."""
    return [
        (found.start(), found[0], f'"{found[0]}" looks like a concrete shape and is not verified')
        for found in SHAPE.finditer(text)
    ]


def numbers_in(text: str) -> list[tuple[int, str, str]]:
    """List each shape and each number of plain text with its offset and why it is refused."""
    return shapes_in(text) + [
        (found.start(), found[0], f'the number "{found[0]}" in the text is not verified')
        for found in PROSE_NUMBER.finditer(SHAPE.sub(blank, text))
    ]


def number_code(code: str) -> list[tuple[int, str, str]]:
    """List what of inline code is a shape, or all of it if it is a number or a list of numbers."""
    if NUMERIC_CODE.fullmatch(code.strip()) and not SHAPE.search(code):
        return [(0, code, f"the number `{code}` is not verified: give it an expression")]
    return shapes_in(code)

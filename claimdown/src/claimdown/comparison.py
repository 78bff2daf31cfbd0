"""Compare what a page claims with what its code computed."""

import math
import re
from typing import Any

from claimdown.numbers import GAP
from claimdown.report import ClaimError

FLOAT = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE][-+]?\d))(?:[eE][-+]?\d+)?")
DECIMAL = re.compile(r"[-+]?(?:\d+(?:\.(?P<fraction>\d*))?|\.\d+)(?:[eE](?P<exponent>[-+]?\d+))?")
# Control characters but line feeds, and halves of characters.
UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def same_output(expected: str, actual: str) -> bool:
    """Compare text exactly and floats to the digits shown.

    A float agrees if it is what is shown when it is rounded to the digits shown, so one that is
    printed with as many digits must be equal.
    """
    if FLOAT.sub(GAP, expected) != FLOAT.sub(GAP, actual):
        return False
    pairs = zip(FLOAT.findall(expected), FLOAT.findall(actual), strict=True)
    return all(rounds_to(shown, float(number)) for shown, number in pairs)


def same_value(text: str, value: Any) -> bool:
    """Compare a verified value with its expression's result.

    A float agrees as it does in printed output; everything else is text.
    """
    if isinstance(value, list | tuple):
        return text == str(value) or same_output(text, str(value))
    if isinstance(value, int) and re.fullmatch(r"-?\d{1,3}(,\d{3})+", text):
        text = text.replace(",", "")
    if isinstance(value, float) and DECIMAL.fullmatch(text):
        return rounds_to(text, value)
    return text == str(value)


def rounds_to(text: str, value: float) -> bool:
    """Whether a float, rounded to the digits of a text, is that text.

    A zero must be exact, its sign included, and so must a number without decimals: whoever reads
    `0.00` or `2.` takes it for 0 or 2.
    """
    shown = float(text)
    parts = DECIMAL.fullmatch(text)
    if shown == 0 or parts is None or not (parts["fraction"] or parts["exponent"]):
        return shown == value and math.copysign(1, shown) == math.copysign(1, value)
    half_unit = 0.5 * 10.0 ** (int(parts["exponent"] or 0) - len(parts["fraction"] or ""))
    return abs(shown - value) <= half_unit * (1 + 1e-9)


def shown_like(text: str, value: Any) -> str:
    """Write a value with as many digits as the text that it replaces, or in full if these lie."""
    shown = DECIMAL.fullmatch(text)
    written = str(value)
    if isinstance(value, float) and shown and (shown["fraction"] or shown["exponent"]):
        written = f"{value:.{len(shown['fraction'] or '')}{'e' if shown['exponent'] else 'f'}}"
    elif isinstance(value, list | tuple):
        written = numbers_like(text, written)
    elif isinstance(value, int) and "," in text:
        written = f"{value:,}"
    return written if same_value(written, value) else str(value)


def numbers_like(text: str, written: str) -> str:
    """Round each float in a list as the first float of another list is rounded."""
    digits = re.search(r"\.(\d+)(?![\deE])", text)
    if digits is None:
        return written
    return re.sub(r"-?\d+\.\d+(?![\deE])", lambda m: f"{float(m[0]):.{len(digits[1])}f}", written)


def as_shown(printed: str) -> str:
    """Return a printed text as a page can show it; refuse what none can."""
    lines = [line.rstrip() for line in printed.expandtabs().split("\n")]
    text = "\n".join(lines).rstrip("\n")
    if found := UNSEEN.search(text):
        raise ClaimError(f"the code prints {found[0]!r}, which a page cannot show")
    for line in lines:
        if re.match(r"\s*(?:`{3}|~{3})", line) or "-8<-" in line:
            why = "which a page would take for its own markup"
            raise ClaimError(f"the code prints {line!r}, {why}")
    return text

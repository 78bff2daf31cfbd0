"""Compare what a page claims with what its code computed."""

import doctest
import re
from typing import Any

from sybil.evaluators.doctest import NUMBER, OutputChecker

FLOAT = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?")
DECIMAL = re.compile(r"[-+]?(?:\d+\.?(?P<fraction>\d*)|\.\d+)(?:[eE](?P<exponent>[-+]?\d+))?")
EXACT = doctest.DONT_ACCEPT_TRUE_FOR_1 | doctest.DONT_ACCEPT_BLANKLINE


def same_output(expected: str, actual: str) -> bool:
    """Compare text exactly and floats to the digits shown.

    The number-aware checker allows one unit in the last digit shown, since another CPU may round
    the other way.  It would take 0.04 for `0.0` and 2.9 for `2.`, so a zero and a number without
    decimals must be exact.
    """
    if not OutputChecker().check_output(expected + "\n", actual + "\n", NUMBER | EXACT):
        return False
    pairs = zip(FLOAT.findall(expected), FLOAT.findall(actual), strict=False)
    return all(
        float(want) == float(got)
        for want, got in pairs
        if float(want) == 0 or re.fullmatch(r"[-+]?\d+\.", want)
    )


def same_value(text: str, value: Any) -> bool:
    """Compare a verified value with its expression's result.

    Floats agree if the result, rounded to the digits shown, is what is shown; a shown zero is
    exact.  A float inside a list is compared as printed output is.
    """
    if isinstance(value, list | tuple):
        return text == str(value) or same_output(text, str(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return text == str(value)
    if re.fullmatch(r"\d{1,3}(,\d{3})+", text):
        text = text.replace(",", "")
    shown = DECIMAL.fullmatch(text)
    if shown is None:
        return text == str(value)
    if isinstance(value, int):
        return text == str(value)
    if float(text) == 0 or value != value:
        return float(text) == value
    half_unit = 0.5 * 10.0 ** (int(shown["exponent"] or 0) - len(shown["fraction"] or ""))
    return abs(float(text) - value) <= half_unit * (1 + 1e-9)


def shown_like(text: str, value: Any) -> str:
    """Write a value with as many digits as the text that it replaces."""
    shown = DECIMAL.fullmatch(text)
    if isinstance(value, float) and shown and (shown["fraction"] or shown["exponent"]):
        return f"{value:.{len(shown['fraction'] or '')}{'e' if shown['exponent'] else 'f'}}"
    return str(value)

"""What is published of a widget's module: the code without its comments and needless spaces.

The types of the widgets stand in their comments, and with the spaces these are a third of what a
reader of the site would have to wait for.
"""

import re
from itertools import groupby

from pygments.lexers import JavascriptLexer
from pygments.token import Comment, Error, Text

LEXER = JavascriptLexer(stripnl=False, ensurenl=False)
# What a space keeps apart: two words, and two signs that would be another one.
APART = re.compile(r"[\w$#]{2}|\+\+|--|//")
# A line may end here without a semicolon being put there.
OPEN, CLOSED = ("", *"{[(,;"), tuple("}]),;")


def without_comments(source: str) -> str:
    """Return a module without comments, and without the spaces that say nothing.

    >>> without_comments("// a\\nconst b = `c  ${ d }`; // e\\n\\n  f(b + 1);")
    'const b=`c  ${d}`;f(b+1);'
    """
    code = space = ""
    for blank, tokens in groupby(LEXER.get_tokens(source), _is_blank):
        text = "".join(text for _, text in tokens)
        if blank:
            space = "\n" if "\n" in text else " "
        else:
            code, space = code + _needed(space, code[-1:], text[0]) + text, ""
    return code


def _is_blank(token: tuple) -> bool:
    kind, text = token
    if kind in Error:
        raise ValueError(f"cannot be read as JavaScript: {text!r}")  # brackets round a regex help
    return kind in Comment or (kind in Text and not text.strip())


def _needed(space: str, before: str, after: str) -> str:
    """Return what of a space must stay between two characters of code."""
    if space == "\n":
        return "" if before in OPEN or after in CLOSED else space
    return space if APART.fullmatch(before + after) else ""

"""Code without its comments: what a translation of a page must not change."""

import io
import re
import tokenize

from tools.chapter import is_python

SHELL_LIKE = {"bash", "powershell", "toml", "yaml"}


def without_comments(code: str, language: str) -> str:
    """Drop comments of the form `# ...`, and the blanks before them."""
    if is_python(language):
        code = _python(code)
    elif language in SHELL_LIKE:
        code = re.sub(r"(?m)(^|\s)#.*$", "", code)
    return "\n".join(line.rstrip() for line in code.split("\n"))


def _python(code: str) -> str:
    lines = code.split("\n")
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(f"{code}\n").readline))
    except (tokenize.TokenError, SyntaxError):
        return code  # an include, or what is no Python: compared as it stands
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(lines)

"""Code without its comments: what a translation must not change, and what a result depends on."""

import io
import re
import tokenize

SHELL_LIKE = {"bash", "powershell", "toml", "yaml"}  # where `# ...` is a comment


def without_comments(code: str, language: str = "python") -> str:
    """Drop comments of the form `# ...` and the blanks before them; lines stay where they are."""
    if language == "python" and "#" in code:
        code = _python(code)
    elif language in SHELL_LIKE:
        code = re.sub(r"(?m)(^|\s)#.*$", "", code)
    return "\n".join(line.rstrip() for line in code.split("\n"))


def _python(code: str) -> str:
    lines = code.split("\n")
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(f"{code}\n").readline))
    except (tokenize.TokenError, SyntaxError):
        return code  # no Python: taken as it stands
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join(lines)

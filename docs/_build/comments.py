"""Code without its comments: what a translation of a page must not change."""

import io
import re
import tokenize

SHELL_LIKE = re.compile(r"^(bash|powershell|toml|yaml)\b")


def without_comments(lines: list[str], info: str) -> str:
    """Return a fence's lines without comments, if its language has comments of the form `# ...`."""
    indentation = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    code = "\n".join(line[indentation:] for line in lines)
    if info.strip().startswith("python"):
        code = _python(code)
    elif SHELL_LIKE.match(info.strip()):
        code = re.sub(r"(?m)(^|\s)#.*$", "", code)
    return "\n".join(line.rstrip() for line in code.split("\n"))


def _python(code: str) -> str:
    lines = code.split("\n")
    closing = lines.pop() if lines[-1].strip().startswith(("`", "~")) else ""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO("\n".join(lines) + "\n").readline))
    except (tokenize.TokenError, SyntaxError):
        return code  # an include, or what is no Python: compared as it stands
    for token in tokens:
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    return "\n".join([*lines, closing])

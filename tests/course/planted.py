"""Pages that tests write: a head, fences, and text inside of a box."""

from tools.site import docs_dir

PAGE = docs_dir() / "foundations" / "page.md"
HEAD = "# Page { #page }\n\n"  # the third line is the first of a test's own


def fence(body: str, info: str = "python") -> str:
    return f"```{info}\n{body}\n```\n"


def inside(text: str) -> str:
    """Indent every line, as a box demands of what it holds."""
    lines = text.splitlines(keepends=True)
    return "".join(f"    {line}" if line.strip() else line for line in lines)

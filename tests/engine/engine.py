"""What tests write pages with."""

HEAD = "# Page { #page }\n\n"  # the third line is the first of a test's own
TICKS = "```"
PLANTED = "assert 1 == 2, 'planted'"


def fence(info: str = "python", body: str = PLANTED, marker: str = TICKS) -> str:
    return f"{marker}{info}\n{body}\n{marker}\n"


def output(body: str) -> str:
    return "\n" + fence('text title="Output"', body)


def inside(text: str, prefix: str) -> str:
    """Put a prefix before every line."""
    lines = text.splitlines(keepends=True)
    return "".join((prefix if line.strip() else prefix.rstrip(" ")) + line for line in lines)

"""Include a Python function or class by its name: `--8<-- "package/module.py:name"`.

A Python-Markdown extension on top of `pymdownx.snippets`: the section of a file is a definition,
found with `ast`, so that the included file carries no marker comments.  Of each docstring a page
gets the first line and the section `Shape:`; all of it if the section is called `name-whole`.
"""

import ast
import re
from functools import lru_cache
from typing import Any

from markdown import Markdown
from pymdownx.snippets import SnippetExtension, SnippetMissingError, SnippetPreprocessor

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
WHOLE = "-whole"
# A docstring in one piece that begins on a line of its own.
DOCSTRING = re.compile(
    r"""(?sx) (?P<indent>\s*) [rRuU]? (?P<quotes>\"{3}|'{3}) (?:\\.|(?!(?P=quotes)).)*
    (?P<end>(?P=quotes) [ ]* (?:\#[^\n]*)?)"""
)


@lru_cache(maxsize=256)
def definitions(source: str) -> dict[str, Definition]:
    """Map the names of top-level functions and classes to their syntax trees, in order."""
    return {node.name: node for node in ast.parse(source).body if isinstance(node, Definition)}


def span(node: Definition) -> tuple[int, int]:
    """Return the first and the last line of a definition (1-based, inclusive)."""
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    return first, node.end_lineno or node.lineno


@lru_cache(maxsize=1024)
def excerpt(source: str, section: str) -> tuple[tuple[int, str], ...]:
    """Return the lines that an include brings in, each with its number in the file.

    Raises:
        LookupError: if the file defines no function or class of that name.
        SyntaxError: if it is not Python.
    """
    name, found = section.removesuffix(WHOLE), definitions(source)
    if name not in found:
        known = ", ".join(found) or "none"
        raise LookupError(f"no function or class of that name; the file defines: {known}")
    first, last = span(found[name])
    lines = dict(enumerate(source.split("\n")[first - 1 : last], first))
    for node in ast.walk(found[name]) if name == section else ():
        if isinstance(node, Definition) and ast.get_docstring(node):
            _shorten(lines, node.body[0].lineno, node.body[0].end_lineno or 0)
    return tuple(lines.items())


def _shorten(lines: dict[int, str], first: int, last: int) -> None:
    """Drop from a docstring all lines but the first one and the section `Shape:`."""
    found = DOCSTRING.fullmatch("\n".join(lines[number] for number in range(first, last + 1)))
    if found is None or first == last:
        return
    opening = lines[first].endswith(found["quotes"])  # then the text begins below it
    summary = next(n for n in range(first + opening, last + 1) if lines[n].strip())
    kept = [*range(first, summary + 1)]
    shape = next((n for n in range(summary + 1, last) if lines[n].strip() == "Shape:"), None)
    if shape:
        kept += [*range(max(summary + 1, shape - 1), shape), *_section(lines, shape, last)]
    if last not in kept:  # the quotes at the end are to be kept
        indent, end = found["indent"], found["end"]
        if shape or lines[summary].endswith(('"', "'", "\\")):
            lines[last] = indent + end
            kept.append(last)
        else:
            lines[summary] += end
    for number in {*range(first, last + 1)} - {*kept}:
        del lines[number]


def _section(lines: dict[int, str], start: int, last: int) -> list[int]:
    """Number the lines of a section: its title, and what is indented below it."""
    deeper = f"{lines[start][: -len('Shape:')]} "
    rest = range(start + 1, last + 1)
    end = next((n for n in rest if lines[n].strip() and not lines[n].startswith(deeper)), last + 1)
    while not lines[end - 1].strip():
        end -= 1
    return [*range(start, end)]


class DefinitionPreprocessor(SnippetPreprocessor):
    """Expands includes, of definitions only."""

    def extract_section(self, section: str, lines: list[str]) -> list[str]:
        try:
            return [line for _, line in excerpt("\n".join(lines), section)]
        except LookupError as error:
            raise SnippetMissingError(f"{section}: {error}") from None


class IncludesExtension(SnippetExtension):
    """`pymdownx.snippets` for definitions; a missing one stops the build."""

    def extendMarkdown(self, md: Markdown) -> None:
        super().extendMarkdown(md)
        config = self.getConfigs() | {"check_paths": True}
        md.preprocessors.register(DefinitionPreprocessor(config, md), "snippet", 32)


def makeExtension(**kwargs: Any) -> IncludesExtension:
    """Build the extension; Python-Markdown calls this."""
    return IncludesExtension(**kwargs)

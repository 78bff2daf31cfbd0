"""Include a Python function or class by its name: `--8<-- "package/module.py:name"`.

A Python-Markdown extension on top of `pymdownx.snippets`: the section of a file is a definition,
found with `ast`, so that the included file carries no marker comments.
"""

import ast
from typing import Any

from markdown import Markdown
from pymdownx.snippets import SnippetExtension, SnippetMissingError, SnippetPreprocessor


def definitions(source: str) -> dict[str, tuple[int, int]]:
    """Map each top-level function and class to its first and last line (1-based, inclusive)."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name] = (first, node.end_lineno or node.lineno)
    return found


class DefinitionPreprocessor(SnippetPreprocessor):
    """Expands includes, of definitions only."""

    def extract_section(self, section: str, lines: list[str]) -> list[str]:
        found = definitions("\n".join(lines))
        if section not in found:
            known = ", ".join(found) or "none"
            raise SnippetMissingError(
                f"{section}: no function or class of that name; the file defines: {known}"
            )
        first, last = found[section]
        return lines[first - 1 : last]


class IncludesExtension(SnippetExtension):
    """`pymdownx.snippets` for definitions; a missing one stops the build."""

    def extendMarkdown(self, md: Markdown) -> None:
        super().extendMarkdown(md)
        config = self.getConfigs() | {"check_paths": True}
        md.preprocessors.register(DefinitionPreprocessor(config, md), "snippet", 32)


def makeExtension(**kwargs: Any) -> IncludesExtension:
    """Build the extension; Python-Markdown calls this."""
    return IncludesExtension(**kwargs)

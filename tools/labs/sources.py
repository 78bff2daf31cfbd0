"""The code of a lab as it is executed and downloaded: what it imports from here, as source."""

import ast
from pathlib import Path

from tools.definitions import parses, standalone, stored_names
from tools.site import ROOT

# What a lab imports from this project, and where its source lies.
HOMES: dict[str, Path] = {"rnn_tutorial": ROOT / "rnn_tutorial", "docs": ROOT / "docs" / "labs"}


def without_imports(sources: list[str]) -> list[str]:
    """Replace imports from this project in the cells of a lab, each definition once."""
    given: dict[str, set[str]] = {home: set() for home in HOMES}
    return [_without_imports(source, given) for source in sources]


def _without_imports(source: str, given: dict[str, set[str]]) -> str:
    """Replace `from rnn_tutorial import a, b` by the source of a, b and all that they need.

    Raises:
        ValueError: if other code stands in the import's cell, or it has another form.
        KeyError: if there is no such name.
    """
    if not parses(source) or not any(_home(n) in HOMES for n in ast.walk(ast.parse(source))):
        return source  # what is no Python is named where it is executed
    body = ast.parse(source).body
    imports = [node for node in body if isinstance(node, ast.ImportFrom)]
    home = _home(body[0])
    if imports != body or {_home(node) for node in imports} != {home}:
        raise ValueError(
            f"a lab imports from {' or '.join(HOMES)} by name, in a cell of its own:\n{source}"
        )
    names = [alias.name for node in imports for alias in node.names]
    found = standalone(names, HOMES[home], given[home])
    given[home] |= stored_names(compile(found, source, "exec"))
    return found


def _home(node: ast.AST) -> str:
    """Return the first part of the name of the module that is imported, if any is."""
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").split(".")[0]
    if isinstance(node, ast.Import):
        return node.names[0].name.split(".")[0]
    return ""

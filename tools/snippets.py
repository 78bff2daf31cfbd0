"""Include a Python function or class by its name: `--8<-- "rnn_tutorial/cells.py:rnn_cell"`.

A Python-Markdown extension on top of `pymdownx.snippets`, with two differences.
The section of a Python file is a definition, found with `ast`, so that the package carries no
marker comments.  And every expanded line remembers where it came from, so that a failure in a
chapter can name the chapter's own file and line.
"""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown import Markdown
from pymdownx.snippets import SnippetExtension, SnippetMissingError, SnippetPreprocessor

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Origin:
    """Where an expanded line stands: its line in the page and, if included, its own file."""

    page_line: int  # 0 is the page's first line
    file: str | None = None
    file_line: int = 0


def definitions(source: str) -> dict[str, tuple[int, int]]:
    """Map each top-level function and class to its first and last line (1-based, inclusive)."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            found[node.name] = (first, node.end_lineno or node.lineno)
    return found


class PythonSnippetPreprocessor(SnippetPreprocessor):
    """Expand includes; `origins` then tells where each expanded line came from."""

    def __init__(self, config: dict[str, Any], md: Markdown) -> None:
        super().__init__(config, md)
        self.origins: list[Origin] = []
        self.report: Callable[[int, str], None] = self.refuse
        self.included: list[tuple[str, int]] = []  # what an include has brought in
        self.files: set[str] = set()  # which all includes have named

    @staticmethod
    def refuse(page_line: int, message: str) -> None:
        """Stop the build: a page with a broken include must not be published."""
        raise SnippetMissingError(f"line {page_line + 1}: {message}")

    def select_snippet_lines(self, lines: list[str], target: dict[str, Any]) -> list[str]:
        """Cut a definition out of a Python file; leave sections of other files to pymdownx."""
        name, path = target["section"], target["path"]
        if name and path.endswith(".py"):
            numbers = self.definition(lines, target)
        elif name:
            return super().select_snippet_lines(lines, target)
        else:
            numbers = super().select_snippet_lines(list(range(1, len(lines) + 1)), target)
        found = [lines[number - 1] for number in numbers]
        if not any(line.strip() for line in found):
            raise SnippetMissingError(f'include "{path}": there is nothing at these lines')
        self.included += [(target["snippet"], number) for number in numbers]
        self.files.add(target["snippet"])
        return found

    def definition(self, lines: list[str], target: dict[str, Any]) -> Sequence[int]:
        """List the line numbers of the definition that an include names."""
        name = target["section"]
        found = definitions("\n".join(lines))
        if name not in found:
            known = ", ".join(found) or "none"
            raise SnippetMissingError(
                f'include "{target["path"]}:{name}": no function or class of that name; '
                f"the file defines: {known}"
            )
        first, last = found[name]
        return range(first, last + 1)

    def run(self, lines: list[str]) -> list[str]:
        """Expand one include at a time, so that a broken one is reported and the rest go on."""
        super().run([])  # the parent's own reset
        self.origins = []
        expanded: list[str] = []
        for page_line, chunk in self.chunks(lines):
            self.included = []
            try:
                new = self.parse_snippets(chunk)
            except (SnippetMissingError, SyntaxError) as error:
                self.report(page_line, str(error))
                new = ["" for _ in chunk]
            self.origins += self.trace(page_line, len(new))
            expanded += new
        return expanded

    def chunks(self, lines: list[str]) -> Iterator[tuple[int, list[str]]]:
        """Split the page into single lines and whole `--8<--` blocks, with their first lines."""
        start, inside = 0, False
        for number, line in enumerate(lines):
            marker = self.RE_ALL_SNIPPETS.match(line)
            if marker and marker["block_marker"] and not marker["escape"]:
                inside = not inside
            if not inside:
                yield start, lines[start : number + 1]
                start = number + 1
        if start < len(lines):
            self.report(start, "an include block is never closed; the page ends inside it")

    def trace(self, page_line: int, count: int) -> list[Origin]:
        if len(self.included) != count:  # the page's own lines, or includes inside an include
            return [Origin(page_line)] * count
        return [Origin(page_line, file, line) for file, line in self.included]


class PythonSnippetExtension(SnippetExtension):
    """`pymdownx.snippets`, with includes found from the project's root."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.config["base_path"] = [[str(ROOT)], "Where includes are looked up"]
        self.setConfigs(kwargs)

    def extendMarkdown(self, md: Markdown) -> None:
        self.md = md
        md.registerExtension(self)
        md.preprocessors.register(PythonSnippetPreprocessor(self.getConfigs(), md), "snippet", 32)


def makeExtension(**kwargs: Any) -> PythonSnippetExtension:
    """Build the extension; Python-Markdown calls this."""
    return PythonSnippetExtension(**kwargs)

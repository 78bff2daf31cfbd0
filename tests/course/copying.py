"""People copy from the chapters: the first block and the definitions suffice to run what is shown.

A page of the reference shows one module's source and may import the rest of the package, in its
first block; a chapter imports torch and what its front matter requires.  Each definition on a
page, pasted below the page's first block and below the definitions that it names, runs in an empty
file, and every name that its code uses is defined.
"""

import ast
import builtins
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claimdown.page import Code
from claimdown.reader import read
from tests.course.rules import name_of
from tools.definitions import global_names, parses

# What the interpreter and `exec` give every module.
GIVEN = {*vars(builtins), "__name__", "__doc__", "__annotations__"}


@dataclass(frozen=True)
class Definition:
    name: str
    line: int  # of its block, in the page
    source: str

    @property
    def uses(self) -> set[str]:
        """The global names that its code, nested code included, reads when run."""
        return global_names(compile(self.source, self.name, "exec", dont_inherit=True))


def imports(block: str) -> list[ast.Import | ast.ImportFrom]:
    """List the imports of a block, those inside functions too."""
    return [n for n in ast.walk(ast.parse(block)) if isinstance(n, ast.Import | ast.ImportFrom)]


def imported_names(block: str) -> set[str]:
    return {
        (alias.asname or alias.name).split(".")[0]
        for node in imports(block)
        for alias in node.names
    }


def definitions(blocks: list[Code]) -> list[Definition]:
    """List the functions and classes that a page's blocks define at their top level."""
    return [
        Definition(node.name, block.line, ast.unparse(node))
        for block in blocks
        for node in ast.parse(block.code).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]


def needed(wanted: Definition, found: list[Definition]) -> list[Definition]:
    """List a definition and those that it names, directly or not, in the order of the page."""
    by_name = {definition.name: definition for definition in found}
    chosen: dict[str, Definition] = {}
    waiting = [wanted]
    while waiting:
        definition = waiting.pop()
        chosen[definition.name] = definition
        waiting += [by_name[n] for n in definition.uses if n in by_name and n not in chosen]
    return [definition for definition in found if definition in chosen.values()]


def executed(page: Path, *names: str) -> dict[str, Any]:
    """Execute the named definitions of a page, with its imports and the definitions they name."""
    blocks = read(page).of(Code)
    found = definitions(blocks)
    wanted = {d.source: d for name in names for d in found if d.name == name}
    sources = dict.fromkeys(s.source for d in wanted.values() for s in needed(d, found))
    namespace: dict[str, Any] = {}
    exec("\n\n".join([blocks[0].code, *sources]), namespace)
    return namespace


def executed_through(page: Path, text: str) -> dict[str, Any]:
    """Execute a page's blocks from its first to the one that holds a text; return its names."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in read(page).of(Code):
        exec(compile(block.code, page.name, "exec", dont_inherit=True), names)
        if text in block.code:
            return names
    raise LookupError(f"{name_of(page)}: no block holds {text!r}")


def faults(page: Path, text: str | None = None) -> list[str]:
    """Name each import that comes late and each definition that cannot be copied."""
    here = name_of(page)
    blocks = [block for block in read(page, text).of(Code) if parses(block.code)]
    if not blocks:
        return []
    first, *later = blocks
    found = [
        f"{here}:{block.line}: {ast.unparse(node)} belongs into the first block; move it there"
        for block in later
        for node in imports(block.code)
    ]
    found += [
        f"{here}:{first.line}: {ast.unparse(node)}: readers have torch, not this project; "
        'include what you need: --8<-- "rnn_tutorial/FILE.py:NAME"'
        for node in imports(first.code)
        if "rnn_tutorial" in ast.unparse(node) and page.parent.name != "reference"
    ]
    shown = definitions([first, *later])
    for definition in shown:
        parts = needed(definition, shown)
        missing = {name for part in parts for name in part.uses}
        missing -= GIVEN | imported_names(first.code) | {part.name for part in parts}
        if missing:
            names = ", ".join(sorted(missing))
            found.append(f"{here}:{definition.line}: {definition.name} needs {names}; import it "
                         "in the first block, or define it as a function on the page")  # fmt: skip
            continue
        try:
            source = "\n\n".join([first.code, *(part.source for part in parts)])
            exec(compile(source, definition.name, "exec", dont_inherit=True), {})
        except Exception as error:  # whatever the copied code raises
            found.append(f"{here}:{definition.line}: {definition.name} raises {error!r} "
                         "when it is copied with the first block and what it calls")  # fmt: skip
    return found

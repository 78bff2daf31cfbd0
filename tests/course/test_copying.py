"""People copy from the chapters: the first block and the definitions suffice to run what is shown.

A page of the reference shows one module's source and may import the rest of the package, in its
first block; a chapter imports nothing but torch.  Each definition on a page, pasted below the
page's first block and below the definitions that it names, runs in an empty file, and every name
that its code uses is there.
"""

import ast
import builtins
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

import pytest
from claimdown.page import Code
from claimdown.reader import read

from tests.course.planted import HEAD, fence
from tools.site import is_chapter, pages

DOCS = Path(__file__).parents[2] / "docs" / "en"
REFERENCE = DOCS / "reference"
PAGES = [page for page in pages() if is_chapter(page) or page.parent == REFERENCE]
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


def global_names(code: CodeType) -> set[str]:
    import dis

    read = {"LOAD_GLOBAL", "LOAD_NAME"}
    names = {i.argval for i in dis.get_instructions(code) if i.opname in read}
    stored = {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME"}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= global_names(constant)
    return names - stored


def imports(block: str) -> list[ast.stmt]:
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


def faults(page: Path, text: str | None = None) -> list[str]:
    """Name each import that comes late and each definition that cannot be copied."""
    first, *later = read(page, text).of(Code)
    found = [
        f"{page.name}:{block.line}: {ast.unparse(node)} belongs into the first block"
        for block in later
        for node in imports(block.code)
    ]
    found += [
        f"{page.name}:{first.line}: {ast.unparse(node)}: readers have torch, not this project"
        for node in imports(first.code)
        if "rnn_tutorial" in ast.unparse(node) and page.parent != REFERENCE
    ]
    shown = definitions([first, *later])
    for definition in shown:
        parts = needed(definition, shown)
        missing = {name for part in parts for name in part.uses}
        missing -= GIVEN | imported_names(first.code) | {part.name for part in parts}
        if missing:
            names = ", ".join(sorted(missing))
            found.append(f"{page.name}:{definition.line}: {definition.name} needs {names}")
            continue
        try:
            source = "\n\n".join([first.code, *(part.source for part in parts)])
            exec(compile(source, definition.name, "exec", dont_inherit=True), {})
        except Exception as error:  # whatever the copied code raises
            found.append(f"{page.name}:{definition.line}: {definition.name} raises {error!r}")
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_definitions_can_be_copied(page: Path) -> None:
    assert not faults(page)
    shown = definitions(read(page).of(Code))
    assert shown or page.name in ("index.md", "shape-explorer.md"), "it shows code"


def test_only_the_reference_imports_the_package() -> None:
    text = HEAD + fence(body="from rnn_tutorial import linear")
    assert faults(DOCS / "foundations" / "page.md", text)
    assert not faults(REFERENCE / "page.md", text)
    late = HEAD + fence(body="x = 1") + "\n" + fence(body="from rnn_tutorial import linear")
    assert faults(REFERENCE / "page.md", late)


USES = "def outer(x):\n    def inner():\n        return helper(x)\n    return inner"
HELPER = "def helper(x):\n    return math.sqrt(x)"
PLANTED = {
    "late import": (["x = 1", "import math"], "page.md:7: import math belongs into the first"),
    "late import in a function": (
        ["x = 1", "def f():\n    import math\n    return math.pi"],
        "page.md:7: import math belongs into the first block",
    ),
    "the package": (
        ["from rnn_tutorial import linear"],
        "page.md:3: from rnn_tutorial import linear: readers have torch, not this project",
    ),
    "name of another block": (
        ["x = 1", "y = 2\ndef f():\n    return [y for _ in '']"],
        "page.md:7: f needs y",
    ),
    "missing import": (["x = 1", "def f(a: Tensor):\n    return a"], "page.md:7: f needs Tensor"),
    "missing import, two calls deep": (["x = 1", HELPER, USES], "page.md:12: outer needs math"),
    "default": (["x = 1", "def f(a=1 / 0):\n    return a"], "page.md:7: f raises ZeroDivision"),
    "order": (
        ["x = 1", "class A(B):\n    pass", "class B:\n    pass"],
        "page.md:7: A raises NameError(\"name 'B' is not defined\")",
    ),
}


@pytest.mark.parametrize(("blocks", "message"), PLANTED.values(), ids=PLANTED)
def test_planted_fault_is_named(blocks: list[str], message: str) -> None:
    text = HEAD + "\n".join(fence(body=block) for block in blocks)
    assert any(fault.startswith(message) for fault in faults(Path("page.md"), text)), faults(
        Path("page.md"), text
    )


def test_definition_with_all_that_it_needs_passes() -> None:
    text = HEAD + "\n".join(fence(body=block) for block in ["import math", USES, HELPER])
    assert not faults(Path("page.md"), text)

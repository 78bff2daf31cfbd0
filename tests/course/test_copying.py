"""What people copy from the chapters runs: `copying.py` has the rules."""

from pathlib import Path

import pytest

from claimdown.page import Code
from claimdown.reader import read
from tests.course.copying import definitions, faults
from tests.course.planted import HEAD, fence
from tools.site import docs_dir, is_chapter, pages

DOCS = docs_dir()
REFERENCE = DOCS / "reference"
PAGES = [page for page in pages() if is_chapter(page) or page.parent == REFERENCE]


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

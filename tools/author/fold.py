"""The fold "From earlier chapters": its code is what the names in its text need.

`make page` writes the code. `python -m tools.author.fold` does it for all pages, and where a text
names other definitions than its page uses, it writes the text as well.
"""

import os
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from claimdown.blocks import inside
from claimdown.page import Block, Code, Page, Value
from claimdown.prose import INLINE_CODE
from claimdown.reader import read
from claimdown.translation import mark_translated, stale
from tools.definitions import (
    PACKAGE,
    Module,
    global_names,
    parses,
    read_module,
    stored_names,
)
from tools.site import LANGUAGES, ROOT, docs_dir, is_chapter, navigation

TITLES = {"en": "From earlier chapters", "zh": "来自前面的章节"}
# A sentence on the names that one page explains, the first one and those after it; and this page.
EXPLAINS = {
    "en": ("{} explains {}", ", {} {}", ".", " and ", ", ", "[this chapter](#code)"),
    "zh": ("{}解释了 {}", "，{}解释了 {}", "。", " 和 ", "、", "[本章](#code)"),
}


@dataclass
class Fold:
    """The fold of a page, and what the rest of the page defines and mentions."""

    page: Page
    block: Block | None = None
    text: list[Block] = field(default_factory=list)
    code: list[Code] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # names that the rest of the page reads
    bound: set[str] = field(default_factory=set)  # names that it defines or assigns itself

    @property
    def listed(self) -> dict[str, int]:
        """The names of the package in the fold's text, and their lines."""
        found = {}
        for block in self.text:
            for number, line in enumerate(block.lines, block.line):
                for code in re.finditer(INLINE_CODE, line):
                    found.setdefault(code["code"], number)
        return {name: line for name, line in found.items() if name in homes()}

    @property
    def wanted(self) -> set[str]:
        """The names of the package that the rest of the page reads and does not define."""
        return (self.used & homes().keys()) - self.bound

    @property
    def missing(self) -> set[str]:
        return self.wanted - needed(self.listed)

    @property
    def idle(self) -> list[str]:
        """The names in the text that the rest of the page does not read, or defines itself."""
        return [name for name in self.listed if name not in self.wanted]


def fold_of(page: Page) -> Fold:
    fold = Fold(page)
    head = f'??? note "{TITLES[page.edition]}"'
    for number, block in enumerate(page.blocks):
        if block.kind == "box" and block.lines[0].strip() == head and not fold.block:
            fold.block, held = block, list(inside(block, page.blocks[number + 1 :]))
            fold.text = [below for below in held if not below.fence]
            fold.code = [below.fence for below in held if isinstance(below.fence, Code)]
    others = [code.code for code in page.of(Code) if code not in fold.code]
    for source in [*others, *(value.expression for value in page.of(Value))]:
        if parses(source):  # else running the page says so
            code = compile(source, "<page>", "exec", dont_inherit=True)
            fold.used |= global_names(code)
            fold.bound |= stored_names(code)
    return fold


# The package.


@cache
def package() -> dict[str, Module]:
    """Return the modules, each below those that it imports, and in the order of their names."""
    modules = {path.stem: read_module(path) for path in sorted(PACKAGE.glob("[!_]*.py"))}
    order = TopologicalSorter({name: imported(module) for name, module in modules.items()})
    order.prepare()
    found: list[str] = []
    while order.is_active():
        ready = sorted(order.get_ready())
        found += ready
        order.done(*ready)
    return {name: modules[name] for name in found}


def imported(module: Module) -> set[str]:
    names = (origin.split(".") for origin, _ in module.imports.values())
    return {name for top, *rest in names if top == PACKAGE.name for name in rest}


@cache
def homes() -> dict[str, str]:
    """Map each function and class of the package to its module, in the order of the package."""
    return {name: home for home, module in package().items() for name in module.definitions
            if not name.startswith("_")}  # fmt: skip


def needed(names: Iterable[str]) -> set[str]:
    """Return definitions of the package, and those that they mention, directly or not."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in homes() and name not in found:
            found.add(name)
            waiting += global_names(compile(source_of(name), name, "exec", dont_inherit=True))
    return found


def source_of(name: str) -> str:
    return package()[homes()[name]].sources[name]


# What is written.


def fences(names: set[str]) -> list[str]:
    """Write a fence per module that includes definitions, in the order of the package."""
    parts: dict[str, list[str]] = defaultdict(list)
    for name, home in homes().items():
        if name in names:
            file = f"{PACKAGE.name}/{home}.py"
            parts[file].append(f'    --8<-- "{file}:{name}"')
    return [f'    ```python title="{file}"\n' + "\n\n\n".join(includes) + "\n    ```"
            for file, includes in parts.items()]  # fmt: skip


def written(fold: Fold, text: str = "") -> str:
    """Return the page with the code that the names in the fold's text need, or with a new text."""
    assert fold.block, "there is a fold"
    page, names = fold.page, needed(fold.wanted if text else fold.listed) - fold.bound
    own = "".join(("\n\n" if block.apart else "\n") + block.text for block in fold.text)
    lines = page.text.split("\n")
    held = [fold.block, *fold.text]
    last = max([block.line + len(block.lines) - 1 for block in held]
               + [code.last_line for code in fold.code])  # fmt: skip
    new = "\n\n".join([f"{fold.block.text}{text or own}", *fences(names)])
    return "\n".join([*lines[: fold.block.line - 1], new, *lines[last:]])


def text_of(fold: Fold) -> str:
    """Say which page explains what this one uses; keep the lines that are about something else."""
    first, further, end, last, comma, here = EXPLAINS[fold.page.edition]
    by_page: dict[Path, list[str]] = defaultdict(list)
    for name in homes():
        if name in fold.wanted:
            by_page[explained(name, fold.page)].append(f"`{name}`")
    said, order = "", navigation(fold.page.edition)
    for path, names in sorted(by_page.items(), key=lambda pair: order.index(pair[0])):
        joined = last.join([*filter(None, [comma.join(names[:-1])]), names[-1]])
        where = here if path == fold.page.path else link_to(path, fold.page)
        said += (further if said else first).format(where, joined)
    lines = [line.strip() for block in fold.text for line in block.lines]
    kept = [line for line in lines if "](" not in line]
    return "".join(f"\n    {line}" for line in [*kept, said[:1].upper() + said[1:] + end])


def explained(name: str, page: Page) -> Path:
    """Find the page that a docstring names; if that comes later, the first that shows the name."""
    named = re.search(r"Explained in: docs/en/(\S+)", source_of(name))
    assert named, f"{name}: its docstring names a page"
    best, order = docs_dir(page.edition) / named[1], navigation(page.edition)
    earlier = [path for path in order[: order.index(page.path)] if is_chapter(path)]
    showing = (path for path in earlier if name in fold_of(read(path)).bound)
    return best if best in [*earlier, page.path] else next(showing, best)


def link_to(path: Path, page: Page) -> str:
    anchor = "#code" if "{ #code }" in read(path).text else ""
    return (
        f"[{read(path).title}]({Path(os.path.relpath(path, page.path.parent)).as_posix()}{anchor})"
    )


def update(path: Path, text: bool = False) -> bool:
    """Write the code of a page's fold, and its text if that is wanted and wrong; say if so."""
    fold = fold_of(page := read(path))
    if not fold.block:
        return False
    new = written(fold, text_of(fold) if text and (fold.missing or fold.idle) else "")
    if new != page.text:
        path.write_text(new, encoding="utf-8", newline="\n")
    return new != page.text


def main() -> None:
    """Bring the folds of all pages up to date; a translation that was up to date stays so."""
    for page in navigation():
        twins = [docs_dir(language) / page.relative_to(docs_dir()) for language in LANGUAGES]
        there = [twin for twin in twins if twin.is_file()]
        fresh = [twin for twin in there if twin != page and not stale(read(twin), read(page))]
        changed = [twin for twin in there if update(twin, text=True)]
        for twin in fresh if changed else ():
            mark_translated(twin, page)
        for twin in changed:
            print(f"{twin.relative_to(ROOT)}: fold written")


if __name__ == "__main__":
    sys.exit(main())

"""Cut definitions out of the package, with all that they need, so that they run on their own."""

import ast
import dis
import sys
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType

from claimdown.includes import definitions, span
from tools.site import ROOT

PACKAGE = ROOT / "rnn_tutorial"


@dataclass(frozen=True)
class Module:
    """One file of the package: the source of what it defines, and what its imports bind."""

    sources: dict[str, str]
    definitions: tuple[str, ...]  # those that are functions or classes, in order
    imports: dict[str, tuple[str, str]]  # local name -> (module, name in it, "" for all of it)


def standalone(names: Iterable[str], package: Path = PACKAGE, given: Container[str] = ()) -> str:
    """Return the source of the named definitions and all that they use: imports, then in order.

    What is `given` is there already, and left out.

    Raises:
        KeyError: if the package defines no such name.
    """
    modules = read_package(package)
    seen: dict[str, str] = {}
    needed: list[str] = []
    imports: set[tuple[str, str, str]] = set()

    def collect(name: str, module: Module) -> None:
        if name in given:
            return
        source = module.sources[name]
        if seen.get(name, source) != source:
            raise ValueError(f"two modules define {name}, and both are needed")
        if name in seen:
            return
        seen[name] = source
        for used in names_in(source):
            origin, original = module.imports.get(used, ("", ""))
            if origin.split(".")[0] == package.name:
                if original != used:
                    raise ValueError(f"{name} imports {original} under another name")
                collect(used, modules[origin])
            elif origin:
                imports.add((origin, original, used))
            elif used in module.sources and used != name:
                collect(used, module)
        needed.append(source)  # after what it uses

    home = {name: module for module in modules.values() for name in module.sources}
    for name in names:
        collect(name, home[name])
    return "\n\n\n".join([import_block(imports), *needed]).strip()


def read_package(package: Path) -> dict[str, Module]:
    """Read every module of a package, by its name."""
    paths = {path: path.relative_to(package).with_suffix("") for path in package.rglob("*.py")}
    return {".".join([package.name, *at.parts]): read_module(path) for path, at in paths.items()}


def read_module(path: Path) -> Module:
    return module_of(path.read_text(encoding="utf-8"))


@cache  # a site's build asks for the package again for each cell of a lab that imports
def module_of(text: str) -> Module:
    defined, imports = definitions(text), {}
    spans = {name: span(node) for name, node in defined.items()}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else None
            for alias in node.names:
                origin = (alias.name, "") if module is None else (module, alias.name)
                imports[alias.asname or alias.name] = origin
        if isinstance(node, ast.Assign | ast.AnnAssign):  # a constant or the name of a type
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            if isinstance(target, ast.Name):
                spans[target.id] = (node.lineno, node.end_lineno or node.lineno)
    lines = text.splitlines()
    sources = {name: "\n".join(lines[first - 1 : last]) for name, (first, last) in spans.items()}
    return Module(sources, tuple(defined), imports)


def names_in(source: str) -> list[str]:
    """List the names that a definition mentions, in their order."""
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset))
    return list(dict.fromkeys(node.id for node in nodes))


def global_names(code: CodeType) -> set[str]:
    """Return the names that code reads from its module, in functions and classes, too."""
    read = {"LOAD_GLOBAL", "LOAD_NAME"}
    names = {i.argval for i in dis.get_instructions(code) if i.opname in read}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= global_names(constant)
    return names - stored_names(code)


def stored_names(code: CodeType) -> set[str]:
    """Return the names that code gives a meaning in its module."""
    return {i.argval for i in dis.get_instructions(code) if i.opname == "STORE_NAME"}


def parses(code: str) -> bool:
    """Tell whether code is Python; where it is none, running the page says so."""
    try:
        ast.parse(code)
    except SyntaxError:
        return False
    return True


def import_block(imports: set[tuple[str, str, str]]) -> str:
    """Write (module, name, local name) as isort would: the standard library first."""
    from_modules: dict[str, list[str]] = {}
    lines = []
    for module, original, used in sorted(imports):
        renamed = f" as {used}" if used not in (original, module) else ""
        if original:
            from_modules.setdefault(module, []).append(original + renamed)
        else:
            lines.append((module, f"import {module}{renamed}"))
    lines += [(name, f"from {name} import {', '.join(of)}") for name, of in from_modules.items()]
    standard = [line for name, line in lines if name.split(".")[0] in sys.stdlib_module_names]
    others = [line for name, line in lines if name.split(".")[0] not in sys.stdlib_module_names]
    return "\n\n".join("\n".join(group) for group in (standard, others) if group)

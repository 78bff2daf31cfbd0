"""Execute the labs, and keep what came of it, for later builds and other editions."""

import asyncio
import hashlib
import json
import os
import platform
import re
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from filelock import FileLock
from mkdocs.exceptions import PluginError
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.filters import strip_ansi
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode

from claimdown.comments import without_comments

# What the results of a lab depend on, besides its own code and the package.
DISTRIBUTIONS = (
    *("torch", "numpy", "scikit-learn", "matplotlib", "tqdm", "threadpoolctl"),
    *("ipykernel", "ipython", "nbclient", "nbconvert"),
)
CODE_CELL = re.compile(r"(?m)^# %%(?! \[markdown\]).*\n\s*+(?!# %%|\Z)")  # down to its first code

IN_CELL = r" \(\d+\.py, line \d+\)$"  # what Python adds to a SyntaxError: a place of the kernel's


def executed(lab: Path, cache: Path, edition: str) -> Path:
    """Return the notebook of a lab's file, with the results of its code.

    The cache keeps a run for each edition.  It is repeated if anything differs that it depends on,
    but not if another edition has the same code, up to comments: then both share that one's run.

    Raises:
        PluginError: if a cell fails; it names the line in the lab's own file.
    """
    notebook = jupytext.read(lab)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type != "raw"]  # front matter
    run, target = (cache / edition / f"{lab.stem}{suffix}" for suffix in (".json", ".ipynb"))
    for folder in (target.parent, cache / "locks"):
        folder.mkdir(parents=True, exist_ok=True)
    needs = dependencies(notebook)
    # The build of another edition may be executing the same code just now.
    with FileLock(cache / "locks" / needs["code"][:16]):
        others = (json.loads(path.read_text("utf-8")) for path in cache.glob(f"*/{run.name}"))
        kept = next((other for other in others if other["depends on"] == needs), None)
        kept = kept or {"depends on": needs, "cells": results(notebook, lab)}
        half = run.with_suffix(".half")
        half.write_text(json.dumps(kept), encoding="utf-8")
        os.replace(half, run)  # in one step: another build may be reading it
    for cell, found in zip(code_cells(notebook), kept["cells"], strict=True):
        cell.update(nbformat.from_dict(found))
    nbformat.write(notebook, target)
    return target


def results(notebook: NotebookNode, lab: Path) -> list[dict[str, Any]]:
    """Execute a notebook; return what each cell of code leaves, progress bars as they end."""
    # The kernel's threads would otherwise spin while they wait, and the site is being built.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        # Its `execute` would leave an event loop open in a thread like the build's.
        asyncio.run(NotebookClient(notebook).async_execute())
    except CellExecutionError as error:
        raise PluginError(explained(error, lab)) from None
    notebook, _ = CoalesceStreamsPreprocessor(enabled=True)(notebook, {})
    names = ("execution_count", "outputs")
    return [{name: cell[name] for name in names} for cell in code_cells(notebook)]


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def dependencies(notebook: NotebookNode) -> dict[str, str]:
    """Name all that the results of a notebook depend on, each with its present state."""
    package = Path(find_spec("rnn_tutorial").origin).parent  # without importing it, and torch
    code = "\0".join(without_comments(cell.source, "python") for cell in code_cells(notebook))
    files = [*sorted(package.glob("*.py")), Path(__file__)]
    return {
        "code": hashlib.sha256(code.encode()).hexdigest(),
        "python": platform.python_version(),
        **{name: version(name) for name in DISTRIBUTIONS},
        **{path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }


def explained(error: CellExecutionError, lab: Path) -> str:
    """Say what failed, and where in the lab's file."""
    name = os.path.relpath(lab)
    message = f"{error.ename}: {re.sub(IN_CELL, '', error.evalue)}"
    place = re.search(r"Cell In\[(\d+)\], line (\d+)", strip_ansi(error.traceback))
    if place is None:
        return f"{name}: {message}"
    text = lab.read_text(encoding="utf-8")
    starts = [cell.end() for cell in CODE_CELL.finditer(text)]  # the kernel counts these cells
    line = text.count("\n", 0, starts[int(place[1]) - 1]) + int(place[2])
    return f"{name}:{line}: {message}\n    {text.splitlines()[line - 1].strip()}"

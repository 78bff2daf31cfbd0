"""Execute the labs: what mkdocs-jupyter caches of a run, and when it must run again."""

import hashlib
import json
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbconvert.preprocessors
import nbformat
from bs4 import BeautifulSoup
from mkdocs.config.defaults import MkDocsConfig
from nbconvert.preprocessors import CoalesceStreamsPreprocessor, ExecutePreprocessor
from nbformat import NotebookNode
from nbformat.v4 import new_raw_cell

from docs._build.snippets import ROOT

NOTEBOOK = "application/x-ipynb+json"
# What the results of a lab depend on, beside its own text and the package.
DISTRIBUTIONS = (
    *("torch", "numpy", "scikit-learn", "matplotlib", "tqdm"),
    *("mkdocs-jupyter", "nbconvert", "jupytext", "ipykernel"),
)


class KeptExecution(ExecutePreprocessor):
    """Executes a notebook as nbconvert does, and leaves the executed notebook in its page.

    There it is part of what mkdocs-jupyter caches, so that page and notebook always belong to one
    run.  Progress bars are reduced to their last state.
    """

    def preprocess(
        self, nb: NotebookNode, resources: Any = None, km: Any = None
    ) -> tuple[NotebookNode, Any]:
        nb, resources = super().preprocess(nb, resources, km)
        nb, resources = CoalesceStreamsPreprocessor(enabled=True)(nb, resources)
        text = json.dumps(nb).replace("</", "<\\/")  # no end of the script inside of it
        script = f'<script type="{NOTEBOOK}">{text}</script>'
        nb.cells.append(new_raw_cell(script, metadata={"raw_mimetype": "text/html"}))
        return nb, resources


def prepare_labs(config: MkDocsConfig) -> None:
    """Keep executed notebooks, in a cache of its own for each state of package and libraries.

    mkdocs-jupyter's own key holds the script and its options only.  Call it from `on_config`.
    """
    nbconvert.preprocessors.ExecutePreprocessor = KeptExecution  # nbconvert finds it by this name
    options = config.plugins["mkdocs-jupyter"].config
    folder, state = Path(options["cache_dir"]), fingerprint()
    for stale in folder.glob("*"):
        if stale.is_dir() and stale.name != state:
            shutil.rmtree(stale)
    options["cache_dir"] = str(folder / state)


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

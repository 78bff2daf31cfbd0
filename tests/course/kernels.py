"""Pythons that cannot import the project: where a notebook must run.

`execute` starts a kernel, as a reader does; `execute_all` runs many notebooks in less time.
"""

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import partial
from itertools import zip_longest
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_output

from tools.labs.execution import code_cells
from tools.site import ROOT

# The project is installed in place: a path in `sys.path` leads to it.
LAUNCH = f"""\
import sys
from pathlib import Path
sys.path = [entry for entry in sys.path if Path(entry).resolve() != Path({str(ROOT)!r})]
from ipykernel.kernelapp import launch_new_instance
launch_new_instance()
"""


def execute(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """Run every cell in an empty folder, in a Python from which the project was taken away."""
    spec = folder / "kernels" / "bare"
    spec.mkdir(parents=True)
    content = {
        "argv": [sys.executable, "-c", LAUNCH, "-f", "{connection_file}", "--log-level=ERROR"],
        "display_name": "Python without this project",
        "language": "python",
        "env": {"IPYTHONDIR": str(folder / "ipython"), "PYTHONPATH": ""},
    }
    (spec / "kernel.json").write_text(json.dumps(content), encoding="utf-8")
    kernels = KernelSpecManager(kernel_dirs=[str(spec.parent)], ensure_native_kernel=False)
    client = NotebookClient(
        notebook,
        timeout=120,
        resources={"metadata": {"path": str(folder)}},
        km=AsyncKernelManager(kernel_name="bare", kernel_spec_manager=kernels),
    )
    # The client ends a kernel that it has not made only if it is told to.  In a thread of its own,
    # because Playwright's event loop may run in this one.
    with ThreadPoolExecutor(1) as thread:
        run = partial(client.async_execute, cleanup_kc=True)
        return thread.submit(lambda: asyncio.run(run())).result()


def execute_all(notebooks: list[NotebookNode], folder: Path) -> list[NotebookNode]:
    """Run each notebook in a process of its own that has imported torch: shells.py.

    A notebook that fails ends with the error among its outputs, and without the cells after it.
    """
    file, asked = folder / "notebooks.json", []
    for number, notebook in enumerate(notebooks):
        empty = folder / str(number)
        empty.mkdir()
        asked.append((str(empty), [cell.source for cell in code_cells(notebook)]))
    file.write_text(json.dumps(asked), encoding="utf-8")
    command = [sys.executable, str(Path(__file__).with_name("shells.py")), str(file)]
    environment = os.environ | {"PYTHONPATH": ""}
    run = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )
    if run.returncode or run.stdout or run.stderr:  # a cell's output has another way
        raise RuntimeError(f"{run.stdout}{run.stderr}")
    fresh = deepcopy(notebooks)
    for notebook, outputs in zip(fresh, json.loads(file.read_text(encoding="utf-8")), strict=True):
        for cell, found in zip_longest(code_cells(notebook), outputs, fillvalue=[]):
            cell.outputs = [new_output(**output) for output in found]
    return fresh

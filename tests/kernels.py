"""A kernel that cannot import the project: where a notebook must run."""

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbformat import NotebookNode

from docs._build.site import ROOT

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

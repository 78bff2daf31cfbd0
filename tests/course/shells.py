"""A process that runs notebooks, each in a child of its own that shares nothing but the imports.

A kernel for each would spend most of its time on importing torch.  Here the children are forked
from a process that has imported it and done nothing else: it has no threads, and no project.

Usage: python shells.py FILE, which holds (folder, sources of the cells) of each notebook in JSON;
what the cells have put out replaces that.
"""

import json
import multiprocessing
import os
import sys
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path

# The project is installed in place: a path in `sys.path` leads to it.  Python adds this folder.
HERE = Path(__file__).resolve().parent
sys.path = [entry for entry in sys.path if Path(entry).resolve() not in (HERE, HERE.parents[1])]

from IPython.core.interactiveshell import InteractiveShell  # noqa: E402 -- needs the path
from IPython.utils.capture import capture_output  # noqa: E402 -- needs the path
from traitlets.config import Config  # noqa: E402 -- needs the path

Output = dict[str, object]  # as in a notebook's file
FORK = "fork" in multiprocessing.get_all_start_methods()
CONTEXT = multiprocessing.get_context("fork" if FORK else "spawn")


def outputs(shell: InteractiveShell, source: str) -> list[Output]:
    """Run one cell as Jupyter does; list what it puts out, a value that it ends with as text."""
    with capture_output() as captured:
        result = shell.run_cell(source, store_history=True)
    streams = {"stdout": captured.stdout, "stderr": captured.stderr}
    found: list[Output] = [
        {"output_type": "stream", "name": name, "text": text}
        for name, text in streams.items()
        if text
    ]
    found += [
        {"output_type": "display_data", "data": shown.data, "metadata": {}}
        for shown in captured.outputs
    ]
    if not result.success:
        error = result.error_before_exec or result.error_in_exec
        found.append({"output_type": "error", "ename": type(error).__name__, "evalue": str(error),
                      "traceback": []})  # fmt: skip
    return found


def work(folder: str, sources: list[str], send: Connection) -> None:
    """Be the child: run the cells in an empty folder, until one of them fails."""
    os.chdir(folder)
    os.environ["IPYTHONDIR"] = str(Path(folder, "ipython"))
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    found: list[list[Output]] = []
    for source in sources:
        found.append(outputs(shell, source))
        if any(output["output_type"] == "error" for output in found[-1]):
            break
    send.send(found)


def main(file: Path) -> None:
    import_module("torch.distributed.tensor")  # torch, and what `assert_close` imports at last
    notebooks = json.loads(file.read_text(encoding="utf-8"))
    found = []
    for folder, sources in notebooks:
        receive, send = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=work, args=(folder, sources, send))  # type: ignore[attr-defined]
        process.start()
        send.close()
        try:
            found.append(receive.recv())
        except EOFError:
            process.join()
            sys.exit(f"{folder}: its process ended with exit code {process.exitcode}")
    file.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What the doc tests cost: pytest over all chapters, against their bare code in one process.

Prints the ratio of the median times; both processes include the start of Python and the import of
torch.  Exits with 1 if the ratio is above 1.5, the bound that this project has set itself.

    python benchmarks/doctest_overhead.py [runs [page ...]]
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from claimdown.page import Code  # noqa: E402 -- needs the path
from claimdown.reader import read  # noqa: E402 -- needs the path
from tools.site import pages  # noqa: E402 -- needs the path

BOUND = 1.5
DOCTESTS = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
BARE = """
import json, sys
for blocks in json.load(open(sys.argv[1], encoding="utf-8")):
    namespace = {"__name__": "__main__"}
    for block in blocks:
        exec(compile(block, "<block>", "exec"), namespace)
"""


def seconds(command: list[str]) -> tuple[float, float]:
    """Run a command; return its wall time and the time of all its threads on the processors."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if run.returncode:
        sys.exit(f"{command[:4]} failed:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    chosen = [Path(page).resolve() for page in sys.argv[2:]] or pages()
    blocks = [[block.code for block in read(page).of(Code)] for page in chosen]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "blocks.json"
        file.write_text(json.dumps(blocks), encoding="utf-8")
        tests = [*DOCTESTS, *(sys.argv[2:] or ["docs/en"])]
        commands = {"doc tests": tests, "bare code": [sys.executable, "-c", BARE, str(file)]}
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(runs):  # in turn, so that other work on the machine slows both
            for name, command in commands.items():
                times[name].append(seconds(command))
    wall = {name: median(w for w, _ in taken) for name, taken in times.items()}
    busy = {name: median(c for _, c in taken) for name, taken in times.items()}
    print(
        f"{sum(map(len, blocks))} blocks of {len(blocks)} pages, {os.cpu_count()} CPUs, {runs} runs"
    )
    for name in commands:
        print(f"{name}: {wall[name]:.2f} s, {busy[name]:.2f} s of processor time (medians)")
    ratio = wall["doc tests"] / wall["bare code"]
    print(f"ratio: {ratio:.2f} (at most {BOUND}); in processor time: ", end="")
    print(f"{busy['doc tests'] / busy['bare code']:.2f}")
    return int(ratio > BOUND)


if __name__ == "__main__":
    sys.exit(main())

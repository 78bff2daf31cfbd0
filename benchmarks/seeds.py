"""Run chapters with other random numbers: python benchmarks/seeds.py [seeds [page ...]]

Executes a page's own blocks, as its reader sees them, with every seed in them moved: in run k,
`torch.manual_seed(s)` sets the seed s + 1000 * k. Prints, for each page,

- each block that asserts something: on how many of the runs it holds, and the largest difference
  that `assert_close` has found, of how many machine epsilons it allows;
- each line of output that came out differently: every number in it as smallest..largest;
- what the page's own functions return in the variants that only its text mentions (`VARIANTS`).

Exits with 1 if a block has failed on some run.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from math import isnan
from pathlib import Path
from typing import Any

import torch

from claimdown.comparison import as_shown
from claimdown.page import Code
from claimdown.page import Page as Chapter
from claimdown.program import Program
from claimdown.reader import read
from rnn_tutorial import max_abs_diff

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


SEEDS = 20
PAGES = ROOT / "docs" / "en"
# Expressions over a page's own names; `seed` is the number of the run.
VARIANTS = {
    "lstm-by-hand": [
        "recall_errors(ten(nn.LSTM), lag=20, noise=0.0).min().item()",
        "recall_errors(ten(nn.LSTM, partial(open_forget_gate, bias=1.0))).median().item()",
        "recall_errors(ten(nn.RNN)).min().item()",
        "recall_errors(ten(nn.LSTM, open_forget_gate)).max().item()",
    ],
    "vanishing-gradients": [
        "counting_error(1.0, seed)",
        "counting_error(float('inf'), seed, updates=50)",
    ],
    "truncated-bptt": ["echo_error(6, seed)", "echo_error(12, seed)"],
    "regularising": [
        "recall_errors('none', seed)[1]",
        "recall_errors('fresh', seed)[1]",
        "recall_errors('locked', seed)[1]",
        "norm_loss(False, 10, seed)",
        "norm_loss(True, 10, seed)",
        "deep_loss(8, False, seed)",
        "deep_loss(8, True, seed)",
        "sign_error(None, seed)",
        "sign_error(0.0, seed)",
        "sign_error(-3.0, seed)",
    ],
}
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@dataclass(order=True)
class Share:
    """How much of a bound a comparison within rounding has used."""

    share: float
    epsilons: float
    allowed: float


@dataclass
class Runs:
    """What happened on a page, over all runs."""

    failed: Counter[int] = field(default_factory=Counter)  # by the line of the block
    errors: dict[int, str] = field(default_factory=dict)  # the first of each block
    used: dict[int, Share] = field(default_factory=dict)  # the largest share of a bound
    printed: dict[int, list[str]] = field(default_factory=dict)
    variants: dict[str, list[float]] = field(default_factory=dict)


@contextmanager
def moved_seeds(run: int) -> Iterator[None]:
    """Let every seed that a block sets be another one."""
    original = torch.manual_seed
    torch.manual_seed = lambda seed: original(seed + 1000 * run)
    try:
        yield
    finally:
        torch.manual_seed = original


def watched(assert_close: Callable[..., None], shares: list[Share]) -> Callable[..., None]:
    """Note how much of its bound each comparison of tensors uses."""

    def watching(actual: Any, expected: Any, eps: float = 16) -> None:
        if isinstance(expected, torch.Tensor) and actual.shape == expected.shape:
            unit = torch.finfo(expected.dtype).eps * expected.abs().max().item()
            off = max_abs_diff(actual, expected) / unit if unit else 0.0
            shares.append(Share(off / eps, off, eps))
        assert_close(actual, expected, eps)

    return watching


def run_once(chapter: Chapter, run: int, found: Runs) -> None:
    """Execute a page's blocks with moved seeds; go on after a failure."""
    program, namespace = Program(chapter), {"__name__": "__main__"}
    shares: list[Share] = []
    with moved_seeds(run):
        for block in chapter.of(Code):
            original = set(namespace)
            shares.clear()
            printed = StringIO()
            try:
                with redirect_stdout(printed):
                    exec(program.compiled(block), namespace)
            except Exception as error:  # a block may raise anything; it is reported by line
                found.failed[block.line] += 1
                text = f"line {program.page_line(error)}: {type(error).__name__}: {error}"
                found.errors.setdefault(block.line, text.split("\n")[0])
            if "assert_close" in namespace.keys() - original:  # this block has defined it
                namespace["assert_close"] = watched(namespace["assert_close"], shares)
            if shares:
                found.used[block.line] = max([*shares, found.used.get(block.line, shares[0])])
            if text := as_shown(printed.getvalue()):
                found.printed.setdefault(block.line, []).append(text)
        for expression in VARIANTS.get(chapter.path.stem, []):
            value = eval(expression, {**namespace, "seed": run})
            found.variants.setdefault(expression, []).append(value)


def heading(chapter: Chapter, line: int) -> str:
    """Say where a block is: the claim around it, or the nearest heading above it."""
    for claim in chapter.claims:
        if claim.line < line <= claim.last_line:
            return claim.title
    above = chapter.text.split("\n")[:line]
    return next(text for text in reversed(above) if text.startswith("#")).split(" {")[0].strip("# ")


def ranges(texts: list[str]) -> Iterator[str]:
    """Yield the lines that differ between texts, with every number as smallest..largest."""
    shapes = Counter(NUMBER.sub("#", text) for text in texts)
    for shape, count in shapes.most_common():
        alike = [text.split("\n") for text in texts if NUMBER.sub("#", text) == shape]
        for versions in zip(*alike, strict=True):
            if len(set(versions)) > 1 or len(shapes) > 1:
                where = f"  ({count} of {len(texts)})" if len(shapes) > 1 else ""
                yield merged(versions) + where


def merged(versions: tuple[str, ...]) -> str:
    """Write lines of one shape as one line, with every number as smallest..largest."""
    columns = iter(zip(*(NUMBER.findall(version) for version in versions), strict=True))

    def span(_: re.Match[str]) -> str:
        ordered = sorted(set(next(columns)), key=float)
        return ordered[0] if len(ordered) == 1 else f"{ordered[0]}..{ordered[-1]}"

    return NUMBER.sub(span, versions[0])


def report(chapter: Chapter, found: Runs, runs: int) -> None:
    print(f"\n{chapter.path.stem}, {runs} runs\nline  holds    epsilons")
    for block in chapter.of(Code):
        asserts = re.search(r"^\s*assert\b", block.code, re.MULTILINE) or block.line in found.used
        if asserts or found.failed[block.line]:
            used = ""
            if block.line in found.used:
                used = f"{found.used[block.line].epsilons:.1f}/{found.used[block.line].allowed:.0f}"
            holds = f"{runs - found.failed[block.line]}/{runs}"
            title = heading(chapter, block.line)
            print(f"{block.line:>4} {holds:>6} {used:>11}  {title[:80]}".rstrip())
            if block.line in found.errors:
                print(f"            {found.errors[block.line]}")
    for line, texts in found.printed.items():
        differing = list(ranges(texts))
        if differing:
            print(f"output of line {line}, {heading(chapter, line)[:60]}")
            print("\n".join(f"    {text}" for text in differing))
    for expression, values in found.variants.items():
        ordered = sorted(values, key=lambda value: (isnan(value), value))
        print(f"{expression}\n    " + " ".join(f"{value:.2g}" for value in ordered))


def main(runs: int, paths: list[Path]) -> int:
    failed = False
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads,", end=" ")
    print(torch.backends.cpu.get_cpu_capability())
    for path in paths:
        chapter, found = read(path), Runs()
        for run in range(1, runs + 1):
            run_once(chapter, run, found)
        report(chapter, found, runs)
        sys.stdout.flush()
        failed |= bool(found.failed)
    return int(failed)


if __name__ == "__main__":
    chosen = [Path(page).resolve() for page in sys.argv[2:]]
    asserting = (
        page for page in sorted(PAGES.rglob("*.md")) if "assert_close(" in page.read_text()
    )
    pages = chosen or list(asserting)
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS, pages))

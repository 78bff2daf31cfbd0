"""Time and memory of our networks, relative to torch.nn's and to a textbook loop.

    python benchmarks/speed.py [--json PATH] [--quick] [--compile] [--profile]

One process runs ours, torch.nn's and the loop in turn, so that other work on the machine slows all
of them; a round gives one ratio, and the table shows the median, and the smallest to the largest.
With OMP_NUM_THREADS=1 processor time counts, which grows less than wall time while others run;
threads may spend it waiting for each other, so with more of them wall time counts.
Below 1.00 the first of the two is faster.

Memory is the peak of one training step above what was allocated before, from the allocations that
`torch.profiler` records. Unlike what the system reports, it leaves out all other programs.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, product
from pathlib import Path
from statistics import median
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import rnn_tutorial

KINDS = ("RNN", "LSTM", "GRU")
MODES = ("inference", "training")
SIZES = [(4, 16, 5, 6), (32, 128, 64, 128), (64, 512, 128, 256), (1, 1000, 64, 64)]
COMPILED_SIZES = [(4, 16, 5, 6), (32, 16, 64, 128)]  # all steps end up in one long function
ROUNDS, ROUND_SECONDS = 5, 0.05  # each side of a round repeats its call for about so long

Size = tuple[int, int, int, int]
Network = Callable[[Tensor], Tensor]


class Row(NamedTuple):
    """One line of the table, of three contenders; a list of ratios has one number per round."""

    size: Size
    kind: str
    mode: str
    first_to_second: list[float]
    first_to_third: list[float]
    milliseconds: list[float]  # the median time of each
    memory: float | None  # the peak of ours / torch.nn's, in training


# ---- the textbook ------------------------------------------------------------------------------


def textbook_rnn(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, bias: list[Tensor]) -> Tensor:
    """Run an RNN as a textbook writes it: two products and a bias in each step."""
    both, outputs = bias[0] + bias[1], []
    for x_t in x:
        h = torch.tanh(x_t @ w_ih.T + h @ w_hh.T + both)
        outputs.append(h)
    return torch.stack(outputs)


def textbook_lstm(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, bias: list[Tensor]) -> Tensor:
    """Run an LSTM as a textbook writes it."""
    c, both, outputs = h, bias[0] + bias[1], []
    for x_t in x:
        i, f, g, o = (x_t @ w_ih.T + h @ w_hh.T + both).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
        outputs.append(h)
    return torch.stack(outputs)


def textbook_gru(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, bias: list[Tensor]) -> Tensor:
    """Run a GRU as a textbook writes it; r scales the state's bias, so there are two of them."""
    outputs = []
    for x_t in x:
        read_r, read_z, read_n = (x_t @ w_ih.T + bias[0]).chunk(3, dim=1)
        kept_r, kept_z, kept_n = (h @ w_hh.T + bias[1]).chunk(3, dim=1)
        r, z = torch.sigmoid(read_r + kept_r), torch.sigmoid(read_z + kept_z)
        n = torch.tanh(read_n + r * kept_n)
        h = (1 - z) * n + z * h
        outputs.append(h)
    return torch.stack(outputs)


TEXTBOOK = {"RNN": textbook_rnn, "LSTM": textbook_lstm, "GRU": textbook_gru}


# ---- measuring ---------------------------------------------------------------------------------


def modules(size: Size, kind: str) -> tuple[nn.Module, nn.Module]:
    """Return ours and torch.nn's with equal weights."""
    torch.manual_seed(0)
    theirs = getattr(nn, kind)(*size[2:])
    ours = getattr(rnn_tutorial, kind)(*size[2:])
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def contenders(size: Size, kind: str) -> dict[str, tuple[nn.Module, Network]]:
    """Return each contender by name: who owns the parameters, and the call for the output."""
    ours, theirs = modules(size, kind)
    copy, _ = modules(size, kind)

    def textbook(x: Tensor) -> Tensor:
        w_ih, w_hh, *bias = copy.parameters()
        return TEXTBOOK[kind](x, x.new_zeros(x.shape[1], size[3]), w_ih, w_hh, bias)

    calls = {"ours": (ours, lambda x: ours(x)[0]), "torch": (theirs, lambda x: theirs(x)[0])}
    calls |= {"textbook": (copy, textbook)}
    with torch.no_grad():  # a benchmark of something else would be worth nothing
        x = inputs(size)
        for _, call in calls.values():
            torch.testing.assert_close(call(x), theirs(x)[0], rtol=1e-4, atol=1e-4)
    return calls


def inputs(size: Size) -> Tensor:
    """Draw an input (T, N, E)."""
    batch, steps, features, _ = size
    return torch.randn(steps, batch, features)


def run_once(module: nn.Module, call: Network, x: Tensor, mode: str) -> None:
    """Run forward in inference mode, or forward and backward."""
    if mode == "inference":
        with torch.inference_mode():
            call(x)
    else:
        module.zero_grad()
        call(x).sum().backward()


def seconds(run: Callable[[], None], repeats: int) -> float:
    """Return the time of one run: processor time of one thread, wall time of several."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    start = clock()
    for _ in range(repeats):
        run()
    return (clock() - start) / repeats


def in_turn(
    runs: dict[str, Callable[[], None]], rounds: int, long: float
) -> dict[str, list[float]]:
    """Time each contender in every round; return the times by name."""
    for run in runs.values():
        run()  # the first call allocates, and chooses kernels
    repeats = {name: max(1, round(long / seconds(run, 1))) for name, run in runs.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            times[name].append(seconds(run, repeats[name]))
    return times


def peak_bytes(run: Callable[[], None]) -> int:
    """Return how far the allocated memory rises above where it was, by PyTorch's own records."""
    run()  # gradients exist from here on, as in every step of training but the first
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as records:
        run()
    events = [e for e in records.profiler.kineto_results.events() if e.name() == "[memory]"]
    changes = (event.nbytes() for event in sorted(events, key=lambda event: event.start_ns()))
    return max(accumulate(changes))


def measure(size: Size, kind: str, mode: str, rounds: int, long: float) -> Row:
    """Measure one row of the table."""
    x = inputs(size)
    runs = {
        name: partial(run_once, module, call, x, mode)
        for name, (module, call) in contenders(size, kind).items()
    }
    times = in_turn(runs, rounds, long)
    memory = None
    if mode == "training":
        memory = peak_bytes(runs["ours"]) / peak_bytes(runs["torch"])
    to_torch, to_textbook = (
        [ours / other for ours, other in zip(times["ours"], times[name], strict=True)]
        for name in ("torch", "textbook")
    )
    return Row(size, kind, mode, to_torch, to_textbook, medians(times), memory)


def medians(times: dict[str, list[float]]) -> list[float]:
    """Return the median times in milliseconds."""
    return [1000 * median(taken) for taken in times.values()]


# ---- torch.compile ------------------------------------------------------------------------------


def measure_compiled(size: Size, kind: str, mode: str, rounds: int, long: float) -> tuple[str, Row]:
    """Compare ours compiled (first of the three), torch.nn's, and ours as it is."""
    torch.compiler.reset()
    calls, x = contenders(size, kind), inputs(size)
    ours, plain = calls["ours"]
    compiled = torch.compile(ours, fullgraph=True)
    runs = {
        "compiled": partial(run_once, ours, lambda x: compiled(x)[0], x, mode),
        "torch": partial(run_once, *calls["torch"], x, mode),
        "plain": partial(run_once, ours, plain, x, mode),
    }
    start = time.perf_counter()
    runs["compiled"]()
    compiling = time.perf_counter() - start
    times = in_turn(runs, rounds, long)
    ratios = [
        [first / other for first, other in zip(times["compiled"], times[name], strict=True)]
        for name in ("torch", "plain")
    ]
    return f"{compiling:.0f} s", Row(size, kind, mode, *ratios, medians(times), None)


# ---- what the time is spent on -------------------------------------------------------------------


def print_profile(size: Size) -> None:
    """Print, for an LSTM in inference mode, the operators that each side calls, and their time."""
    x = inputs(size)
    for name, (module, call) in contenders(size, "LSTM").items():
        run = partial(run_once, module, call, x, "inference")
        run()
        with profile(activities=[ProfilerActivity.CPU]) as records:
            run()
        rows = [e for e in records.key_averages() if e.key.startswith(("aten::", "mkldnn::"))]
        calls, total = sum(row.count for row in rows), sum(row.self_cpu_time_total for row in rows)
        print(f"\n{name}: {calls} operators, {calls / size[1]:.1f} a step, {total / 1000:.1f} ms")
        for row in sorted(rows, key=lambda row: -row.self_cpu_time_total)[:8]:
            share = row.self_cpu_time_total / total
            print(f"    {row.key:<28} {row.count / size[1]:>6.1f} a step {share:>6.0%} of the time")


# ---- showing -----------------------------------------------------------------------------------


def spread(ratios: Sequence[float]) -> str:
    """Show a median, and the smallest to the largest.

    >>> spread([1.0, 3.0, 2.0])
    '2.00 (1.00 to 3.00)'
    """
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def heading(first: str, second: str, last: str, times: str) -> str:
    """Show what the columns hold."""
    name = f"{'N, T, E, H':<20}{'kind':<6}{'mode':<11}"
    return f"{name}{first:<24}{second:<24}{last:<8}ms: {times}"


def line(row: Row, last: str | None = None) -> str:
    """Show one row of the table."""
    name = f"{row.size!s:<20}{row.kind:<6}{row.mode:<11}"
    ratios = f"{spread(row.first_to_second):<24}{spread(row.first_to_third):<24}"
    memory = "" if row.memory is None else f"{row.memory:.2f}"
    times = " ".join(f"{ms:>9.2f}" for ms in row.milliseconds)
    return f"{name}{ratios}{last or memory:<8}{times}"


def machine() -> dict[str, str | int]:
    """Say where and when this was measured."""
    cpuinfo = Path("/proc/cpuinfo")
    known = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    names = [text.split(":")[1].strip() for text in known.splitlines() if "model name" in text]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "cpu": names[0] if names else platform.processor(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, help="also write every round's ratios to this file")
    parser.add_argument("--quick", action="store_true", help="the first size and two rounds only")
    parser.add_argument("--compile", action="store_true", help="torch.compile, no table: minutes")
    parser.add_argument("--profile", action="store_true", help="operators of an LSTM, no table")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> None:
    """Print the tables, each row as soon as it is measured."""
    options = arguments(given)
    here = machine()
    print(", ".join(f"{name}: {value}" for name, value in here.items()))
    if options.profile:
        print_profile(SIZES[0] if options.quick else SIZES[3])
        return
    sizes, rounds, long = (SIZES[:1], 2, 0.0) if options.quick else (SIZES, ROUNDS, ROUND_SECONDS)
    if options.compile:
        print(heading("compiled / torch.nn", "compiled / plain", "took", "compiled, torch, plain"))
        for size, kind, mode in product(COMPILED_SIZES, KINDS, MODES):
            took, row = measure_compiled(size, kind, mode, rounds, long)
            print(line(row, took), flush=True)
        return
    rows: list[Row] = []
    print(heading("ours / torch.nn", "ours / textbook", "memory", "ours, torch, textbook"))
    for size, kind, mode in product(sizes, KINDS, MODES):
        rows.append(measure(size, kind, mode, rounds, long))
        print(line(rows[-1]), flush=True)
    if options.json:
        text = json.dumps({"machine": here, "rows": [row._asdict() for row in rows]}, indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The benchmarks run and print complete tables; people judge what they measure."""

import io
import json
import os
import re
import runpy
import sys
import traceback
from contextlib import redirect_stdout
from itertools import product
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from tests.course.mutants import CONTEXT
from tests.course.planted import HEAD, fence

ROOT = Path(__file__).parents[2]


def output(*command: str, codes: tuple[int, ...] = (0,)) -> str:
    """Run a benchmark as people do, but from a process that has imported torch.

    Return what it prints.
    """
    receive, send = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=script, args=(command, send))  # type: ignore[attr-defined]
    process.start()
    send.close()
    said, code = receive.recv()
    process.join()
    assert code in codes, said[-2000:]
    return said


def script(command: tuple[str, ...], send: Connection) -> None:
    """Be the process: do what `python FILE ARGUMENTS` does."""
    os.chdir(ROOT)
    sys.argv, sys.path[:0] = list(command), [str(ROOT / "benchmarks")]
    said, code = io.StringIO(), 0
    with redirect_stdout(said):
        try:
            runpy.run_path(command[0], run_name="__main__")
        except SystemExit as end:
            code = end.code or 0
        except Exception:  # as Python itself
            said.write(traceback.format_exc())
            code = 1
    send.send((said.getvalue(), code))


def test_speed_compares_every_network_in_both_modes(tmp_path: Path) -> None:
    file = tmp_path / "speed.json"
    about, heading, *lines = output("benchmarks/speed.py", "--quick", "--json", str(file)).split(
        "\n"
    )
    assert "cpu: " in about
    assert "ours / textbook" in heading
    wanted = list(product(("RNN", "LSTM", "GRU"), ("inference", "training")))
    for line, (kind, mode) in zip(lines, wanted, strict=False):
        assert line.startswith(f"(4, 16, 5, 6)       {kind:<6}{mode:<11}")
    assert len(lines) == len(wanted) + 1, "one line a row, and the end of the last"
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [(row["kind"], row["mode"]) for row in rows] == wanted
    for row in rows:
        assert len(row["first_to_second"]) == len(row["first_to_third"]) == 2
        assert len(row["milliseconds"]) == 3
        assert (row["memory"] is None) == (row["mode"] == "inference")


def test_profile_counts_the_operators_of_all_three() -> None:
    lines = output("benchmarks/speed.py", "--quick", "--profile").splitlines()
    heads = [line.split(":")[0] for line in lines if "operators" in line]
    assert heads == ["ours", "torch", "textbook"]
    assert any("mkldnn_rnn_layer" in line for line in lines)


def test_bitwise_counts_every_pair_in_both_number_types() -> None:
    tables = output("benchmarks/bitwise.py", "--quick").split("\n\n")[1:]
    assert [table.split("torch.")[1].split()[0] for table in tables] == ["float32", "float64"]
    for table in tables:
        rows = table.strip().splitlines()[2:]
        assert len(rows) == 12
        assert rows[0].startswith("linear, nn.Linear without bias")
        assert all(float(row.split()[-1]) >= 0 for row in rows)


def test_seeds_move_every_seed_of_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    definition = "def assert_close(actual, expected, eps=16):\n    pass"
    bound = f"assert_close(drawn, torch.ones_like(drawn), eps={2**24})"
    prints = "torch.manual_seed(0)\ndrawn = torch.rand(1)\nprint(f'{drawn.item():.6f}')"
    blocks = [
        fence(body="import torch"),
        fence(body=definition),
        fence(body=prints) + "\n" + fence("0.123456", 'text title="Output"'),
        fence(body=f"{bound}\nassert drawn > 0.3"),
    ]
    page.write_text(HEAD + "\n".join(blocks), encoding="utf-8")
    drawn = [torch.manual_seed(seed) and torch.rand(1).item() for seed in (1000, 2000)]
    held = sum(number > 0.3 for number in drawn)
    assert held == 1, "one of the two runs is to fail"
    lines = output("benchmarks/seeds.py", "2", str(page), codes=(1,)).splitlines()
    used = f"{(1 - min(drawn)) * 2**23:.1f}/{2**24}"
    assert [line.split()[1:3] for line in lines if "/2 " in line] == [["1/2", used]]
    assert any("AssertionError" in line for line in lines)
    assert f"    {min(drawn):.6f}..{max(drawn):.6f}" in lines


def test_seeds_list_what_the_text_says_of_variants() -> None:
    printed = output("benchmarks/seeds.py", "1", "docs/en/learning/truncated-bptt.md")
    lines = printed.splitlines()
    assert "1/1" in printed
    long, short = (float(lines[lines.index(f"echo_error({w}, seed)") + 1]) for w in (12, 6))
    assert long < 0.1 < 0.5 < short


def test_doctest_overhead_compares_both_ways_to_run_a_page() -> None:
    # Exit code 1 would say that the ratio, a time, is above its bound.
    printed = output(
        "benchmarks/doctest_overhead.py", "1", "docs/en/reference/steps.md", codes=(0, 1)
    )
    lines = printed.splitlines()
    assert lines[0].endswith("1 runs")
    assert "of 1 pages" in lines[0]
    assert [line.split(":")[0] for line in lines[1:]] == ["doc tests", "bare code", "ratio"]


def test_releases_ask_every_question_and_compare_with_the_page() -> None:
    about, _, _, _, *lines = output("benchmarks/releases.py").splitlines()
    assert about.startswith(f"torch {torch.__version__}, Python ")
    rows = {
        name: (answer, page) for name, answer, page in (line[2:-2].split(" | ") for line in lines)
    }
    text = (ROOT / "docs/en/look-up/which-pytorch.md").read_text(encoding="utf-8")
    assert list(rows) == re.findall(r'(?m)^        "(\w+)": \($', text)
    asked = {name for name in rows if re.search(rf"(?m)^    def {name}\(", text)}
    assert len(asked) == 13
    if f'"{torch.__version__.partition("+")[0]}"' in text:
        assert {rows[name][1] for name in asked} == {"the same"}
    for name in rows.keys() - asked - {"dropped"}:
        assert name.startswith(("onnx_", "old_onnx_"))
        assert rows[name][0].startswith("not asked: needs ") or rows[name][1] == "the same"

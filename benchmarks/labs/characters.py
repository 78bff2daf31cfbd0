"""The longer runs of the lab on characters: `python benchmarks/labs/characters.py [passes]`.

The passes are those over all other books, by the last and largest network.

The lab's own cells define everything, up to the section in which it trains.
"""

import sys
import time
from pathlib import Path
from typing import Any

import jupytext
from torch import nn

LAB = Path(__file__).parents[2] / "docs" / "en" / "labs" / "characters.py"
RATES = 0.01, 0.02, 0.04, 0.08, 0.16, 0.32
PASSES = 1, 4, 16  # over Genesis


def lab() -> dict[str, Any]:
    """Run the lab's cells before its section `networks`; return the names that they define."""
    names: dict[str, Any] = {}
    for cell in jupytext.read(LAB).cells:
        if "{ #networks }" in cell.source:
            return names
        if cell.cell_type == "code":
            exec(compile(cell.source, str(LAB), "exec"), names)
    raise ValueError(f"{LAB}: expected a section {{ #networks }}")


def report(*columns: object) -> None:
    print("|", *(f"{c:.2f} |" if isinstance(c, float) else f"{c} |" for c in columns), flush=True)


def rates(names: dict[str, Any]) -> dict[str, float]:
    """Try learning rates, one pass each; return those with the fewest validation bits."""
    best = {}
    report("rate", *RATES)
    for kind, size in names["SIZES"].items():
        found = {rate: mean_run(names, size, rate)[0] for rate in RATES}
        best[kind] = min(found, key=found.__getitem__)
        report(kind, *found.values())
    return best


def mean_run(names: dict[str, Any], size: tuple[type[nn.Module], int], rate: float,
             passes: int = 1) -> list[float]:  # fmt: skip
    """Average the bits of three seeds."""
    found = [run(names, size, seed, rate, passes) for seed in range(3)]
    return [sum(each) / len(found) for each in zip(*found, strict=True)]


def run(names: dict[str, Any], size: tuple[type[nn.Module], int], seed: int, rate: float,
        passes: int = 1) -> tuple[float, float]:  # fmt: skip
    """Train one network; return its bits on the validation and on the test part."""
    codes, writer = names["codes"], names["fresh"](*size, seed)
    windows = len(codes["training"]) // (names["STREAMS"] * names["STEPS"])
    names["train"](writer, codes["training"], passes * windows, rate)
    return names["bits"](writer, codes["validation"]), names["bits"](writer, codes["test"])


def large(names: dict[str, Any], passes: int) -> None:
    """Compare both kinds of models on all books but those of the validation and the test."""
    held_back = {"Ruth", "Jonah", "Esther"}
    text = "".join(text for name, text in names["texts"].items() if name not in held_back)
    vocabulary = names["Vocabulary"](sorted(set(text)))
    names |= {"C": len(vocabulary), "STREAMS": 128, "STEPS": 32}
    parts = names["parts"] | {"training": text}
    names["codes"] = {name: vocabulary.encode(part) for name, part in parts.items()}
    codes, found = names["codes"], {}
    for order in range(5, 11):
        model = names["count_ngrams"](codes["training"], order)
        found[order] = [names["ngram_bits"](model, codes[part]) for part in ("validation", "test")]
    order = min(found, key=lambda n: found[n][0])
    report(f"all other books, {len(text)} characters", f"n-gram of order {order}", *found[order])
    start = time.process_time()
    bits = run(names, (nn.GRU, 128), seed=0, rate=0.01, passes=passes)
    report("", f"GRU, H = 128, passes: {passes}", *bits)
    print(f"{time.process_time() - start:.0f} s of one core")


def main() -> None:
    names = lab()
    best = rates(names)
    for kind, size in names["SIZES"].items():
        for passes in PASSES:
            start = time.process_time()
            # The longer the run, the smaller the steps: a factor of two for four times the length.
            rate = best[kind] / passes**0.5
            found = mean_run(names, size, rate, passes)
            report(kind, passes, *found, f"{time.process_time() - start:.0f} s")
    large(names, passes=int(sys.argv[1]) if len(sys.argv) > 1 else 1)


if __name__ == "__main__":
    main()

"""The longer runs beside the lab on word segmentation: more clauses, a wider network.

`python -m benchmarks.labs.segmentation` takes the lab's own cells for data, network and measures;
it takes minutes, and prints the scores on the lab's test part.
"""

import sys
from pathlib import Path
from typing import Any

import jupytext

LAB = Path(__file__).resolve().parents[2] / "docs" / "en" / "labs" / "segmentation.py"
RUNS = {20_000: 3, 90_000: 2}  # clauses: epochs
HIDDEN_SIZE, RATE = 64, 0.01


def definitions() -> dict[str, Any]:
    """Run the lab's cells up to the first that trains; return its names."""
    names: dict[str, Any] = {}
    for cell in jupytext.read(LAB).cells:
        if cell.cell_type == "code":
            if cell.source.startswith("RATES"):
                return names
            exec(compile(cell.source, str(LAB), "exec"), names)
    raise LookupError(f"{LAB}: no cell that begins with RATES")


def run(lab: dict[str, Any], clauses: int, epochs: int) -> None:
    """Train both heads, and print how all competitors do on the test part."""
    training, test = lab["draw"](lab["fresh"][0], clauses, 0), lab["test"]
    symbols = lab["vocabulary"](training)
    data = lab["encode"](training, symbols)
    answers = {
        "jieba": lab["by_jieba"](test),
        "longest match": lab["longest_match"](training, test),
    }
    for name in lab["LOSSES"]:
        tagger = lab["train"](name, data, len(symbols), 0, RATE, HIDDEN_SIZE, epochs)
        for rules in (False, True):
            answers[f"{name}, rules: {rules}"] = lab["answer"](tagger, test, symbols, rules)
    for name, found in answers.items():
        print(clauses, name, lab["judge"](found, test), flush=True)


if __name__ == "__main__":
    chosen = [int(number) for number in sys.argv[1:]] or RUNS
    names = definitions()
    for clauses in chosen:
        run(names, clauses, RUNS[clauses])

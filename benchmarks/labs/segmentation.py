"""The longer run beside the lab on word segmentation: more clauses, a wider network.

Run it with `python -m benchmarks.labs.segmentation`; it takes minutes, and prints a table.
"""

from pathlib import Path
from typing import Any

import jupytext

LAB = Path(__file__).resolve().parents[2] / "docs" / "en" / "labs" / "segmentation.py"
CLAUSES, HIDDEN_SIZE, EPOCHS, RATE = 20_000, 64, 3, 0.01


def definitions() -> dict[str, Any]:
    """Run the lab's cells up to the first that trains; return its names."""
    names: dict[str, Any] = {}
    for cell in jupytext.read(LAB).cells:
        if cell.cell_type == "code":
            if cell.source.startswith("RATES"):
                return names
            exec(compile(cell.source, str(LAB), "exec"), names)
    raise LookupError(f"{LAB}: no cell that begins with RATES")


def main() -> None:
    lab = definitions()
    training, test = lab["draw"](lab["fresh"][0], CLAUSES, 0), lab["test"]
    symbols = lab["vocabulary"](training)
    data = lab["encode"](training, symbols)
    print("longest match", lab["judge"](lab["longest_match"](training, test), test), flush=True)
    for name in lab["LOSSES"]:
        tagger = lab["train"](name, data, len(symbols), 0, RATE, HIDDEN_SIZE, EPOCHS)
        for rules in (False, True):
            found = lab["answer"](tagger, test, symbols, rules)
            print(name, "rules" if rules else "", lab["judge"](found, test), flush=True)


if __name__ == "__main__":
    main()

"""The longer run beside the lab on word segmentation: more clauses, a wider network.

`python -m benchmarks.labs.segmentation` takes the lab's own cells for data, network and measures;
it takes minutes, and prints the scores on the lab's test part.
"""

from pathlib import Path
from typing import Any

import jupytext

LAB = Path(__file__).resolve().parents[2] / "docs" / "en" / "labs" / "segmentation.py"
CLAUSES, EPOCHS, HIDDEN_SIZE, RATE = 20_000, 3, 64, 0.01


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
    """Train both heads, and print how all competitors do on the test part."""
    lab = definitions()
    training, test = lab["draw"](lab["fresh"][0], CLAUSES, 0), lab["test"]
    symbols = lab["vocabulary"](training)
    data = lab["encode"](training, symbols)
    answers = {
        "jieba": lab["by_jieba"](test),
        "longest match": lab["longest_match"](training, test),
    }
    for name in lab["LOSSES"]:
        tagger = lab["train"](name, data, len(symbols), 0, RATE, HIDDEN_SIZE, EPOCHS)
        for rules in (False, True):
            answers[f"{name}, rules: {rules}"] = lab["answer"](tagger, test, symbols, rules)
    for name, found in answers.items():
        print(name, lab["judge"](found, test))


if __name__ == "__main__":
    main()

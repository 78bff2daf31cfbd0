"""What the lab on rows of digits chose, and from what: error per digit on validation rows.

Prints the table that the lab's page records: python -m benchmarks.labs.digit_rows
"""

import contextlib
import io
from pathlib import Path
from typing import Any

import jupytext
import numpy as np

LAB = Path(__file__).parents[2] / "docs/en/labs/digit-rows.py"
GAPS = 2, -1, -2
# Hidden size, both directions, updates, learning rate.
TRIALS = (
    *((64, True, 200, rate) for rate in (0.01, 0.03, 0.1)),
    (32, True, 200, 0.03),
    (128, True, 200, 0.03),
    (64, False, 200, 0.03),
    (64, True, 600, 0.01),
    (64, False, 600, 0.01),
)


def definitions() -> dict[str, Any]:
    """Run the lab's cells that come before the training of its three networks."""
    cells = [cell.source for cell in jupytext.read(LAB).cells if cell.cell_type == "code"]
    training = next(k for k, source in enumerate(cells) if source.startswith("UPDATES"))
    decoding = next(source for source in cells if "import ctc_greedy" in source)
    scoring = [source for source in cells[training:] if source.startswith(("def edit", "@torch"))]
    lab: dict[str, Any] = {"__name__": "lab"}
    with contextlib.redirect_stdout(io.StringIO()):
        for source in (*cells[:training], decoding, *scoring):
            exec(source, lab)
    return lab


def validation_error(lab: dict[str, Any], fold: int, trial: tuple[int, bool, int, float]) -> float:
    """Train one network; return the mean of its errors on rows of each gap."""
    hidden_size, both, updates, rate = trial
    part = lab["split"](fold)
    network = lab["fresh"](lab["GRU"], fold, part.train, hidden_size, both)
    batches = lab["training_batches"](part.train, fold, updates)
    lab["fit"](network.parameters(), lambda batch: lab["with_torch"](network, batch), batches, rate)
    errors = []
    for gap in GAPS:
        rows = lab["draw_rows"](part.validation, 150, 1, (gap, gap), most=6)
        answers = lab["ctc_greedy"](*lab["log_probs_of"](network.eval(), rows))
        errors.append(lab["error_rate"](answers, rows))
    return float(np.mean(errors))


def main() -> None:
    """Print a Markdown table, a row per trial."""
    lab = definitions()
    print("| hidden size | directions | updates | learning rate | error | by split |")
    print("| --: | --: | --: | --: | --: | --: |")
    for trial in TRIALS:
        errors = [validation_error(lab, fold, trial) for fold in range(3)]
        hidden_size, both, updates, rate = trial
        by_split = " ".join(f"{100 * error:.0f}" for error in errors)
        cells = hidden_size, 1 + both, updates, rate, f"{np.mean(errors):.1%}", by_split
        print("| " + " | ".join(map(str, cells)) + " |", flush=True)


if __name__ == "__main__":
    main()

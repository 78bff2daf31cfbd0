"""The longer runs of the lab on pronunciation: `python -m benchmarks.labs.pronunciation`.

It takes the lab's own cells for data, model, training and measures, and trains for longer: 128
hidden features, four passes over the training part, three seeds.
"""

import ast
import time

import jupytext

from tools.site import ROOT

HIDDEN, PASSES, SEEDS = 128, 4, 3
RUNS = (("none", 0.0), ("dot", 0.0), ("additive", 0.0), ("additive", 0.5))


def definitions() -> dict:
    """Run the lab's cells up to its training; of those after it, only definitions."""
    names: dict = {}
    training = False
    for cell in jupytext.read(ROOT / "docs/en/labs/pronunciation.py").cells:
        training |= "## Training {" in cell.source
        if cell.cell_type == "code":
            body = ast.parse(cell.source)
            if training:
                kept = (ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
                body.body = [node for node in body.body if isinstance(node, kept)]
            exec(compile(body, "lab", "exec"), names)
    return names


def main() -> None:
    lab = definitions()
    words = {
        name: lab["tensors"](getattr(lab["parts"], name))
        for name in ("train", "validation", "test", "relatives")
    }
    strangers = lab["one_each"](lab["parts"].validation)
    for seed in range(SEEDS):
        for attention, share in RUNS:
            lab["torch"].manual_seed(seed)
            model = lab["Speller"](attention, HIDDEN)
            begin = time.process_time()
            lab["train_speller"](model, words["train"], seed, share, PASSES)
            seconds = time.process_time() - begin
            row = [f"{attention:8} {share} seed {seed} {seconds:4.0f} s"]
            for name in ("validation", "test", "relatives"):
                found = lab["errors"](
                    getattr(lab["parts"], name), lab["answers"](model, words[name])
                )
                row.append(f"{name} {found.phonemes:.1%} {found.words:.1%}")
            found = lab["errors"](strangers, lab["answers"](model, lab["tensors"](strangers)))
            row.append(f"strangers {found.phonemes:.1%} {found.words:.1%}")
            _, after = lab["gap"](lab["both_ways"](model, words["validation"]), words["validation"])
            row.append("after an error {:.1%} {:.1%}".format(*after))
            print(" | ".join(row), flush=True)


if __name__ == "__main__":
    main()

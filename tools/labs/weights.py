"""Publish the weights that a lab keeps for the demo on its page, as a file next to the page."""

import json
from pathlib import Path

import nbformat
from mkdocs.structure.pages import Page

WEIGHTS = "application/vnd.rnn-tutorial.weights+json"  # as in docs/labs/common.py


def write_weights(page: Page) -> None:
    """Write what a lab's cells have handed to `keep` into NAME.json, beside NAME.html."""
    notebook = nbformat.read(page.file.abs_src_path, as_version=4)
    kept: dict[str, object] = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            kept |= output.get("data", {}).get(WEIGHTS, {})
    if kept:
        target = Path(page.file.abs_dest_path).with_suffix(".json")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps(kept, separators=(",", ":")), encoding="utf-8")

"""A figure as a PNG, for notebooks: drawn once, and kept in `.cache/` until its code changes.

`python -m tools.pictures` draws all of them, which `make site` does while it builds the editions:
each would otherwise draw them at its end, where nothing else is left to do.
"""

import hashlib
import os
from functools import cache
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from tools.figures import names, target
from tools.site import ROOT

CACHE = ROOT / ".cache" / "pictures"


@cache
def figure_png(figure: Path) -> bytes | None:
    """Draw a figure again, on paper whatever the notebook's theme, twice as large as it is shown.

    Returns None for a picture that is no figure of `tools/figures`.
    """
    name = figure.stem.replace("-", "_")
    if name not in names():
        return None
    stored = CACHE / f"{name}-{_key()[:16]}.png"
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / f"{name}.lock"):  # another build may be drawing it just now
        if not stored.is_file():
            from tools.figures.drawing import drawn_png  # with torch and matplotlib: seconds

            temporary = stored.with_suffix(".half")
            temporary.write_bytes(drawn_png(name))
            os.replace(temporary, stored)  # in one step: a build that is stopped leaves no half
    return stored.read_bytes()


@cache
def _key() -> str:
    """Hash all that a picture comes from: the figures, what they draw from, what draws them."""
    sources = [*ROOT.glob("tools/figures/*.py"), *ROOT.glob("rnn_tutorial/*.py")]
    versions = "".join(version(package) for package in ("matplotlib", "pillow", "torch"))
    digest = hashlib.sha256(versions.encode())
    for source in sorted(sources):
        digest.update(source.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: the editions need the others
    for figure in names():
        figure_png(target(figure))

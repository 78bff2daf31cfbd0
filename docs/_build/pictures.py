"""A figure as a PNG, for notebooks: drawn once, and remembered in `.cache/` until its code changes."""

import hashlib
import io
import os
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

import matplotlib
from matplotlib.text import Text
from PIL import Image

from docs._build.figures import module
from docs._build.figures.style import RC
from docs._build.site import ROOT

CACHE = ROOT / ".cache" / "pictures"
SYMBOL = re.compile(r"([A-Za-z])_(?:\{([^}]*)\}|(\w))")


@cache
def figure_png(name: str) -> tuple[bytes, int]:
    """Draw a figure, on paper whatever the notebook's theme, twice as large as it will be shown.

    Returns the picture and the width to show it at.
    """
    stored = CACHE / f"{name}-{_key()[:16]}.png"
    if not stored.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        temporary = stored.with_suffix(f".{os.getpid()}")  # others may be drawing it, too
        temporary.write_bytes(drawn_png(name))
        os.replace(temporary, stored)
    picture = stored.read_bytes()
    return picture, Image.open(io.BytesIO(picture)).width // 2


def drawn_png(name: str) -> bytes:
    """Draw a figure in twice the size it is shown at."""
    drawn, small = io.BytesIO(), io.BytesIO()
    with matplotlib.rc_context({**RC, "mathtext.fontset": "dejavusans"}):
        figure = module(name).draw()
        for text in figure.findobj(Text):
            set_subscripts(text)
        figure.savefig(drawn, format="png", dpi=144)
    picture = Image.open(drawn).convert("RGB")
    # A third of the size, and no colour off by more than seven of 255 steps.
    few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(small, format="png", optimize=True)
    return small.getvalue()


def set_subscripts(text: Text) -> None:
    """Set s_{t-1} and x_t as a letter with a subscript, as the SVG of the figure does."""
    formula = SYMBOL.sub(lambda found: f"${found[1]}_{{{found[2] or found[3]}}}$", text.get_text())
    if formula != text.get_text():
        text.set(text=formula, parse_math=True)


@cache
def _key() -> str:
    """Hash all that a picture comes from: the figures, what they draw from, what draws them."""
    sources = [Path(__file__), *sorted(ROOT.glob("docs/_build/figures/*.py"))]
    sources += sorted(ROOT.glob("rnn_tutorial/*.py"))
    versions = "".join(version(package) for package in ("matplotlib", "pillow", "torch"))
    digest = hashlib.sha256(versions.encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()

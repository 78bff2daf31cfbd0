"""Draw a figure: as an SVG for the site, as a PNG for notebooks."""

import io
import re

import matplotlib
from matplotlib.text import Text
from PIL import Image

from tools.figures import module
from tools.figures.style import RC
from tools.figures.tidy import tidy

SYMBOL = re.compile(r"([A-Za-z])_(?:\{([^}]*)\}|(\w))")


def drawn_svg(name: str) -> str:
    """Draw a figure and return it as the text of an SVG file."""
    buffer = io.StringIO()
    with matplotlib.rc_context({**RC, "svg.hashsalt": name}):
        module(name).draw().savefig(buffer, format="svg", metadata={"Date": None})
    return tidy(buffer.getvalue())


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

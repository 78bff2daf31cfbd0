"""Draw the picture of a link preview: `python -m tools.social_card`."""

import io
import re
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from tools.figures.style import LD, MUTED, RC, E, H, N, T, text
from tools.figures.unrolled import unrolled
from tools.logo import MARK
from tools.palette import PALETTE

TARGET = Path(__file__).parents[1] / "docs" / "assets" / "social-card.png"
WIDTH, HEIGHT, DPI = 720, 378, 120  # 1200 x 630 pixels, what link previews expect

SUBSCRIPTS = dict(zip("01234n", "₀₁₂₃₄ₙ", strict=True))


def draw() -> Figure:
    """Draw the unrolled network below the course's name, under the band of the axis colours."""
    figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), dpi=DPI)
    sheet = figure.add_axes((0, 0, 1, 1))
    sheet.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    sheet.set_axis_off()
    for index, color in enumerate((N, T, E, H, LD)):
        sheet.axvspan(index * WIDTH / 5, (index + 1) * WIDTH / 5, 1 - 8 / HEIGHT, 1, color=color)
    text(sheet, (WIDTH / 2, 40), "Recurrent networks in PyTorch, checked", size=27, bold=True)
    text(
        sheet, (WIDTH / 2, 70), "nn.RNN, rebuilt; every block, output and number is executed", MUTED
    )
    left, height = (WIDTH - 520) / 2, 292
    network = figure.add_axes((left / WIDTH, 0, 520 / WIDTH, height / HEIGHT))
    network.set(xlim=(0, 520), ylim=(height, 0))
    network.set_axis_off()
    unrolled(network)
    for label in network.texts:  # in an SVG, figures/__init__.py sets subscripts
        label.set_text(re.sub(r"_(.)", lambda found: SUBSCRIPTS[found[1]], label.get_text()))
    mark(sheet, WIDTH - 72, HEIGHT - 68)
    return figure


def mark(ax: Axes, x: float, y: float) -> None:
    """Draw the course's mark, as a signature."""
    for bar in MARK:
        corner = (x + bar.x, y + bar.y)
        shape = f"round,pad=0,rounding_size={bar.radius}" if bar.radius else "square,pad=0"
        color = PALETTE[bar.axis]
        patch = FancyBboxPatch(
            corner, bar.width, bar.height, boxstyle=shape, facecolor=color, edgecolor="none"
        )
        ax.add_patch(patch)


def render() -> bytes:
    """Return the card as the bytes of a PNG file, without a date or a version in them."""
    buffer = io.BytesIO()
    with matplotlib.rc_context(RC):
        draw().savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


if __name__ == "__main__":
    TARGET.write_bytes(render())

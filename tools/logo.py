"""Draw the course's mark, a cell at three steps, as logo and favicon: `python -m tools.logo`.

All edges lie on even numbers of a 32-pixel grid, and so on whole pixels of a 16-pixel one.
"""

import io
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

from tools.palette import PALETTE

ROOT = Path(__file__).parents[1]
SIZE = 32  # of the grid
PNG_SIZE = 48
# The dark scheme of site.css: a favicon cannot read a style sheet.
DARK = {"h": "#8ab4f8", "t": "#e3ae4f", "e": "#72c68c"}


class Bar(NamedTuple):
    """A rectangle with round corners, in the colour of an axis."""

    axis: str
    x: int
    y: int
    width: int
    height: int
    radius: int


STEPS = (0, 12, 24)
MARK = [
    *(Bar("h", x, 4, 8, 12, 2) for x in STEPS),  # states
    *(Bar("t", x + 8, 8, 4, 4, 0) for x in STEPS[:-1]),  # handed on
    *(Bar("e", x, 20, 8, 8, 2) for x in STEPS),  # inputs
]


def logo() -> str:
    """Return the logo: an icon of the theme, inlined, so that it follows the reader's scheme."""
    fills = {axis: f'style="fill: var(--axis-{axis}, {PALETTE[axis]})"' for axis in DARK}
    return _svg("".join(_paths(fills)))


def favicon() -> str:
    """Return the favicon, which follows the scheme of the browser."""
    light = "".join(f".{axis}{{fill:{PALETTE[axis]}}}" for axis in DARK)
    dark = "".join(f".{axis}{{fill:{color}}}" for axis, color in DARK.items())
    style = f"<style>{light}@media(prefers-color-scheme:dark){{{dark}}}</style>"
    return _svg(style + "".join(_paths({axis: f'class="{axis}"' for axis in DARK})))


def favicon_png() -> bytes:
    """Return the favicon on paper, for browsers that take no SVG."""
    fine = 4 * PNG_SIZE
    picture = Image.new("RGBA", (fine, fine))
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((0, 0, fine - 1, fine - 1), fine // 8, fill=PALETTE["paper"])
    unit, margin = fine / (SIZE + 8), 4
    for bar in MARK:
        left, top = (bar.x + margin) * unit, (bar.y + margin) * unit
        right, bottom = left + bar.width * unit - 1, top + bar.height * unit - 1
        draw.rounded_rectangle(
            (left, top, right, bottom), bar.radius * unit, fill=PALETTE[bar.axis]
        )
    small = io.BytesIO()
    picture.resize((PNG_SIZE, PNG_SIZE), Image.Resampling.BOX).save(small, format="png")
    return small.getvalue()


def _paths(attributes: dict[str, str]) -> list[str]:
    """Write one path an axis, with the attributes that colour it."""
    return [
        f'<path {attribute} d="{"".join(_outline(bar) for bar in MARK if bar.axis == axis)}"/>'
        for axis, attribute in attributes.items()
    ]


def _outline(bar: Bar) -> str:
    _, x, y, width, height, radius = bar
    if not radius:
        return f"M{x} {y}h{width}v{height}h-{width}z"
    across, down, r = width - 2 * radius, height - 2 * radius, radius
    return (
        f"M{x + r} {y}h{across}a{r} {r} 0 0 1 {r} {r}v{down}a{r} {r} 0 0 1-{r} {r}"
        f"h-{across}a{r} {r} 0 0 1-{r}-{r}v-{down}a{r} {r} 0 0 1 {r}-{r}z"
    )


def _svg(content: str) -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}">{content}</svg>\n'


TARGETS = {
    ROOT / "tools/theme/.icons/course/logo.svg": lambda: logo().encode(),
    ROOT / "docs/assets/favicon.svg": lambda: favicon().encode(),
    ROOT / "docs/assets/favicon.png": favicon_png,
}

if __name__ == "__main__":
    for path, draw in TARGETS.items():
        path.write_bytes(draw())
        print(path.name)

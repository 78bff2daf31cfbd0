"""The visual language of the figures: palette, type, and a few things to draw with.

A figure is drawn on a canvas whose unit is a CSS pixel, x to the right and y down. Keep it at most
`WIDTH` wide: then its smallest text is still 9.5 px on a phone of 390 px, a subscript 8 px. Text
may hold `s_{t-1}` or `x_t`, which is set as a subscript. Each axis has one colour everywhere: N, T,
E, H, LD.
"""

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle
from torch import Tensor

from tools.figures.palette import PALETTE

INK, MUTED, LINE, PAPER = (PALETTE[name] for name in ("ink", "muted", "line", "paper"))
N, T, E, H, LD, NEG = (PALETTE[name] for name in ("n", "t", "e", "h", "ld", "neg"))

WIDTH = 520
SIZE = 13.5  # of text
TINT = 0.45  # opacity of the largest value in a heat map: ink on it stays readable
RC = {
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": SIZE,
    "axes.linewidth": 1,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.dpi": 72,
    "figure.facecolor": PAPER,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the layout is the same everywhere
    "font.size": SIZE,
    "grid.color": LINE,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "path.simplify": False,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "text.color": INK,
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
}


class Box(NamedTuple):
    """A rectangle on the canvas, and the points where arrows meet it."""

    x: float
    y: float
    width: float
    height: float

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def left(self) -> tuple[float, float]:
        return self.x, self.center[1]

    @property
    def right(self) -> tuple[float, float]:
        return self.x + self.width, self.center[1]

    @property
    def top(self) -> tuple[float, float]:
        return self.center[0], self.y

    @property
    def bottom(self) -> tuple[float, float]:
        return self.center[0], self.y + self.height


def canvas(height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Start a figure; returns it and axes in pixels, origin at the top left."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    return figure, ax


def plot_axes(
    figure: Figure, x: float, y: float, width: float, height: float, log: str = ""
) -> Axes:
    """Add axes for an ordinary plot, placed in pixels; tick labels lie outside of that area.

    `log` names the logarithmic axes: "x", "y" or "xy".
    """
    total_width, total_height = figure.get_size_inches() * 72
    bottom = total_height - y - height
    ax = figure.add_axes(
        (x / total_width, bottom / total_height, width / total_width, height / total_height)
    )
    for name in log:
        ax.set(**{f"{name}scale": "log"})
        getattr(ax, f"{name}axis").set_major_formatter(lambda value, _: power(value))
        getattr(ax, f"{name}axis").set_minor_formatter("")
    return ax


def power(value: float) -> str:
    """Format a tick of a logarithmic axis: 100, but 10⁻⁷."""
    if 0.01 <= value <= 10_000:
        return f"{value:g}"
    digits, exponent = f"{value:.0e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{raised}" if digits == "1" else f"{digits}·10{raised}"


def text(
    ax: Axes,
    at: tuple[float, float],
    label: str,
    color: str = INK,
    align: str = "center",
    size: float = SIZE,
    bold: bool = False,
    rotation: float = 0,
) -> None:
    """Write one line, vertically centred on `at`; `align` is "left", "center" or "right"."""
    # By hand, from the baseline: 0.36 em puts the middle of capitals and digits on `at`.
    x, y = at
    dx, dy = (0.36 * size, 0) if rotation else (0, 0.36 * size)
    ax.text(
        x + dx,
        y + dy,
        label,
        color=color,
        ha=align,
        va="baseline",
        size=size,
        weight="bold" if bold else "normal",
        rotation=rotation,
        rotation_mode="anchor",
    )


def number(value: float, digits: int = 1) -> str:
    """Format with a true minus sign, and without the sign of a rounded zero."""
    formatted = f"{value:.{digits}f}"
    return formatted.removeprefix("-") if float(formatted) == 0 else formatted.replace("-", "−")


def heat_map(
    ax: Axes,
    values: Tensor,
    x: float,
    y: float,
    color: str = H,
    cell: tuple[float, float] = (34, 20),
    digits: int | None = 1,
    scale: float | None = None,
) -> Box:
    """Draw a matrix (or a vector, as one row): tint for magnitude, `NEG` for negative values.

    `scale` is the magnitude of the full tint, by default the largest one; `digits=None` leaves the
    numbers out. Returns the box around all cells.
    """
    rows = values.detach().reshape(-1, values.shape[-1]).tolist()
    scale = scale or max(abs(value) for row in rows for value in row) or 1.0
    width, height = cell
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            at = (x + j * width, y + i * height)
            tint = color if value >= 0 else NEG
            alpha = TINT * min(abs(value) / scale, 1)
            ax.add_patch(
                Rectangle(
                    at, width, height, facecolor=(tint, alpha), edgecolor="none", clip_on=False
                )
            )
            if digits is not None:
                center = (at[0] + width / 2, at[1] + height / 2)
                text(ax, center, number(value, digits), size=min(13, 0.74 * height))
    box = Box(x, y, width * len(rows[0]), height * len(rows))
    return frame(ax, box, color)


def frame(ax: Axes, box: Box, color: str = MUTED, fill: bool = False, label: str = "") -> Box:
    """Draw the outline of a box, on request with a faint fill and a label in its middle."""
    ax.add_patch(
        FancyBboxPatch(
            (box.x, box.y),
            box.width,
            box.height,
            boxstyle="round,pad=0,rounding_size=2",
            facecolor=(color, 0.09) if fill else "none",
            edgecolor=color,
            linewidth=1.2,
            clip_on=False,
        )
    )
    if label:
        text(ax, box.center, label)
    return box


def tensor_box(
    ax: Axes,
    box: Box,
    label: str,
    rows: tuple[str, str],
    columns: tuple[str, str],
    depth: tuple[str, str] | None = None,
) -> Box:
    """Draw a tensor as a box whose axes are (name, colour): rows left, columns on top.

    A third axis, `depth`, is drawn as sheets behind the box. Returns `box`.
    """
    if depth is not None:
        right, bottom = box.x + box.width, box.y + box.height
        for out in (6, 12):  # only the edges that the box in front does not hide
            xs = [box.x + out, box.x + out, right + out, right + out, right + out - 6]
            ys = [box.y - out + 6, box.y - out, box.y - out, bottom - out, bottom - out]
            ax.plot(xs, ys, color=depth[1], linewidth=1.2, clip_on=False)
        text(ax, (right + 18, box.y - 8), depth[0], depth[1], align="left", bold=True)
    frame(ax, box, columns[1], fill=True, label=label)
    axis(ax, box, "left", *rows)
    axis(ax, box, "top" if depth is None else "bottom", *columns)
    return box


def axis(ax: Axes, box: Box, side: str, label: str, color: str, gap: float = 6) -> None:
    """Name an axis of a box: a coloured rule along its "left", "right", "top" or "bottom"."""
    (x, y), (cx, cy) = getattr(box, side), box.center
    vertical = side in ("left", "right")
    outward = -1 if side in ("left", "top") else 1
    x, y = (x + outward * gap, y) if vertical else (x, y + outward * gap)
    ends = ([x, x], [box.y, box.bottom[1]]) if vertical else ([box.x, box.right[0]], [y, y])
    ax.plot(*ends, color=color, linewidth=2.5, solid_capstyle="round", clip_on=False)
    if vertical:
        text(ax, (x + outward * 11, cy), label, color, bold=True, rotation=90)
    else:
        text(ax, (cx, y + outward * 12), label, color, bold=True)


def arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str = MUTED,
    bend: float = 0,
    gap: float = 3,
) -> None:
    """Draw an arrow from point to point, a `gap` short of both; `bend` curves it."""
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_length=5,head_width=2.6",
            mutation_scale=1,
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=gap,
            shrinkB=gap,
            color=color,
            linewidth=1.4,
            clip_on=False,
        )
    )


def operator(ax: Axes, at: tuple[float, float], label: str = "+", radius: float = 9) -> Box:
    """Draw an operation as a small circle; returns its bounding box."""
    ax.add_patch(
        Circle(at, radius, facecolor="none", edgecolor=MUTED, linewidth=1.2, clip_on=False)
    )
    text(ax, at, label)
    return Box(at[0] - radius, at[1] - radius, 2 * radius, 2 * radius)

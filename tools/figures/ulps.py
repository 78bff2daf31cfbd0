"""The floats between one half and four, of a type of eight bits: their bits count them in order."""

import torch
from matplotlib.figure import Figure

from tools.figures.style import INK, MUTED, canvas, text

FIRST, LAST = 56, 68  # the bits of 0.5 and of 4.0, read as integers


def draw() -> Figure:
    codes = torch.arange(FIRST, LAST + 1, dtype=torch.uint8)
    values = codes.view(torch.float8_e5m2).float()  # one sign, five exponent, two fraction bits

    figure, ax = canvas(height=148)
    left, unit, line, row = 26.0, 134.0, 62, 116
    pitch = (values[-1] - values[0]).item() * unit / (len(codes) - 1)
    ax.plot([left, left + 3.5 * unit], [line, line], color=INK, linewidth=1.4)
    for index, (code, value) in enumerate(zip(codes.tolist(), values.tolist(), strict=True)):
        x, below = left + (value - 0.5) * unit, left + index * pitch
        power = value in (0.5, 1.0, 2.0, 4.0)
        ax.plot(
            [x, x], [line - (12 if power else 7), line], color=INK, linewidth=2 if power else 1.4
        )
        ax.plot([x, below], [line + 5, row - 13], color=MUTED, linewidth=0.8)
        text(ax, (below, row), str(code), size=13)
        if power:
            text(ax, (x, line - 26), f"{value:g}", bold=True)
    text(ax, (left - 12, 12), "float", MUTED, align="left")
    text(ax, (left - 12, 138), "its bits, read as an integer", MUTED, align="left")
    return figure

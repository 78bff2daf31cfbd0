"""One step of a GRU in numbers: two gates, a candidate, and the mixture of old and new."""

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn

from rnn_tutorial import gru_cell
from tools.figures.style import LINE, MUTED, Box, H, arrow, canvas, frame, heat_map, text

CELL, LEFTS = (38, 20), (56, 228, 400)


def row(ax: Axes, column: int, y: float, values: Tensor, label: str) -> Box:
    """Draw three numbers in a column, the name on their left; all rows share one scale."""
    box = heat_map(ax, values, LEFTS[column], y, H, CELL, scale=1.5)
    text(ax, (box.x - 6, box.left[1]), label, align="right", size=13)
    return box


def bend(ax: Axes, above: Box, name: str, below: Box) -> None:
    """Draw an activation between two rows."""
    middle = (above.bottom[1] + below.y) / 2
    box = frame(ax, Box(above.center[0] - 23, middle - 11, 46, 22), fill=True, label=name)
    arrow(ax, above.bottom, box.top)
    arrow(ax, box.bottom, below.top)


def draw() -> Figure:
    torch.manual_seed(4)
    cell = nn.GRUCell(5, 3).requires_grad_(False)
    x, h = 2 * torch.randn(1, 5), torch.tensor([[0.9, -0.6, 0.4]])
    read = (x @ cell.weight_ih.T + cell.bias_ih).chunk(3, dim=1)
    kept = (h @ cell.weight_hh.T + cell.bias_hh).chunk(3, dim=1)
    r, z = (torch.sigmoid(read[i] + kept[i]) for i in (0, 1))
    n = torch.tanh(read[2] + r * kept[2])

    figure, ax = canvas(height=318)
    for column, (title, symbol) in enumerate((("reset", "r"), ("update", "z"), ("candidate", "n"))):
        text(ax, (LEFTS[column] + 57, 14), f"{title}  {symbol}", H, bold=True)
    for column, (gate, symbol) in enumerate(((r, "r"), (z, "z"))):
        row(ax, column, 32, read[column], "read")
        above = row(ax, column, 60, kept[column], "+ kept")
        bend(ax, above, "σ", row(ax, column, 178, gate, symbol))
    row(ax, 2, 32, kept[2], "kept")
    row(ax, 2, 60, r, "× r")
    above = row(ax, 2, 88, read[2], "+ read")
    bend(ax, above, "tanh", row(ax, 2, 178, n, "n"))

    ax.plot([4, 516], [222, 222], color=LINE, linewidth=1.2)
    for column, title in enumerate(("old state", "candidate", "new state")):
        text(ax, (LEFTS[column] + 57, 242), title, MUTED, bold=True)
    row(ax, 0, 258, h, "h_{t-1}")
    row(ax, 0, 286, z, "× z")
    row(ax, 1, 258, n, "+ n")
    row(ax, 1, 286, 1 - z, "× 1−z")
    row(ax, 2, 272, gru_cell(x, h, **cell.state_dict()), "=  h_t")
    return figure

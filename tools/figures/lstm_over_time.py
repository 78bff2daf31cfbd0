"""An LSTM with gates set by hand: its cell state as a belt through time, one gate at a time."""

from functools import partial
from typing import Any

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import lstm_cell, run_steps
from tools.figures.style import MUTED, NEG, Box, E, H, T, arrow, canvas, heat_map, number, text

STEPS, LEFT, CELL = 20, 96, 20
STORE, ASK = (2, 12), (9, 19)  # the steps with a mark, counted from zero
OPEN, SHUT = 1000.0, -1000.0  # sigmoid gives exactly 1 and 0


def inputs() -> Tensor:
    """Return (T, 3): a number, a mark where it is to be stored, a mark where c is asked for."""
    torch.manual_seed(0)
    x = torch.zeros(STEPS, 3)
    x[:, 0] = torch.randn(STEPS)
    x[STORE, 0] = torch.tensor([1.0, -1.0])
    x[STORE, 1] = 1
    x[ASK, 2] = 1
    return x


def network(panel: int) -> dict[str, Any]:
    """Set an LSTM by hand; in panel 1 no gate looks at the input, in panel 4 all three do."""
    weights = {"weight_ih": torch.zeros(4, 3), "weight_hh": torch.zeros(4, 1)}
    i, f, g, o = weights["weight_ih"]  # views: one row per gate
    bias = torch.tensor([OPEN, OPEN, 0, OPEN])
    g[0] = 1
    if panel > 1:
        bias[0], i[1] = SHUT, OPEN - SHUT
    if panel > 2:
        f[1] = SHUT - OPEN
    if panel > 3:
        bias[3], o[2] = SHUT, OPEN - SHUT
    return {**weights, "bias_ih": bias}


def draw() -> Figure:
    x = inputs()
    figure, ax = canvas(height=404)
    titles = (
        "all gates open: every number is added",
        "+ input gate: only a marked step is written",
        "+ forget gate: a marked step erases first",
        "+ output gate: shown when asked",
    )
    for panel, (title, top) in enumerate(zip(titles, (4, 76, 148, 220), strict=True), start=1):
        weights = network(panel)
        start = torch.zeros(1, 1), torch.zeros(1, 1)
        states = run_steps(partial(lstm_cell, **weights), x[:, None], start)
        gates = torch.sigmoid(x @ weights["weight_ih"].T + weights["bias_ih"])
        text(ax, (LEFT, top + 8), title, MUTED, "left")
        shown = top + 22
        if panel == 4:
            h = torch.cat([h for h, _ in states], dim=1)
            row(ax, h, "h_t", shown, H, bold=True)
            valves(ax, gates[:, 3], "o_t", shown + 18)
            shown += 36
        c = torch.cat([c for _, c in states], dim=1)
        belt(ax, c, gates[:, 1], shown)
        valves(ax, gates[:, 0], "i_t", shown + 18)
        for t in (7, 16) if panel > 1 else ():
            at = (LEFT + (t + 0.5) * CELL, shown + 9)
            text(ax, at, number(c[0, t].item(), digits=2), size=13)
    top = 316
    for label, values in zip(("number", "store", "ask"), x.T, strict=True):
        row(ax, values[None], label, top, E)
        top += 18
    text(ax, (14, top - 27), "x_t", E, bold=True)
    for t in (1, 5, 10, 15, 20):
        text(ax, (LEFT + (t - 0.5) * CELL, top + 12), str(t), T, size=13)
    text(ax, (LEFT - 8, top + 12), "t", T, "right", bold=True)
    return figure


def row(ax: Axes, values: Tensor, label: str, top: float, colour: str, bold: bool = False) -> Box:
    text(ax, (LEFT - 8, top + 9), label, colour, "right", bold=bold)
    return heat_map(ax, values, LEFT, top, colour, (CELL, 18), digits=None, scale=1)


def belt(ax: Axes, c: Tensor, forget: Tensor, top: float) -> None:
    """Draw the cell state of all steps as one belt; a closed forget gate cuts it."""
    box = row(ax, c, "c_t", top, H, bold=True)
    arrow(ax, box.right, (box.right[0] + 16, box.right[1]), H, gap=1)
    for t, gate in enumerate(forget.tolist()):
        if gate == 0:
            x = LEFT + t * CELL
            ax.plot([x, x], [top - 5, top + 23], color=NEG, linewidth=3, clip_on=False)


def valves(ax: Axes, gate: Tensor, label: str, top: float) -> None:
    """Draw a pipe per step: an arrow where the gate is open, a bar where it is closed."""
    text(ax, (LEFT - 8, top + 9), label, MUTED, "right", size=13)
    for t, value in enumerate(gate.tolist()):
        x = LEFT + (t + 0.5) * CELL
        if value == 1:
            arrow(ax, (x, top + 17), (x, top), gap=1)
        else:
            ax.plot([x - 6, x + 6], [top + 9, top + 9], color=MUTED, linewidth=2)

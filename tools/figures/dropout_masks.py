"""Masks of dropout over the steps of one sequence: drawn at each step, or once for all steps."""

import torch
from matplotlib.figure import Figure
from torch import Tensor

from tools.figures.style import Box, E, T, axis, canvas, heat_map, text

STEPS, FEATURES, SIDE = 8, 10, 20
LEFTS, TOP = (40, 304), 62


def drawn(shared: bool) -> Tensor:
    """Return the masks (T, E) of one sequence, at p of a half: locked if one step is shared."""
    torch.manual_seed(2)
    return 2.0 * (torch.rand(1 if shared else STEPS, FEATURES) >= 0.5).expand(STEPS, FEATURES)


def draw() -> Figure:
    figure, ax = canvas(height=236)
    for left, title, shared in zip(LEFTS, ("fresh", "locked"), (False, True), strict=True):
        box: Box = heat_map(ax, drawn(shared), left, TOP, E, (SIDE, SIDE), digits=None)
        text(ax, (box.center[0], 14), title, bold=True)
        axis(ax, box, "top", "E", E)
        axis(ax, box, "left", "T", T)
    return figure

"""One product instead of two: the joined row meets the stacked weights, block by block."""

import torch
from matplotlib.figure import Figure

from rnn_tutorial import joined_memory_step
from tools.figures.style import INK, MUTED, Box, E, H, N, axis, canvas, frame, heat_map, text


def draw() -> Figure:
    torch.manual_seed(0)
    x_t, state = torch.randn(4, 5), torch.randn(4, 6)
    w_input, w_state = torch.randn(5, 6), torch.randn(6, 6)
    result = joined_memory_step(x_t, state, torch.cat([w_input, w_state]))

    figure, ax = canvas(height=378)
    cell, gap, left, top = (22, 20), 5, 40, 24
    bottom = top + 11 * cell[1] + gap + 22  # the joined row lies below the weights,
    right = left + 11 * cell[0] + gap + 48  # so that each entry of s_t lies where both meet
    weights = max(w_input.abs().max().item(), w_state.abs().max().item())

    inputs = heat_map(ax, x_t, left, bottom, E, cell, digits=None)
    states = heat_map(ax, state, inputs.right[0] + gap, bottom, H, cell, digits=None)
    upper = heat_map(ax, w_input, right, top, H, cell, digits=None, scale=weights)
    lower = heat_map(ax, w_state, right, upper.bottom[1] + gap, H, cell, digits=None, scale=weights)
    output = heat_map(ax, result, right, bottom, H, cell, digits=None)

    axis(ax, inputs, "left", "N = 4", N)
    axis(ax, inputs, "bottom", "E = 5", E)
    axis(ax, states, "bottom", "H = 6", H)
    axis(ax, upper, "left", "E = 5", E)
    axis(ax, lower, "left", "H = 6", H)
    axis(ax, upper, "top", "H = 6", H)
    for box, label, color in ((inputs, "x_t", E), (states, "s_{t-1}", H)):
        text(ax, (box.center[0], bottom - 11), label, color, bold=True)
    for box, label in ((upper, "W_1"), (lower, "W_2"), (output, "s_t")):
        text(ax, (box.right[0] + 10, box.center[1]), label, H, align="left", bold=True)

    row, column = bottom + 1 * cell[1], right + 4 * cell[0]  # one entry, and all that it needs
    for part in (inputs, states, output):
        x, width = (column, cell[0]) if part == output else (part.x, part.width)
        frame(ax, Box(x, row, width, cell[1]), INK)
    for part in (upper, lower):
        frame(ax, Box(column, part.y, cell[0], part.height), INK)
    for line, (words, color) in enumerate(
        (
            ("One entry of s_t is one sum:", MUTED),
            ("5 products of x_t and W_1,", E),
            ("6 products of s_{t-1} and W_2.", H),
        )
    ):
        text(ax, (left, top + 70 + 24 * line), words, color, align="left")
    return figure

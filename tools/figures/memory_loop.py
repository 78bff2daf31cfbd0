"""The linear memory, unrolled: each state is made of this step's input and the last state."""

import torch
from matplotlib.figure import Figure

from rnn_tutorial import memory_step
from tools.figures.style import E, H, arrow, axis, canvas, heat_map, operator, text


def draw() -> Figure:
    torch.manual_seed(0)
    x, w_input, w_state = torch.randn(1, 4, 5), torch.randn(5, 6), torch.randn(6, 6)
    w_state = w_state / torch.linalg.matrix_norm(w_state, ord=2)  # as in the chapter: no growth
    states = [torch.zeros(1, 6)]
    for x_t in x.unbind(dim=1):
        states.append(memory_step(x_t, states[-1], w_input, w_state))

    figure, ax = canvas(height=290)
    top, pitch, cell, x_top = 24, 110.5, (42, 18), 170
    largest = torch.stack(states).abs().max().item()
    columns = []
    for t, state in enumerate(states):
        left = 34 + t * pitch
        column = heat_map(ax, state.reshape(6, 1), left, top, H, cell, scale=largest)
        columns.append(column)
        text(ax, (column.top[0], 10), f"s_{t}", H, bold=True)
        if t == 0:
            axis(ax, column, "left", "H = 6", H)
            continue
        at = (left - (pitch - cell[0]) / 2, column.left[1])
        sum_ = operator(ax, at)
        x_t, x_left = x[0, t - 1].reshape(5, 1), at[0] - cell[0] / 2
        inputs = heat_map(ax, x_t, x_left, x_top, E, cell, scale=x.abs().max().item())
        arrow(ax, columns[t - 1].right, sum_.left)
        arrow(ax, sum_.right, column.left)
        arrow(ax, inputs.top, sum_.bottom)
        text(ax, (at[0] - 21, at[1] - 13), "W_2", size=13)
        text(ax, (at[0] + 5, at[1] + 40), "W_1", size=13, align="left")
        text(ax, (at[0], x_top + 5 * cell[1] + 13), f"x_{t}", E, bold=True)
        if t == 1:
            axis(ax, inputs, "left", "E = 5", E)
    return figure

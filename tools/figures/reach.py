"""Which states change with the second input: directions joined in every layer, or two stacks."""

from collections.abc import Callable
from typing import TypeAlias

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from rnn_tutorial import rnn
from tools.figures.style import MUTED, E, H, T, canvas, heat_map, text

LAYERS, STEPS, HIDDEN = 4, 4, 6
CELL = (36, 13)  # of the states of one direction at a step
TOP, STEP, LAYER = 34, 44, 42
Network: TypeAlias = Callable[[Tensor, dict[str, Tensor], int], Tensor]


def joined(x: Tensor, parameters: dict[str, Tensor], layers: int) -> Tensor:
    return rnn(x, parameters, None, layers, num_directions=2)[0]


def two_stacks(x: Tensor, parameters: dict[str, Tensor], layers: int) -> Tensor:
    """Run two networks of one direction, on the half of each weight that reads their own."""
    halves = []
    for suffix, own in (("", slice(HIDDEN)), ("_reverse", slice(HIDDEN, None))):
        picked = {}
        for name in [name for name in parameters if "_reverse" not in name]:
            value = parameters[name + suffix]
            above = name.startswith("weight_ih") and not name.endswith("_l0")
            picked[name] = value[:, own] if above else value
        output, _ = rnn(x.flip(1) if suffix else x, picked, num_layers=layers)
        halves.append(output.flip(1) if suffix else output)
    return torch.cat(halves, dim=2)


def changes(network: Network, x: Tensor, parameters: dict[str, Tensor]) -> list[Tensor]:
    """Say for each layer which steps change with input two: (2, T), forward and reverse."""
    other = x.clone()
    other[:, 1] += 1.0
    found = []
    for layers in range(1, LAYERS + 1):
        apart = network(x, parameters, layers) != network(other, parameters, layers)
        found.append(apart[0].unflatten(1, (2, HIDDEN)).any(dim=2).T)
    return found


def panel(ax: Axes, left: float, title: str, layers: list[Tensor]) -> None:
    """Draw a grid of states, layers upwards, and below it the input, of which one step changes."""
    text(ax, (left + (STEPS * STEP - STEP + CELL[0]) / 2, 12), title, bold=True)
    for layer, rows in enumerate(layers):
        top = TOP + (LAYERS - 1 - layer) * LAYER
        for direction, (row, arrow) in enumerate(zip(rows, "→←", strict=True)):
            y = top + direction * (CELL[1] + 3)
            text(ax, (left - 12, y + CELL[1] / 2), arrow, MUTED)
            for t, changed in enumerate(row.tolist()):
                heat_map(ax, torch.tensor([float(changed)]), left + t * STEP, y, H, CELL, None, 0.7)
    top = TOP + LAYERS * LAYER + 2
    for t in range(STEPS):
        values = torch.tensor([float(t == 1)])
        box = heat_map(ax, values, left + t * STEP, top, E, CELL, None, 0.7)
        text(ax, (box.center[0], box.bottom[1] + 13), f"x_{t + 1}", T, bold=t == 1)


def draw() -> Figure:
    torch.manual_seed(0)
    network = torch.nn.RNN(5, HIDDEN, LAYERS, batch_first=True, bidirectional=True)
    parameters = {name: p.detach() for name, p in network.named_parameters()}
    x = torch.randn(1, STEPS, 5)
    figure, ax = canvas(height=270)
    for layer in range(LAYERS):
        y = TOP + (LAYERS - 1 - layer) * LAYER + CELL[1] + 1.5
        text(ax, (6, y), f"layer {layer}", align="left")
    for left, title, run in (
        (94, "joined in every layer", joined),
        (332, "two stacks", two_stacks),
    ):
        panel(ax, left, title, changes(run, x, parameters))
    for k, (filled, label) in enumerate(((0, "as before"), (1, "changed"))):
        x_0 = 94 + 238 * k
        heat_map(ax, torch.tensor([float(filled)]), x_0, 253, H, CELL, None, 0.7)
        text(ax, (x_0 + CELL[0] + 8, 253 + CELL[1] / 2), label, MUTED, "left")
    return figure

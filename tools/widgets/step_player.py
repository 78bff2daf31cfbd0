"""What the step player runs: a word, three small cells, and what torch.nn makes of them.

One layer is enough for all three networks: the single one is the lower layer of the stacked one
and the forward direction of the bidirectional one. Weights have one decimal, so that a reader sees
the whole number; the outputs have the digits with which float32 parses back exactly.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

WORD, LETTERS = "banana", "abn"  # the same letters are read in different states
HIDDEN = 4
CELLS = {"RNN": nn.RNN, "LSTM": nn.LSTM, "GRU": nn.GRU}
NETWORKS: dict[str, dict[str, Any]] = {
    "single": {},
    "stacked": {"num_layers": 2},
    "bidirectional": {"bidirectional": True},
}


def inputs() -> Tensor:
    """Return the word, one letter per step, one-hot: (T, E)."""
    return torch.eye(len(LETTERS))[[LETTERS.index(letter) for letter in WORD]]


def parameters(cell: str) -> dict[str, Tensor]:
    """Draw the weights of layer 0, then of a second layer or of the other direction."""
    drawn = {}
    for network in ("stacked", "bidirectional"):
        generator = torch.Generator().manual_seed(4)
        made = CELLS[cell](len(LETTERS), HIDDEN, **NETWORKS[network])
        for name, weight in made.named_parameters():
            numbers = torch.randn(weight.shape, generator=generator)
            drawn[name] = (7 * numbers).round() / 10
    return drawn


def module(cell: str, network: str, weights: Mapping[str, Tensor]) -> nn.RNNBase:
    """Build one of the nine networks."""
    made = CELLS[cell](len(LETTERS), HIDDEN, **NETWORKS[network]).requires_grad_(False)
    made.load_state_dict({name: weights[name] for name in made.state_dict()})
    return made


def result(network: nn.RNNBase) -> dict[str, Tensor]:
    """Run a network over the word: output (T, D*H), h_n and for an LSTM c_n, each (L*D, H)."""
    output, states = network(inputs())
    final = states if isinstance(states, tuple) else (states,)
    return {"output": output, **dict(zip(("h_n", "c_n"), final, strict=False))}


def exact(tensor: Tensor) -> Any:
    """List float32 numbers with the fewest digits that parse back exactly."""
    if tensor.dim():
        return [exact(part) for part in tensor]
    return float(str(tensor.numpy()[()])) or 0.0  # no minus before a zero


def data() -> dict[str, Any]:
    """Return what the widget reads."""
    cells = {}
    for cell in CELLS:
        weights = parameters(cell)
        cells[cell] = {"weights": {name: exact(weight) for name, weight in weights.items()}}
        for network in NETWORKS:
            numbers = result(module(cell, network, weights))
            cells[cell][network] = {name: exact(tensor) for name, tensor in numbers.items()}
    return {"word": WORD, "letters": LETTERS, "cells": cells}

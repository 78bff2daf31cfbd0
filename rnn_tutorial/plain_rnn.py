"""`torch.nn.RNN` without dropout as one function: cells, loop, directions and layers composed."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from rnn_tutorial.depth import stack
from rnn_tutorial.directions import bidirectional
from rnn_tutorial.loops import rnn_layer
from rnn_tutorial.parameters import layer_parameters
from rnn_tutorial.shapes import require_shape


def rnn(
    input: Tensor,
    parameters: Mapping[str, Tensor],
    hx: Tensor | None = None,
    num_layers: int = 1,
    num_directions: int = 1,
    nonlinearity: str = "tanh",
) -> tuple[Tensor, Tensor]:
    """Run a plain recurrent network of any depth, in one direction or two.

    Shape:
        input (N, T, E), parameters as `parameter_shapes` lists them, hx (L*D, N, H) or None for
        zeros; returns the output (N, T, D*H) and the final states (L*D, N, H)

    Raises:
        RuntimeError: if shapes disagree; KeyError: if a weight is missing; ValueError: if there are
            other than one or two directions.

    Source:
        `torch.nn.RNN` with `batch_first=True` and without dropout.

    >>> theirs = torch.nn.RNN(5, 6, num_layers=2, batch_first=True)
    >>> output, h_n = rnn(torch.zeros(4, 16, 5), theirs.state_dict(), num_layers=2)
    >>> output.shape, h_n.shape
    (torch.Size([4, 16, 6]), torch.Size([2, 4, 6]))

    Explained in: docs/en/foundations/deep-and-bidirectional.md
    """
    require_shape("input", input, "N", "T", "E")
    if num_directions not in (1, 2):
        raise ValueError(f"num_directions: expected 1 or 2, got {num_directions}")
    layers = []
    for k in range(num_layers):
        forward, reverse = (
            partial(rnn_layer, nonlinearity=nonlinearity, **layer_parameters(parameters, k, r))
            for r in (False, num_directions == 2)
        )
        layers.append(partial(bidirectional, forward, reverse) if num_directions == 2 else forward)
    states = (num_layers * num_directions, input.shape[0], parameters["weight_ih_l0"].shape[0])
    if hx is None:
        hx = input.new_zeros(states)
    require_shape("hx", hx, *states)
    if num_directions == 1:
        output, final = stack(layers, input, hx)
        return output, torch.stack(final)
    output, pairs = stack(layers, input, torch.unflatten(hx, 0, (num_layers, 2)))
    return output, torch.stack([h_n for pair in pairs for h_n in pair])

"""The whole of `torch.nn.RNN` as one function: cells, loop, directions and layers composed."""

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor

from rnn_tutorial.bidirectional import both_directions
from rnn_tutorial.parameters import layer_parameters
from rnn_tutorial.shapes import require_shape
from rnn_tutorial.stacked import stacked
from rnn_tutorial.unroll import rnn_layer


def rnn(
    input: Tensor,
    parameters: Mapping[str, Tensor],
    hx: Tensor | None = None,
    num_layers: int = 1,
    bidirectional: bool = False,
    nonlinearity: str = "tanh",
) -> tuple[Tensor, Tensor]:
    """Run a plain recurrent network of any depth, in one direction or two.

    Shape:
        input (N, T, E), parameters as `parameter_shapes` lists them, hx (L*D, N, H) or None for
        zeros; returns the output (N, T, D*H) and the final states (L*D, N, H)

    Raises:
        RuntimeError: if shapes disagree; KeyError: if a parameter is missing.

    Source:
        `torch.nn.RNN` with `batch_first=True` and without dropout.

    >>> theirs = torch.nn.RNN(5, 6, num_layers=2, batch_first=True)
    >>> output, h_n = rnn(torch.zeros(4, 16, 5), theirs.state_dict(), num_layers=2)
    >>> output.shape, h_n.shape
    (torch.Size([4, 16, 6]), torch.Size([2, 4, 6]))

    Explained in: docs/en/foundations/deep-and-bidirectional.md
    """
    require_shape("input", input, "N", "T", "E")
    layers = []
    for layer in range(num_layers):
        forward, reverse = (
            partial(rnn_layer, nonlinearity=nonlinearity, **layer_parameters(parameters, layer, r))
            for r in (False, bidirectional)
        )
        layers.append(partial(both_directions, forward, reverse) if bidirectional else forward)
    directions = 2 if bidirectional else 1
    states = (num_layers * directions, input.shape[0], parameters["weight_ih_l0"].shape[0])
    if hx is None:
        hx = input.new_zeros(states)
    require_shape("hx", hx, *states)
    if not bidirectional:
        return stacked(layers, input, hx)
    output, h_n = stacked(layers, input, torch.unflatten(hx, 0, (num_layers, directions)))
    return output, h_n.flatten(0, 1)

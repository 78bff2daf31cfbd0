"""Two directions: one layer reads the sequence as it is, another reads it from its end."""

from collections.abc import Callable, Collection
from typing import TypeVar

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape

State = TypeVar("State")  # quoted below: a page can show the functions without it


def run_reversed(
    layer: "Callable[[Tensor, State], tuple[Tensor, State]]", input: Tensor, hx: "State"
) -> "tuple[Tensor, State]":
    """Let a layer read the sequence from its end; put its output back in the order of the input.

    Shape:
        input (N, T, E), layer: (N, T, E), hx -> (N, T, H), final state;
        returns the output (N, T, H), whose step t has read steps T to t, and the final state,
        which the layer reaches at the first step

    Raises:
        RuntimeError: if `input` has other than three axes.

    >>> x = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1)
    >>> run_reversed(lambda x, h: (x.cumsum(1), h), x, torch.zeros(1, 1))[0].flatten()
    tensor([6., 5., 3.])

    Explained in: docs/en/foundations/bidirectional.md
    """
    require_shape("input", input, "N", "T", "E")
    output, h_n = layer(input.flip(1), hx)
    return output.flip(1), h_n


def bidirectional(
    forward: "Callable[[Tensor, State], tuple[Tensor, State]]",
    reverse: "Callable[[Tensor, State], tuple[Tensor, State]]",
    input: Tensor,
    hx: "Collection[State]",
    backwards: "Callable[..., tuple[Tensor, State]]" = run_reversed,
) -> "tuple[Tensor, tuple[State, State]]":
    """Run a layer in each direction and concatenate their features.

    Shape:
        input (N, T, E), hx: one state per direction, such as the rows of a tensor (2, N, H);
        each layer: (N, T, E), hx[d] -> (N, T, H), final state, of the kind that hx[d] is;
        backwards: layer, (N, T, E), hx[1] -> the same, for a layer that reads from the end;
        returns the output (N, T, 2*H), forward features first, and both final states

    Raises:
        RuntimeError: if `hx` does not hold one state per direction.

    Source:
        Schuster and Paliwal (1997); order of the features as in `torch.nn.RNN`.

    >>> x, sums = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1), lambda x, h: (x.cumsum(1), h)
    >>> bidirectional(sums, sums, x, torch.zeros(2, 1, 1))[0].tolist()
    [[[1.0, 6.0], [3.0, 5.0], [6.0, 3.0]]]

    Explained in: docs/en/foundations/bidirectional.md
    """
    if len(hx) != 2:
        raise RuntimeError(f"hx: expected a state for each direction, 2, got {len(hx)}")
    before_forward, before_reverse = hx
    output_forward, h_forward = forward(input, before_forward)
    output_reverse, h_reverse = backwards(reverse, input, before_reverse)
    return torch.cat([output_forward, output_reverse], dim=-1), (h_forward, h_reverse)

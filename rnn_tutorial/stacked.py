"""Layers on top of each other: the output of one is the input of the next."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape


def stacked(
    layers: Sequence[Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]],
    input: Tensor,
    hx: Tensor,
) -> tuple[Tensor, Tensor]:
    """Run recurrent layers one after the other; layer k starts from hx[k].

    Shape:
        input (N, T, E), hx (L, N, H), or (L, D, N, H) for layers of D directions;
        layer: (N, T, E), hx[k] -> (N, T, D*H), final state shaped as hx[k];
        returns the last layer's output (N, T, D*H) and every final state, shaped as hx

    Raises:
        RuntimeError: if `hx` does not hold one state a layer.

    >>> layers = [lambda x, h: (x + 1, h)] * 3
    >>> output, h_n = stacked(layers, torch.zeros(4, 16, 6), torch.zeros(3, 4, 6))
    >>> output.unique(), h_n.shape
    (tensor([3.]), torch.Size([3, 4, 6]))

    Explained in: docs/en/foundations/stacked.md
    """
    require_shape("hx", hx, len(layers), *("NH" if hx.dim() < 4 else "DNH"))
    final_states = []
    for layer, h_0 in zip(layers, hx.unbind(), strict=True):
        input, h_n = layer(input, h_0)
        final_states.append(h_n)
    return input, torch.stack(final_states)

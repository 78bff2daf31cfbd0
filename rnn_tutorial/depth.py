"""Layers on top of each other: the output of one is the input of the next."""

from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from torch import Tensor

State = TypeVar("State")  # quoted below: a page can show `stack` without it


def stack(
    layers: "Sequence[Callable[[Tensor, State], tuple[Tensor, State]]]",
    input: Tensor,
    hx: "Collection[State]",
) -> "tuple[Tensor, tuple[State, ...]]":
    """Run recurrent layers one after the other; layer k starts from hx[k].

    Shape:
        input (N, T, E), hx: one state per layer, such as the rows of a tensor (L, N, H);
        layer: (N, T, E), hx[k] -> (N, T, D*H), final state, of the kind that hx[k] is;
        returns the last layer's output (N, T, D*H) and every final state, one per layer

    Raises:
        RuntimeError: if `hx` does not hold one state per layer.

    >>> import torch
    >>> layers = [lambda x, h: (x + 1, h)] * 3
    >>> output, states = stack(layers, torch.zeros(4, 16, 6), torch.zeros(3, 4, 6))
    >>> output.unique(), len(states)
    (tensor([3.]), 3)

    Explained in: docs/en/foundations/stacked.md
    """
    if len(hx) != len(layers):
        raise RuntimeError(f"hx: expected a state for each layer, {len(layers)}, got {len(hx)}")
    final_states = []
    for layer, h_0 in zip(layers, hx, strict=True):
        input, h_n = layer(input, h_0)
        final_states.append(h_n)
    return input, tuple(final_states)

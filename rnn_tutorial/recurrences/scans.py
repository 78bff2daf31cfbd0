"""Ways to compute h_t = decay_t * h_{t-1} + input_t, element-wise, all steps given at once."""

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape


def scan_chunks(
    decay: Tensor, input: Tensor, state: Tensor | None = None, chunk: int = 64
) -> tuple[Tensor, Tensor]:
    """Run a linear recurrence in two levels: the steps of all chunks at once, then the chunks.

    Shape:
        decay and input (T, N, H), real or complex, state (N, H), zeros by default
        -> states (T, N, H), last state (N, H); `chunk` need not divide T

    Raises:
        RuntimeError: if shapes disagree; ValueError: if `chunk` is below 1, or there is no step.

    Source:
        Blelloch (1990), "Prefix sums and their applications", for chunks; two levels only.

    >>> ones = torch.ones(3, 1, 1)
    >>> scan_chunks(ones / 2, ones, chunk=2)[0].flatten()
    tensor([1.0000, 1.5000, 1.7500])

    Explained in: docs/en/recurrences/state-space.md
    """
    require_shape("input", input, "T", "N", "H")
    require_shape("decay", decay, *input.shape)
    state = torch.zeros_like(input[:1]).sum(0) if state is None else state
    require_shape("state", state, *input.shape[1:])
    if chunk < 1 or len(input) < 1:
        raise ValueError(f"expected chunk and steps of at least 1, got {chunk} and {len(input)}")
    rows = -(-len(input) // chunk)
    filler = input.new_zeros(rows * chunk - len(input), *input.shape[1:])
    shape = (rows, chunk, *input.shape[1:])
    padded = [torch.cat([x, filler]).view(shape) for x in (decay, input)]
    h, left = [padded[1][:, 0]], [padded[0][:, 0]]  # from zeros; what is left of a start
    for a_t, b_t in zip(padded[0][:, 1:].unbind(1), padded[1][:, 1:].unbind(1), strict=True):
        h.append(a_t * h[-1] + b_t)
        left.append(a_t * left[-1])
    starts = [state]
    for last, kept in zip(h[-1][:-1], left[-1][:-1], strict=True):
        starts.append(kept * starts[-1] + last)
    states = torch.stack(h, 1) + torch.stack(left, 1) * torch.stack(starts)[:, None]
    states = states.flatten(0, 1)[: len(input)]
    return states, states[-1]

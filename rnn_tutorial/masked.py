"""Sequences of unequal length: which steps are real, a loop that ignores the others, packing."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from rnn_tutorial.loops import unroll
from rnn_tutorial.shapes import require_shape


def lengths_to_mask(lengths: Tensor, steps: int) -> Tensor:
    """Mark the real steps of a batch that is padded on the right.

    Shape:
        lengths (N,), steps is T; returns bools (N, T): row n starts with True, lengths[n] times

    Raises:
        RuntimeError: if `lengths` has other than one axis.

    >>> lengths_to_mask(torch.tensor([3, 1]), steps=3)
    tensor([[ True,  True,  True],
            [ True, False, False]])

    Explained in: docs/en/sequences/unequal-length.md
    """
    require_shape("lengths", lengths, "N")
    return torch.arange(steps, device=lengths.device) < lengths.unsqueeze(1)


def masked_unroll(
    step: Callable[[Tensor, Tensor], Tensor], input: Tensor, hx: Tensor, mask: Tensor
) -> tuple[Tensor, Tensor]:
    """Carry a state through the real steps of a batch; `unroll` carries it through all of them.

    At padding a sample keeps its state, and its output is zero. The step is computed there all the
    same, so keep padding finite: an infinity or a NaN in it leaves the output as it is, but not the
    gradient of a weight, in which zero times NaN is NaN.

    Shape:
        input (N, T, E), hx (N, H), mask (N, T) of bools, step: (N, E), (N, H) -> (N, H);
        returns the output (N, T, H) and the state after each sample's last real step (N, H)

    Raises:
        RuntimeError: if shapes disagree, or if T is 0.

    Source:
        What `torch.nn.RNN` returns for a packed batch, padded again.

    >>> x, h_0 = torch.ones(2, 3, 1), torch.zeros(2, 1)  # the second sample has one real step
    >>> output, h_n = masked_unroll(torch.add, x, h_0, lengths_to_mask(torch.tensor([3, 1]), 3))
    >>> output[:, :, 0], h_n[:, 0]
    (tensor([[1., 2., 3.],
            [1., 0., 0.]]), tensor([3., 1.]))

    Explained in: docs/en/sequences/unequal-length.md
    """
    require_shape("mask", mask, *input.shape[:2])
    real = mask.unsqueeze(2)
    masks = iter(real.unbind(dim=1))  # `unroll` calls the step once for each x_t, in order

    def step_or_stay(x_t: Tensor, hx: Tensor) -> Tensor:
        return torch.where(next(masks), step(x_t, hx), hx)

    states, last = unroll(step_or_stay, input, hx)
    return states.masked_fill(~real, 0.0), last


def pack(input: Tensor, lengths: Tensor) -> PackedSequence:
    """Lay the real steps of a padded batch one after the other: by step, longest sample first.

    Shape:
        input (N, T, ...), lengths (N,), each from 1 to T, R in sum; returns data (R, ...),
        batch_sizes (longest,), sorted_indices (N,) and unsorted_indices (N,)

    Raises:
        RuntimeError: if shapes disagree, or if a length is not from 1 to T.

    Source:
        `torch.nn.utils.rnn.pack_padded_sequence`, `batch_first=True` and `enforce_sorted=False`.

    >>> x = torch.tensor([[1, 0, 0], [2, 3, 4]])  # zeros are padding
    >>> data, batch_sizes, sorted_indices, _ = pack(x, torch.tensor([1, 3]))
    >>> data, batch_sizes, sorted_indices
    (tensor([2, 1, 3, 4]), tensor([2, 1, 1]), tensor([1, 0]))

    Explained in: docs/en/sequences/unequal-length.md
    """
    require_shape("input", input, "N", "T", *["*"] * (input.dim() - 2))
    batch, steps = input.shape[:2]
    require_shape("lengths", lengths, batch)
    if ((lengths < 1) | (lengths > steps)).any():
        raise RuntimeError(f"lengths: expected from 1 to {steps} each, got {lengths.tolist()}")
    longest_first, order = torch.sort(lengths.to(input.device), descending=True)
    running = lengths_to_mask(longest_first, steps).T  # (T, N): which samples are still running
    data = input[order].transpose(0, 1)[running]
    sizes = running.sum(dim=1)
    return PackedSequence(data, sizes[sizes > 0].cpu(), order, order.argsort())

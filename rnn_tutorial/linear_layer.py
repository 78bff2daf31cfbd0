"""A linear layer as one matrix product, and any function of one step applied to every step."""

from collections.abc import Callable

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Map the last axis of `input` from E features to H, as `torch.nn.Linear` does.

    Shape:
        input (..., E), weight (H, E), bias (H,) -> (..., H)

    Raises:
        RuntimeError: if E or H disagree; the message names the argument and both shapes.

    Source:
        `torch.nn.functional.linear`: y = x A^T + b.

    >>> linear(torch.tensor([1.0, 2.0]), torch.tensor([[10.0, 1.0]]))
    tensor([12.])

    Explained in: docs/en/foundations/linear-layer-over-time.md
    """
    require_shape("weight", weight, "H", "E")
    out_features, in_features = weight.shape
    require_shape("input", input, *["*"] * (input.dim() - 1), in_features)
    product = input @ weight.T
    if bias is None:
        return product
    require_shape("bias", bias, out_features)
    return product + bias


def map_over_time(step: Callable[[Tensor], Tensor], input: Tensor) -> Tensor:
    """Apply `step` to each time step on its own, and put the results back on the time axis.

    Shape:
        input (N, T, E), step: (N, E) -> (N, H); the result is (N, T, H)

    Raises:
        RuntimeError: if `input` has other than three axes.

    >>> map_over_time(lambda x_t: x_t[:, :3], torch.zeros(4, 16, 5)).shape
    torch.Size([4, 16, 3])

    Explained in: docs/en/foundations/linear-layer-over-time.md
    """
    require_shape("input", input, "N", "T", "E")
    return torch.stack([step(x_t) for x_t in input.unbind(dim=1)], dim=1)

"""How far apart two tensors are: by absolute difference, and in representable numbers."""

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape


def max_abs_diff(actual: Tensor, expected: Tensor) -> float:
    """Return the largest absolute difference between two tensors of one shape, 0.0 if empty.

    Unlike the mean of signed differences it is 0 only where every element agrees. A NaN on either
    side makes it NaN, which is below no bound.

    Raises:
        RuntimeError: if the shapes differ: broadcasting would compare the wrong elements.

    >>> max_abs_diff(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 1.0]))
    1.0

    Explained in: docs/en/foundations/linear-layer-over-time.md
    """
    require_shape("actual", actual, *expected.shape)
    if actual.numel() == 0:
        return 0.0
    return (actual - expected).abs().max().item()


def ulp_distance(actual: Tensor, expected: Tensor) -> int:
    """Count the representable numbers between two tensors, at the element where most lie.

    Adjacent floats are 1 apart, +0.0 and -0.0 are 0 apart; infinity comes after the largest float.

    Raises:
        RuntimeError: if the shapes differ.
        TypeError: if the tensors are not both float32 or both float64.
        ValueError: if an element is NaN, which lies nowhere among the numbers.

    Source:
        Dawson (2012), "Comparing floating point numbers": the bits of finite IEEE 754 numbers,
        read as sign and magnitude integers, are in the order of the numbers.

    >>> one = torch.ones(1)
    >>> ulp_distance(one, torch.nextafter(one, 2 * one))
    1

    Explained in: docs/en/foundations/zero-difference.md
    """
    require_shape("actual", actual, *expected.shape)
    integers = {torch.float32: torch.int32, torch.float64: torch.int64}
    if actual.dtype != expected.dtype or actual.dtype not in integers:
        raise TypeError(
            "actual, expected: expected both float32 or both float64, "
            f"got {actual.dtype} and {expected.dtype}"
        )
    if actual.isnan().any() or expected.isnan().any():
        raise ValueError("actual, expected: expected numbers, got NaN")
    if actual.numel() == 0:
        return 0
    bits = integers[actual.dtype]

    def rank(x: Tensor) -> Tensor:
        magnitude = x.abs().contiguous().view(bits).to(torch.int64)
        return torch.where(x < 0, -magnitude, magnitude)

    ranks = torch.stack([rank(actual), rank(expected)])
    # A distance can need all 64 bits, and an int64 ends at 2**63 - 1: count from -2**63 instead.
    lowest = torch.iinfo(torch.int64).min
    return int((ranks.amax(0) - ranks.amin(0) + lowest).max().item()) - lowest

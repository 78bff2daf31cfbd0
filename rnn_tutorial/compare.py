"""Whether two tensors agree within rounding, and how far apart they are."""

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape


def assert_close(
    actual: Tensor | tuple[Tensor, ...], expected: Tensor | tuple[Tensor, ...], eps: float = 16
) -> None:
    """Assert that two tensors agree within a number of machine epsilons.

    The unit is the machine epsilon of their type times the largest magnitude in `expected`, and no
    element may be off by more than `eps` units. An element's own magnitude would be the wrong unit:
    a sum of large terms that cancel is small, but its rounding error is that of the large terms.
    NaN and infinity agree with nothing, not even with themselves.

    Shape:
        any, the same for both; two tuples are compared pair by pair

    Raises:
        AssertionError: if shape, dtype or device differ, or an element is off by more.
        TypeError: if the tensors hold whole numbers; compare those with `torch.equal`.

    Source:
        Higham (2002), "Accuracy and Stability of Numerical Algorithms", section 3.5: a product of
        matrices is accurate relative to their norms, not relative to each of its elements.

    >>> thirds = torch.tensor([1.0, 5.0]) / 3
    >>> assert_close(3 * thirds, torch.tensor([1.0, 5.0]), eps=1)
    >>> assert_close(3 * thirds, torch.tensor([1.0, 5.5]), eps=1)
    Traceback (most recent call last):
    AssertionError: 7.6e+05 machine epsilons of 5.5 apart, more than 1: 5.0, not 5.5, at index (1,)

    Explained in: docs/en/numbers/zero-difference.md
    """
    if isinstance(actual, tuple) and isinstance(expected, tuple):
        if len(actual) != len(expected):
            raise AssertionError(f"actual: expected {len(expected)} tensors, got {len(actual)}")
        for pair in zip(actual, expected, strict=True):
            assert_close(*pair, eps)
        return
    if not (isinstance(actual, Tensor) and isinstance(expected, Tensor)):
        raise TypeError(f"expected tensors or tuples, got {type(actual)} and {type(expected)}")
    for kind in ("shape", "dtype", "device"):
        got, wanted = getattr(actual, kind), getattr(expected, kind)
        if got != wanted:
            raise AssertionError(f"actual: expected {kind} {wanted}, got {got}")
    finfo = torch.finfo(expected.dtype)
    if expected.numel() == 0:
        return
    wide = torch.promote_types(expected.dtype, torch.float64)  # rounds no difference to zero
    ours, theirs = actual.detach().to("cpu", wide), expected.detach().to("cpu", wide)
    difference, largest = (ours - theirs).abs(), theirs.abs().max()
    index = torch.unravel_index(difference.argmax(), difference.shape)  # of a NaN, if there is one
    off = difference[index] / (finfo.eps * largest.clamp(min=finfo.tiny))
    if not off <= eps:
        raise AssertionError(
            f"{off:.2g} machine epsilons of {largest:g} apart, more than {eps}: "
            f"{ours[index]}, not {theirs[index]}, at index {tuple(map(int, index))}"
        )


def max_abs_diff(actual: Tensor, expected: Tensor) -> float:
    """Return the largest absolute difference between two tensors of one shape, 0.0 if empty.

    Unlike the mean of signed differences, it is 0 only if every element agrees. A NaN on either
    side, or the same infinity on both, makes it NaN, and NaN is below no bound.

    Raises:
        RuntimeError: if the shapes differ: broadcasting would compare the wrong elements.
        TypeError: if the numbers are whole: a difference can overflow their type, and float64 has
            no room for all of int64. Compare whole numbers with `torch.equal`.

    >>> max_abs_diff(torch.tensor([1.0, 2.0]), torch.tensor([1.5, 1.0]))
    1.0

    Explained in: docs/en/foundations/linear-layer-over-time.md
    """
    require_shape("actual", actual, *expected.shape)
    if not all(x.is_floating_point() or x.is_complex() for x in (actual, expected)):
        raise TypeError(
            "actual, expected: expected floating-point or complex numbers, "
            f"got {actual.dtype} and {expected.dtype}: torch.equal compares whole numbers"
        )
    if actual.numel() == 0:
        return 0.0
    wide = torch.promote_types(torch.promote_types(actual.dtype, expected.dtype), torch.float64)
    return (actual.to(wide) - expected.to(wide)).abs().max().item()


def ulp_distance(actual: Tensor, expected: Tensor) -> int:
    """Count the representable numbers between two tensors, at the element with the most.

    Adjacent floats are 1 apart, +0.0 and -0.0 are 0 apart; infinity comes after the largest float.

    Raises:
        RuntimeError: if the shapes differ.
        TypeError: if the tensors are not both float32 or both float64.
        ValueError: if an element is NaN, which has no place in the order of the numbers.

    Source:
        Dawson (2012), "Comparing floating point numbers": the bits of finite IEEE 754 numbers,
        read as sign and magnitude integers, are in the order of the numbers.

    >>> one = torch.ones(1)
    >>> ulp_distance(one, torch.nextafter(one, 2 * one))
    1

    Explained in: docs/en/numbers/zero-difference.md
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
    # A distance can need 64 bits, and int64 ends at 2**63 - 1: count from -2**63 instead.
    lowest = torch.iinfo(torch.int64).min
    return int((ranks.amax(0) - ranks.amin(0) + lowest).max().item()) - lowest

"""What the functions of this folder ask of their arguments: each check names the argument."""

from typing import Any

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape

ROUNDING = 1e-3  # a log-probability may be so far above 0


def _require_int(name: str, value: int, lowest: int, highest: int | None = None) -> None:
    """Raise unless a value is an int, which True and False are not here, within a range."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name}: expected an int, got {value!r}")
    if value < lowest or (highest is not None and value > highest):
        wanted = f"at least {lowest}" if highest is None else f"from {lowest} to {highest}"
        raise ValueError(f"{name}: expected {wanted}, got {value}")


def _require_number(name: str, value: float, expected: str) -> None:
    """Raise unless a value is an int or a float, which True and False are not here."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name}: expected {expected}, got {value!r}")


def _require_integers(name: str, tensor: Tensor) -> None:
    """Raise unless a tensor holds integers."""
    if tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool:
        raise TypeError(f"{name}: expected integers, got {tensor.dtype}")


def _require_range(name: str, tensor: Tensor, lowest: int, highest: int) -> None:
    """Raise unless a tensor holds integers, all of them within a range."""
    _require_integers(name, tensor)
    wrong = (tensor < lowest) | (tensor > highest)
    if wrong.any():
        got = sorted(set(tensor[wrong].tolist()))
        raise ValueError(f"{name}: expected from {lowest} to {highest} each, got {got}")


def _require_lengths(name: str, lengths: Tensor, batch: int, lowest: int, highest: int) -> None:
    """Raise unless there is a length for each sample, within a range."""
    if not isinstance(lengths, Tensor):
        raise TypeError(f"{name}: expected a tensor of integers, got {type(lengths).__name__}")
    require_shape(name, lengths, batch)
    _require_range(name, lengths, lowest, highest)


def _require_bools(name: str, tensor: Tensor, where: str) -> None:
    """Raise unless a tensor holds bools."""
    if tensor.dtype != torch.bool:
        raise TypeError(f"{name}: expected bools, True {where}, got {tensor.dtype}")


def _require_floats(name: str, tensor: Tensor) -> None:
    """Raise unless a tensor holds floating-point numbers, which NaN and infinity are, too."""
    if not tensor.is_floating_point():
        raise TypeError(f"{name}: expected floating-point numbers, got {tensor.dtype}")


def _require_log_probabilities(name: str, log_p: Tensor) -> None:
    """Raise unless a tensor holds floating-point numbers of at most 0; -inf is one of them."""
    _require_floats(name, log_p)
    if not (log_p <= ROUNDING).all():  # above zero by more than rounding, or NaN
        got = log_p.max().item()
        raise ValueError(f"{name}: expected log-probabilities, at most 0, got {got:.3g}")


def _of_step(returned: Any, rows: int) -> tuple[Tensor, Any]:
    """Return what a step has returned, if that is scores of each row, and a state."""
    parts = returned if isinstance(returned, tuple) else (returned,)
    if len(parts) != 2 or not isinstance(parts[0], Tensor):
        got = ", ".join(type(part).__name__ for part in parts)
        raise TypeError(f"step: expected a pair of a tensor and the next state, got {got}")
    require_shape("scores of step", parts[0], rows, "C")
    return parts

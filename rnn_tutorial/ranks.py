"""Data parallel training: who this process is, and what its loss must be."""

import os

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape


def require_world(least: int = 2) -> tuple[int, int]:
    """Return this process's rank and the number of processes, which `torchrun` has set.

    Raises:
        RuntimeError: if `torchrun` has not started this program, or fewer than `least` processes.
        ValueError: if the environment variable RANK or WORLD_SIZE is set to something else.

    Source:
        The environment variables of https://docs.pytorch.org/docs/stable/elastic/run.html

    >>> os.environ.update(RANK="1", WORLD_SIZE="2")
    >>> require_world()
    (1, 2)
    >>> del os.environ["RANK"], os.environ["WORLD_SIZE"]

    Explained in: docs/en/speed/many-processes.md
    """
    found = []
    for name in ("RANK", "WORLD_SIZE"):
        value = os.environ.get(name, "nothing")
        start = f"start with torchrun --nproc-per-node {least}"
        if value == "nothing":
            raise RuntimeError(f"{name}: expected a number, got nothing; {start}")
        if not value.isdecimal():
            raise ValueError(f"{name}: expected a number, got {value!r}")
        found.append(int(value))
    rank, world = found
    if world < least:
        raise RuntimeError(f"WORLD_SIZE: expected at least {least} processes, got {world}; {start}")
    if rank >= world:
        raise ValueError(f"RANK: expected less than WORLD_SIZE, {world}, got {rank}")
    return rank, world


def rank_loss(losses: Tensor, mask: Tensor, total: int, world: int) -> Tensor:
    """Weigh one process's losses so that the mean over processes is the mean over all tokens.

    It is the sum over this process's real tokens, times `world / total`. A process without rows,
    or with padding only, takes part with a loss of zero, where a mean would be NaN.

    Shape:
        losses (N, T) of this process, mask (N, T) of bools: real tokens; total: the number of real
        tokens in all `world` processes; returns a scalar

    Raises:
        RuntimeError: if shapes disagree; TypeError: if `mask` is not of bools;
        ValueError: if `total` is below the real tokens of this process, or 0, or `world` below 1.

    >>> ours, theirs = torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[6.0, 9.0, 9.0]])
    >>> mask = torch.tensor([[True, False, False]])  # of theirs, one token is real
    >>> (rank_loss(ours, torch.ones_like(mask), 4, 2) + rank_loss(theirs, mask, 4, 2)) / 2
    tensor(3.)

    Explained in: docs/en/speed/many-processes.md
    """
    require_shape("losses", losses, "N", "T")
    require_shape("mask", mask, *losses.shape)
    if mask.dtype != torch.bool:
        raise TypeError(f"mask: expected bools, True at real tokens, got {mask.dtype}")
    least = max(int(mask.sum()), 1)
    if total < least:
        raise ValueError(f"total: expected at least {least}, real tokens of all, got {total}")
    if world < 1:
        raise ValueError(f"world: expected at least 1 process, got {world}")
    return losses.masked_fill(~mask, 0.0).sum() * (world / total)

"""Sentences of the chapter on sequences of unequal length that no claim on the page checks."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader

from rnn_tutorial import lengths_to_mask
from tests.course.copying import executed

CHAPTER = Path(__file__).parents[2] / "docs/en/sequences/unequal-length.md"


@cache
def chapter() -> dict[str, Any]:
    """Execute what the page defines on buckets and loading."""
    return executed(CHAPTER, "padding_share", "collate", "Buckets")


def sentences(seed: int) -> torch.Tensor:
    torch.manual_seed(seed)
    drawn = torch.exp(3 + 0.6 * torch.randn(10_000, dtype=torch.float64))
    return drawn.round().clamp(1, 200).long()


@pytest.mark.parametrize("seed", range(3))
def test_the_saving_does_not_depend_on_the_draw(seed: int) -> None:
    lengths, batches, share = sentences(seed), chapter()["batches"], chapter()["padding_share"]
    pools = [share(lengths, batches(lengths, 32, pool)) for pool in (32, 128, 1024, 10_000)]
    assert pools[0] > 0.6
    assert pools[2] < 0.2
    assert pools == sorted(pools, reverse=True)


def test_the_share_is_that_of_the_masks() -> None:
    lengths, batches = sentences(0)[:100], chapter()["batches"]
    plan = batches(lengths, 8, 32)
    masks = [lengths_to_mask(lengths[b], int(lengths[b].max())) for b in plan]
    real, steps = sum(int(m.sum()) for m in masks), sum(m.numel() for m in masks)
    assert chapter()["padding_share"](lengths, plan) == 1 - real / steps


def test_the_loader_reads_each_sample_once_and_in_other_batches_each_epoch() -> None:
    lengths = sentences(0)[:100]
    data = [(torch.full((n, 1), i), torch.full((n,), i)) for i, n in enumerate(lengths.tolist())]
    sampler = chapter()["Buckets"](lengths, 8, 32)
    loader = DataLoader(data, batch_sampler=sampler, collate_fn=chapter()["collate"])
    epochs = []
    for _ in range(2):
        batches = []
        for inputs, labels, real in loader:
            assert inputs.shape[1] == labels.shape[1] == real.max()
            mask = lengths_to_mask(real, inputs.shape[1])
            assert torch.equal(labels == -100, ~mask)
            assert torch.equal(inputs[..., 0][mask], labels[mask])
            batches.append(frozenset(inputs[:, 0, 0].tolist()))
        assert sorted(i for batch in batches for i in batch) == list(range(100))
        epochs.append(set(batches))
    assert epochs[0] != epochs[1]


def test_all_sorted_gives_the_same_lengths_together_in_each_epoch() -> None:
    lengths, batches = sentences(0)[:100], chapter()["batches"]
    plans = [
        sorted(sorted(lengths[b].tolist()) for b in batches(lengths, 8, 100)) for _ in range(2)
    ]
    assert plans[0] == plans[1]

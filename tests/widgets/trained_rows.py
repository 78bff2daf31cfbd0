"""A network that reads rows of digits, trained by the lab's own code, for its demo's tests."""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from benchmarks.labs.digit_rows import definitions

UPDATES, RATE, COLUMNS = 200, 0.03, 32


@cache
def lab() -> dict[str, Any]:
    return definitions()


@cache
def unseen() -> list[Any]:
    """Draw rows of images that training never sees, as wide as the pad at most."""
    drawn = lab()["draw_rows"](lab()["split"](0).test, 80, 8, (-1, 1), most=6)
    return [row for row in drawn if len(row.labels) > 1 and len(row.columns) <= COLUMNS][:16]


@cache
def trained() -> dict[str, Tensor]:
    """Train; return what the lab hands to its page, as float16 holds it."""
    names, part = lab(), lab()["split"](0).train
    network = names["fresh"](torch.nn.GRU, 0, part)
    batches = names["training_batches"](part, 0, UPDATES)
    loss = names["with_torch"]
    names["fit"](network.parameters(), lambda batch: loss(network, batch), batches, RATE)
    samples = torch.zeros(len(unseen()), 8, COLUMNS)
    for image, row in zip(samples, unseen(), strict=True):
        image[:, : len(row.columns)] = 16 * row.columns.T
    tensors = {
        **network.recurrent.state_dict(),
        "head.weight": network.head.weight,
        "head.bias": network.head.bias,
        "mean": torch.tensor(network.mean),
        "deviation": torch.tensor(network.deviation),
        "samples": samples,
        "labels": names["padded"]([row.labels for row in unseen()]),
    }
    return {name: tensor.detach().half().float() for name, tensor in tensors.items()}

"""The network of the lab on pronunciation, trained as there, for its demo's tests."""

from functools import cache
from typing import Any

import torch
from torch import Tensor

from benchmarks.labs.pronunciation import definitions

lab = cache(definitions)


@cache
def model() -> Any:
    """Train; return the network with its weights as float16 holds them."""
    trained, _ = lab()["trained"]("additive", 0)
    rounded = {name: tensor.half().float() for name, tensor in trained.state_dict().items()}
    trained.load_state_dict(rounded)
    return trained


def handed() -> dict[str, Tensor]:
    """Return what the lab hands to its page."""
    test = lab()["test"]
    samples = {"samples": test.letters[:20], "truths": test.targets[:20].clamp(min=0)}
    return model().state_dict() | samples


@torch.no_grad()
def written(word: str) -> tuple[list[str], Tensor, Tensor]:
    """Return a word's phonemes, their probabilities (S,), and their weights (S, T)."""
    letters = lab()["LETTERS"].encode(reversed(word))[None]
    symbols = lab()["greedy"](model(), letters)
    length = len(lab()["until_border"](symbols)[0]) + 1
    symbols = symbols[:, :length]
    log_p, weights, _ = model().write(model().read(letters), lab()["inputs_of"](symbols))
    chances = log_p.exp().gather(2, symbols[:, :, None])[0, :, 0]
    return lab()["PHONEMES"].decode(symbols[0]), chances, weights[0].flip(1)

"""Packed sequences: the same as `torch.nn`, and the same as each sequence on its own."""

import itertools
from typing import Any

import pytest
import torch
from torch.nn.utils.rnn import (
    PackedSequence,
    pack_padded_sequence,
    pad_packed_sequence,
)

from rnn_tutorial import cut_pieces, network, run_pieces
from tests.package.reference import (
    DTYPES,
    NETWORKS,
    apart,
    assert_alike,
    packed,
    pair,
    quietly,
    rounding,
    states,
    tensors,
)

LENGTHS = {
    "all different": [5, 4, 3, 2, 1],
    "some equal": [7, 4, 4, 1, 1],
    "all equal": [4, 4, 4],
    "one": [6],
    "single steps": [1, 1, 1],
    "unsorted": [1, 7, 4, 4, 1],
    "growing": [1, 2, 3],
}


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("both", [False, True], ids=["one-way", "both-ways"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_packed_results_are_those_of_torch(
    name: str, lengths: list[int], both: bool, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    for layers, proj_size in itertools.product((1, 3), (0, 4) if name == "LSTM" else (0,)):
        options: dict[str, Any] = {"proj_size": proj_size} if proj_size else {}
        ours, theirs = pair(name, 5, 6, layers, bidirectional=both, dtype=dtype, **options)
        x = packed(lengths, 5, dtype=dtype)
        rows = layers * (1 + both)
        for hx in (None, states(name, rows, [len(lengths)], 6, proj_size, dtype=dtype)):
            actual, expected = ours(x, hx), quietly(theirs, x, hx)
            assert_alike(actual, expected, rounding(theirs, dtype))
            for a, b in zip(actual[0][1:], expected[0][1:], strict=True):
                assert a is b  # batch_sizes and both orders are passed on


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("first", [False, True], ids=["time-first", "batch-first"])
def test_a_packed_batch_is_its_sequences(name: str, first: bool) -> None:
    torch.manual_seed(0)
    ours, _ = pair(name, 5, 6, 2, bidirectional=True, batch_first=first, dtype=torch.float64)
    lengths = [2, 5, 1, 5]
    padded = torch.randn(4, 5, 5, dtype=torch.float64)
    hx = states(name, 4, [4], 6, dtype=torch.float64)
    data = padded if first else padded.transpose(0, 1)
    x = pack_padded_sequence(data, torch.tensor(lengths), first, enforce_sorted=False)
    output, final = ours(x, hx)
    unpacked, _ = pad_packed_sequence(output, batch_first=True)
    bound = rounding(ours, torch.float64)
    for n, length in enumerate(lengths):
        own = [part[:, n] for part in tensors(hx)]
        alone, last = ours(padded[n, :length], tuple(own) if name == "LSTM" else own[0])
        assert apart(unpacked[n, :length], alone) <= bound
        assert not unpacked[n, length:].any()
        for a, b in zip(tensors(final), tensors(last), strict=True):
            assert apart(a[:, n], b) <= bound


def test_pieces_are_the_steps_of_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "AT_ONCE", 5 * 3 * 6)  # five steps of three rows at a time
    x = torch.arange(7.0 * 3 * 5).view(7, 3, 5)
    pieces = cut_pieces(x, 6)
    assert [tuple(piece.shape) for piece in pieces] == [(5, 3, 5), (2, 3, 5)]
    assert torch.equal(torch.cat(list(pieces)), x)
    rows = torch.arange(16.0 * 5).view(16, 5)
    pieces = cut_pieces(rows, 6, batch_sizes=[3, 3, 3, 2, 2, 2, 1])
    assert [tuple(piece.shape) for piece in pieces] == [(3, 3, 5), (3, 2, 5), (1, 1, 5)]
    assert torch.equal(torch.cat([piece.flatten(0, 1) for piece in pieces]), rows)
    pieces = cut_pieces(torch.zeros(7, 0, 5), 6)
    assert [len(piece) for piece in pieces] == [7]
    monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    assert [len(piece) for piece in cut_pieces(x, 6)] == [7], "a traced batch stays whole"


@pytest.mark.parametrize("steps", [1, 8, 16], ids=["by step", "in three", "in two"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_sequence_in_pieces_is_that_of_torch(
    name: str, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 6, 2, bidirectional=True, dtype=torch.float64)
    monkeypatch.setattr(network, "AT_ONCE", steps * 4 * len(ours.weight_ih_l0))
    hx = states(name, 4, [4], 6, dtype=torch.float64)
    lengths = [2, 17, 1, 17]
    bound = rounding(theirs, torch.float64)
    for x in (torch.randn(17, 4, 5, dtype=torch.float64), packed(lengths, 5, dtype=torch.float64)):
        assert_alike(ours(x, hx), theirs(x, hx), bound)


@pytest.mark.parametrize("name", NETWORKS)
def test_packed_gradients_are_those_of_torch(name: str) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 6, 2, bidirectional=True, dtype=torch.float64)
    x = packed([2, 5, 1, 5], 5, dtype=torch.float64)
    hx = states(name, 4, [4], 6, dtype=torch.float64)
    leaves = [x.data.requires_grad_(), *(part.requires_grad_() for part in tensors(hx))]
    gradients = []
    for module in (ours, theirs):
        results = list(tensors(module(x, hx)))
        loss = sum((part * part.detach()).sum() for part in results)
        gradients.append(torch.autograd.grad(loss, [*leaves, *module.parameters()]))
    for a, b in zip(*gradients, strict=True):
        # A weight's gradient sums over 13 rows, as in `test_gradients.py`.
        assert apart(a, b) <= 13**0.5 * rounding(theirs, torch.float64)


@pytest.mark.parametrize("name", NETWORKS)
def test_bf16_and_a_batch_built_by_hand(name: str) -> None:
    torch.manual_seed(0)
    ours, theirs = pair(name, 5, 6, bidirectional=True, dtype=torch.bfloat16)
    data = torch.randn(6, 5, dtype=torch.bfloat16)
    x = PackedSequence(data, torch.tensor([3, 2, 1]))
    assert_alike(ours(x), theirs(x), rounding(theirs, torch.bfloat16))


def test_rows_leave_and_join() -> None:
    def count(x: torch.Tensor, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return tuple(part + x for part in state)

    pieces = [torch.ones(steps, rows, 1) for rows, steps in [(3, 2), (2, 1), (1, 4)]]
    start = (torch.tensor([[0.0], [10.0], [20.0]]),)
    hidden, (final,) = run_pieces(count, torch.unbind, pieces, start)
    assert final.flatten().tolist() == [7.0, 13.0, 22.0]
    assert [len(h) for h in hidden] == [3, 3, 2, 1, 1, 1, 1]
    hidden, (final,) = run_pieces(count, torch.unbind, pieces, start, reverse=True)
    assert final.flatten().tolist() == [7.0, 13.0, 22.0]
    assert [h.flatten().tolist() for h in hidden[2:4]] == [[5.0, 11.0], [4.0]]


def test_padding_changes_what_an_lstm_computes() -> None:
    # What packing is for: without it the reverse direction starts on the padding.
    torch.manual_seed(0)
    ours = pair("LSTM", 5, 6, bidirectional=True)[0]
    padded = torch.randn(5, 2, 5)
    padded[2:, 1] = 0.0
    x = pack_padded_sequence(padded, torch.tensor([5, 2]))
    unpacked, _ = pad_packed_sequence(ours(x)[0])
    plain, _ = ours(padded)
    assert apart(unpacked[:2, 1, :6], plain[:2, 1, :6]) <= rounding(ours, torch.float32)
    assert apart(unpacked[:2, 1, 6:], plain[:2, 1, 6:]) > 1e-3

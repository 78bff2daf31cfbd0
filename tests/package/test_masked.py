"""Masks and packing, against `torch.nn`'s networks and samples on their own."""

from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from rnn_tutorial import (
    bidirectional,
    layer_parameters,
    lengths_to_mask,
    masked_unroll,
    max_abs_diff,
    pack,
    rnn_cell,
    stack,
    unroll,
)

DTYPES = [torch.float32, torch.float64]
Step = Callable[[Tensor, Tensor], Tensor]


def batch(seed: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor]:
    """Draw a batch (4, 6, 5) and its lengths; with an odd seed even the longest is padded."""
    torch.manual_seed(seed)
    lengths = torch.randint(1, 6, (4,))
    lengths[seed % 4] = 6 - seed % 2
    return torch.randn(4, 6, 5, dtype=dtype), lengths


def step_of(network: nn.RNNBase, layer: int = 0, reverse: bool = False) -> Step:
    """Return the step of one layer and direction, computed from the network's own parameters."""
    weights = layer_parameters(dict(network.named_parameters()), layer, reverse)
    if network.mode == "RNN_TANH":
        return partial(rnn_cell, **weights)
    features, dtype = weights["weight_ih"].shape[1], weights["weight_ih"].dtype
    cell = nn.GRUCell(features, network.hidden_size, dtype=dtype)
    return lambda x_t, hx: torch.func.functional_call(cell, weights, (x_t, hx))


def packed_run(
    network: nn.RNNBase, x: Tensor, lengths: Tensor, hx: Tensor
) -> tuple[Tensor, Tensor]:
    rows, h_n = network(
        pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False), hx
    )
    return pad_packed_sequence(rows, batch_first=True, total_length=x.shape[1])[0], h_n


# ---- the mask ---------------------------------------------------------------------------------


def test_mask() -> None:
    lengths, steps = [2, 0, 3, 1, 5], 3
    expected = [[t < length for t in range(steps)] for length in lengths]
    mask = lengths_to_mask(torch.tensor(lengths), steps)
    assert mask.dtype == torch.bool
    assert mask.tolist() == expected
    assert lengths_to_mask(torch.tensor([2, 0]), 0).shape == (2, 0)
    assert lengths_to_mask(torch.tensor([], dtype=torch.long), 3).shape == (0, 3)


# ---- the masked loop --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["RNN", "GRU"])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_masked_loop_is_the_packed_network(seed: int, dtype: torch.dtype, kind: str) -> None:
    x, lengths = batch(seed, dtype)
    network = getattr(nn, kind)(5, 6, batch_first=True, dtype=dtype)
    x, hx = x.requires_grad_(), torch.randn(4, 6, dtype=dtype, requires_grad=True)
    mask = lengths_to_mask(lengths, x.shape[1])
    ours = masked_unroll(step_of(network), x, hx, mask)
    output, h_n = packed_run(network, x, lengths, hx[None])
    eps = torch.finfo(dtype).eps
    for a, b in zip(ours, (output, h_n[0]), strict=True):
        # A sum of E + H + 2 = 13 terms, in another order, at every step of a bounded state.
        torch.testing.assert_close(a, b, rtol=16 * eps, atol=16 * eps)
    leaves = [x, hx, *network.parameters()]
    upstream = [torch.randn_like(tensor) for tensor in ours]
    actual = torch.autograd.grad(ours, leaves, upstream)
    expected = torch.autograd.grad((output, h_n[0]), leaves, upstream)
    for a, b in zip(actual, expected, strict=True):
        # Sums over at most 24 real steps of what has come back through up to six of them.
        assert b.abs().max() > 0
        assert max_abs_diff(a, b) <= 24 * eps * max(1.0, b.abs().max().item())
    assert torch.equal(actual[0][~mask], torch.zeros_like(actual[0][~mask]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(5))
def test_layers_in_both_directions_are_the_packed_network(seed: int, dtype: torch.dtype) -> None:
    x, lengths = batch(seed, dtype)
    network = nn.RNN(5, 6, 2, batch_first=True, bidirectional=True, dtype=dtype)
    network.requires_grad_(False)
    mask, hx = lengths_to_mask(lengths, 6), torch.randn(4, 4, 6, dtype=dtype)
    layers = []
    for k in range(2):
        forward = partial(masked_unroll, step_of(network, k), mask=mask)
        # The reverse direction reads the flipped batch: its padding comes first.
        reverse = partial(masked_unroll, step_of(network, k, True), mask=mask.flip(1))
        layers.append(partial(bidirectional, forward, reverse))
    output, pairs = stack(layers, x, hx.unflatten(0, (2, 2)))
    expected, expected_h_n = packed_run(network, x, lengths, hx)
    bound = 2 * 16 * torch.finfo(dtype).eps  # of one layer, for each of two
    torch.testing.assert_close(output, expected, rtol=bound, atol=bound)
    torch.testing.assert_close(
        torch.stack([*pairs[0], *pairs[1]]), expected_h_n, rtol=bound, atol=bound
    )


def test_without_padding_it_is_unroll() -> None:
    x, _ = batch(0)
    step, hx = step_of(nn.RNN(5, 6).requires_grad_(False)), torch.randn(4, 6)
    everything = torch.ones(4, 6, dtype=torch.bool)
    for a, b in zip(masked_unroll(step, x, hx, everything), unroll(step, x, hx), strict=True):
        assert torch.equal(a, b)


def test_padding_may_stand_anywhere() -> None:
    """Gaps, padding on the left, and a sample without a real step."""
    x, _ = batch(0, torch.float64)
    step = step_of(nn.RNN(5, 6, dtype=torch.float64).requires_grad_(False))
    hx = torch.randn(4, 6, dtype=torch.float64)
    mask = torch.tensor(
        [[0, 1, 1, 0, 0, 1], [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 1, 0]]
    ).bool()
    output, last = masked_unroll(step, x, hx, mask)
    for n in (0, 1, 3):
        alone, final = unroll(step, x[n][mask[n]][None], hx[n][None])
        assert max_abs_diff(output[n][mask[n]], alone[0]) < 1e-14
        assert max_abs_diff(last[n], final[0]) < 1e-14
    assert torch.equal(last[2], hx[2])
    assert torch.equal(output[~mask], torch.zeros_like(output[~mask]))


def test_a_sample_without_real_steps_passes_its_gradient_on() -> None:
    x, hx = torch.randn(2, 3, 5), torch.randn(2, 6, requires_grad=True)
    mask = lengths_to_mask(torch.tensor([3, 0]), 3)
    _, last = masked_unroll(step_of(nn.RNN(5, 6)), x, hx, mask)
    (gradient,) = torch.autograd.grad(last.sum(), hx)
    assert torch.equal(gradient[1], torch.ones(6))
    assert not torch.equal(gradient[0], torch.ones(6))


def test_gradcheck_of_the_masked_loop() -> None:
    x, lengths = batch(0, torch.float64)
    network = nn.RNN(5, 6, dtype=torch.float64)
    mask, hx = lengths_to_mask(lengths, 6), torch.randn(4, 6, dtype=torch.float64)
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]

    def run(x: Tensor, hx: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        step = partial(rnn_cell, **dict(zip(names, weights, strict=True)))
        return masked_unroll(step, x, hx, mask)

    weights = [p.detach().clone() for p in network.parameters()]
    leaves = [tensor.requires_grad_() for tensor in (x, hx, *weights)]
    assert torch.autograd.gradcheck(run, leaves)


@pytest.mark.parametrize("value", [0.0, -3.0, 1e30])
def test_the_values_of_padding_change_nothing(value: float) -> None:
    results = []
    for filled in (False, True):
        x, lengths = batch(0)
        mask = lengths_to_mask(lengths, 6)
        x = torch.where(mask.unsqueeze(2), x, value) if filled else x
        x.requires_grad_()
        network = nn.RNN(5, 6)
        output, last = masked_unroll(step_of(network), x, torch.randn(4, 6), mask)
        gradients = torch.autograd.grad(output.square().sum(), [x, *network.parameters()])
        results.append((output, last, *gradients))
    for a, b in zip(*results, strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_padding_that_is_not_finite_makes_only_gradients_nan(value: float) -> None:
    x, lengths = batch(1)
    mask, network = lengths_to_mask(lengths, 6), nn.RNN(5, 6)
    x = torch.where(mask.unsqueeze(2), x, value)
    output, last = masked_unroll(step_of(network), x, torch.zeros(4, 6), mask)
    assert output.isfinite().all()
    assert last.isfinite().all()
    (gradient,) = torch.autograd.grad(last.sum(), network.weight_ih_l0)
    assert gradient.isnan().any()


# ---- packing ----------------------------------------------------------------------------------


@pytest.mark.parametrize("features", [(), (5,), (2, 3)], ids=["tokens", "vectors", "matrices"])
@pytest.mark.parametrize("seed", range(20))
def test_pack_is_pack_padded_sequence(seed: int, features: tuple[int, ...]) -> None:
    torch.manual_seed(seed)
    n, steps = 1 + seed % 20, 7  # of 20 samples some always have the same length
    x, lengths = torch.randn(n, steps, *features), torch.randint(1, steps + 1, (n,))
    ours = pack(x, lengths)
    theirs = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    for name, a, b in zip(ours._fields, ours, theirs, strict=True):
        assert torch.equal(a, b), name
        assert a.dtype == b.dtype, name
    padded, back = pad_packed_sequence(ours, batch_first=True)
    assert torch.equal(back, lengths)
    mask = lengths_to_mask(lengths, padded.shape[1])
    assert torch.equal(padded[mask], x[:, : padded.shape[1]][mask])


def test_packed_batch_goes_through_a_network_and_back() -> None:
    x, lengths = batch(1)
    x.requires_grad_()
    network = nn.LSTM(5, 6, 2, batch_first=True, bidirectional=True)
    rows, (h_n, _) = network(pack(x, lengths))
    theirs, (expected, _) = network(
        pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    )
    assert torch.equal(rows.data, theirs.data)
    assert torch.equal(h_n, expected)
    (gradient,) = torch.autograd.grad(rows.data.sum(), x)
    moved = gradient.abs().amax(2) > 0
    assert torch.equal(moved, lengths_to_mask(lengths, 6))


@pytest.mark.parametrize("lengths", [[3, 0, 2, 1], [3, 4, 2, 1], [3, -1, 2, 1]])
def test_pack_rejects_lengths(lengths: list[int]) -> None:
    message = rf"^lengths: expected from 1 to 3 each, got \[{', '.join(map(str, lengths))}\]$"
    with pytest.raises(RuntimeError, match=message):
        pack(torch.zeros(4, 3, 5), torch.tensor(lengths))

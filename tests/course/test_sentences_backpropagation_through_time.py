"""Sentences of the chapter on backpropagation through time that no claim on the page checks."""

import torch
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from rnn_tutorial import rnn_layer


def layer() -> tuple[torch.Tensor, torch.Tensor, dict[str, torch.Tensor]]:
    torch.manual_seed(0)
    named = torch.nn.RNN(5, 6).named_parameters()
    weights = {name.removesuffix("_l0"): weight for name, weight in named}
    return torch.randn(4, 64, 5), torch.zeros(4, 6), weights


def test_pieces_cost_one_more_forward_pass_at_most() -> None:
    """Recomputing stops at the last tensor that is needed, so that it may be a little less."""
    x, h_0, weights = layer()
    with FlopCounterMode(display=False) as whole:
        _, final = rnn_layer(x, h_0, **weights)
        forward_pass = whole.get_total_flops()
        torch.autograd.grad(final.sum(), list(weights.values()))
    with FlopCounterMode(display=False) as pieced:
        final = h_0
        for piece in x.split(8, dim=1):
            _, final = checkpoint(rnn_layer, piece, final, use_reentrant=False, **weights)
        torch.autograd.grad(final.sum(), list(weights.values()))
    more = pieced.get_total_flops() - whole.get_total_flops()
    assert 0.9 * forward_pass <= more <= forward_pass


def test_without_gradients_a_layer_still_holds_all_states() -> None:
    x, h_0, weights = layer()
    with torch.no_grad():
        output, _ = rnn_layer(x, h_0, **weights)
    assert output.grad_fn is None
    assert output.untyped_storage().nbytes() == x.shape[1] * h_0.nbytes


def test_forward_mode_carries_the_same_gradient() -> None:
    """Real-time recurrent learning: d h_t / d W goes forward, H numbers for each of H * H."""
    x, h_0, weights = layer()
    w, x = weights["weight_hh"].detach().double(), x[:1, :8].double()
    rest = {k: v.detach().double() for k, v in weights.items() if k != "weight_hh"}
    h, influence = h_0[:1].double(), torch.zeros(6, 6, 6, dtype=torch.float64)
    assert influence.numel() == h.numel() ** 3
    for x_t in x.unbind(1):
        direct = torch.einsum("ij,k->ijk", torch.eye(6, dtype=torch.float64), h[0])
        influence = direct + torch.einsum("ij,jkl->ikl", w, influence)
        h = rnn_layer(x_t[:, None], h, weight_hh=w, **rest)[1]
        influence = (1 - h[0] ** 2)[:, None, None] * influence
    leaf = w.clone().requires_grad_()
    final = rnn_layer(x, h_0[:1].double(), weight_hh=leaf, **rest)[1]
    (expected,) = torch.autograd.grad(final.sum(), leaf)
    torch.testing.assert_close(influence.sum(0), expected, rtol=1e-12, atol=1e-12)

"""The hand-written backward pass against autograd, finite differences, and wrong shapes."""

from typing import Any

import pytest
import torch
from torch import Tensor, zeros

from rnn_tutorial import max_abs_diff, rnn_layer, rnn_layer_backward, rnn_step_backward

# A call that succeeds, for N = 4, T = 3, E = 5, H = 6; its wrong shapes are in test_package.py.
GIVEN = {
    "grad_output": zeros(4, 3, 6),
    "grad_h_n": zeros(4, 6),
    "input": zeros(4, 3, 5),
    "hx": zeros(4, 6),
    "output": zeros(4, 3, 6),
    "weight_ih": zeros(6, 5),
    "weight_hh": zeros(6, 6),
}


def test_empty_sequence_is_named() -> None:
    empty = {"grad_output": zeros(4, 0, 6), "output": zeros(4, 0, 6), "input": zeros(4, 0, 5)}
    message = r"^output: expected T of at least 1, got shape \(4, 0, 6\)$"
    with pytest.raises(RuntimeError, match=message):
        rnn_layer_backward(**GIVEN | empty)


def test_empty_batch() -> None:
    none = {name: tensor[:0] for name, tensor in GIVEN.items() if "weight" not in name}
    gradients = rnn_layer_backward(**GIVEN | none)
    assert gradients["input"].shape == (0, 3, 5)
    assert torch.equal(gradients["weight_hh"], zeros(6, 6))


class Layer(torch.autograd.Function):
    """`rnn_layer` whose gradients come from `rnn_layer_backward`."""

    @staticmethod
    def forward(
        ctx: Any,
        input: Tensor,
        hx: Tensor,
        weight_ih: Tensor,
        weight_hh: Tensor,
        bias_ih: Tensor,
        bias_hh: Tensor,
    ) -> tuple[Tensor, Tensor]:
        output, h_n = rnn_layer(input, hx, weight_ih, weight_hh, bias_ih, bias_hh)
        ctx.save_for_backward(input, hx, output, weight_ih, weight_hh)
        return output, h_n

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor, grad_h_n: Tensor) -> tuple[Tensor, ...]:
        return tuple(rnn_layer_backward(grad_output, grad_h_n, *ctx.saved_tensors).values())


def arguments(size: tuple[int, int, int, int], dtype: torch.dtype) -> dict[str, Tensor]:
    """Draw a layer's arguments, each a leaf that wants a gradient."""
    n, t, e, h = size
    reference = torch.nn.RNN(e, h, batch_first=True, dtype=dtype)
    drawn = {"input": torch.randn(n, t, e, dtype=dtype), "hx": torch.randn(n, h, dtype=dtype)}
    named = reference.state_dict().items()
    drawn |= {name.removesuffix("_l0"): weight.clone() for name, weight in named}
    return {name: tensor.requires_grad_() for name, tensor in drawn.items()}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [(1, 1, 1, 1), (2, 4, 5, 6), (3, 64, 5, 6), (8, 32, 32, 32)])
def test_gradients_are_those_of_autograd(
    size: tuple[int, int, int, int], dtype: torch.dtype, seed: int
) -> None:
    torch.manual_seed(seed)
    leaves = arguments(size, dtype)
    reference = torch.nn.RNN(size[2], size[3], batch_first=True, dtype=dtype)
    weights = {f"{name}_l0": leaf for name, leaf in leaves.items() if name not in ("input", "hx")}
    results = torch.func.functional_call(
        reference, weights, (leaves["input"], leaves["hx"].unsqueeze(0))
    )
    grad_output, grad_h_n = torch.randn_like(results[0]), torch.randn_like(results[1])
    expected = torch.autograd.grad(results, list(leaves.values()), (grad_output, grad_h_n))
    output, _ = rnn_layer(**leaves)
    actual = rnn_layer_backward(
        grad_output,
        grad_h_n[0],
        leaves["input"],
        leaves["hx"],
        output,
        leaves["weight_ih"],
        leaves["weight_hh"],
    )
    assert list(actual) == list(leaves)
    for mine, theirs in zip(actual.values(), expected, strict=True):
        # A number sums over at most N * T rows or E + H features, and each term carries the
        # rounding of a state; what counts is the largest term, not a sum that cancels.
        terms = max(size[0] * size[1], size[2] + size[3])
        scale = max(1.0, theirs.abs().max().item())
        assert mine.dtype == dtype
        assert max_abs_diff(mine, theirs) <= 2 * terms * torch.finfo(dtype).eps * scale


def test_gradients_are_finite_differences() -> None:
    torch.manual_seed(0)
    leaves = list(arguments((2, 4, 5, 6), torch.float64).values())
    assert torch.autograd.gradcheck(Layer.apply, leaves)


def test_the_gradient_of_the_last_output_and_of_the_final_state_add_up() -> None:
    torch.manual_seed(0)
    leaves = {name: leaf.detach() for name, leaf in arguments((2, 4, 5, 6), torch.float64).items()}
    output, _ = rnn_layer(**leaves)
    given = leaves["input"], leaves["hx"], output, leaves["weight_ih"], leaves["weight_hh"]
    last, at_last = torch.randn(2, 6, dtype=torch.float64), torch.zeros_like(output)
    at_last[:, -1] = last
    as_output = rnn_layer_backward(at_last, torch.zeros_like(last), *given)
    as_state = rnn_layer_backward(torch.zeros_like(output), last, *given)
    for name in as_output:
        assert torch.equal(as_output[name], as_state[name])
        assert as_output[name].abs().max() > 0


def test_the_gradients_of_the_two_biases_share_no_memory() -> None:
    gradients = rnn_layer_backward(**GIVEN)
    gradients["bias_ih"] += 1.0
    assert torch.equal(gradients["bias_hh"], zeros(6))


def test_a_saturated_step_lets_nothing_through() -> None:
    grad_summed, grad_hx = rnn_step_backward(torch.randn(4, 6), torch.ones(4, 6), torch.randn(6, 6))
    assert torch.equal(grad_summed, zeros(4, 6))
    assert torch.equal(grad_hx, zeros(4, 6))

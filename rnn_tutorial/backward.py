"""Backpropagation through time: the gradients of a tanh layer, without autograd."""

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape


def rnn_step_backward(grad_h: Tensor, h: Tensor, weight_hh: Tensor) -> tuple[Tensor, Tensor]:
    """Take the gradient of one state back through tanh, and on to the state before it.

    The derivative of tanh is 1 - tanh^2, so the state h is enough: the sum inside the tanh need not
    be kept.

    Shape:
        grad_h (N, H), h (N, H), weight_hh (H, H);
        returns the gradient of the sum inside the tanh (N, H) and of the state before (N, H)

    Raises:
        RuntimeError: if N or H disagree; the message names the argument and both shapes.

    Source:
        Werbos (1990), for the step h = tanh(input_gates + hx W_hh^T) of `rnn_cell`.

    >>> grad_h, h, weight_hh = torch.tensor([[1.0]]), torch.tensor([[0.5]]), torch.tensor([[2.0]])
    >>> rnn_step_backward(grad_h, h, weight_hh)  # 1 - 0.5^2, and twice as much
    (tensor([[0.7500]]), tensor([[1.5000]]))

    Explained in: docs/en/learning/backpropagation-through-time.md
    """
    require_shape("h", h, "N", "H")
    require_shape("grad_h", grad_h, *h.shape)
    require_shape("weight_hh", weight_hh, h.shape[1], h.shape[1])
    grad_summed = grad_h * (1 - h**2)
    return grad_summed, grad_summed @ weight_hh


def unroll_backward(
    grad_output: Tensor, grad_h_n: Tensor, output: Tensor, weight_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """Carry a gradient back through time, adding the loss's own gradient of each state on the way.

    Shape:
        grad_output (N, T, H), grad_h_n (N, H), output (N, T, H), weight_hh (H, H);
        returns the gradient of every step's sum (N, T, H) and of the initial state (N, H)

    Raises:
        RuntimeError: if N, T or H disagree, or if T is 0.

    Source:
        Werbos (1990).

    >>> grad_output, output = torch.ones(1, 3, 1), torch.zeros(1, 3, 1)  # tanh' is 1 at zero
    >>> summed, before = unroll_backward(grad_output, torch.zeros(1, 1), output, torch.ones(1, 1))
    >>> summed.flatten(), before
    (tensor([3., 2., 1.]), tensor([[3.]]))

    Explained in: docs/en/learning/backpropagation-through-time.md
    """
    require_shape("output", output, "N", "T", "H")
    require_shape("grad_output", grad_output, *output.shape)
    require_shape("grad_h_n", grad_h_n, output.shape[0], output.shape[2])
    if output.shape[1] == 0:
        raise RuntimeError(f"output: expected T of at least 1, got shape {tuple(output.shape)}")
    grad_hx, grads_summed = grad_h_n, []
    for t in reversed(range(output.shape[1])):
        grad_h = grad_output[:, t] + grad_hx
        grad_summed, grad_hx = rnn_step_backward(grad_h, output[:, t], weight_hh)
        grads_summed.append(grad_summed)
    return torch.stack(grads_summed[::-1], dim=1), grad_hx


def rnn_layer_backward(
    grad_output: Tensor,
    grad_h_n: Tensor,
    input: Tensor,
    hx: Tensor,
    output: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
) -> dict[str, Tensor]:
    """Compute every gradient of `rnn_layer` with tanh, under the names of its arguments.

    Shape:
        grad_output (N, T, H) and grad_h_n (N, H), the loss's gradients of the layer's two results;
        input (N, T, E), hx (N, H), weight_ih (H, E), weight_hh (H, H) as in the forward pass, and
        its output (N, T, H); each gradient has the shape of its argument

    Raises:
        RuntimeError: if N, T, E or H disagree, or if T is 0.

    Source:
        Werbos (1990), for the layer of `torch.nn.RNN`; its two biases have the same gradient.

    >>> x, h, w_ih, w_hh = (torch.ones(shape) for shape in ((4, 16, 5), (4, 6), (6, 5), (6, 6)))
    >>> output, h_n = torch.zeros(4, 16, 6), torch.zeros(4, 6)
    >>> grads = rnn_layer_backward(torch.ones(4, 16, 6), h_n, x, h, output, w_ih, w_hh)
    >>> [(name, list(grad.shape)) for name, grad in grads.items()][:3]
    [('input', [4, 16, 5]), ('hx', [4, 6]), ('weight_ih', [6, 5])]

    Explained in: docs/en/learning/backpropagation-through-time.md
    """
    grad_summed, grad_hx = unroll_backward(grad_output, grad_h_n, output, weight_hh)
    require_shape("weight_ih", weight_ih, output.shape[2], "E")
    require_shape("input", input, *output.shape[:2], weight_ih.shape[1])
    require_shape("hx", hx, output.shape[0], output.shape[2])
    states_before = torch.cat([hx.unsqueeze(1), output[:, :-1]], dim=1)
    rows = grad_summed.flatten(0, 1)
    return {
        "input": grad_summed @ weight_ih,
        "hx": grad_hx,
        "weight_ih": rows.T @ input.flatten(0, 1),
        "weight_hh": rows.T @ states_before.flatten(0, 1),
        "bias_ih": rows.sum(0),
        "bias_hh": rows.sum(0),
    }

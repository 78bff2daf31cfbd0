"""The simplest memory: this step's input plus a linear map of the last state, with no activation.

Weights are laid out for the product `x @ w`, input features first, so the joined matrix is one on
top of the other. `rnn_tutorial.cells` uses PyTorch's transposed layout.
"""

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape


def memory_step(input: Tensor, hx: Tensor, w_input: Tensor, w_state: Tensor) -> Tensor:
    """Advance the linear memory by one step with two products: s_t = x_t W1 + s_{t-1} W2.

    Shape:
        input (N, E), hx (N, H), w_input (E, H), w_state (H, H) -> (N, H)

    Raises:
        RuntimeError: if N, E or H disagree; the message names the argument and both shapes.

    Source:
        The recurrence of Elman (1990) without its activation and biases.

    >>> x_t, state = torch.tensor([[1.0]]), torch.tensor([[2.0]])
    >>> memory_step(x_t, state, w_input=torch.tensor([[10.0]]), w_state=torch.tensor([[0.5]]))
    tensor([[11.]])

    Explained in: docs/en/foundations/memory.md
    """
    require_shape("w_input", w_input, "E", "H")
    require_shape("input", input, "N", w_input.shape[0])
    require_shape("hx", hx, input.shape[0], w_input.shape[1])
    require_shape("w_state", w_state, hx.shape[1], hx.shape[1])
    return input @ w_input + hx @ w_state


def joined_memory_step(input: Tensor, hx: Tensor, w_joined: Tensor) -> Tensor:
    """Advance the linear memory by one step with one product: s_t = [x_t, s_{t-1}] W3.

    Shape:
        input (N, E), hx (N, H), w_joined (E + H, H) -> (N, H)

    Raises:
        RuntimeError: if N, E or H disagree; the message names the argument and both shapes.

    >>> x_t, state = torch.tensor([[1.0]]), torch.tensor([[2.0]])
    >>> joined_memory_step(x_t, state, w_joined=torch.tensor([[10.0], [0.5]]))
    tensor([[11.]])

    Explained in: docs/en/foundations/one-matmul.md
    """
    require_shape("input", input, "N", "E")
    require_shape("w_joined", w_joined, "E + H", "H")
    require_shape("hx", hx, input.shape[0], w_joined.shape[1])
    require_shape("w_joined", w_joined, input.shape[1] + hx.shape[1], hx.shape[1])
    return torch.cat([input, hx], dim=1) @ w_joined

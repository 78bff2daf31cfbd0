"""One step of a recurrent network: tensors in, tensors out, in PyTorch's parameter layout."""

import torch
from torch import Tensor

from rnn_tutorial.linear import linear
from rnn_tutorial.shapes import require_shape


def rnn_cell(
    input: Tensor,
    hx: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    nonlinearity: str = "tanh",
) -> Tensor:
    """Advance a plain recurrent network by one time step.

    Shape:
        input (N, E), hx (N, H), weight_ih (H, E), weight_hh (H, H), biases (H,) -> (N, H)

    Raises:
        RuntimeError: if N, E or H disagree; the message names the argument and both shapes.
        ValueError: if `nonlinearity` is neither "tanh" nor "relu".

    Source:
        Elman (1990); names, layout and the two biases as in `torch.nn.RNNCell`.
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f'nonlinearity: expected "tanh" or "relu", got {nonlinearity!r}')
    require_shape("weight_ih", weight_ih, "H", "E")
    hidden_size, input_size = weight_ih.shape
    require_shape("input", input, "N", input_size)
    require_shape("hx", hx, input.shape[0], hidden_size)
    require_shape("weight_hh", weight_hh, hidden_size, hidden_size)
    for name, bias in (("bias_ih", bias_ih), ("bias_hh", bias_hh)):
        if bias is not None:
            require_shape(name, bias, hidden_size)
    summed = linear(input, weight_ih, bias_ih) + linear(hx, weight_hh, bias_hh)
    return torch.tanh(summed) if nonlinearity == "tanh" else torch.relu(summed)

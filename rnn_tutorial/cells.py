"""One step of a recurrent network: tensors in, tensors out, in PyTorch's parameter layout.

A cell multiplies the input and the state by their weights, and then mixes the two products,
`input_gates` and `hidden_gates`. It calls `nn.functional.linear`, as `torch.nn`'s cells do: the
`linear` of this package may round otherwise in a wide layer. In an LSTM and a GRU the mixing
is a function of its own (`lstm_update`, `gru_update`): it is what sets these cells apart.
`rnn_tutorial.steps` has the same steps with fewer calls.
"""

import torch
from torch import Tensor, nn

from rnn_tutorial.shapes import require_cell, require_shape


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
        input (N, E), hx (N, H), weight_ih (H, E), weight_hh (H, H), biases (H,) -> (N, H);
        without a batch: input (E,), hx (H,) -> (H,)

    Raises:
        RuntimeError: if N, E or H disagree; the message names the argument and both shapes.
        ValueError: if `nonlinearity` is neither "tanh" nor "relu".

    Source:
        Elman (1990); names, layout and the two biases as in `torch.nn.RNNCell`.

    >>> x_t, h = torch.tensor([1.0]), torch.tensor([2.0])
    >>> rnn_cell(x_t, h, torch.tensor([[10.0]]), torch.tensor([[0.5]]), nonlinearity="relu")
    tensor([11.])

    Explained in: docs/en/foundations/rnn-by-hand.md
    """
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f'nonlinearity: expected "tanh" or "relu", got {nonlinearity!r}')
    require_cell(1, input, hx, weight_ih, weight_hh, bias_ih, bias_hh)
    input_gates = nn.functional.linear(input, weight_ih, bias_ih)
    hidden_gates = nn.functional.linear(hx, weight_hh, bias_hh)
    gates = input_gates + hidden_gates
    return torch.tanh(gates) if nonlinearity == "tanh" else torch.relu(gates)


def lstm_cell(
    input: Tensor,
    hx: tuple[Tensor, Tensor],
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    weight_hr: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Advance an LSTM by one time step.

    Shape:
        input (N, E), hx = (h, c) each (N, H), weight_ih (4*H, E), weight_hh (4*H, H),
        biases (4*H,) -> (h', c') each (N, H); with weight_hr (P, H) every h is (N, P) and
        weight_hh (4*H, P); without a batch there is no N

    Raises:
        RuntimeError: if N, E, H or P disagree; the message names the argument and both shapes.

    Source:
        Hochreiter and Schmidhuber (1997); forget gate: Gers et al. (2000); projection: Sak et
        al. (2014). Gate order i, f, g, o as in `torch.nn.LSTMCell`.

    >>> start = torch.zeros(4, 6), torch.zeros(4, 6)
    >>> h, c = lstm_cell(torch.zeros(4, 5), start, **nn.LSTMCell(5, 6).state_dict())
    >>> h.shape, c.shape
    (torch.Size([4, 6]), torch.Size([4, 6]))

    Explained in: docs/en/gates/lstm-by-hand.md
    """
    h, c = hx
    proj_size = 0 if weight_hr is None else weight_hr.shape[0]
    require_cell(4, input, h, weight_ih, weight_hh, bias_ih, bias_hh, proj_size)
    hidden_size = weight_ih.shape[0] // 4
    require_shape("hx[1]", c, *input.shape[:-1], hidden_size)
    if weight_hr is not None:
        require_shape("weight_hr", weight_hr, "P", hidden_size)
    input_gates = nn.functional.linear(input, weight_ih, bias_ih)
    hidden_gates = nn.functional.linear(h, weight_hh, bias_hh)
    return lstm_update(input_gates + hidden_gates, c, weight_hr)


def lstm_update(gates: Tensor, c: Tensor, weight_hr: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Forget, write and show: what an LSTM does with the sum of a step's two products.

    Shape:
        gates (N, 4*H) in the order i, f, g, o; c (N, H); weight_hr (P, H);
        returns h' (N, H), or (N, P) with weight_hr, and c' (N, H)

    Source:
        As `lstm_cell`.

    >>> h, c = lstm_update(torch.zeros(4), torch.tensor([2.0]))  # every gate half open
    >>> c
    tensor([1.])

    Explained in: docs/en/gates/lstm-by-hand.md
    """
    i, f, g, o = gates.chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    h = torch.sigmoid(o) * torch.tanh(c)
    return (h if weight_hr is None else h @ weight_hr.T), c


def gru_cell(
    input: Tensor,
    hx: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
) -> Tensor:
    """Advance a GRU by one time step.

    Shape:
        input (N, E), hx (N, H), weight_ih (3*H, E), weight_hh (3*H, H), biases (3*H,) -> (N, H);
        without a batch: input (E,), hx (H,) -> (H,)

    Raises:
        RuntimeError: if N, E or H disagree; the message names the argument and both shapes.

    Source:
        Cho et al. (2014); the reset gate after the product, and the gate order r, z, n, as in
        `torch.nn.GRUCell`.

    >>> gru_cell(torch.zeros(4, 5), torch.zeros(4, 6), **nn.GRUCell(5, 6).state_dict()).shape
    torch.Size([4, 6])

    Explained in: docs/en/gates/gru-by-hand.md
    """
    require_cell(3, input, hx, weight_ih, weight_hh, bias_ih, bias_hh)
    input_gates = nn.functional.linear(input, weight_ih, bias_ih)
    hidden_gates = nn.functional.linear(hx, weight_hh, bias_hh)
    return gru_update(input_gates, hidden_gates, hx)


def gru_update(input_gates: Tensor, hidden_gates: Tensor, hx: Tensor) -> Tensor:
    """Mix the two products of a GRU's step; they stay apart, because r scales one of them.

    Shape:
        input_gates (N, 3*H), the product of the input, and hidden_gates (N, 3*H), that of the
        state, both in the order r, z, n; hx (N, H) -> (N, H)

    Source:
        As `gru_cell`. `n + z * (h - n)` is `(1 - z) * n + z * h` with one multiplication fewer.

    >>> gru_update(torch.zeros(3), torch.zeros(3), torch.tensor([2.0]))  # halfway from h to n = 0
    tensor([1.])

    Explained in: docs/en/gates/gru-by-hand.md
    """
    input_r, input_z, input_n = input_gates.chunk(3, dim=-1)
    hidden_r, hidden_z, hidden_n = hidden_gates.chunk(3, dim=-1)
    r = torch.sigmoid(input_r + hidden_r)
    z = torch.sigmoid(input_z + hidden_z)
    n = torch.tanh(input_n + r * hidden_n)
    return (hx - n) * z + n

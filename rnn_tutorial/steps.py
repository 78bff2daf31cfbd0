"""One step of a layer that has multiplied its inputs already: only the state is left to multiply.

These are `rnn_cell`, `lstm_update` and `gru_update` again, with fewer calls and less new memory:

- `recurrent` is `weight_hh.T`, transposed once per layer rather than once per step, and
  `torch.addmm(a, h, w)` is `a + h @ w` in one call, as `torch.addcmul(a, b, c)` is `a + b * c`;
- the input gates of a GRU come in two parts, split once for many steps;
- a function whose name ends with _ writes its result over its input. That is safe if nothing else
  needs the input: here it is a product that this step has just made. Autograd keeps nothing of a
  sum's terms, and the result of a sigmoid or a tanh, not its input;
- `unsafe_chunk` splits as `chunk` does, but its parts may be overwritten: autograd refuses to
  overwrite the views that `chunk` returns.

A state is a tuple: (h,) in an RNN or a GRU, (h, c) in an LSTM.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import torch
from torch import Tensor

State: TypeAlias = tuple[Tensor, ...]
Step: TypeAlias = Callable[[Any, State], State]  # it reads what `project` made of its input


def rnn_step(
    projected: Tensor, hx: State, recurrent: Tensor, activation: Callable[[Tensor], Tensor]
) -> State:
    """Advance a plain recurrent network whose input is projected, both biases included.

    Shape:
        projected (N, H), hx = (h,) with h (N, H), recurrent (H, H) -> (h',)

    Source:
        As `rnn_cell`.

    >>> projected, h = torch.tensor([[10.0]]), torch.tensor([[2.0]])
    >>> rnn_step(projected, (h,), recurrent=torch.tensor([[0.5]]), activation=torch.relu)
    (tensor([[11.]]),)

    Explained in: docs/en/reference/steps.md
    """
    return (activation(torch.addmm(projected, hx[0], recurrent)),)


def lstm_step(
    projected: Tensor, hx: State, recurrent: Tensor, weight_hr: Tensor | None = None
) -> State:
    """Advance an LSTM whose input is projected, both biases included.

    Shape:
        projected (N, 4*H), hx = (h, c) with h (N, P), P being H without weight_hr, and c (N, H),
        recurrent (P, 4*H), weight_hr (P, H) -> (h', c')

    Source:
        As `lstm_cell`.

    >>> h, c = lstm_step(torch.zeros(4, 24), (torch.zeros(4, 6),) * 2, torch.zeros(6, 24))
    >>> h.shape, c.shape
    (torch.Size([4, 6]), torch.Size([4, 6]))

    Explained in: docs/en/reference/steps.md
    """
    h, c = hx
    i, f, g, o = torch.addmm(projected, h, recurrent).unsafe_chunk(4, dim=1)
    c = torch.addcmul(f.sigmoid_() * c, i.sigmoid_(), g.tanh_())
    h = o.sigmoid_() * torch.tanh(c)
    return (h if weight_hr is None else h @ weight_hr.T), c


def gru_step(
    projected: tuple[Tensor, Tensor], hx: State, recurrent: Tensor, bias_hh: Tensor | None = None
) -> State:
    """Advance a GRU whose input is projected with `bias_ih`; `bias_hh` is scaled by r, so it waits.

    Shape:
        projected (N, 2*H), for r and z, and (N, H), for n; hx = (h,) with h (N, H),
        recurrent (H, 3*H), bias_hh (3*H,) -> (h',)

    Source:
        As `gru_cell`.

    >>> projected = torch.zeros(1, 2), torch.zeros(1, 1)
    >>> gru_step(projected, (torch.tensor([[2.0]]),), torch.zeros(1, 3))
    (tensor([[1.]]),)

    Explained in: docs/en/reference/steps.md
    """
    (h,), (input_rz, input_n) = hx, projected
    gates = h @ recurrent if bias_hh is None else torch.addmm(bias_hh, h, recurrent)
    hidden_size = h.shape[1]
    hidden_rz, hidden_n = torch.split_with_sizes(gates, (2 * hidden_size, hidden_size), dim=1)
    rz = (hidden_rz + input_rz).sigmoid_()
    r, z = torch.split_with_sizes(rz, (hidden_size, hidden_size), dim=1)
    n = (r * hidden_n).add_(input_n).tanh_()
    return (((h - n) * z).add_(n),)


def bind_step(
    mode: str,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    weight_hr: Tensor | None = None,
) -> tuple[Step, Tensor | None]:
    """Give a cell its weights; return the step and the bias that belongs to the projection.

    Shape:
        weight_hh (G*H, H), biases (G*H,), each zero if None, weight_hr (P, H), as in `torch.nn`'s
        layers; returns the step and a bias (G*H,) or None

    Raises:
        KeyError: if `mode` is none of "RNN_TANH", "RNN_RELU", "LSTM" and "GRU".

    >>> step, bias = bind_step("RNN_TANH", torch.zeros(6, 6), torch.ones(6), torch.ones(6))
    >>> (h,) = step(torch.zeros(4, 6), (torch.zeros(4, 6),))
    >>> h.shape, bias
    (torch.Size([4, 6]), tensor([2., 2., 2., 2., 2., 2.]))

    Explained in: docs/en/reference/steps.md
    """
    recurrent = weight_hh.T
    if mode == "GRU":
        return partial(gru_step, recurrent=recurrent, bias_hh=bias_hh), bias_ih
    bias = bias_hh if bias_ih is None else bias_ih if bias_hh is None else bias_ih + bias_hh
    if mode == "LSTM":
        return partial(lstm_step, recurrent=recurrent, weight_hr=weight_hr), bias
    activation = {"RNN_TANH": torch.tanh_, "RNN_RELU": torch.relu_}[mode]
    return partial(rnn_step, recurrent=recurrent, activation=activation), bias

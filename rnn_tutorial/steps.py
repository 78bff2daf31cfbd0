"""One step of a layer that has multiplied its inputs already: only the state is left to multiply.

A state is a tuple here: (h,) of an RNN or a GRU, (h, c) of an LSTM. `recurrent` is `weight_hh.T`,
transposed once a layer rather than once a step, and `torch.addmm(a, h, w)` is `a + h @ w` at once.

A small step spends its time in calls and in new memory, so it does without some of both. A name
that ends with _ writes the result over what it reads, which is a product that nobody else needs.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import torch
from torch import Tensor

State: TypeAlias = tuple[Tensor, ...]
Step: TypeAlias = Callable[[Tensor, State], State]


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
    (h,) = hx
    return (activation(torch.addmm(projected, h, recurrent)),)


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
    # `lstm_gates`, written over the gates: unsafe_chunk cuts so that this is allowed.
    i, f, g, o = torch.addmm(projected, h, recurrent).unsafe_chunk(4, dim=1)
    c = torch.addcmul(f.sigmoid_() * c, i.sigmoid_(), g.tanh_())  # f * c + i * g
    h = o.sigmoid_() * torch.tanh(c)
    return (h if weight_hr is None else h @ weight_hr.T), c


def gru_step(
    projected: Tensor, hx: State, recurrent: Tensor, bias_hh: Tensor | None = None
) -> State:
    """Advance a GRU whose input is projected with `bias_ih`; r scales `bias_hh` too, so it waits.

    Shape:
        projected (N, 3*H), hx = (h,) with h (N, H), recurrent (H, 3*H), bias_hh (3*H,) -> (h',)

    Source:
        As `gru_cell`.

    >>> (h,) = gru_step(torch.zeros(1, 3), (torch.tensor([[2.0]]),), torch.zeros(1, 3))
    >>> h
    tensor([[1.]])

    Explained in: docs/en/reference/steps.md
    """
    (h,) = hx
    kept = h @ recurrent if bias_hh is None else torch.addmm(bias_hh, h, recurrent)
    # `gru_gates`, with r and z summed and squeezed at once.
    hidden_size = h.shape[1]
    read_rz, read_n = torch.split_with_sizes(projected, (2 * hidden_size, hidden_size), dim=1)
    kept_rz, kept_n = torch.split_with_sizes(kept, (2 * hidden_size, hidden_size), dim=1)
    r, z = torch.unsafe_chunk((read_rz + kept_rz).sigmoid_(), 2, dim=1)
    n = (r * kept_n).add_(read_n).tanh_()
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
        weight_hh (G*H, H), biases (G*H,), weight_hr (P, H), as in `torch.nn`'s layers

    Raises:
        KeyError: if `mode` is none of "RNN_TANH", "RNN_RELU", "LSTM" and "GRU".

    >>> step, bias = bind_step("GRU", torch.zeros(18, 6), torch.ones(18), torch.zeros(18))
    >>> (h,) = step(torch.zeros(4, 18), (torch.zeros(4, 6),))
    >>> h.shape, bias.shape
    (torch.Size([4, 6]), torch.Size([18]))

    Explained in: docs/en/reference/steps.md
    """
    recurrent = weight_hh.T
    if mode == "GRU":
        return partial(gru_step, recurrent=recurrent, bias_hh=bias_hh), bias_ih
    both = None if bias_ih is None or bias_hh is None else bias_ih + bias_hh
    if mode == "LSTM":
        return partial(lstm_step, recurrent=recurrent, weight_hr=weight_hr), both
    activation = {"RNN_TANH": torch.tanh_, "RNN_RELU": torch.relu_}[mode]
    return partial(rnn_step, recurrent=recurrent, activation=activation), both

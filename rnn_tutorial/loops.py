"""The loop over time, and a recurrent layer as that loop around a cell."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor

from rnn_tutorial.cells import rnn_cell
from rnn_tutorial.shapes import require_shape

State = TypeVar("State")  # quoted below: a page can show `run_steps` without it


def run_steps(
    step: "Callable[[Tensor, State], State]", inputs: "Iterable[Tensor]", hx: "State"
) -> "list[State]":
    """Carry a state through time: hx = step(x_t, hx) for each input, keeping every state.

    Shape:
        inputs: T tensors (N, E), hx (N, H), step: (N, E), (N, H) -> (N, H);
        returns T states (N, H). A state may also be a tuple of tensors: the loop does not
        look inside.

    >>> run_steps(torch.add, (torch.tensor(1), torch.tensor(2), torch.tensor(3)), torch.tensor(0))
    [tensor(1), tensor(3), tensor(6)]

    Explained in: docs/en/foundations/memory.md
    """
    states = []
    for x_t in inputs:
        hx = step(x_t, hx)
        states.append(hx)
    return states


def unroll(
    step: Callable[[Tensor, Tensor], Tensor], input: Tensor, hx: Tensor
) -> tuple[Tensor, Tensor]:
    """Run the loop over the time axis of one tensor, and stack the states into one tensor.

    Shape:
        input (N, T, E), hx (N, H), step: (N, E), (N, H) -> (N, H);
        returns every state (N, T, H) and the last one (N, H)

    Raises:
        RuntimeError: if `input` has other than three axes, if T is 0, or if `hx` does not fit it.

    >>> states, last = unroll(torch.add, torch.ones(4, 3, 6), torch.zeros(4, 6))
    >>> states.shape, states[0, :, 0]
    (torch.Size([4, 3, 6]), tensor([1., 2., 3.]))

    Explained in: docs/en/foundations/memory.md
    """
    require_shape("input", input, "N", "T", "E")
    require_shape("hx", hx, input.shape[0], "H")
    if input.shape[1] == 0:
        raise RuntimeError(f"input: expected T of at least 1, got shape {tuple(input.shape)}")
    states = run_steps(step, input.unbind(dim=1), hx)
    return torch.stack(states, dim=1), states[-1]


def rnn_layer(
    input: Tensor,
    hx: Tensor,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    nonlinearity: str = "tanh",
) -> tuple[Tensor, Tensor]:
    """Run one recurrent layer, in one direction, over a whole sequence.

    Shape:
        input (N, T, E), hx (N, H), weight_ih (H, E), weight_hh (H, H), biases (H,);
        returns the output (N, T, H) and the final state (N, H)

    Raises:
        RuntimeError: if shapes disagree; ValueError: as `rnn_cell`.

    Source:
        `torch.nn.RNN` with one layer, one direction and `batch_first=True`.

    >>> weights = torch.zeros(6, 5), torch.zeros(6, 6)
    >>> output, h_n = rnn_layer(torch.zeros(4, 16, 5), torch.zeros(4, 6), *weights)
    >>> output.shape, h_n.shape
    (torch.Size([4, 16, 6]), torch.Size([4, 6]))

    Explained in: docs/en/foundations/rnn-by-hand.md
    """
    require_shape("weight_ih", weight_ih, "H", "E")
    require_shape("input", input, "N", "T", weight_ih.shape[1])
    step = partial(
        rnn_cell,
        weight_ih=weight_ih,
        weight_hh=weight_hh,
        bias_ih=bias_ih,
        bias_hh=bias_hh,
        nonlinearity=nonlinearity,
    )
    return unroll(step, input, hx)

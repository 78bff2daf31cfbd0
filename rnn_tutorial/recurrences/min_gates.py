"""minGRU and minLSTM: gates that read the input only, so that the state is a linear recurrence."""

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from rnn_tutorial.recurrences.scans import scan_chunks
from rnn_tutorial.shapes import require_shape


def require_gates(candidate: Tensor, state: Tensor | None, **gates: Tensor) -> Tensor:
    """Raise unless gates, candidate and state fit together; return the state, or zeros.

    Shape:
        candidate and each gate (T, N, H), state (N, H) or None -> state (N, H)

    Raises:
        RuntimeError: if shapes disagree; ValueError: if there is no step.

    >>> x = torch.zeros(7, 2, 3)
    >>> require_gates(x, None, gate=torch.zeros(7, 2, 4))
    Traceback (most recent call last):
    RuntimeError: gate: expected shape (7, 2, 3), got (7, 2, 4)

    Explained in: docs/en/recurrences/gated-linear.md
    """
    require_shape("candidate", candidate, "T", "N", "H")
    for name, gate in gates.items():
        require_shape(name, gate, *candidate.shape)
    if len(candidate) < 1:
        raise ValueError("candidate: expected at least one step, got 0")
    if state is None:
        state = candidate.new_zeros(candidate.shape[1:])
    require_shape("state", state, *candidate.shape[1:])
    return state


def min_gru_loop(
    gate: Tensor, candidate: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a minGRU step by step; `gate` comes before its sigmoid.

    Shape:
        gate and candidate (T, N, H), state (N, H), zeros by default
        -> states (T, N, H), last state (N, H)

    Raises:
        RuntimeError: if shapes disagree; ValueError: if there is no step.

    Source:
        Feng et al. (2024), "Were RNNs all we needed?".

    >>> ones = torch.ones(3, 1, 1)
    >>> min_gru_loop(0 * ones, ones)[0].flatten()
    tensor([0.5000, 0.7500, 0.8750])

    Explained in: docs/en/recurrences/gated-linear.md
    """
    state, states = require_gates(candidate, state, gate=gate), []
    for z, c in zip(gate.sigmoid(), candidate, strict=True):
        state = (1 - z) * state + z * c
        states.append(state)
    return torch.stack(states), state


def min_gru_scan(
    gate: Tensor, candidate: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a minGRU as a scan in two levels.

    Shape:
        as `min_gru_loop`

    Raises:
        as `min_gru_loop`

    Source:
        Feng et al. (2024), "Were RNNs all we needed?", for the model; they scan logarithms.

    >>> ones = torch.ones(3, 1, 1)
    >>> min_gru_scan(0 * ones, ones)[0].flatten()
    tensor([0.5000, 0.7500, 0.8750])

    Explained in: docs/en/recurrences/gated-linear.md
    """
    state = require_gates(candidate, state, gate=gate)
    return scan_chunks((-gate).sigmoid(), gate.sigmoid() * candidate, state)


def min_lstm_loop(
    forget: Tensor, write: Tensor, candidate: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a minLSTM step by step: its two gates are divided by their sum.

    Shape:
        forget, write (before their sigmoid) and candidate (T, N, H), state (N, H), zeros by
        default -> states (T, N, H), last state (N, H)

    Raises:
        RuntimeError: if shapes disagree; ValueError: if there is no step.

    Source:
        Feng et al. (2024), "Were RNNs all we needed?", where `write` is the input gate.

    >>> ones = torch.ones(3, 1, 1)
    >>> min_lstm_loop(0 * ones, 0 * ones, ones)[0].flatten()
    tensor([0.5000, 0.7500, 0.8750])

    Explained in: docs/en/recurrences/gated-linear.md
    """
    state = require_gates(candidate, state, forget=forget, write=write)
    states = []
    for f, i, c in zip(logsigmoid(forget), logsigmoid(write), candidate, strict=True):
        state = (f - i).sigmoid() * state + (i - f).sigmoid() * c  # f / (f + i), i / (f + i)
        states.append(state)
    return torch.stack(states), state


def min_lstm_scan(
    forget: Tensor, write: Tensor, candidate: Tensor, state: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Run a minLSTM as a scan in two levels; its two gates are one, of the difference of logs.

    Shape:
        as `min_lstm_loop`

    Raises:
        as `min_lstm_loop`

    Source:
        Feng et al. (2024), "Were RNNs all we needed?", for the model; they scan logarithms.

    >>> ones = torch.ones(3, 1, 1)
    >>> min_lstm_scan(0 * ones, 0 * ones, ones)[0].flatten()
    tensor([0.5000, 0.7500, 0.8750])

    Explained in: docs/en/recurrences/gated-linear.md
    """
    state = require_gates(candidate, state, forget=forget, write=write)
    share = logsigmoid(write) - logsigmoid(forget)
    return scan_chunks((-share).sigmoid(), share.sigmoid() * candidate, state)


class MinGRU(nn.Module):
    """A layer of minGRU with the inputs and outputs of a one-layer `torch.nn.GRU`, time first.

    Shape:
        input (T, N, E), h_0 (1, N, H) or None -> output (T, N, H), h_n (1, N, H)

    Raises:
        RuntimeError: if shapes disagree; ValueError: if a size is below 1 or there is no step.

    Source:
        Feng et al. (2024), "Were RNNs all we needed?".

    >>> output, h_n = MinGRU(input_size=3, hidden_size=5)(torch.zeros(7, 4, 3))
    >>> output.shape, h_n.shape
    (torch.Size([7, 4, 5]), torch.Size([1, 4, 5]))

    Explained in: docs/en/recurrences/gated-linear.md
    """

    parts = 2  # gate, candidate

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        for name, size in (("input_size", input_size), ("hidden_size", hidden_size)):
            if size < 1:
                raise ValueError(f"{name}: expected at least 1, got {size}")
        self.input_size, self.hidden_size = input_size, hidden_size
        self.projection = nn.Linear(input_size, self.parts * hidden_size)

    def forward(self, input: Tensor, h_0: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the states of all steps and the last one."""
        require_shape("input", input, "T", "N", self.input_size)
        if h_0 is not None:
            require_shape("h_0", h_0, 1, input.shape[1], self.hidden_size)
            h_0 = h_0[0]
        output, last = self.scan(self.projection(input).chunk(self.parts, dim=-1), h_0)
        return output, last[None]

    def scan(self, parts: tuple[Tensor, ...], state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Run the recurrence on the parts of the projection."""
        gate, candidate = parts
        return min_gru_scan(gate, candidate, state)


class MinLSTM(MinGRU):
    """A layer of minLSTM with the inputs and outputs of a one-layer `torch.nn.GRU`, time first.

    Its state is one tensor, as a GRU's: there is no output gate, hence no second tensor.

    Shape:
        input (T, N, E), h_0 (1, N, H) or None -> output (T, N, H), h_n (1, N, H)

    Raises:
        RuntimeError: if shapes disagree; ValueError: if a size is below 1 or there is no step.

    Source:
        Feng et al. (2024), "Were RNNs all we needed?".

    >>> output, h_n = MinLSTM(input_size=3, hidden_size=5)(torch.zeros(7, 4, 3))
    >>> output.shape, h_n.shape
    (torch.Size([7, 4, 5]), torch.Size([1, 4, 5]))

    Explained in: docs/en/recurrences/gated-linear.md
    """

    parts = 3  # forget, write, candidate

    def scan(self, parts: tuple[Tensor, ...], state: Tensor | None) -> tuple[Tensor, Tensor]:
        """Run the recurrence on the parts of the projection."""
        forget, write, candidate = parts
        return min_lstm_scan(forget, write, candidate, state)

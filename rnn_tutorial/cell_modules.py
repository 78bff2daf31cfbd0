"""`RNNCell`, `LSTMCell` and `GRUCell`: one step as a module that holds the weights."""

from typing import Any

import torch
from torch import Tensor, nn

from rnn_tutorial.cells import gru_cell, lstm_cell, rnn_cell
from rnn_tutorial.module_base import Device, reset_uniform
from rnn_tutorial.parameters import parameter_shapes


class RNNCellBase(nn.Module):
    """The weights of one cell; `RNNCell`, `LSTMCell` and `GRUCell` use them.

    Shape:
        with G gates: weight_ih (G*H, E), weight_hh (G*H, H), bias_ih and bias_hh (G*H,)

    Source:
        `torch.nn.RNNCell`, `torch.nn.LSTMCell`, `torch.nn.GRUCell`.

    Explained in: docs/en/reference/cell-modules.md
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        for name, shape in parameter_shapes(input_size, hidden_size, gates=num_chunks).items():
            parameter = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
            left_out = name.startswith("bias") and not bias
            self.register_parameter(name.removesuffix("_l0"), None if left_out else parameter)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every parameter from the uniform distribution between -1/sqrt(H) and 1/sqrt(H)."""
        reset_uniform(self, self.hidden_size)

    def extra_repr(self) -> str:
        """Show the sizes, and every option that is not at its default."""
        options = [] if self.bias is True else [f"bias={self.bias}"]
        nonlinearity = getattr(self, "nonlinearity", "tanh")
        options += [] if nonlinearity == "tanh" else [f"nonlinearity={nonlinearity}"]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *options])


class RNNCell(RNNCellBase):
    """One step of a plain recurrent network, with the interface of `torch.nn.RNNCell`.

    Shape:
        input (N, E) or (E,), hx (N, H) or (H,), zeros if None -> (N, H) or (H,)

    Raises:
        ValueError: if `input` or `hx` is neither 1-D nor 2-D; RuntimeError: if shapes disagree, or
            if `nonlinearity` is neither "tanh" nor "relu", which is checked at the first step.

    Source:
        Elman (1990); `torch.nn.RNNCell`.

    >>> RNNCell(input_size=5, hidden_size=6)(torch.zeros(4, 5)).shape
    torch.Size([4, 6])

    Explained in: docs/en/reference/cell-modules.md
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Advance by one step."""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        h = _initial(self, input, hx)
        return rnn_cell(input, h, **_weights(self), nonlinearity=self.nonlinearity)


class LSTMCell(RNNCellBase):
    """One step of an LSTM, with the interface of `torch.nn.LSTMCell`.

    Shape:
        input (N, E) or (E,), hx = (h, c) each (N, H) or (H,), zeros if None -> (h', c')

    Raises:
        ValueError: if `input`, h or c is neither 1-D nor 2-D; RuntimeError: if shapes disagree.

    Source:
        Hochreiter and Schmidhuber (1997); `torch.nn.LSTMCell`.

    >>> h, c = LSTMCell(input_size=5, hidden_size=6)(torch.zeros(4, 5))
    >>> h.shape, c.shape
    (torch.Size([4, 6]), torch.Size([4, 6]))

    Explained in: docs/en/reference/cell-modules.md
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Advance by one step."""
        if isinstance(hx, Tensor) and input.dim() == 2:
            raise TypeError(f"hx: expected a pair (h, c), got a tensor {tuple(hx.shape)}")
        parts = (None, None) if hx is None else hx
        if len(parts) != 2:
            raise RuntimeError(f"hx: expected two hidden states, (h, c), got {len(parts)}")
        h, c = (_initial(self, input, part, f"hx[{k}]") for k, part in enumerate(parts))
        return lstm_cell(input, (h, c), **_weights(self))


class GRUCell(RNNCellBase):
    """One step of a GRU, with the interface of `torch.nn.GRUCell`.

    Shape:
        input (N, E) or (E,), hx (N, H) or (H,), zeros if None -> (N, H) or (H,)

    Raises:
        ValueError: if `input` or `hx` is neither 1-D nor 2-D; RuntimeError: if shapes disagree.

    Source:
        Cho et al. (2014); `torch.nn.GRUCell`.

    >>> GRUCell(input_size=5, hidden_size=6)(torch.zeros(5)).shape
    torch.Size([6])

    Explained in: docs/en/reference/cell-modules.md
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Advance by one step."""
        return gru_cell(input, _initial(self, input, hx), **_weights(self))


def _weights(cell: RNNCellBase) -> dict[str, Any]:
    """Return the parameters, or whatever was assigned to their names, for `**`."""
    names = "weight_ih", "weight_hh", "bias_ih", "bias_hh"
    return {name: getattr(cell, name) for name in names}


def _initial(cell: RNNCellBase, input: Tensor, hx: Tensor | None, name: str = "hx") -> Tensor:
    """Return the state, or zeros without one; reject anything but one step or a batch of them."""
    for argument, tensor in (("input", input), (name, hx)):
        if tensor is not None and tensor.dim() not in (1, 2):
            raise ValueError(
                f"{argument}: {type(cell).__name__}: Expected 1D or 2D, "
                f"got {tensor.dim()}D, of shape {tuple(tensor.shape)}"
            )
    return input.new_zeros(*input.shape[:-1], cell.hidden_size) if hx is None else hx

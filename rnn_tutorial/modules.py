"""`RNN`, `LSTM` and `GRU`: modules that can stand where their `torch.nn` namesakes stand."""

import torch

from rnn_tutorial.module_base import Device, RNNBase

MODES = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}


class RNN(RNNBase):
    """A plain recurrent network, in place of `torch.nn.RNN`.

    Shape:
        input (T, N, E), or (N, T, E) with batch_first, or (T, E) for one sequence, or a
        PackedSequence; hx (L*D, N, H), or (L*D, H) for one sequence, zeros if None;
        returns the output, like the input with D*H features, and the final state, like hx

    Raises:
        TypeError, ValueError, RuntimeError: as `RNNBase`.
        ValueError: if `nonlinearity` is neither "tanh" nor "relu", or if there is a `proj_size`.

    Source:
        Elman (1990); `torch.nn.RNN`.

    >>> network = RNN(input_size=5, hidden_size=6, num_layers=2)
    >>> output, h_n = network(torch.zeros(16, 4, 5))
    >>> output.shape, h_n.shape
    (torch.Size([16, 4, 6]), torch.Size([2, 4, 6]))

    Explained in: docs/en/reference/modules.md
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if nonlinearity not in MODES:
            raise ValueError(f"Unknown nonlinearity {nonlinearity!r}: expected 'tanh' or 'relu'")
        self.nonlinearity, self.mode = nonlinearity, MODES[nonlinearity]
        options = bias, batch_first, dropout, bidirectional, proj_size, device, dtype
        super().__init__(input_size, hidden_size, num_layers, *options)


class LSTM(RNNBase):
    """A network of LSTM layers, in place of `torch.nn.LSTM`.

    Shape:
        input (T, N, E), or (N, T, E) with batch_first, or (T, E) for one sequence, or a
        PackedSequence; hx = (h, c) each (L*D, N, H), or (L*D, H) for one sequence, zeros if None;
        with a proj_size P, h has P features and c has H;
        returns the output, like the input with D*H (D*P) features, and the final (h, c), like hx

    Raises:
        TypeError, ValueError, RuntimeError: as `RNNBase`.

    Source:
        Hochreiter and Schmidhuber (1997); `torch.nn.LSTM`.

    >>> network = LSTM(input_size=5, hidden_size=6, batch_first=True, proj_size=3)
    >>> output, (h_n, c_n) = network(torch.zeros(4, 16, 5))
    >>> output.shape, h_n.shape, c_n.shape
    (torch.Size([4, 16, 3]), torch.Size([1, 4, 3]), torch.Size([1, 4, 6]))

    Explained in: docs/en/reference/modules.md
    """

    mode = "LSTM"


class GRU(RNNBase):
    """A network of GRU layers, in place of `torch.nn.GRU`.

    Shape:
        input (T, N, E), or (N, T, E) with batch_first, or (T, E) for one sequence, or a
        PackedSequence; hx (L*D, N, H), or (L*D, H) for one sequence, zeros if None;
        returns the output, like the input with D*H features, and the final state, like hx

    Raises:
        TypeError, ValueError, RuntimeError: as `RNNBase`.
        ValueError: if there is a `proj_size`.

    Source:
        Cho et al. (2014); `torch.nn.GRU`.

    >>> network = GRU(input_size=5, hidden_size=6, bidirectional=True)
    >>> output, h_n = network(torch.zeros(16, 5))
    >>> output.shape, h_n.shape
    (torch.Size([16, 12]), torch.Size([2, 6]))

    Explained in: docs/en/reference/modules.md
    """

    mode = "GRU"

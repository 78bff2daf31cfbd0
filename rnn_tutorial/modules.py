"""`RNN`, `LSTM` and `GRU`: modules with the interfaces of their `torch.nn` namesakes."""

from typing import Any

from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from rnn_tutorial.module_base import NO_PROJECTION, Hidden, RNNBase, _run_module

MODES = {"tanh": "RNN_TANH", "relu": "RNN_RELU"}


class RNN(RNNBase):
    """A plain recurrent network, with the interface of `torch.nn.RNN`.

    It takes the options of `RNNBase` except `proj_size`, and after `num_layers` a
    `nonlinearity`, "tanh" or "relu".

    Shape:
        input (T, N, E), or (N, T, E) with batch_first, or (T, E) for one sequence, or a
        PackedSequence; hx (L*D, N, H), or (L*D, H) for one sequence, zeros if None;
        returns the output, like the input with D*H features, and the final state, like hx

    Raises:
        TypeError, ValueError, RuntimeError: as `RNNBase`.
        ValueError: if `nonlinearity` is neither "tanh" nor "relu", or if there is a `proj_size`.

    Source:
        Elman (1990); `torch.nn.RNN`.

    >>> import torch
    >>> network = RNN(input_size=5, hidden_size=6, num_layers=2)
    >>> output, h_n = network(torch.zeros(16, 4, 5))
    >>> output.shape, h_n.shape
    (torch.Size([16, 4, 6]), torch.Size([2, 4, 6]))

    Explained in: docs/en/reference/modules.md
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError(NO_PROJECTION)
        nonlinearity = args[3] if len(args) > 3 else kwargs.pop("nonlinearity", "tanh")
        if nonlinearity not in MODES:
            raise ValueError(f"Unknown nonlinearity {nonlinearity!r}: expected 'tanh' or 'relu'")
        self.nonlinearity = nonlinearity
        super().__init__(MODES[nonlinearity], *args[:3], *args[4:], **kwargs)

    def forward(self, input: Tensor | PackedSequence, hx: Hidden = None) -> tuple[Any, Hidden]:
        """Run the network over a batch of sequences, padded or packed, or over one sequence."""
        return _run_module(self, input, hx)


class LSTM(RNNBase):
    """A network of LSTM layers, with the interface of `torch.nn.LSTM`.

    It takes the options of `RNNBase`.

    Shape:
        input (T, N, E), or (N, T, E) with batch_first, or (T, E) for one sequence, or a
        PackedSequence; hx = (h, c) each (L*D, N, H), or (L*D, H) for one sequence, zeros if None;
        with a proj_size P, h has P features and c has H;
        returns the output, like the input with D*H (D*P) features, and the final (h, c), like hx

    Raises:
        TypeError, ValueError, RuntimeError: as `RNNBase`.

    Source:
        Hochreiter and Schmidhuber (1997); `torch.nn.LSTM`.

    >>> import torch
    >>> network = LSTM(input_size=5, hidden_size=6, batch_first=True, proj_size=3)
    >>> output, (h_n, c_n) = network(torch.zeros(4, 16, 5))
    >>> output.shape, h_n.shape, c_n.shape
    (torch.Size([4, 16, 3]), torch.Size([1, 4, 3]), torch.Size([1, 4, 6]))

    Explained in: docs/en/reference/modules.md
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def forward(self, input: Tensor | PackedSequence, hx: Hidden = None) -> tuple[Any, Hidden]:
        """Run the network over a batch of sequences, padded or packed, or over one sequence."""
        return _run_module(self, input, hx)

    def get_expected_cell_size(
        self, input: Tensor, batch_sizes: Tensor | None
    ) -> tuple[int, int, int]:
        """Return the shape of c (L*D, N, H)."""
        layers, batch, _ = self.get_expected_hidden_size(input, batch_sizes)
        return layers, batch, self.hidden_size

    def check_forward_args(self, input: Tensor, hidden: Hidden, batch_sizes: Tensor | None) -> None:
        """Raise unless input and state (h, c) fit the options of this network and each other."""
        self.check_input(input, batch_sizes)
        sizes = self.get_expected_hidden_size, self.get_expected_cell_size
        for k, size in enumerate(sizes):
            expected = size(input, batch_sizes)
            self.check_hidden_size(hidden[k], expected, f"hx[{k}]: expected shape {{}}, got {{}}")

    def permute_hidden(self, hx: Hidden, permutation: Tensor | None) -> Hidden:
        """Reorder the rows of h and c along axis 1."""
        if permutation is None:
            return hx
        return tuple(super(LSTM, self).permute_hidden(part, permutation) for part in hx[:2])


class GRU(RNNBase):
    """A network of GRU layers, with the interface of `torch.nn.GRU`.

    It takes the options of `RNNBase` except `proj_size`.

    Shape:
        input (T, N, E), or (N, T, E) with batch_first, or (T, E) for one sequence, or a
        PackedSequence; hx (L*D, N, H), or (L*D, H) for one sequence, zeros if None;
        returns the output, like the input with D*H features, and the final state, like hx

    Raises:
        TypeError, ValueError, RuntimeError: as `RNNBase`.
        ValueError: if there is a `proj_size`.

    Source:
        Cho et al. (2014); `torch.nn.GRU`.

    >>> import torch
    >>> network = GRU(input_size=5, hidden_size=6, bidirectional=True)
    >>> output, h_n = network(torch.zeros(16, 5))
    >>> output.shape, h_n.shape
    (torch.Size([16, 12]), torch.Size([2, 6]))

    Explained in: docs/en/reference/modules.md
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError(NO_PROJECTION)
        super().__init__("GRU", *args, **kwargs)

    def forward(self, input: Tensor | PackedSequence, hx: Hidden = None) -> tuple[Any, Hidden]:
        """Run the network over a batch of sequences, padded or packed, or over one sequence."""
        return _run_module(self, input, hx)

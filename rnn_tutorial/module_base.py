"""What `RNN`, `LSTM` and `GRU` share: their parameters, the checks, the layouts of their input."""

import math
import numbers
import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnn_tutorial.network import Blocks, constant_blocks, recurrent_network
from rnn_tutorial.parameters import parameter_shapes
from rnn_tutorial.shapes import require_shape

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}
DEFAULTS = {
    "proj_size": 0,
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
}
Device: TypeAlias = torch.device | str | int | None
Hidden: TypeAlias = Any  # a tensor h, or of an LSTM a pair (h, c)


class RNNBase(nn.Module):
    """A recurrent network of any cell; `RNN`, `LSTM` and `GRU` say which.

    It stands in for `torch.nn.RNNBase`, which it does not inherit from: the same options,
    attributes, parameters and initial values, around the functions of this package.

    Shape:
        input (T, N, E), or (N, T, E) with batch_first, or (T, E), or a PackedSequence;
        hx (L*D, N, H), or (L*D, H) without a batch, or None for zeros; of an LSTM a pair of such,
        (h, c), in which h has proj_size features if there is one;
        returns the output, laid out as the input with D*H features, and the final state, as hx

    Raises:
        TypeError, ValueError: as `torch.nn.RNNBase`, if an option has the wrong type or value.
        RuntimeError, ValueError: from a call, as `torch.nn.RNNBase`, if shapes or dtypes disagree;
            the message names the argument, what it expected and what it got.

    Source:
        `torch.nn.RNN`, `torch.nn.LSTM`, `torch.nn.GRU`.

    Explained in: docs/en/reference/modules.md
    """

    mode: str  # which cell: a key of GATES

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Device = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.bias, self.batch_first, self.bidirectional = bias, batch_first, bidirectional
        self.input_size, self.hidden_size, self.proj_size = input_size, hidden_size, proj_size
        self.num_layers, self.dropout = num_layers, float(dropout)
        _require_options(self, dropout)
        layout = num_layers, bias, bidirectional, GATES[self.mode], proj_size
        shapes = parameter_shapes(input_size, hidden_size, *layout)
        self._flat_weights_names = list(shapes)
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every parameter from the uniform distribution between -1/sqrt(H) and 1/sqrt(H)."""
        reset_uniform(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Do nothing: in `torch.nn` it lays the weights out for cuDNN, which is not used here."""

    @property
    def _flat_weights(self) -> list[Tensor]:
        """All parameters in one list; models written for `torch.nn` ask for it by this name."""
        return [getattr(self, name) for name in self._flat_weights_names]

    @property
    def _all_weights(self) -> list[list[str]]:
        """The names of the parameters, one list a layer and direction."""
        names = self._flat_weights_names
        size = len(names) // (self.num_layers * (2 if self.bidirectional else 1))
        return [names[start : start + size] for start in range(0, len(names), size)]

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters, one list a layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def extra_repr(self) -> str:
        """Show the sizes, and every option that is not at its default."""
        options = [
            f"{name}={getattr(self, name)}"
            for name, default in DEFAULTS.items()
            if repr(getattr(self, name)) != repr(default)
        ]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *options])

    def forward(
        self, input: Tensor | PackedSequence, hx: Hidden = None
    ) -> tuple[Tensor | PackedSequence, Hidden]:
        """Run the network over a batch of sequences, padded or packed, or over one sequence."""
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        if input.dim() == 3:
            return self._forward_batch(input, hx)
        if input.dim() == 2:
            return self._forward_one(input, hx)
        raise ValueError(
            f"input: {type(self).__name__}: Expected input to be 2D or 3D, "
            f"got {input.dim()}D, of shape {tuple(input.shape)}"
        )

    def _forward_batch(self, input: Tensor, hx: Hidden) -> tuple[Tensor, Hidden]:
        """Run over (T, N, E), or (N, T, E) with batch_first: T steps of N rows each."""
        self._require_input(input, *("NT" if self.batch_first else "TN"))
        steps = input.transpose(0, 1) if self.batch_first else input
        size, batch = steps.shape[:2], steps.shape[1]
        parts = self._lowered(self._initial(hx, input, batch))
        rows, parts = self._run(steps.flatten(0, 1), parts, [(batch, size[0])])
        output = torch.unflatten(rows, 0, size)
        return output.transpose(0, 1) if self.batch_first else output, self._hidden(parts)

    def _forward_one(self, input: Tensor, hx: Hidden) -> tuple[Tensor, Hidden]:
        """Run over one sequence (T, E): T steps of one row each."""
        self._require_input(input, "T")
        parts = [part.unsqueeze(1) for part in self._lowered(self._initial(hx, input))]
        output, parts = self._run(input, parts, [(1, len(input))])
        return output, self._hidden([part.squeeze(1) for part in parts])

    def _forward_packed(self, input: PackedSequence, hx: Hidden) -> tuple[PackedSequence, Hidden]:
        """Run over a packed batch; its rows are sorted by length, and the state follows them."""
        data, batch_sizes, order, inverse = input
        sizes = batch_sizes.tolist()
        self._require_input(data, "R")
        parts = self._initial(hx, data, sizes[0])
        if order is not None:
            parts = [part.index_select(1, order) for part in parts]
        rows, parts = self._run(data, parts, constant_blocks(sizes))
        if inverse is not None:
            parts = [part.index_select(1, inverse) for part in parts]
        return PackedSequence(rows, batch_sizes, order, inverse), self._hidden(parts)

    def _run(
        self, rows: Tensor, parts: list[Tensor], blocks: Blocks
    ) -> tuple[Tensor, list[Tensor]]:
        """Hand rows, state and parameters to the network; take the parts of the state apart."""
        parameters = {name: getattr(self, name) for name in self._flat_weights_names}
        options = self.num_layers, bool(self.bidirectional), self.dropout if self.training else 0.0
        joined = torch.cat(parts, dim=2) if len(parts) > 1 else parts[0]
        output, h_n = recurrent_network(rows, joined, parameters, self.mode, blocks, *options)
        if len(parts) == 1:
            return output, [h_n]
        h, c = torch.split_with_sizes(h_n, [part.shape[2] for part in parts], dim=2)
        # Under autocast an output can be shorter than the state that it was joined with.
        return output, [h.to(output.dtype).contiguous(), c.contiguous()]

    def _initial(self, hx: Hidden, input: Tensor, *batch: int) -> list[Tensor]:
        """Return h, or h and c, of shape (L*D, N, H), as given or as zeros; no N if no `batch`."""
        layers = self.num_layers * (2 if self.bidirectional else 1)
        sizes = {"hx": self.hidden_size}
        if self.mode == "LSTM":
            sizes = {"hx[0]": self.proj_size or self.hidden_size, "hx[1]": self.hidden_size}
        if hx is None:
            return [input.new_zeros(layers, *batch, size) for size in sizes.values()]
        parts = [hx[0], hx[1]] if self.mode == "LSTM" else [hx]
        if self.mode == "LSTM" and len(hx) != 2:
            raise RuntimeError(f"hx: lstm expects two hidden states, (h, c), got {len(hx)}")
        for part, (name, size) in zip(parts, sizes.items(), strict=True):
            require_shape(name, part, layers, *batch, size)
        return parts

    def _lowered(self, parts: list[Tensor]) -> list[Tensor]:
        """Under autocast shorten an LSTM's state, as `torch.nn`'s fused kernel does."""
        if self.mode != "LSTM" or self.proj_size:
            return parts
        dtype = _autocast_dtype(parts[0].device.type)
        return parts if dtype is None else [part.to(dtype) for part in parts]

    def _hidden(self, parts: Sequence[Tensor]) -> Hidden:
        """Return the final state as users know it: h, or of an LSTM (h, c)."""
        return tuple(parts) if self.mode == "LSTM" else parts[0]

    def _require_input(self, input: Tensor, *axes: str) -> None:
        """Raise unless the input has the dtype of the weights, E features, and at least a step."""
        dtype = self.weight_ih_l0.dtype
        if input.dtype != dtype and _autocast_dtype(input.device.type) is None:
            # `torch.nn.LSTM` finds out later than the others if the input is packed.
            error = RuntimeError if self.mode == "LSTM" and "R" in axes else ValueError
            raise error(f"input: expected dtype {dtype}, as the weights, got {input.dtype}")
        require_shape("input", input, *axes, self.input_size)
        if "T" in axes and input.shape[axes.index("T")] == 0:
            raise RuntimeError(
                "input: Expected sequence length to be larger than 0 in RNN, "
                f"got shape {tuple(input.shape)}"
            )


def reset_uniform(module: nn.Module, hidden_size: int) -> None:
    """Draw a module's parameters from the uniform distribution between -1/sqrt(H) and 1/sqrt(H).

    >>> layer = nn.Linear(5, 6)
    >>> reset_uniform(layer, hidden_size=4)
    >>> bool((layer.weight.abs() <= 0.5).all())
    True

    Explained in: docs/en/reference/modules.md
    """
    bound = 1 / math.sqrt(hidden_size) if hidden_size > 0 else 0
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -bound, bound)


def _autocast_dtype(device: str) -> torch.dtype | None:
    """Return the lower precision that products are computed in, or None outside autocast."""
    if not torch.amp.is_autocast_available(device) or not torch.is_autocast_enabled(device):
        return None
    return torch.get_autocast_dtype(device)


def _require_options(module: "RNNBase", dropout: float) -> None:
    """Raise or warn as `torch.nn.RNNBase` does, if an option makes no sense.

    Raises:
        TypeError, ValueError: names the option, what is expected and what was given.
    """
    is_number = isinstance(dropout, numbers.Number) and not isinstance(dropout, bool)
    if not is_number or not 0 <= dropout <= 1:
        raise ValueError(f"dropout should be a number in range [0, 1], got {dropout!r}")
    if dropout > 0 and module.num_layers == 1:
        message = "dropout acts between layers: expected num_layers of at least 2, got 1"
        frames = 4 if module.mode.startswith("RNN") else 3  # `RNN` has a constructor of its own
        warnings.warn(f"{message}, with dropout={dropout}", stacklevel=frames)
    for kind, names in ((bool, ("bias", "batch_first")), (int, ("input_size", "hidden_size"))):
        for name in names:
            value = getattr(module, name)
            if not isinstance(value, kind):
                got = type(value).__name__
                raise TypeError(f"{name} should be of type {kind.__name__}, got: {got}")
    for name in ("input_size", "hidden_size", "num_layers"):
        if getattr(module, name) <= 0:
            raise ValueError(f"{name} must be greater than zero, got {getattr(module, name)}")
    if module.proj_size and module.mode != "LSTM":
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
    if not 0 <= module.proj_size < module.hidden_size:
        allowed = f"smaller than hidden_size, {module.hidden_size}, or zero for none"
        raise ValueError(f"proj_size has to be {allowed}, got {module.proj_size}")

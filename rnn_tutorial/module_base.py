"""What `RNN`, `LSTM` and `GRU` share: their parameters, the checks, the layouts of their input."""

import math
import numbers
import warnings
from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnn_tutorial.network import recurrent_network
from rnn_tutorial.parameters import parameter_shapes
from rnn_tutorial.shapes import require_shape
from rnn_tutorial.steps import State

GATES = {"RNN_TANH": 1, "RNN_RELU": 1, "LSTM": 4, "GRU": 3}
DEFAULTS = {
    "proj_size": 0,
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
}
NO_PROJECTION = "proj_size argument is only supported for LSTM, not RNN or GRU"
FLAGS = "bias", "batch_first", "bidirectional"
Device: TypeAlias = torch.device | str | int | None
Hidden: TypeAlias = Any  # a tensor h, or in an LSTM a pair (h, c)


class RNNBase(nn.Module):
    """A recurrent network of any cell: the base of `RNN`, `LSTM` and `GRU`.

    It has the options, attributes, parameters, initial values and methods of `torch.nn.RNNBase`,
    from which it does not inherit, around the functions of this package. Its own helpers are
    functions, not methods, so a subclass cannot override one by accident.

    Shape:
        input (T, N, E), or (N, T, E) with batch_first, or (T, E), or a PackedSequence;
        hx (L*D, N, H), or (L*D, H) without a batch, or None for zeros; in an LSTM a pair of them,
        (h, c), in which h has proj_size features if that is not 0;
        returns the output, laid out as the input with D*H features, and the final state, as hx

    Raises:
        TypeError, ValueError: as `torch.nn.RNNBase`, if an option has the wrong type or value.
        RuntimeError, ValueError: from a call, as `torch.nn.RNNBase`, if shapes or dtypes disagree;
            the message names the argument, what it expected and what it got.

    Source:
        `torch.nn.RNNBase`, `torch.nn.RNN`, `torch.nn.LSTM`, `torch.nn.GRU`.

    Explained in: docs/en/reference/modules.md
    """

    def __init__(
        self,
        mode: str,
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
        self.mode, self.input_size, self.hidden_size = mode, input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.proj_size = float(dropout), bidirectional, proj_size
        _require_options(self, dropout)
        layout = num_layers, bias, bidirectional, GATES[mode], proj_size
        shapes = parameter_shapes(input_size, hidden_size, *layout)
        self._flat_weights_names = list(shapes)
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype)))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw every parameter from the uniform distribution between -1/sqrt(H) and 1/sqrt(H)."""
        reset_uniform(self, self.hidden_size)

    def flatten_parameters(self) -> None:
        """Do nothing: in `torch.nn` it arranges the weights for cuDNN, which is not used here."""

    @property
    def _flat_weights(self) -> Any:
        """The tensors that a call uses, in one sequence: the parameters, by name.

        Models written for `torch.nn` assign a list of other tensors, which is used until a
        parameter is replaced. Without one it is a tuple, made anew at each access: a write into it
        fails, where in a list it would be lost.
        """
        named = tuple([getattr(self, name, None) for name in self._flat_weights_names])
        if "_flat_weights" not in self.__dict__:
            return named
        assigned, then = self.__dict__["_flat_weights"]
        unchanged = all(a is b for a, b in zip(named, then, strict=True))
        return assigned if unchanged else named

    @_flat_weights.setter
    def _flat_weights(self, weights: list[Tensor | None]) -> None:
        self.__dict__.pop("_flat_weights", None)
        self.__dict__["_flat_weights"] = weights, self._flat_weights

    @property
    def _all_weights(self) -> list[list[str]]:
        """The names of the parameters, one list per layer and direction."""
        names = self._flat_weights_names
        size = len(names) // (self.num_layers * (2 if self.bidirectional else 1))
        return [names[start : start + size] for start in range(0, len(names), size)]

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The parameters, one list per layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def extra_repr(self) -> str:
        """Show the sizes, and every option that is not at its default."""
        values = {name: getattr(self, name) for name in DEFAULTS}
        options = [
            f"{name}={value}"
            for name, value in values.items()
            if (value is not DEFAULTS[name] if name in FLAGS else value != DEFAULTS[name])
        ]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *options])

    def check_input(self, input: Tensor, batch_sizes: Tensor | None) -> None:
        """Raise unless an input (T, N, E), or rows (R, E), has the weights' dtype and E."""
        dtype = self._flat_weights[0].dtype
        if input.dtype != dtype and _autocast_dtype(input.device.type) is None:
            raise ValueError(f"input: expected dtype {dtype}, as the weights, got {input.dtype}")
        axes = ("N", "T") if self.batch_first else ("T", "N")
        require_shape("input", input, *(axes if batch_sizes is None else "R"), self.input_size)

    def get_expected_hidden_size(
        self, input: Tensor, batch_sizes: Tensor | None
    ) -> tuple[int, int, int]:
        """Return the shape of h (L*D, N, H), or (L*D, N, P) with a proj_size P."""
        batch = input.shape[not self.batch_first] if batch_sizes is None else int(batch_sizes[0])
        layers = self.num_layers * (2 if self.bidirectional else 1)
        return layers, batch, self.proj_size or self.hidden_size

    def check_hidden_size(
        self,
        hx: Tensor,
        expected_hidden_size: tuple[int, ...],
        msg: str = "hx: expected shape {}, got {}",
    ) -> None:
        """Raise unless a state has the expected shape."""
        if hx.shape != expected_hidden_size:
            raise RuntimeError(msg.format(tuple(expected_hidden_size), tuple(hx.shape)))

    def check_forward_args(self, input: Tensor, hidden: Hidden, batch_sizes: Tensor | None) -> None:
        """Raise unless input and state fit the options of this network and each other."""
        self.check_input(input, batch_sizes)
        self.check_hidden_size(hidden, self.get_expected_hidden_size(input, batch_sizes))

    def permute_hidden(self, hx: Hidden, permutation: Tensor | None) -> Hidden:
        """Reorder the rows of a state along axis 1."""
        return hx if permutation is None else hx.index_select(1, permutation)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what was assigned to `_flat_weights`: a copy uses its own parameters."""
        return {name: value for name, value in vars(self).items() if name != "_flat_weights"}


def _run_module(network: RNNBase, input: Tensor | PackedSequence, hx: Hidden) -> tuple[Any, Hidden]:
    """Run a network over a batch of sequences, padded or packed, or over one sequence.

    Shape:
        as `RNNBase`

    Raises:
        RuntimeError, ValueError: as `RNNBase`; TypeError: if `bidirectional` is no bool.

    Explained in: docs/en/reference/modules.md
    """
    if not isinstance(network.bidirectional, bool):
        got = type(network.bidirectional).__name__
        raise TypeError(f"bidirectional should be of type bool, got: {got}")
    if isinstance(input, PackedSequence):
        rows, hidden = _run_packed(network, input, hx)
        return rows, network.permute_hidden(hidden, input.unsorted_indices)
    if input.dim() not in (2, 3):
        raise ValueError(
            f"input: {type(network).__name__}: Expected input to be 2D or 3D, "
            f"got {input.dim()}D, of shape {tuple(input.shape)}"
        )
    run = _run_batch if input.dim() == 3 else _run_sequence
    output, hidden = run(network, input, hx)
    return output, network.permute_hidden(hidden, None)


def _run_batch(network: RNNBase, input: Tensor, hx: Hidden) -> tuple[Tensor, Hidden]:
    """Run over (T, N, E), or (N, T, E) with batch_first."""
    state = _initial(network, input, hx)
    first = network.batch_first
    if input.shape[first] == 0:
        raise RuntimeError(
            "input: Expected sequence length to be larger than 0 in RNN, "
            f"got shape {tuple(input.shape)}"
        )
    output, state = _run(network, input.transpose(0, 1) if first else input, state)
    if first:
        # In place, no view is left, which users may edit and `torch.save` saves alone. Traced, it
        # is a copy: PyTorch 2.6 exports `transpose_` wrong to ONNX.
        traced = torch.compiler.is_compiling()
        output = output.transpose(0, 1).clone() if traced else output.transpose_(0, 1)
    return output, _hidden(network, state)


def _run_sequence(network: RNNBase, input: Tensor, hx: Hidden) -> tuple[Tensor, Hidden]:
    """Run over one sequence (T, E) as a batch of one."""
    require_shape("input", input, "T", network.input_size)
    batch_axis = 0 if network.batch_first else 1
    input = input.unsqueeze(batch_axis)
    if hx is not None:
        parts = _parts(network, hx)
        layers, _, size = network.get_expected_hidden_size(input, None)
        expected = {"hx": size}
        if network.mode == "LSTM":
            expected = {"hx[0]": size, "hx[1]": network.hidden_size}
        for part, (name, features) in zip(parts, expected.items(), strict=True):
            require_shape(name, part, layers, features)
        hx = _hidden(network, [part.unsqueeze(1) for part in parts])
    output, hx = _run_batch(network, input, hx)
    parts = tuple(part.squeeze_(1) for part in _parts(network, hx))
    return output.squeeze_(batch_axis), _hidden(network, parts)


def _run_packed(
    network: RNNBase, input: PackedSequence, hx: Hidden
) -> tuple[PackedSequence, Hidden]:
    """Run over a packed batch; the rows of the result are in the same order."""
    data, batch_sizes, order, inverse = input
    state = _initial(network, data, hx, batch_sizes, order)
    rows, state = _run(network, data, state, batch_sizes.tolist())
    return PackedSequence(rows, batch_sizes, order, inverse), _hidden(network, state)


def _run(
    network: RNNBase, input: Tensor, state: State, batch_sizes: list[int] | None = None
) -> tuple[Tensor, State]:
    """Hand input, state, parameters and options to `recurrent_network`."""
    parameters = dict(zip(network._flat_weights_names, network._flat_weights, strict=True))
    options = network.num_layers, 2 if network.bidirectional else 1
    dropout = network.dropout if network.training else 0.0
    return recurrent_network(input, state, parameters, network.mode, *options, dropout, batch_sizes)


def _initial(
    network: RNNBase,
    input: Tensor,
    hx: Hidden,
    batch_sizes: Tensor | None = None,
    order: Tensor | None = None,
) -> State:
    """Return the initial state, checked and reordered, or zeros."""
    if hx is None:
        layers, batch, size = network.get_expected_hidden_size(input, batch_sizes)
        sizes = (size, network.hidden_size) if network.mode == "LSTM" else (size,)
        kind: Any = {"dtype": input.dtype, "device": input.device}
        parts = tuple(torch.zeros(layers, batch, features, **kind) for features in sizes)
    else:
        parts = _parts(network, hx)
    try:
        network.check_forward_args(input, _hidden(network, parts), batch_sizes)
    except ValueError as error:
        # `torch.nn.LSTM` notices this later in a packed input, and raises another type.
        late = network.mode == "LSTM" and batch_sizes is not None
        raise RuntimeError(*error.args) if late else error from None
    if hx is not None:
        parts = _parts(network, network.permute_hidden(_hidden(network, parts), order))
    if network.mode == "LSTM" and batch_sizes is None and not network.proj_size:
        lowered = _autocast_dtype(input.device.type)
        if lowered is not None:  # `torch.nn`'s fused kernel converts the state, too
            return tuple(p.to(lowered) if p.dtype is torch.float32 else p for p in parts)
    return parts


def _parts(network: RNNBase, hx: Hidden) -> State:
    """Return a state as a tuple, (h,), or in an LSTM (h, c)."""
    if network.mode != "LSTM":
        return (hx,)
    if isinstance(hx, Tensor) and hx.dim() == 4:
        raise TypeError(f"hx: expected a pair (h, c), got a tensor of shape {tuple(hx.shape)}")
    parts = hx[0], hx[1]
    if len(hx) != 2:
        raise RuntimeError(f"hx: lstm expects two hidden states, (h, c), got {len(hx)}")
    return parts


def _hidden(network: RNNBase, parts: Sequence[Tensor]) -> Hidden:
    """Return a state as the modules return it: h, or in an LSTM (h, c)."""
    return tuple(parts) if network.mode == "LSTM" else parts[0]


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
    on = device != "meta" and torch.is_autocast_enabled(device)  # autocast knows no device "meta"
    return torch.get_autocast_dtype(device) if on else None


def _require_options(module: "RNNBase", dropout: float) -> None:
    """Raise or warn as `torch.nn.RNNBase` does, if an option makes no sense.

    Raises:
        TypeError, ValueError: names the option, what is expected and what was given.
    """
    is_number = isinstance(dropout, numbers.Number) and not isinstance(dropout, bool)
    if not is_number or not 0 <= dropout <= 1:
        raise ValueError(f"dropout should be a number in range [0, 1], got {dropout!r}")
    if module.mode not in GATES:
        raise ValueError(f"mode: expected one of {', '.join(GATES)}, got {module.mode!r}")
    if dropout > 0 and module.num_layers == 1:
        message = "dropout acts between layers: expected num_layers of at least 2, got 1"
        warnings.warn(f"{message}, with dropout={dropout}", stacklevel=4)
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
        raise ValueError(NO_PROJECTION)
    if not 0 <= module.proj_size < module.hidden_size:
        allowed = f"smaller than hidden_size, {module.hidden_size}, or zero for none"
        raise ValueError(f"proj_size has to be {allowed}, got {module.proj_size}")

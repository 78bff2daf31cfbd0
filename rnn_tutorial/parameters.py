"""What `torch.nn.RNN` calls its parameters, what shape each has, and where each state is."""

from collections.abc import Mapping

from torch import Tensor


def parameter_shapes(
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bias: bool = True,
    bidirectional: bool = False,
    gates: int = 1,
    proj_size: int = 0,
) -> dict[str, tuple[int, ...]]:
    """List the names and shapes of a recurrent network's parameters, in the order of `torch.nn`.

    Shape:
        with G gates, 1 in an RNN, 3 in a GRU, 4 in an LSTM, and P = proj_size, H if that is 0:
        weight_ih_l0 (G*H, E); weight_ih of a later layer (G*H, D*P); weight_hh (G*H, P);
        biases (G*H,); weight_hr (P, H), only with a proj_size

    Source:
        `torch.nn.RNN`, `torch.nn.LSTM`, section "Variables".

    >>> parameter_shapes(input_size=5, hidden_size=6, bias=False)
    {'weight_ih_l0': (6, 5), 'weight_hh_l0': (6, 6)}

    Explained in: docs/en/foundations/anatomy.md
    """
    suffixes = ["", "_reverse"] if bidirectional else [""]
    shown = proj_size or hidden_size
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(num_layers):
        features = input_size if layer == 0 else shown * len(suffixes)
        for suffix in suffixes:
            shapes[f"weight_ih_l{layer}{suffix}"] = (gates * hidden_size, features)
            shapes[f"weight_hh_l{layer}{suffix}"] = (gates * hidden_size, shown)
            if bias:
                shapes[f"bias_ih_l{layer}{suffix}"] = (gates * hidden_size,)
                shapes[f"bias_hh_l{layer}{suffix}"] = (gates * hidden_size,)
            if proj_size:
                shapes[f"weight_hr_l{layer}{suffix}"] = (proj_size, hidden_size)
    return shapes


def layer_parameters(
    parameters: Mapping[str, Tensor], layer: int, reverse: bool = False
) -> dict[str, Tensor]:
    """Pick one layer's parameters in one direction, under the names that a cell gives them.

    A bias or a `weight_hr` that is missing, or None, is left out: a cell does without it.

    Raises:
        KeyError: names the first missing weight and lists the parameters that exist.

    >>> from torch import nn
    >>> list(layer_parameters(nn.RNN(5, 6, num_layers=2).state_dict(), layer=1))
    ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh']

    Explained in: docs/en/foundations/stacked.md
    """
    suffix = f"_l{layer}{'_reverse' if reverse else ''}"
    kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
    found = {kind: parameters.get(kind + suffix) for kind in kinds}
    for kind in kinds[:2]:
        if found[kind] is None:
            raise KeyError(f"parameters: expected {kind + suffix}, got {', '.join(parameters)}")
    return {kind: tensor for kind, tensor in found.items() if tensor is not None}


def state_index(layer: int, direction: int, num_directions: int) -> int:
    """Return which row of `h_n` (L*D, N, H) holds a layer's state in a direction (0 is forward).

    Source:
        `torch.nn.RNN`: the states of a layer's directions are next to each other.

    >>> [state_index(layer=1, direction=d, num_directions=2) for d in (0, 1)]
    [2, 3]

    Explained in: docs/en/foundations/deep-and-bidirectional.md
    """
    return layer * num_directions + direction

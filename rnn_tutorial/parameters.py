"""What `torch.nn.RNN` calls its parameters, what shape each has, and where each state lies."""

from collections.abc import Mapping

from torch import Tensor


def parameter_shapes(
    input_size: int,
    hidden_size: int,
    num_layers: int = 1,
    bias: bool = True,
    bidirectional: bool = False,
) -> dict[str, tuple[int, ...]]:
    """List the names and shapes of an RNN's parameters, in the order of `torch.nn.RNN`.

    Shape:
        weight_ih_l0 (H, E); weight_ih of a later layer (H, D*H); weight_hh (H, H); biases (H,)

    Source:
        `torch.nn.RNN`, section "Variables".
    """
    suffixes = ["", "_reverse"] if bidirectional else [""]
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(num_layers):
        features = input_size if layer == 0 else hidden_size * len(suffixes)
        for suffix in suffixes:
            shapes[f"weight_ih_l{layer}{suffix}"] = (hidden_size, features)
            shapes[f"weight_hh_l{layer}{suffix}"] = (hidden_size, hidden_size)
            if bias:
                shapes[f"bias_ih_l{layer}{suffix}"] = (hidden_size,)
                shapes[f"bias_hh_l{layer}{suffix}"] = (hidden_size,)
    return shapes


def layer_parameters(
    parameters: Mapping[str, Tensor], layer: int, reverse: bool = False
) -> dict[str, Tensor]:
    """Pick one layer's parameters in one direction, under the names that a cell gives them.

    Raises:
        KeyError: names the first missing parameter and lists the ones that are there.
    """
    suffix = f"_l{layer}{'_reverse' if reverse else ''}"
    kinds = ["weight_ih", "weight_hh"]
    if any(name.startswith("bias") for name in parameters):
        kinds += ["bias_ih", "bias_hh"]
    for kind in kinds:
        if kind + suffix not in parameters:
            raise KeyError(f"parameters: expected {kind + suffix}, got {', '.join(parameters)}")
    return {kind: parameters[kind + suffix] for kind in kinds}


def state_index(layer: int, direction: int, num_directions: int) -> int:
    """Say which row of `h_n` (L*D, N, H) holds a layer's state in a direction (0 is forward).

    Source:
        `torch.nn.RNN`: the states of a layer's directions lie next to each other.
    """
    return layer * num_directions + direction

"""Two directions: one layer reads the sequence as it is, another reads it from its end."""

from collections.abc import Callable

import torch
from torch import Tensor

from rnn_tutorial.shapes import require_shape


def run_reversed(
    layer: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], input: Tensor, hx: Tensor
) -> tuple[Tensor, Tensor]:
    """Let a layer read the sequence from its end; put its output back in the order of the input.

    Shape:
        input (N, T, E), hx (N, H), layer: (N, T, E), (N, H) -> (N, T, H), (N, H);
        returns the output (N, T, H), whose step t has seen steps t to T, and the final state
        (N, H), which is the output at the first step

    Raises:
        RuntimeError: if `input` has other than three axes.

    >>> x = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1)
    >>> run_reversed(lambda x, h: (x.cumsum(1), h), x, torch.zeros(1, 1))[0].flatten()
    tensor([6., 5., 3.])

    Explained in: docs/en/foundations/bidirectional.md
    """
    require_shape("input", input, "N", "T", "E")
    output, h_n = layer(input.flip(1), hx)
    return output.flip(1), h_n


def both_directions(
    forward: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    reverse: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    input: Tensor,
    hx: Tensor,
    backwards: Callable[..., tuple[Tensor, Tensor]] = run_reversed,
) -> tuple[Tensor, Tensor]:
    """Run a layer in each direction and lay their features side by side.

    Shape:
        input (N, T, E), hx (2, N, H), each layer: (N, T, E), (N, H) -> (N, T, H), (N, H);
        backwards: layer, (N, T, E), (N, H) -> (N, T, H), (N, H);
        returns the output (N, T, 2*H), forward features first, and both final states (2, N, H)

    Raises:
        RuntimeError: if `hx` does not hold one state a direction.

    Source:
        Schuster and Paliwal (1997); order of the features as in `torch.nn.RNN`.

    >>> x, sums = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1), lambda x, h: (x.cumsum(1), h)
    >>> both_directions(sums, sums, x, torch.zeros(2, 1, 1))[0].tolist()
    [[[1.0, 6.0], [3.0, 5.0], [6.0, 3.0]]]

    Explained in: docs/en/foundations/bidirectional.md
    """
    require_shape("hx", hx, 2, "N", "H")
    output_forward, h_forward = forward(input, hx[0])
    output_reverse, h_reverse = backwards(reverse, input, hx[1])
    output = torch.cat([output_forward, output_reverse], dim=-1)
    return output, torch.stack([h_forward, h_reverse])

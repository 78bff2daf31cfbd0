"""A recurrent network over sequences of one length or of many: a layer, and a stack of layers.

Inside, a batch of sequences of one length is a tensor (T, N, E). A packed batch is a tensor of rows
(R, E), as in `torch.nn.utils.rnn.PackedSequence`: first the rows of step 1, then those of step 2. A
step has one row for each sequence that is still running, `batch_sizes` of them. Either way a layer
cuts its input into pieces (k, n, E) of k steps with n rows each, and one loop serves both.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from rnn_tutorial.depth import stack
from rnn_tutorial.directions import bidirectional
from rnn_tutorial.parameters import layer_parameters
from rnn_tutorial.steps import State, Step, bind_step

Layer: TypeAlias = Callable[..., tuple[Tensor, Any]]  # the state of one direction, or of two

AT_ONCE = 2**18  # elements that one projection makes: 1 MiB of float32


def cut_pieces(
    input: Tensor, features: int, batch_sizes: Sequence[int] | None = None
) -> Sequence[Tensor]:
    """Cut a batch into pieces of steps with equally many rows, each of limited size.

    While PyTorch traces the code for `torch.compile` or `torch.export`, a batch of one length stays
    whole: a cut that depends on N would tie the traced code to this N.

    Shape:
        input (T, N, E), or rows (R, E) with `batch_sizes`, the number of rows at each step;
        features: how many a row is projected to; returns pieces (k, n, E)

    >>> [piece.shape for piece in cut_pieces(torch.ones(7, 5), 6, batch_sizes=[3, 3, 1])]
    [torch.Size([2, 3, 5]), torch.Size([1, 1, 5])]

    Explained in: docs/en/reference/network.md
    """
    if batch_sizes is None:
        numbers_made = features * input.shape[0] * input.shape[1]
        if torch.compiler.is_compiling() or numbers_made <= AT_ONCE:
            return [input]
        return torch.split(input, max(1, AT_ONCE // (input.shape[1] * features)))
    blocks = []
    for rows, same in groupby(batch_sizes):
        many, count = max(1, AT_ONCE // (max(1, rows) * features)), len(list(same))
        blocks += [(min(many, count - start), rows) for start in range(0, count, many)]
    pieces = torch.split_with_sizes(input, [steps * rows for steps, rows in blocks])
    return [torch.unflatten(piece, 0, block) for piece, block in zip(pieces, blocks, strict=True)]


def run_pieces(
    step: Step,
    project: Callable[[Tensor], Sequence[Any]],
    pieces: Sequence[Tensor],
    hx: State,
    reverse: bool = False,
) -> tuple[list[Tensor], State]:
    """Run the loop over pieces; a piece is projected when the loop gets there.

    The products of all steps need not be in memory at once. A sequence's row of the state joins
    when the sequence begins and leaves when it ends. Longer sequences come first, so rows join and
    leave at the end of the state.

    Shape:
        pieces (k, n, E), project: (k, n, E) -> what the step reads, k times;
        hx: each part has N rows; returns h of each step (n, H) and the final state, again of N rows

    >>> pieces = torch.ones(2, 2, 1), torch.ones(1, 1, 1)  # lengths 3 and 2
    >>> add = lambda x, h: (h[0] + x,)
    >>> hidden, (h_n,) = run_pieces(add, torch.unbind, pieces, (torch.zeros(2, 1),))
    >>> [len(h) for h in hidden], h_n.flatten()
    ([2, 2, 1], tensor([3., 2.]))

    Explained in: docs/en/reference/network.md
    """
    order = -1 if reverse else 1
    hidden: list[Tensor] = []
    left: list[State] = []
    state = tuple(part[: pieces[::order][0].shape[1]] for part in hx)
    for piece in pieces[::order]:
        rows, here = piece.shape[1], state[0].shape[0]
        if rows != here:
            left.append(tuple(part[rows:] for part in state))
            joining = (part[here:rows] for part in hx)
            state = tuple(torch.cat([p[:rows], j]) for p, j in zip(state, joining, strict=True))
        # Only h is kept: the memory of an old c is free for the next one.
        for projected in project(piece)[::order]:
            state = step(projected, state)
            hidden.append(state[0])
    if left:
        state = tuple(torch.cat(parts) for parts in zip(state, *reversed(left), strict=True))
    return hidden[::order], state


def recurrent_layer(
    input: Tensor,
    hx: State,
    mode: str,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    weight_hr: Tensor | None = None,
    batch_sizes: Sequence[int] | None = None,
    reverse: bool = False,
) -> tuple[Tensor, State]:
    """Run one layer in one direction: project the inputs of many steps at once, then take them.

    Shape:
        input (T, N, E), or (R, E) with `batch_sizes`; hx = (h,), or (h, c) of an LSTM, each
        (N, H); parameters as in `torch.nn`'s layers;
        returns the output (T, N, H), or (R, H), in the order of the input, and the final state

    Source:
        `torch.nn.RNN`, `torch.nn.LSTM`, `torch.nn.GRU` with one layer and one direction.

    >>> x, hx, weights = torch.zeros(16, 4, 5), torch.zeros(4, 6), nn.GRUCell(5, 6).state_dict()
    >>> output, (h_n,) = recurrent_layer(x, (hx,), "GRU", **weights)
    >>> output.shape, h_n.shape
    (torch.Size([16, 4, 6]), torch.Size([4, 6]))

    Explained in: docs/en/reference/network.md
    """
    step, bias = bind_step(mode, weight_hh, bias_ih, bias_hh, weight_hr)

    def project(piece: Tensor) -> "Sequence[Any]":  # quoted: PyTorch 2.6 cannot trace it
        gates = nn.functional.linear(piece.contiguous(), weight_ih, bias)
        if mode != "GRU":
            return gates.unbind()
        parts = torch.split_with_sizes(gates, (2 * gates.shape[2] // 3, gates.shape[2] // 3), dim=2)
        return list(zip(*(part.unbind() for part in parts), strict=True))

    pieces = cut_pieces(input, weight_ih.shape[0], batch_sizes)
    hidden, state = run_pieces(step, project, pieces, hx, reverse)
    return torch.stack(hidden) if batch_sizes is None else torch.cat(hidden), state


def recurrent_network(
    input: Tensor,
    hx: State,
    parameters: Mapping[str, Tensor],
    mode: str,
    num_layers: int = 1,
    num_directions: int = 1,
    dropout: float = 0.0,
    batch_sizes: Sequence[int] | None = None,
) -> tuple[Tensor, State]:
    """Run a stack of layers of any cell, in one direction or two.

    Shape:
        input (T, N, E), or (R, E) with `batch_sizes`; hx = (h,), or (h, c) of an LSTM, each
        (L*D, N, H); parameters as `parameter_shapes` lists them;
        returns the output (T, N, D*H), or (R, D*H), and the final states, as hx

    Source:
        `torch.nn.RNN`, `torch.nn.LSTM`, `torch.nn.GRU`.

    >>> weights = nn.GRU(5, 6, num_layers=2).state_dict()
    >>> x, hx = torch.zeros(16, 4, 5), torch.zeros(2, 4, 6)
    >>> output, (h_n,) = recurrent_network(x, (hx,), weights, "GRU", num_layers=2)
    >>> output.shape, h_n.shape
    (torch.Size([16, 4, 6]), torch.Size([2, 4, 6]))

    Explained in: docs/en/reference/network.md
    """
    run = partial(recurrent_layer, mode=mode, batch_sizes=batch_sizes)
    layers: list[Layer] = []
    for k in range(num_layers):
        layer: Layer = partial(run, **layer_parameters(parameters, k))
        if num_directions == 2:
            reverse = partial(run, reverse=True, **layer_parameters(parameters, k, reverse=True))
            layer = partial(bidirectional, layer, reverse, backwards=_as_it_is)
        layers.append(partial(_drop_before, layer, dropout) if k > 0 else layer)
    states: list[Any] = list(zip(*(part.unbind() for part in hx), strict=True))
    if num_directions == 2:
        states = list(zip(states[::2], states[1::2], strict=True))
    output, final = stack(layers, input, states)
    if num_directions == 2:
        final = tuple(state for pair in final for state in pair)
    return output, tuple(torch.stack(parts) for parts in zip(*final, strict=True))


def _drop_before(layer: Layer, dropout: float, input: Tensor, hx: Any) -> tuple[Tensor, Any]:
    """Run a layer after dropout, which zeroes each element with this probability."""
    return layer(nn.functional.dropout(input, dropout), hx)


def _as_it_is(layer: Layer, input: Tensor, hx: State) -> tuple[Tensor, State]:
    """Run a layer that reads from the end by itself: its input is not flipped."""
    return layer(input, hx)

"""A recurrent network over sequences of one length or of many: a layer, and layers put together.

Inside, a batch of sequences is one tensor (R, E): its rows are step after step, and a step holds a
row for each sequence that is still running. That is the layout of `torch.nn.utils.rnn.
PackedSequence`, and a padded batch is the special case in which every step has N rows. So one loop
serves both. `blocks` says how the rows fall into steps: (4, 16) stands for 16 steps of 4 rows.

A layer's state is one tensor (N, S) here: h, or for an LSTM h and c side by side.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby, islice
from typing import TypeAlias

import torch
from torch import Tensor, nn

from rnn_tutorial.bidirectional import both_directions
from rnn_tutorial.parameters import layer_parameters
from rnn_tutorial.stacked import stacked
from rnn_tutorial.steps import State, Step, bind_step
from rnn_tutorial.unroll import run_steps

Blocks: TypeAlias = Sequence[tuple[int, int]]
Layer: TypeAlias = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

AT_ONCE = 2**18  # how many numbers one projection makes: 1 MB of float32, which a cache holds


def constant_blocks(batch_sizes: Sequence[int]) -> Blocks:
    """Count how many steps in a row have as many rows: 3, 3, 1 becomes (3, 2), (1, 1).

    >>> constant_blocks([3, 3, 1])
    [(3, 2), (1, 1)]

    Explained in: docs/en/reference/network.md
    """
    return [(rows, len(list(same))) for rows, same in groupby(batch_sizes)]


def projected_steps(
    input: Tensor,
    weight_ih: Tensor,
    bias: Tensor | None,
    sizes: Sequence[int],
    reverse: bool = False,
) -> Iterator[Tensor]:
    """Multiply the inputs of many steps in one product, and hand out one step after the other.

    A long sequence is cut into pieces. A piece is multiplied when the loop gets there and freed
    when the loop has passed, so that the products of all steps are never in memory together.

    Shape:
        input (R, E), weight_ih (F, E), bias (F,), sizes: the number of rows of each step, R in
        all; yields steps (n, F), the last one first if `reverse`

    >>> steps = projected_steps(torch.ones(3, 5), torch.ones(6, 5), None, sizes=[2, 1])
    >>> [step.shape for step in steps]
    [torch.Size([2, 6]), torch.Size([1, 6])]

    Explained in: docs/en/reference/network.md
    """
    order = -1 if reverse else 1
    many = max(1, AT_ONCE // (max(*sizes, 1) * weight_ih.shape[0]))
    pieces = [sizes[start : start + many] for start in range(0, len(sizes), many)]
    inputs = torch.split_with_sizes(input, [sum(piece) for piece in pieces])
    for rows, piece in zip(inputs[::order], pieces[::order], strict=True):
        projected = nn.functional.linear(rows, weight_ih, bias)
        for step in torch.split_with_sizes(projected, piece)[::order]:
            yield step


def run_blocks(
    step: Step, inputs: Iterator[Tensor], blocks: Blocks, hx: State
) -> tuple[list[Tensor], State]:
    """Run the loop over steps whose number of rows changes from block to block.

    A sequence's row of the state joins when the sequence begins and leaves when it ends. Longer
    sequences come first, so what joins and what leaves is always at the end.

    Shape:
        inputs: steps (n, F), as many as `blocks` counts, with as many rows; hx of N rows a part;
        returns h of each step (n, H) and the final state of N rows a part

    >>> steps = torch.ones(2, 1), torch.ones(2, 1), torch.ones(1, 1)  # lengths 3 and 2
    >>> start = (torch.zeros(2, 1),)
    >>> add = lambda x, h: (h[0] + x,)
    >>> hidden, (h_n,) = run_blocks(add, iter(steps), [(2, 2), (1, 1)], start)
    >>> [len(h) for h in hidden], h_n.flatten()
    ([2, 2, 1], tensor([3., 2.]))

    Explained in: docs/en/reference/network.md
    """
    hidden: list[Tensor] = []
    left: list[State] = []
    here = blocks[0][0]
    state = tuple(part[:here] for part in hx)
    for rows, count in blocks:
        if rows != here:
            left.append(tuple(part[rows:] for part in state))
            joining = (part[here:rows] for part in hx)
            state = tuple(torch.cat([p[:rows], j]) for p, j in zip(state, joining, strict=True))
            here = rows
        states = run_steps(step, islice(inputs, count), state)
        hidden += [parts[0] for parts in states]
        state = states[-1]
    if left:
        state = tuple(torch.cat(parts) for parts in zip(state, *reversed(left), strict=True))
    return hidden, state


def recurrent_layer(
    input: Tensor,
    hx: Tensor,
    mode: str,
    blocks: Blocks,
    weight_ih: Tensor,
    weight_hh: Tensor,
    bias_ih: Tensor | None = None,
    bias_hh: Tensor | None = None,
    weight_hr: Tensor | None = None,
    reverse: bool = False,
) -> tuple[Tensor, Tensor]:
    """Run one layer in one direction: project the inputs of many steps at once, loop over steps.

    Shape:
        input (R, E), hx (N, S), parameters as in `torch.nn`'s layers;
        returns the output (R, H) in the order of the input, and the final state (N, S)

    Source:
        `torch.nn.RNN`, `torch.nn.LSTM`, `torch.nn.GRU` with one layer and one direction.

    >>> x, hx, weights = torch.zeros(64, 5), torch.zeros(4, 6), nn.GRUCell(5, 6).state_dict()
    >>> rows, h_n = recurrent_layer(x, hx, "GRU", [(4, 16)], **weights)
    >>> rows.shape, h_n.shape
    (torch.Size([64, 6]), torch.Size([4, 6]))

    Explained in: docs/en/reference/network.md
    """
    step, bias = bind_step(mode, weight_hh, bias_ih, bias_hh, weight_hr)
    order = -1 if reverse else 1
    sizes = [rows for rows, count in blocks for _ in range(count)]
    steps = projected_steps(input, weight_ih, bias, sizes, reverse)
    if mode != "LSTM":
        hidden, (h,) = run_blocks(step, steps, blocks[::order], (hx,))
        return torch.cat(hidden[::order]), h
    h_size = weight_hh.shape[1]  # the columns of hx: h, as wide as weight_hh reads it, and c
    hidden, state = run_blocks(step, steps, blocks[::order], (hx[:, :h_size], hx[:, h_size:]))
    return torch.cat(hidden[::order]), torch.cat(state, dim=1)


def recurrent_network(
    input: Tensor,
    hx: Tensor,
    parameters: Mapping[str, Tensor],
    mode: str,
    blocks: Blocks,
    num_layers: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Run layers of any cell on top of each other, in one direction or two.

    Shape:
        input (R, E), hx (L*D, N, S), parameters as `parameter_shapes` lists them;
        returns the output (R, D*H) and the final states (L*D, N, S)

    Source:
        `torch.nn.RNN`, `torch.nn.LSTM`, `torch.nn.GRU`.

    >>> weights = nn.GRU(5, 6, num_layers=2).state_dict()
    >>> x, hx = torch.zeros(64, 5), torch.zeros(2, 4, 6)
    >>> rows, h_n = recurrent_network(x, hx, weights, "GRU", [(4, 16)], num_layers=2)
    >>> rows.shape, h_n.shape
    (torch.Size([64, 6]), torch.Size([2, 4, 6]))

    Explained in: docs/en/reference/network.md
    """
    layers: list[Layer] = []
    for k in range(num_layers):
        run = partial(recurrent_layer, mode=mode, blocks=blocks)
        layer: Layer = partial(run, **layer_parameters(parameters, k))
        if bidirectional:
            reverse = partial(run, reverse=True, **layer_parameters(parameters, k, reverse=True))
            layer = partial(both_directions, layer, reverse, backwards=_as_it_is)
        layers.append(partial(_drop_before, layer, dropout) if k > 0 else layer)
    if not bidirectional:
        return stacked(layers, input, hx)
    output, h_n = stacked(layers, input, torch.unflatten(hx, 0, (num_layers, 2)))
    return output, h_n.flatten(0, 1)


def _drop_before(layer: Layer, dropout: float, input: Tensor, hx: Tensor) -> tuple[Tensor, Tensor]:
    """Run a layer on an input of which a fraction `dropout` is zeroed and the rest scaled up."""
    return layer(nn.functional.dropout(input, dropout), hx)


def _as_it_is(layer: Layer, input: Tensor, hx: Tensor) -> tuple[Tensor, Tensor]:
    """Run a layer that reads from the end by itself: its input needs no flip."""
    return layer(input, hx)

"""What autograd keeps for the backward pass, over a sequence's length, with and without pieces."""

from collections.abc import Callable

import torch
from matplotlib.figure import Figure
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from rnn_tutorial import rnn_layer
from tools.figures.style import INK, LINE, NEG, SIZE, H, T, canvas, plot_axes, text

LENGTHS = [16, 64, 256, 1024]


def saved_states(run: Callable[[], object], given: list[Tensor]) -> float:
    """Count what autograd keeps during a run, in states (4, 6), without the given tensors."""
    storages: dict[int, int] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor.detach()

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()  # holds the graph, and with it all that is kept
    for tensor in given:
        storages.pop(tensor.untyped_storage().data_ptr(), None)
    del result
    return sum(storages.values()) / (4 * 6 * 4)


def kept(length: int) -> tuple[float, float]:
    """Return what a sequence keeps whole, and in pieces of the root of its length."""
    torch.manual_seed(0)
    reference = torch.nn.RNN(5, 6, batch_first=True)
    parameters = {name.removesuffix("_l0"): p for name, p in reference.named_parameters()}
    x, h_0 = torch.randn(4, length, 5), torch.zeros(4, 6)
    given = [x, h_0, *parameters.values()]
    piece = round(length**0.5)

    def in_pieces() -> list[Tensor]:
        outputs, hx = [], h_0
        for part in x.split(piece, dim=1):
            output, hx = checkpoint(rnn_layer, part, hx, use_reentrant=False, **parameters)
            outputs.append(output)
        return outputs

    between = saved_states(in_pieces, given)
    inside = saved_states(lambda: rnn_layer(x[:, :piece], h_0, **parameters), given)
    return saved_states(lambda: rnn_layer(x, h_0, **parameters), given), between + inside


def draw() -> Figure:
    figure, page = canvas(height=262)
    ax = plot_axes(figure, 60, 32, 430, 176, log="xy")
    ax.set(xlim=(14, 1170), ylim=(4, 1500), xticks=LENGTHS, yticks=[4, 16, 64, 256, 1024])
    ax.minorticks_off()
    ax.grid(axis="y", color=LINE, linewidth=0.8)
    ax.patch.set_visible(False)  # or it would cover the labels, which stand on the page
    ax.set_title("states kept for the backward pass", loc="left", fontsize=SIZE, color=INK, pad=10)
    whole, pieces = zip(*map(kept, LENGTHS), strict=True)
    for values, color in ((whole, H), (pieces, NEG)):
        ax.plot(LENGTHS, values, color=color, marker="o", markersize=5)
    text(page, (262, 74), "whole sequence", H, align="right", bold=True)
    text(page, (440, 178), "in pieces of √T steps", NEG, align="right", bold=True)
    text(page, (275, 250), "T", T, bold=True)
    return figure

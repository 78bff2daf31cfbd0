"""The loss of one task under four programs, three of which have one wrong line each."""

from collections.abc import Callable
from functools import cache

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tools.figures.style import MUTED, NEG, H, canvas, plot_axes, text

# A unit of the loss is 96 px high.  Another CPU rounds otherwise, and training carries that on:
# 6 px are 0.06, and the curves end at least 0.35 apart.
TOLERANCE = 6

STEPS = 150
Loss = Callable[[nn.ModuleList, Tensor], Tensor]


def scores(model: nn.ModuleList, tokens: Tensor) -> Tensor:
    """Read symbols (N, T), score the next one at each step (N, T, 8)."""
    embed, rnn, head = model
    return head(rnn(embed(tokens))[0])


def right(model: nn.ModuleList, tokens: Tensor) -> Tensor:
    return cross_entropy(scores(model, tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten())


def unshifted(model: nn.ModuleList, tokens: Tensor) -> Tensor:
    return cross_entropy(scores(model, tokens[:, :-1]).flatten(0, 1), tokens[:, :-1].flatten())


def softmax_twice(model: nn.ModuleList, tokens: Tensor) -> Tensor:
    probabilities = scores(model, tokens[:, :-1]).softmax(dim=-1)
    return cross_entropy(probabilities.flatten(0, 1), tokens[:, 1:].flatten())


@cache  # the tests draw a figure more than once
def curve(loss_of: Loss, batch_first: bool) -> list[float]:
    """Train on random words of three symbols that repeat; return the loss at each step."""
    torch.manual_seed(0)
    rnn = nn.RNN(32, 32, batch_first=batch_first)
    model = nn.ModuleList([nn.Embedding(8, 32), rnn, nn.Linear(32, 8)])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    losses = []
    for _ in range(STEPS):
        loss = loss_of(model, torch.randint(8, (32, 3)).repeat(1, 5)[:, :13])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def draw() -> Figure:
    figure, page = canvas(height=296)
    left, top, width, height = 36, 24, 316, 226
    ax = plot_axes(figure, left, top, width, height)
    low, high = -0.08, 2.27
    ax.set(xlim=(0, STEPS), ylim=(low, high), xticks=range(0, STEPS + 1, 50), yticks=(0, 1, 2))
    ax.patch.set_visible(False)  # or it would cover the labels, which stand on the page

    def y(loss: float) -> float:
        return top + height * (high - loss) / (high - low)

    guessing = torch.tensor(8.0).log().item()
    for level, label in ((guessing, "guessing"), (2 / 12 * guessing, "best possible")):
        ax.axhline(level, color=MUTED, linestyle=(0, (4, 2)), linewidth=1.2)
        text(page, (left + width - 4, y(level) + 13), label, MUTED, align="right")
    for loss_of, batch_first, color, label in (
        (right, False, NEG, "batch\u200b_first forgotten"),  # or `_` would start a subscript
        (softmax_twice, True, NEG, "softmax before loss"),
        (right, True, H, "right"),
        (unshifted, True, NEG, "targets not shifted"),
    ):
        losses = curve(loss_of, batch_first)
        ax.plot(range(1, STEPS + 1), losses, color=color, linewidth=1.6)
        text(page, (left + width + 9, y(losses[-1])), label, color, align="left")
    text(page, (left - 22, 10), "loss", align="left")
    text(page, (left + width / 2, 284), "training step")
    return figure

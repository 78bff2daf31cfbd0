"""The state of the network that writes, letter by letter, and what it expects next."""

from functools import cache
from itertools import pairwise

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from tools.figures.quoted import rhyme, verses
from tools.figures.style import INK, MUTED, NEG, TINT, Box, E, H, canvas, frame, text

HIDDEN, WINDOW, UPDATES = 64, 32, 150
FRAMED = 60  # the unit that the chapter looks at
EVERY = 3  # so many units are drawn: number 0, 3, 6, …, 60, 63
VERSE, READ = 4, 41  # the line that is read, and how much of it
LEVELS = 4  # of a tint: the last digits of a training change no level
CELL, LEFT, TOP = 11, 62, 34


@cache  # the tests draw a figure more than once
def trained() -> tuple[str, Tensor, Tensor]:
    """Train as the chapter does; return what is read, the states, and the next probabilities."""
    whole = rhyme()
    letters = sorted(set(whole))
    stream = torch.tensor([letters.index(letter) for letter in whole])
    rows = (len(stream) - 1) // WINDOW
    inputs, targets = (stream[s : s + rows * WINDOW].reshape(rows, WINDOW) for s in (0, 1))
    torch.manual_seed(0)
    cell = nn.RNNCell(len(letters), HIDDEN)
    head = nn.Linear(HIDDEN, len(letters)).double()
    rnn = nn.RNN(len(letters), HIDDEN, batch_first=True).double()
    rnn.load_state_dict({f"{name}_l0": value for name, value in cell.state_dict().items()})
    parameters = [*rnn.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    for _ in range(UPDATES):
        states, _ = rnn(one_hot(inputs, len(letters)).double())
        loss = cross_entropy(head(states).flatten(0, 1), targets.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, max_norm=1.0)
        optimizer.step()
    line = f"\n{verses()[VERSE]}"[: READ + 1]
    read = torch.tensor([letters.index(letter) for letter in line])
    with torch.no_grad():
        states, _ = rnn(one_hot(read[None, :-1], len(letters)).double())
        chances = head(states[0]).softmax(dim=1).gather(1, read[1:, None])
    return line, states[0], chances[:, 0]


def tiles(ax: Axes, values: Tensor, at: tuple[float, float]) -> None:
    """Draw a matrix in a few tints, all cells of one tint as one path."""
    levels = (values * LEVELS).round()
    for level in levels.unique().tolist():
        if level == 0:
            continue
        boxes = [
            Path.unit_rectangle().vertices * (CELL, CELL)
            + (at[0] + column * CELL, at[1] + row * CELL)
            for row, column in (levels == level).nonzero().tolist()
        ]
        path = Path.make_compound_path(*(Path(box, Path.unit_rectangle().codes) for box in boxes))
        tint = (H if level > 0 else NEG, TINT * abs(level) / LEVELS)
        ax.add_patch(PathPatch(path, facecolor=tint, edgecolor="none", clip_on=False))


def draw() -> Figure:
    line, states, chances = trained()
    units = list(range(0, HIDDEN, EVERY))
    below = TOP + CELL * len(units)
    figure, page = canvas(height=below + 74)
    tiles(page, states[:, units].T, (LEFT, TOP))
    frame(page, Box(LEFT, TOP, CELL * READ, CELL * len(units)), H)
    row = TOP + CELL * units.index(FRAMED)
    frame(page, Box(LEFT, row, CELL * READ, CELL), INK)
    for step, (read, following) in enumerate(pairwise(line)):
        x = LEFT + CELL * (step + 0.5)
        text(page, (x, TOP - 12), shown(read), E, size=13)
        text(page, (x, below + 14), shown(following), INK, size=13)
        height = 32 * round(chances[step].item() * 16) / 16
        bar = (x - CELL / 2 + 1.5, below + 60 - height)
        page.add_patch(
            Rectangle(bar, CELL - 3, height, facecolor=MUTED, edgecolor="none", clip_on=False)
        )
    page.plot([LEFT, LEFT + CELL * READ], [below + 60] * 2, color=MUTED, linewidth=1)
    for y, label, color in (
        (TOP - 12, "read", E),
        ((TOP + below) / 2, "state", H),
        (below + 14, "next", INK),
        (below + 46, "chance", MUTED),
    ):
        text(page, (LEFT - 6, y), label, color, align="right")
    return figure


def shown(letter: str) -> str:
    """Write a blank as a dot, and the end of a line as an arrow."""
    return {" ": "·", "\n": "↵"}.get(letter, letter)

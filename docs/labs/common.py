"""What the labs share: how plots and tables look, batches of sequences, the training loop.

A lab imports it by name, in a cell of its own; the lab's notebook holds the source in that place.
"""

import io
import json
import sys
import warnings
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from IPython.display import SVG, Markdown, display
from matplotlib import rcParams
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from tqdm import tqdm

INK = "#23262d"
MUTED = "#5d6470"
LINE = "#c9ccd3"
PAPER = "#ffffff"
HIDDEN = "#1f5fbf"  # hidden features are blue in this course
TIME = "#8f5a00"  # the time axis is amber,
FEATURES = "#22763a"  # and the input features are green
ERROR = "#b5452f"

WIDTH = 520 / 72  # inches: the column of text
WEIGHTS = "application/vnd.rnn-tutorial.weights+json"

# How the labs look.


def style() -> None:
    """Let plots look like the course's figures; their text stays text, in the reader's fonts."""
    rcParams.update(
        {
            "axes.edgecolor": MUTED,
            "axes.grid.axis": "y",
            "axes.labelcolor": INK,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.dpi": 72,
            "figure.facecolor": PAPER,
            "font.size": 13.5,
            "grid.color": LINE,
            "image.interpolation": "none",
            "legend.frameon": False,
            "savefig.facecolor": PAPER,
            "svg.fonttype": "none",
            "svg.hashsalt": "rnn-tutorial",
            "text.color": INK,
            "xtick.color": MUTED,
            "xtick.labelcolor": INK,
            "ytick.color": MUTED,
            "ytick.labelcolor": INK,
        }
    )
    # matplotlib's own font lacks Chinese characters, but the reader's fonts will draw them.
    warnings.filterwarnings("ignore", "Glyph .* missing from font")


def show(figure: Figure, alt: str) -> None:
    """Display a figure as SVG; its title says what is seen."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Title": alt, "Date": None})
    display(SVG(buffer.getvalue()))


def show_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Display a table, its first column aligned left and the others right."""
    rule = [":--", *["--:"] * (len(header) - 1)]
    display(Markdown("\n".join(f"| {' | '.join(row)} |" for row in [header, rule, *rows])))


def progress(steps: int | Sequence[Any], title: str) -> tqdm:
    """Count to `steps`, or go through a sequence, and show how far it is."""
    bar = "{desc:<19} {percentage:3.0f}% |{bar:12}| {n_fmt}/{total_fmt}"
    each = range(steps) if isinstance(steps, int) else steps
    return tqdm(each, title, file=sys.stdout, bar_format=bar)


def one_thread() -> Callable[[], None]:
    """Compute on one thread; the function that is returned gives the others back."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    limits = threadpool_limits(1)  # NumPy's matrix products

    def give_back() -> None:
        limits.restore_original_limits()
        torch.set_num_threads(threads)

    return give_back


# Sequences, and batches of them.


class Vocabulary:
    """The symbols of a task, each with its index.

    Raises:
        ValueError: from `encode`, if a symbol is not in the vocabulary.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        self.symbols = list(dict.fromkeys(symbols))
        self.index = {symbol: number for number, symbol in enumerate(self.symbols)}

    def __len__(self) -> int:
        return len(self.symbols)

    def encode(self, sequence: Iterable[str]) -> Tensor:
        """Return the indices of symbols, of shape (T,)."""
        sequence = list(sequence)
        unknown = sorted({symbol for symbol in sequence if symbol not in self.index})
        if unknown:
            raise ValueError(f"sequence: expected symbols of the vocabulary, got {unknown}")
        return torch.tensor([self.index[symbol] for symbol in sequence], dtype=torch.long)

    def decode(self, indices: Tensor | Sequence[int]) -> list[str]:
        """Return the symbols of indices."""
        return [self.symbols[number] for number in torch.as_tensor(indices).tolist()]


def padded(sequences: Sequence[Tensor], value: float = 0) -> Tensor:
    """Lay sequences (T_n, ...) side by side, (N, T, ...), filled up behind their ends."""
    return pad_sequence(list(sequences), batch_first=True, padding_value=value)


def batches(
    lengths: Sequence[int] | Tensor, size: int, generator: torch.Generator, pool: int = 16
) -> list[Tensor]:
    """Cut shuffled indices into batches whose sequences are about as long as each other.

    Of `pool` batches' worth of shuffled sequences, the longest go together, and so on down;
    then the batches are shuffled, too.
    """
    if size < 1 or pool < 1:
        raise ValueError(f"size and pool: expected at least 1, got {size} and {pool}")
    lengths = torch.as_tensor(lengths)
    shuffled = torch.randperm(len(lengths), generator=generator)
    pools = [part[lengths[part].argsort()] for part in shuffled.split(pool * size)]
    found = [batch for part in pools for batch in part.split(size)]
    return [found[number] for number in torch.randperm(len(found), generator=generator).tolist()]


# Training.


def fit(
    parameters: Iterable[Tensor],
    loss: Callable[[Any], Tensor],
    batches: Sequence[Any],
    rate: float,
    title: str = "",
    clip: float = 1.0,
) -> list[float]:
    """Train by Adam, one update a batch; return the loss of every update.

    The learning rate falls to zero along a cosine, and gradients are clipped at norm `clip`.

    Raises:
        FloatingPointError: if a loss is not finite.
    """
    parameters = list(parameters)
    optimizer = torch.optim.Adam(parameters, lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, len(batches))
    losses: list[float] = []
    for batch in progress(batches, title) if title else batches:
        value = loss(batch)
        if not value.isfinite():
            raise FloatingPointError(f"update {len(losses) + 1}: the loss is {value.item()}")
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(parameters, clip)
        optimizer.step()
        schedule.step()
        losses.append(value.item())
    return losses


def edit_distance(answer: Sequence[object], truth: Sequence[object]) -> int:
    """Count the insertions, deletions and replacements that lead from one to the other."""
    previous = list(range(len(truth) + 1))
    for i, mine in enumerate(answer, 1):
        current = [i]
        for j, its in enumerate(truth, 1):
            replaced = previous[j - 1] + (mine != its)
            current.append(min(previous[j] + 1, current[-1] + 1, replaced))
        previous = current
    return previous[-1]


def count(module: nn.Module) -> int:
    """Count a module's parameters."""
    return sum(parameter.numel() for parameter in module.parameters())


def keep(**tensors: Tensor) -> None:
    """Hand weights to the demo on the lab's page, as float16; a notebook shows their size."""
    kept = {
        name: {
            "shape": list(tensor.shape),
            "dtype": "float16",
            "data": b64encode(tensor.detach().numpy().astype("<f2").tobytes()).decode(),
        }
        for name, tensor in tensors.items()
    }
    size = len(json.dumps(kept))
    display({WEIGHTS: kept, "text/plain": f"float16: {size / 1000:.0f} kB"}, raw=True)

# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Rows of digits, with CTC { #digit-rows }
#
# After this lab you can train a network on sequences whose labels have no positions, decode it, and tell when cutting first is as good.
#
# ## What you need { #need }
#
# You know the GRU from [nn.GRU by hand](../gates/gru-by-hand.md), both directions from [Bidirectional](../foundations/bidirectional.md), and padding from [Unequal length](../sequences/unequal-length.md).
# The lab needs PyTorch (`torch`), `scikit-learn` for the data and the baseline, `matplotlib` for the plots, and `tqdm` for the progress bar.
# In an environment of your own, `python -m pip install torch scikit-learn matplotlib tqdm ipykernel` installs them.
# The lab downloads nothing, and trains on the CPU.

# %%
import itertools
import math
import time
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# %% [markdown]
# From the course you need its GRU; what comes after it is explained below, where it is needed.
# The notebook that you can download holds the source in this place, so it runs without the course.

# %%
from rnn_tutorial import GRU

# %% [markdown] tags=["note"]
# **What the labs share**
#
# How plots and tables look, padding, and the training loop.
# All labs use it; the notebook holds this source, too.

# %% tags=["note"]
from docs.labs.common import (
    ERROR,
    HIDDEN,
    INK,
    LINE,
    TIME,
    batches,
    count,
    fit,
    keep,
    one_thread,
    padded,
    show,
    show_table,
    style,
)

# %% tags=["note"]
style()
give_back = one_thread()

# %% [markdown]
# ## The data { #data }
#
# The digits are those of [the first lab](digits.py): scans of 8 by 8 pixels by [E. Alpaydin and C. Kaynak (1998)](https://doi.org/10.24432/C50P49), under the licence [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), from scikit-learn.
# There each image was one example.
# Here you write several of them side by side, and the network reads the row column by column: a column of 8 pixels is one step in *time*.

# %%
digits = load_digits()
images, classes = digits.images, digits.target
ink = images.max(axis=1) > 0  # which columns hold ink
widths = ink.sum(axis=1)
print("images:", len(images))
print("different images:", len(np.unique(images, axis=0)))
print("with ink in the first and in the last row:", (images[:, [0, 7]].max(2) > 0).all(1).sum())
print(f"columns with ink: {widths.min()} to {widths.max()}, {widths.mean():.1f} on average")

# %% [markdown]
# No image occurs twice.
# Each digit was stretched to the full height, and leaves some columns empty: cut those off, so that you decide how far digits stand apart.
#
# Who wrote which image is not in the file, but its order gives something away.
# Classify single images, once with random images held back and once with blocks of neighbours held back.

# %%
glyphs = [image[:, columns] for image, columns in zip(images, ink, strict=True)]
blocks = np.array_split(np.arange(len(images)), 5)
scattered = np.array_split(np.random.RandomState(0).permutation(len(images)), 5)


def block_error(parts: list[np.ndarray], held_back: int) -> float:
    """Train logistic regression on four parts, and return its error on the fifth."""
    rest = np.concatenate([part for k, part in enumerate(parts) if k != held_back])
    pixels = images.reshape(len(images), -1) / 16
    model = LogisticRegression(max_iter=1000).fit(pixels[rest], classes[rest])
    return 1 - model.score(pixels[parts[held_back]], classes[parts[held_back]])


# %%
leak = {name: [block_error(parts, k) for k in range(5)]
        for name, parts in (("random", scattered), ("blocks", blocks))}  # fmt: skip

# %% tags=["folded"]
show_table(
    ["held back", *(f"part {k + 1}" for k in range(5)), "mean"],
    [
        [name, *(f"{error:.1%}" for error in leak[key]), f"{np.mean(leak[key]):.1%}"]
        for name, key in (("random images", "random"), ("a block of neighbours", "blocks"))
    ],
)
assert np.mean(leak["blocks"]) > 1.3 * np.mean(leak["random"])

# %% [markdown]
# A block of neighbours is harder.
# That fits a file in the order of its writers: then random parts put neighbours by the same hand into training and test.
# So this lab tests on blocks.
# One block is for the test, the next one for validation, the other three for training, and no image is in two of them.
# It does so three times, with another test block each time: you see three results, not one.


# %%
class Split(NamedTuple):
    """Indices of the images that rows of each part are written with."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(fold: int) -> Split:
    others = [blocks[(fold + k) % 5] for k in (2, 3, 4)]
    return Split(np.concatenate(others), blocks[(fold + 1) % 5], blocks[fold])


# %% [markdown]
# To write a row, place one glyph after the other.
# A positive *gap* is a number of empty columns; with a negative one, a digit begins in the last columns of the one before, and of two pixels the darker one counts.
# Each row has one empty column at either end.


# %%
class Row(NamedTuple):
    columns: Tensor  # (T, 8), from 0 to 1
    labels: Tensor  # (S,), a digit plus one: label 0 will be the blank
    spans: list[tuple[int, int]]  # first and last column of each digit, plus one


def write(indices: np.ndarray, gaps: np.ndarray) -> Row:
    """Write the images with these indices side by side; gap k is the one before digit k."""
    if not len(indices):
        raise ValueError("indices: expected at least one digit, got none")
    room = sum(glyphs[index].shape[1] for index in indices) + gaps.clip(0).sum() + 2
    row, spans, end = np.zeros((8, room)), [], 1
    for k, index in enumerate(indices):
        earliest = spans[-1][0] + 1 if spans else 1
        start = max(earliest, end + gaps[k]) if spans else 1
        end = start + glyphs[index].shape[1]
        row[:, start:end] = np.maximum(row[:, start:end], glyphs[index] / 16)
        spans.append((start, end))
    last = max(end for _, end in spans)
    columns = torch.tensor(row[:, : last + 1].T, dtype=torch.float32)
    return Row(columns, torch.tensor(classes[indices] + 1), spans)


def draw_rows(
    part: np.ndarray, number: int, seed: int, gaps: tuple[int, int], most: int
) -> list[Row]:
    """Draw rows of 1 to `most` digits, each gap anew between the two that are given."""
    draw = np.random.RandomState(seed)
    sizes = draw.randint(1, most + 1, number)
    return [write(draw.choice(part, size), draw.randint(gaps[0], gaps[1] + 1, size))
            for size in sizes]  # fmt: skip


# %%
fold = split(0)
samples = [write(fold.train[[3, 14, 15, 92, 65]], np.full(5, gap)) for gap in (2, 0, -1, -2, -3)]


# %% tags=["folded"]
def draw_row(ax: Axes, columns: Tensor, left: float = -0.5) -> None:
    """Draw a row as ink whose opacity is the pixel's value."""
    pixels = np.zeros((8, len(columns), 4))
    pixels[..., :3] = to_rgb(INK)
    pixels[..., 3] = columns.T
    ax.imshow(pixels, extent=(left, left + len(columns), 7.5, -0.5), aspect="auto")
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set(visible=True, color=LINE)


figure = Figure(figsize=(520 / 72, 330 / 72))
for k, (sample, gap) in enumerate(zip(samples, (2, 0, -1, -2, -3), strict=True)):
    width = 0.78 * len(sample.columns) / len(samples[0].columns)
    ax = figure.add_axes((0.2, 0.82 - 0.19 * k, width, 0.155))
    draw_row(ax, sample.columns)
    ax.set_ylabel(f"gap {gap}", rotation=0, ha="right", va="center", labelpad=10)
digits_shown = " ".join(str(label - 1) for label in samples[0].labels.tolist())
show(figure, f"The digits {digits_shown} in five rows, with gaps from 2 to -3: they grow together")

# %% [markdown]
# The label of a row is its digits, in order.
# It does not say at which column a digit stands, and that is the problem of this lab: many columns, few labels, and nothing that ties them.
#
# ## Alignments { #alignments }
#
# *Connectionist temporal classification* (CTC) by [Graves et al. (2006)](https://doi.org/10.1145/1143844.1143891) lets the network answer at each column, with a digit or with a *blank*: "nothing new here".
# Such a string of answers is an *alignment*.
# To read it, merge what is repeated, then drop the blanks.
# The blank is also what keeps two equal digits apart.

# %% tags=["source"]
from rnn_tutorial.heads import ctc_collapse

# %%
BLANK = 0
for alignment in ([0, 5, 5, 5, 0, 0, 8, 0], [5, 0, 0, 0, 0, 8, 8, 8], [0, 5, 5, 0, 5, 0, 8, 8]):
    print(alignment, "->", ctc_collapse(alignment, BLANK))

# %% [markdown]
# Many alignments read as the same labels.
# The network gives a probability to each symbol at each step, and the product of the symbols' probabilities is that of an alignment.
# So the probability of labels $l$ is a sum over all alignments $\pi$ that collapse to them, $c(\pi) = l$:
#
# $$p(l) = \sum_{\pi:\, c(\pi) = l}\; \prod_{t=1}^{T} y_t(\pi_t)$$
#
# With $C$ symbols there are $C^T$ alignments.
# For a few steps you can go through all of them.

# %%
torch.manual_seed(0)
scores = torch.randn(6, 3, dtype=torch.float64).log_softmax(1)  # T = 6 steps, C = 3 symbols
sums: dict[tuple[int, ...], float] = {}
for path in itertools.product(range(3), repeat=6):
    read = tuple(ctc_collapse(path, BLANK))
    chance = math.exp(sum(scores[t, symbol].item() for t, symbol in enumerate(path)))
    sums[read] = sums.get(read, 0.0) + chance

# %% tags=["folded"]
print("alignments:", 3**6)
print("label sequences that occur:", len(sums), "with probability", f"{sum(sums.values()):.6f}")

# %% [markdown]
# ## The forward algorithm { #forward }
#
# For a whole row that is hopeless, and not needed.
# Lay out the labels with a blank around each of them; these are the *states* of an alignment.
# A step of an alignment stays in its state, or moves on to the next one, or skips a blank between two different labels.
# So all alignments up to step $t$ that end in the same state can be added up before you go on: one sum per state and step.
# The loop is that of a recurrent network, with three ways into each state and no weights.
# It works with logarithms: the product of many probabilities would soon be too small for a number in float32.

# %% tags=["source"]
from rnn_tutorial.heads import ctc_states, ctc_step

# %% [markdown]
# The states of the labels 5, 5, 8, and where a blank may be skipped:

# %%
symbols, may_skip = ctc_states(torch.tensor([[5, 5, 8]]), torch.tensor([3]), BLANK)
print(symbols[0].tolist())
print(may_skip[0].int().tolist())
alpha = torch.full((1, 7), -torch.inf)
alpha[0, 0] = 0.0  # all alignments begin in the first state
for _ in range(3):
    alpha = ctc_step(torch.zeros(1, 7), alpha, may_skip)
    print("ways into each state:", [round(number) for number in alpha[0].exp().tolist()])

# %% [markdown]
# The loss runs that loop, and adds up what ends in the last label or in the blank after it.
# A target that no alignment fits costs infinity.

# %% tags=["source"]
from rnn_tutorial.heads import ctc_loss

# %% [markdown] tags=["claim"]
# **Claim: `ctc_loss` is minus the logarithm of the sum over all alignments, and within rounding PyTorch's `ctc_loss` in value and gradient**

# %% tags=["claim"]
every = list(sums)
targets = padded([torch.tensor(read, dtype=torch.long) for read in every])
target_lengths = torch.tensor([len(read) for read in every])
steps = torch.full_like(target_lengths, 6)
losses = ctc_loss(scores.expand(len(every), -1, -1), targets, steps, target_lengths, BLANK)
expected = -torch.tensor(list(sums.values()), dtype=torch.float64).log()
torch.testing.assert_close(losses, expected, rtol=1e-12, atol=1e-12)

answers = torch.randn(4, 30, 11, requires_grad=True)
truth, sizes = torch.randint(1, 11, (4, 5)), torch.tensor([5, 4, 2, 0])
lengths = torch.tensor([30, 21, 30, 8])
ours = ctc_loss(answers.log_softmax(2), truth, lengths, sizes)
theirs = nn.functional.ctc_loss(
    answers.log_softmax(2).transpose(0, 1), truth, lengths, sizes, reduction="none"
)
torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
gradients = [torch.autograd.grad(loss.sum(), answers)[0] for loss in (ours, theirs)]
torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)

# %% [markdown]
# What does the loss ask of the network?
# Its gradient with respect to a log-probability is minus the probability that the alignment shows that symbol at that step, given the labels.
# So at each step the network is pulled towards those symbols, as far as they are likely there by its own present answers.

# %%
leaf = scores[None].clone().requires_grad_()
ctc_loss(leaf, torch.tensor([[2, 1]]), torch.tensor([6]), torch.tensor([2])).sum().backward()
visits = 0.0 - leaf.grad[0]
torch.testing.assert_close(visits.sum(1), torch.ones(6, dtype=torch.float64))

# %% tags=["folded"]
show_table(
    ["labels 2, 1: symbol", *(f"step {t + 1}" for t in range(6))],
    [
        [name, *(f"{chance:.2f}" for chance in row)]
        for name, row in zip(("blank", "1", "2"), visits.T.tolist(), strict=True)
    ],
)

# %% [markdown]
# Each column of the table adds up to one.
#
# ## Decoding { #decoding }
#
# A trained network has to be read.
# *Greedy* decoding takes the most probable symbol at each step and collapses what comes out: that is the most probable alignment.
# The most probable *labels* can be others, with many alignments that are each less probable.

# %% tags=["source"]
from rnn_tutorial.heads import ctc_greedy

# %%
tiny = torch.tensor([[0.6, 0.4], [0.6, 0.4]], dtype=torch.float64).log()
print("greedy:", ctc_greedy(tiny[None], torch.tensor([2])))
tiny_sums = {(): 0.6 * 0.6, (1,): 0.6 * 0.4 + 0.4 * 0.6 + 0.4 * 0.4}
for read, chance in tiny_sums.items():
    print("labels", list(read), f"with probability {chance:.2f}")

# %% [markdown]
# *Prefix beam search* ([Hannun et al., 2014](https://arxiv.org/abs/1408.2873)) adds up alignments as it goes, and keeps the `width` most probable beginnings at each step.
# With room for all of them nothing is left out, and it must agree with the enumeration above.

# %% tags=["source"]
from rnn_tutorial.heads import ctc_beam_search

# %% [markdown] tags=["claim"]
# **Claim: prefix beam search with room for every beginning finds the probability of every label sequence**

# %% tags=["claim"]
found = ctc_beam_search(scores, width=len(sums))
assert {read for read, _ in found} == sums.keys()
for read, log_chance in found:
    assert math.isclose(math.exp(log_chance), sums[read], rel_tol=1e-9)
assert found[0][0] == max(sums, key=sums.__getitem__)
assert ctc_beam_search(tiny, width=2)[0][0] == (1,)

# %% [markdown]
# ## The model { #model }
#
# A GRU reads the columns in both directions, and a linear head turns each state into 11 log-probabilities, for the blank and ten digits.
# Rows of unequal length are packed, so the reverse direction begins at a row's own end.
# Pixels are brought to the usual scale with a mean and a deviation from the training part.


# %%
class Reader(nn.Module):
    def __init__(
        self,
        recurrent: type[nn.Module],
        scale: tuple[float, float],
        hidden_size: int = 64,
        bidirectional: bool = True,
    ) -> None:
        super().__init__()
        self.mean, self.deviation = scale
        options = {"batch_first": True, "bidirectional": bidirectional}
        self.recurrent = recurrent(8, hidden_size, **options)
        self.head = nn.Linear((1 + bidirectional) * hidden_size, 11)

    def forward(self, columns: Tensor, lengths: Tensor) -> Tensor:
        """Return log-probabilities (N, T, 11) for columns (N, T, 8)."""
        inputs = (columns - self.mean) / self.deviation
        packed = pack_padded_sequence(inputs, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True)
        return self.head(states).log_softmax(2)


class Batch(NamedTuple):
    columns: Tensor  # (N, T, 8)
    targets: Tensor  # (N, S)
    lengths: Tensor  # (N,)
    target_lengths: Tensor  # (N,)


def batch_of(rows: list[Row]) -> Batch:
    return Batch(
        padded([row.columns for row in rows]),
        padded([row.labels for row in rows]),
        torch.tensor([len(row.columns) for row in rows]),
        torch.tensor([len(row.labels) for row in rows]),
    )


def fresh(
    recurrent: type[nn.Module],
    seed: int,
    part: np.ndarray,
    hidden_size: int = 64,
    bidirectional: bool = True,
) -> Reader:
    """Draw initial weights; the scale comes from rows of the training part."""
    torch.manual_seed(seed)
    pixels = torch.cat([row.columns for row in draw_rows(part, 200, seed, (-2, 2), most=3)])
    scale = pixels.mean().item(), pixels.std().item()
    return Reader(recurrent, scale, hidden_size, bidirectional)


# %%
ours, theirs = (fresh(recurrent, 0, fold.train) for recurrent in (GRU, nn.GRU))

# %% tags=["folded"]
print("parameters:", count(ours))
print("mean:", round(ours.mean, 2), "deviation:", round(ours.deviation, 2))

# %% [markdown]
# ## Training { #training }
#
# Rows cost nothing, so every batch has new ones, of one to three digits with gaps from −2 to 2.
# A batch holds rows of similar length, and the loss of a row is divided by the number of its digits.
# First check that course and PyTorch train alike: our GRU with our loss, and `nn.GRU` with PyTorch's loss, on the same batches from the same weights.
# The two take turns, a batch each, so that a busy machine disturbs both.


# %%
def per_digit(losses: Tensor, batch: Batch) -> Tensor:
    return (losses / batch.target_lengths).mean()


def with_ours(model: Reader, batch: Batch) -> Tensor:
    return per_digit(ctc_loss(model(batch.columns, batch.lengths), *batch[1:]), batch)


def with_torch(model: Reader, batch: Batch) -> Tensor:
    log_probs = model(batch.columns, batch.lengths).transpose(0, 1)
    return per_digit(nn.functional.ctc_loss(log_probs, *batch[1:], reduction="none"), batch)


def training_batches(part: np.ndarray, seed: int, number: int) -> list[Batch]:
    rows = draw_rows(part, 16 * number, seed, (-2, 2), most=3)
    lengths = [len(row.columns) for row in rows]
    generator = torch.Generator().manual_seed(seed)
    return [batch_of([rows[k] for k in batch]) for batch in batches(lengths, 16, generator)]


# %%
few = training_batches(fold.train, 0, 20)
optimizers = [torch.optim.Adam(model.parameters(), lr=0.005) for model in (ours, theirs)]
curves, seconds = ([], []), {"ours": 0.0, "nn": 0.0}
for batch in few:
    for k, (model, loss) in enumerate(((ours, with_ours), (theirs, with_torch))):
        value = loss(model, batch)
        optimizers[k].zero_grad()
        value.backward()
        optimizers[k].step()
        curves[k].append(value.item())

# %% [markdown] tags=["claim"]
# **Claim: the course's GRU with the course's `ctc_loss` trains along the curve of PyTorch's (within rounding)**

# %% tags=["claim"]
differences = np.abs(np.subtract(*curves))
assert differences[0] < 1e-5
assert differences.max() < 1e-2
print(f"first loss: {curves[0][0]:.3f}, update {len(few)}: {curves[0][-1]:.3f}")

# %% [markdown]
# Our loss is a loop in Python, and PyTorch's is one call into compiled code, so from here on the lab trains with PyTorch's: you have seen that it is the same.
# The network stays the course's own.
# What does that cost?
# Measure a forward and a backward pass of both networks, in turns again.

# %%
for batch in few:
    for name, model in (("ours", ours), ("nn", theirs)):
        start = time.perf_counter()
        with_torch(model, batch).backward()
        seconds[name] += time.perf_counter() - start

# %% tags=["folded"]
print(f"time of our GRU, by that of nn.GRU: {seconds['ours'] / seconds['nn']:.2f}")

# %% [markdown]
# Now train three networks, one per split.
# A learning rate, a size and a number of updates had to be chosen; the [table below](#choices) says how.

# %%
UPDATES, RATE = 200, 0.03
folds, networks, curves = [split(k) for k in range(3)], [], []
for k, part in enumerate(folds):
    network = fresh(GRU, k, part.train)
    losses = fit(
        network.parameters(),
        lambda batch, network=network: with_torch(network, batch),
        training_batches(part.train, k, UPDATES),
        RATE,
        f"seed {k}",
    )
    networks.append(network.eval())
    curves.append(losses)

# %% tags=["folded"]
figure = Figure(figsize=(520 / 72, 260 / 72), layout="constrained")
ax = figure.subplots()
for losses, color, line in zip(curves, (INK, HIDDEN, ERROR), ("-", "--", ":"), strict=True):
    smooth = np.reshape(losses, (-1, 5)).mean(1)
    ax.plot(np.arange(5, UPDATES + 1, 5), smooth, color=color, linestyle=line)
ax.set(xlabel="updates", ylabel="loss per digit", ylim=(0, 4))
ax.grid()
show(figure, "Loss per digit of three networks against updates: it falls steeply, then levels off")

# %% [markdown]
# What does a network answer before it can read?
# The network `ours` from the comparison above is still there, with few updates behind it and a large loss.

# %%
with torch.no_grad():
    batch = few[0]
    log_probs = ours(batch.columns, batch.lengths)
real = torch.arange(log_probs.shape[1]) < batch.lengths.unsqueeze(1)
blanks = (log_probs.argmax(2) == BLANK)[real].float().mean().item()

# %% tags=["folded"]
print(f"columns at which the blank is most probable: {blanks:.0%}")
assert blanks > 0.9

# %% [markdown]
# Blanks, and hardly a digit.
#
# ## A baseline that cuts { #baseline }
#
# The obvious way is to cut the row into digits and to classify each piece.
# Here it is, with logistic regression on pieces of 8 by 8 pixels, trained on the glyphs of the training part.
# Cut where a column holds no more ink than a threshold; where a piece is wider than a digit, cut it into equal parts.


# %%
def centred(piece: np.ndarray) -> np.ndarray:
    """Put a piece (8, W) into the middle of 8 columns; of a wider one, keep its middle."""
    extra = max(0, piece.shape[1] - 8) // 2
    piece = piece[:, extra : extra + 8]
    box, start = np.zeros((8, 8)), (8 - piece.shape[1]) // 2
    box[:, start : start + piece.shape[1]] = piece
    return box.ravel()


def cuts(columns: np.ndarray, threshold: float, width: float) -> list[tuple[int, int]]:
    """Find pieces with more ink than the threshold; divide those that are too wide."""
    inked = np.concatenate([[False], columns.sum(1) > threshold, [False]])
    edges = np.flatnonzero(inked[1:] != inked[:-1]).reshape(-1, 2)
    spans = []
    for start, end in edges.tolist():
        parts = max(1, round((end - start) / width))
        points = [start + round(k * (end - start) / parts) for k in range(parts + 1)]
        spans += list(itertools.pairwise(points))
    return spans


def classified(
    model: LogisticRegression, rows: list[Row], spans: list[list[tuple[int, int]]]
) -> list[list[int]]:
    """Read each row by classifying its pieces."""
    pieces = [centred(row.columns.numpy()[start:end].T)
              for row, pairs in zip(rows, spans, strict=True) for start, end in pairs]  # fmt: skip
    labels = iter(model.predict(np.stack(pieces)).tolist())
    return [[next(labels) for _ in pairs] for pairs in spans]


def train_classifier(part: np.ndarray) -> LogisticRegression:
    pixels = np.stack([centred(glyphs[index] / 16) for index in part])
    return LogisticRegression(max_iter=1000).fit(pixels, classes[part] + 1)


# %% [markdown]
# The error is the *edit distance*: how many digits to insert, delete or replace until the answer is right.
# Divide by the number of digits.


# %% tags=["source"]
from docs.labs.common import edit_distance


# %%
def error_rate(answers: list[list[int]], rows: list[Row]) -> float:
    pairs = zip(answers, rows, strict=True)
    wrong = sum(edit_distance(answer, row.labels.tolist()) for answer, row in pairs)
    return wrong / sum(len(row.labels) for row in rows)


assert edit_distance([1, 2, 3], [1, 3, 4]) == 2
assert edit_distance([], [1, 2]) == edit_distance([1, 2], []) == 2

# %% [markdown]
# Threshold and width are chosen on validation rows, for each gap separately.
# That is generous: the network is trained once for all gaps, and is never told which one it meets.
# There is a second yardstick: give the same classifier the true first and last column of each digit.
# No way of cutting can know more than that, although the ink of the neighbours is still in the piece.

# %%
GAPS = 2, 1, 0, -1, -2, -3
SETTINGS = list(itertools.product((0.0, 0.5, 1.0), (5.0, 5.5, 6.0)))


def read_by_cutting(
    model: LogisticRegression, rows: list[Row], threshold: float, width: float
) -> list[list[int]]:
    spans = [cuts(row.columns.numpy(), threshold, width) for row in rows]
    return classified(model, rows, spans)


def chosen_settings(model: LogisticRegression, part: np.ndarray, gap: int) -> tuple[float, float]:
    """Return the threshold and the width with the smallest error on validation rows."""
    rows = draw_rows(part, 60, 1, (gap, gap), most=6)
    errors = [error_rate(read_by_cutting(model, rows, *pair), rows) for pair in SETTINGS]
    return SETTINGS[int(np.argmin(errors))]


classifiers = [train_classifier(part.train) for part in folds]
settings = [
    {gap: chosen_settings(model, part.validation, gap) for gap in GAPS}
    for model, part in zip(classifiers, folds, strict=True)
]

# %% [markdown]
# ## The test { #test }
#
# Nothing is left to choose, so look at the test images.
# The rows have one to six digits, and all gaps of a row are equal here.
# Gaps of −3 occurred in no training row.
# The table gives the mean of the three splits and, in brackets, each of them in per cent.


# %%
@torch.no_grad()
def log_probs_of(network: Reader, rows: list[Row]) -> tuple[Tensor, Tensor]:
    batch = batch_of(rows)
    return network(batch.columns, batch.lengths), batch.lengths


# %%
errors = {name: np.zeros((len(GAPS), 3)) for name in ("network", "cut", "told")}
for k, part in enumerate(folds):
    for number, gap in enumerate(GAPS):
        rows = draw_rows(part.test, 150, 2, (gap, gap), most=6)
        answers = {
            "network": ctc_greedy(*log_probs_of(networks[k], rows)),
            "cut": read_by_cutting(classifiers[k], rows, *settings[k][gap]),
            "told": classified(classifiers[k], rows, [row.spans for row in rows]),
        }
        for name, answer in answers.items():
            errors[name][number, k] = error_rate(answer, rows)

# %% tags=["folded"]
show_table(
    ["gap", "network", "cut and classify", "told where to cut"],
    [
        [
            f"{gap}".replace("-", "−"),
            *(
                f"{table[number].mean():.1%} ({' '.join(f'{100 * x:.0f}' for x in table[number])})"
                for table in errors.values()
            ),
        ]
        for number, gap in enumerate(GAPS)
    ],
)

# %% tags=["folded"]
figure = Figure(figsize=(520 / 72, 300 / 72), layout="constrained")
ax = figure.subplots()
looks = {
    "network": (HIDDEN, "o-", "network"),
    "cut": (ERROR, "s--", "cut and classify"),
    "told": (INK, "^:", "told where to cut"),
}
for key, (color, line, label) in looks.items():
    ax.plot(range(len(GAPS)), errors[key].mean(1), line, color=color, label=label)
ax.set(xlabel="gap", ylabel="error per digit", ylim=(0, None))
ax.set(xticks=range(len(GAPS)), xticklabels=[f"{gap}".replace("-", "−") for gap in GAPS])
ax.legend()
ax.grid()
show(
    figure,
    "Error per digit against the gap. With gaps of 2 and 1 all three are alike; where digits "
    "touch and overlap, cutting fails first, the network stays near the classifier that is told",
)

# %% [markdown]
# With clean gaps there is little to gain: the classifier that cuts for itself is about as good as the one that is told.
# Where digits overlap by one column, cutting goes wrong, and the network loses little.
# With more overlap both get worse, and so does the classifier that is told where the digits are: ink then belongs to two of them.
#
# ## Does the search help? { #beam }
#
# Greedy decoding ignores all alignments but one.
# Read rows with an overlap of two columns both ways.

# %%
decoded = {"greedy": [], "beam": []}
hard = []
for k, part in enumerate(folds):
    rows = draw_rows(part.test, 50, 3, (-2, -2), most=6)
    log_probs, lengths = log_probs_of(networks[k], rows)
    hard += rows
    decoded["greedy"] += ctc_greedy(log_probs, lengths)
    decoded["beam"] += [list(ctc_beam_search(one[:length], width=4)[0][0])
                        for one, length in zip(log_probs, lengths.tolist(), strict=True)]  # fmt: skip
columns, sure, best = 0, 0, []
for k in range(3):
    log_probs, lengths = log_probs_of(networks[k], hard[50 * k : 50 * (k + 1)])
    for one, length in zip(log_probs, lengths.tolist(), strict=True):
        top = one[:length].amax(1)
        columns, sure = columns + length, sure + (top > math.log(0.9)).sum().item()
        labels = ctc_greedy(one[None], torch.tensor([length]))
        target = torch.tensor(labels, dtype=torch.long)
        total = -ctc_loss(one[None], target, torch.tensor([length]), torch.tensor([target.numel()]))
        best.append((top.sum() - total).exp().item())
changed = sum(a != b for a, b in zip(*decoded.values(), strict=True))
rates = {name: error_rate(answers, hard) for name, answers in decoded.items()}

# %% tags=["folded"]
print(f"rows: {len(hard)}, read differently: {changed}")
print(f"error per digit, greedy: {rates['greedy']:.1%}, beam of 4: {rates['beam']:.1%}")
print(f"columns with a symbol of more than 90%: {sure / columns:.0%}")
print(f"of its labels' probability, the best alignment has {np.median(best):.0%} (median)")
assert abs(rates["greedy"] - rates["beam"]) < 0.06
assert changed < len(hard) / 3
assert sure > columns / 2

# %% [markdown]
# The search reads few rows differently, and what that changes in the error is small beside what the overlap costs.
# The network is sure of most columns, so two answers can only part at the others.
# Where a language model speaks, too, a search has more to do; digits in random order have none.
#
# ## What it reads where { #errors }
#
# Look at one row: above, the columns; below, the probability of each digit at each column.
# Blanks are left out.

# %%
shown = draw_rows(folds[0].test, 12, 5, (-1, -1), most=6)
shown = max(shown, key=lambda row: len(row.labels))
(seen,), _ = log_probs_of(networks[0], [shown])
answer = ctc_greedy(seen[None], torch.tensor([len(seen)]))[0]

# %% tags=["folded"]
figure = Figure(figsize=(520 / 72, 300 / 72))
above = figure.add_axes((0.1, 0.74, 0.87, 0.22))
draw_row(above, shown.columns)
below = figure.add_axes((0.1, 0.14, 0.87, 0.56))
tints = np.zeros((10, len(seen), 4))
tints[..., :3] = to_rgb(HIDDEN)
tints[..., 3] = seen[:, 1:].exp().T
below.imshow(tints, aspect="auto")
below.set(yticks=range(10), xlim=above.get_xlim(), xlabel="column", ylabel="digit")
below.xaxis.label.set_color(TIME)
below.spines[:].set(visible=True, color=LINE)
truth, read = (
    " ".join(str(label - 1) for label in labels) for labels in (shown.labels.tolist(), answer)
)
show(figure, f"The row {truth} over the probabilities of the digits at its columns, read as {read}")
print("truth:", truth)
print("read: ", read)
says = (seen.argmax(1) != BLANK).sum().item()
print(f"columns: {len(seen)}, with a digit ahead: {says}, digits: {len(answer)}")

# %% [markdown]
# The network answers in spikes: a digit at few columns, and blanks between them.
# The loss is content with that, as any number of blanks beside a digit collapses away.
# So a spike tells you that a digit is there, and not where it begins and ends.
#
# ## Read your own { #demo }
#
# Hand the first of the three networks to the page, with some rows of its test block.

# %%
candidates = draw_rows(folds[0].test, 60, 8, (-1, 1), most=6)
chosen = [row for row in candidates if len(row.labels) > 1 and len(row.columns) <= 32][:16]
samples = torch.zeros(len(chosen), 8, 32)
for k, row in enumerate(chosen):
    samples[k, :, : len(row.columns)] = 16 * row.columns.T
keep(
    **networks[0].recurrent.state_dict(),
    **{f"head.{name}": value for name, value in networks[0].head.state_dict().items()},
    mean=torch.tensor(networks[0].mean),
    deviation=torch.tensor(networks[0].deviation),
    samples=samples,
    labels=padded([row.labels for row in chosen]),
)

# %% [markdown] tags=["demo"]
# Now draw digits of your own, and watch the columns being read.
# The page runs the network with its weights rounded to float16.
# Your hand is new to it, and your digits are only scaled to the height of the rows: those of the data were each stretched and sheared on their own.
# So expect more errors than in the test.
#
# <div class="widget" id="digit-reader"><digit-reader weights="digit-rows.json"></digit-reader>
# <p>Here, a page with scripts has a pad to draw on, and shows what the network says at each column. The figure above is a recorded example.</p></div>
#
# At each column both directions speak: the forward one has read the columns up to there, the reverse one those from there to the end.
# That is why the reader needs the whole row before it shows the first column.

# %% [markdown]
# ## How the choices were made { #choices }
#
# The table is recorded, not computed here; `python -m benchmarks.labs.digit_rows` makes it, in some minutes.
# It gives the error on *validation* rows, as a mean over the three splits and the gaps 2, −1 and −2.
#
# | hidden size | directions | updates | learning rate | error | by split |
# | --: | --: | --: | --: | --: | --: |
# | 64 | 2 | 200 | 0.01 | 18.0% | 24 17 13 |
# | 64 | 2 | 200 | 0.03 | 12.4% | 17 12 9 |
# | 64 | 2 | 200 | 0.1 | 34.2% | 38 37 27 |
# | 32 | 2 | 200 | 0.03 | 16.5% | 21 19 10 |
# | 128 | 2 | 200 | 0.03 | 17.4% | 20 16 15 |
# | 64 | 1 | 200 | 0.03 | 31.0% | 39 24 30 |
# | 64 | 2 | 600 | 0.01 | 10.1% | 12 11 7 |
# | 64 | 1 | 600 | 0.01 | 26.9% | 19 37 24 |
#
# The three networks above have the settings of the second row.
# Longer training is better and takes three times as long, so the lab does without it.
# With one direction, and as many updates, the error is more than twice as large.
#
# ## Results { #results }

# %% [markdown] tags=["claim"]
# **Result: with clean gaps, cutting is not far behind CTC; with an overlap of one column, it makes far more errors**

# %% tags=["claim"]
mean = {
    name: dict(zip(GAPS, table.mean(1).tolist(), strict=True)) for name, table in errors.items()
}
assert abs(mean["network"][2] - mean["cut"][2]) < 0.08
assert mean["network"][-1] + 0.05 < mean["cut"][-1]
assert mean["network"][2] < 0.2

# %% [markdown]
# ## Exercises { #exercises }
#
# 1. How many alignments does a target of two different labels have in five steps?
#    Count them with `ctc_loss` alone.

# %% [markdown] tags=["solution"]
# **Solution**
#
# Give all symbols the same probability, $1/C$.
# Then each alignment has the probability $C^{-T}$, and the sum divided by it is their number.

# %% tags=["solution"]
uniform = torch.zeros(1, 5, 3, dtype=torch.float64).log_softmax(2)
loss = ctc_loss(uniform, torch.tensor([[1, 2]]), torch.tensor([5]), torch.tensor([2]))
number = math.exp(-loss.item()) * 3**5
counted = sum(ctc_collapse(path) == [1, 2] for path in itertools.product(range(3), repeat=5))
print(f"by the loss: {number:.6f}, one by one: {counted}")
assert round(number) == counted

# %% [markdown]
# 2. How many columns does the row 7 7 need at least, and the row 7 1?
#    What is the loss with fewer?

# %% [markdown] tags=["solution"]
# **Solution**
#
# Two different labels fit into two columns.
# Two equal ones need a blank between them, so three.
# With fewer no alignment fits, the probability is zero, and the loss is infinite: drop such rows before training.

# %% tags=["solution"]
for labels in ([8, 2], [8, 8]):
    for steps in (1, 2, 3):
        uniform = torch.zeros(1, steps, 11).log_softmax(2)
        pair = torch.tensor([labels]), torch.tensor([steps]), torch.tensor([2])
        loss = ctc_loss(uniform, *pair).item()
        print(f"labels {labels}, {steps} columns: loss {loss:.2f}")
        assert math.isfinite(loss) == (steps >= 2 + (labels[0] == labels[1]))

# %% [markdown]
# 3. The networks were trained on rows of one to three digits.
#    Let them read rows of exactly 15.
#    Is the error per digit larger?

# %% [markdown] tags=["solution"]
# **Solution**
#
# Hardly: the error per digit is about that of short rows.
# A packed row of any length goes through the same weights, and the digits of a long row look like those of a short one.

# %% tags=["solution"]
by_size = {}
for size in (3, 15):
    rates = []
    for k, part in enumerate(folds):
        draw = np.random.RandomState(7)
        rows = [write(draw.choice(part.test, size), np.ones(size, int)) for _ in range(180 // size)]
        rates.append(error_rate(ctc_greedy(*log_probs_of(networks[k], rows)), rows))
    by_size[size] = np.mean(rates)

# %% tags=["solution"]
for size, rate in by_size.items():
    print(f"rows of {size} digits: {rate:.1%}")
assert by_size[15] < by_size[3] + 0.06

# %% [markdown]
# Give the threads back.

# %%
give_back()

# %% [markdown]
# ## Where next { #next }
#
# The reverse direction sees the end of the row before its beginning; [Bidirectional](../foundations/bidirectional.md) shows what that means for each output.
# Packing is explained in [Unequal length](../sequences/unequal-length.md#packed).
# To read one digit rather than a row, and to compare both networks down to rounding, go to [the first lab](digits.py).

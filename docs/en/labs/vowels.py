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
# # Who is speaking? { #vowels }
#
# After this lab you can train on sequences of unequal length, show that padding changes nothing, and say what a recurrent network adds to simple features.
#
# ## What you need { #need }
#
# You know padding, masks, packing and buckets from [Sequences of unequal length](../sequences/unequal-length.md), and what "within rounding" means from [A linear layer over time](../foundations/linear-layer-over-time.md#check).
# Besides PyTorch (`torch`), the lab uses `sktime` for the data, of which it reads two files, `scikit-learn` for a baseline, `matplotlib` for the plots, and `tqdm` for the progress bars.
# In an environment of your own, `python -m pip install torch sktime scikit-learn matplotlib tqdm ipykernel` installs them.
# The lab downloads nothing, and trains on the CPU.

# %%
import math
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import torch
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pad_packed_sequence

# %% [markdown]
# From the course you need its `RNN`, which takes packed batches as `nn.RNN` does, and the functions of that chapter.
# The notebook that you can download holds their source in this place, so it runs without the course.

# %%
from rnn_tutorial import RNN, assert_close, lengths_to_mask, masked_unroll, pack, rnn_cell

# %% [markdown]
# All labs share a few functions that draw plots and tables, make batches, and train.

# %%
from docs.labs.common import (
    ERROR,
    FEATURES,
    HIDDEN,
    INK,
    MUTED,
    TIME,
    WIDTH,
    batches,
    count,
    fit,
    one_thread,
    padded,
    progress,
    show,
    show_table,
    style,
)

# %%
style()
give_back = one_thread()

# %% [markdown]
# ## The data { #data }
#
# Nine men said two Japanese vowels, /a/ and /e/, one gliding into the other, many times.
# Each *utterance* is cut into frames of 25.6 ms, 6.4 ms apart, and each frame is described by 12 coefficients: the LPC cepstrum, which tells the envelope of its spectrum.
# The task is to tell from an utterance who said it.
# [M. Kudo, J. Toyama and M. Shimbo (1999)](https://doi.org/10.24432/C5NS47) gave the recordings to the [UCI Machine Learning Repository](https://archive.ics.uci.edu/dataset/128/japanese+vowels), where their licence is [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/).
# The package [sktime](https://www.sktime.net/) comes with them, in one text file per part.
# A line is an utterance: its coefficients with a colon between them, the values of a coefficient with commas, and the speaker at the end.


# %%
class Utterances(NamedTuple):
    frames: list[Tensor]  # each (T, 12), with a T of its own
    speakers: Tensor  # (N,), from 0 to 8

    @property
    def lengths(self) -> Tensor:
        return torch.tensor([len(one) for one in self.frames])

    def select(self, indices: Tensor) -> "Utterances":
        return Utterances([self.frames[i] for i in indices.tolist()], self.speakers[indices])


def read(part: str) -> Utterances:
    """Read the part "TRAIN" or "TEST" from the file that sktime brings; sktime is not imported."""
    if part not in ("TRAIN", "TEST"):
        raise ValueError(f"part: expected 'TRAIN' or 'TEST', got {part!r}")
    if not (package := find_spec("sktime")):
        raise ModuleNotFoundError("sktime: it brings the data; python -m pip install sktime")
    folder = Path(package.submodule_search_locations[0], "datasets", "data", "JapaneseVowels")
    text = (folder / f"JapaneseVowels_{part}.ts").read_text(encoding="utf-8")
    frames, speakers = [], []
    for line in text.partition("@data")[2].split():
        *coefficients, speaker = line.split(":")
        values = [[float(value) for value in row.split(",")] for row in coefficients]
        frames.append(torch.tensor(values).T.contiguous())  # (12, T) in the file
        speakers.append(int(speaker) - 1)
    return Utterances(frames, torch.tensor(speakers))


given, test = read("TRAIN"), read("TEST")

# %% [markdown]
# The split comes with the data.
# Look at what is in it before you use it.

# %%
rows = []
for speaker in range(9):
    here, there = (part.lengths[part.speakers == speaker] for part in (given, test))
    both = torch.cat([here, there])
    spread = f"{both.min()} to {both.max()}", f"{both.float().mean():.1f}"
    rows.append([str(speaker + 1), str(len(here)), str(len(there)), *spread])
everything = [one.numpy().tobytes() for part in (given, test) for one in part.frames]
show_table(["speaker", "training part", "test part", "frames", "on average"], rows)
print("coefficients per frame:", {one.shape[1] for part in (given, test) for one in part.frames})
print("utterances:", len(everything), "different ones:", len(set(everything)))
assert len(set(everything)) == len(everything)
assert all((part.speakers.diff() >= 0).all() for part in (given, test))

# %% [markdown]
# No utterance is there twice, and four things are worth knowing.
#
# - All nine speakers are in both parts, so the lab measures how well a method recognises *new utterances of known speakers*.
# - In the training part all speakers have the same number of utterances.
#   In the test part one has more than three times as many as another, and weighs that much more in the accuracy.
# - The files are sorted by speaker: batches taken in this order would hold few speakers each.
# - The length alone tells something about the speaker.
#
# And one thing is hidden in the order.
# Compare utterances of one speaker by their mean frames: neighbours in the file with those 15 lines apart.


# %%
def apart(part: Utterances, lag: int) -> float:
    """Return the mean squared distance of one speaker's mean frames, `lag` lines apart."""
    means = torch.stack([one.mean(0) for one in part.frames])
    same = part.speakers[lag:] == part.speakers[:-lag]
    return (means[lag:] - means[:-lag])[same].square().sum(1).mean().item()


for name, part in (("training part", given), ("test part", test)):
    print(name, f"{apart(part, 1) / apart(part, 15):.2f}")
    assert apart(part, 1) < apart(part, 15)

# %% [markdown]
# The numbers are squared distances of neighbours, divided by those of utterances 15 lines apart.
# Neighbours are a little more alike, as they would be if the file kept the order of recording.
# In a validation part drawn at random, most utterances would have a neighbour in the part that you fit on.
# A block is the more careful choice: take the last ten utterances of each speaker.

# %%
place = torch.arange(len(given.speakers)) % 30  # among the utterances of the same speaker
fitted, validation = (given.select(chosen.nonzero()[:, 0]) for chosen in (place < 20, place >= 20))
print("to fit:", len(fitted.frames), "to choose:", len(validation.frames))

# %% [markdown]
# Scale each coefficient with its mean and deviation over the frames that you fit on, and no others.


# %%
def standardised(part: Utterances, reference: Utterances) -> Utterances:
    """Scale the coefficients of a part by the statistics of another."""
    frames = torch.cat(reference.frames)
    mean, deviation = frames.mean(0), frames.std(0)
    return Utterances([(one - mean) / deviation for one in part.frames], part.speakers)


to_choose = [standardised(part, fitted) for part in (fitted, validation)]
train_part, test_part = (standardised(part, given) for part in (given, test))

# %% tags=["folded"]
figure = Figure(figsize=(WIDTH, 250 / 72), layout="constrained")
axes = figure.subplots(1, 3, sharey=True)
for ax, speaker in zip(axes, (0, 3, 7), strict=True):
    part = train_part.select((train_part.speakers == speaker).nonzero()[:3, 0])
    for one in part.frames:
        ax.plot(one[:, 0], color=HIDDEN, linewidth=1.5)
        ax.plot(one[:, 1], color=FEATURES, linewidth=1.5, linestyle="--")
        ax.plot(len(one) - 1, one[-1, 0], "o", color=HIDDEN)
        ax.plot(len(one) - 1, one[-1, 1], "o", color=FEATURES)
    ax.set_title(f"speaker {speaker + 1}", size=13.5)
    ax.set(xlim=(0, 28), xticks=(0, 10, 20))
axes[1].set_xlabel("frame", color=TIME)
show(
    figure,
    "The first two coefficients of three utterances each, of three speakers, frame by frame. "
    "The curves end at different frames; the speakers differ in level and in length",
)

# %% [markdown]
# Here are two of the coefficients, the first one solid and the second one dashed, of three utterances each.
# A dot is the end of an utterance.
#
# ## One batch, four ways { #equal }
#
# What should a network compute for a batch?
# The same as for each utterance alone: that is the reference.
# Compare the state after the last frame with what three ways of batching give: the masked loop, the packed batch, and the padded batch as it is.

# %%
torch.manual_seed(0)
network = RNN(12, 64, batch_first=True).requires_grad_(False)
weights = {name.removesuffix("_l0"): value for name, value in network.named_parameters()}
lengths, batch = test_part.lengths, padded(test_part.frames)
mask = lengths_to_mask(lengths, batch.shape[1])


def step(frame: Tensor, state: Tensor) -> Tensor:
    return rnn_cell(frame, state, **weights)


alone = torch.cat([network(one[None])[1][0] for one in test_part.frames])
finals = {
    "masked": masked_unroll(step, batch, torch.zeros(len(batch), 64), mask)[1],
    "packed": network(pack(batch, lengths))[1][0],
    "padded": network(batch)[1][0],
}

# %%
print("batch", tuple(batch.shape), f"of which {1 - mask.float().mean():.0%} is padding")

# %% tags=["folded"]
off = {name: (states - alone).abs().amax(1) for name, states in finals.items()}
names = dict(zip(finals, ("masked loop", "packed batch", "padded batch"), strict=True))
show_table(
    ["last state", "largest difference", f"differ, of {len(lengths)}"],
    [
        [names[name], f"{found.max():.0e}", str(int((found > 1e-4).sum()))]
        for name, found in off.items()
    ],
)

# %% [markdown] tags=["claim"]
# **Claim: masked and packed, a batch of unequal lengths gives each utterance the state that it has alone (within rounding); padded, it does so only for the longest**

# %% tags=["claim"]
for name in ("masked", "packed"):
    assert_close(finals[name], alone, eps=16)
assert torch.equal(off["padded"] < 1e-4, lengths == lengths.max())

# %% [markdown]
# ## Buckets { #buckets }
#
# A packed batch computes no padding, but its loop runs for as many steps as its longest utterance has.
# Batches of similar length have less padding and shorter loops.
# `batches` sorts by length within a *pool* of shuffled batches; a pool of one batch does not sort at all, a pool of all six sorts everything.

# %%
plans = {}
for pool in (1, 2, 6):
    generator = torch.Generator().manual_seed(0)
    plans[pool] = [batches(given.lengths, 45, generator, pool) for _ in range(10)]

# %% tags=["folded"]
table = []
for pool, epochs in plans.items():
    found = [given.select(batch) for epoch in epochs for batch in epoch]
    loops = sum(int(part.lengths.max()) for part in found)
    computed = sum(len(part.frames) * int(part.lengths.max()) for part in found)
    share = 1 - 10 * int(given.lengths.sum()) / computed
    speakers = sum(len(part.speakers.unique()) for part in found) / len(found)
    table.append([str(pool), f"{share:.0%}", f"{loops / 10:.0f}", f"{speakers:.1f}"])
show_table(["batches in a pool", "padding", "loop's steps per epoch", "speakers in a batch"], table)

# %% [markdown]
# The last column shows a price.
# Speakers differ in length, so a batch of similar lengths holds fewer of them, and its gradient speaks for fewer.
# A pool of two is the middle way, and the lab takes it.
#
# ## Three summaries of the states { #model }
#
# The network gives a state for every frame.
# A linear head needs one vector per utterance.
# Three ways to get it are in use:
#
# $$h_{T_n} \qquad\qquad \frac{1}{T_n}\sum_{t \le T_n} h_t \qquad\qquad \max_{t \le T_n} h_t$$
#
# Each of them has to know the length $T_n$ of utterance $n$: the last state by its place, the mean by its divisor, the maximum by leaving padding out.


# %%
def last(states: Tensor, lengths: Tensor) -> Tensor:
    """Take each sequence's state after its last step: (N, T, H) -> (N, H)."""
    return states[torch.arange(len(lengths)), lengths - 1]


def mean(states: Tensor, lengths: Tensor) -> Tensor:
    """Average each sequence's states over its own steps: (N, T, H) -> (N, H)."""
    real = lengths_to_mask(lengths, states.shape[1]).unsqueeze(2)
    return states.masked_fill(~real, 0).sum(1) / lengths.unsqueeze(1)


def highest(states: Tensor, lengths: Tensor) -> Tensor:
    """Take the maximum of each feature over a sequence's own steps: (N, T, H) -> (N, H)."""
    real = lengths_to_mask(lengths, states.shape[1]).unsqueeze(2)
    return states.masked_fill(~real, -math.inf).amax(1)


SUMMARIES = {"last": last, "mean": mean, "max": highest}

# %% [markdown] tags=["claim"]
# **Claim: none of the three sees padding, whatever it holds (within rounding)**

# %% tags=["claim"]
states, _ = pad_packed_sequence(network(pack(batch, lengths))[0], batch_first=True)
wide = nn.functional.pad(states, (0, 0, 0, 20), value=1000.0)
wide = torch.where(lengths_to_mask(lengths, wide.shape[1]).unsqueeze(2), wide, 1000.0)
for summary in SUMMARIES.values():
    one_by_one = [summary(states[n, None, :size], size[None]) for n, size in enumerate(lengths)]
    assert_close(summary(wide, lengths), torch.cat(one_by_one), eps=16)

# %% [markdown]
# The model packs, runs, unpacks, summarises and scores.
# It refuses an utterance without frames, for which no summary is defined.


# %%
class Model(nn.Module):
    """Score each utterance by a summary of its states: N utterances (T, 12) -> (N, 9)."""

    def __init__(self, recurrent: nn.Module, summary: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        directions = 2 if recurrent.bidirectional else 1
        self.recurrent, self.summary = recurrent, summary
        self.head = nn.Linear(directions * recurrent.hidden_size, 9)

    def forward(self, frames: Sequence[Tensor]) -> Tensor:
        lengths = torch.tensor([len(one) for one in frames])
        if not len(lengths) or lengths.min() < 1:
            raise ValueError(f"frames: expected at least one each, got lengths {lengths.tolist()}")
        states = self.states(padded(frames), lengths)
        return self.head(self.summary(states, lengths))

    def states(self, batch: Tensor, lengths: Tensor) -> Tensor:
        packed, _ = self.recurrent(pack(batch, lengths))
        return pad_packed_sequence(packed, batch_first=True)[0]


def fresh(seed: int, summary: str, kind: type[nn.Module] = RNN, **options: bool) -> Model:
    """Draw initial weights, as PyTorch does."""
    torch.manual_seed(seed)
    return Model(kind(12, 64, batch_first=True, **options), SUMMARIES[summary])


def loss(model: nn.Module, part: Utterances, smoothing: float = 0.1) -> Tensor:
    return cross_entropy(model(part.frames), part.speakers, label_smoothing=smoothing)


def train(model: nn.Module, part: Utterances, rate: float, seed: int) -> list[float]:
    """Train for ten epochs; return the loss of every update."""
    generator = torch.Generator().manual_seed(seed)
    plan = [batch for _ in range(10) for batch in batches(part.lengths, 45, generator, pool=2)]
    return fit(model.parameters(), lambda batch: loss(model, part.select(batch)), plan, rate)


# %% [markdown]
# Label smoothing asks for a little less than certainty, as in [the lab on digits](digits.py).
#
# How long does training take with the course's `RNN`, compared with `nn.RNN`?
# Let the two take turns, epoch by epoch, on the same batches.


# %%
def seconds(model: nn.Module, epoch: list[Tensor]) -> float:
    """Train for an epoch; return the processor's time."""
    start = time.process_time()
    fit(model.parameters(), lambda batch: loss(model, train_part.select(batch)), epoch, 0.02)
    return time.process_time() - start


# %%
pair = fresh(0, "last", RNN), fresh(0, "last", nn.RNN)
times = torch.tensor([[seconds(model, epoch) for model in pair] for epoch in plans[2][:6]])
ours, theirs = times[1:].unbind(1)  # the first epoch warms up

# %%
print(f"ours / nn: {(ours / theirs).median():.2f}")

# %% [markdown]
# The number is the median over the epochs: below 1, the course's network is the faster one on the machine that made this page.
#
# ## Choices, on the validation part { #choices }
#
# Each summary gets the learning rate with the smallest validation loss, and then the summary with the smallest loss is the lab's choice.
# With so few utterances to choose by, that choice is a weak one: one utterance more or less is more than a percent.


# %%
class Trial(NamedTuple):
    loss: float  # on the validation part, like the number of errors
    errors: int
    rate: float


@torch.no_grad()
def wrong(model: nn.Module, part: Utterances) -> int:
    """Count the utterances that are given to the wrong speaker."""
    return int((model(part.frames).argmax(1) != part.speakers).sum())


# %%
RATES = 0.005, 0.02, 0.08
trials = {name: [] for name in SUMMARIES}
for name, rate in progress([(name, rate) for name in SUMMARIES for rate in RATES], "RNN"):
    model = fresh(0, name)
    train(model, to_choose[0], rate, seed=0)
    with torch.no_grad():
        value = loss(model, to_choose[1], smoothing=0).item()
    trials[name].append(Trial(value, wrong(model, to_choose[1]), rate))
rates = {name: min(found).rate for name, found in trials.items()}
chosen = min(trials, key=lambda name: min(trials[name]))

# %% tags=["folded"]
titles = dict(zip(SUMMARIES, ("last state", "mean", "maximum"), strict=True))
show_table(
    ["summary", "learning rate", "validation loss", f"errors, of {len(validation.frames)}"],
    [
        [titles[name], str(trial.rate), f"{trial.loss:.3f}", str(trial.errors)]
        for name, found in trials.items()
        for trial in found
    ],
)
print("chosen:", titles[chosen], "with learning rate", rates[chosen])

# %% [markdown]
# ## Two baselines { #baselines }
#
# The first one compares whole sequences.
# *Dynamic time warping* lays two utterances along each other, so that each frame of one has a partner in the other, in order, and takes the cheapest way to do so.
# A way is a path through the table of all pairs of frames, from the first pair to the last; a step goes one frame further in one utterance, or in both.
# With the squared distance $c_{ij}$ of two frames as the cost of a pair, the cheapest sum up to pair $(i, j)$ is
#
# $$d_{ij} = c_{ij} + \min(d_{i-1,\,j-1},\; d_{i-1,\,j},\; d_{i,\,j-1})$$
#
# The table is small; there are many tables.
# So the loop goes over its cells, and each step serves all pairs of utterances at once.
# Padding does no harm: the cheapest sum at the real last pair depends only on pairs before it.


# %%
def warped(cost: Tensor) -> Tensor:
    """Return the cheapest sum from pair (0, 0) to every pair: (R, C, ...) -> (R, C, ...)."""
    if cost.dim() < 2 or not cost.numel():
        raise ValueError(f"cost: expected a table (R, C, ...) with cells, got {tuple(cost.shape)}")
    rows, columns = cost.shape[:2]
    best = cost.new_full((rows + 1, columns + 1, *cost.shape[2:]), math.inf)
    best[0, 0] = 0
    for i in range(rows):
        for j in range(columns):
            before = torch.minimum(torch.minimum(best[i, j], best[i, j + 1]), best[i + 1, j])
            best[i + 1, j + 1] = cost[i, j] + before
    return best[1:, 1:]


def distances(some: Utterances, others: Utterances) -> Tensor:
    """Return the warped distance of every two utterances: (N, M)."""
    columns, found = others.lengths - 1, torch.empty(len(some.frames), len(others.frames))
    behind = padded(others.frames).transpose(0, 1)  # (C, M, 12)
    for chunk in some.lengths.argsort().split(20):  # of similar length: buckets help here, too
        rows, front = some.lengths[chunk] - 1, padded(some.select(chunk).frames).transpose(0, 1)
        best = warped(torch.cdist(front[:, None], behind[None]).square())  # (R, C, n, M)
        n, m = torch.arange(len(chunk)).unsqueeze(1), torch.arange(len(columns))
        found[chunk] = best[rows.unsqueeze(1), columns, n, m]
    return found


# %% [markdown]
# Check the function against something too simple to be wrong: list every path through a tiny table, and take the cheapest.


# %%
def path_sums(cost: Tensor, i: int, j: int) -> list[float]:
    """Return the sums along all paths from pair (0, 0) to pair (i, j)."""
    if i == j == 0:
        return [cost[0, 0].item()]
    before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
    sums = [path_sums(cost, a, b) for a, b in before if a >= 0 and b >= 0]
    return [value + cost[i, j].item() for each in sums for value in each]


# %% [markdown] tags=["claim"]
# **Claim: `warped` finds the cheapest of all paths, in every table of up to four by five frames (within rounding)**

# %% tags=["claim"]
generator, paths = torch.Generator().manual_seed(0), 0
for rows in range(1, 5):
    for columns in range(1, 6):
        cost = torch.rand(rows, columns, 3, generator=generator, dtype=torch.float64)
        found = warped(cost)[-1, -1]
        for n in range(3):
            sums = path_sums(cost[..., n], rows - 1, columns - 1)
            assert abs(found[n] - min(sums)) < 1e-12
            paths = max(paths, len(sums))

# %% tags=["claim"]
print("paths through the largest table:", paths)

# %% [markdown]
# A test utterance is given to the speaker of its *nearest neighbour* in the training part.
# There is nothing to choose: the frames are scaled as for the network.

# %%
nearest = distances(test_part, train_part).argmin(1)
warping_wrong = train_part.speakers[nearest] != test_part.speakers

# %% [markdown]
# The second baseline does not look at the order of frames at all.
# It takes the mean and the deviation of each coefficient over the utterance, and the length: 25 features, whatever the length.
# A logistic regression does the rest; the strength of its regularisation is chosen on the validation part.


# %%
def features(part: Utterances) -> Tensor:
    """Describe each utterance by 25 numbers: (N, 25)."""
    rows = [torch.cat([one.mean(0), one.std(0), torch.tensor([len(one)])]) for one in part.frames]
    return torch.stack(rows)


def regression(part: Utterances, inverse_strength: float) -> Pipeline:
    model = LogisticRegression(C=inverse_strength, max_iter=2000)
    return make_pipeline(StandardScaler(), model).fit(features(part), part.speakers)


def validation_loss(inverse_strength: float) -> float:
    model = regression(to_choose[0], inverse_strength)
    chances = torch.from_numpy(model.predict_log_proba(features(to_choose[1])))
    return -chances.gather(1, to_choose[1].speakers.unsqueeze(1)).mean().item()


# %%
strength = min((0.1, 1.0, 10.0, 100.0), key=validation_loss)
baseline = regression(train_part, strength)
features_wrong = torch.from_numpy(baseline.predict(features(test_part))) != test_part.speakers

# %%
print(f"chosen: C = {strength}")

# %% [markdown]
# ## The test { #test }
#
# Now train on the whole training part, at the chosen rates, with four seeds for each summary, and count the errors on the test part.

# %%
SEEDS = range(4)
trained = {name: [] for name in SUMMARIES}
for name, seed in progress([(name, seed) for name in SUMMARIES for seed in SEEDS], "RNN"):
    trained[name].append(fresh(seed, name))
    train(trained[name][-1], train_part, rates[name], seed)
errors = {name: [wrong(model, test_part) for model in models] for name, models in trained.items()}

# %% tags=["folded"]
size, table = len(test_part.frames), []
titles = dict(zip(SUMMARIES, ("last state", "mean", "maximum"), strict=True))
for name, found in errors.items():
    average = sum(found) / len(found)
    by_seed = ", ".join(map(str, found))
    mark = ", chosen" if name == chosen else ""
    table.append([titles[name] + mark, by_seed, f"{1 - average / size:.1%}"])
for name, missed in (("time warping", warping_wrong), ("25 features", features_wrong)):
    table.append([name, str(int(missed.sum())), f"{1 - missed.float().mean():.1%}"])
show_table(["method", f"errors, of {size}", "accuracy"], table)

# %% [markdown]
# The numbers of errors in a row are those of the four seeds.
# Read the table with the seeds in mind: what differs by a few utterances may be the other way round with other seeds, or with another test part.
#
# The features are hard to beat: on average, the networks are within a few percent of 25 numbers that know nothing of the order.
# That is a result about this data, in which everybody says the same two vowels, and where the frames of an utterance lie on average already tells who it is.
# [Exercise 1](#exercises) asks how much of the order the network uses.
#
# ## What padding would have cost { #cost }
#
# The networks that take the last state were trained on packed batches.
# Now read the test part with them naively: one padded batch, and the state after the last step of the rectangle.


# %%
class Naive(Model):
    """The model without lengths: padding is read like frames."""

    def states(self, batch: Tensor, lengths: Tensor) -> Tensor:
        return self.recurrent(batch)[0]

    def forward(self, frames: Sequence[Tensor]) -> Tensor:
        return self.head(self.states(padded(frames), torch.tensor([]))[:, -1])


# %%
naively_read = []
for model in trained["last"]:
    naive = Naive(model.recurrent, last)
    naive.head = model.head
    naively_read.append(wrong(naive, test_part))

# %% [markdown]
# Then train networks on padded batches, so that they can get used to it.

# %%
naively_trained = []
for seed in progress(range(3), "RNN"):
    torch.manual_seed(seed)
    naive = Naive(RNN(12, 64, batch_first=True), last)
    train(naive, train_part, rates["last"], seed)
    naively_trained.append(wrong(naive, test_part))

# %% tags=["folded"]
show_table(
    ["last state", f"errors, of {size}"],
    [
        ["trained packed, read packed", ", ".join(map(str, errors["last"]))],
        ["trained packed, read padded", ", ".join(map(str, naively_read))],
        ["trained padded, read padded", ", ".join(map(str, naively_trained))],
    ],
)

# %% [markdown]
# How little padding is enough?
# Let the networks read a few steps of padding after each utterance, and look at the state then.

# %%
LONGEST = 12
extended = [nn.functional.pad(one, (0, 0, 0, LONGEST)) for one in test_part.frames]
right = torch.zeros(LONGEST + 1)
with torch.no_grad():
    for model in trained["last"]:
        states = model.states(padded(extended), test_part.lengths + LONGEST)
        for extra in range(LONGEST + 1):
            scores = model.head(last(states, test_part.lengths + extra))
            right[extra] += (scores.argmax(1) == test_part.speakers).float().mean() / len(SEEDS)

# %% tags=["folded"]
figure = Figure(figsize=(WIDTH, 270 / 72), layout="constrained")
ax = figure.subplots()
ax.plot(range(LONGEST + 1), right, "o-", color=ERROR, linewidth=2)
ax.axhline(right[0], color=INK, linewidth=1, linestyle="--")
ax.text(LONGEST, right[0] - 0.02, "packed", ha="right", va="top")
ax.axhline(1 / 9, color=MUTED, linewidth=1, linestyle=":")
ax.text(LONGEST, 1 / 9 - 0.02, "guessing", color=MUTED, ha="right", va="top")
ax.set(xlabel="steps of padding after each utterance", ylabel="test accuracy", ylim=(0, 1.02))
ax.set(yticks=[0, 0.25, 0.5, 0.75, 1], yticklabels=["0%", "25%", "50%", "75%", "100%"])
ax.xaxis.label.set_color(TIME)
show(
    figure,
    "Test accuracy of the networks with the last state against the number of padding steps that "
    "they read after each utterance: it falls steeply over the first few steps, and stays low",
)
assert right[4] < right[0] - 0.25

# %% [markdown]
# Four steps are enough to lose more than a quarter of the test part.
# Padding is zero here, which is the average frame.
# The state moves on all the same, by the biases and by $W_{hh} h_{t-1}$, and the head was never trained on where it goes.
#
# ## Results { #results }

# %% [markdown] tags=["claim"]
# **Result: read packed, every network recognises more than nine utterances of ten, on average about as many as 25 features without order; read padded, the last state loses more than a quarter of the test part**

# %% tags=["claim"]
averages = {name: sum(found) / len(found) for name, found in errors.items()}
assert max(max(found) for found in errors.values()) < 0.1 * size
assert features_wrong.sum() < 0.05 * size
assert warping_wrong.sum() < 0.07 * size
assert all(abs(average - features_wrong.sum()) < 0.04 * size for average in averages.values())
cost = [naive - packed for naive, packed in zip(naively_read, errors["last"], strict=True)]
assert min(cost) > size / 4
print(f"errors of the chosen network, on average: {averages[chosen]:.1f}")
print("errors of the 25 features:", int(features_wrong.sum()))
print("test utterances that padding costs:", cost)

# %% [markdown]
# ## Exercises { #exercises }
#
# 1. Shuffle the frames within each utterance, each utterance in an order of its own.
#    Which method does not notice at all, and what happens to the networks, if they are trained on frames in order, and if they are trained on shuffled ones?

# %% [markdown] tags=["solution"]
# **Solution**
#
# Mean, deviation and length do not depend on order, so the features give the same answers.
# Time warping and the networks read in order.
# Networks that were trained on frames in order make many more errors on shuffled ones: they use the order.
# Trained on shuffled frames, they recognise most utterances all the same: much of what tells the speakers apart is in the frames, whatever their order.


# %% tags=["solution"]
def shuffled(part: Utterances, generator: torch.Generator) -> Utterances:
    """Bring the frames of each utterance into an order of its own."""
    orders = [torch.randperm(len(one), generator=generator) for one in part.frames]
    frames = [one[order] for one, order in zip(part.frames, orders, strict=True)]
    return Utterances(frames, part.speakers)


# %% tags=["solution"]
generator, without_order = torch.Generator().manual_seed(0), []
to_train, to_test = shuffled(train_part, generator), shuffled(test_part, generator)
assert_close(features(to_test), features(test_part), eps=64)
for seed in range(2):
    model = fresh(seed, "last")
    train(model, to_train, rates["last"], seed)
    without_order.append(wrong(model, to_test))
surprised = [wrong(model, to_test) for model in trained["last"]]

# %% tags=["solution"]
print("in order, trained in order:", errors["last"])
print("shuffled, trained in order:", surprised)
print("shuffled, trained shuffled:", without_order)
assert max(errors["last"]) < min(surprised)
assert sum(without_order) / 2 < sum(surprised) / 4

# %% [markdown]
# 2. Train a GRU naively, on padded batches.
#    Does it suffer as the RNN does?

# %% [markdown] tags=["solution"]
# **Solution**
#
# Far less.
# A GRU can keep its state, $h_t = h_{t-1}$ where the update gate is one; an RNN has no such gate.
# It still computes every step of the padding.

# %% tags=["solution"]
gated = []
for seed in range(2):
    torch.manual_seed(seed)
    naive = Naive(nn.GRU(12, 64, batch_first=True), last)
    train(naive, train_part, 0.01, seed)
    gated.append(wrong(naive, test_part))

# %% tags=["solution"]
print("errors of the GRU:", gated, "of the RNN:", naively_trained)
assert max(gated) < min(naively_trained)

# %% [markdown]
# 3. Make the network read in both directions, and take the maximum over the states.
#    Why would `last` be wrong for the reverse direction?

# %% [markdown] tags=["solution"]
# **Solution**
#
# At the last frame the reverse direction has only just begun: its state there knows one frame.
# Its final state is at the first frame.
# The maximum and the mean need no such care.
# One seed does not decide whether the second direction helps.

# %% tags=["solution"]
both = fresh(0, "max", bidirectional=True)
train(both, train_part, rates["max"], seed=0)

# %% tags=["solution"]
print("errors, both directions:", wrong(both, test_part), "one:", errors["max"][0])
print("parameters, both directions:", count(both), "one:", count(trained["max"][0]))
one_frame = [one[-1:] for one in test_part.frames]
with torch.no_grad():
    whole = both.states(padded(test_part.frames), test_part.lengths)
    short = both.states(padded(one_frame), torch.ones_like(test_part.lengths))
assert_close(last(whole, test_part.lengths)[:, 64:], short[:, 0, 64:], eps=16)

# %% [markdown]
# Give the threads back.

# %%
give_back()

# %% [markdown]
# ## Where next { #next }
#
# You have seen that lengths belong to the data: every step that forgets them costs utterances.
# How masks and packing work inside is in [Sequences of unequal length](../sequences/unequal-length.md).
# A lab with images of one length is [Digits, row by row](digits.py).

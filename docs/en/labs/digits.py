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
# # Digits, row by row { #digits }
#
# After this lab you can train a recurrent network that you have read to its last line, compare it with PyTorch's, and say honestly what it is worth.
#
# ## What you need { #need }
#
# You know the function `rnn` from [Deep and bidirectional](../foundations/deep-and-bidirectional.md), and what "within rounding" means from [A linear layer over time](../foundations/linear-layer-over-time.md#check).
# Besides PyTorch (`torch`), the lab uses `scikit-learn` for the data and the baseline, `matplotlib` for the plots, and `tqdm` for the progress bar.
# In an environment of your own, `python -m pip install torch scikit-learn matplotlib tqdm ipykernel` installs them.
# The lab downloads nothing, and trains on the CPU.

# %%
import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

# %% [markdown]
# From the course you need two functions.
# The notebook that you can download holds their source in this place, so it runs without the course.

# %%
from rnn_tutorial import linear, rnn

# %% [markdown] tags=["note"]
# **How the plots and tables of this lab look**
#
# Nothing here is about recurrent networks, and all labs share it; the notebook holds this source, too.
# The colours are those of the course, and a figure carries a sentence for readers who cannot see it.
# A figure keeps its text as text, and the reader's fonts draw it: that matplotlib's own font lacks a character, such as a Chinese one, is no reason to warn.

# %% tags=["note"]
from docs.labs.common import (
    ERROR,
    FEATURES,
    HIDDEN,
    INK,
    LINE,
    MUTED,
    TIME,
    keep,
    one_thread,
    progress,
    show,
    show_table,
    style,
)

# %% tags=["note"]
style()


def digit_grid(images: Iterable[Tensor], titles: Iterable[str]) -> Figure:
    """Draw up to ten images as ink whose opacity is the pixel's value."""
    figure = Figure(figsize=(520 / 72, 260 / 72))
    for place, (image, title) in enumerate(zip(images, titles, strict=True)):
        row, column = divmod(place, 5)
        ax = figure.add_axes((0.08 + 0.18 * column, 0.58 - 0.48 * row, 0.16, 0.32))
        pixels = np.zeros((*image.shape, 4))
        pixels[..., :3] = to_rgb(INK)
        pixels[..., 3] = image / 16
        ax.imshow(pixels)
        ax.set(xticks=[], yticks=[])
        ax.set_title(title, size=13.5, pad=5)
        ax.spines[:].set(visible=True, color=LINE)
    return figure


# %% [markdown]
# One thread is enough for products as small as these, and the order of additions does not depend on how threads share them.
# So the lab computes on one, and gives the others back at its end.
# PyTorch counts its threads itself; `threadpoolctl`, which comes with scikit-learn, holds back those of NumPy's matrix products.

# %%
give_threads_back = one_thread()

# %% [markdown]
# ## The data { #data }
#
# The images are handwritten digits, scanned and reduced by [E. Alpaydin and C. Kaynak (1998)](https://doi.org/10.24432/C50P49).
# They are published in the [UCI Machine Learning Repository](https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits) under the licence [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), and scikit-learn [comes with its test part](https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html).

# %%
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32)
labels = torch.tensor(digits.target)
print("images", tuple(images.shape), "labels", tuple(labels.shape))
print("pixels from", images.min().item(), "to", images.max().item())

# %% [markdown]
# The tensor already has the three axes of this course.
# An image is a sequence, read from top to bottom: each row is one step in *time*, so <em class="axis-t">T</em> is the number of rows.
# The pixels of a row are its input features, so <em class="axis-e">E</em> is the number of columns.
# The first axis, <em class="axis-n">N</em>, counts the images.

# %%
first = [images[labels == digit][0] for digit in range(10)]
figure = digit_grid(first, "0123456789")
figure.axes[5].set_ylabel("T: rows", color=TIME, labelpad=6)
figure.axes[5].set_xlabel("E: columns", color=FEATURES, labelpad=6)
show(figure, "Ten small images of handwritten digits, one of each class from 0 to 9")

# %% [markdown]
# Split the images into three parts, with the same share of each digit in all of them.
# The network learns from the *training* part, choices are made on the *validation* part, and the *test* part is looked at when nothing is left to choose.


# %%
class Split(NamedTuple):
    """Indices of the images in each part."""

    train: Tensor
    validation: Tensor
    test: Tensor


def split(seed: int) -> Split:
    indices = np.arange(len(labels))
    rest, test = train_test_split(
        indices,
        test_size=0.2,
        stratify=labels,
        random_state=seed,
    )
    train, validation = train_test_split(
        rest,
        test_size=0.25,
        stratify=labels[rest],
        random_state=seed,
    )
    return Split(*map(torch.from_numpy, (train, validation, test)))


parts = split(seed=0)
names = "training", "validation", "test"
show_table(
    ["part", "images"],
    [[name, str(len(part))] for name, part in zip(names, parts, strict=True)],
)

# %% [markdown]
# Bring the inputs to the usual scale: subtract a mean and divide by a standard deviation.
# Both come from the training part alone; with the other parts in them, the test would no longer be about unseen images.
# One mean and one deviation serve all pixels, because some pixels at the edge are the same in every image, and their own deviation would be zero.


# %%
def standardised(train: Tensor) -> Tensor:
    """Scale all images with the statistics of the training part."""
    return (images - images[train].mean()) / images[train].std()


# %%
inputs = standardised(parts.train)
mean, deviation = inputs[parts.train].mean(), inputs[parts.train].std()
print(f"training part: mean {mean:.4f}, standard deviation {deviation:.4f}")

# %% [markdown]
# One caution about what the test can tell you.
# The people who wrote these digits wrote many of each, and the file does not say who wrote which.
# A random split puts the same hands into all three parts, so the lab measures how well a network reads *new digits of known writers*.
# For new writers, expect less.
#
# ## The model { #model }
#
# The network reads all rows and keeps one state, a vector of $H$ hidden features.
# After the last row, the state has seen the whole image, and a linear head turns it into one score per digit.
# The head gets nothing but that last state:
#
# $$\mathrm{scores} = W\,h_T + b$$
#
# You build it twice.
# A `Model` holds what both have in common: a function from the images to the states of all steps, a head, and the parameters to be trained.


# %%
class Model(NamedTuple):
    states: Callable[[Tensor], Tensor]  # (N, T, E) -> (N, T, H)
    head: Callable[[Tensor], Tensor]  # (N, H) -> (N, 10)
    parameters: list[Tensor]

    def scores(self, inputs: Tensor) -> Tensor:
        """Classify each image by the state after its last row."""
        return self.head(self.states(inputs)[:, -1])


def with_torch(recurrent: nn.RNN, head: nn.Linear) -> Model:
    parameters = [*recurrent.parameters(), *head.parameters()]
    return Model(lambda x: recurrent(x)[0], head, parameters)


def by_hand(recurrent: nn.RNN, head: nn.Linear) -> Model:
    """The course's own functions, starting from copies of the same weights."""
    weights, output = (
        {name: value.clone().requires_grad_() for name, value in module.state_dict().items()}
        for module in (recurrent, head)
    )
    return Model(
        lambda x: rnn(x, weights)[0],
        lambda h: linear(h, **output),
        [*weights.values(), *output.values()],
    )


def fresh(
    seed: int, dtype: torch.dtype = torch.float32, hidden: int = 128
) -> tuple[nn.RNN, nn.Linear]:
    """Draw initial weights, as PyTorch does."""
    torch.manual_seed(seed)
    return nn.RNN(8, hidden, batch_first=True).to(dtype), nn.Linear(hidden, 10).to(dtype)


# %%
ours, theirs = by_hand(*fresh(0)), with_torch(*fresh(0))
with torch.no_grad():
    print("states", tuple(ours.states(inputs[:3]).shape))
    print("scores", tuple(ours.scores(inputs[:3]).shape))

# %% [markdown]
# ## The training loop { #training }
#
# Training is a loop over batches, written out.
# It compares the scores with the labels, asks for the gradients, and moves the parameters a little.
# Three details help this network.
#
# - Adam gives each parameter a step of its own.
# - The learning rate falls to zero along a cosine: large steps first, fine ones at the end.
# - Label smoothing asks for a little less than certainty.
#   With so few images the network can learn its training part by heart, and smoothing keeps the scores from growing without end.
#
# The order of the batches comes from a generator with a seed, so that two models can be shown the same batches.


# %%
def train(
    model: Model,
    inputs: Tensor,
    part: Tensor,
    rate: float,
    seed: int = 0,
    title: str = "",
) -> list[float]:
    """Train a model on a part of the images; return the loss of every step."""
    epochs, batch_size, losses = 20, 64, []
    optimizer = torch.optim.Adam(model.parameters, lr=rate)
    steps = epochs * math.ceil(len(part) / batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(seed)
    for _ in progress(epochs, title) if title else range(epochs):
        shuffled = part[torch.randperm(len(part), generator=generator)]
        for batch in shuffled.split(batch_size):
            scores = model.scores(inputs[batch])
            loss = cross_entropy(scores, labels[batch], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    return losses


# %% [markdown]
# ## Choices, on the validation part { #choices }
#
# You find a good learning rate by trying several, and the table below shows how much it matters.
# Take the one with the smallest loss on the validation part.
# If that were the smallest or the largest of those you tried, the best could lie outside, so the function refuses such a choice.
# The rates are a factor of four apart; [exercise 4](#exercises) asks what a finer grid changes.
# The loss is a better judge than the accuracy here: it changes with every image, the accuracy only when one crosses the line.


# %%
@torch.no_grad()
def evaluate(model: Model, inputs: Tensor, part: Tensor) -> tuple[float, float]:
    """Return the mean loss and the accuracy on a part."""
    scores = model.scores(inputs[part])
    hits = scores.argmax(dim=1) == labels[part]
    return cross_entropy(scores, labels[part]).item(), hits.float().mean().item()


class Trial(NamedTuple):
    rate: float
    loss: float  # on the validation part, like the accuracy
    accuracy: float
    model: Model


RATES = 0.0025, 0.01, 0.04


def try_rates(inputs: Tensor, parts: Split, seed: int, title: str = "") -> list[Trial]:
    """Train one network at each rate; list them with the smallest validation loss first."""
    trials = []
    for rate in RATES:
        model = with_torch(*fresh(seed))
        train(model, inputs, parts.train, rate, seed, title and f"{title} {rate}")
        trials.append(Trial(rate, *evaluate(model, inputs, parts.validation), model))
    trials.sort(key=lambda trial: trial.loss)
    assert min(RATES) < trials[0].rate < max(RATES), "the best may lie outside: add rates"
    return trials


# %%
trials = try_rates(inputs, parts, seed=0, title="η =")
rate = trials[0].rate

# %% tags=["folded"]
print(f"chosen: {rate}")
show_table(
    ["learning rate", "validation loss", "validation accuracy"],
    [[f"{trial.rate}", f"{trial.loss:.3f}", f"{trial.accuracy:.1%}"] for trial in trials],
)

# %% [markdown]
# A result needs something to be compared with.
# The baseline is logistic regression on all pixels at once.
# It has no idea of rows, and one number to choose, the strength of its regularisation: choose it in the same way.


# %%
def choose_baseline(inputs: Tensor, parts: Split) -> LogisticRegression:
    """Return the regression with the smallest loss on the validation part."""
    pixels = inputs.flatten(1)
    tried = []
    for inverse_strength in (0.01, 0.1, 1.0, 10.0):
        model = LogisticRegression(C=inverse_strength, max_iter=2000)
        model.fit(pixels[parts.train], labels[parts.train])
        chances = torch.tensor(model.predict_log_proba(pixels[parts.validation]))
        loss = -chances.gather(1, labels[parts.validation, None]).mean().item()
        tried.append((loss, inverse_strength, model))
    return min(tried, key=lambda one: one[0])[-1]


# %%
baseline = choose_baseline(inputs, parts)

# %%
print(f"chosen: C = {baseline.C}")

# %% [markdown]
# ## The same curve twice { #check }
#
# Now train both models from the same weights, on the same batches, at the chosen rate.

# %%
curves = {
    "ours": train(ours, inputs, parts.train, rate, title="rnn"),
    "nn.RNN": train(theirs, inputs, parts.train, rate, title="nn.RNN"),
}

# %% [markdown]
# Are the two curves the same?
# The first loss comes out of one pass over equal weights, so a bound tighter than the course's usual $16\varepsilon$ fits: $8\varepsilon$, where $\varepsilon$ is the machine epsilon.
# After that the models train apart.
# Each takes its own rounding error into the next step, and the optimizer divides by numbers that are small where gradients are small.
# So give every step its own $8\varepsilon$: after $k$ steps, the losses may differ by $8\,k\,\varepsilon$.
# That bound is honest only if training does not blow differences up, and the plot below shows whether it does.
# If the two models differed in anything but rounding, it would show in float64, where epsilon is so much smaller: train both there too.

# %%
wide = [build(*fresh(0, torch.float64)) for build in (by_hand, with_torch)]
pairs = {
    torch.float32: (curves["ours"], curves["nn.RNN"]),
    torch.float64: [train(model, inputs.double(), parts.train, rate) for model in wide],
}

# %% [markdown] tags=["claim"]
# **Claim: the course's `rnn` trains along the loss curve of `nn.RNN` (within rounding)**

# %% tags=["claim"]
differences = {}
for dtype, (mine, reference) in pairs.items():
    steps = torch.arange(1, len(mine) + 1)
    bound = 8 * steps * torch.finfo(dtype).eps
    difference = torch.from_numpy(np.subtract(mine, reference)).abs()
    assert (difference <= bound).all()
    assert difference.max() < bound[-1] / 10  # training does not blow it up
    differences[dtype] = difference

# %% tags=["folded"]
show_table(
    ["number type", "first loss", "largest of all", "bound at the end"],
    [
        [
            str(dtype).removeprefix("torch."),
            *(f"{value / torch.finfo(dtype).eps:.1f} ε" for value in (found[0], found.max())),
            f"{8 * len(found)} ε",
        ]
        for dtype, found in differences.items()
    ],
)

# %% tags=["folded"]
figure = Figure(figsize=(520 / 72, 480 / 72), layout="constrained")
above, below = figure.subplots(2, 1, height_ratios=[1.1, 1])
epochs = torch.arange(1, 21)
per_epoch = {name: torch.tensor(curve).reshape(20, -1) for name, curve in curves.items()}
above.plot(
    epochs,
    per_epoch["ours"].mean(1),
    color=HIDDEN,
    linewidth=5,
    alpha=0.45,
    label="ours",
)
above.plot(epochs, per_epoch["nn.RNN"].mean(1), color=INK, linestyle=":", label="nn.RNN")
above.set(ylabel="mean loss of the epoch", ylim=(0, None), xticks=range(0, 21, 5))
above.legend(frameon=False)
for (dtype, found), color in zip(differences.items(), (HIDDEN, INK), strict=True):
    name = str(dtype).removeprefix("torch.")
    largest = found.cummax(0).values.reshape(20, -1)[:, -1]
    bound = 8 * torch.finfo(dtype).eps * len(found) / 20 * epochs
    below.plot(epochs, largest, color=color, label=name)
    below.plot(epochs, bound, color=color, linestyle="--", label=f"bound, {name}")
    below.text(20, largest[-1] / 2, name, color=color, ha="right", va="top")
    below.text(20, bound[-1] * 1.5, f"bound, {name}", color=color, ha="right", va="bottom")
below.set(xlabel="epoch", ylabel="largest difference", yscale="log", ylim=(1e-18, 1e-1))
below.set(xticks=range(0, 21, 5), yticks=[1e-15, 1e-11, 1e-7, 1e-3])
below.set_yticklabels(["10⁻¹⁵", "10⁻¹¹", "10⁻⁷", "10⁻³"])
below.minorticks_off()
for ax in (above, below):
    ax.grid()
show(
    figure,
    "Above: the loss curves of both models fall together, one on top of the other. Below, on a "
    "logarithmic axis: their largest difference so far stays flat and well below its bound, "
    "in float32 and, many orders of magnitude smaller, in float64",
)

# %% [markdown]
# The curves lie on each other, and the difference shrinks with epsilon, as it does where rounding is all there is.
# Two models that agree this closely can stand for each other: from here on, `ours` speaks for both.
#
# ## The test { #test }
#
# Nothing is left to choose, so look at the test part.

# %%
rows = {}
pixels = inputs.flatten(1)
for name, model in (("ours", ours), ("nn.RNN", theirs)):
    rows[name] = [evaluate(model, inputs, part)[1] for part in parts]
rows["baseline"] = [baseline.score(pixels[part], labels[part]) for part in parts]
size = len(parts.test)
right, right_baseline = (round(rows[name][2] * size) for name in ("ours", "baseline"))
assert abs(right - right_baseline) < 10
print(f"test images: {size}")
print(f"read by the network: {right}, by the baseline: {right_baseline}")
show_table(
    ["accuracy", *names],
    [
        [name, *(f"{accuracy:.1%}" for accuracy in row)]
        for name, row in zip(("ours", "nn.RNN", "baseline"), rows.values(), strict=True)
    ],
)

# %% [markdown]
# Is the network better?
# Look at the counts before you answer: the two are a few images apart, on a test of a few hundred.
# Another split has other images in its test part, so one split does not decide.
#
# ## Is it luck? { #luck }
#
# Do everything anew, for four more splits: split, scale, choose on the validation part, train, and test once.
# `nn.RNN` does the work here: you have seen that it trains along the same curve.


# %%
def compare(seed: int) -> tuple[int, int, int]:
    """Count the test images that the network reads, that the baseline reads, and all."""
    parts = split(seed)
    inputs = standardised(parts.train)
    network = try_rates(inputs, parts, seed)[0].model
    regression = choose_baseline(inputs, parts)
    size = len(parts.test)
    correct = evaluate(network, inputs, parts.test)[1]
    correct_baseline = regression.score(inputs[parts.test].flatten(1), labels[parts.test])
    return round(correct * size), round(correct_baseline * size), size


# %%
results = [(right, right_baseline, size)]
results += [compare(1 + number) for number in progress(4, "1–4")]

# %% tags=["folded"]
totals = [sum(column) for column in zip(*results, strict=True)]
named = dict(enumerate(results)) | {"all": totals}
show_table(
    ["split", "RNN", "baseline", "difference"],
    [
        [
            f"{name}",
            f"{network / size:.1%}",
            f"{regression / size:.1%}",
            f"{network - regression:+d}",
        ]
        for name, (network, regression, size) in named.items()
    ],
)
assert 0 < totals[0] - totals[1] < 0.03 * totals[2]

# %% [markdown]
# The last column counts test images.
# The network is ahead over all splits together, by a little.
# That is an honest result, and a modest one: on images this small, a linear model of the pixels is hard to beat.
#
# Does keeping one state lose anything?
# This state has 128 features and an image has 64 pixels, so there is room for the whole image.
# Give the network less room, by a smaller `hidden_size`, and it does worse.

# %%
reads = {}
for hidden in (128, 32, 16):
    narrow = with_torch(*fresh(0, hidden=hidden))
    train(narrow, inputs, parts.train, rate)
    reads[hidden] = evaluate(narrow, inputs, parts.validation)[1]

# %% tags=["folded"]
for hidden, read in reads.items():
    print(f"H = {hidden:3}: {read:.1%} of the validation part")

# %% [markdown]
# ## What it gets wrong { #errors }
#
# The confusion matrix counts the test images by what they are and by what the network reads.
# A row is a digit, a column an answer; off the diagonal are the errors.

# %%
with torch.no_grad():
    answers = ours.scores(inputs[parts.test]).argmax(dim=1)
truth = labels[parts.test]
matrix = confusion_matrix(truth, answers)
print(f"{matrix.sum() - matrix.trace()} of {matrix.sum()} test images are misread")

# %% tags=["folded"]
figure = Figure(figsize=(520 / 72, 400 / 72))
ax = figure.add_axes((0.16, 0.13, 0.7, 0.85))
tints = np.zeros((10, 10, 4))
for i, j in np.argwhere(matrix):
    tints[i, j] = (*to_rgb(HIDDEN if i == j else ERROR), 0.4 if i == j else 0.3)
    ax.text(j, i, str(matrix[i, j]), ha="center", va="center_baseline")
ax.imshow(tints)
ax.set(xticks=range(10), yticks=range(10), xlabel="answer", ylabel="digit")
ax.tick_params(length=0)
ax.spines[:].set(visible=True, color=LINE)
show(
    figure,
    f"Confusion matrix: {matrix.trace()} of {matrix.sum()} test images lie on the diagonal",
)

# %% [markdown]
# Here they are, or the first ten of them.
# Above each image you see its class and, after the arrow, what the network reads.

# %% tags=["folded"]
wrong = (answers != truth).nonzero()[:, 0][:10]
figure = digit_grid(
    images[parts.test][wrong],
    [f"{truth[index]} → {answers[index]}" for index in wrong],
)
show(
    figure,
    "Misread test images, each under its class and the network's answer: "
    + ", ".join(f"{truth[index]} read as {answers[index]}" for index in wrong),
)

# %% [markdown]
# Some of them you would misread too.
#
# ## Which rows matter { #rows }
#
# The states of all steps are there, so you can ask what the network knows after one row, after two, and so on.
# There are two ways to ask.
#
# - Give the state after $t$ rows to the trained head, which has only ever seen the state after the last one.
# - Give the state after $t$ rows to a *probe*: a linear classifier trained for that step, on the training part, with the network left as it is.
#
# For comparison, the baseline on the same rows: logistic regression on the pixels of the first $t$ rows.

# %%
with torch.no_grad():
    states = ours.states(inputs)
    by_head = [
        (ours.head(states[parts.test, t]).argmax(dim=1) == truth).float().mean().item()
        for t in range(8)
    ]


def probe(features: Tensor) -> float:
    """Train a linear classifier on the training part; return its test accuracy."""
    model = LogisticRegression(C=baseline.C, max_iter=2000)
    model.fit(features[parts.train], labels[parts.train])
    return model.score(features[parts.test], truth)


# %%
by_probe = [probe(states[:, t]) for t in range(8)]
by_pixels = [probe(inputs[:, : t + 1].flatten(1)) for t in range(8)]

# %% tags=["folded"]
figure = Figure(figsize=(520 / 72, 300 / 72), layout="constrained")
ax = figure.subplots()
steps = range(1, 9)
ax.plot(steps, by_probe, "o-", color=HIDDEN, linewidth=2, label="probe on the state")
ax.plot(
    steps,
    by_pixels,
    "s--",
    color=INK,
    linewidth=1.5,
    label="pixels of the same rows",
)
ax.plot(steps, by_head, "^-.", color=ERROR, linewidth=1.5, label="trained head")
ax.axhline(0.1, color=MUTED, linewidth=1, linestyle=":")
ax.text(8, 0.115, "guessing", color=MUTED, ha="right", va="bottom")
ax.set(xlabel="rows read", ylabel="test accuracy", ylim=(0, 1), xticks=steps)
ax.set(yticks=[0, 0.25, 0.5, 0.75, 1], yticklabels=["0%", "25%", "50%", "75%", "100%"])
ax.legend(frameon=False)
ax.grid()
show(
    figure,
    "Test accuracy against the number of rows read. The probe and the pixels rise early and "
    "together; the trained head stays near guessing for the first rows and catches up at the end",
)

# %% tags=["folded"]
show_table(
    ["rows read", "trained head", "probe", "pixels"],
    [
        [str(t), *(f"{accuracy:.1%}" for accuracy in row)]
        for t, row in enumerate(zip(by_head, by_probe, by_pixels, strict=True), 1)
    ],
)
assert all(head < 0.25 for head in by_head[:6])
assert all(abs(probe - pixel) < 0.06 for probe, pixel in zip(by_probe, by_pixels, strict=True))

# %% [markdown]
# The probe shows what can be read off the state: about as much as off the pixels so far, from the first row on.
# The trained head shows something else.
# It was trained on final states only, and until shortly before the end it does no better than a good guess.
# Knowing and being able to say are two things, also for a network.
# If you want answers on the way, train for them: add up the losses of all steps.
#
# ## One image, row by row { #one-image }
#
# Follow a single image, the first of the test part.
# After each row, the trained head turns the state into scores, and `softmax` turns the scores into probabilities.
# `keep` hands the weights and a few test images to the page of this lab, where the network reads what you draw.

# %%
shown = parts.test[:20]
tensors = *fresh(0)[0].state_dict(), "head.weight", "head.bias"
keep(
    **dict(zip(tensors, ours.parameters, strict=True)),
    mean=images[parts.train].mean(),
    deviation=images[parts.train].std(),
    samples=images[shown],
    labels=labels[shown],
)
with torch.no_grad():
    chances, says = ours.head(states[shown[0]]).softmax(dim=1).max(dim=1)

# %% tags=["folded"]
print("digit:", labels[shown[0]].item())
show_table(
    ["rows read", "answer", "probability"],
    [
        [f"{t}", f"{digit}", f"{chance:.0%}"]
        for t, (digit, chance) in enumerate(zip(says, chances, strict=True), 1)
    ],
)

# %% [markdown] tags=["demo"]
# Now draw a digit of your own.
# The page runs the network that you have just seen trained, with its weights rounded to float16.
# Your hand is new to it, so expect more errors than in the test.
#
# <div class="widget" id="digit-states"><digit-states weights="digits.json"></digit-states>
# <p>Here, a page with scripts has a pad to draw on, and shows the state after each row. The table above is a recorded example.</p></div>
#
# The data were made from [normalised bitmaps](https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits), and the page brings your drawing into the form that the images show.
# It is stretched to 32 rows and about 20 columns of bits, sheared until the left ends of its first and last row are below each other, and drawn with a pen that leaves as much ink as the images have on average.
# Then, as in the data, a pixel counts the bits in a block of $4 \times 4$.

# %% [markdown]
# ## Results { #results }

# %% [markdown] tags=["claim"]
# **Result: the course's `rnn` and `nn.RNN` give the same answers, and over five splits the network reads more test images than the baseline**

# %% tags=["claim"]
with torch.no_grad():
    assert torch.equal(answers, theirs.scores(inputs[parts.test]).argmax(dim=1))
assert rows["ours"][2] > 0.95
assert len(results) == 5
assert totals[0] > totals[1]
print(f"test images of five splits: {totals[2]}")
print(f"read by the network: {totals[0]}, by the baseline: {totals[1]}")

# %% [markdown]
# ## Exercises { #exercises }
#
# 1. Before the first step, the network knows nothing.
#    Which loss do you expect, and does the curve begin there?

# %% [markdown] tags=["solution"]
# **Solution**
#
# Ten digits, each given the probability $1/10$, cost $\ln 10$ per image.
# Initial weights are small but not zero, so the first loss is near that number and not equal to it.

# %% tags=["solution"]
print(f"ln 10 = {math.log(10):.3f}, first loss = {curves['ours'][0]:.3f}")
assert abs(curves["ours"][0] - math.log(10)) < 0.2

# %% [markdown]
# 2. How many parameters does the network have, and how many the baseline?
#    Which of the two grows when an image has more rows?

# %% [markdown] tags=["solution"]
# **Solution**
#
# The network shares its weights between the rows, so more rows need no more parameters.
# The baseline has a weight for every pixel and digit: it grows with the image.

# %% tags=["solution"]
print("network:", sum(parameter.numel() for parameter in ours.parameters))
print("baseline:", baseline.coef_.size + baseline.intercept_.size)

# %% [markdown]
# 3. Shuffle the rows, in the same order for all images.
#    Does that change what logistic regression can do?
#    And the network?

# %% [markdown] tags=["solution"]
# **Solution**
#
# To the regression, pixels are columns of a table in any order.
# To the network the sequence is another one, but every image is shuffled alike, and it learns the new sequence about as well.
# Neither of them needs neighbouring rows to be neighbours.

# %% tags=["solution"]
order = torch.randperm(8, generator=torch.Generator().manual_seed(0))
shuffled = inputs[:, order]
network = with_torch(*fresh(0))
losses = train(network, shuffled, parts.train, rate)
accuracy = evaluate(network, shuffled, parts.validation)[1]

# %% tags=["solution"]
print(f"validation accuracy, shuffled: {accuracy:.1%}, in order: {rows['ours'][1]:.1%}")
assert abs(accuracy - rows["ours"][1]) < 0.03

# %% [markdown]
# 4. The rates that you tried lie far apart.
#    Which of the others would the validation part of the first split have preferred, and would the network still be ahead there?

# %% [markdown] tags=["solution"]
# **Solution**
#
# The validation part prefers a larger rate, and with it the network reads fewer test images of this split than the baseline.
# So who is ahead on one split depends on the rates that you try; a lead as small as this one needs many splits, or a larger test.

# %% tags=["solution"]
others = {}
for other in (0.005, 0.02):
    model = with_torch(*fresh(0))
    train(model, inputs, parts.train, other)
    loss, _ = evaluate(model, inputs, parts.validation)
    others[other] = loss, round(evaluate(model, inputs, parts.test)[1] * size)

# %% tags=["solution"]
for other, (loss, read) in others.items():
    print(f"rate {other}: validation loss {loss:.3f}, test images {read}")
print(f"rate {rate}: validation loss {trials[0].loss:.3f}, test images {right}")
assert loss < trials[0].loss

# %% [markdown]
# Give the threads back.

# %%
give_threads_back()

# %% [markdown]
# ## Where next { #next }
#
# You have trained the network that Part I builds, and checked it against PyTorch's on the way.
# If you skipped a step, go back to [Deep and bidirectional](../foundations/deep-and-bidirectional.md).
# If the bounds of the comparison interest you more than the digits, read [what "zero difference" means](../numbers/zero-difference.md).

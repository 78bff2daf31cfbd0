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
#   digit-rows: acnnlblb
#   need: dpkmlaeo
#   data: hkpoecdk
#   alignments: dioafhga
#   forward: lfkioald
#   decoding: kaifjfid
#   model: ejoemaib
#   training: fmmkajmn
#   baseline: lifahljm
#   test: deneojbb
#   beam: dkmdiabh
#   errors: jhaalmkm
#   demo: nacecngl
#   choices: dmmemklf
#   results: mbcllifo
#   exercises: elfneanm
#   next: jkogcefe
# ---

# %% [markdown]
# # 用 CTC 读一行数字 { #digit-rows }
#
# 学完这个实验，你能用没有位置标注的标签训练网络，对网络的输出解码，并判断何时“先切分、再分类”同样好。
#
# ## 预备知识 { #need }
#
# GRU 见[手写 nn.GRU](../gates/gru-by-hand.md)，两个方向见[双向 RNN](../foundations/bidirectional.md)，填充（padding）见[变长序列](../sequences/unequal-length.md)。
# 实验需要 PyTorch（`torch`）、`scikit-learn`（数据和基线）、`matplotlib`（画图）和 `tqdm`（进度条）。
# 要在自己的环境里安装它们，请运行 `python -m pip install torch scikit-learn matplotlib tqdm ipykernel`。
# 实验不下载任何东西，训练在 CPU 上完成。

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
# 本课程的包里只需要 GRU；GRU 之后的部分，用到时再讲解。
# 在可以下载的 Notebook 里，这个位置放的是源代码，因此不安装课程的包也能运行。

# %%
from rnn_tutorial import GRU

# %% [markdown] tags=["note"]
# **各实验共用的部分**
#
# 图和表格的样式、填充（padding），以及训练循环。
# 所有实验都使用这一部分；Notebook 里也放着它的源代码。

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
# ## 数据 { #data }
#
# 数字与[第一个实验](digits.py)相同，是 [E. Alpaydin 和 C. Kaynak（1998）](https://doi.org/10.24432/C50P49)的扫描图像，大小为 8 乘 8 像素，许可证是 [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)，由 scikit-learn 自带。
# 在第一个实验里，每幅图像是一个样本。
# 在这里，几幅图像并排写成一行，网络逐列读取：一列有 8 个像素，就是一个*时间步*（time step）。

# %%
digits = load_digits()
images, classes = digits.images, digits.target
ink = images.max(axis=1) > 0  # 哪些列有墨迹
widths = ink.sum(axis=1)
print("图像数", len(images))
print("不同的图像数", len(np.unique(images, axis=0)))
print("第一行和最后一行都有墨迹的图像数", (images[:, [0, 7]].max(2) > 0).all(1).sum())
print(f"有墨迹的列数：{widths.min()} 至 {widths.max()}，平均 {widths.mean():.1f}")

# %% [markdown]
# 没有重复的图像。
# 每个数字都拉伸到了整幅图像的高度，但左右留有空列。把空列裁掉，数字之间的距离就可以自己决定。
#
# 数据文件没有标出各幅图像的书写者，但图像的顺序透露了一些信息。
# 下面给单幅图像分类：一次随机留出一部分图像，一次留出一段相邻的图像。

# %%
glyphs = [image[:, columns] for image, columns in zip(images, ink, strict=True)]
blocks = np.array_split(np.arange(len(images)), 5)
scattered = np.array_split(np.random.RandomState(0).permutation(len(images)), 5)


def block_error(parts: list[np.ndarray], held_back: int) -> float:
    """用四个部分训练逻辑回归，返回在第五个部分上的错误率。"""
    rest = np.concatenate([part for k, part in enumerate(parts) if k != held_back])
    pixels = images.reshape(len(images), -1) / 16
    model = LogisticRegression(max_iter=1000).fit(pixels[rest], classes[rest])
    return 1 - model.score(pixels[parts[held_back]], classes[parts[held_back]])


# %%
leak = {name: [block_error(parts, k) for k in range(5)]
        for name, parts in (("random", scattered), ("blocks", blocks))}  # fmt: skip

# %% tags=["folded"]
show_table(
    ["留出", *(f"部分 {k + 1}" for k in range(5)), "平均"],
    [
        [name, *(f"{error:.1%}" for error in leak[key]), f"{np.mean(leak[key]):.1%}"]
        for name, key in (("随机的图像", "random"), ("一段相邻的图像", "blocks"))
    ],
)
assert np.mean(leak["blocks"]) > 1.3 * np.mean(leak["random"])

# %% [markdown]
# 留出一段相邻的图像时，错误更多。
# 如果文件按书写者排列，就会出现这种结果：随机划分把同一个人写的相邻图像同时放进了训练集和测试集。
# 因此，这个实验按段划分。
# 一段用于测试，下一段用于验证，其余三段用于训练，任何图像都只属于其中一个部分。
# 这样做三次，每次换一个测试段：结果有三个，而不是一个。


# %%
class Split(NamedTuple):
    """各部分的行由哪些图像写成：图像的索引。"""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def split(fold: int) -> Split:
    others = [blocks[(fold + k) % 5] for k in (2, 3, 4)]
    return Split(np.concatenate(others), blocks[(fold + 1) % 5], blocks[fold])


# %% [markdown]
# 要写一行，就把裁好的图像依次排开。
# *间隔*（gap）为正时，是两个数字之间的空列数；间隔为负时，后一个数字从前一个数字的最后几列开始，重叠处取较深的像素。
# 每行的两端各有一个空列。


# %%
class Row(NamedTuple):
    columns: Tensor  # (T, 8)，从 0 到 1
    labels: Tensor  # (S,)，数字加一：标签 0 留给空白
    spans: list[tuple[int, int]]  # 每个数字的第一列，以及最后一列的后一列


def write(indices: np.ndarray, gaps: np.ndarray) -> Row:
    """把这些索引的图像并排写成一行；第 k 个间隔在第 k 个数字之前。"""
    if not len(indices):
        raise ValueError("indices：至少需要一个数字，现在一个也没有")
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
    """随机写若干行，每行有 1 至 `most` 个数字，各个间隔在给定的两个数之间随机选取。"""
    draw = np.random.RandomState(seed)
    sizes = draw.randint(1, most + 1, number)
    return [write(draw.choice(part, size), draw.randint(gaps[0], gaps[1] + 1, size))
            for size in sizes]  # fmt: skip


# %%
fold = split(0)
samples = [write(fold.train[[3, 14, 15, 92, 65]], np.full(5, gap)) for gap in (2, 0, -1, -2, -3)]


# %% tags=["folded"]
def draw_row(ax: Axes, columns: Tensor, left: float = -0.5) -> None:
    """画出一行：像素值越大，墨色越浓。"""
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
    ax.set_ylabel(f"间隔 {gap}", rotation=0, ha="right", va="center", labelpad=10)
digits_shown = " ".join(str(label - 1) for label in samples[0].labels.tolist())
show(figure, f"数字 {digits_shown} 写成五行，间隔从 2 减小到 -3：数字逐渐连成一片")

# %% [markdown]
# 一行的标签就是其中的数字，按顺序排列。
# 标签没有指出数字在哪一列，这正是本实验的问题：列很多，标签很少，两者之间没有对应关系。
#
# ## 对齐 { #alignments }
#
# [Graves 等人（2006）](https://doi.org/10.1145/1143844.1143891)提出的*连接时序分类*（connectionist temporal classification，CTC）让网络在每一列都作出回答：或者是一个数字，或者是*空白*（blank），即“这里没有新的数字”。
# 这样的一串回答称为一个*对齐*（alignment）。
# 读取对齐时，先合并连续重复的符号，再去掉空白。
# 此外，两个相同的数字之间也要靠空白隔开。

# %% tags=["source"]
from rnn_tutorial.heads import ctc_collapse

# %%
BLANK = 0
for alignment in ([0, 5, 5, 5, 0, 0, 8, 0], [5, 0, 0, 0, 0, 8, 8, 8], [0, 5, 5, 0, 5, 0, 8, 8]):
    print(alignment, "->", ctc_collapse(alignment, BLANK))

# %% [markdown]
# 许多对齐读出的标签相同。
# 在每个时间步，网络给每个符号一个概率；一个对齐的概率，就是各时间步上所选符号的概率之积。
# 因此，标签序列 $l$ 的概率，是对所有读作 $l$ 的对齐 $\pi$（即 $c(\pi) = l$）求和：
#
# $$p(l) = \sum_{\pi:\, c(\pi) = l}\; \prod_{t=1}^{T} y_t(\pi_t)$$
#
# 有 $C$ 个符号时，对齐共有 $C^T$ 个。
# 时间步很少时，可以逐个列举。

# %%
torch.manual_seed(0)
scores = torch.randn(6, 3, dtype=torch.float64).log_softmax(1)  # T = 6 个时间步，C = 3 个符号
sums: dict[tuple[int, ...], float] = {}
for path in itertools.product(range(3), repeat=6):
    read = tuple(ctc_collapse(path, BLANK))
    chance = math.exp(sum(scores[t, symbol].item() for t, symbol in enumerate(path)))
    sums[read] = sums.get(read, 0.0) + chance

# %% tags=["folded"]
print("对齐的个数", 3**6)
print("出现的标签序列", len(sums), "概率之和", f"{sum(sums.values()):.6f}")

# %% [markdown]
# ## 前向算法 { #forward }
#
# 对完整的一行来说，逐个列举不可行，也没有必要。
# 具体来说，在每个标签的前后各放一个空白，就得到对齐的各个*状态*。
# 每个时间步，对齐或者停在原来的状态，或者进入下一个状态，或者跳过两个不同标签之间的空白。
# 因此，前 $t$ 步中结束于同一状态的所有对齐，可以先加起来再继续：每个状态、每个时间步只需要一个和。
# 这个循环与循环神经网络（recurrent network）的循环相同，只是每个状态有三个来源，而且没有权重。
# 计算用对数进行：许多概率的乘积很快就会小到 float32 无法表示，舍入（rounding）为 0。

# %% tags=["source"]
from rnn_tutorial.heads import ctc_states, ctc_step

# %% [markdown]
# 标签 5、5、8 的各个状态，以及哪些状态可以由跳过空白到达：

# %%
symbols, may_skip = ctc_states(torch.tensor([[5, 5, 8]]), torch.tensor([3]), BLANK)
print(symbols[0].tolist())
print(may_skip[0].int().tolist())
alpha = torch.full((1, 7), -torch.inf)
alpha[0, 0] = 0.0  # 所有对齐都从第一个状态开始
for _ in range(3):
    alpha = ctc_step(torch.zeros(1, 7), alpha, may_skip)
    print("到达各状态的路径数", [round(number) for number in alpha[0].exp().tolist()])

# %% [markdown]
# 损失函数运行这个循环，最后把结束于最后一个标签和其后空白的两个和相加。
# 如果没有任何对齐能读成目标，损失就是无穷大。

# %% tags=["source"]
from rnn_tutorial.heads import ctc_loss

# %% [markdown] tags=["claim"]
# **断言：`ctc_loss` 是全部对齐的概率之和的负对数，值和梯度都与 PyTorch 的 `ctc_loss` 一致（舍入误差以内）**

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
# 这个损失要求网络做什么？
# 损失对某个对数概率的梯度，是一个条件概率的相反数：在标签已知的条件下，对齐在这个时间步取这个符号的概率。
# 因此，在每个时间步，梯度都推高这些符号的概率；按网络目前的输出，某个符号在这里越可能出现，推力就越大。

# %%
leaf = scores[None].clone().requires_grad_()
ctc_loss(leaf, torch.tensor([[2, 1]]), torch.tensor([6]), torch.tensor([2])).sum().backward()
visits = 0.0 - leaf.grad[0]
torch.testing.assert_close(visits.sum(1), torch.ones(6, dtype=torch.float64))

# %% tags=["folded"]
show_table(
    ["标签 2, 1：符号", *(f"第 {t + 1} 步" for t in range(6))],
    [
        [name, *(f"{chance:.2f}" for chance in row)]
        for name, row in zip(("空白", "1", "2"), visits.T.tolist(), strict=True)
    ],
)

# %% [markdown]
# 表中每一列的和都是 1。
#
# ## 解码 { #decoding }
#
# 训练好的网络，还需要从输出中读出标签。
# *贪心解码*（greedy decoding）在每个时间步取概率最大的符号，再合并、去掉空白：这就是概率最大的对齐。
# 而概率最大的*标签序列*可能是另一个：它的每个对齐概率都较小，但对齐的个数多。

# %% tags=["source"]
from rnn_tutorial.heads import ctc_greedy

# %%
tiny = torch.tensor([[0.6, 0.4], [0.6, 0.4]], dtype=torch.float64).log()
print("贪心", ctc_greedy(tiny[None], torch.tensor([2])))
tiny_sums = {(): 0.6 * 0.6, (1,): 0.6 * 0.4 + 0.4 * 0.6 + 0.4 * 0.4}
for read, chance in tiny_sums.items():
    print("标签", list(read), f"的概率 {chance:.2f}")

# %% [markdown]
# *前缀束搜索*（prefix beam search，[Hannun 等人，2014](https://arxiv.org/abs/1408.2873)）一边前进，一边把对齐的概率相加，每个时间步只保留概率最大的 `width` 个前缀。
# 如果宽度足以容纳所有前缀，就没有任何遗漏，结果应当与上面的列举一致。

# %% tags=["source"]
from rnn_tutorial.heads import ctc_beam_search

# %% [markdown] tags=["claim"]
# **断言：宽度足以容纳所有前缀时，前缀束搜索求出每个标签序列的概率，与列举的结果一致**

# %% tags=["claim"]
found = ctc_beam_search(scores, width=len(sums))
assert {read for read, _ in found} == sums.keys()
for read, log_chance in found:
    assert math.isclose(math.exp(log_chance), sums[read], rel_tol=1e-9)
assert found[0][0] == max(sums, key=sums.__getitem__)
assert ctc_beam_search(tiny, width=2)[0][0] == (1,)

# %% [markdown]
# ## 模型 { #model }
#
# GRU 从两个方向读取各列，线性的输出层（head）把每个状态变成 11 个对数概率，对应空白和十个数字。
# 各行长度不等，因此打包（packing）成一批，反向（reverse direction）的一层就从每一行自己的末尾开始读。
# 像素的标准化使用训练集的均值和标准差。


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
        """由各列 (N, T, 8) 算出对数概率 (N, T, 11)。"""
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
    """随机初始化权重；均值和标准差来自训练集写成的行。"""
    torch.manual_seed(seed)
    pixels = torch.cat([row.columns for row in draw_rows(part, 200, seed, (-2, 2), most=3)])
    scale = pixels.mean().item(), pixels.std().item()
    return Reader(recurrent, scale, hidden_size, bidirectional)


# %%
ours, theirs = (fresh(recurrent, 0, fold.train) for recurrent in (GRU, nn.GRU))

# %% tags=["folded"]
print("参数量", count(ours))
print("均值", round(ours.mean, 2), "标准差", round(ours.deviation, 2))

# %% [markdown]
# ## 训练 { #training }
#
# 要写多少行都可以，因此每个批量（batch）都由新的行组成：每行有一至三个数字，间隔从 −2 到 2。
# 同一批量中各行的长度相近，每行的损失除以这一行的数字个数。
# 首先检验本课程与 PyTorch 的训练是否一致：一边是本课程的 GRU 和损失函数，另一边是 `nn.GRU` 和 PyTorch 的损失函数，权重的初值相同，批量也相同。
# 两者轮流各训练一个批量，因此机器繁忙时，两者受到的影响相同。


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
# **断言：本课程的 GRU 加上本课程的 `ctc_loss`，训练时的损失曲线与 PyTorch 的一致（舍入误差以内）**

# %% tags=["claim"]
differences = np.abs(np.subtract(*curves))
assert differences[0] < 1e-5
assert differences.max() < 1e-2
print(f"第一个损失 {curves[0][0]:.3f}，第 {len(few)} 次更新的损失 {curves[0][-1]:.3f}")

# %% [markdown]
# 本课程的损失函数是一个 Python 循环，PyTorch 的则是一次编译代码的调用。因此，以下用 PyTorch 的损失函数训练：前面已经看到，两者的结果一致。
# 网络仍是本课程的网络。
# 它要多花多少时间？
# 再次让两个网络轮流计算，测量一次前向传播和一次反向传播的时间。

# %%
for batch in few:
    for name, model in (("ours", ours), ("nn", theirs)):
        start = time.perf_counter()
        with_torch(model, batch).backward()
        seconds[name] += time.perf_counter() - start

# %% tags=["folded"]
print(f"本课程的 GRU 与 nn.GRU 的时间之比 {seconds['ours'] / seconds['nn']:.2f}")

# %% [markdown]
# 现在训练三个网络，每种划分一个。
# 学习率、隐藏状态维度（hidden size）和更新次数都需要选择；[下面的表](#choices)说明选择的依据。

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
ax.set(xlabel="更新次数", ylabel="每个数字的损失", ylim=(0, 4))
ax.grid()
show(figure, "三个网络每个数字的损失随更新次数的变化：先迅速下降，然后趋于平稳")

# %% [markdown]
# 网络还不会读数字时，它的回答是什么？
# 上面比较时用过的网络 `ours` 还在：它只更新过少数几次，损失还很大。

# %%
with torch.no_grad():
    batch = few[0]
    log_probs = ours(batch.columns, batch.lengths)
real = torch.arange(log_probs.shape[1]) < batch.lengths.unsqueeze(1)
blanks = (log_probs.argmax(2) == BLANK)[real].float().mean().item()

# %% tags=["folded"]
print(f"空白概率最大的列所占的比例 {blanks:.0%}")
assert blanks > 0.9

# %% [markdown]
# 几乎都是空白，很少有数字。
#
# ## 基线：先切分，再分类 { #baseline }
#
# 最直接的方法，是先把一行切成单个数字，再给每一块分类。
# 这里的分类器是逻辑回归，输入是 8 乘 8 像素的块，在训练集的单个数字上训练。
# 墨迹不超过阈值的列就是切口；如果一块比一个数字宽，就再等分成几块。


# %%
def centred(piece: np.ndarray) -> np.ndarray:
    """把一块 (8, W) 放到 8 列的中间；更宽的块只保留中间的部分。"""
    extra = max(0, piece.shape[1] - 8) // 2
    piece = piece[:, extra : extra + 8]
    box, start = np.zeros((8, 8)), (8 - piece.shape[1]) // 2
    box[:, start : start + piece.shape[1]] = piece
    return box.ravel()


def cuts(columns: np.ndarray, threshold: float, width: float) -> list[tuple[int, int]]:
    """找出墨迹超过阈值的块；太宽的块再等分。"""
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
    """给每一行的各块分类，读出这一行。"""
    pieces = [centred(row.columns.numpy()[start:end].T)
              for row, pairs in zip(rows, spans, strict=True) for start, end in pairs]  # fmt: skip
    labels = iter(model.predict(np.stack(pieces)).tolist())
    return [[next(labels) for _ in pairs] for pairs in spans]


def train_classifier(part: np.ndarray) -> LogisticRegression:
    pixels = np.stack([centred(glyphs[index] / 16) for index in part])
    return LogisticRegression(max_iter=1000).fit(pixels, classes[part] + 1)


# %% [markdown]
# 错误用*编辑距离*（edit distance）衡量：要插入、删除或替换多少个数字，才能得到正确答案。
# 再除以数字的个数，就是错误率。


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
# 阈值和宽度在验证集写成的行上选择，每种间隔单独选一次。
# 这对基线很宽松：网络只训练一次，用于所有间隔，而且不知道遇到的是哪一种。
# 此外还有一个参照：把每个数字真实的第一列和最后一列告诉同一个分类器。
# 任何切分方法都不可能比这知道得更多；不过，块里仍有相邻数字的墨迹。

# %%
GAPS = 2, 1, 0, -1, -2, -3
SETTINGS = list(itertools.product((0.0, 0.5, 1.0), (5.0, 5.5, 6.0)))


def read_by_cutting(
    model: LogisticRegression, rows: list[Row], threshold: float, width: float
) -> list[list[int]]:
    spans = [cuts(row.columns.numpy(), threshold, width) for row in rows]
    return classified(model, rows, spans)


def chosen_settings(model: LogisticRegression, part: np.ndarray, gap: int) -> tuple[float, float]:
    """返回在验证集的行上错误率最小的阈值和宽度。"""
    rows = draw_rows(part, 60, 1, (gap, gap), most=6)
    errors = [error_rate(read_by_cutting(model, rows, *pair), rows) for pair in SETTINGS]
    return SETTINGS[int(np.argmin(errors))]


classifiers = [train_classifier(part.train) for part in folds]
settings = [
    {gap: chosen_settings(model, part.validation, gap) for gap in GAPS}
    for model, part in zip(classifiers, folds, strict=True)
]

# %% [markdown]
# ## 测试 { #test }
#
# 各项选择都已确定，现在可以使用测试集的图像。
# 每行有一至六个数字，同一行的间隔都相等。
# 间隔 −3 在训练时没有出现过。
# 表中是三种划分的平均值，括号内是各个划分的百分数。


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
    ["间隔", "网络", "切分后分类", "已知切口"],
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
    "network": (HIDDEN, "o-", "网络"),
    "cut": (ERROR, "s--", "切分后分类"),
    "told": (INK, "^:", "已知切口"),
}
for key, (color, line, label) in looks.items():
    ax.plot(range(len(GAPS)), errors[key].mean(1), line, color=color, label=label)
ax.set(xlabel="间隔", ylabel="每个数字的错误率", ylim=(0, None))
ax.set(xticks=range(len(GAPS)), xticklabels=[f"{gap}".replace("-", "−") for gap in GAPS])
ax.legend()
ax.grid()
show(
    figure,
    "每个数字的错误率随间隔的变化。间隔为 2 和 1 时，三者相近；"
    "数字相接和重叠时，切分最先失败，网络仍接近已知切口的分类器",
)

# %% [markdown]
# 间隔清楚时，网络没有多少优势：自己切分的分类器与已知切口的分类器大致同样好。
# 数字重叠一列时，切分就会出错，而网络的错误只略有增加。
# 重叠更多时，两者都变差，已知切口的分类器也变差：这时有些墨迹同属于两个数字。
#
# ## 束搜索的作用 { #beam }
#
# 贪心解码只看一个对齐，忽略其余所有对齐。
# 下面用两种方法读取重叠两列的行。

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
print(f"行数 {len(hard)}，读法不同的行数 {changed}")
print(f"每个数字的错误率，贪心：{rates['greedy']:.1%}，宽度 4：{rates['beam']:.1%}")
print(f"有符号概率超过 90% 的列所占的比例 {sure / columns:.0%}")
print(f"最佳对齐在其标签的概率中所占的份额 {np.median(best):.0%}（中位数）")
assert abs(rates["greedy"] - rates["beam"]) < 0.06
assert changed < len(hard) / 3
assert sure > columns / 2

# %% [markdown]
# 束搜索只改变少数几行的读法；由此引起的错误率变化，比重叠造成的小得多。
# 网络对大多数列都很确定，因此两种解码只可能在其余的列上不同。
# 如果还有语言模型（language model）参与，束搜索的作用会更大；而数字的顺序是随机的，没有语言模型可用。
#
# ## 各列上的回答 { #errors }
#
# 下面看一行：上图是各列的像素，下图是每一列上各个数字的概率。
# 空白没有画出。

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
below.set(yticks=range(10), xlim=above.get_xlim(), xlabel="列", ylabel="数字")
below.xaxis.label.set_color(TIME)
below.spines[:].set(visible=True, color=LINE)
truth, read = (
    " ".join(str(label - 1) for label in labels) for labels in (shown.labels.tolist(), answer)
)
show(figure, f"一行数字 {truth}，下方是各列上每个数字的概率，读出 {read}")
print("实际", truth)
print("读出", read)
says = (seen.argmax(1) != BLANK).sum().item()
print(f"列数 {len(seen)}，数字概率最大的列数 {says}，读出的数字个数 {len(answer)}")

# %% [markdown]
# 网络的回答呈尖峰状：只在少数几列是数字，其间都是空白。
# 对损失来说这就够了，因为数字旁边有多少个空白都会被去掉。
# 因此，尖峰说明那里有一个数字，却没有指出这个数字从哪里开始、到哪里结束。
#
# ## 读你自己写的数字 { #demo }
#
# 把三个网络中的第一个交给网页，再加上它的测试段写成的几行。

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
# 现在请自己写几个数字，看网络逐列读取。
# 网页运行的就是这个网络，权重舍入到 float16。
# 网络没有见过你的笔迹，而且网页只把你写的数字缩放到一行的高度，数据中的数字则是逐个拉伸并校正倾斜的。
# 因此，错误会比测试时多。
#
# <div class="widget" id="digit-reader"><digit-reader weights="digit-rows.json"></digit-reader>
# <p>启用脚本时，这里有一块画板，并显示网络在每一列的回答。上面的图是一个记录下来的例子。</p></div>
#
# 在每一列，两个方向的状态都参与回答：正向的一层读过这一列及其左边的各列，反向的一层读过这一列及其右边的各列。
# 因此，网络要有完整的一行，才能给出第一列的回答。

# %% [markdown]
# ## 选择的依据 { #choices }
#
# 下表是事先记录的，不是在这里计算的；运行 `python -m benchmarks.labs.digit_rows` 可以得到它，需要几分钟。
# 表中是*验证集*上的错误率，对三种划分以及间隔 2、−1、−2 取平均。
#
# | 隐藏状态维度 | 方向数 | 更新次数 | 学习率 | 错误率 | 各划分 |
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
# 上面三个网络用的是第二行的设置。
# 训练更久，错误率更低，但耗时也更长，因此实验没有这样做。
# 更新次数相同时，只用一个方向的错误率是两个方向的两倍以上。
#
# ## 结果 { #results }

# %% [markdown] tags=["claim"]
# **结果：间隔清楚时，切分略逊于 CTC；重叠一列时，切分的错误多得多**

# %% tags=["claim"]
mean = {
    name: dict(zip(GAPS, table.mean(1).tolist(), strict=True)) for name, table in errors.items()
}
assert abs(mean["network"][2] - mean["cut"][2]) < 0.08
assert mean["network"][-1] + 0.05 < mean["cut"][-1]
assert mean["network"][2] < 0.2

# %% [markdown]
# ## 练习 { #exercises }
#
# 1. 目标是两个不同的标签，共有五个时间步，对齐有多少个？
#    请只用 `ctc_loss` 来数。

# %% [markdown] tags=["solution"]
# **解答**
#
# 让所有符号的概率都等于 $1/C$。
# 这样，每个对齐的概率都是 $C^{-T}$，用它去除概率之和，就得到对齐的个数。

# %% tags=["solution"]
uniform = torch.zeros(1, 5, 3, dtype=torch.float64).log_softmax(2)
loss = ctc_loss(uniform, torch.tensor([[1, 2]]), torch.tensor([5]), torch.tensor([2]))
number = math.exp(-loss.item()) * 3**5
counted = sum(ctc_collapse(path) == [1, 2] for path in itertools.product(range(3), repeat=5))
print(f"由损失算出 {number:.6f}，逐个列举 {counted}")
assert round(number) == counted

# %% [markdown]
# 2. 7 7 这一行至少需要多少列？7 1 呢？
#    列数不够时，损失是多少？

# %% [markdown] tags=["solution"]
# **解答**
#
# 两个不同的标签只需要两列。
# 两个相同的标签之间必须有一个空白，因此需要三列。
# 列数不够时，没有任何对齐能读成目标，概率为 0，损失为无穷大：训练前应当去掉这样的行。

# %% tags=["solution"]
for labels in ([8, 2], [8, 8]):
    for steps in (1, 2, 3):
        uniform = torch.zeros(1, steps, 11).log_softmax(2)
        pair = torch.tensor([labels]), torch.tensor([steps]), torch.tensor([2])
        loss = ctc_loss(uniform, *pair).item()
        print(f"标签 {labels}，列数 {steps}：损失 {loss:.2f}")
        assert math.isfinite(loss) == (steps >= 2 + (labels[0] == labels[1]))

# %% [markdown]
# 3. 训练时，每行只有一至三个数字。
#    让网络读取恰有 15 个数字的行。
#    错误率会变大吗？

# %% [markdown] tags=["solution"]
# **解答**
#
# 几乎不变：每个数字的错误率与短的行大致相同。
# 任何长度的行都使用同样的权重，而且长行中的数字与短行中的数字并无不同。

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
    print(f"每行 {size} 个数字 {rate:.1%}")
assert by_size[15] < by_size[3] + 0.06

# %% [markdown]
# 最后，恢复线程数。

# %%
give_back()

# %% [markdown]
# ## 下一步 { #next }
#
# 反向的一层先看到行尾，后看到行首；这对每个输出意味着什么，见[双向 RNN](../foundations/bidirectional.md)。
# 打包的原理见[变长序列](../sequences/unequal-length.md#packed)。
# 如果想读单个数字，并把两个网络比较到舍入误差为止，请看[第一个实验](digits.py)。

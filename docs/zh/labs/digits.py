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
#   digits: dnjofjof
#   need: mklfdoak
#   data: dedhhcie
#   model: haoegpbp
#   training: hbnklnhn
#   choices: hbaldgeb
#   check: onibeiof
#   test: ncndmafh
#   luck: cmlnlcfn
#   errors: pibkmkhg
#   rows: fkcjpapm
#   one-image: ilabnaob
#   results: jcfgiahk
#   exercises: fhdhhlkm
#   next: inlbjplg
# ---

# %% [markdown]
# # 逐行读数字 { #digits }
#
# 学完这个实验，你能训练一个循环神经网络（recurrent network），它的每行代码你都读过；还能把它与 PyTorch 的网络比较，并客观评价它的表现。
#
# ## 预备知识 { #need }
#
# 函数 `rnn` 见[多层双向 RNN](../foundations/deep-and-bidirectional.md)，“在舍入误差（rounding error）以内”的含义见[沿时间的线性层](../foundations/linear-layer-over-time.md#check)。
# 除了 PyTorch（`torch`），这个实验还需要 `scikit-learn`（数据和基线）、`matplotlib`（画图）和 `tqdm`（进度条）。
# 要在自己的环境里安装它们，请运行 `python -m pip install torch scikit-learn matplotlib tqdm ipykernel`。
# 实验不下载任何东西，训练在 CPU 上完成。

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
# 本课程的函数只用到两个。
# 在可以下载的 Notebook 里，这个位置放的是它们的源代码，因此不安装课程的包也能运行。

# %%
from rnn_tutorial import linear, rnn

# %% [markdown] tags=["note"]
# **图和表格的样式**
#
# 这一部分与循环神经网络无关，由所有实验共用；Notebook 里同样放有它的源代码。
# 颜色是本课程统一的颜色；此外，每幅图都附有一句说明，供看不到图的读者使用。
# 图中的文字以文本的形式保存，用读者自己的字体显示；所以，即使 matplotlib 自带的字体缺少某个字符（例如汉字），也不必给出警告。

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
    """画出至多十幅图像：像素值越大，墨色越浓。"""
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
# 这里的矩阵乘法规模很小，一个线程就够了；而且只用一个线程时，相加的顺序不会随线程的分工而变。
# 因此，这个实验只用一个线程计算，结束时再恢复线程数。
# PyTorch 有自己的线程数设置；NumPy 矩阵乘法的线程数则由 `threadpoolctl` 限制，这个包随 scikit-learn 一起安装。

# %%
give_threads_back = one_thread()

# %% [markdown]
# ## 数据 { #data }
#
# 数据是手写数字的图像，由 [E. Alpaydin 和 C. Kaynak（1998）](https://doi.org/10.24432/C50P49)扫描并缩小。
# 这些图像发布在 [UCI 机器学习数据库](https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits)，许可证是 [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)；scikit-learn [自带其中的测试部分](https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html)。

# %%
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32)
labels = torch.tensor(digits.target)
print("图像", tuple(images.shape), "标签", tuple(labels.shape))
print("像素值从", images.min().item(), "到", images.max().item())

# %% [markdown]
# 这个张量已经具有本课程的三个轴。
# 一幅图像就是一个序列，从上往下读：每一行是一个*时间步*（time step），因此 <em class="axis-t">T</em> 是行数。
# 一行的像素就是这个时间步的输入特征，因此 <em class="axis-e">E</em> 是列数。
# 第一个轴 <em class="axis-n">N</em> 是图像的幅数。

# %%
first = [images[labels == digit][0] for digit in range(10)]
figure = digit_grid(first, "0123456789")
figure.axes[5].set_ylabel("T：行", color=TIME, labelpad=6)
figure.axes[5].set_xlabel("E：列", color=FEATURES, labelpad=6)
show(figure, "十幅手写数字的小图像，0 到 9 每类一幅")

# %% [markdown]
# 把图像分成三部分，每个数字在各部分中所占的比例都相同。
# 网络在*训练集*上训练，所有选择都依据*验证集*作出；*测试集*要等到不再有任何选择时才使用。


# %%
class Split(NamedTuple):
    """各部分图像的索引。"""

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
names = "训练集", "验证集", "测试集"
show_table(
    ["部分", "图像数"],
    [[name, str(len(part))] for name, part in zip(names, parts, strict=True)],
)

# %% [markdown]
# 接着将输入标准化：减去均值，再除以标准差。
# 均值和标准差都只用训练集计算：如果混入另外两部分，训练就提前用到了测试图像的信息。
# 所有像素共用同一个均值和同一个标准差，因为有些边缘像素在每幅图像中都相同，单独计算时标准差为 0。


# %%
def standardised(train: Tensor) -> Tensor:
    """用训练集的均值和标准差，将全部图像标准化。"""
    return (images - images[train].mean()) / images[train].std()


# %%
inputs = standardised(parts.train)
mean, deviation = inputs[parts.train].mean(), inputs[parts.train].std()
print(f"训练集：均值 {mean:.4f}，标准差 {deviation:.4f}")

# %% [markdown]
# 解读测试结果时，有一点要注意。
# 每位书写者都把每个数字写了许多遍，而数据文件没有标出各幅图像的书写者。
# 随机划分使同一个人的笔迹同时出现在三个部分中，因此，这个实验衡量的是网络识别*已知书写者的新数字*的能力。
# 对于新的书写者，预计准确率要低一些。
#
# ## 模型 { #model }
#
# 网络逐行读取图像，并保存一个隐藏状态（hidden state）：由 $H$ 个分量组成的向量。
# 读完最后一行时，每一行都已影响到这个状态；线性的输出层（head）再由它算出每个数字的得分。
# 输出层的输入只有最终状态（final state）：
#
# $$\mathrm{scores} = W\,h_T + b$$
#
# 这个网络要搭建两次。
# `Model` 包含两个网络共有的部分：一个由图像算出所有时间步状态的函数，一个输出层，以及要训练的参数。


# %%
class Model(NamedTuple):
    states: Callable[[Tensor], Tensor]  # (N, T, E) -> (N, T, H)
    head: Callable[[Tensor], Tensor]  # (N, H) -> (N, 10)
    parameters: list[Tensor]

    def scores(self, inputs: Tensor) -> Tensor:
        """由读完最后一行时的状态，给每幅图像分类。"""
        return self.head(self.states(inputs)[:, -1])


def with_torch(recurrent: nn.RNN, head: nn.Linear) -> Model:
    parameters = [*recurrent.parameters(), *head.parameters()]
    return Model(lambda x: recurrent(x)[0], head, parameters)


def by_hand(recurrent: nn.RNN, head: nn.Linear) -> Model:
    """用本课程自己的函数搭建，权重的初值是同一组权重的拷贝。"""
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
    """像 PyTorch 一样，随机初始化权重。"""
    torch.manual_seed(seed)
    return nn.RNN(8, hidden, batch_first=True).to(dtype), nn.Linear(hidden, 10).to(dtype)


# %%
ours, theirs = by_hand(*fresh(0)), with_torch(*fresh(0))
with torch.no_grad():
    print("状态", tuple(ours.states(inputs[:3]).shape))
    print("得分", tuple(ours.scores(inputs[:3]).shape))

# %% [markdown]
# ## 训练循环 { #training }
#
# 训练循环依次处理各个批量（batch），这里把它完整地写出来。
# 具体来说，每次更新都先比较得分与标签，再求梯度，最后稍稍调整参数。
# 下面三处细节有助于训练这个网络。
#
# - Adam 为每个参数单独调整步长。
# - 学习率沿余弦曲线降到 0：开始时更新幅度大，结束时更新幅度小。
# - 标签平滑使目标概率略低于 1。
#   图像这么少，网络足以记住整个训练集；有了标签平滑，得分就不会无限增大。
#
# 批量的顺序来自一个固定了随机种子的生成器，因此两个模型可以使用同样的批量。


# %%
def train(
    model: Model,
    inputs: Tensor,
    part: Tensor,
    rate: float,
    seed: int = 0,
    title: str = "",
) -> list[float]:
    """用一部分图像训练模型；返回每次更新的损失。"""
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
# ## 依据验证集选择 { #choices }
#
# 合适的学习率要通过尝试来确定；学习率的影响有多大，可以从下面的表中看出。
# 选择验证集损失最小的那个学习率。
# 如果选中的是所试范围的最小值或最大值，更好的学习率就可能在范围之外，因此函数遇到这种情况会抛出异常。
# 所试的学习率依次是前一个的 4 倍；[练习 4](#exercises) 讨论更细的网格会带来什么变化。
# 在这里，损失比准确率更适合作为选择的依据：每幅图像的得分都影响损失，而准确率只在某幅图像的分类改变时才变化。


# %%
@torch.no_grad()
def evaluate(model: Model, inputs: Tensor, part: Tensor) -> tuple[float, float]:
    """返回在一部分图像上的平均损失和准确率。"""
    scores = model.scores(inputs[part])
    hits = scores.argmax(dim=1) == labels[part]
    return cross_entropy(scores, labels[part]).item(), hits.float().mean().item()


class Trial(NamedTuple):
    rate: float
    loss: float  # 验证集上的损失；准确率也在验证集上计算
    accuracy: float
    model: Model


RATES = 0.0025, 0.01, 0.04


def try_rates(inputs: Tensor, parts: Split, seed: int, title: str = "") -> list[Trial]:
    """每个学习率训练一个网络；按验证集损失从小到大排列。"""
    trials = []
    for rate in RATES:
        model = with_torch(*fresh(seed))
        train(model, inputs, parts.train, rate, seed, title and f"{title} {rate}")
        trials.append(Trial(rate, *evaluate(model, inputs, parts.validation), model))
    trials.sort(key=lambda trial: trial.loss)
    assert min(RATES) < trials[0].rate < max(RATES), "最好的值可能在范围之外：请增加学习率"
    return trials


# %%
trials = try_rates(inputs, parts, seed=0, title="η =")
rate = trials[0].rate

# %% tags=["folded"]
print(f"选定：{rate}")
show_table(
    ["学习率", "验证集损失", "验证集准确率"],
    [[f"{trial.rate}", f"{trial.loss:.3f}", f"{trial.accuracy:.1%}"] for trial in trials],
)

# %% [markdown]
# 要评价结果，还需要一个对照。
# 这里的基线是逻辑回归，它的输入是全部像素。
# 逻辑回归不区分行，只有一个超参数要选，即正则化强度，选择的方法与上面相同。


# %%
def choose_baseline(inputs: Tensor, parts: Split) -> LogisticRegression:
    """返回验证集损失最小的逻辑回归模型。"""
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
print(f"选定：C = {baseline.C}")

# %% [markdown]
# ## 两条相同的损失曲线 { #check }
#
# 现在训练两个模型：权重的初值相同，批量相同，学习率取上面选出的值。

# %%
curves = {
    "ours": train(ours, inputs, parts.train, rate, title="rnn"),
    "nn.RNN": train(theirs, inputs, parts.train, rate, title="nn.RNN"),
}

# %% [markdown]
# 两条曲线相同吗？
# 第一个损失由相等的权重经过一次前向传播得到，因此误差界可以比本课程通常的 $16\varepsilon$ 更紧，取 $8\varepsilon$，其中 $\varepsilon$ 是机器精度（machine epsilon）。
# 此后，两个模型各自训练。
# 每个模型都把自己的舍入误差带进下一次更新，而梯度小的地方，优化器的除数也小。
# 因此，每次更新允许 $8\varepsilon$ 的误差：$k$ 次更新之后，两个损失之差不应超过 $8\,k\,\varepsilon$。
# 这个误差界只有在训练不放大误差时才成立；误差是否放大，可以从下面的图中看出。
# 如果两个模型除舍入误差之外还有别的差异，在 float64 下就会显露出来，因为 float64 的机器精度小得多。因此，两个模型在 float64 下也各训练一遍。

# %%
wide = [build(*fresh(0, torch.float64)) for build in (by_hand, with_torch)]
pairs = {
    torch.float32: (curves["ours"], curves["nn.RNN"]),
    torch.float64: [train(model, inputs.double(), parts.train, rate) for model in wide],
}

# %% [markdown] tags=["claim"]
# **断言：训练本课程的 `rnn`，损失曲线与 `nn.RNN` 的一致（舍入误差以内）**

# %% tags=["claim"]
differences = {}
for dtype, (mine, reference) in pairs.items():
    steps = torch.arange(1, len(mine) + 1)
    bound = 8 * steps * torch.finfo(dtype).eps
    difference = torch.from_numpy(np.subtract(mine, reference)).abs()
    assert (difference <= bound).all()
    assert difference.max() < bound[-1] / 10  # 训练没有放大误差
    differences[dtype] = difference

# %% tags=["folded"]
show_table(
    ["数据类型", "第一个损失的误差", "最大误差", "结束时的误差界"],
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
    label="本课程的 rnn",
)
above.plot(epochs, per_epoch["nn.RNN"].mean(1), color=INK, linestyle=":", label="nn.RNN")
above.set(ylabel="每轮的平均损失", ylim=(0, None), xticks=range(0, 21, 5))
above.legend(frameon=False)
for (dtype, found), color in zip(differences.items(), (HIDDEN, INK), strict=True):
    name = str(dtype).removeprefix("torch.")
    largest = found.cummax(0).values.reshape(20, -1)[:, -1]
    bound = 8 * torch.finfo(dtype).eps * len(found) / 20 * epochs
    below.plot(epochs, largest, color=color, label=name)
    below.plot(epochs, bound, color=color, linestyle="--", label=f"误差界，{name}")
    below.text(20, largest[-1] / 2, name, color=color, ha="right", va="top")
    below.text(20, bound[-1] * 1.5, f"误差界，{name}", color=color, ha="right", va="bottom")
below.set(xlabel="训练轮次", ylabel="最大误差", yscale="log", ylim=(1e-18, 1e-1))
below.set(xticks=range(0, 21, 5), yticks=[1e-15, 1e-11, 1e-7, 1e-3])
below.set_yticklabels(["10⁻¹⁵", "10⁻¹¹", "10⁻⁷", "10⁻³"])
below.minorticks_off()
for ax in (above, below):
    ax.grid()
show(
    figure,
    "上图：两个模型的损失曲线一同下降，彼此重合。"
    "下图（对数坐标）：两个损失到目前为止的最大误差保持平稳，远低于误差界，"
    "float32 如此，float64 也如此，只是小了许多个数量级",
)

# %% [markdown]
# 两条曲线重合，误差也随机器精度一同缩小，这正是只有舍入误差时的情形。
# 两个模型的结果如此接近，可以互相代替：从这里起，`ours` 同时代表两者。
#
# ## 测试 { #test }
#
# 各项选择都已确定，现在可以使用测试集。

# %%
rows = {}
pixels = inputs.flatten(1)
for name, model in (("ours", ours), ("nn.RNN", theirs)):
    rows[name] = [evaluate(model, inputs, part)[1] for part in parts]
rows["baseline"] = [baseline.score(pixels[part], labels[part]) for part in parts]
size = len(parts.test)
right, right_baseline = (round(rows[name][2] * size) for name in ("ours", "baseline"))
assert abs(right - right_baseline) < 10
print(f"测试图像：{size}")
print(f"网络读对：{right}，基线读对：{right_baseline}")
show_table(
    ["准确率", *names],
    [
        [name, *(f"{accuracy:.1%}" for accuracy in row)]
        for name, row in zip(("本课程的 rnn", "nn.RNN", "基线"), rows.values(), strict=True)
    ],
)

# %% [markdown]
# 网络比基线更好吗？
# 回答之前先看读对的幅数：测试集有几百幅图像，而两者只相差几幅。
# 换一种划分，测试集就由另一些图像组成，因此一次划分不足以下结论。
#
# ## 多次划分：排除偶然 { #luck }
#
# 再划分四次，每次都从头做起：划分、标准化、依据验证集选择、训练、测试一次。
# 这里只训练 `nn.RNN`：前面已经看到，两者的损失曲线相同。


# %%
def compare(seed: int) -> tuple[int, int, int]:
    """统计测试图像：网络读对的幅数、基线读对的幅数、总数。"""
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
named = dict(enumerate(results)) | {"合计": totals}
show_table(
    ["划分", "RNN", "基线", "领先幅数"],
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
# 最后一列以测试图像的幅数计。
# 所有划分合计，网络略微领先。
# 这个结果可信，但并不惊人：图像这么小，以像素为输入的线性模型很难超过。
#
# 此外，只保存一个状态会损失信息吗？
# 这里的状态有 128 个分量，而一幅图像有 64 个像素，足以容纳整幅图像。
# 减小隐藏状态维度（`hidden_size`），准确率就会下降。

# %%
reads = {}
for hidden in (128, 32, 16):
    narrow = with_torch(*fresh(0, hidden=hidden))
    train(narrow, inputs, parts.train, rate)
    reads[hidden] = evaluate(narrow, inputs, parts.validation)[1]

# %% tags=["folded"]
for hidden, read in reads.items():
    print(f"H = {hidden:3}：验证集的 {read:.1%} 读对")

# %% [markdown]
# ## 错误分析 { #errors }
#
# 混淆矩阵按实际数字和网络的预测，统计测试图像的幅数。
# 每行对应一个实际数字，每列对应一种预测；对角线以外的都是错误。

# %%
with torch.no_grad():
    answers = ours.scores(inputs[parts.test]).argmax(dim=1)
truth = labels[parts.test]
matrix = confusion_matrix(truth, answers)
print(f"{matrix.sum() - matrix.trace()} 幅读错，测试集共 {matrix.sum()} 幅图像")

# %% tags=["folded"]
figure = Figure(figsize=(520 / 72, 400 / 72))
ax = figure.add_axes((0.16, 0.13, 0.7, 0.85))
tints = np.zeros((10, 10, 4))
for i, j in np.argwhere(matrix):
    tints[i, j] = (*to_rgb(HIDDEN if i == j else ERROR), 0.4 if i == j else 0.3)
    ax.text(j, i, str(matrix[i, j]), ha="center", va="center_baseline")
ax.imshow(tints)
ax.set(xticks=range(10), yticks=range(10), xlabel="网络的预测", ylabel="实际数字")
ax.tick_params(length=0)
ax.spines[:].set(visible=True, color=LINE)
show(
    figure,
    f"混淆矩阵：{matrix.trace()} 幅测试图像在对角线上，共 {matrix.sum()} 幅图像",
)

# %% [markdown]
# 读错的图像如下，最多列出前十幅。
# 每幅图像上方，箭头前是实际数字，箭头后是网络的预测。

# %% tags=["folded"]
wrong = (answers != truth).nonzero()[:, 0][:10]
figure = digit_grid(
    images[parts.test][wrong],
    [f"{truth[index]} → {answers[index]}" for index in wrong],
)
show(
    figure,
    "读错的测试图像，每幅上方是实际数字和网络的预测："
    + ", ".join(f"{truth[index]} 读成 {answers[index]}" for index in wrong),
)

# %% [markdown]
# 其中有几幅，人也可能读错。
#
# ## 各行包含的信息 { #rows }
#
# 所有时间步的状态都已算出，因此可以考察：读完一行、两行以至更多行之后，状态里各有多少信息。
# 考察的方法有两种。
#
# - 把读完 $t$ 行时的状态交给训练好的输出层，而训练输出层时只用了最终状态。
# - 把读完 $t$ 行时的状态交给一个*探针*（probe），即专为这个时间步在训练集上训练的线性分类器，网络本身保持不变。
#
# 作为对照，再用前 $t$ 行的像素做逻辑回归。

# %%
with torch.no_grad():
    states = ours.states(inputs)
    by_head = [
        (ours.head(states[parts.test, t]).argmax(dim=1) == truth).float().mean().item()
        for t in range(8)
    ]


def probe(features: Tensor) -> float:
    """用训练集训练一个线性分类器；返回测试集准确率。"""
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
ax.plot(steps, by_probe, "o-", color=HIDDEN, linewidth=2, label="状态上的探针")
ax.plot(
    steps,
    by_pixels,
    "s--",
    color=INK,
    linewidth=1.5,
    label="同样几行的像素",
)
ax.plot(steps, by_head, "^-.", color=ERROR, linewidth=1.5, label="训练好的输出层")
ax.axhline(0.1, color=MUTED, linewidth=1, linestyle=":")
ax.text(8, 0.115, "随机猜测", color=MUTED, ha="right", va="bottom")
ax.set(xlabel="已读行数", ylabel="测试集准确率", ylim=(0, 1), xticks=steps)
ax.set(yticks=[0, 0.25, 0.5, 0.75, 1], yticklabels=["0%", "25%", "50%", "75%", "100%"])
ax.legend(frameon=False)
ax.grid()
show(
    figure,
    "测试集准确率随已读行数的变化。探针与像素的准确率很早就一同上升；"
    "训练好的输出层在前几行接近随机猜测，直到最后才赶上",
)

# %% tags=["folded"]
show_table(
    ["已读行数", "训练好的输出层", "探针", "像素"],
    [
        [str(t), *(f"{accuracy:.1%}" for accuracy in row)]
        for t, row in enumerate(zip(by_head, by_probe, by_pixels, strict=True), 1)
    ],
)
assert all(head < 0.25 for head in by_head[:6])
assert all(abs(probe - pixel) < 0.06 for probe, pixel in zip(by_probe, by_pixels, strict=True))

# %% [markdown]
# 探针的结果说明状态里有多少可用的信息：从第一行起，就与已读像素中的信息大致一样多。
# 训练好的输出层则不同。
# 输出层只用最终状态训练，因此在读到最后几行之前，它的准确率并不比合理的猜测高多少。
# 可见，状态里有信息，不等于输出层能用上这些信息。
# 如果中途就需要答案，应当按这一要求训练：把所有时间步的损失相加。
#
# ## 逐行读一幅图像 { #one-image }
#
# 下面看一幅图像，即测试集的第一幅。
# 每读完一行，训练好的输出层就由状态算出得分，`softmax` 再把得分换算成概率。
# `keep` 把权重和几幅测试图像交给本实验的页面；在那里，网络可以读取你手写的数字。

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
print("实际数字：", labels[shown[0]].item())
show_table(
    ["已读行数", "预测", "概率"],
    [
        [f"{t}", f"{digit}", f"{chance:.0%}"]
        for t, (digit, chance) in enumerate(zip(says, chances, strict=True), 1)
    ],
)

# %% [markdown] tags=["demo"]
# 现在，请你自己写一个数字。
# 页面运行的就是上面训练的网络，权重舍入为 float16。
# 网络没有见过你的笔迹，因此读错的比例很可能高于测试集。
#
# <div class="widget" id="digit-states"><digit-states weights="digits.json"></digit-states>
# <p>启用脚本后，这里有一块画板，并显示读完每一行时的状态。上面的表格是事先记录的例子。</p></div>
#
# 数据由[规范化的位图](https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits)得到；页面按照数据图像呈现的规格，转换你写的数字。
# 具体来说，先拉伸到 32 行、约 20 列，再作水平错切，使第一行和最后一行的左端上下对齐，最后选取适当的笔画粗细，使墨量等于数据中图像的平均墨量。
# 此后与数据一样，每个像素是一个 $4 \times 4$ 方块中墨点的个数。

# %% [markdown]
# ## 结果 { #results }

# %% [markdown] tags=["claim"]
# **结果：本课程的 `rnn` 与 `nn.RNN` 的预测相同；五次划分合计，网络读对的测试图像比基线多**

# %% tags=["claim"]
with torch.no_grad():
    assert torch.equal(answers, theirs.scores(inputs[parts.test]).argmax(dim=1))
assert rows["ours"][2] > 0.95
assert len(results) == 5
assert totals[0] > totals[1]
print(f"五次划分的测试图像：{totals[2]}")
print(f"网络读对：{totals[0]}，基线读对：{totals[1]}")

# %% [markdown]
# ## 练习 { #exercises }
#
# 1. 在第一次更新之前，网络还没有经过任何训练。
#    此时的损失应当是多少？损失曲线是从这个值开始的吗？

# %% [markdown] tags=["solution"]
# **解答**
#
# 共有十个数字，如果每个数字的概率都是 $1/10$，每幅图像的损失就是 $\ln 10$。
# 权重的初值虽小，却不是 0，因此第一个损失接近 $\ln 10$，但并不相等。

# %% tags=["solution"]
print(f"ln 10 = {math.log(10):.3f}，第一个损失 = {curves['ours'][0]:.3f}")
assert abs(curves["ours"][0] - math.log(10)) < 0.2

# %% [markdown]
# 2. 网络和基线各有多少个参数？
#    如果图像的行数增加，哪一个的参数会变多？

# %% [markdown] tags=["solution"]
# **解答**
#
# 网络读取每一行都用同一组权重，因此行数增加时不需要更多参数。
# 而基线对每个像素和每个数字各有一个权重，因此图像越大，参数越多。

# %% tags=["solution"]
print("网络的参数量", sum(parameter.numel() for parameter in ours.parameters))
print("基线的参数量", baseline.coef_.size + baseline.intercept_.size)

# %% [markdown]
# 3. 打乱各行的顺序，所有图像都按同样的方式打乱。
#    逻辑回归的准确率会因此改变吗？
#    网络的准确率呢？

# %% [markdown] tags=["solution"]
# **解答**
#
# 对逻辑回归来说，像素只是表格的各列，列的顺序无关紧要。
# 对网络来说，序列变了，但所有图像的打乱方式相同，因此网络在新序列上的表现与原来相差不大。
# 两者都不要求相邻的行仍然相邻。

# %% tags=["solution"]
order = torch.randperm(8, generator=torch.Generator().manual_seed(0))
shuffled = inputs[:, order]
network = with_torch(*fresh(0))
losses = train(network, shuffled, parts.train, rate)
accuracy = evaluate(network, shuffled, parts.validation)[1]

# %% tags=["solution"]
print(f"验证集准确率，打乱后：{accuracy:.1%}，原顺序：{rows['ours'][1]:.1%}")
assert abs(accuracy - rows["ours"][1]) < 0.03

# %% [markdown]
# 4. 试过的几个学习率间隔很大。
#    在第一次划分中，如果再试两个中间的学习率，依据验证集损失会选哪一个？改用选出的学习率，网络在这次划分中还领先吗？

# %% [markdown] tags=["solution"]
# **解答**
#
# 依据验证集损失，会选较大的学习率；而用这个学习率训练，网络在这次划分中读对的测试图像比基线少。
# 因此，在一次划分中哪个模型领先，取决于试过哪些学习率；要确认这么小的领先，需要多次划分，或者更大的测试集。

# %% tags=["solution"]
others = {}
for other in (0.005, 0.02):
    model = with_torch(*fresh(0))
    train(model, inputs, parts.train, other)
    loss, _ = evaluate(model, inputs, parts.validation)
    others[other] = loss, round(evaluate(model, inputs, parts.test)[1] * size)

# %% tags=["solution"]
for other, (loss, read) in others.items():
    print(f"学习率 {other}：验证集损失 {loss:.3f}，读对的测试图像 {read}")
print(f"学习率 {rate}：验证集损失 {trials[0].loss:.3f}，读对的测试图像 {right}")
assert loss < trials[0].loss

# %% [markdown]
# 最后，恢复线程数。

# %%
give_threads_back()

# %% [markdown]
# ## 下一步 { #next }
#
# 你已经训练了第一部分搭建的网络，并把它与 PyTorch 的网络作了比较。
# 如果对网络的搭建还有疑问，请回到[多层双向 RNN](../foundations/deep-and-bidirectional.md)。
# 如果想进一步了解比较所用的误差界，请读[“零误差”意味着什么](../numbers/zero-difference.md)。

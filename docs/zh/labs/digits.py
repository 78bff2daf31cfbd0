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
#   need: behlokfd
#   data: mabanmei
#   model: fkbcekch
#   training: aiilfncb
#   choices: elplbpmh
#   check: fpldmfmm
#   test: cdmcgkch
#   luck: indofloi
#   errors: pibkmkhg
#   rows: inbjhbgp
#   results: jcfgiahk
#   exercises: oimdppng
#   next: inlbjplg
# ---

# %% [markdown]
# # 逐行读数字 { #digits }
#
# 做完这个实验，你能训练一个循环神经网络，它的每一行代码你都读过；把它与 PyTorch 的网络比较，并如实评价它的表现。
#
# ## 预备知识 { #need }
#
# 你从[多层与双向](../foundations/deep-and-bidirectional.md)认识了函数 `rnn`，也从[沿时间的线性层](../foundations/linear-layer-over-time.md#check)知道了“在舍入误差以内”是什么意思。
# 除了 PyTorch（`torch`），这个实验还用 `scikit-learn` 提供数据和基线，用 `matplotlib` 画图，用 `tqdm` 显示进度条。
# 要在你自己的环境里安装它们，运行 `python -m pip install torch scikit-learn matplotlib tqdm ipykernel`。
# 实验不下载任何东西，训练在 CPU 上完成。

# %%
import io
import math
import sys
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from IPython.display import SVG, Markdown, display
from matplotlib import rcParams
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

# %% [markdown]
# 课程中的函数，你只需要两个。
# 可以下载的 Notebook 里，这个位置放的是它们的源代码，所以不装课程的包也能运行。

# %%
from rnn_tutorial import linear, rnn

# %% [markdown] tags=["note"]
# **这个实验的图和表格是怎么画的**
#
# 这里的内容与循环神经网络无关。
# 颜色是本课程统一的颜色；每幅图都附一句话，写给看不见图的读者。

# %% tags=["note"]
INK, MUTED, LINE, PAPER = "#23262d", "#5d6470", "#c9ccd3", "#ffffff"
HIDDEN, ERROR = "#1f5fbf", "#b5452f"  # 本课程中隐藏特征用蓝色
TIME, FEATURES = (
    "#8f5a00",
    "#22763a",
)  # 时间轴用琥珀色，输入特征用绿色
rcParams.update(
    {
        "axes.edgecolor": MUTED,
        "axes.grid.axis": "y",
        "axes.labelcolor": INK,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "figure.dpi": 72,
        "figure.facecolor": PAPER,
        "font.size": 13.5,
        "grid.color": LINE,
        "image.interpolation": "none",
        "savefig.facecolor": PAPER,
        "svg.fonttype": "none",
        "svg.hashsalt": "digits",
        "text.color": INK,
        "xtick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.color": MUTED,
        "ytick.labelcolor": INK,
    }
)


def show(figure: Figure, alt: str) -> None:
    """Display a figure as SVG; its title says what is seen."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Title": alt, "Date": None})
    display(SVG(buffer.getvalue()))


def show_table(header: list[str], rows: list[list[str]]) -> None:
    """Display a table, its first column aligned left and the others right."""
    rule = [":--", *["--:"] * (len(header) - 1)]
    display(Markdown("\n".join(f"| {' | '.join(row)} |" for row in [header, rule, *rows])))


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
# 矩阵这么小，一个线程就够了，相加的顺序也不会随线程的分工而变。
# 所以这个实验只用一个线程计算，结束时再把其余的还回去。
# PyTorch 自己管理线程数；NumPy 的矩阵乘法由 `threadpoolctl` 限制，它随 scikit-learn 一起安装。

# %%
threads = torch.get_num_threads()
torch.set_num_threads(1)
limits = threadpool_limits(1)

# %% [markdown]
# ## 数据 { #data }
#
# 图像是手写数字，由 [E. Alpaydin 和 C. Kaynak（1998）](https://doi.org/10.24432/C50P49)扫描并缩小。
# 它们发布在 [UCI 机器学习数据库](https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits)，许可证是 [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)；scikit-learn [自带其中的测试部分](https://scikit-learn.org/stable/modules/generated/sklearn.datasets.load_digits.html)。

# %%
digits = load_digits()
images = torch.tensor(digits.images, dtype=torch.float32)
labels = torch.tensor(digits.target)
print("images", tuple(images.shape), "labels", tuple(labels.shape))
print("pixels from", images.min().item(), "to", images.max().item())

# %% [markdown]
# 这个张量已经具有本课程的三个轴。
# 一幅图像就是一个序列，从上往下读：每一行是一个*时间步*，所以 <em class="axis-t">T</em> 就是行数。
# 一行的像素是这一步的输入特征，所以 <em class="axis-e">E</em> 就是列数。
# 第一个轴 <em class="axis-n">N</em> 数的是图像。

# %%
first = [images[labels == digit][0] for digit in range(10)]
figure = digit_grid(first, "0123456789")
figure.axes[5].set_ylabel("T: rows", color=TIME, labelpad=6)
figure.axes[5].set_xlabel("E: columns", color=FEATURES, labelpad=6)
show(figure, "Ten small images of handwritten digits, one of each class from 0 to 9")

# %% [markdown]
# 把图像分成三部分，每个数字在各部分中的比例都相同。
# 网络从*训练集*学习，要作的选择都依据*验证集*，*测试集*等到再没有什么可选时才看。


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
show_table(
    ["part", "images"],
    [[name, str(len(part))] for name, part in parts._asdict().items()],
)

# %% [markdown]
# 把输入变到通常的尺度：减去均值，再除以标准差。
# 两者都只由训练集算出：混入了另外两部分，测试所用的就不再是没见过的图像了。
# 所有像素共用一个均值和一个标准差，因为有些边缘像素在每幅图像中都相同，它们自己的标准差会是零。


# %%
def standardised(train: Tensor) -> Tensor:
    """Scale all images with the statistics of the training part."""
    return (images - images[train].mean()) / images[train].std()


inputs = standardised(parts.train)
print("training part: mean", f"{inputs[parts.train].mean():.4f}", end=", ")
print("standard deviation", f"{inputs[parts.train].std():.4f}")

# %% [markdown]
# 测试能告诉你什么，有一点要注意。
# 写下这些数字的人，每个数字都写了许多遍，而文件没有说明哪个是谁写的。
# 随机划分会让同一个人的笔迹出现在全部三个部分里，所以这个实验衡量的，是网络把*已知书写者新写的数字*读得有多好。
# 换成新的书写者，就不能指望这么好。
#
# ## 模型 { #model }
#
# 网络读取所有的行，始终只保持一个状态，也就是由 $H$ 个隐藏特征组成的向量。
# 读完最后一行，状态已包含整幅图像的信息，线性的输出层再由它给每个数字算出一个得分。
# 输出层得到的只有这最后一个状态：
#
# $$\mathrm{scores} = W\,h_T + b$$
#
# 这个网络你要搭建两次。
# `Model` 装的是两者共有的东西：一个由图像算出所有步状态的函数，一个输出层，还有要训练的参数。


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


ours, theirs = by_hand(*fresh(0)), with_torch(*fresh(0))
with torch.no_grad():
    print("states", tuple(ours.states(inputs[:3]).shape))
    print("scores", tuple(ours.scores(inputs[:3]).shape))

# %% [markdown]
# ## 训练循环 { #training }
#
# 训练就是对各个批量的循环，这里把它完整地写出来。
# 它比较得分与标签，求出梯度，再把参数移动一点。
# 有三处细节对这个网络有帮助。
#
# - Adam 给每个参数各自的步长。
# - 学习率沿余弦曲线降到零：开始时步子大，结束时步子细。
# - 标签平滑只要求网络给出略低于百分之百的把握。
#   图像这么少，网络能把训练集背下来；有了平滑，得分就不会无止境地增大。
#
# 批量的顺序来自一个带随机种子的生成器，这样两个模型可以看到同样的批量。


# %%
def progress(steps: int, title: str) -> tqdm:
    """Count to `steps`, and show how far it is."""
    style = "{desc:<19} {percentage:3.0f}% |{bar:12}| {n_fmt}/{total_fmt}"
    return tqdm(range(steps), title, file=sys.stdout, bar_format=style)


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
# ## 依据验证集选择 { #choices }
#
# 好的学习率要试几个才能找到，它的影响有多大，下面的表会告诉你。
# 取验证集上损失最小的那个。
# 如果它正好是试过的最小或最大的一个，最好的值就可能在范围之外，所以函数不接受这样的选择。
# 这几个学习率依次相差四倍；[练习 4](#exercises) 问的是更细的网格会改变什么。
# 在这里，损失比准确率更适合作评判：任何一幅图像都会使它变化，而准确率只有在某幅图像越过分界线时才变。


# %%
@torch.no_grad()
def evaluate(model: Model, inputs: Tensor, part: Tensor) -> tuple[float, float]:
    """Return the mean loss and the accuracy on a part."""
    scores = model.scores(inputs[part])
    hits = scores.argmax(dim=1) == labels[part]
    return cross_entropy(scores, labels[part]).item(), hits.float().mean().item()


class Trial(NamedTuple):
    rate: float
    loss: float  # 验证集上的损失，准确率也一样
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


trials = try_rates(inputs, parts, seed=0, title="learning rate")
rate = trials[0].rate

# %% tags=["folded"]
print(f"chosen: {rate}")
show_table(
    ["learning rate", "validation loss", "validation accuracy"],
    [[f"{trial.rate}", f"{trial.loss:.3f}", f"{trial.accuracy:.1%}"] for trial in trials],
)

# %% [markdown]
# 有了结果，还要有东西与它对比。
# 基线是同时用上所有像素的逻辑回归。
# 它没有行的概念，只有一个数要选，即正则化的强度：用同样的办法来选。


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


baseline = choose_baseline(inputs, parts)
print(f"chosen: C = {baseline.C}")

# %% [markdown]
# ## 两次得到同一条曲线 { #check }
#
# 现在训练两个模型：权重的初值相同，批量相同，学习率用选出的那个。

# %%
curves = {
    "ours": train(ours, inputs, parts.train, rate, title="ours"),
    "nn.RNN": train(theirs, inputs, parts.train, rate, title="nn.RNN"),
}

# %% [markdown]
# 两条曲线相同吗？
# 第一个损失由相等的权重经过一次前向传播得到，所以误差界可以比本课程通常的十六倍更紧：机器精度的八倍。
# 从那以后，两个模型各自训练。
# 每个模型都把自己的舍入误差带进下一次更新，而梯度小的地方，优化器的除数也小。
# 所以每次更新允许机器精度的八倍：$k$ 次更新之后，两个损失最多可以相差 $8\,k\,\varepsilon$。
# 只有训练不会把误差放大，这个误差界才站得住；会不会放大，下面的图会告诉你。
# 假如两个模型除舍入之外还有别的不同，在 float64 下就会显露出来，因为那里的机器精度小得多：所以在 float64 下也把两个都训练一遍。

# %%
wide = [build(*fresh(0, torch.float64)) for build in (by_hand, with_torch)]
pairs = {
    torch.float32: (curves["ours"], curves["nn.RNN"]),
    torch.float64: [train(model, inputs.double(), parts.train, rate) for model in wide],
}

# %% [markdown] tags=["claim"]
# **断言：课程的 `rnn` 在训练中沿着 `nn.RNN` 的损失曲线走（舍入误差以内）**

# %% tags=["claim"]
differences = {}
for dtype, (mine, reference) in pairs.items():
    steps = torch.arange(1, len(mine) + 1)
    bound = 8 * steps * torch.finfo(dtype).eps
    difference = torch.from_numpy(np.subtract(mine, reference)).abs()
    assert (difference <= bound).all()
    assert difference.max() < bound[-1] / 10  # 训练没有把它放大
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
# 两条曲线重合，误差也随机器精度一同缩小，只有舍入误差时正是这样。
# 两个模型相符到这种程度，就可以互相代替：从这里起，`ours` 代表它们两个。
#
# ## 测试 { #test }
#
# 已经没有什么要选的了，现在可以看测试集。

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
    ["accuracy", "train", "validation", "test"],
    [[name, *(f"{accuracy:.1%}" for accuracy in row)] for name, row in rows.items()],
)

# %% [markdown]
# 网络更好吗？
# 先看个数，再回答：两者只差几幅图像，而测试集有几百幅。
# 换一次划分，测试集里就是另一些图像，所以单凭一次划分定不下来。
#
# ## 是运气吗？ { #luck }
#
# 再划分四次，每次都从头做一遍：划分，缩放，依据验证集选择，训练，测试一次。
# 这里由 `nn.RNN` 来完成：你已经看到，它的训练沿着同一条曲线。


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


results = [(right, right_baseline, size)]
results += [compare(1 + number) for number in progress(4, "more splits")]

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
# 最后一列按测试图像的幅数计。
# 把所有划分合在一起，网络领先，但只领先一点。
# 这个结果诚实，也平常：图像这么小，用像素的线性模型就很难超过。
#
# 只保持一个状态，会损失什么吗？
# 这里的状态有 128 个特征，而一幅图像有 64 个像素，整幅图像都装得下。
# 给网络的空间小一些，它就读得差一些。

# %%
for hidden in (128, 32, 16):
    narrow = with_torch(*fresh(0, hidden=hidden))
    train(narrow, inputs, parts.train, rate)
    read = evaluate(narrow, inputs, parts.validation)[1]
    print(f"H = {hidden:3}: {read:.1%} of the validation part")

# %% [markdown]
# ## 它错在哪里 { #errors }
#
# 混淆矩阵按“实际是什么”和“网络读成什么”统计测试图像的个数。
# 一行是一个数字，一列是一种回答；不在对角线上的就是错误。

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
# 它们就在下面，最多列出前十幅。
# 每幅图像上方，箭头前是它的类别，箭头后是网络读成的数字。

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
# 其中有几幅，你也会读错。
#
# ## 哪些行重要 { #rows }
#
# 所有步的状态都在手边，所以你可以问：读完一行、两行、更多行，网络分别知道了什么。
# 有两种问法。
#
# - 把读完 $t$ 行的状态交给训练好的输出层，它此前只见过读完最后一行的状态。
# - 把读完 $t$ 行的状态交给一个*探针*：专为这一步在训练集上训练的线性分类器，网络本身保持不变。
#
# 作为对照，再看这些行上的基线：用前 $t$ 行的像素做逻辑回归。

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
# 探针显示能从状态里读出什么：从第一行起，就与从读过的像素里读出的大致一样多。
# 训练好的输出层显示的是另一回事。
# 训练它时只用了最终状态，直到快要结束，它都不比好的猜测强。
# 知道和说得出来是两回事，对网络也是这样。
# 如果你中途就要答案，就按这个要求来训练：把所有步的损失加起来。
#
# ## 结果 { #results }

# %% [markdown] tags=["claim"]
# **结果：课程的 `rnn` 与 `nn.RNN` 给出同样的回答；五次划分合计，网络读对的测试图像比基线多**

# %% tags=["claim"]
with torch.no_grad():
    assert torch.equal(answers, theirs.scores(inputs[parts.test]).argmax(dim=1))
assert rows["ours"][2] > 0.95
assert len(results) == 5
assert totals[0] > totals[1]
print(f"test images of five splits: {totals[2]}")
print(f"read by the network: {totals[0]}, by the baseline: {totals[1]}")

# %% [markdown]
# ## 练习 { #exercises }
#
# 1. 在第一次更新之前，网络什么也不知道。
#    你预计损失是多少？曲线是从那里开始的吗？

# %% [markdown] tags=["solution"]
# **解答**
#
# 十个数字，每个的概率都给十分之一，一幅图像的损失就是 $\ln 10$。
# 权重的初值小但不为零，所以第一个损失接近这个数，却不等于它。

# %% tags=["solution"]
print(f"ln 10 = {math.log(10):.3f}, first loss = {curves['ours'][0]:.3f}")
assert abs(curves["ours"][0] - math.log(10)) < 0.2

# %% [markdown]
# 2. 网络有多少个参数，基线有多少个？
#    图像的行数增加，哪一个会变多？

# %% [markdown] tags=["solution"]
# **解答**
#
# 网络读每一行用的都是同样的权重，所以多几行也不需要更多参数。
# 基线对每个像素、每个数字各有一个权重：图像越大，权重越多。

# %% tags=["solution"]
print("network:", sum(parameter.numel() for parameter in ours.parameters))
print("baseline:", baseline.coef_.size + baseline.intercept_.size)

# %% [markdown]
# 3. 打乱各行的顺序，所有图像用同一种打乱。
#    这会改变逻辑回归的能力吗？
#    网络呢？

# %% [markdown] tags=["solution"]
# **解答**
#
# 在逻辑回归看来，像素就是表格的各列，什么顺序都行。
# 在网络看来，序列变了，但每幅图像打乱的方式都一样，新序列它学得也差不多一样好。
# 两者都不需要相邻的行仍然相邻。

# %% tags=["solution"]
order = torch.randperm(8, generator=torch.Generator().manual_seed(0))
shuffled = inputs[:, order]
network = with_torch(*fresh(0))
losses = train(network, shuffled, parts.train, rate)
accuracy = evaluate(network, shuffled, parts.validation)[1]
print(f"validation accuracy: {accuracy:.1%} shuffled, {rows['ours'][1]:.1%} in order")
assert abs(accuracy - rows["ours"][1]) < 0.03

# %% [markdown]
# 4. 试过的几个学习率相隔很远。
#    对第一次划分，验证集会更喜欢其间的哪一个？那样的话，网络在这次划分上还领先吗？

# %% [markdown] tags=["solution"]
# **解答**
#
# 验证集更喜欢大一些的学习率，而用了它，网络在这次划分上读对的测试图像比基线少。
# 所以单凭一次划分，谁领先取决于试了哪些学习率；这么小的领先，需要多次划分，或者更大的测试集。

# %% tags=["solution"]
for other in (0.005, 0.02):
    model = with_torch(*fresh(0))
    train(model, inputs, parts.train, other)
    loss, read = (
        evaluate(model, inputs, parts.validation)[0],
        evaluate(model, inputs, parts.test)[1],
    )
    print(f"rate {other}: validation loss {loss:.3f}, test images {round(read * size)}")
print(f"rate {rate}: validation loss {trials[0].loss:.3f}, test images {right}")
assert loss < trials[0].loss

# %% [markdown]
# 把线程还回去。

# %%
limits.restore_original_limits()
torch.set_num_threads(threads)

# %% [markdown]
# ## 下一步 { #next }
#
# 你训练了第一部分搭建的网络，顺便也与 PyTorch 的网络核对过。
# 如果你跳过了某一步，就回到[多层与双向](../foundations/deep-and-bidirectional.md)。
# 如果比起数字，你更关心比较用的误差界，就读[“零误差”意味着什么](../numbers/zero-difference.md)。

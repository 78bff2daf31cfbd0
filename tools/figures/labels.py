"""The labels of the figures in Chinese; names, symbols and numbers stay as they are drawn.

A label is written as the module that draws it writes it: s_{t-1} and x_t are set as subscripts.
"""

import re

from tools.figures.tidy import subscripts

LABELS = {
    "+ forget gate: a marked step erases first": "+ 遗忘门：遇到标记，先清除",
    "+ input gate: only a marked step is written": "+ 输入门：只写入有标记的时间步",
    "+ output gate: shown when asked": "+ 输出门：查询时才输出",
    "5 products of x_t and W_1,": "x_t 与 W_1 的 5 项，",
    "6 products of s_{t-1} and W_2.": "s_{t-1} 与 W_2 的 6 项。",
    "One entry of s_t is one sum:": "s_t 的一个元素是 11 项之和：",
    "all gates open: every number is added": "门全部打开：每个值都累加进来",
    "all to the longest": "全部填充到最长",
    "as before": "不变",
    "as drawn": "默认初始化",
    "ask": "查询",
    "batch sizes: how many samples are still there": "batch\u200b_sizes：还剩多少个样本",
    "batch_first forgotten": "忘了 batch\u200b_first",
    "best possible": "理论最小损失",
    "bias sum 0": "偏置之和 0",
    "bias sum 1": "偏置之和 1",
    "bias sum 3": "偏置之和 3",
    "bound": "上界",
    "cell": "单元",
    "chance": "概率",
    "changed": "改变",
    "characters of the poems": "诗中的字",
    "cut off: the use lies": "截断：权重的使用",
    "difference ÷ state": "相对误差（÷ 状态）",
    "difference": "绝对误差",
    "fades": "衰减",
    "float": "浮点数",
    "forward": "正向",
    "fresh": "每步重新采样",
    "from the loss": "来自损失",
    "gates open": "门打开（偏置 +3）",
    "gradient from c_t to c_0": "从 c_t 到 c_0 的梯度",
    "grows, then fades": "先增长，后衰减",
    "guessing": "随机猜测",
    "has seen": "已读取",
    "how often it occurs": "出现次数",
    "in an earlier window": "在更早的窗口内",
    "in one window": "在同一窗口内",
    "in pieces of √T steps": "分段保存：每段 √T 步",
    "input": "输入",
    "its bits, read as an integer": "其二进制位按整数解读",
    "joined in every layer": "每层都拼接",
    "kept inside": "中间结果",
    "kept: loss and use": "保留：损失与权重的使用",
    "layer 0": "第 0 层",
    "layer 1": "第 1 层",
    "layer 2": "第 2 层",
    "layer 3": "第 3 层",
    "letters of the rhyme": "童谣中的字母",
    "locked": "各步共用（锁定）",
    "longest first": "最长的在前",
    "loss of step s": "时间步 s 的损失",
    "loss": "损失",
    "mean of means": "各进程平均值的平均",
    "next": "下一字符",
    "norm 0.8, radius 0.8": "范数 0.8，谱半径 0.8",
    "norm 0.9, radius 0.9": "范数 0.9，谱半径 0.9",
    "norm 6, radius 0.5": "范数 6，谱半径 0.5",
    "number": "数值",
    "output": "输出",
    "output: 2H = 12 features per step": "输出：每个时间步 2H = 12 个特征",
    "padded": "填充后",
    "padding, of all steps computed": "填充步占全部计算步的比例",
    "place, most frequent first": "名次（按出现次数从多到少）",
    "pools of 32": "每 32 批排序",
    "pools of 4 batches": "每 4 批排序",
    "rank 0": "进程 0",
    "rank 1": "进程 1",
    "read": "读取",
    "reverse": "反向",
    "right": "正确",
    "rings": "振荡",
    "samples in a batch, N": "批量中的样本数 N",
    "shuffled": "随机打乱",
    "softmax before loss": "损失前多了 softmax",
    "sort": "排序",
    "sorted": "全部排序",
    "state": "状态",
    "states kept for the backward pass": "为反向传播保留的状态数",
    "step t that uses the weight": "使用权重的时间步 t",
    "steps since the input": "输入之后的时间步数",
    "store": "存储",
    "sum, times R/n": "求和，再乘以 R/n",
    "t, in steps": "t（时间步）",
    "targets not shifted": "目标没有错开",
    "the sum of both products, in four parts": "两个乘积之和，切成四块",
    "training step": "更新次数",
    "two stacks": "两个方向各自堆叠",
    "weight": "权重",
    "whole sequence": "保存整个序列",
    "x_1 to x_2": "x_1 到 x_2",
    "x_1 to x_3": "x_1 到 x_3",
    "x_1 to x_4": "x_1 到 x_4",
    "x_2 to x_4": "x_2 到 x_4",
    "x_3 to x_4": "x_3 到 x_4",
}
# Labels of one figure, where another word is right than elsewhere.
OWN = {
    "gru-cell": {
        "reset  r": "重置门  r",
        "update  z": "更新门  z",
        "candidate  n": "候选隐藏状态  n",
        "read": "输入",
        "+ read": "+ 输入",
        "kept": "状态",
        "+ kept": "+ 状态",
        "old state": "旧状态",
        "candidate": "候选隐藏状态",
        "new state": "新状态",
    },
    "lstm-cell": {"forget": "遗忘门", "input": "输入门", "content": "候选内容", "output": "输出门"},
}
# Labels that are the same in Chinese: names of the code, of types, of functions and networks.
SAME = re.compile(
    r"(?:\+ )?(?:weight|bias)_\w+(?:\.T)?|float(?:32|64)|data|GRU|LSTM|RNN|tanh|W_\{hh\}"
    r"|ρ = .*, tanh"
)
TEXT = re.compile(r"(<text\b[^>]*>)(.*?)(?=</text>)", re.DOTALL)
SUBSCRIPT = re.compile(
    r'<tspan font-style="italic">(\w)</tspan><tspan dy[^>]*>([^<]*)</tspan>'
    r"<tspan dy[^>]*>\u200b</tspan>"
)
WORD = re.compile(r"[A-Za-z]{2,}")


def in_chinese(svg: str, figure: str) -> str:
    """Translate the labels of a drawing."""
    return TEXT.sub(lambda text: text[1] + _translated(text[2], figure), svg)


def labels_of(svg: str) -> list[str]:
    """List the labels of a drawing as its module writes them."""
    return [_written(text) for _, text in TEXT.findall(svg)]


def untranslated(svg: str, figure: str) -> list[str]:
    """List the labels of a drawing that are neither translated nor the same in Chinese."""
    known = LABELS | OWN.get(figure, {})
    return [label for label in labels_of(svg)
            if WORD.search(label) and label not in known and not SAME.fullmatch(label)]  # fmt: skip


def _translated(text: str, figure: str) -> str:
    label = _written(text)
    chinese = OWN.get(figure, {}).get(label) or LABELS.get(label)
    return subscripts(chinese) if chinese else text


def _written(text: str) -> str:
    """Undo what `tidy` does with subscripts."""

    def symbol(found: re.Match[str]) -> str:
        below = found[2].replace("−", "-")
        return f"{found[1]}_{below}" if len(below) == 1 else f"{found[1]}_{{{below}}}"

    return SUBSCRIPT.sub(symbol, text).replace("\u200b", "").strip()

"""The labels of the figures in Chinese; names, symbols and numbers stay as they are drawn.

A label with a subscript is drawn in pieces, and each piece is translated by itself.
"""

import re

LABELS = {
    "place, most frequent first": "名次，从出现最多的排起",
    "+ forget gate: a marked step erases first": "+ 遗忘门：有标记的一步先清除",
    "+ input gate: only a marked step is written": "+ 输入门：只写入有标记的一步",
    "+ kept": "+ 保留",
    "+ output gate: shown when asked": "+ 输出门：查询时才输出",
    "+ read": "+ 读取",
    "5 products of": "5 个乘积：",
    "6 products of": "6 个乘积：",
    "One entry of": "",
    "is one sum:": "的一个元素就是一个和：",
    "all gates open: every number is added": "所有门都打开：每个数都累加进来",
    "all to the longest": "全部补到最长",
    "and": "与",
    "as before": "不变",
    "ask": "查询",
    "as drawn": "随机初值",
    "batch sizes: how many samples are still there": "batch_sizes：还剩多少个样本",
    "batch_first forgotten": "忘了 batch_first",
    "best possible": "可能的最小损失",
    "bias sum 0": "偏置之和 0",
    "bias sum 1": "偏置之和 1",
    "bias sum 3": "偏置之和 3",
    "bound": "上界",
    "candidate  n": "候选  n",
    "cell": "单元",
    "chance": "概率",
    "changed": "改变",
    "characters of the poems": "诗里的字",
    "content": "内容",
    "cut off: the use lies": "被截掉：使用处",
    "difference": "差",
    "difference ÷ state": "差 ÷ 状态",
    "fades": "衰减",
    "forget": "遗忘",
    "forward": "正向",
    "fresh": "每步新抽",
    "from the loss": "来自损失",
    "gates open": "门打开",
    "gradient from": "梯度：从",
    "grows, then fades": "先增长，后衰减",
    "guessing": "随机猜测",
    "has seen": "已读取",
    "how often it occurs": "出现次数",
    "in an earlier window": "在更早的窗口里",
    "in one window": "在同一窗口",
    "in pieces of √T steps": "每段 √T 步",
    "input": "输入",
    "its bits, read as an integer": "它的各个位，当作整数读",
    "joined in every layer": "每层拼接",
    "kept": "保留",
    "kept inside": "留在内部",
    "kept: loss and use": "保留：损失与使用处",
    "layer 0": "第 0 层",
    "layer 1": "第 1 层",
    "layer 2": "第 2 层",
    "letters of the rhyme": "童谣里的字母",
    "layer 3": "第 3 层",
    "locked": "锁定",
    "longest first": "最长的在前",
    "loss": "损失",
    "loss of step s": "第 s 步的损失",
    "mixed": "混合",
    "new": "新",
    "next": "下一个",
    "norm 0.8, radius 0.8": "范数 0.8，谱半径 0.8",
    "norm 0.9, radius 0.9": "范数 0.9，谱半径 0.9",
    "norm 6, radius 0.5": "范数 6，谱半径 0.5",
    "number": "数值",
    "old": "旧",
    "output": "输出",
    "output: 2H = 12 features per step": "输出：每步 2H = 12 个特征",
    "padded": "填充后",
    "padding, of all steps computed": "填充占全部计算步的比例",
    "pools of 32": "32 批的池子",
    "pools of 4 batches": "4 批的池子",
    "read": "读取",
    "reset  r": "重置  r",
    "reverse": "反向",
    "right": "正确",
    "rings": "振荡",
    "samples in a batch, N": "批量中的样本数 N",
    "shuffled": "打乱",
    "softmax before loss": "损失前多了 softmax",
    "sort": "排序",
    "sorted": "已排序",
    "state": "状态",
    "states kept for the backward pass": "为反向传播保留的状态",
    "steps since the input": "输入之后的时间步数",
    "step t that uses the weight": "使用权重的第 t 步",
    "t, in steps": "t（步）",
    "store": "存储",
    "targets not shifted": "目标没有错开",
    "to": "到",
    "training step": "训练步",
    "two stacks": "两叠",
    "update  z": "更新  z",
    "weight": "权重",
    "what is read + what is kept, in four parts": "两个乘积之和，按门切成四块",
    "whole": "整个",
}
# Labels that are the same in Chinese: names of the code, of types, of functions and networks.
SAME = re.compile(
    r"(?:\+ )?(?:weight|bias)_\w+(?:\.T)?|W|float(?:32|64)?|data|GRU|LSTM|RNN|tanh|hh|ih"
    r"|ρ = .*, tanh"
)
PIECE = re.compile(r">([^<>]*[A-Za-z]{2,}[^<>]*)<")
TEXT = re.compile(r"<text\b.*?</text>", re.DOTALL)


def in_chinese(svg: str) -> str:
    """Translate the labels of a drawing."""
    return TEXT.sub(lambda text: PIECE.sub(_piece, text[0]), svg)


def _piece(found: re.Match[str]) -> str:
    label = found[1].replace("\u200b", "").strip()
    if label in LABELS:
        return f">{found[1].replace(found[1].strip(), LABELS[label])}<"
    return found[0]


def untranslated(svg: str) -> list[str]:
    """List the labels of a drawing that are neither translated nor the same in Chinese."""
    pieces = [label.replace("\u200b", "").strip()
              for text in TEXT.findall(svg) for label in PIECE.findall(text)]  # fmt: skip
    return [label for label in pieces if label not in LABELS and not SAME.fullmatch(label)]

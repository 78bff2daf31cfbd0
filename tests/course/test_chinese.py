"""Each check of Chinese words names what is planted, and lets good sentences pass."""

import re
from pathlib import Path

import pytest

from claimdown.reader import read
from tests.course import chinese, rules
from tests.course.chinese import Rule, Term, broken, first_mentions, half_words, marked, unglossed
from tools.labs.translation import read_lab, translated_labs
from tools.site import docs_dir

PAGE = docs_dir("zh") / "gates/page.md"
RULES = [*chinese.VARIANTS, *chinese.HABITS]

# One sentence or more for each rule; the part that is named, and what is advised.
PLANTED = [
    ("门的次序是 $i, f, g, o$。", "次序", "顺序"),
    ("第二个实参是 `hx`。", "实参", "参数"),
    ("程序包里有这个函数。", "程序包", "包"),
    ("取最后的状态。", "最后的状态", "最终状态"),
    ("它有三个门控。", "个门控", "门"),
    ("遗忘门控打开。", "忘门控", "门"),
    ("经过 S 型函数。", "S 型函数", "sigmoid"),
    ("每个循环单元都有参数。", "循环单元", "单元"),
    ("用小部件试一试。", "小部件", "交互组件"),
    ("打开探索器。", "探索器", "形状计算器"),
    ("下载这一章的笔记本。", "笔记本", "Notebook"),
    ("长短不一的序列放进一个批量。", "长短不一的序列", "变长序列"),
    ("只保留真实的步。", "真实的步", "有效时间步"),
    ("截断的 BPTT 丢掉了什么。", "截断的 BPTT", "截断 BPTT"),
    ("用有状态的批量训练。", "有状态的批量", "有状态批量"),
    ("沿时间反向传播得到梯度。", "沿时间反向传播", "随时间反向传播"),
    ("这里用层规范化。", "层规范化", "层归一化"),
    ("六个隐藏特征。", "隐藏特征", "隐藏状态维度"),
    ("候选记忆元乘以输入门。", "候选记忆元", "候选内容"),
    ("深层的 `nn.RNN` 有两层。", "深层", "多层"),
    ("误差在界限之内。", "界限", "误差界"),
    ("裁剪的上限取 1。", "裁剪的上限", "阈值"),
    ("一次矩阵乘积。", "矩阵乘积", "矩阵乘法"),
    ("按元素相乘。", "按元素", "逐元素"),
    ("无批量的输入有两个轴。", "无批量", "不带批量维"),
    ("函数和对它的检验。", "对它的检验", "验证"),
    ("这个值由构建程序算出。", "构建程序", "生成网站时"),
    ("状态的每个数都有界。", "每个数", "分量"),
    ("用的都是同样的这些数。", "同样的这些数", "分量"),
    ("存进这 $H$ 个数里。", "$H$ 个数", "个分量"),
    ("一共三十 个数。", "三十 个数", "个分量"),
    ("限制在负一与一之间。", "负一", "-1"),
    ("它的默认值是负一百。", "负一", "-100"),
    ("导数最大是一。", "是一", "figures"),
    ("取值在一与二之间。", "一与二之间", "figures"),
    ("不到百分之一的梯度。", "百分之", "figures"),
    ("间隔都用八的倍数。", "八的倍数", "figures"),
    ("用大小为三的偏置。", "大小为三", "figures"),
    ("是原来的速度，大约是八倍。", "是八", "figures"),
    ("允许十六个机器精度。", "个机器精度", "varepsilon"),
    ("两边各半个机器精度。", "半个机器精度", "varepsilon"),
    ("差也有记忆。", "差", "误差"),
    ("评估的结果比训练时差。", "差", "不如"),
    ("把差加起来。", "差", "误差"),
    ("求和之后的弯曲。", "弯曲", "非线性"),
    ("单元状态有多少作为 $h$ 展示出来。", "展示", "输出"),
    ("后面有一章堆叠这样的层。", "有一章", "见"),
    ("两半还互不知情。", "互不知情", "取决于"),
    ("网络不知道后面的输入。", "网络不知道", "取决于"),
    ("与 `nn.RNN` 的一致。", "的一致", "与 X 一致"),
    ("其余的都是杂务。", "杂务", "say the thing"),
    ("用什么尺子量。", "尺子", "say the thing"),
    ("检验必须会失败。", "检验必须会失败", "能够失败"),
    ("抽取三个网络。", "抽", "随机初始化"),
]
ONLY_THERE = [
    ("heading", "## 有多少个参数 { #count }", "有多少", "a noun"),
    ("heading", "### 它做不到什么 { #future }", "它做不到什么", "a noun"),
    ("box", '??? check "断言：一步就是 `nn.LSTMCell`（相等）"', "就是", "与 B 一致"),
]
GOOD = [
    "*遗忘门* $f$ 决定旧的单元状态保留多少。",
    "它把状态的每个分量都限制在 $(-1, 1)$ 内，初始状态为 0。",
    "误差界取 $16\\varepsilon$，差值、偏差、方差、标准差和残差连接都不算错。",
    "两者相差 1，结果不如前者，差别不大，差错也少；在容差以内。",
    "PyTorch 里每个门还有*两个*偏置；$c_t$ *就等于* $c_{t-1}$；*层*是任何这样的函数。",
    "门控机制和门控循环单元，简称 GRU。",
    "单元状态，也译细胞状态、记忆元。",
    "丢弃法（dropout），又译暂退法，训练时随机置零。",
    "二十个网络各训练一次，每批三十二个序列，一共十六步。",
    "参数的个数与序列长度无关；共有两个数值。",
    "抽象地说，这是抽样；走了弯路。",
    "给梯度乘以一个很大的数，再除以那个极小的数。",
    "用 `次序` 命名的变量和 [官方文档](https://example.org/次序) 不算。",
    "一台笔记本电脑的 CPU 就够了；PyTorch 自己的扩展示例。",
    "这样调用会失败，抛出 `RuntimeError`。",
    "层归一化的均值为 0、标准差为 1。",
    "深层网络的论文；多层 RNN。",
    "与 `nn.LSTM` 的结果相同；两者一致。",
    "逐位（bit for bit）相等；按位置排列。",
    "变长序列按顺序填充。",
]


def test_every_rule_is_seen_to_find_something() -> None:
    lines = [(sentence, "paragraph") for sentence, *_ in PLANTED]
    lines += [(line, kind) for kind, line, *_ in ONLY_THERE]
    idle = [rule for rule in RULES
            if not any(list(broken([rule], line, kind)) for line, kind in lines)]  # fmt: skip
    assert idle == []


@pytest.mark.parametrize(("sentence", "named", "advice"), PLANTED)
def test_planted_word_is_named_with_what_to_write(sentence: str, named: str, advice: str) -> None:
    found = [what for what in broken(RULES, sentence) if what.startswith(f"“{named}")]
    assert found, [*broken(RULES, sentence)]
    assert any(advice in what.partition("; write ")[2] for what in found)


@pytest.mark.parametrize(("kind", "line", "named", "advice"), ONLY_THERE)
def test_planted_word_is_named_in_its_kind_of_block_only(
    kind: str, line: str, named: str, advice: str
) -> None:
    (found,) = broken(RULES, line, kind)
    assert named in found
    assert advice in found
    assert [*broken(RULES, line.lstrip("# "), "paragraph")] == []


@pytest.mark.parametrize("sentence", GOOD)
def test_good_sentence_passes(sentence: str) -> None:
    rules = [*RULES, *chinese.aliases(chinese.terms())]
    assert [*broken(rules, sentence)] == []
    assert [*half_words(sentence, chinese.terms())] == []


# The glossary's own names.


def test_entries_of_the_glossary_are_read() -> None:
    known = {term.chinese: term for term in chinese.terms()}
    assert len(known) > 60
    assert known["隐藏状态"].aliases[:2] == ("隐状态", "隐含状态")
    assert "RNN" in known["循环神经网络"].latin
    assert "long short-term memory" in known["长短期记忆网络"].latin
    assert known["丢弃法"].english == "dropout"


@pytest.mark.parametrize(
    ("sentence", "term"),
    [
        ("隐状态逐步传递。", "隐藏状态"),
        ("暂退法随机置零。", "丢弃法"),
        ("细胞状态有两个来源。", "单元状态"),
        ("梯度弥散了。", "梯度消失"),
        ("用层标准化。", "层归一化"),
        ("递归神经网络读取序列。", "循环神经网络"),
        ("掩膜标出有效时间步。", "掩码"),
    ],
)
def test_another_name_of_the_glossary_is_named_unless_it_is_introduced(
    sentence: str, term: str
) -> None:
    rules = chinese.aliases(chinese.terms())
    (found,) = broken(rules, sentence)
    assert found.endswith(f"write {term}")
    assert [*broken(rules, f"{term}也译作另一个名称：{sentence}")] == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("*遗忘*门 $f$ 决定保留多少。", "*遗忘门*"),
        ("这就是*门控*机制。", "*门控机制*"),
        ("$z$ 乘的是*旧*状态。", "*旧状态*"),
        ("每个 **一**步都如此。", "*一步*"),
    ],
)
def test_emphasis_on_half_a_word_is_named(line: str, told: str) -> None:
    (found,) = half_words(line, chinese.terms())
    assert found.endswith(f"write {told}")


# First mentions.

TERMS = [
    Term("遗忘门", "forget gate", "forget-gate", (), ()),
    Term("门", "gate", "gate", (), ()),
    Term("丢弃法", "dropout", "dropout", ("暂退法",), ()),
    Term("隐藏状态维度", "hidden size", "hidden-size", (), ()),
    Term("隐藏状态", "hidden state", "hidden-state", (), ()),
    Term("随时间反向传播", "backpropagation through time", "bptt", (), ("BPTT",)),
    Term("正交初始化", "orthogonal initialisation", "orthogonal-initialisation", (), ()),
    Term("堆叠", "stacked", "stacked", (), ()),
    Term("有状态", "stateful", "stateful", (), ()),
    Term("反向", "reverse direction", "reverse-direction", (), ()),
    Term("sigmoid 函数", "sigmoid", "sigmoid", (), ()),
    Term("状态", "state", "state", (), ()),
]
UNGLOSSED = [
    ("遗忘门打开。", ["遗忘门（forget gate）"]),
    ("有三个门（两个打开）。", ["门（gate）"]),
    ("遗忘门打开。\n遗忘门（forget gate）关闭。", ["遗忘门（forget gate）"]),
    ("隐藏状态维度不变。", ["隐藏状态维度（hidden size）"]),
    ("遗忘门(forget gate)打开。", ["遗忘门（forget gate）"]),
    ("- 用丢弃法训练", ["丢弃法（dropout）"]),
    (":   丢弃法随机置零。", ["丢弃法（dropout）"]),
    ("[见](a.md)丢弃法。", ["丢弃法（dropout）"]),
    ("结果逐位相等。", ["逐位（bit for bit）"]),
    ("每个批量都*有状态*。", ["有状态（stateful）"]),
]
GLOSSED = [
    "遗忘门（forget gate）打开。\n遗忘门关闭。",
    "*遗忘门*（forget gate）$f$ 决定保留多少。",
    "*遗忘门* $f$（forget gate）决定保留多少。",
    "[*遗忘门*](../look-up/glossary.md#forget-gate)（Forget Gate）打开。",
    "[*遗忘门*](../look-up/glossary.md#forget-gate)打开。",
    "遗忘门的偏置（forget gate bias）设为 1。",
    "丢弃法（`dropout`）随机置零。",
    "`dropout`（丢弃法）随机置零。",
    "隐藏状态维度（`hidden_size`）与隐藏状态（hidden states，又译隐状态）。",
    "随时间反向传播（BPTT）从末尾走起。",
    "正交初始化（orthogonal initialization）。",
    "堆叠（stacking）两层；沿时间轴堆叠起来。",
    "反向传播经过状态；这里还有状态；一门课程；专门的门控单元。",
    "经过 sigmoid 函数。",
    "`遗忘门` 是变量名，权重和状态是常用词。",
    "逐位（bit for bit）相等。",
]


def lines_of(text: str) -> list[tuple[int, str]]:
    return [(number, marked(line)) for number, line in enumerate(text.split("\n"), 1)]


@pytest.mark.parametrize(("text", "told"), UNGLOSSED)
def test_first_mention_without_english_is_named(text: str, told: list[str]) -> None:
    found = unglossed(lines_of(text), TERMS)
    assert [what.partition("; write ")[2] for _, what in found] == told
    assert {line for line, _ in found} == {1}


@pytest.mark.parametrize("text", GLOSSED)
def test_first_mention_with_english_passes(text: str) -> None:
    assert unglossed(lines_of(text), TERMS) == []


def test_only_running_text_mentions_a_term_first() -> None:
    text = """# 遗忘门 { #a }

## 重置门 { #b }

![更新门](a.svg "输入门关闭。")

| 输出门 |
|---|
| 输出门 |

??? note "窥视孔连接"
    折叠起来的投影。

1. [变长序列](../sequences/unequal-length.md)：填充、掩码。

```text
词元
```

见[困惑度](../look-up/glossary.md#perplexity)。
然后是温度。
"""
    (fault,) = first_mentions(read(PAGE, text))
    assert fault == (21, "温度 has no English at its first mention; write 温度（temperature）")
    assert first_mentions(read(PAGE.parents[1] / "reference/page.md", text)) == []
    assert first_mentions(read(PAGE.parents[1] / "look-up/glossary.md", text)) == []


# Whole pages.


def test_faults_of_a_page_are_told_with_file_line_and_cure() -> None:
    text, page = "# 标题 { #a }\n\n取最后的状态。\n", docs_dir("zh") / "gates/lstm-by-hand.md"
    (fault,) = rules.chinese_words(read(page, text))
    assert fault.endswith("lstm-by-hand.md:3: “最后的状态”: one word for h_n; write 最终状态")
    assert fault in rules.faults(read(page, text))
    assert rules.chinese_words(read(docs_dir() / "gates/page.md", text)) == []


def test_pages_about_names_may_have_other_names_and_questions() -> None:
    text = "# 标题 { #a }\n\n## 隐状态是什么 { #b }\n\n隐状态就是隐藏状态（hidden state）。\n"
    assert chinese.faults(read(PAGE.parents[1] / "look-up/interview-questions.md", text)) == []
    assert len(chinese.faults(read(PAGE, text))) == 3


@pytest.mark.parametrize("lab", translated_labs(), ids=lambda lab: lab.stem)
def test_words_of_labs(lab: Path) -> None:
    assert rules.chinese_words(read_lab(lab)) == []


def test_rules_say_what_to_write_and_why() -> None:
    for rule in RULES:
        assert isinstance(rule, Rule)
        assert rule.instead
        assert rule.why
        re.compile(rule.pattern)


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ('print("off by up to", 1)', "“off by up to”: a printed text in English"),
        ('print(f"{1:2} of them", end="")', "“ of them”: a printed text"),
        ('def f() -> None:\n    """Do nothing at all."""', "“Do nothing at all.”: a docstring"),
        ('print("最大误差", 1)', ""),
        ('print("weight_ih", "float64")', ""),
        ('reason = "not printed here"', ""),
    ],
)
def test_english_that_code_tells_is_named(code: str, named: str) -> None:
    page = read(PAGE, f"# 标题 {{ #title }}\n\n```python\n{code}\n```\n")
    found = list(chinese.untranslated(page))
    assert [line for line, _ in found] == [4] * bool(named)
    assert all(what.startswith(named) for _, what in found)

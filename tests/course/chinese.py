"""What a Chinese page must not say, and what to write instead: first mentions, terms, habits.

Every function takes a page, or a line of it, and gives the lines with what is wrong there and what
to do. The terms, their English and their other names are those of the Chinese glossary.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from claimdown.page import Block, Code, Page
from claimdown.prose import ATTRIBUTES, FORMULA, IMAGE, INLINE_CODE, TAG, VALUE
from claimdown.source import page_text
from tests.course.reading import HAN, folds, prose
from tools.site import docs_dir

Found = tuple[int, str]  # a line of the page; what is wrong there, and what to do
GLOSSARY = docs_dir("zh") / "look-up/glossary.md"
# Pages made of names: no running text in which a term is met for the first time.
WITHOUT_MENTIONS = ("look-up/glossary.md", "look-up/bibliography.md", "checks.md", "reference/")
# Pages whose matter is other names: readers look up there what other books call a thing.
WITH_ALIASES = ("look-up/glossary.md", "look-up/interview-questions.md")
WITH_QUESTIONS = ("look-up/interview-questions.md",)
# The page for those who translate next: its examples are what this module refuses.
WITH_EXAMPLES = ("translating.md",)
# Everyday words: whoever learns PyTorch knows them, and English beside each would only be noise.
EVERYDAY = frozenset(
    (
        "权重",
        "偏置",
        "参数",
        "状态",
        "序列",
        "特征",
        "长度",
        "目标",
        "梯度",
        "损失",
        "网络",
        "层",
        "方向",
        "手写",
        "嵌入",
        "对齐",
        "空白",
    )
)
# Longer words with a term inside that are not this term: they are passed over as a whole.
OTHER_WORDS = (
    "反向传播|反向计算|反向过程|反向求导",  # backward, and no reverse direction
    "划分词",  # to split words, and no 分词
    "专门|入门|部门|热门|门槛|门控单元|门控|循环单元|单元格|单元测试",
    "[一这那本每哪几两]门(?=课|语言|学|教程)",
    "[还没只所含带具]有状态",
    # torch.stack
    "(?:沿|在)(?:时间|轴|最前|新|第)[^，。；]{0,12}堆叠|堆叠(?=起来|一次|在一起|成一个张量)",
    "展开再|展开后整理|展开整理",  # algebra
)
# English that says the same as a term's own, in the form a reader meets it; compared as a part.
ALSO = {
    "head": ("output layer", "output head"),
    "padding": ("pad",), "packing": ("pack",), "stacked": ("stack", "multi-layer", "num_layers"),
    "bucketing": ("bucket",), "clipping": ("clip",), "overfit": ("overfitting",),
    "hidden-size": ("hidden_size",), "projection": ("proj_size",),
    "reverse-direction": ("reverse",),
    "recurrent-network": ("RNN", "recurrent neural network"), "lstm": ("LSTM",), "gru": ("GRU",),
    "backpropagation-through-time": ("BPTT",), "truncated-bptt": ("TBPTT", "truncated back"),
    "locked-dropout": ("variational dropout",), "layer-norm": ("LayerNorm", "layer norm"),
    "one-hot": ("one_hot",), "checkpointing": ("checkpoint",), "machine-epsilon": ("eps",),
    "gradient-check": ("gradcheck",), "autograd": ("automatic differentiation",),
    "associative": ("associativ",), "unroll": ("unfold",), "weight-tying": ("tie",),
    "orthogonal-initialisation": ("orthogonal",), "floating-point": ("float",),
    "initial-state": ("h_0", "h0", "hx"), "final-state": ("h_n",), "streaming": ("online",),
    "ulp": ("unit in the last place",), "sigmoid": ("sigmoid",),
}  # fmt: skip
# What is explained once a page, though it is no entry of the glossary.
EXPLAINED = {"逐位": "bit for bit"}
INTRODUCED = re.compile(
    r"也译|又译|又称|也叫|也称|又叫|俗称|别名|译作|译为|有时写|简称|叫[做作]|称[为作之]"
)


@dataclass(frozen=True)
class Term:
    """An entry of the glossary: its Chinese, its English, and what others call it."""

    chinese: str
    english: str
    key: str
    aliases: tuple[str, ...]  # Chinese ones
    latin: tuple[str, ...]  # other English ones, and short forms


ENTRY = re.compile(
    r"(?m)^(?P<zh>\S[^*\n]*?) \*(?P<en>[^*\n]+)\*\{ lang=en \}(?P<more>[^\n{]*)"
    r"\{ #(?P<key>[\w-]+) \}\n:   (?P<text>.*)"
)


def terms_of(glossary: str) -> list[Term]:
    """Read the entries of a Chinese glossary."""
    found = []
    for entry in ENTRY.finditer(glossary):
        more = re.sub(FORMULA, "", entry["more"])
        names = [
            name.strip() for name in re.split(r"，(?:[又也]称|例如|即)?|、|[又也]称|简称", more)
        ]
        chinese = tuple(name for name in names if re.search(f"[{HAN}]", name))
        full = re.findall(r"全称 ([A-Za-z -]+)", entry["text"])
        latin = re.findall(r"[A-Za-z][A-Za-z -]*[A-Za-z]", more)
        found.append(Term(entry["zh"], entry["en"], entry["key"], chinese, (*latin, *full)))
    return found


@cache
def terms(glossary: Path | None = None) -> list[Term]:
    return terms_of(page_text(glossary or GLOSSARY))


def faults(page: Page) -> list[Found]:
    """Name all that is wrong with the words of one page; other languages have no such rules."""
    if page.edition != "zh" or _is_one_of(page, WITH_EXAMPLES):
        return []
    return sorted({*first_mentions(page), *variants(page), *habits(page), *untranslated(page)})


def _is_one_of(page: Page, names: tuple[str, ...]) -> bool:
    path = page.path.as_posix()
    return any(f"docs/zh/{name}" in path for name in names)


# First mentions.

LINK, END, CUT = "\ue000", "\ue001", "\ue002"  # where a link's text begins and ends; a formula


def running(page: Page) -> Iterator[Block]:
    """Yield the paragraphs, items, definitions and quotes that are read from top to bottom.

    Left out is what a fold hides, and what only lists: an item that begins with a link.
    """
    hidden = folds(page)
    for block in page.blocks:
        first = re.sub(r"^\s*(?:[-*+]|\d+\.) ", "", block.lines[0])
        contents = block.kind in ("item", "numbered item") and first.startswith("[")
        if block.line not in hidden and not contents and block.kind in (
            "paragraph", "item", "numbered item", "definition", "quote"
        ):  # fmt: skip
            yield block


def marked(line: str) -> str:
    """Reduce a line to what is read of it, with marks around the texts of links."""
    line = re.sub(VALUE, "`0`", line)
    line = IMAGE.sub("", line)
    line = re.sub(FORMULA, CUT, line)
    codes = [code[0] for code in re.finditer(INLINE_CODE, line)]
    line = re.sub(INLINE_CODE, "`\ue003`", line)
    line = ATTRIBUTES.sub("", line)
    line = re.sub(r"\[([^\[\]]*)\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*(?:\s\"[^\"]*\")?\)",
                  rf"{LINK}\1{END}", line)  # fmt: skip
    line = re.sub(r"\*+|(?<!\w)_+|_+(?!\w)", "", TAG.sub("", line))
    for code in codes:
        line = line.replace("`\ue003`", code, 1)
    return line


def plain_english(text: str) -> str:
    """Spell English in one way: no capitals, hyphens, plurals or British endings."""
    text = re.sub(r"[-_]", " ", text.casefold()).replace("isation", "ization")
    return re.sub(r"s\b", "", re.sub(r"[`*\ue002]", "", text))


def english_of(term: Term) -> tuple[str, ...]:
    return (term.english, *term.latin, *ALSO.get(term.key, ()))


def first_mentions(page: Page) -> list[Found]:
    """Name each term whose English does not follow where the page's text first has it."""
    if _is_one_of(page, WITHOUT_MENTIONS):
        return []
    lines = [(number, marked(line)) for block in running(page)
             for number, line in enumerate(block.lines, block.line)]  # fmt: skip
    return unglossed(lines, terms())


def unglossed(lines: list[tuple[int, str]], known: list[Term]) -> list[Found]:
    """Name the terms that marked lines have without their English, each once."""
    english = {term.chinese: english_of(term) for term in known}
    english |= {word: (said,) for word, said in EXPLAINED.items()}
    asked = {word: said for word, said in english.items()
             if word not in EVERYDAY and said[0].casefold() not in word.casefold()}  # fmt: skip
    longest_first = sorted(english, key=len, reverse=True)
    pattern = re.compile("|".join([*OTHER_WORDS, *map(re.escape, longest_first)]))
    seen: set[str] = set()
    found = []
    for number, line in lines:
        codes = [code.span() for code in re.finditer(INLINE_CODE, line)]
        for hit in pattern.finditer(line):
            word = hit[0]
            if word not in asked or word in seen:
                continue
            if any(start <= hit.start() < end for start, end in codes):
                continue
            if is_glossed(line, hit.start(), hit.end(), asked[word]):
                seen.add(word)
            elif line.count(LINK, 0, hit.start()) == line.count(END, 0, hit.start()):
                seen.add(word)
                found.append((number, f"{word} has no English at its first mention; "
                                      f"write {word}（{asked[word][0]}）"))  # fmt: skip
    return found


def is_glossed(line: str, start: int, end: int, english: tuple[str, ...]) -> bool:
    """Tell whether English stands in full-width parentheses after a term, or the term does.

    Between both there may be a symbol, the end of a link, and a few characters that go on:
    遗忘门的偏置（forget gate bias） names 遗忘门 as well.
    """
    wanted = [plain_english(name) for name in english]
    after = re.match(rf"[{HAN}]{{0,6}}[{END}”》 ]*(?:{CUT})? ?（([^（）]*)", line[end:])
    before = re.search(r"([A-Za-z`][\w`. -]*)（[^（）]*$", line[:start])
    said = [plain_english(part[1]) for part in (after, before) if part]
    return any(name in part for name in wanted for part in said)


# One term for one concept, and habits.


@dataclass(frozen=True)
class Rule:
    """A pattern that a page must not have, what to write instead, and why."""

    pattern: str
    instead: str
    why: str
    kinds: tuple[str, ...] = ()  # of blocks; empty: all of them
    introduced: bool = False  # whether a sentence may have it that says it is another name


# Aliases that are ordinary words besides: 标签 of a class, 补齐 as a verb.
ORDINARY = frozenset(
    """标签,标记,多层 RNN,词嵌入,词向量,双向循环神经网络,多层循环神经网络,深度循环神经网络,有效长度,
内部状态,损失函数,补齐,批次,小批量,偏置项,记忆单元,重计算,捷径连接,门控,门控机制,循环单元,
在线推理,长期依赖问题,长距离依赖问题,按时间展开,代码里常写作 h0""".replace("\n", "").split(",")
)

VARIANTS = (
    Rule("次序", "顺序", "one word for an order"),
    Rule(
        "实参|形参", "参数（可学习参数 for weights）", "defaults and what is passed are both 参数"
    ),
    Rule("程序包|软件包", "包", "one word for rnn_tutorial"),
    Rule("最后的状态|最后一个状态|末状态", "最终状态", "one word for h_n"),
    Rule("个门控|种门控|[输入出忘新置]门控", "门", "a gate that is counted or named is 门"),
    Rule(
        "S 型函数|S 形函数|逻辑斯谛",
        "sigmoid 函数",
        "the word that every reader knows",
        introduced=True,
    ),
    Rule("(?<!门控)循环单元", "单元", "figures and text say 单元 for a cell", introduced=True),
    Rule("小部件", "交互组件", "widget"),
    Rule("探索器|浏览器里的形状", "形状计算器", "the title of that page"),
    Rule("笔记本(?!电脑)", "Notebook", "笔记本 is a laptop"),
    Rule("长短不一的序列|不等长的?序列|不等的长度", "变长序列", "what readers search for"),
    Rule("真实的(时间)?步|真实步|真实时间步", "有效时间步", "d2l: 有效长度"),
    Rule(
        "截断的 ?(BPTT|随时间反向传播|反向传播)",
        "截断 BPTT",
        "the title of the chapter",
        introduced=True,
    ),
    Rule("有状态的批量", "有状态批量", "the title of the chapter"),
    Rule(
        "(通过|沿|按)时间的?反向传播",
        "随时间反向传播",
        "邱锡鹏's word, and most blogs'",
        introduced=True,
    ),
    Rule("层(规范|标准)化", "层归一化", "one word for layer norm", introduced=True),
    Rule(
        "隐藏特征|隐藏层(的)?(大小|维度)|隐藏大小",
        "隐藏状态维度（`hidden_size`）",
        "隐藏层 is a layer",
        introduced=True,
    ),
    Rule("候选记忆元|候选单元状态|新内容 ?(?=\\$g)", "候选内容", "LSTM's g", introduced=True),
    Rule("深层(?!次|网络|原因|意义)", "多层", "PyTorch users say 多层"),
    Rule(
        "界限",
        "误差界（rounding）, 上界（inequality）, 阈值（clipping）",
        "three concepts, three words",
    ),
    Rule("裁剪.{0,6}上限|上限.{0,4}裁剪", "阈值", "clipping has a threshold"),
    Rule("矩阵乘积", "矩阵乘法 (the act), 乘积 (the result)", "one word each"),
    Rule("按元素|按位(?!置)", "逐元素", "one word for elementwise"),
    Rule("无批量", "不带批量维", "无批量 is no word"),
    Rule(
        "对它的检[验查]|它们?的检[验查](?=[在是见，。：；]|$)", "验证", "the section is called 验证"
    ),
    Rule("构建时|构建程序", "生成网站时", "构建 is the programmer's word for a build"),
)

MEASURE = "个步行列次批层条种分维位章页道篇段项组份年天字轮题秒词句人处节对张行枚遍只块种维"
NUMERAL = "零一二三四五六七八九十百"
ONE = f"[{NUMERAL}]"
HABITS = (
    Rule(
        "(每个|每一个|这些|那些|同样的|同样的这些|哪些|几个|多少个|有多少|各个|所有的?|别的"
        "|其余的|余下的|相同的|(?<![很极更])大的|(?<![很极更])小的|全部|任何)数(?![量值据字学组目额])",
        "分量 (vector), 元素 (matrix), 值/结果 (result), 参数 (weights)",
        "A: 数 for every number",
    ),
    Rule(
        r"(?:\d+|[三四五六七八九十百]+|\$[^$]*\$|`0`) ?个数(?![量值据字学组目额])",
        "个分量, 个元素, 个值, 个参数",
        "A: 数 for every number",
    ),
    Rule(
        rf"负{ONE}(?!责|号)|百分之|{ONE}(与|和|到){ONE}之间|大小为{ONE}"
        rf"|(?:是|为|于|到|取|得|默认值是?){ONE}+(?=[，。；：、）]|[之与和的]?倍)|(十六|三十二|六十四|一百二十八|一百)"
        rf"(?![{MEASURE}{NUMERAL}多万千])|{ONE}+的(倍数|整数倍|幂)",
        "figures and symbols: $-1$, $(-1, 1)$, 1, 8 倍, `-100`",
        "B: spelled-out values",
    ),
    Rule(
        "[个半]个?机器精度|机器精度个",
        r"机器精度的 16 倍, $16\varepsilon$",
        "C: 机器精度 as a counted noun",
    ),
    Rule(
        r"(?<![误相偏方残准均温级极逆正负落公更变较最很太不也之逐参容])差(?![别异值商分距错一不劲点])",
        "误差, 差值, 偏差, 相差; predicate: 不如, 更差",
        "D: bare 差",
    ),
    Rule("弯曲|弯(?!路)", "非线性, 激活函数, 饱和", "E: bend"),
    Rule("(?<!扩)展示(?!例)", "输出, 隐藏状态; 说明, 显示, 给出", "F: shown"),
    Rule(
        "互不知情|毫无察觉|察觉不?到|不在乎|拒绝回答|毫不知情|感觉到|没有谁"
        "|(它|网络|循环|状态|模块|程序)(所|不|什么也不|什么都不|分别)?知道",
        "取决于, 不受影响, 抛出异常",
        "J: persons",
    ),
    Rule("有一章", "见[…](…)，or a colon after the link", "K: chapters as agents"),
    Rule(
        "的(一致|相同)(?=[，。；：）])",
        "与 X 一致, 与 X 的结果相同",
        "L: possessive without its noun",
    ),
    Rule("杂务|奢求|非相等不可|值得说一句|尺子|盒子|池子|赌博", "say the thing", "N: calques"),
    Rule(
        "^##.*(什么|怎|为何|哪|多少|是否|吗|[?？])",
        "a noun or a statement",
        "R: questions as headings",
        kinds=("heading",),
    ),
    Rule(
        "(检验|验证|断言|检查|比较)(必须|应当|应该|要)?会失败|必须会|会查出",
        "能够失败, 查得出错误",
        "S: 会 for can",
    ),
    Rule("抽(?![样象查检屉])", "随机初始化 (weights), 采样 (data), 随机实验", "V: draw"),
    Rule("断言：.*就是", "与 B 一致, 等价于 B", "X: claim titles", kinds=("box",)),
)


def aliases(known: list[Term]) -> list[Rule]:
    """Return a rule for each other name that the glossary lists."""
    heads = {term.chinese for term in known} | EVERYDAY
    return [
        Rule(re.escape(name), term.chinese, f"this course says {term.chinese}", introduced=True)
        for term in known for name in term.aliases
        if name not in ORDINARY and name not in heads and name not in term.chinese
    ]  # fmt: skip


def visible(line: str) -> str:
    """Reduce a line to its words: no code, no addresses; a formula and a value keep their place."""
    line = re.sub(VALUE, "`0`", line)
    line = re.sub(INLINE_CODE, lambda code: code[0] if code[0] == "`0`" else "`x`", line)
    line = ATTRIBUTES.sub("", line)
    line = re.sub(r"\]\([^()\s]*(?:\([^()]*\)[^()\s]*)*", "](", line)
    return TAG.sub("", line)


def broken(
    rules: list[Rule] | tuple[Rule, ...], line: str, kind: str = "paragraph"
) -> Iterator[str]:
    """Say of a line which rules it breaks, and what to write."""
    words = re.sub(r"\*+", "", visible(line))
    for rule in rules:
        if rule.kinds and kind not in rule.kinds:
            continue
        if rule.introduced and INTRODUCED.search(words):
            continue
        for hit in re.finditer(rule.pattern, words):
            yield f"“{hit[0].lstrip('# ')}”: {rule.why}; write {rule.instead}"


def variants(page: Page) -> list[Found]:
    """Name other words for what has a term."""
    if _is_one_of(page, WITH_ALIASES):
        return []
    rules = [*VARIANTS, *aliases(terms())]
    return [
        (number, what) for number, kind, line in prose(page) for what in broken(rules, line, kind)
    ]


def habits(page: Page) -> list[Found]:
    """Name habits of a text that was translated sentence by sentence."""
    rules = [rule for rule in HABITS
             if not (rule.kinds == ("heading",) and _is_one_of(page, WITH_QUESTIONS))]  # fmt: skip
    found = []
    for number, kind, line in prose(page):
        found += [(number, what) for what in broken(rules, line, kind)]
        found += [(number, what) for what in half_words(line, terms())]
    return found


def half_words(line: str, known: list[Term]) -> Iterator[str]:
    """Name emphasis that covers half of a word: *遗忘*门, *一*步, **旧**状态."""
    for hit in re.finditer(rf"(?<!\*)\*{{1,2}}([{HAN}]{{1,3}})\*{{1,2}}(?!\*)", visible(line)):
        names = [name for term in known for name in (term.chinese, *term.aliases)]
        whole_words = {term.chinese for term in known} | EVERYDAY
        word, after = hit[1], hit.string[hit.end() :]
        joined = word + "".join(re.findall(rf"^[{HAN}]{{0,6}}", after))
        whole = next((name for name in names if len(name) > len(word)
                      and name.startswith(word) and joined.startswith(name)), "")  # fmt: skip
        alone = re.match(r"一步|[新旧]状态", joined)
        whole = whole or (alone[0] if alone else "")
        if whole and word not in whole_words:
            yield f"“{hit[0]}{after[:2]}”: O: emphasis on half a word; write *{whole}*"


def untranslated(page: Page) -> Iterator[Found]:
    """Name docstrings and printed words of a page's own code that are not Chinese."""
    for code in page.of(Code):
        if any(origin.file for origin in code.origins):
            continue  # from the package, which both languages share
        for node in ast.walk(ast.parse(code.code)):
            for line, text, what in _told(node):
                if re.search("[a-z]{2,} [a-z]{2,}", text) and not re.search(f"[{HAN}]", text):
                    yield code.line + line, f"“{text}”: {what} in English; translate it"


def _told(node: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield what a definition or a call of `print` tells its reader."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.lineno, ast.get_docstring(node) or "", "a docstring"
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield node.lineno, part.value, "a printed text"

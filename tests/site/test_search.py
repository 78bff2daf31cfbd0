"""What the search is given to read, and where it leads people by what they type."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import jieba
import material
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.site.visits import Listener, load
from tools.search import LONGEST, forget_long_words, searched, short_index
from tools.site import LANGUAGES, ROOT, docs_dir, settings, site_folder

Ask = Callable[[str, str], list[list[str]]]

# What people type, and the page (and section) that one of the first two results leads to.
QUERIES = {
    "en": {
        "h_n bidirectional": "bidirectional",
        "Gers": "bibliography.html#gers",
        "Jacobian": "glossary.html#jacobian|vanishing-gradients",
        "forget gates": "lstm-by-hand.html#forget-bias",
        "gradients vanish": "vanishing-gradients",
        "gradient clipping": "vanishing-gradients.html#clipping",
        "clip_grad_norm": "vanishing-gradients.html#clipping",
        "how to initialize the forget gate bias": "#forget-bias",
        "orthogonal initialization": "glossary.html#orthogonal",
        "pad_sequence": "unequal-length",
        "torch.nn.utils.rnn.pack_padded_sequence": "unequal-length",
        "packed_sequence": "unequal-length",
        "nn.LSTM": "gates/lstm-by-hand",
        "torch.nn.LSTM": "gates/lstm-by-hand",
        "torch.nn.GRU": "gates/gru-by-hand",
        "BiLSTM": "glossary.html#bidirectional",
        "gates of the LSTM": "lstm-by-hand",
        "why is the loss not decreasing": "debugging|symptoms",
        "variable length sequences": "unequal-length",
        "masks": "unequal-length.html#mask",
        "batches": "truncated-bptt|glossary.html#batch",
        "batch_first": "debugging.html#batch-first",
        "hidden sizes": "glossary.html#hidden-size",
        "hidden_state": "glossary.html#hidden-state|truncated-bptt",
        "hidden state": "glossary.html#hidden-state|truncated-bptt",
        "cell states": "glossary.html#cell-state|lstm-by-hand.html#idea",
        "memory cell": "glossary.html#cell-state",
        "num_layers": "anatomy|foundations/stacked",
        "proj_size": "variants.html#proj-size",
        "variational dropout": "glossary.html#locked-dropout",
        "floating point numbers": "glossary.html#floating-point",
        "machine epsilon": "glossary.html#machine-epsilon",
        "bptt": "truncated-bptt",
        "truncated backpropagation": "truncated-bptt",
        "detaching the hidden state": "truncated-bptt",
        "packed sequences": "unequal-length",
        "stacking layers": "stacked",
        "unrolled": "glossary.html#unroll",
        "layer normalization": "glossary.html#layer-norm",
        "gradient checking": "glossary.html#gradient-check",
        "exploding gradients": "vanishing-gradients",
        "overfitting": "debugging.html#overfit",
        "nan loss": "debugging.html#nan",
        "reset gate": "gru-by-hand.html#reset",
        "peepholes": "variants.html#peepholes",
        "skip connections": "glossary.html#residual",
        "gated recurrent units": "glossary.html#gru",
        "weight_hh_l0_reverse": "cheat-sheet",
        "num_layers=2": "symptoms|anatomy",
        "h0": "glossary.html#initial-state",
        "how many gates does an LSTM have": "gates/lstm-by-hand",
        "why do gradients explode": "vanishing-gradients",
        "what does bidirectional=True return": "bidirectional",
        "暂退法": "glossary.html#dropout",
        "遗忘门": "glossary.html#forget-gate",
        # What the labs are about.
        "ctc": "labs/digit-rows|glossary.html#ctc",
        "beam search": "labs/pronunciation|labs/digit-rows|glossary.html#beam-search",
        "attention": "labs/pronunciation|glossary.html#attention",
        "crf": "labs/segmentation|glossary.html#crf",
        "viterbi": "glossary.html#viterbi|labs/segmentation",
        "forecasting": "labs/forecasting",
        "n-gram": "labs/characters|glossary.html#n-gram",
        "dynamic time warping": "glossary.html#dynamic-time-warping|labs/vowels",
    },
    "zh": {
        "LSTM的门": "gates/lstm-by-hand",
        "RNN层": "cheat-sheet|linear-layer-over-time|foundations/stacked",
        "什么是LSTM": "gates/lstm-by-hand",
        "batch_first参数": "anatomy",
        "神经网络": "index|learning/debugging",
        "网络": "glossary.html#recurrent-network|index|a-network-that-writes",
        "padding": "glossary.html#padding",
        "pad_sequence": "unequal-length",
        "clipping": "glossary.html#clipping",
        "双向LSTM": "foundations/bidirectional",
        "暂退法": "glossary.html#dropout",
        "随机失活": "glossary.html#dropout",
        "隐状态": "glossary.html#hidden-state",
        "隐变量": "glossary.html#hidden-state",
        "细胞状态": "glossary.html#cell-state",
        "记忆元": "glossary.html#cell-state",
        "BiLSTM": "glossary.html#bidirectional",
        "通过时间反向传播": "learning/backpropagation-through-time",
        "随时间反向传播": "learning/backpropagation-through-time",
        "梯度检验": "glossary.html#gradient-check",
        "梯度弥散": "glossary.html#vanishing",
        "忘记门": "glossary.html#forget-gate",
        "跳跃连接": "glossary.html#residual",
        "层标准化": "glossary.html#layer-norm",
        "自动求导": "glossary.html#autograd",
        "递归神经网络": "glossary.html#recurrent-network",
        "LSTM遗忘门": "gates/lstm-by-hand.html#forget-bias",
        "GRU更新门": "gru-by-hand|glossary.html#update",
        "proj_size": "gates/variants",
        "门控": "gates/lstm-by-hand|glossary.html#gate",
        "双向": "foundations/bidirectional",
        "填充": "unequal-length",
        "梯度消失": "vanishing-gradients",
        "截断的随时间反向传播": "glossary.html#truncated-bptt",
        "h_n 双向": "bidirectional",
        "nn.LSTM": "gates/lstm-by-hand",
        "torch.nn.LSTM": "gates/lstm-by-hand",
        "torch.nn.GRU": "gates/gru-by-hand",
        "torch.nn.utils.rnn.pack_padded_sequence": "unequal-length",
        "pack_padded_sequence怎么用": "unequal-length",
        "PackedSequence是什么": "unequal-length|symptoms",
        "num_layers是什么意思": "anatomy|foundations/stacked",
        "weight_ih_l0的形状": "shape-explorer|cheat-sheet",
        "clip_grad_norm_": "vanishing-gradients.html#clipping",
        "为什么梯度会消失": "vanishing-gradients",
        "为什么LSTM能缓解梯度消失": "vanishing-gradients",
        "如何处理变长序列": "unequal-length",
        "怎么初始化遗忘门偏置": "lstm-by-hand.html#forget-bias",
        "GRU和LSTM的区别": "gates/gru-by-hand",
        "隐藏状态是什么": "glossary.html#hidden-state",
        "如何防止梯度爆炸": "vanishing-gradients",
        "怎样裁剪梯度": "vanishing-gradients",
        "loss是nan怎么办": "debugging.html#nan",
        "双向RNN的输出怎么拼接": "foundations/bidirectional",
        "RNN的参数有几个": "anatomy",
        "最后一个时间步的输出怎么取": "unequal-length.html#last-step",
        "为什么误差不是零": "one-matmul.html#difference|zero-difference",
        "浮点数误差": "zero-difference",
        "单元模块": "reference/cell-modules",
        "内存不够怎么办": "backpropagation-through-time",
        "过拟合了怎么办": "debugging.html#overfit|glossary.html#overfit",
        "什么是双向RNN": "bidirectional",
        "状态要不要detach": "glossary.html#detach",
        "gradient clipping": "glossary.html#clipping",
        "vanishing gradients": "glossary.html#vanishing",
        "bidirectional": "glossary.html#bidirectional|bidirectional",
        "hidden_size": "anatomy|symptoms",
        "截断BPTT": "truncated-bptt",
        "梯度为什么会爆炸": "vanishing-gradients",
        "机器精度是多少": "glossary.html#machine-epsilon",
        "多层RNN的h_n": "stacked",
        "序列长度不一致怎么办": "unequal-length",
        "h0": "glossary.html#initial-state",
        "语言模型": "glossary.html#language-model",
        "手写LSTM": "gates/lstm-by-hand",
        "tanh激活函数": "glossary.html#activation|rnn-by-hand",
        # English words and names of PyTorch, with and without a suffix.
        "packing": "glossary.html#packing|unequal-length",
        "bucketing": "glossary.html#bucketing|unequal-length",
        "pack_padded_sequence": "unequal-length|symptoms",
        "detach": "glossary.html#detach|truncated-bptt",
        "teacher forcing": "glossary.html#teacher",
        "perplexity": "glossary.html#perplexity|a-network-that-writes",
        "one-hot": "glossary.html#one-hot|a-network-that-writes",
        "autograd": "glossary.html#autograd|backpropagation-through-time",
        "orthogonal": "glossary.html#orthogonal|vanishing-gradients",
        "peephole": "variants|glossary.html#peephole",
        "enforce_sorted": "unequal-length|symptoms|interview",
        "weight_hh_l0": "cheat-sheet|anatomy|glossary|variants",
        # Chinese and Latin without a blank.
        "双向RNN": "foundations/bidirectional",
        "多层RNN": "foundations/stacked|deep-and-bidirectional",
        "RNN梯度消失": "vanishing-gradients",
        "h_n双向": "bidirectional",
        "nn.LSTM参数": "lstm-by-hand|cheat-sheet|anatomy|interview",
        "GRU重置门": "gru-by-hand|glossary.html#reset",
        "LSTM参数量": "cheat-sheet|interview",
        # What the labs are about.
        "注意力": "labs/pronunciation|glossary.html#attention",
        "条件随机场": "labs/segmentation|glossary.html#crf",
        "CRF": "labs/segmentation|glossary.html#crf",
        "CTC": "labs/digit-rows|glossary.html#ctc",
        "束搜索": "labs/pronunciation|labs/digit-rows|glossary.html#beam-search",
        "维特比算法": "glossary.html#viterbi|labs/segmentation",
        "分词": "labs/segmentation|glossary.html#word-segmentation",
        "动态时间规整": "glossary.html#dynamic-time-warping|labs/vowels",
        # Other names.
        "层规范化": "glossary.html#layer-norm|regularising",
        "候选记忆元": "glossary.html#(content|books)",
        "内部状态": "glossary.html#(cell-state|books)",
        "隐藏单元数": "glossary.html#(hidden-size|books)",
        "教师强制": "glossary.html#(teacher-forcing|books)",
        "梯度截断": "glossary.html#(clipping|books)|vanishing-gradients",
        "沿时间反向传播": "backpropagation-through-time",
        "BPTT": "backpropagation-through-time|truncated-bptt",
        "掩膜": "glossary.html#mask",
        "有效长度": "unequal-length|glossary.html#length",
        "数值梯度": "backpropagation-through-time|glossary.html#gradient-check",
        "浮点误差": "zero-difference|one-matmul",
        "从零实现": "by-hand",
        "手撕": "by-hand",
        "手撕LSTM": "lstm-by-hand",
        "面试": "interview-questions",
        "面试题": "interview-questions",
        "情感分类": "interview-questions|unequal-length",
        "动手学深度学习": "glossary.html#(books|symbols)",
        "邱锡鹏": "glossary.html#(books|symbols)",
        "时刻": "glossary.html#time-step",
        "Transformer": "interview-questions|index",
        "长期依赖": "glossary.html#vanishing|vanishing-gradients",
        "长距离依赖": "glossary.html#vanishing|vanishing-gradients",
        "隐层": "glossary.html#hidden-state",
        "超参数": "glossary.html#parameter",
        "收敛": "glossary.html#loss",
        "泛化": "glossary.html#overfit|by-heart",
        "词向量": "glossary.html#embedding|verse",
        "权重共享": "glossary.html#recurrent-network|stacked.html#sharing",
        "哈达玛积": "glossary.html#books",
        "双向循环神经网络": "glossary.html#bidirectional|foundations/bidirectional",
        "堆叠LSTM": "foundations/stacked",
        "深度循环神经网络": "glossary.html#(stacked|books)|foundations/stacked",
        "双向长短期记忆网络": "foundations/bidirectional",
        "多层循环神经网络": "foundations/stacked|deep-and-bidirectional",
        # The site's own words.
        "掩码": "unequal-length.html#mask|glossary.html#mask",
        "正交初始化": "vanishing-gradients|glossary.html#orthogonal",
        "过拟合": "glossary.html#overfit|debugging",
        "独热": "glossary.html#one-hot|a-network-that-writes",
        "变长序列": "unequal-length",
        "参数量": "cheat-sheet|interview",
        "遗忘门": "glossary.html#forget-gate|lstm-by-hand",
        "梯度裁剪": "vanishing-gradients|glossary.html#clipping",
        "残差连接": "glossary.html#residual|regularising",
        # Whole questions.
        "为什么要用双向RNN": "foundations/bidirectional",
        "为什么PyTorch有两个偏置": "interview-questions|gru-by-hand|anatomy",
        "为什么遗忘门偏置要设成1": "lstm-by-hand|interview-questions",
        "为什么pack_padded_sequence要排序": "interview-questions|unequal-length|symptoms",
        "为什么要detach隐藏状态": "truncated-bptt|interview-questions",
        "为什么RNN用tanh": "interview-questions|rnn-by-hand",
        "为什么loss不下降": "debugging|symptoms",
        "为什么loss是nan": "debugging.html#nan",
        "为什么每次运行结果不一样": "symptoms|which-pytorch|zero-difference",
        "为什么output和h_n不一样": "interview-questions|anatomy|symptoms|stacked",
        "为什么eval结果每次不同": "symptoms|interview-questions",
        "为什么要打包序列": "unequal-length",
        "显存不够怎么办": "backpropagation-through-time|glossary.html#checkpointing",
        "梯度爆炸怎么办": "vanishing-gradients",
        "梯度消失怎么解决": "vanishing-gradients|interview-questions",
        "双向LSTM的输出怎么取": "foundations/bidirectional|symptoms.html#last-step-bidirectional",
        "LSTM参数量怎么计算": "interview-questions|cheat-sheet",
        "变长序列怎么算loss": "unequal-length",
        "怎么给LSTM加dropout": "regularising|stacked|interview-questions",
        "怎么自定义RNN单元": "regularising|rnn-by-hand|cell-modules",
        "怎么把Keras权重转成PyTorch": "gates/variants",
        "怎样检验反向传播写对了": "backpropagation-through-time",
        "怎么做截断BPTT": "truncated-bptt",
        "什么是门控循环单元": "gru-by-hand|glossary.html#gru",
        "什么是截断BPTT": "truncated-bptt|glossary.html#truncated",
        "困惑度是什么": "glossary.html#perplexity|a-network-that-writes",
        "什么是权重绑定": "interview-questions|regularising",
        "什么是teacher forcing": "glossary.html#teacher",
        "有状态RNN是什么": "truncated-bptt|glossary.html#stateful|interview-questions",
        "proj_size是什么": "gates/variants|symptoms",
        "output和h_n的区别": "interview-questions|anatomy",
        "RNN和LSTM的区别": "lstm-by-hand|interview-questions",
        "RNN和注意力的区别": "interview-questions|index",
        "按值裁剪和按范数裁剪的区别": "vanishing-gradients|interview-questions",
        "LSTM和GRU哪个好": "gru-by-hand|interview-questions",
        "LSTM有几个门": "lstm-by-hand|interview-questions|glossary.html#lstm",
        "双向LSTM的h_n是什么形状": "bidirectional|cheat-sheet|interview-questions",
        "dropout为什么不起作用": "symptoms|regularising|stacked|interview-questions",
        "重置门有什么作用": "glossary.html#reset|gru-by-hand",
        "遗忘门有什么用": "lstm-by-hand|glossary.html#forget-gate",
        "batch_first有什么用": "interview-questions|anatomy|debugging",
        "双向RNN能不能用于实时预测": "bidirectional",
        "CPU和GPU结果不一样怎么办": "symptoms|which-pytorch|zero-difference",
        "填充放在左边还是右边": "unequal-length",
        "LSTM的权重按什么顺序排列": "lstm-by-hand|gates/variants|cheat-sheet",
        "初始loss应该是多少": "interview-questions|debugging",
        "忘记eval会怎样": "interview-questions|symptoms",
        "RNN面试常问什么": "interview-questions",
    },
}

# What a reader of the Chinese edition typed in vain, and whole questions, by their words.
TYPED_IN_VAIN = (
    "padding",
    "packing",
    "bucketing",
    "clipping",
    "pad_sequence",
    "pack_padded_sequence",
    "hidden_size",
    "proj_size",
    "双向LSTM",
    "双向RNN",
    "多层RNN",
    "LSTM遗忘门",
    "RNN梯度消失",
    "h_n双向",
    "nn.LSTM参数",
    "神经网络",
    "暂退法",
    "掩膜",
    "BiLSTM",
    "浮点误差",
    "面试",
    "情感分类",
    "细胞状态",
    "记忆元",
    "通过时间反向传播",
    "随时间反向传播",
    "隐状态",
    "有效长度",
    "梯度检验",
    "数值梯度",
    "从零实现",
)
QUESTION = re.compile("为什么|怎么|怎样|如何|什么|多少|区别|几个|哪|还是|要不要|能不能")


def test_chinese_queries_are_of_the_kinds_that_people_type() -> None:
    queries = QUERIES["zh"]
    assert [query for query in TYPED_IN_VAIN if query not in queries] == []
    assert len(queries) >= 80
    assert sum(bool(QUESTION.search(query)) for query in queries) >= 40


def test_search_reads_entries_rows_and_captions_by_themselves() -> None:
    """It leads to an entry that has an id, and shows those paragraphs that a word was found in."""
    symbol = '<span class="arithmatex"><bdi data-search-exclude><i>t</i></bdi></span>'
    html = (
        f'<dl><dt id="a">a {symbol}, {symbol}</dt>\n<dd>one</dd>\n'
        f"<dt>b {symbol}</dt>\n<dd>two</dd>\n"
        "<dt><code>c</code></dt>\n<dd>\n<p>three</p>\n<div>x</div>\n</dd></dl>"
        '<table><tr><td>4</td></tr><tr class="r"><td>5</td></tr></table>'
        "<figcaption>six</figcaption>"
    )
    assert searched(html, ": ") == (
        '<dl><h3 id="a">a</h3><p>one</p>\n<p>b: two</p>\n'
        "<p><code>c</code>: three</p>\n<div>x</div>\n</dl>"
        "<table><p><td>4</td></p><p><td>5</td></p></table><p>six</p>"
    )


def test_search_index_lacks_what_the_search_leaves_out() -> None:
    html = (
        '<p>One <bdi data-search-exclude><span>x</span></bdi> two</p>'
        '<svg role="img" data-search-exclude><text>a</text></svg>'
        '<div class="language-python highlight"><pre><code>b</code></pre></div>'
        '<details class="success"><summary>Solution</summary></details>'
        '<details class="check"><summary>Claim</summary></details>'
        '<h2 id="exercises">Exercises</h2>'
        '<div class="language-text highlight"><pre><code>ValueError: c</code></pre></div>'
    )  # fmt: skip
    assert searched(html, ": ") == (
        "<p>One <bdi data-search-exclude></bdi> two</p>"
        '<svg role="img" data-search-exclude></svg>'
        "<div></div>"
        '<details class="success" data-search-exclude><summary>Solution</summary></details>'
        '<details class="check" data-search-exclude><summary>Claim</summary></details>'
        '<h2 id="exercises" data-search-exclude>Exercises</h2>'
        '<div class="language-text highlight"><pre><code>ValueError: c</code></pre></div>'
    )


def test_pages_that_are_looked_up_by_name_are_searched_by_their_headings() -> None:
    html = '<h1 id="a">A</h1><p>one</p><h2 id="b"><code>b</code></h2><table></table>'
    assert searched(html, ": ", "reference/cells.html") == (
        '<h1 id="a">A</h1><h2 id="b"><code>b</code></h2>'
    )
    assert "one" in searched(html, ": ", "gates/lstm-by-hand.html")


def test_bibliography_is_searched_by_authors_and_titles() -> None:
    html = (
        '<dl><dt id="a">A (1)</dt>\n<dd><em lang="en">T.</em>\n<em>J.</em> doi. Cited in</dd></dl>'
    )
    assert searched(html, ": ", "look-up/bibliography.html") == (
        '<dl><h3 id="a">A (1)</h3><p><em lang="en">T.</em></p></dl>'
    )
    assert "Cited" in searched(html, ": ", "look-up/glossary.html")


def test_index_has_characters_and_no_mark_next_to_a_stop() -> None:
    index = '{"text": "<p>\\u200b\\u95e8\\u63a7\\u200b\\u5355\\u5143\\u200b\u3002"}'
    assert short_index(index) == '{"text":"<p>门控\u200b单元。"}'


def test_long_words_are_cut_into_those_that_they_are_made_of() -> None:
    assert any(len(word) > LONGEST for word in jieba.Tokenizer().cut("循环神经网络"))
    forget_long_words("<p>循环神经网络</p>")
    assert jieba.lcut("循环神经网络") == ["循环", "神经", "网络"]


def test_words_that_jieba_does_not_know_are_taught() -> None:
    taught = jieba.Tokenizer()
    file = ROOT / settings()["plugins"]["search"]["jieba_dict_user"]
    with file.open("rb") as lines:
        taught.load_userdict(lines)
    words = file.read_text(encoding="utf-8").split()
    assert [word for word in words if taught.lcut(f"的{word}的")[1:-1] != [word]] == []
    untaught = jieba.Tokenizer()
    assert [word for word in words if untaught.lcut(word, HMM=False) == [word]] == []


def test_script_of_the_theme_is_published_as_it_is(built_site: Path) -> None:
    pattern = "assets/javascripts/workers/search.*.js"
    (published,) = built_site.glob(pattern)
    (theirs,) = (Path(material.__file__).parent / "templates").glob(pattern)
    assert published.name == theirs.name
    assert published.read_bytes() == theirs.read_bytes()


@pytest.fixture(scope="module")
def ask(browser: Browser, searchable: str) -> Iterator[Ask]:
    """Let tests type into an edition's search, and read where each result leads, best first."""
    context = browser.new_context()

    @cache
    def opened(language: str) -> Page:
        page = context.new_page()
        load(page, f"{searchable}{site_folder(language)}")
        search(page, "")
        return page

    def ask(language: str, query: str) -> list[list[str]]:
        page = opened(language)
        answer, said = page.locator(".md-search-result__meta"), "Type to start|键入以开始"
        fill(page, "")
        expect(answer).to_have_text(re.compile(said))
        fill(page, query)
        expect(answer).not_to_have_text(re.compile(said), timeout=20_000)
        return page.locator(".md-search-result__item").evaluate_all(
            """items => items.map(item => Array.from(
                item.querySelectorAll("a"), link => link.href.replace(/[?]h=[^#]*/, "")
            ))"""
        )

    yield ask
    context.close()


def search(page: Page, words: str) -> None:
    page.locator("label.md-search__icon, input.md-search__input").first.click()
    fill(page, words)


def fill(page: Page, words: str) -> None:
    page.locator(".md-search__input").fill(words)
    page.keyboard.press("End")  # an input method ends with a key, and Material listens to keys


@pytest.mark.parametrize(
    ("language", "query"),
    [(language, query) for language in QUERIES for query in QUERIES[language]],
)
def test_search_leads_to_what_people_look_for(ask: Ask, language: str, query: str) -> None:
    first = ask(language, query)[:2]
    wanted = QUERIES[language][query]
    assert any(re.search(wanted, link) for links in first for link in links), first
    assert all(("/zh/" in link) == (language == "zh") for links in first for link in links)


@pytest.mark.parametrize("language", LANGUAGES)
def test_search_for_a_message_leads_to_its_cause(ask: Ask, language: str) -> None:
    """People paste what torch has told them: the page of faults is the first result."""
    page = (docs_dir(language) / "look-up/symptoms.md").read_text(encoding="utf-8")
    messages = re.findall(r"^ *(\w+(?:Error|Warning): .*)", page, re.MULTILINE)
    assert len(messages) >= 20
    missed = [text for text in messages if "/symptoms.html" not in ask(language, text)[0][0]]
    assert missed == []


def test_search_shows_text_as_it_stands_and_marks_what_was_found(
    browser: Browser, searchable: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    heard = Listener(page, searchable.split("/rnn-tutorial")[0])
    load(page, searchable + "zh/")
    search(page, "LSTM遗忘门")
    result = page.locator(".md-search-result__link[href*='forget-bias']").first
    result.wait_for()
    assert result.locator("h2").inner_text().replace("\u200b", "") == "遗忘门的偏置：一开始就打开"
    assert set(result.locator("mark").all_inner_texts()) >= {"遗忘", "门"}
    with page.expect_navigation():
        result.click()
    marks = page.locator("article mark")
    marks.first.wait_for()
    assert {"LSTM", "遗忘"} <= set(marks.all_inner_texts())
    assert heard.complaints == []
    context.close()


def test_search_suggests_how_a_word_goes_on(browser: Browser, searchable: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    load(page, searchable)
    search(page, "bidirec")
    expect(page.locator("[data-md-component=search-suggest]")).to_have_text("bidirectional")
    context.close()


@pytest.mark.parametrize(
    ("language", "word", "address"),
    [
        ("en", "Gers", "bibliography.html#gers"),
        ("en", "Jacobian", "glossary.html#jacobian"),
        ("zh", "遗忘门", "glossary.html#forget-gate"),
    ],
)
def test_search_shows_the_entry_and_not_the_whole_list(
    browser: Browser, searchable: str, language: str, word: str, address: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    load(page, f"{searchable}{site_folder(language)}")
    search(page, word)
    name, _, anchor = address.partition("#")
    link = f".md-search-result__link[href*='{name}'][href*='{anchor}']"
    page.locator(link).first.wait_for()
    shown = page.locator(f"{link} p").all_inner_texts()
    assert shown
    assert max(map(len, shown)) < 400, "a paragraph; these lists have a thousand and more"
    context.close()

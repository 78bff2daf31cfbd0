"""What the search is given to read."""

from pathlib import Path

import jieba
import material

from tools.search import LONGEST, forget_long_words, searched
from tools.site import ROOT, settings


def test_search_reads_entries_rows_and_captions_by_themselves() -> None:
    """It leads to an entry that has an id, and shows those paragraphs that a word was found in."""
    symbol = '<span class="arithmatex"><bdi data-search-exclude><i>t</i></bdi></span>'
    html = (
        f'<dl><dt id="a">a {symbol}</dt>\n<dd>one</dd>\n'
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


def test_search_is_spared_what_it_leaves_out() -> None:
    html = (
        '<p>One <bdi data-search-exclude><span>x</span></bdi> two</p>'
        '<svg role="img" data-search-exclude><text>a</text></svg>'
        '<div data-search-exclude class="language-python highlight"><pre><code>b</code></pre></div>'
        '<div class="language-text highlight"><pre><code>ValueError: c</code></pre></div>'
    )  # fmt: skip
    assert searched(html, ": ") == (
        "<p>One <bdi data-search-exclude></bdi> two</p>"
        '<svg role="img" data-search-exclude></svg>'
        '<div data-search-exclude class="language-python highlight"></div>'
        '<div class="language-text highlight"><pre><code>ValueError: c</code></pre></div>'
    )


def test_long_words_are_cut_into_those_that_they_are_made_of() -> None:
    assert any(len(word) > LONGEST for word in jieba.Tokenizer().cut("循环神经网络"))
    forget_long_words("<p>循环神经网络</p>")
    assert jieba.lcut("循环神经网络") == ["循环", "神经", "网络"]


def test_words_that_jieba_does_not_know_are_taught() -> None:
    taught = jieba.Tokenizer()
    file = ROOT / settings()["plugins"]["search"]["jieba_dict_user"]
    taught.load_userdict(str(file))
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

"""What the search is given to read, and its index and script."""

import json

import pytest

from tools.search import mended_search, searched, short_index


def test_search_reads_entries_rows_and_captions_as_paragraphs() -> None:
    """It shows those paragraphs of a section that a word was found in."""
    symbol = '<span class="arithmatex"><bdi data-search-exclude><i>t</i></bdi></span>'
    html = (
        f'<dl><dt id="a">a {symbol}</dt>\n<dd>one</dd>\n'
        "<dt><code>b</code></dt>\n<dd>\n<p>two</p>\n<div>x</div>\n</dd></dl>"
        '<table><tr><td>3</td></tr><tr class="r"><td>4</td></tr></table>'
        "<figcaption>five</figcaption>"
    )
    assert searched(html, ": ") == (
        "<dl><p>a: one</p>\n<p><code>b</code>: two</p>\n<div>x</div>\n</dl>"
        "<table><p><td>3</td></p><p><td>4</td></p></table><p>five</p>"
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


def test_marks_between_words_are_short_and_those_beside_blanks_go() -> None:
    index = json.dumps({"text": "\u200b门控\u200b \u200b循环\u200b单元\u200b，"})
    assert short_index(index) == '{"text":"门控 循环\x7f单元，"}'


def test_search_script_restores_marks_and_looks_at_the_last_character() -> None:
    theirs = (
        "constructor({config:e,docs:r,options:n}){F}for(let o=s+1;o<t.length;o++)t.slice(s,o)in e"
    )
    ours = mended_search(theirs)
    given, cut = ours.split("F}")
    assert given == (
        "constructor({config:e,docs:r,options:n}){for(let d of r)for(let f of['title','text'])"
        r"d[f]=d[f].replaceAll('\x7f','\u200b');"
    )
    assert cut == "for(let o=s+1;o<=t.length;o++)t.slice(s,o)in e"


@pytest.mark.parametrize("place", ["slice", "docs"])
def test_another_search_script_is_refused(place: str) -> None:
    theirs = (
        "constructor({config:e,docs:r,options:n}){F}for(let o=s+1;o<t.length;o++)t.slice(s,o)in e"
    )
    with pytest.raises(ValueError, match="search script has changed"):
        mended_search(theirs.replace(place, "other"))

"""What Material's search reads of a page.  How it reads a query: docs/assets/search.js."""

import logging
import re

import jieba

jieba.setLogLevel(logging.WARNING)
# What the search leaves out, tag by tag: formulas, figures, blocks of code.
LEFT_OUT = re.compile(
    r"(?P<start><(?P<tag>bdi|svg)\b[^>]* data-search-exclude[^>]*>).*?(?=</(?P=tag)>)"
    r'|(?P<block><div data-search-exclude class="language-[^>]*>).*?</pre>',
    re.DOTALL,
)
# What the search would show as one long text: entries of lists of terms, rows, captions.
ENTRY = re.compile(
    r'<dt\b(?P<id> id="[^"]*")?[^>]*>(?P<term>.*?)'
    r'(?:\s*<span class="arithmatex"><bdi[^>]*></bdi></span>)?</dt>'
    r"\s*<dd>\s*(?P<block><p>)?(?P<text>.*?)</dd>",
    re.DOTALL,
)
PART = re.compile(r"<(/?)(?:tr|figcaption)\b[^>]*>")
# How much a find counts, by the beginning of the page's address: the chapters come first.
WEIGHTS = {"reference/": 0.3, "contributing": 0.3, "checks": 0.3, "look-up/": 0.9}
HAN = re.compile("[一-鿿]{4,}")
LONGEST = 3


def searched(html: str, colon: str) -> str:
    """Return what the search reads of a page's content, in paragraphs: it shows those with a find.

    To read past what it leaves out takes most of its time, so that is emptied.
    """
    html = LEFT_OUT.sub(lambda part: part["start"] or part["block"], html)
    html = ENTRY.sub(lambda entry: _as_text(colon, **entry.groupdict()), html)
    return PART.sub(r"<\1p>", html)


def _as_text(colon: str, id: str | None, term: str, block: str | None, text: str) -> str:
    """Write an entry as a section, which the search leads to, or as a paragraph if it has no id."""
    end = "" if block else "</p>"
    return f"<h3{id}>{term}</h3><p>{text}{end}" if id else f"<p>{term}{colon}{text}{end}"


def weight(address: str) -> float:
    return next((weight for start, weight in WEIGHTS.items() if address.startswith(start)), 1)


def forget_long_words(text: str) -> None:
    """Let jieba know no long word of a text as one: the search finds only how a word begins.

    So 神经网络 is two words from now on, and who looks for 网络 finds it.
    """
    runs = HAN.findall(text)
    while long := {word for run in runs for word in jieba.cut(run) if len(word) > LONGEST}:
        for word in long:
            jieba.del_word(word)

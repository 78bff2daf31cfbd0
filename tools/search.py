"""What Material's search reads of a page.  How it reads a query: docs/assets/search.js."""

import json
import logging
import re

import jieba

jieba.setLogLevel(logging.WARNING)
# What the search leaves out: code and printed numbers, which are most of a page's text,
FENCE = re.compile(r'<div class="language-(?:python|text)\b.*?</pre>', re.DOTALL)
# but not an output that shows an error or a warning, which people paste;
MESSAGE = re.compile(r'class="language-text.*(Error|Warning)', re.DOTALL)
# the markup of formulas and figures;
DRAWN = re.compile(r"(<(bdi|svg)\b[^>]*>).*?(?=</\2>)", re.DOTALL)
# claims, exercises, solutions, what a chapter builds on, sums up and leads to, and what only
# counts and explains.
UNSOUGHT = re.compile(
    r'<details class="(?:check|success)"|<h2 id="(?:need|summary|exercises|next)"'
    r'|<p class="verified-legend"'
    r'|<div class="(?:claimdown-facts|checks)"'
)
# What the search would show as one long text: entries of lists of terms, rows, captions.
ENTRY = re.compile(
    r'<dt\b(?P<id> id="[^"]*")?[^>]*>(?P<term>.*?)'
    r'(?:,?\s*<span class="arithmatex"><bdi[^>]*></bdi></span>)*</dt>'
    r"\s*<dd>\s*(?P<block><p>)?(?P<text>.*?)</dd>",
    re.DOTALL,
)
PART = re.compile(r"<(/?)(?:tr|figcaption)\b[^>]*>")
# Of a paper, what is looked up: its authors and its title.
PAPER = re.compile(r"(<dd>\s*<em\b[^>]*>.*?</em>).*?(?=</dd>)", re.DOTALL)
# How much a find counts, by the beginning of the page's address: messages, then the chapters.
WEIGHTS = {
    "reference/": 0.3, "contributing": 0.3, "translating": 0.3, "checks": 0.3,
    "look-up/symptoms": 1.5, "look-up/": 0.9,
}  # fmt: skip
# Pages that people look up by name, and that are searched by their headings.
BY_NAME = (
    "index.html", "labs/", "reference/", "contributing", "translating", "checks",
    "look-up/interview-questions",
)  # fmt: skip
HEADING = re.compile(r"<h[1-6]\b.*?</h[1-6]>", re.DOTALL)
# The plugin puts a mark between two words, also where a blank or a stop parts them anyway.
NEEDLESS = re.compile(
    r"\u200b(?=[\s、。，．？！；：（）“”《》<>])|(?<=[\s、。，．？！；：（）“”《》<>])\u200b"
)
HAN = re.compile("[一-鿿]{4,}")
LONGEST = 3


def searched(html: str, colon: str, address: str = "") -> str:
    """Return what the search reads of a page, in paragraphs: it shows those with a find."""
    if address.startswith(BY_NAME):
        return "".join(HEADING.findall(html))
    html = FENCE.sub(lambda fence: fence[0] if MESSAGE.search(fence[0]) else "<div>", html)
    if address.startswith("look-up/bibliography"):
        html = PAPER.sub(r"\1", html)
    html = UNSOUGHT.sub(r"\g<0> data-search-exclude", DRAWN.sub(r"\1", html))
    html = ENTRY.sub(lambda entry: _as_text(colon, **entry.groupdict()), html)
    return PART.sub(r"<\1p>", html)


def _as_text(colon: str, id: str | None, term: str, block: str | None, text: str) -> str:
    """Write an entry as a section, which the search leads to, or as a paragraph if it has no id."""
    end = "" if block else "</p>"
    return f"<h3{id}>{term}</h3><p>{text}{end}" if id else f"<p>{term}{colon}{text}{end}"


def weight(address: str) -> float:
    return next((weight for start, weight in WEIGHTS.items() if address.startswith(start)), 1)


def short_index(index: str) -> str:
    """Write an index in characters, not in escapes, and without needless marks: it is smaller."""
    text = json.dumps(json.loads(index), ensure_ascii=False, separators=(",", ":"))
    return NEEDLESS.sub("", text)


def forget_long_words(text: str) -> None:
    """Let jieba split the long words of a text: the search matches beginnings of words only.

    So 神经网络 is two words from now on, and a search for 网络 finds it.
    """
    runs = HAN.findall(text)
    while long := {word for run in runs for word in jieba.cut(run) if len(word) > LONGEST}:
        for word in long:
            jieba.del_word(word)

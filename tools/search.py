"""What the theme's search reads, and its index and script as they are published."""

import json
import re

# What the search leaves out, tag by tag: formulas, figures, blocks of code.
LEFT_OUT = re.compile(
    r"(?P<start><(?P<tag>bdi|svg)\b[^>]* data-search-exclude[^>]*>).*?(?=</(?P=tag)>)"
    r'|(?P<block><div data-search-exclude class="language-[^>]*>).*?</pre>',
    re.DOTALL,
)
# What the search would show as one long text: entries of lists of terms, rows, captions.
ENTRY = re.compile(
    r'<dt\b[^>]*>(?P<term>.*?)(?:\s*<span class="arithmatex"><bdi[^>]*></bdi></span>)?</dt>'
    r"\s*<dd>\s*(?P<block><p>)?(?P<text>.*?)</dd>",
    re.DOTALL,
)
PART = re.compile(r"<(/?)(?:tr|figcaption)\b[^>]*>")
# The plugin puts a word between two of these marks, and a blank or a stop parts words as well.
MARK, SHORT_MARK = "\u200b", "\x7f"  # three bytes, and one that no text has
BLANK = r"\s\u3000-\u303f\uff00-\uffef“”\"<>"
BESIDE_BLANK = re.compile(rf"{MARK}(?=[{BLANK}])|(?<=[{BLANK}]){MARK}")
# Two places in the theme's search script: where it is given the index, and where it cuts a query.
GIVEN = re.compile(r"constructor\(\{config:\w+,docs:(?P<docs>\w+),options:\w+\}\)\{")
RESTORE = (
    "for(let d of {docs})for(let f of['title','text'])d[f]=d[f].replaceAll('\\x7f','\\u200b');"
)
CUT = re.compile(r"(for\(let (\w)=\w\+1;\2)<(\w\.length;\2\+\+\)\w\.slice)")


def searched(html: str, colon: str) -> str:
    """Return what the search reads of a page's content, in paragraphs: it shows those with a find.

    To read past what it leaves out takes most of its time, so that is emptied.
    """
    html = LEFT_OUT.sub(lambda part: part["start"] or part["block"], html)
    html = ENTRY.sub(lambda entry: _as_paragraph(colon, **entry.groupdict()), html)
    return PART.sub(r"<\1p>", html)


def _as_paragraph(colon: str, term: str, block: str | None, text: str) -> str:
    return f"<p>{term}{colon}{text}" + ("" if block else "</p>")


def short_index(index: str) -> str:
    """Write a search index with short marks, none beside blanks, and characters for escapes."""
    text = json.dumps(json.loads(index), ensure_ascii=False, separators=(",", ":"))
    return BESIDE_BLANK.sub("", text).replace(MARK, SHORT_MARK)


def mended_search(worker: str) -> str:
    """Let the search script read the short marks, and find whole words.

    It cuts a query into words and never looks at the last character, so it reads 内存 as words that
    begin with 内.  The cuts are looked up in the index, which has the words as jieba has cut them.

    Raises:
        ValueError: if the script is another one than that of Material 9.8.
    """
    mended, given = GIVEN.subn(lambda place: place[0] + RESTORE.format(**place.groupdict()), worker)
    mended, cut = CUT.subn(r"\1<=\3", mended)
    if (given, cut) != (1, 1):
        raise ValueError("the theme's search script has changed: what does it need now?")
    return mended

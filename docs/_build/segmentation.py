"""Where a Chinese word ends: the search plugin asks jieba, which has to know the course's terms."""

import json
import logging
import re

import jieba

from docs._build.site import docs_dir

# The head of an entry of the Chinese glossary, up to its English term.
ENTRY = re.compile(r"^(?P<term>\S[^*\n]*?) \*[^*]+\*\{ lang=en \}", re.MULTILINE)
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


def glossary_terms() -> list[str]:
    """List the Chinese terms of the course, as its glossary has them."""
    glossary = docs_dir("zh") / "practice" / "glossary.md"
    return [entry["term"] for entry in ENTRY.finditer(glossary.read_text(encoding="utf-8"))]


def short_index(index: str) -> str:
    """Write a search index with short marks, none beside blanks, and characters for escapes."""
    text = json.dumps(json.loads(index), ensure_ascii=False, separators=(",", ":"))
    return BESIDE_BLANK.sub("", text).replace(MARK, SHORT_MARK)


def mended_search(worker: str) -> str:
    """Let the search script read the short marks, and find whole words.

    It cuts a query into words and never looks at the last character, so it reads 内存 as words that
    begin with 内.  The cuts are looked up in the index, which has the words as jieba has cut them.

    Raises:
        ValueError: if the script is another one than that of Material 9.7.
    """
    mended, given = GIVEN.subn(lambda place: place[0] + RESTORE.format(**place.groupdict()), worker)
    mended, cut = CUT.subn(r"\1<=\3", mended)
    if (given, cut) != (1, 1):
        raise ValueError("the theme's search script has changed: what does it need now?")
    return mended


def teach_terms(language: str) -> None:
    """Add the terms to jieba's dictionary; without them 门控 would be two words."""
    jieba.setLogLevel(logging.WARNING)
    for term in glossary_terms() if language == "zh" else []:
        jieba.add_word(term)

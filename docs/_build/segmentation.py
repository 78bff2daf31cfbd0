"""Where a Chinese word ends: the search plugin asks jieba, which has to know the course's terms."""

import json
import logging
import re

import jieba

from docs._build.site import docs_dir

# The head of an entry of the Chinese glossary, up to its English term.
ENTRY = re.compile(r"^(?P<term>\S[^*\n]*?) \*[^*]+\*\{ lang=en \}", re.MULTILINE)
# The plugin puts a word between two of these marks, and a blank or a stop parts words as well.
BLANK = r"\s\u3000-\u303f\uff00-\uffef“”\"<>"
BESIDE_BLANK = re.compile(rf"\u200b(?=[{BLANK}])|(?<=[{BLANK}])\u200b")


def glossary_terms() -> list[str]:
    """List the Chinese terms of the course, as its glossary has them."""
    glossary = docs_dir("zh") / "practice" / "glossary.md"
    return [entry["term"] for entry in ENTRY.finditer(glossary.read_text(encoding="utf-8"))]


def short_index(index: str) -> str:
    """Write a search index with characters in place of escapes, and without marks beside blanks."""
    text = json.dumps(json.loads(index), ensure_ascii=False, separators=(",", ":"))
    return BESIDE_BLANK.sub("", text)


def with_whole_words(worker: str) -> str:
    """Mend the search script: it cuts a query into words and never looks at the last character.

    So it reads 内存 as words that begin with 内.  The cuts are looked up in the index, which has
    the words as jieba has cut them.

    Raises:
        ValueError: if the script is another one than that of Material 9.7.
    """
    cut = re.compile(r"(for\(let (\w)=\w\+1;\2)<(\w\.length;\2\+\+\)\w\.slice)")
    mended, count = cut.subn(r"\1<=\3", worker)
    if count != 1:
        raise ValueError("the theme's search script has changed: does it cut queries right now?")
    return mended


def teach_terms(language: str) -> None:
    """Add the terms to jieba's dictionary; without them 门控 would be two words."""
    jieba.setLogLevel(logging.WARNING)
    for term in glossary_terms() if language == "zh" else []:
        jieba.add_word(term)

"""Where a Chinese word ends: the search plugin asks jieba, which has to know the course's terms."""

import logging
import re

import jieba

from tools.site import docs_dir

# The head of an entry of the Chinese glossary, up to its English term.
ENTRY = re.compile(r"^(?P<term>\S[^*\n]*?) \*[^*]+\*\{ lang=en \}", re.MULTILINE)


def glossary_terms() -> list[str]:
    """List the Chinese terms of the course, as its glossary has them."""
    glossary = docs_dir("zh") / "look-up" / "glossary.md"
    return [entry["term"] for entry in ENTRY.finditer(glossary.read_text(encoding="utf-8"))]


def teach_terms(language: str) -> None:
    """Add the terms to jieba's dictionary; without them 门控 would be two words."""
    jieba.setLogLevel(logging.WARNING)
    for term in glossary_terms() if language == "zh" else []:
        jieba.add_word(term)

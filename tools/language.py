"""Tell the other extensions in which language a page is, and join the lines of a Chinese one.

A Python-Markdown extension.  A source has one sentence per line, and a browser shows a line's end
as a space; in Chinese there is none between sentences.
"""

import re
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor

WIDE = r"\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef"  # Chinese characters and punctuation
STOP = r"\u3000-\u303f\uff00-\uffef”’…"  # punctuation, which brings its own space
STOPS = ",.;:!?)，。；：？！）、"  # which stay on the line of what they follow
LINE_END = re.compile(rf"(?<=[{STOP}])\n *|(?<=[{WIDE}])\n *(?=[{WIDE}“])")


def joined(text: str) -> str:
    """Join the lines that end in Chinese.

    >>> joined("一句。\\n又一句，\\nnn.RNN\\nagain")
    '一句。又一句，nn.RNN\\nagain'
    """
    return LINE_END.sub("", text)


class JoinedLines(Treeprocessor):
    def run(self, root: Element) -> None:
        for element in root.iter():
            if element.text and element.tag != "code":
                element.text = joined(element.text)
            if element.tail:
                element.tail = joined(element.tail)


class LanguageExtension(Extension):
    def __init__(self, **kwargs: Any) -> None:
        self.config = {"language": ["en", "the language of the pages"]}
        super().__init__(**kwargs)

    def extendMarkdown(self, md: Markdown) -> None:
        md.language = self.getConfig("language")
        if md.language == "zh":  # after the inline patterns (20), before what reads text
            md.treeprocessors.register(JoinedLines(md), "joined_lines", 19)


def makeExtension(**kwargs: Any) -> LanguageExtension:
    """Build the extension; Python-Markdown calls this."""
    return LanguageExtension(**kwargs)

"""Take a block's Markdown apart: values, inline code, formulas, hidden texts, and what is left.

What is left, `bare`, has the length of the block, so that an offset in it is one in the block.
"""

import re
from dataclasses import dataclass, field
from html import unescape

from claimdown.numbers import GAP, blank, number_code, numbers_in, shapes_in

VALUE = r'(?<!`)`(?P<value>[^`\n]+)`\{ \.verified expr="(?P<expr>[^"\n]*)" \}'
INLINE_CODE = r"(?P<ticks>`+)(?!`)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)"
FORMULA = r"\$\$.+?\$\$|\$(?!\s)[^$\n]*?[^$\s\\]\$"
TOKEN = re.compile(
    rf"(?P<escape>\\[\\`*_{{}}\[\]()#+.!$>~|-])|{VALUE}|{INLINE_CODE}|(?P<formula>{FORMULA})",
    re.DOTALL,
)
ATTRIBUTES = re.compile(r"\{:? ?(?:[.#]|\w+=)[^{}\n]*\}")
MARK = re.compile(r"\{[^{}]*\b(?:verified|expr)\b|\.verified\b|\bexpr\s*=")
IMAGE = re.compile(r'!\[(?P<alt>[^\]]*)\]\((?P<target>[^\s)]*)(?:\s+"(?P<title>[^"]*)")?\)')
LINK = re.compile(
    r"(?P<text>\[[^\[\]]*\])(?:\((?P<target>[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)"
    r'(?:\s+"(?P<title>[^"]*)")?\)|\[[^\[\]]*\])'
)
ADDRESS = re.compile(r"<?https?://[^\s>]+>?")
FOOTNOTE = re.compile(r"\[\^[^\]\s]+\]:?")
TAG = re.compile(r"</?(?P<name>[a-zA-Z][\w-]*)(?P<attributes>(?:\s[^<>]*)?)/?>", re.DOTALL)
ENTITY = re.compile(r"&#?\w+;")
MARKER = re.compile(r"(?m)^ *(?:\d+\. |[-*] |#{1,6} |:   |> )")
EMPHASIS = re.compile(r"\*+|(?<!\w)_+|_+(?!\w)|~~")


@dataclass
class Prose:
    """A block taken apart; each part stands with its offset."""

    bare: str
    marks: list[re.Match[str]] = field(default_factory=list)
    codes: list[tuple[int, str]] = field(default_factory=list)
    odd_marks: list[int] = field(default_factory=list)  # marks in another form, by their offsets
    formulas: list[tuple[int, str]] = field(default_factory=list)
    images: list[re.Match[str]] = field(default_factory=list)
    hidden: list[tuple[int, str]] = field(default_factory=list)  # texts of links, images and tags

    def numbers(self) -> list[tuple[int, str]]:
        """List each number that no expression verifies: its offset, and why it is refused."""
        found = [(at, why) for at, _, why in numbers_in(self.bare)]
        for start, code in self.codes:
            found += [(start + at, why) for at, _, why in number_code(code)]
        for start, text in [*self.formulas, *self.hidden]:
            found += [(start + at, why) for at, _, why in shapes_in(text)]
        return sorted(found)


def take_apart(text: str, kind: str = "paragraph") -> Prose:
    """Take a block apart; `kind` is that of the block."""
    prose = Prose(text)

    def token(match: re.Match[str]) -> str:
        if match["escape"]:
            return f" {match[0][1]}"
        if match["value"]:
            prose.marks.append(match)
        elif match["code"]:
            prose.codes.append((match.start("code"), match["code"]))
        elif match["formula"]:
            prose.formulas.append((match.start(), match[0]))
        return blank(match)

    def hidden(match: re.Match[str]) -> str:
        if match.re is IMAGE:
            prose.images.append(match)
        for part in match.groupdict().keys() & {"alt", "title", "text", "attributes"}:
            prose.hidden.append((match.start(part), match[part] or ""))
        return spaces(match) if match.re is TAG else blank(match)

    bare = TOKEN.sub(token, text)
    if kind == "box":  # keep the title of `!!! kind "Title"`
        bare = re.sub(r'^ *\S+ [^"]*', blank, bare)
    bare = ATTRIBUTES.sub(lambda match: match[0] if MARK.match(match[0]) else blank(match), bare)
    bare = FOOTNOTE.sub(blank, bare)
    prose.odd_marks = [mark.start() for mark in MARK.finditer(bare)]
    bare = ADDRESS.sub(blank, LINK.sub(hidden, IMAGE.sub(hidden, bare)))
    bare = EMPHASIS.sub(spaces, MARKER.sub(spaces, TAG.sub(hidden, bare)))
    bare = ENTITY.sub(lambda match: unescape(match[0])[:1].ljust(len(match[0])), bare)
    prose.bare = bare.replace("|", GAP) if kind == "row" else bare
    return prose


def spaces(match: re.Match[str]) -> str:
    return " " * len(match[0])


def cells(row: str) -> int:
    """Count the cells of a table's row; a bar in inline code ends none, one in a formula does."""

    def formula(match: re.Match[str]) -> str:
        return match[0].replace(r"\|", "") if match["formula"] else blank(match)

    return TOKEN.sub(formula, row).count("|") - 1

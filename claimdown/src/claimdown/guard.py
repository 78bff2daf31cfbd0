"""Compare a page's HTML, as it is published, with what was read off its source.

So neither a plugin, a hook nor a theme can bring in a block, an output or a value that nobody has
checked, or lose one.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from lxml.html import HtmlElement, document_fromstring

from claimdown.fences import is_python
from claimdown.numbers import GAP, number_code, numbers_in, shapes_in
from claimdown.page import Code, Fence, Output, Page, Shown, Skipped, Value
from claimdown.prose import ATTRIBUTES, FORMULA

T = TypeVar("T", bound=Hashable)
Fault = tuple[int, str]  # a line of the page, and what is wrong there
NAMES = {Code: "Python block", Skipped: "skipped block", Output: "output"}
# What is no text, or was checked otherwise, or is counted by the engine itself.
NO_TEXT = "pre", "script", "style", ".verified", ".headerlink", ".checks", ".claimdown-facts"
FORMULAS = ".arithmatex", ".katex", ".MathJax", "math"
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
LONGEST = 70  # characters of a block that are quoted
# Of boxes, folded or not, in the order of the page.
TITLES = "//summary | //*[contains(concat(' ', @class, ' '), ' admonition-title ')]"


@dataclass(frozen=True)
class Published:
    """What a published page shows, each in the order of the page."""

    blocks: tuple[str, ...]  # the text of everything that looks like a code block
    python: tuple[str, ...]  # of those that are highlighted as Python
    values: tuple[tuple[str, str], ...]  # text and expression
    claims: tuple[str, ...]  # the titles' letters


def published(html: str, claim: str) -> Published:
    """Read a published page; `claim` is how a claim's title begins."""
    tree = document_fromstring(html)
    for numbers in tree.find_class("linenodiv"):
        numbers.drop_tree()
    blocks = [*tree.iter("pre"), *_disguised(tree)]
    values = [_value(span) for span in tree.find_class("verified")]
    texts = [(normal(block.text_content()), _is_python(block)) for block in blocks]
    _blank(tree, *FORMULAS)  # one that has been typeset has lost its source
    titles = [letters(title.text_content()) for title in tree.xpath(TITLES)]
    claims = [title for title in titles if title.lower().startswith(letters(claim).lower())]
    python = [text for text, is_code in texts if is_code]
    return Published(tuple(text for text, _ in texts), tuple(python), tuple(values), tuple(claims))


def differences(page: Page, shown: Published) -> list[Fault]:
    """Name what a published page and its source, as it was checked, do not have in common."""
    return sorted([*_blocks(page, shown), *_values(page, shown), *_claims(page, shown)])


def normal(block: str) -> str:
    """Drop what highlighting does not keep: blank lines at both ends, trailing blanks."""
    return "\n".join(line.rstrip() for line in block.expandtabs(4).strip("\n").split("\n"))


def letters(title: str) -> str:
    """Keep what a title's source and its rendered text have in common.

    >>> letters("Claim: `a_b` is *the* [same](x.md) as $c$ (equal)")
    'Claimabisthesameasequal'
    """
    title = LINK.sub(r"\1", ATTRIBUTES.sub("", re.sub(FORMULA, "", title)))
    return re.sub(r"[\W_]", "", title)


# What is compared.


def _blocks(page: Page, shown: Published) -> Iterator[Fault]:
    fences, checked = _texts(page, Shown, *NAMES), _texts(page, *NAMES)
    names = {fence.line: NAMES.get(type(fence)) for fence in page.of(Fence)}
    unread, _ = compared(shown.blocks, fences)
    for line, text in unread:
        yield line, f"the page shows a code block that is not in its source: {_quoted(text)}"
    _, lost = compared(shown.blocks, checked)
    for line, text in lost:
        yield line, f"this {names[line]} is not shown as it was checked: {_quoted(text)}"
    lines = {text: line for line, text in fences}
    for _, text in compared(shown.python, _texts(page, Code, Skipped))[0]:
        if text in lines:  # else it is unread, and named above
            yield lines[text], f"the page shows as Python what was not executed: {_quoted(text)}"
    texts = {text for _, text in checked}
    pairs = zip(checked, (text for text in shown.blocks if text in texts), strict=False)
    moved = [line for (line, text), other in pairs if text != other]
    if moved and not lost:
        yield moved[0], f"on the page, this {names[moved[0]]} stands in another place"


def _texts(page: Page, *kinds: type[Fence]) -> list[tuple[int, str]]:
    return [(each.line, normal(each.code)) for each in page.of(Fence) if isinstance(each, kinds)]


def _values(page: Page, shown: Published) -> Iterator[Fault]:
    values = [(value.line, (value.text, value.expression)) for value in page.of(Value)]
    more, less = compared(shown.values, values)
    places = {text: line for line, (text, _) in values}
    for line, (text, code) in more:
        message = f"the page shows `{text}` as verified by {code!r}, which nobody evaluated"
        yield places.get(text, line), message
    for line, (text, code) in less:
        yield line, f"`{text}`, verified by {code!r}, is not marked on the page"


def _claims(page: Page, shown: Published) -> Iterator[Fault]:
    titles = {letters(claim.title): claim.title for claim in page.claims}
    more, less = compared(shown.claims, [(c.line, letters(c.title)) for c in page.claims])
    for line, title in more:
        yield line, f"the page shows a claim that is not in its source: {title}"
    for line, title in less:
        yield line, f'the claim "{titles[title]}" is not on the page'


def compared(
    shown: Iterable[T], expected: Iterable[tuple[int, T]]
) -> tuple[list[tuple[int, T]], list[tuple[int, T]]]:
    """List what is shown and not expected, and what is expected and not shown, each with a line.

    >>> compared("abx", [(3, "a"), (5, "b"), (7, "c")])
    ([(5, 'x')], [(7, 'c')])
    """
    places: dict[T, list[int]] = defaultdict(list)
    for line, each in expected:
        places[each].append(line)
    more, last = [], 1
    for each in shown:
        if places[each]:
            last = places[each].pop(0)
        else:
            more.append((last, each))
    return more, [(line, each) for each, lines in places.items() for line in lines]


def _quoted(block: str) -> str:
    first = block.split("\n")[0]
    return repr(first if len(first) <= LONGEST else f"{first[:LONGEST]}...")


# What a page shows.


def _disguised(tree: HtmlElement) -> Iterator[HtmlElement]:
    """List what looks like a code block without being one."""
    for code in tree.xpath("//code[not(ancestor::pre)]"):
        if "\n" in code.text_content().strip():
            yield code
    for element in _all(tree, ".highlight", ".codehilite"):
        if not element.xpath("self::code | descendant-or-self::pre"):
            yield element


def _is_python(block: HtmlElement) -> bool:
    """Tell whether a block's own, inner or surrounding elements say that it is Python."""
    classes = " ".join(block.xpath("ancestor-or-self::*/@class | .//code/@class")).split()
    return any(is_python(name[9:]) for name in classes if name.startswith("language-"))


def _value(span: HtmlElement) -> tuple[str, str]:
    """Return the text and the expression of what is marked as verified."""
    code = next(span.iter("code"), span)
    expressions = [mark.get("data-expr", "") for mark in span.find_class("verified-mark")]
    return code.text_content().strip(), "".join(expressions)


def _all(tree: HtmlElement, *names: str) -> list[HtmlElement]:
    """List the elements of some kinds or classes, such as "pre" and ".verified"."""
    found = [tree.find_class(name[1:]) if name[0] == "." else tree.iter(name) for name in names]
    return [element for elements in found for element in elements]


def _blank(tree: HtmlElement, *names: str) -> None:
    for element in _all(tree, *names):
        element.clear(keep_tail=True)
        element.text = f" {GAP} "


# Numbers.


def unverified_numbers(page: Page, html: str) -> list[Fault]:
    """Name each number in a page's rendered content that no expression verifies."""
    lines = page.text.split("\n")
    found = dict.fromkeys((text, why) for _, text, why in _numbers(html))
    return [
        (next((at for at, line in enumerate(lines, 1) if text in line), 1), why)
        for text, why in found
    ]


def _numbers(html: str) -> list[tuple[int, str, str]]:
    tree = document_fromstring(f"<div>{html}</div>")
    _blank(tree, *NO_TEXT)
    for part in tree.xpath("//svg/*"):
        part.drop_tree()
    for cell in tree.iter("td", "th", "li", "p", "dt", "dd"):
        cell.tail = f"\n{cell.tail or ''}"
    labels = [
        label for name in ("alt", "title", "aria-label") for label in tree.xpath(f"//@{name}")
    ]
    found = [shape for text in [tree.text_content(), *labels] for shape in shapes_in(text)]
    found += [code for each in tree.iter("code") for code in number_code(each.text_content())]
    _blank(tree, "code", "a", *FORMULAS)
    return found + numbers_in(tree.text_content())

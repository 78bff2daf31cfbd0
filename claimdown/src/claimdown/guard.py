"""Compare a page's HTML, as it is published, with what was read off its source.

So neither a plugin, a hook nor a theme can bring in a block, an output or a value that nobody has
checked, or lose one.
"""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lxml.html import HtmlElement, document_fromstring

from claimdown.fences import is_python
from claimdown.numbers import GAP, number_code, numbers_in, shapes_in
from claimdown.page import Code, Fence, Generated, Output, Page, Skipped, Value
from claimdown.prose import ATTRIBUTES, FORMULA

T = TypeVar("T", bound=Hashable)
Fault = tuple[int, str]  # a line of the page, and what is wrong there
NAMES = {Code: "Python block", Skipped: "skipped block", Output: "output"}
FORMULAS = "arithmatex", "katex", "MathJax"
# What is no text, or was checked otherwise, or is counted by the engine itself.
NO_TEXT = "verified", "headerlink", "checks", "claimdown-facts"
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
LONGEST = 70  # characters of a block that are quoted


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
    blocks = [block for block in tree.iter("pre") if not _inside(block, "linenodiv")]
    blocks += list(_disguised(tree))
    begins = letters(claim).lower()
    titles = [letters(_without_formulas(title)) for title in _titles(tree)]
    return Published(
        tuple(normal(block.text_content()) for block in blocks),
        tuple(normal(block.text_content()) for block in blocks if _is_python(block)),
        tuple(_value(span) for span in _having(tree, "verified")),
        tuple(title for title in titles if title.lower().startswith(begins)),
    )


def differences(page: Page, shown: Published) -> list[Fault]:
    """Name what a published page and its source, as it was checked, do not have in common."""
    found = [*_blocks(page, shown), *_values(page, shown), *_claims(page, shown)]
    return sorted(found)


def unverified_numbers(page: Page, html: str) -> list[Fault]:
    """Name each number in a page's rendered content that no expression verifies."""
    return [(_line_of(text, page), why) for text, why in _numbers(html)]


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
    fences = [fence for fence in page.of(Fence) if not isinstance(fence, Generated)]
    checked = [fence for fence in fences if type(fence) in NAMES]
    more, _ = compared(shown.blocks, ((f.line, normal(f.code)) for f in fences))
    for line, text in more:
        yield line, f"the page shows a code block that is not in its source: {_quoted(text)}"
    _, less = compared(shown.blocks, ((f.line, normal(f.code)) for f in checked))
    names = {fence.line: NAMES[type(fence)] for fence in checked}
    for line, text in less:
        yield line, f"this {names[line]} is not shown as it was checked: {_quoted(text)}"
    python = ((f.line, normal(f.code)) for f in page.of(Code) + page.of(Skipped))
    named = {text for _, text in more}
    places = {normal(fence.code): fence.line for fence in fences}
    for _, text in compared(shown.python, python)[0]:
        if text not in named:
            yield places[text], f"the page shows as Python what was not executed: {_quoted(text)}"
    if not less:
        yield from _order(checked, shown.blocks)


def _order(checked: Sequence[Fence], blocks: Sequence[str]) -> Iterator[Fault]:
    """Report the first block that stands in another place than the one it was checked in."""
    texts = {normal(fence.code) for fence in checked}
    for fence, text in zip(checked, (text for text in blocks if text in texts), strict=False):
        if normal(fence.code) != text:
            yield fence.line, f"on the page, this {NAMES[type(fence)]} stands in another place"
            return


def _values(page: Page, shown: Published) -> Iterator[Fault]:
    values = [(value.line, (value.text, value.expression)) for value in page.of(Value)]
    more, less = compared(shown.values, values)
    lines = {text: line for line, (text, _) in reversed(less)}
    for line, (text, expression) in more:
        yield (
            lines.get(text, line),
            f"the page shows `{text}` as verified by {expression!r}, which nobody evaluated",
        )
    for line, (text, expression) in less:
        yield line, f"`{text}`, verified by {expression!r}, is not marked on the page"


def _claims(page: Page, shown: Published) -> Iterator[Fault]:
    titles = {letters(claim.title): claim.title for claim in page.claims}
    more, less = compared(
        shown.claims, ((claim.line, letters(claim.title)) for claim in page.claims)
    )
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


# What a page shows.


def _disguised(tree: HtmlElement) -> Iterator[HtmlElement]:
    """List what looks like a code block without being one."""
    for code in tree.iter("code"):
        if "\n" in code.text_content().strip() and not _within(code, "pre"):
            yield code
    for name in ("highlight", "codehilite"):
        for element in _having(tree, name):
            if next(element.iter("pre"), None) is None and element.tag not in ("pre", "code"):
                yield element


def _is_python(block: HtmlElement) -> bool:
    """Tell whether a block's own, inner or surrounding elements say that it is Python."""
    places = [block, *block.iterancestors(), *block.iter("code")]
    names = " ".join(place.get("class", "") for place in places).split()
    languages = [name.removeprefix("language-") for name in names if name.startswith("language-")]
    return any(map(is_python, languages))


def _value(span: HtmlElement) -> tuple[str, str]:
    """Return the text and the expression of what is marked as verified."""
    code = next(span.iter("code"), span)
    mark = next(iter(_having(span, "verified-mark")), None)
    expression = mark.get("data-expr", "") if mark is not None else ""
    return code.text_content().strip(), expression


def _titles(tree: HtmlElement) -> list[HtmlElement]:
    return [*_having(tree, "admonition-title"), *tree.iter("summary")]


def _without_formulas(title: HtmlElement) -> str:
    """Return a title's text; a formula may have been typeset, so that its source is gone."""
    if any(name in title.get("class", "").split() for name in FORMULAS) or title.tag == "math":
        return ""
    inner = (_without_formulas(child) + (child.tail or "") for child in title)
    return (title.text or "") + "".join(inner)


def _having(tree: HtmlElement, name: str) -> list[HtmlElement]:
    """List the elements of a class."""
    path = "descendant-or-self::*[contains(concat(' ', normalize-space(@class), ' '), $name)]"
    return tree.xpath(path, name=f" {name} ")


def _inside(element: HtmlElement, name: str) -> bool:
    return any(name in above.get("class", "").split() for above in element.iterancestors())


def _within(element: HtmlElement, tag: str) -> bool:
    return next(element.iterancestors(tag), None) is not None


# Numbers.


def _numbers(html: str) -> list[tuple[str, str]]:
    """List each number and why it is refused, each text once."""
    tree = document_fromstring(f"<div>{html}</div>")
    for each in [*tree.iter("pre", "script", "style"), *_classed(tree, NO_TEXT)]:
        _blank(each)
    for picture in list(tree.iter("svg")):
        for child in list(picture):
            picture.remove(child)
    for cell in tree.iter("td", "th", "li", "p", "dt", "dd"):
        cell.tail = f"\n{cell.tail or ''}"
    labels = [each.get(name) for name in ("alt", "title", "aria-label")
              for each in tree.iter() if each.get(name)]  # fmt: skip
    found = [shape for text in [tree.text_content(), *labels] for shape in shapes_in(text)]
    for code in list(tree.iter("code")):
        found += number_code(code.text_content())
        _blank(code)
    for each in [*_classed(tree, FORMULAS), *tree.iter("a", "math")]:
        _blank(each)
    found += numbers_in(tree.text_content())
    return list(dict.fromkeys((text, why) for _, text, why in found))


def _classed(tree: HtmlElement, names: Iterable[str]) -> list[HtmlElement]:
    return [each for name in names for each in _having(tree, name)]


def _blank(element: HtmlElement) -> None:
    element.clear(keep_tail=True)
    element.text = f" {GAP} "


def _line_of(text: str, page: Page) -> int:
    """Find the first line of a page that holds a text; the first of all if none does."""
    lines = enumerate(page.text.split("\n"), 1)
    return next((number for number, line in lines if text in line), 1)


def _quoted(block: str) -> str:
    first = block.split("\n")[0]
    return repr(first if len(first) <= LONGEST else f"{first[:LONGEST]}...")

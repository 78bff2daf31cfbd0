"""What a published page shows is, one for one, what was read off its source."""

from collections.abc import Callable
from pathlib import Path

import pytest
from markdown import Markdown

from claimdown.guard import differences, published, unverified_numbers
from claimdown.page import Page
from claimdown.reader import read
from courses import PAGE, course

EXTENSIONS = [
    "admonition", "attr_list", "footnotes", "pymdownx.details", "pymdownx.superfences",
    "tables", "toc", "claimdown.includes", "claimdown.values",
]  # fmt: skip
BLOCK = '<div class="language-{} highlight"><pre><code>{}</code></pre></div>'
VALUE = (
    '<span class="verified"><code>7</code>'
    '<span class="verified-mark" data-expr="3 + 4"></span></span>'
)
CLAIM = '<div class="admonition"><p class="admonition-title">{}</p></div>'


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return course(tmp_path_factory.mktemp("course"), {"docs/sums.md": PAGE})


def html_of(page: Page, languages: bool = True) -> str:
    """Return a page as a theme might publish it, with or without the languages of its blocks."""
    configs = {
        "pymdownx.highlight": {"pygments_lang_class": languages},
        "claimdown.values": {"root": str(page.path.parent)},
        "claimdown.includes": {"base_path": [str(page.path.parents[1])]},
    }
    content = Markdown(
        extensions=["pymdownx.highlight", *EXTENSIONS], extension_configs=configs
    ).convert(page.text)
    return f"<html><body><nav>Sums</nav><main>{content}</main></body></html>"


def found(page: Page, html: str) -> list[tuple[int, str]]:
    return differences(page, published(html, "Claim: "))


def put_in(addition: str) -> Callable[[str], str]:
    return lambda html: html.replace("</main>", f"{addition}</main>")


def cut(first: str, last: str) -> Callable[[str], str]:
    """Return a function that takes out the text from `first` to `last`."""

    def changed(html: str) -> str:
        start = html.index(first)
        return html[:start] + html[html.index(last, start) + len(last) :]

    return changed


def swapped(html: str) -> str:
    """Let the output stand before its code."""
    first = html.index('<div class="language-python')
    second, end = html.index('<div class="language-text'), html.index("<p>The sum")
    return html[:first] + html[second:end] + html[first:second] + html[end:]


NOT_READ = "the page shows a code block that is not in its source"
NOT_EXECUTED = "the page shows as Python what was not executed"
PLANTED = {
    "block put in": (put_in(BLOCK.format("python", "assert 1 == 2")), 20, f"{NOT_READ}: 'assert"),
    "block without a language": (put_in("<pre>assert 1 == 2</pre>"), 20, NOT_READ),
    "block twice": (put_in(BLOCK.format("python", "assert total == 12 + 30")), 20, NOT_READ),
    "output put in": (put_in(BLOCK.format("text", "43")), 20, f"{NOT_READ}: '43'"),
    "code in many lines": (put_in("<p><code>a\nb</code></p>"), 20, NOT_READ),
    "highlighted without pre": (put_in('<p class="highlight">a</p>'), 20, NOT_READ),
    "shell shown as Python": (
        lambda html: html.replace("language-bash", "language-py3"), 20, NOT_EXECUTED
    ),
    "block taken out": (cut('<div class="language-python', "</div>"), 3, "this Python block is"),
    "block changed": (lambda html: html.replace("12", "13", 1), 3, "this Python block is"),
    "output taken out": (cut('<div class="language-text', "</div>"), 8, "this output is not shown"),
    "output changed": (lambda html: html.replace("<code>42\n", "<code>43\n"), 8, "this output is"),
    "another order": (swapped, 3, "on the page, this Python block stands in another place"),
    "value put in": (put_in(VALUE), 12, "the page shows `7` as verified by '3 + 4', which nobody"),
    "value changed": (
        lambda html: html.replace("<code>42</code>", "<code>43</code>"), 12, "`42`, verified by"
    ),
    "value taken out": (cut('<span class="verified"', "</span>.</span>"), 12, "is not marked"),
    "mark taken out": (cut('<span aria-label', "</span>"), 12, "`42`, verified by 'total', is not"),
    "expression changed": (
        lambda html: html.replace('data-expr="total"', 'data-expr="42"'), 12, "'total', is not"
    ),
    "claim put in": (put_in(CLAIM.format("Claim: more (equal)")), 14, "a claim that is not in its"),
    "claim in a folded box": (
        put_in("<details><summary>Claim: more</summary></details>"), 14, "a claim that is not"
    ),
    "claim taken out": (cut("<summary>Claim", "</summary>"), 14, "is not on the page"),
    "claim changed": (lambda html: html.replace("numbers (", "tensors ("), 14, "is not on the"),
}  # fmt: skip


def test_page_as_it_is_shows_nothing_else(root: Path) -> None:
    page = read(root / "docs/sums.md")
    assert found(page, html_of(page)) == []
    shown = published(html_of(page), "Claim: ")
    assert (len(shown.blocks), len(shown.python)) == (4, 2)
    assert shown.values == (("42", "total"),)
    assert shown.claims == ("Claimsumaddstwonumbersequal",)


def test_page_that_names_no_languages_is_compared(root: Path) -> None:
    page = read(root / "docs/sums.md")
    html = html_of(page, languages=False)
    assert published(html, "Claim: ").python == ()
    assert found(page, html) == []
    assert found(page, html.replace("12", "13", 1))


@pytest.mark.parametrize(("change", "line", "message"), PLANTED.values(), ids=PLANTED)
def test_planted_difference_is_named(
    change: Callable[[str], str], line: int, message: str, root: Path
) -> None:
    page = read(root / "docs/sums.md")
    html = html_of(page)
    changed = change(html)
    assert changed != html
    faults = found(page, changed)
    assert any(at == line and message in why for at, why in faults), faults


def test_claim_with_a_formula_is_found_however_it_is_typeset(tmp_path: Path) -> None:
    text = PAGE.replace("two* numbers", "two* numbers as $x + y$ does")
    page = read(course(tmp_path, {"docs/sums.md": text}) / "docs/sums.md")
    html = html_of(page)
    typeset = '<span class="arithmatex"><span class="katex">x<i>+</i>y</span></span>'
    assert found(page, html.replace("$x + y$", typeset)) == []


def test_line_numbers_are_no_block(root: Path) -> None:
    page = read(root / "docs/sums.md")
    numbers = '<div class="linenodiv"><pre>1</pre></div>'
    assert found(page, put_in(numbers)(html_of(page))) == []


NUMBERS = {
    "number": ("<p>It has 40 rows.</p>", ['the number "40" in the text is not verified']),
    "decimal": ("<p>It is 0.5 wide</p>", ['the number "0.5" in the text is not verified']),
    "shape": ("<p>It is [4, 16].</p>", ['"[4, 16]" looks like a concrete shape']),
    "shape in a formula": ('<span class="arithmatex">[4, 16]</span>', ["a concrete shape"]),
    "shape in a link": ('<a href="x">[4, 16]</a>', ["a concrete shape"]),
    "shape in a label": ('<img src="x" alt="[4, 16]">', ["a concrete shape"]),
    "inline code": ("<p><code>0.25</code></p>", ["the number `0.25` is not verified"]),
    "cell": ("<table><tr><td>1</td><td>2</td></tr><tr><td>17</td></tr></table>", ['"17"']),
    "one digit": ("<p>3 rows in 2024, on 64-bit</p>", []),
    "verified": (VALUE.replace("7", "77"), []),
    "block": ("<pre>40</pre>", []),
    "formula": ('<p><span class="arithmatex">40</span> <math>40</math></p>', []),
    "link": ('<p><a href="x">issue 1234</a></p>', []),
    "figure": ("<svg><text>40</text></svg>", []),
    "counts of the engine": ('<div class="checks"><table><tr><td>40</td></tr></table></div>', []),
    "code that is no number": ("<p><code>x[40]</code></p>", []),
}


@pytest.mark.parametrize(("html", "messages"), NUMBERS.values(), ids=NUMBERS)
def test_number_without_an_expression_is_named(html: str, messages: list[str], root: Path) -> None:
    faults = unverified_numbers(read(root / "docs/sums.md"), html)
    assert len(faults) == len(messages)
    for (_, why), message in zip(faults, messages, strict=True):
        assert message in why


def test_line_of_a_number_is_that_of_the_source(root: Path) -> None:
    page = read(root / "docs/sums.md")
    assert [line for line, _ in unverified_numbers(page, "<p>30 and 99</p>")] == [4, 1]

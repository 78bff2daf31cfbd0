"""Formulas: typeset in the page, by the build, with the fonts that the site brings along."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from lxml.html import tostring
from playwright.sync_api import BrowserContext

from tests.course.rendering import site_markdown
from tests.site.published import tree
from tools.formulas import typeset_formulas

# Shows each sign of the formulas once in each font that the style sheets set it in.
SHOW = """async formulas => {
    document.body.innerHTML = formulas.map(one => `<p class=katex>${one}</p>`).join("")
    const signs = new Map()
    document.querySelectorAll("p").forEach((formula, at) => {
        const texts = document.createTreeWalker(formula, NodeFilter.SHOW_TEXT)
        while (texts.nextNode()) {
            const {fontFamily, fontStyle} = getComputedStyle(texts.currentNode.parentElement)
            for (const sign of texts.currentNode.data.replace(/[\\s\u200b]/g, ""))
                signs.set([sign, fontStyle, fontFamily].join(), {sign, fontStyle, fontFamily, at})
        }
    })
    document.body.replaceChildren(...[...signs.values()].map(({sign, fontStyle, fontFamily}) => {
        const shown = Object.assign(document.createElement("p"), {textContent: sign})
        Object.assign(shown.style, {fontStyle, fontFamily})
        return shown
    }))
    document.body.offsetHeight
    await document.fonts.ready
    return [...signs.values()]
}"""


def converted(text: str) -> str:
    return site_markdown().convert(text)


def annotation(formula: Tag) -> str:
    return formula.select_one("annotation").get_text()


def test_inline_and_display_formulas_are_typeset() -> None:
    html = converted("So $h_t$ it is.\n\n$$\na < b\n$$\n")
    inline, display = BeautifulSoup(html, "html.parser").select(".arithmatex")
    assert (inline.name, annotation(inline)) == ("span", "h_t")
    assert (display.name, annotation(display)) == ("div", "a < b")
    assert inline.select_one("math")
    assert not inline.select_one(".katex-display")
    assert display.select_one(".katex-display")
    assert "So " in html


@pytest.mark.parametrize(
    ("text", "stop"),
    [
        ("Of $h_t$, $c_t$ and $a + b + c + d + e + f + g + h + i$, yes.", ","),
        ("由 $h_t$、$c_t$ 和 $a + b + c + d + e + f + g + h + i$，得出。", "、"),
    ],
)
def test_a_stop_stays_with_a_short_formula(text: str, stop: str) -> None:
    closed = BeautifulSoup(converted(text), "html.parser").select(".closed")
    assert [(annotation(span), span.contents[-1]) for span in closed] == [("h_t", stop)]


def test_what_is_typeset_is_left_alone() -> None:
    once = converted("$h_t$ and `$x$`\n")
    assert typeset_formulas(once) == once
    assert "<code>$x$</code>" in once


def test_a_formula_that_katex_cannot_read_is_named() -> None:
    with pytest.raises(ValueError, match=r"formula '\\\\frac\{1': KaTeX parse error"):
        converted(r"$\frac{1$")


def formulas(site: Path) -> dict[str, str]:
    """Return what is seen of every formula of the built site, each once, and where it stands."""
    found: dict[str, str] = {}
    for path in sorted(site.rglob("*.html")):
        for formula in tree(path).cssselect(".arithmatex"):
            where = f"{path.relative_to(site)}: {formula.find('.//math').text_content()}"
            found.setdefault(
                tostring(formula.find_class("katex-html")[0], encoding="unicode"), where
            )
    return found


def test_fonts_have_every_character_of_the_site(
    context: BrowserContext, served: str, built_site: Path
) -> None:
    """Chromium says what it drew with: for a sign that a font lacks it takes a font of its own."""
    seen = formulas(built_site)
    assert len(seen) > 100
    page = context.new_page()
    page.goto(f"{served}404.html")
    signs = page.evaluate(SHOW, list(seen))
    client = context.new_cdp_session(page)
    client.send("DOM.enable")
    client.send("CSS.enable")
    root = client.send("DOM.getDocument")["root"]["nodeId"]
    shown = client.send("DOM.querySelectorAll", {"nodeId": root, "selector": "p"})["nodeIds"]
    used, lacking = set(), {}
    for sign, node in zip(signs, shown, strict=True):
        (font,) = client.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        used.add(font["familyName"])
        if not font["isCustomFont"]:
            lacking[sign["sign"], sign["fontFamily"]] = list(seen.values())[sign["at"]]
    assert lacking == {}
    assert len(signs) > 100
    assert {"KaTeX_Main", "KaTeX_Math", "KaTeX_Size2"} <= used


def test_no_formula_is_left_to_a_script(built_site: Path) -> None:
    for path in built_site.rglob("*.html"):
        html = re.sub(r"<(code|pre)\b.*?</\1>", "", path.read_text(encoding="utf-8"), flags=re.S)
        assert not re.search(r"\\[(\[]", html), path.relative_to(built_site)
    assert not list(built_site.rglob("katex*.js"))


def test_search_knows_the_prose_and_not_the_markup(built_site: Path) -> None:
    index = (built_site / "search" / "search_index.json").read_text(encoding="utf-8")
    assert "katex" not in index
    assert "import torch" not in index
    assert "Expected hidden size" in index, "an output: what people search for"

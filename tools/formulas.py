r"""Formulas, typeset by KaTeX while a page is built, so that a page needs no script for them.

`pymdownx.arithmatex` (generic) leaves \( … \) and \[ … \]. KaTeX is the vendored one; QuickJS runs
it. A formula that KaTeX does not understand stops the build.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from html import unescape
from pathlib import Path

import quickjs
from markdown import Markdown
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor

from tools.language import STOPS

KATEX = Path(__file__).parents[1] / "docs/assets/vendor/katex/katex.min.js"
MARKED = re.compile(
    r'<(?P<tag>span|div) class="arithmatex">\s*\\[(\[](?P<tex>.*?)\\[)\]]\s*</(?P=tag)>'
    rf"(?P<behind>[{STOPS}]*)",
    re.DOTALL,
)
SHORT = 30  # characters of TeX that may stay on one line, even on a phone
# JSON, because an object would come back as a handle; `catch`, to name the formula in the error.
RENDER = """
    function render(tex, displayMode) {
        try { return JSON.stringify({html: katex.renderToString(tex, {displayMode})}) }
        catch (error) { return JSON.stringify({error: error.message}) }
    }
"""


def typeset_formulas(html: str) -> str:
    """Typeset every formula that is marked and not typeset yet.

    Raises:
        ValueError: names the formula and what KaTeX says about it.
    """
    return MARKED.sub(_replacement, html)


def _replacement(match: re.Match[str]) -> str:
    tag, tex = match["tag"], unescape(match["tex"]).strip()
    # Material's search reads text as it stands: a formula three times over, hence an element
    # to be left out whose name does not occur inside it.
    inside = f"<bdi data-search-exclude>{typeset(tex, display=tag == 'div')}</bdi>"
    formula = f'<{tag} class="arithmatex">{inside}</{tag}>'
    if not match["behind"] or len(tex) > SHORT:
        return formula + match["behind"]
    # A browser may break a line after any of KaTeX's boxes, and a comma would begin the next one.
    return f'<span class="closed">{formula}{match["behind"]}</span>'


@cache
def typeset(tex: str, display: bool) -> str:
    r"""Return the HTML and MathML of a formula.

    >>> typeset("h_t", display=False)[:56]
    '<span class="katex"><span class="katex-mathml"><math xml'
    """
    result = json.loads(_renderer()(tex, display))
    if "error" in result:
        raise ValueError(f"formula {tex!r}: {result['error']}")
    return result["html"]


@cache
def _renderer() -> Callable[[str, bool], str]:
    context = quickjs.Context()
    context.eval(KATEX.read_text(encoding="utf-8"))
    context.eval(RENDER)
    return context.get("render")


class _Formulas(Postprocessor):
    def run(self, text: str) -> str:
        return typeset_formulas(text)


class FormulasExtension(Extension):
    """Typeset what `pymdownx.arithmatex` has marked, in captions of figures as well."""

    def extendMarkdown(self, md: Markdown) -> None:
        md.postprocessors.register(_Formulas(md), "formulas", 0)  # after all others


def makeExtension(**options: object) -> FormulasExtension:
    return FormulasExtension(**options)

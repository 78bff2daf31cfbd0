"""Finish a page's HTML: what the site needs and no chapter should have to write."""

import re

from claimdown.config import config_for
from tools.site import ROOT
from tools.words import Words

_AXIS = r'<em class="axis-[^"]*">[^<]*</em>'
_ENTRY = rf"(?:[\w·*+/−…-]|{_AXIS})+"
SHAPE = re.compile(rf"\({_ENTRY}(?:, {_ENTRY})+,?\)")
# How a claim ends in Chinese, which would be broken anywhere.
CHINESE = config_for(ROOT).words("zh")
ENDING = re.compile(f"(?:{CHINESE.equal}|{CHINESE.within_rounding})(?=</summary>)")
MESSAGE_BOX = '<div class="md-dialog" data-md-component="dialog"'
# A link to the page before or after; the theme writes an English colon into its name.
NEIGHBOUR = re.compile(r'(<a [^>]*class="md-footer__link [^>]*aria-label="[^":]*): ')
SEARCH = '<div class="md-search" data-md-component="search" role="dialog"'


def finished(html: str) -> str:
    """Finish the content of a page: tables, shapes."""
    html = ENDING.sub(r'<span class="closed">\g<0></span>', SHAPE.sub(_on_one_line, html))
    return html.replace("<th></th>", "<td></td>")  # the corner of a table is no heading


def _on_one_line(shape: re.Match[str]) -> str:
    """Keep a shape such as (N, T, E) from being broken, if its axes are marked."""
    return shape[0].replace(", ", ",\u00a0") if "<em" in shape[0] else shape[0]


def notebook_button(name: str, text: str) -> str:
    return f'<a class="md-button rnn-notebook" href="{name}" download="{name}">{text}</a>'


def accessible(page: str, words: Words) -> str:
    """Tell screen readers what Material's parts are: the search by name, a message that came up."""
    page = page.replace(SEARCH, f'{SEARCH} aria-label="{words.search}"')
    page = NEIGHBOUR.sub(rf"\1{words.colon}", page)
    return page.replace(MESSAGE_BOX, f'{MESSAGE_BOX} role="status"')

"""A verified value shows a mark that says how it was computed, and the first one is explained."""

from pathlib import Path

import pytest
from lxml.html import HtmlElement, fromstring
from markdown import Markdown

from claimdown.config import ConfigError
from courses import TWO_EDITIONS, course

VALUE = '`[4, 16]`{ .verified expr="list(x.shape)" }'
LEGEND = "The build computed this value."


def rendered(root: Path, text: str, **options: str) -> HtmlElement:
    extensions = ["attr_list", "md_in_html", "tables", "claimdown.values"]
    configs = {"claimdown.values": {"root": str(root), **options}}
    html = Markdown(extensions=extensions, extension_configs=configs).convert(text)
    return fromstring(f"<main>{html}</main>")


def test_value_has_a_mark_with_its_expression(tmp_path: Path) -> None:
    page = rendered(course(tmp_path, {}), f"It is {VALUE}.")
    (span,) = page.xpath("//span[@class='verified']")
    code, mark = span
    assert code.text == "[4, 16]"
    assert dict(code.attrib) == {}
    assert mark.get("class") == "verified-mark"
    assert mark.get("data-expr") == "list(x.shape)"
    assert mark.get("aria-label") == "Verified: list(x.shape)"
    assert mark.get("tabindex") == "0"


def test_other_classes_of_a_value_stay(tmp_path: Path) -> None:
    page = rendered(course(tmp_path, {}), '`7`{ .big .verified expr="x" }')
    assert page.xpath("//code/@class") == ["big"]


@pytest.mark.parametrize(("after", "inside"), [(", so", ","), (" so", ""), ("，所以", "，")])
def test_punctuation_stays_with_its_value(tmp_path: Path, after: str, inside: str) -> None:
    page = rendered(course(tmp_path, {}), f"It is {VALUE}{after}")
    (span,) = page.xpath("//span[@class='verified']")
    assert span[1].tail or inside == ""
    assert (span[1].tail or "") == inside
    assert span.tail == after.removeprefix(inside)


def test_first_value_alone_is_explained(tmp_path: Path) -> None:
    root = course(tmp_path, {})
    page = rendered(root, f"Text.\n\n{VALUE}\n\n{VALUE}")
    assert [child.get("class") for child in page] == [None, None, "verified-legend", None]
    assert page[2].text.startswith(LEGEND)
    assert not rendered(root, "Text.").xpath("//p[@class='verified-legend']")


@pytest.mark.parametrize("text", [f"- {VALUE}", f"| a |\n| --- |\n| {VALUE} |"])
def test_legend_stands_above_a_list_or_a_table(tmp_path: Path, text: str) -> None:
    page = rendered(course(tmp_path, {}), text)
    assert page[0].get("class") == "verified-legend"


def test_legend_avoids_what_a_script_replaces(tmp_path: Path) -> None:
    root, widget = course(tmp_path, {}), f'<div class="widget" markdown>\n\n{VALUE}\n\n</div>'
    page = rendered(root, f"{widget}\n\n{VALUE}", replaced="widget")
    assert [child.get("class") for child in page] == ["widget", None, "verified-legend"]
    page = rendered(root, widget, replaced="widget")
    assert page.xpath("//div[@class='widget']/p/@class") == ["verified-legend"]


def test_words_are_those_of_the_edition(tmp_path: Path) -> None:
    root = course(tmp_path, {"docs/de/index.md": ""}, TWO_EDITIONS)
    page = rendered(root, VALUE, edition="de")
    assert page.xpath("//p[@class='verified-legend']")[0].text == "Berechnet."
    assert page.xpath("//@aria-label") == ["Berechnet: list(x.shape)"]


def test_unknown_edition_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="option edition: expected one of en, got 'fr'"):
        rendered(course(tmp_path, {}), VALUE, edition="fr")

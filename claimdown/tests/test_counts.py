"""The fence `checks` is filled with what there is to check on the pages of an edition."""

from pathlib import Path

import pytest
from lxml.html import HtmlElement, fromstring
from markdown import Markdown

from claimdown.config import Words
from claimdown.counts import count_line
from courses import PAGE, TWO_EDITIONS, course

TABLE = "```checks\ntable\n```"
SUMMARY = "```checks\nsummary\n```"


def rendered(root: Path, text: str, **options: str) -> HtmlElement:
    extensions = ["admonition", "pymdownx.superfences", "claimdown.counts"]
    configs = {"claimdown.counts": {"root": str(root), **options}}
    html = Markdown(extensions=extensions, extension_configs=configs).convert(text)
    return fromstring(f"<main>{html}</main>")


def rows(table: HtmlElement) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.iter("tr")]


def test_table_has_a_row_for_each_page_with_something_to_check(tmp_path: Path) -> None:
    root = course(tmp_path, {"docs/sums.md": PAGE, "docs/a/more.md": f"{PAGE}\n{PAGE}"})
    head, *pages, total = rows(rendered(root, TABLE))
    assert head == list(Words().columns)
    assert pages == [
        ["Sums", "4", "2", "2", "2", "0", "2"],
        ["Sums", "2", "1", "1", "1", "0", "1"],
    ]
    assert total == ["All pages", "6", "3", "3", "3", "0", "3"]


def test_pages_stand_in_the_order_of_the_navigation(tmp_path: Path) -> None:
    pages = {f"docs/{name}.md": PAGE.replace("# Sums", f"# {name}") for name in "abc"}
    root = course(tmp_path, pages)
    (root / "site.yml").write_text("nav: [{Part: [{The last: c.md}]}, a.md]\n", encoding="utf-8")
    titles = [row[0] for row in rows(rendered(root, TABLE, nav="site.yml"))]
    assert titles[1:-1] == ["c", "a", "b"]


def test_summary_has_the_sums(tmp_path: Path) -> None:
    page = rendered(course(tmp_path, {"docs/sums.md": PAGE}), SUMMARY)
    assert [item.text_content() for item in page.iter("li")] == [
        "2 code blocks executed",
        "1 outputs compared",
        "1 values verified",
        "1 claims asserted",
        "0 skipped",
    ]


def test_an_edition_counts_its_own_pages(tmp_path: Path) -> None:
    pages = {"docs/sums.md": PAGE, "docs/de/x.md": "# Nichts { #x }\n\n```bash\nls\n```\n"}
    root = course(tmp_path, pages, TWO_EDITIONS)
    (_, row, total) = rows(rendered(root, TABLE, edition="de"))
    assert row == ["Nichts", "0", "0", "0", "0", "0", "1"]
    assert total[0] == "Alle Seiten"


def test_no_page_is_executed(tmp_path: Path) -> None:
    left = tmp_path / "left-behind"
    code = f"```python\nopen({str(left)!r}, 'w').close()\n```\n"
    page = rendered(course(tmp_path, {"docs/x.md": f"# X {{ #x }}\n\n{code}"}), TABLE)
    assert rows(page)[1][:2] == ["X", "1"]
    assert not left.exists()


def test_title_is_escaped(tmp_path: Path) -> None:
    page = rendered(course(tmp_path, {"docs/x.md": PAGE.replace("Sums", "a <sub>b")}), TABLE)
    assert rows(page)[1][0] == "a <sub>b"


@pytest.mark.parametrize("indent", ["", "    "])
def test_fence_stands_where_it_was_written(tmp_path: Path, indent: str) -> None:
    before = "!!! note\n\n" if indent else "Before.\n\n"
    fence = "\n".join(indent + line for line in SUMMARY.split("\n"))
    page = rendered(course(tmp_path, {}), f"{before}{fence}\n\nAfter.")
    (found,) = page.iter("ul")
    assert page[-1].text == "After."
    assert found.getparent().get("class") == ("admonition note" if indent else None)


def test_a_fence_that_is_only_shown_stays(tmp_path: Path) -> None:
    page = rendered(course(tmp_path, {}), f"````markdown\n{TABLE}\n````")
    assert next(page.iter("pre")).text_content().strip() == TABLE
    assert not list(page.iter("table"))


@pytest.mark.parametrize("word", ["tabel", "", "table summary"])
def test_other_words_are_refused(tmp_path: Path, word: str) -> None:
    with pytest.raises(ValueError, match=f"checks: expected one of table, summary, got '{word}'"):
        rendered(course(tmp_path, {}), f"```checks\n{word}\n```")


COUNTS = {"executed": 3, "compared": 1, "verified": 12, "claims": 0, "skipped": 0, "shown": 1}


def test_line_names_what_there_is() -> None:
    assert count_line(COUNTS, "../checks.md", Words()) == (
        '<a href="../checks.md">Computed and compared</a> on this page: 12 values, 1 output.'
    )
    assert count_line(COUNTS, "", Words()) == (
        "Computed and compared on this page: 12 values, 1 output."
    )
    assert count_line({**COUNTS, "compared": 0, "verified": 0}, "x", Words()) == ""

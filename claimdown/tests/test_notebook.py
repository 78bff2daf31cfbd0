"""A page's notebook: what it holds, what is no longer in it, and what it refuses."""

import base64
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from claimdown import runner
from claimdown.blocks import KINDS
from claimdown.notebooks import notebook, notebook_text
from claimdown.page import Block, Code, Page
from claimdown.reader import read
from claimdown.report import Failure, Report
from courses import TWO_EDITIONS, course

SITE = "https://example.org/course/"
ADDRESS = f"{SITE}part/planted.html"
SETTINGS = """
[tool.claimdown]
author = "A. Author"
licence = "MIT"
html = ["div", "sub", "sup", "kbd", "span", "moving-part"]

[tool.claimdown.editions.en]
folder = "docs"
site_name = "Sums, *checked*"
"""
CODE = "```python\na = 1\n```"
IMAGE = '![Rows "a" of $x_t$](../rows.svg "A_b of $x_t$ (all)."){ #fig-rows }'


def planted(root: Path, text: str, settings: str = SETTINGS) -> Page:
    """Read a page that holds this text below its title."""
    pages = {"docs/part/planted.md": f"# Planted {{ #planted }}\n\n{text}\n", "docs/rows.svg": ""}
    return read(course(root, pages, settings) / "docs/part/planted.md")


def run(page: Page) -> Report:
    """Report that each block printed nothing."""
    return Report(page, printed={code.line: "" for code in page.of(Code)})


def cells(node: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in node.cells if cell.cell_type == kind]


def indented(code: str, width: int = 4) -> str:
    """Indent all lines but the first."""
    return code.replace("\n", "\n" + " " * width)


FORMS = {
    "attributes of a heading": ("## A box { #box }", ["## A box"]),
    "marks": ("*N*{ .axis } and **bold *L·D*{ .axis }**", ["*N* and **bold *L·D***"]),
    "attributes of a block": ("A line.\n{ .wide }", ["A line."]),
    "verified value": ("So `4`{ .verified expr=\"f'{4:.0f}'\" }.", ["So `4`."]),
    "code with backticks and braces": (
        "``a`b`` and `` `c` `` and `*a*{ .b }`",
        ["``a`b`` and `` `c` `` and `*a*{ .b }`"],
    ),
    "escaped characters": (r"\*a\* 2 \* y a\[i\](b) \$", [r"\*a\* 2 \* y a\[i\](b) \$"]),
    "a dollar that begins no formula": ("The sign $ and $x$", [r"The sign \$ and $x$"]),
    "formulas": (
        "Of $x_{t-1}*{ .b }*$:\n\n$$\nh = \\begin{cases} a \\\\\n\n b \\end{cases}\n$$\n\nSo.",
        ["Of $x_{t-1}*{ .b }*$:\n\n$$\nh = \\begin{cases} a \\\\\n\n b \\end{cases}\n$$\n\nSo."],
    ),
    "formula in an item": ("- A:\n\n    $$\n    a\n    $$", ["- A:\n\n  $$\n  a\n  $$"]),
    "links": (
        '[a](other.md#need) [b](#box){ .x } [`c`](../index.md)\n[d](https://e.org/a.md "T")',
        [
            f"[a]({SITE}part/other.html#need) [b]({ADDRESS}#box) "
            f'[`c`]({SITE}index.html)\n[d](https://e.org/a.md "T")'
        ],
    ),
    "abbreviation": ("An RNN.\n\n*[RNN]: recurrent network", ["An RNN."]),
    "table": (
        "| Name | $\\|a\\|$ |\n|:-----|-----:|\n| `a|b` | **c** |",
        ["| Name | $\\Vert a\\Vert $ |\n|:-----|-----:|\n| `a\\|b` | **c** |"],
    ),
    "quote": ("> A *quote*{ .x }.", ["> A *quote*."]),
    "definition list": (
        f"Term `t`\n:   First.\n\n    Second.\n\nOther\n:   Code:\n\n    {indented(CODE)}\n\nEnd.",
        ["- **Term `t`**\n\n  First.\n\n  Second.\n\n- **Other**\n\n  Code:", "a = 1", "End."],
    ),
    "two terms, two definitions": (
        "One\nTwo\n:   First.\n:   Second.",
        ["- **One**\n- **Two**\n\n  First.\n\n  Second."],
    ),
    "definition after another one with two paragraphs": (
        "One\n:   First.\n\n    More.\n\n:   Second.",
        ["- **One**\n\n  First.\n\n  More.\n\n  Second."],
    ),
    "numbers of a list with code": (
        f"1. One.\n\n    {indented(CODE)}\n\n    On.\n\n2. Two.\n   More.\n\n3. Three.\n\nEnd.",
        ["1. One.", "a = 1", "On.\n\n2. Two.\n   More.\n\n3. Three.\n\nEnd."],
    ),
    "list that begins later": ("4. a\n5. b", ["4. a\n5. b"]),
    "tight and nested lists": ("- a\n- b\n    - c\n- d", ["- a\n- b\n  - c\n- d"]),
    "claim": (
        '??? check "Claim: `a` is *one* (equal)"\n    First.\n\n    ```python\n'
        "    assert a == a\n    ```\n\n    Last.\n\nThen.",
        [
            "> **Claim: `a` is *one* (equal)**\n>\n> First.",
            "assert a == a",
            "> Last.\n\nThen.",
        ],
    ),
    "heading in a box": (
        '!!! note "A"\n\n    ### B { #b }\n\n    C.',
        ["> **A**\n\n> ### B\n>\n> C."],
    ),
    "figure in a box": (
        f'!!! note "A"\n\n    {IMAGE}\n\n    B.',
        [
            f'> **A**\n>\n> ![Rows "a" of $x_t$]({SITE}rows.svg "A_b of $x_t$ (all).")\n>\n'
            "> *A_b of $x_t$ (all).*\n>\n> B."
        ],
    ),
    "box without a title": ("!!! note\n    Text.", ["> **Note**\n>\n> Text."]),
    "open box with a list": ("???+ tip\n    - a\n\n    b", ["> **Tip**\n>\n> - a\n>\n> b"]),
    "folded box in a list": (
        '1. One.\n\n    ??? note "Of $x$, `y` & z"\n        Text.\n\n'
        f"        {indented(CODE, 8)}\n\n2. Two.",
        [
            "1. One.",
            "<details>\n<summary><b>Of $x$, y &amp; z</b></summary>\n\nText.\n\n</details>",
            "a = 1",
            "2. Two.",
        ],
    ),
    "folded box of code alone": (
        f'??? note "Earlier"\n    {indented(CODE)}',
        ["**Earlier**", "a = 1"],
    ),
    "skipped code": (
        '```python { .skip title="Not run: slow" }\nx = "`````"\n```',
        ['Not run: slow:\n\n``````python\nx = "`````"\n``````'],
    ),
    "output": (
        '```python\nprint("a")\n```\n\n```text title="Output"\na\n```\n\nEnd.',
        ['print("a")', "End."],
    ),
    "moving part": (
        '<div class="widget" id="w" markdown>\n<moving-part cell="a"></moving-part>\n\n'
        "| a |\n| --- |\n| *N*{ .axis } |\n\n</div>\n\nEnd.",
        [f"[On the page]({ADDRESS}#w) you can change this.\n\n| a |\n| --- |\n| *N* |\n\nEnd."],
    ),
    "moving part on its own": (
        "<moving-part>\nA table.\n</moving-part>",
        [f"[On the page]({ADDRESS}) you can change this.\nA table."],
    ),
    "moving part after another one": (
        '<div id="w" markdown>\n<moving-part></moving-part>\n</div>\n\n<moving-part></moving-part>',
        [
            f"[On the page]({ADDRESS}#w) you can change this.\n\n"
            f"[On the page]({ADDRESS}) you can change this."
        ],
    ),
    "rule, raw HTML, sections": (
        "A<sub>i</sub>\n<span>b</span>\n\n---\n\nB\n\n## C { #c }\n\nD\n\n### E { #e }",
        ["A<sub>i</sub>\nb\n\n---\n\nB", "## C\n\nD", "### E"],
    ),
    "figure without a PNG": (
        IMAGE,
        [f'![Rows "a" of $x_t$]({SITE}rows.svg "A_b of $x_t$ (all).")\n\n*A_b of $x_t$ (all).*'],
    ),
    "figure elsewhere": ("![A](https://e.org/a.svg)", ["![A](https://e.org/a.svg)"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_form_becomes_plain_markdown(form: str, tmp_path: Path) -> None:
    text, expected = FORMS[form]
    page = planted(tmp_path, text)
    node = notebook(page, run(page), ADDRESS)
    nbformat.validate(node)
    first, *others = [cell.source for cell in node.cells]
    below = first.split("your own.", 1)[1].strip()
    assert ([below] if below else []) + others == expected


def test_every_kind_of_block_is_shown_or_refused(tmp_path: Path) -> None:
    page = planted(tmp_path, "")
    lines = {"box": '!!! note "A"', "item": "- A", "definition": ":   A", "numbered item": "1. A"}
    for kind in {*KINDS, "paragraph"} - {"reference", "tab", "footnote"}:
        notebook(_with(page, Block(kind, 3, (lines.get(kind, "A"),), 0, True)), run(page))
    for kind in ("tab", "footnote", "strange"):
        message = rf"planted\.md:3: a notebook cannot show a {kind}: .* option no_notebook"
        with pytest.raises(ValueError, match=message):
            notebook(_with(page, Block(kind, 3, ("A",), 0, True)), run(page))


def _with(page: Page, block: Block) -> Page:
    return replace(page, items=(), claims=(), blocks=(block,))


def test_title_says_where_the_notebook_comes_from(tmp_path: Path) -> None:
    text = "---\ndescription: hidden\n---\n\n# `sum` by *hand*{ .x } { #planted }\n\nYou can."
    page = read(planted(tmp_path, "").path, text)
    node = notebook(page, run(page), ADDRESS)
    (cell,) = node.cells
    assert cell.source == (
        "# `sum` by *hand*\n\n"
        f"> This notebook is the page [`sum` by *hand*]({ADDRESS}) of *Sums, \\*checked\\**.\n"
        "> The outputs are those of the site; "
        "run the cells from top to bottom to get your own.\n\nYou can."
    )
    assert node.metadata.title == "sum by hand"
    assert node.metadata.authors == [{"name": "A. Author"}]
    assert node.metadata.license == "MIT"
    assert node.metadata.kernelspec.name == "python3"
    assert node.metadata.language_info.name == "python"


@pytest.mark.parametrize(
    ("configured", "front", "said"),
    [
        ("", "", ""),
        ("requires = ['torch']", "", "It needs: `pip install torch`."),
        ("", "requires: [pip, pytest]", "It needs: `pip install pip pytest`."),
        ("requires = ['torch']", "requires: [pip]", "It needs: `pip install torch pip`."),
    ],
)
def test_notebook_says_what_to_install(
    tmp_path: Path, configured: str, front: str, said: str
) -> None:
    page = planted(tmp_path, "", f"[tool.claimdown]\n{configured}\n")
    page = read(page.path, f"---\ndescription: x\n{front}\n---\n{page.text}")
    note = notebook(page, run(page)).cells[0].source.split("to get your own.")[1]
    assert note.partition("\n\n")[0] == (f"\n> {said}" if said else "")


def test_results_depend_on_the_versions_of_what_a_page_requires(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = "---\nrequires: [pytest, not-installed-anywhere]\n---\n"
    page = planted(tmp_path, CODE)
    page = read(page.path, front + page.text)
    key = runner._key(page, page.config)
    assert runner._key(page, page.config) == key
    monkeypatch.setattr(runner, "version", lambda name: "0")
    assert runner._key(page, page.config) != key


def test_nothing_is_said_that_is_not_configured(tmp_path: Path) -> None:
    page = planted(tmp_path, "", '[tool.claimdown.editions.en]\nfolder = "docs"\n')
    assert not {"authors", "license"} & set(notebook(page, run(page)).metadata)


def test_two_notebooks_of_a_page_are_the_same(tmp_path: Path) -> None:
    page = planted(tmp_path, f"{CODE}\n\nText.")
    text = notebook_text(notebook(page, run(page), ADDRESS))
    assert text == notebook_text(notebook(page, run(page), ADDRESS))
    assert text.endswith("}\n")
    node = nbformat.reads(text, as_version=4)
    assert (node.nbformat, node.nbformat_minor) == (4, 5)
    assert [cell.id for cell in node.cells] == ["planted-1", "planted-2", "planted-3"]


def test_code_cells_hold_what_was_executed_and_printed(tmp_path: Path) -> None:
    page = planted(tmp_path, f"{CODE}\n\n{CODE.replace('a = 1', 'print(a)')}")
    (tmp_path / "sums.py").write_text("def total():\n    return 7\n", encoding="utf-8")
    text = f'{page.text}\n```python\n--8<-- "sums.py:total"\n```'
    page = read(page.path, text)
    report = Report(page, printed={3: "", 7: "2\n", 11: ""})
    found = cells(notebook(page, report), "code")
    assert [cell.source for cell in found] == ["a = 1", "print(a)", "def total():\n    return 7"]
    assert [cell.execution_count for cell in found] == [1, 2, 3]
    assert [cell.outputs for cell in found] == [
        [],
        [{"output_type": "stream", "name": "stdout", "text": "2\n"}],
        [],
    ]


def test_folded_code_is_hidden_and_other_code_is_not(tmp_path: Path) -> None:
    page = planted(tmp_path, f'{CODE}\n\n??? note "B"\n    {indented(CODE)}\n\nC')
    shown, hidden = cells(notebook(page, run(page)), "code")
    assert shown.metadata == {}
    assert hidden.metadata == {"jupyter": {"source_hidden": True}}


def test_code_of_a_claim_is_hidden_and_its_text_is_not(tmp_path: Path) -> None:
    asserts = "```python\n    assert len(str(1)) == 1\n    ```"
    page = planted(tmp_path, f'??? check "Claim: B (equal)"\n    Text.\n\n    {asserts}')
    found = notebook(page, run(page)).cells
    assert [cell.metadata for cell in found[-1:]] == [{"jupyter": {"source_hidden": True}}]
    assert "> **Claim: B (equal)**\n>\n> Text." in found[-2].source


@pytest.mark.parametrize(
    ("name", "address", "expected"),
    [
        ("part/planted.md", f"{SITE}part/planted.html", ["part/a.html#b", "index.html", "x.csv"]),
        ("part/planted.md", f"{SITE}part/planted/", ["part/a/#b", "", "x.csv"]),
        ("part/index.md", f"{SITE}part/", ["part/a/#b", "", "x.csv"]),
        ("part/README.md", f"{SITE}part/", ["part/a/#b", "", "x.csv"]),
    ],
)
def test_links_are_those_of_the_site(
    name: str, address: str, expected: list[str], tmp_path: Path
) -> None:
    text = "# A { #a }\n\n[a](a.md#b) [b](../index.md) [c](../x.csv) [d](#here)"
    root = course(tmp_path, {f"docs/{name}": text})
    page = read(root / "docs" / name)
    (cell,) = notebook(page, run(page), address).cells
    targets = [f"({SITE}{target})" for target in expected] + [f"({address}#here)"]
    assert cell.source.endswith(" ".join(f"[{n}]{t}" for n, t in zip("abcd", targets, strict=True)))
    assert f"[A]({address})" in cell.source


def test_links_to_other_files_that_the_site_shows_as_pages(tmp_path: Path) -> None:
    root = course(tmp_path, {"docs/planted.md": "# A { #a }\n\n[a](lab.py#b) [b](x.csv)"})
    file = root / "pyproject.toml"
    entry = '[tool.claimdown]\npage_suffixes = [".md", ".py"]\n\n'
    file.write_text(entry + file.read_text(encoding="utf-8"), encoding="utf-8")
    page = read(root / "docs" / "planted.md")
    (cell,) = notebook(page, run(page), f"{SITE}planted.html").cells
    assert cell.source.endswith(f"[a]({SITE}lab.html#b) [b]({SITE}x.csv)")


def test_links_without_an_address_stay_as_they_are(tmp_path: Path) -> None:
    text = "[a](other.md#need) [b](#box) ![c](../rows.svg)"
    page = planted(tmp_path, f"{text}\n\n{IMAGE}")
    (cell,) = notebook(page, run(page)).cells
    assert f"\n\n{text}\n\n{IMAGE.split('{')[0]}" in cell.source
    assert "[Planted](planted.md)" in cell.source


def png(width: int) -> bytes:
    """Draw a white picture, one pixel high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, 1, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" + b"\xff" * width)
    chunks = [chunk(b"IHDR", header), chunk(b"IDAT", rows), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_figure_is_a_picture_in_a_cell_of_its_own(tmp_path: Path) -> None:
    asked = []
    page = planted(tmp_path, f"A\n\n{IMAGE}\n\nB")

    def drawn(path: Path) -> bytes:
        asked.append(path)
        return png(640)

    before, figure, after = notebook(page, run(page), ADDRESS, drawn).cells
    assert asked == [tmp_path / "docs/rows.svg"]
    assert before.source.endswith("\n\nA")
    assert after.source == "B"
    data = base64.b64encode(png(640)).decode()
    assert figure.source == (
        f'<img alt="Rows &quot;a&quot; of x_t" width="320" src="data:image/png;base64,{data}">\n\n'
        "*A_b of $x_t$ (all).*"
    )


def test_lines_of_a_chinese_page_are_joined(tmp_path: Path) -> None:
    chinese = TWO_EDITIONS.replace('original = "en"', 'original = "en"\nscript = "CJK"')
    text = "# 一 { #a }\n\n一句。\n又一句\n又一句，\nsum 是和\nend\nhere"
    root = course(tmp_path, {"docs/de/a.md": text, "docs/a.md": text}, chinese)
    joined, kept = (read(root / name) for name in ("docs/de/a.md", "docs/a.md"))
    assert (
        notebook(joined, run(joined))
        .cells[0]
        .source.endswith("\n\n一句。又一句又一句，sum 是和\nend\nhere")
    )
    assert notebook(kept, run(kept)).cells[0].source.endswith(text[12:])


def test_blocks_of_a_fold_are_one_hidden_cell(tmp_path: Path) -> None:
    blocks = [f"```python\nx{n} = {n}\n```\n" for n in range(5)]
    folded = indented("\n".join(["Text.\n", *blocks[:2], "More.\n", *blocks[2:4]]))
    page = planted(tmp_path, f'??? note "Earlier"\n    {folded}\n\n{blocks[4]}')
    found = cells(notebook(page, run(page)), "code")
    assert [cell.source for cell in found] == ["x0 = 0\n\n\nx1 = 1", "x2 = 2\n\n\nx3 = 3", "x4 = 4"]
    assert [cell.execution_count for cell in found] == [1, 2, 3]
    hidden = {"jupyter": {"source_hidden": True}}
    assert [cell.metadata for cell in found] == [hidden, hidden, {}]
    lines = [code.line for code in page.of(Code)]
    report = Report(page, printed={line: str(line) * (line in lines[1:3]) for line in lines})
    found = cells(notebook(page, report), "code")
    assert [cell.source for cell in found] == ["x0 = 0\n\n\nx1 = 1", "x2 = 2", "x3 = 3", "x4 = 4"]
    assert [cell.outputs[0].text for cell in found[:2]] == [str(line) for line in lines[1:3]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CODE, r"planted\.md:3: this block was not executed"),
        ("The shape (4, 16).", r"planted\.md:3: .*4"),
        ("```checks\ntable\n```", r"planted\.md:3: a notebook cannot show a fence `checks`"),
        (IMAGE, r"planted\.md:3: expected rows\.svg as a PNG, got b'<svg>'"),
    ],
)
def test_fault_is_named_by_file_and_line(text: str, message: str, tmp_path: Path) -> None:
    page = planted(tmp_path, text)
    with pytest.raises(ValueError, match=message):
        notebook(page, Report(page), figure=lambda _: b"<svg>")


def test_page_that_does_not_hold_has_no_notebook(tmp_path: Path) -> None:
    page = planted(tmp_path, CODE)
    report = Report(page, (Failure(0, 4, "NameError: b"),), {3: ""})
    with pytest.raises(ValueError, match=r"planted\.md:4: NameError: b"):
        notebook(page, report)

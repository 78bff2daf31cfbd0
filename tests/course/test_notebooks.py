"""The notebooks: what is in them, what is no longer in them, and that they run with torch alone."""

import ast
import base64
import re
import sys
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image
from tools.chapter import (
    Chapter,
    Code,
    Fence,
    Output,
    Shown,
    Skipped,
    is_chapter,
    read_chapter,
)
from tools.comments import without_comments
from tools.comparison import same_output
from tools.notebooks import chapter_notebook, notebook_text

from tests.course.kernels import execute, execute_all
from tools import pictures
from tools.drawing import set_subscripts
from tools.inline_svg import FIGURES
from tools.pictures import figure_png
from tools.site import LANGUAGES, docs_dir, english, language_of, pages, settings

CHAPTERS = [page for name in LANGUAGES for page in pages(name) if is_chapter(page)]
ENGLISH = [page for page in CHAPTERS if english(page) == page]
TRANSLATED = [page for page in CHAPTERS if english(page) != page]
PLANTED = docs_dir() / "foundations" / "planted.md"  # such a page could stand there
SITE = settings()["site_url"]
FOLDERS = settings().get("use_directory_urls", True)  # an address is a/, and not a.html
LARGEST = 150_000  # characters; about a third of it is the figure


def address(page: str, site: str = SITE) -> str:
    """Return where the site has a page."""
    return site + (f"{page}/" if FOLDERS else f"{page}.html").replace("index/", "")


def printed_on_page(chapter: Chapter) -> dict[int, str]:
    """Map the line of each code block to the output that the page shows below it."""
    fences = chapter.of(Fence)
    printed = {code.line: "" for code in chapter.of(Code)}
    for code, output in pairwise(fences):
        if isinstance(output, Output):
            printed[code.line] = output.code.rstrip("\n") + "\n"
    return printed


@cache
def notebook_of(path: Path) -> NotebookNode:
    return chapter_notebook(read_chapter(path), printed_on_page(read_chapter(path)))


def cells(notebook: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def planted(text: str) -> list[str]:
    """Write a page with this text as a notebook; return its cells below the title's."""
    chapter = read_chapter(PLANTED, f"# Planted {{ #planted }}\n\n{text}")
    notebook = chapter_notebook(chapter, printed_on_page(chapter))
    nbformat.validate(notebook)
    first, *others = [cell.source for cell in notebook.cells]
    below = first.split("your own.", 1)[1].strip()
    return [below, *others] if below else others


# Every chapter.


def by_name(path: Path) -> str:
    return f"{language_of(path)}/{path.stem}"


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_notebook_is_valid_and_small(path: Path) -> None:
    notebook = notebook_of(path)
    nbformat.validate(notebook)
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    text = notebook_text(notebook)
    assert len(text) < LARGEST
    assert nbformat.reads(text, as_version=4) == notebook


def test_two_builds_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = CHAPTERS[0]
    first = notebook_text(notebook_of(path))
    figure_png.cache_clear()
    monkeypatch.setattr(pictures, "CACHE", tmp_path)  # as on a new machine
    assert notebook_text(notebook_of.__wrapped__(path)) == first


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_code_cells_are_the_executed_blocks(path: Path) -> None:
    chapter = read_chapter(path)
    blocks = [block.code for block in chapter.of(Code)]
    found = cells(notebook_of(path), "code")
    assert [cell.source for cell in found] == blocks
    assert [cell.execution_count for cell in found] == list(range(1, len(blocks) + 1))
    imported = {name.split(".")[0] for block in blocks for name in imports(block)}
    assert imported <= {"torch", *sys.stdlib_module_names}, "it needs more than torch"


def imports(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


SITE_ONLY = re.compile(
    r"""(?mx) \.verified | \{\ *[.#:] | ^\s*(?:!!!|\?\?\?|===) | --8<-- | title= | ^---\ndescription
    | ^:\s | \]\((?!https?://|data:image/png) | \[\^ | ^\*\[ | \\\( | \\\["""
)


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_no_site_only_markup_is_left(path: Path) -> None:
    for cell in cells(notebook_of(path), "markdown"):
        prose = re.sub(r"data:image/png;base64,[\w+/=]*", "data:image/png", cell.source)
        left = SITE_ONLY.search(prose)
        assert not left, f"{cell.id}: {left[0] if left else ''!r} in:\n{prose}"


@pytest.mark.parametrize(
    "left",
    ["`4`{ .verified", "# A { #a }", '!!! note "A"', '    ??? tip "A"', '=== "A"', '--8<-- "a"',
     '```python title="A"', "---\ndescription: A", ":   A", "[A](a.md)", "![A](a.svg)", "[^1]",
     "*[A]: B", r"\(a\)", r"\[a\]"],
)  # fmt: skip
def test_site_only_markup_is_known(left: str) -> None:
    assert SITE_ONLY.search(f"Text\n{left}")


BLOCKS = ["li", "p", "dt", "dd", "td", "th", "h1", "h2", "h3", "h4"]  # a word ends with each
BLOCKS += ["summary", "label", "div", "br"]


def words(soup: BeautifulSoup) -> list[str]:
    """List what a reader reads, with the marks around formulas made alike."""
    for element in soup.find_all(BLOCKS):
        element.insert_after("\n")
    text = re.sub(r"\\[()\[\]]|\$", "", soup.get_text())
    return re.sub(r"\\[vV]ert\b ?|\\?\|", "|", text).split()


def words_of_page(chapter: Chapter) -> list[str]:
    soup = BeautifulSoup(chapter.html, "html.parser")
    for block, fence in zip(soup.select(".highlight"), chapter.of(Fence), strict=True):
        shown = isinstance(fence, Shown | Skipped) and fence.title
        block.replace_with(f"\n{fence.title}:\n" if shown else "\n")
    for element in soup.select("svg, .headerlink, .verified-mark, .footnote-backref"):
        element.decompose()
    for widget in soup.select(".widget"):
        widget.append("\nOn the page you can change this.\n")
    for tabs in soup.select(".tabbed-set"):
        bodies = tabs.select(":scope > .tabbed-content > .tabbed-block")
        for label, body in zip(tabs.select(":scope > .tabbed-labels > label"), bodies, strict=True):
            body.insert(0, label.extract())
    return words(soup)


def words_of_notebook(notebook: NotebookNode) -> list[str]:
    """Read the text as nbconvert renders it: with another Markdown reader than the site's."""
    found = []
    for index, cell in enumerate(cells(notebook, "markdown")):
        soup = BeautifulSoup(str(markdown2html(cell.source)), "html.parser")
        for element in soup.select("pre, .anchor-link"):
            element.decompose()
        if index == 0:
            soup.select_one("blockquote").decompose()  # where the notebook comes from
        found += words(soup)
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_every_word_of_the_page_is_in_the_notebook(path: Path) -> None:
    assert words_of_notebook(notebook_of(path)) == words_of_page(read_chapter(path))


# Executed, where the project cannot be seen.


@pytest.fixture(scope="module")
def executed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[Path, NotebookNode]:
    """Run the notebooks that this run asks for."""
    tests = [item for item in request.session.items if isinstance(item, pytest.Function)]
    paths = [test.callspec.params["path"] for test in tests
             if test.originalname == "test_notebook_prints_what_the_page_shows"]  # fmt: skip
    folder = tmp_path_factory.mktemp("executed")
    return dict(zip(paths, execute_all([notebook_of(path) for path in paths], folder), strict=True))


def check_outputs(stored: NotebookNode, fresh: NotebookNode) -> None:
    for expected, cell in zip(cells(stored, "code"), cells(fresh, "code"), strict=True):
        kinds = {(output.output_type, output.get("name")) for output in cell.outputs}
        shown = "\n".join(map(str, cell.outputs))
        assert kinds <= {("stream", "stdout")}, f"a notebook shows more:\n{cell.source}\n{shown}"
        texts = ["".join(output.text for output in c.outputs) for c in (expected, cell)]
        assert same_output(*texts), f"{cell.source}\nprinted:\n{texts[1]}\nand not:\n{texts[0]}"


@pytest.mark.parametrize("path", ENGLISH, ids=by_name)
def test_notebook_prints_what_the_page_shows(
    path: Path, executed: dict[Path, NotebookNode]
) -> None:
    check_outputs(notebook_of(path), executed[path])


@pytest.mark.parametrize("path", TRANSLATED, ids=by_name)
def test_translated_notebook_runs_and_prints_the_same(path: Path) -> None:
    """Its cells are those of the English one, which was executed, but for comments."""

    def code(notebook: NotebookNode) -> list[tuple[str, list[NotebookNode]]]:
        found = cells(notebook, "code")
        return [(without_comments(cell.source, "python"), cell.outputs) for cell in found]

    assert code(notebook_of(path)) == code(notebook_of(english(path)))


def test_a_reader_s_kernel_prints_it_too(tmp_path: Path) -> None:
    """As it does for the lab, in tests/course/test_lab.py: one whole chapter and one whole lab."""
    stored = notebook_of(docs_dir() / "foundations/memory.md")
    check_outputs(stored, execute(deepcopy(stored), tmp_path))


IMPORTS = """\
for name in ("rnn_tutorial", "docs", "tests", "conftest", "shells"):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print(error)
"""
NOTHING_FOUND = """\
No module named 'rnn_tutorial'
No module named 'docs'
No module named 'tests'
No module named 'conftest'
No module named 'shells'
"""
CHANGES = """\
import os, torch
torch.planted = mine = 1
torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
open("planted", "w").close()
"""
LOOKS = """\
import os, torch
print(hasattr(torch, "planted"), "mine" in globals(), torch.initial_seed() == 7)
print(torch.get_default_dtype(), os.path.exists("planted"))
"""
SHOWS = "import sys\nprint('planted', file=sys.stderr)\n1 + 1"


def planted_notebook(*sources: str) -> NotebookNode:
    return new_notebook(cells=[new_code_cell(source) for source in sources])


def test_kernel_cannot_import_the_project(tmp_path: Path) -> None:
    (cell,) = execute(planted_notebook(IMPORTS), tmp_path).cells
    assert "".join(output.text for output in cell.outputs) == NOTHING_FOUND


def test_processes_see_no_project_share_nothing_and_hide_nothing(tmp_path: Path) -> None:
    planted = [[IMPORTS], [CHANGES], [LOOKS], [SHOWS, "1 / 0", "print('behind')"]]
    notebooks = [planted_notebook(*sources) for sources in planted]
    imports, changes, looks, shows = (
        [cell.outputs for cell in notebook.cells] for notebook in execute_all(notebooks, tmp_path)
    )
    assert [output.text for output in imports[0]] == [NOTHING_FOUND]
    assert changes == [[]]
    assert looks[0][0].text == "False False False\ntorch.float32 False\n"
    assert [(output.name, output.text.split("]: ")[-1]) for output in shows[0]] == [
        ("stdout", "2\n"),
        ("stderr", "planted\n"),
    ]
    assert (shows[1][-1].output_type, shows[1][-1].ename) == ("error", "ZeroDivisionError")
    assert shows[2] == [], "it went on behind an error"


def test_notebook_that_dies_or_prints_past_its_cell_is_named(tmp_path: Path) -> None:
    codes = ("import os\nos.system('echo aside')", "import os\nos._exit(7)")
    with pytest.raises(RuntimeError, match=r"aside\n.*/1: its process ended with exit code 7"):
        execute_all([planted_notebook(code) for code in codes], tmp_path)


# Small pages, planted.


def indent(code: str, width: int = 4) -> str:
    """Indent all lines but the first."""
    return code.replace("\n", "\n" + " " * width)


CODE = "```python\na = 1\n```"
FORMS = {
    "front matter": ("", []),
    "attributes of a heading": ("## A box { #box .wide }", ["## A box"]),
    "marks of axes": ("*N*{ .axis-n } and **bold *L·D*{ .axis-ld }**", ["*N* and **bold *L·D***"]),
    "verified value": ('So `[4, 16]`{ .verified expr="[4, 16]" }.', ["So `[4, 16]`."]),
    "code with backticks": ("``a`b`` and `` `c` ``", ["``a`b`` and `` `c` ``"]),
    "text that looks like markup": (
        r"snake_case \_x\_ 2 \* y &lt;b> &amp;amp; ~~z~~ a\[0\](b) \$5",
        [r"snake_case \_x\_ 2 \* y &lt;b> &amp;amp; \~\~z\~\~ a[0]\(b) \$5"],
    ),
    "lines that look like markup": (
        "a\n\\- b\n1\\. c\n2024\\. d\n\\# e\n&gt; f\n\\-\\-",
        ["a\n\\- b\n1\\. c\n2024\\. d\n\\# e\n\\> f\n\\--"],
    ),
    "formulas": (
        "Of $x_{t-1} < y$:\n\n$$\nh = \\begin{cases} a \\\\ b \\end{cases}\n$$\n\nSo.",
        ["Of $x_{t-1} < y$:\n\n$$\nh = \\begin{cases} a \\\\ b \\end{cases}\n$$\n\nSo."],
    ),
    "links": (
        "[a](memory.md#need) [b](#box){ .x } [c](../index.md)\n[d](https://e.org/ 'T')",
        [
            f"[a]({address('foundations/memory')}#need) [b]({address('foundations/planted')}#box) "
            f"[c]({address('index')})\n[d](https://e.org/)"
        ],
    ),
    "abbreviation": (
        "An RNN.\n\n*[RNN]: recurrent network",
        ['An <abbr title="recurrent network">RNN</abbr>.'],
    ),
    "footnote": ("Here[^1].\n\n[^1]: A *note*.", ["Here<sup>1</sup>.\n\n---\n\n1. A *note*."]),
    "table": (
        "| Name | $\\|a\\|$ |\n|:-----|-----:|\n| `a|b` | **c** |",
        ["| Name | $\\Vert a\\Vert$ |\n| :-- | --: |\n| `a\\|b` | **c** |"],
    ),
    "definition list": (
        f"Term `t`\n:   First.\n\n    Second.\n\nOther\n:   Code:\n\n    {indent(CODE)}\n\nEnd.",
        ["- **Term `t`**\n\n  First.\n\n  Second.\n\n- **Other**\n\n  Code:", "a = 1", "End."],
    ),
    "numbers of a list with code": (
        f"1. One.\n\n    {indent(CODE)}\n\n    On.\n\n2. Two.\n   More.\n\n3. Three.\n\nEnd.",
        ["1. One.", "a = 1", "On.\n\n2. Two.\n   More.\n\n3. Three.\n\nEnd."],
    ),
    "tight and nested lists": ("- a\n- b\n    - c", ["- a\n- b\n\n  - c"]),
    "claim": (
        '!!! success "Claim: `a` is *one* (equal)"\n    First.\n\n    ```python\n'
        "    assert 1 == 1\n    ```\n\n    Last.\n\nThen.",
        [
            "> **Claim: `a` is *one* (equal)**\n>\n> First.",
            "assert 1 == 1",
            "> Last.\n\nThen.",
        ],
    ),
    "admonition without a title": ('!!! note ""\n    Text.', ["> Text."]),
    "box with a list and a quote": (
        "???+ tip\n    - a\n\n    > b",
        ["> **Tip**\n>\n> - a\n>\n> > b"],
    ),
    "solution in a list": (
        '1. One.\n\n    ??? success "Of $x$ & y"\n        Text.\n\n'
        f"        {indent(CODE, 8)}\n\n2. Two.",
        [
            "1. One.",
            "<details>\n<summary><b>Of $x$ &amp; y</b></summary>\n\nText.\n\n</details>",
            "a = 1",
            "2. Two.",
        ],
    ),
    "solution of code alone": (
        f'??? success "Solution"\n    {indent(CODE)}',
        ["**Solution**", "a = 1"],
    ),
    "tabs": (
        f'=== "CPU"\n\n    {indent(CODE)}\n\n'
        '=== "Shell"\n\n    ```bash title="a.sh"\n    ls\n    ```',
        ["**CPU**", "a = 1", "**Shell**\n\na.sh:\n\n```bash\nls\n```"],
    ),
    "skipped code": (
        '```{ .python .skip title="Not run: slow" }\nx = "`````"\n```',
        ['Not run: slow:\n\n``````python\nx = "`````"\n``````'],
    ),
    "two definitions in a fence with a title": (
        '``` python title="x.py" hl_lines="1"\ndef f() -> None: ...\n\n\ndef g() -> None: ...\n```',
        ["def f() -> None: ...\n\n\ndef g() -> None: ..."],
    ),
    "output": (
        '```python\nprint(1)\n```\n\n```text title="Output"\n1\n```\n\nEnd.',
        ["print(1)", "End."],
    ),
    "widget": (
        '<div class="widget" id="w" markdown>\n<step-player cell="GRU"></step-player>\n\n'
        "| a |\n| --- |\n| *N*{ .axis-n } |\n\n</div>",
        [
            "| a |\n| --- |\n| *N* |\n\n"
            f"[On the page]({address('foundations/planted')}#w) you can change this."
        ],
    ),
    "sections, rule, raw HTML": (
        "A<sub>1</sub>\n\n---\n\nB\n\n## C { #c }\n\nD\n\n### E { #e }",
        ["A<sub>1</sub>\n\n---\n\nB", "## C\n\nD", "### E"],
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_form_becomes_plain_markdown(form: str) -> None:
    text, expected = FORMS[form]
    assert planted(text) == expected


def test_title_says_where_the_notebook_comes_from() -> None:
    text = "---\ndescription: hidden\n---\n\n# `nn.RNN` by *hand* { #planted }\n\nYou can."
    notebook = chapter_notebook(read_chapter(PLANTED, text), {})
    (cell,) = notebook.cells
    assert cell.source.startswith(
        "# `nn.RNN` by *hand*\n\n> This notebook is the chapter "
        f"[`nn.RNN` by *hand*]({address('foundations/planted')}) of *{settings()['site_name']}*.\n"
    )
    assert "`pip install torch`" in cell.source
    assert cell.source.endswith("\n\nYou can.")
    assert notebook.metadata.title == "nn.RNN by hand"
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info.name == "python"


def test_address_of_the_site_is_the_configured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_URL", "https://example.org/course/")
    monkeypatch.setattr("tools.notebooks.settings", settings.__wrapped__)
    elsewhere = address("foundations/memory", "https://example.org/course/")
    assert planted("[a](memory.md)") == [f"[a]({elsewhere})"]


def test_folded_code_is_hidden_and_other_code_is_not() -> None:
    text = f'# A {{ #a }}\n\n{CODE}\n\n??? note "B"\n    {indent(CODE)}\n\nC'
    chapter = read_chapter(PLANTED, text)
    shown, hidden = cells(chapter_notebook(chapter, printed_on_page(chapter)), "code")
    assert shown.metadata == {}
    assert hidden.metadata == {"jupyter": {"source_hidden": True}}


def test_output_is_what_was_printed() -> None:
    text = '# A { #a }\n\n```python\nprint(1)\n```\n\n```text title="Output"\n1\n```'
    (cell,) = cells(chapter_notebook(read_chapter(PLANTED, text), {3: "2\n"}), "code")
    assert cell.outputs == [{"output_type": "stream", "name": "stdout", "text": "2\n"}]


def test_figure_is_a_picture_in_a_cell_of_its_own() -> None:
    image = '![Rows "a" of $x_t$](../../assets/figures/memory-loop.svg "A_b of $x_t$."){ #fig }'
    before, figure, after = planted(f"A\n\n{image}\n\nB")
    assert (before, after) == ("A", "B")
    tag, caption = figure.split("\n\n")
    assert caption == "*A_b of $x_t$.*"
    shown = BeautifulSoup(tag, "html.parser").img
    assert shown["alt"] == 'Rows "a" of x_t'
    kind, data = shown["src"].split(",")
    assert kind == "data:image/png;base64"
    picture = Image.open(BytesIO(base64.b64decode(data)))
    svg = (FIGURES / "memory-loop.svg").read_text(encoding="utf-8")
    assert f'width="{shown["width"]}"' in svg, "not as large as on the site"
    assert picture.width == 2 * int(shown["width"]), "not sharp on a fine screen"
    assert picture.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255), "no paper behind it"


def test_subscripts_are_set_in_figures() -> None:
    text = Figure().text(0, 0, "s_{t-1} + x_t")
    set_subscripts(text)
    assert text.get_text() == "$s_{t-1}$ + $x_{t}$"
    assert text.get_parse_math()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CODE, r"planted\.md:3: this block was not executed"),
        ("The shape (4, 16).", r"planted\.md:\d+: .*shape"),
        (
            f"A[^1].\n\n[^1]: B\n\n    {indent(CODE)}\n\n{CODE.replace('1', '2')}",
            r"planted\.md:\d+: .* order",
        ),
    ],
)
def test_fault_of_a_page_is_named(text: str, message: str) -> None:
    chapter = read_chapter(PLANTED, f"# A {{ #a }}\n\n{text}")
    with pytest.raises(ValueError, match=message):
        chapter_notebook(chapter, {})

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
from markdown import Markdown
from matplotlib.figure import Figure
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from claimdown.comments import without_comments
from claimdown.comparison import same_output
from claimdown.notebooks import notebook, notebook_text
from claimdown.page import Code, Fence, Output, Page, Shown, Skipped
from claimdown.reader import read
from claimdown.report import Report
from claimdown.wording import same_but_strings, same_but_words
from tests.course.kernels import execute, execute_all
from tools import pictures
from tools.author.fold import TITLES
from tools.figures.drawing import set_subscripts
from tools.inline_svg import FIGURES
from tools.pictures import figure_png
from tools.site import (
    LANGUAGES,
    address_of,
    docs_dir,
    english,
    is_chapter,
    labs,
    language_of,
    pages,
    settings,
)

CHAPTERS = [page for name in LANGUAGES for page in pages(name) if is_chapter(page)]
ENGLISH = [page for page in CHAPTERS if english(page) == page]
TRANSLATED = [page for page in CHAPTERS if english(page) != page]
SITE = "https://example.org/course/"
LARGEST = 150_000  # characters; about a third of it is the figure


def printed_on_page(page: Page) -> dict[int, str]:
    """Map the line of each code block to the output that the page shows below it."""
    printed = {code.line: "" for code in page.of(Code)}
    for code, output in pairwise(page.of(Fence)):
        if isinstance(output, Output):
            printed[code.line] = output.code.rstrip("\n") + "\n"
    return printed


@cache
def notebook_of(path: Path) -> NotebookNode:
    page = read(path)
    report = Report(page, printed=printed_on_page(page))
    return notebook(page, report, SITE + address_of(path), figure_png)


def cells(notebook: NotebookNode, kind: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == kind]


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
    blocks = [block.code for block in read(path).of(Code)]
    found = cells(notebook_of(path), "code")
    assert "\n\n\n".join(cell.source for cell in found) == "\n\n\n".join(blocks)
    assert [cell.execution_count for cell in found] == list(range(1, len(found) + 1))
    imported = {name.split(".")[0] for block in blocks for name in imports(block)}
    assert imported <= {"torch", *sys.stdlib_module_names}, "it needs more than torch"


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_what_came_before_stands_in_one_hidden_cell(path: Path) -> None:
    title = TITLES[language_of(path)]
    if f'??? note "{title}"' not in read(path).text:
        return
    earlier = f"<summary><b>{title}</b></summary>"
    notebook = notebook_of(path)
    (at,) = [n for n, cell in enumerate(notebook.cells) if earlier in cell.source]
    code, idea = notebook.cells[at + 1 : at + 3]
    assert code.metadata == {"jupyter": {"source_hidden": True}}
    assert re.search("(?m)^def ", code.source)
    assert idea.cell_type == "markdown"


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_links_to_the_site_lead_to_its_pages(path: Path) -> None:
    sources = [page for name in LANGUAGES for page in (*labs(name), *pages(name))]
    published = {SITE + address_of(source) for source in sources}
    texts = "".join(cell.source for cell in cells(notebook_of(path), "markdown"))
    targets = set(re.findall(rf"\]\(({re.escape(SITE)}[^)#]*)", texts))
    assert targets
    assert targets <= published


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_figures_are_pictures_as_large_as_on_the_site(path: Path) -> None:
    found = re.findall(r"!\[.*?\]\(\S+/figures/([\w-]+)\.svg", read(path).text)
    shown = BeautifulSoup("".join(c.source for c in cells(notebook_of(path), "markdown")), "lxml")
    for name, image in zip(found, shown.select("img"), strict=True):
        picture = Image.open(BytesIO(base64.b64decode(image["src"].split("base64,")[1])))
        svg = (FIGURES / f"{name}.svg").read_text(encoding="utf-8")
        assert f'width="{image["width"]}"' in svg, "not as large as on the site"
        assert picture.width == 2 * int(image["width"]), "not sharp on a fine screen"
        assert picture.convert("RGBA").getpixel((0, 0)) == (255, 255, 255, 255), "no paper"


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


MOVING = {"en": "On the page you can change this.", "zh": "在网页上可以交互调节。"}
BLOCKS = ["li", "p", "dt", "dd", "td", "th", "h1", "h2", "h3", "h4"]  # a word ends with each
BLOCKS += ["summary", "label", "div", "br"]


def words(soup: BeautifulSoup) -> list[str]:
    """List what a reader reads, with the marks around formulas made alike."""
    for element in soup.find_all(BLOCKS):
        element.insert_after("\n")
    text = re.sub(r"\\[()\[\]]|\$", "", soup.get_text())
    return re.sub(r"\\[vV]ert\b ?|\\?\|", "|", text).split()


def rendered(page: Page) -> str:
    """Render a page as the site does, except for its formulas."""
    extensions = dict(settings(page.edition)["markdown_extensions"])
    del extensions["tools.formulas"]
    md = Markdown(extensions=list(extensions), extension_configs=extensions)
    return md.convert(page.text.split("\n---\n", 1)[1])


def words_of_page(page: Page) -> list[str]:
    soup = BeautifulSoup(rendered(page), "lxml")
    for block, fence in zip(soup.select(".highlight"), page.of(Fence), strict=True):
        shown = isinstance(fence, Shown | Skipped) and fence.title
        block.replace_with(f"\n{fence.title}:\n" if shown else "\n")
    for element in soup.select("svg, .headerlink, .verified-mark, .verified-legend"):
        element.decompose()
    for widget in soup.select(".widget"):
        widget.insert(0, f"\n{MOVING[page.edition]}\n")
    return words(soup)


def words_of_notebook(notebook: NotebookNode) -> list[str]:
    """Read the text as nbconvert renders it: with another Markdown reader than the site's."""
    found = []
    for index, cell in enumerate(cells(notebook, "markdown")):
        soup = BeautifulSoup(str(markdown2html(cell.source)), "lxml")
        for element in soup.select("pre, .anchor-link"):
            element.decompose()
        if index == 0:
            soup.select_one("blockquote").decompose()  # where the notebook comes from
        found += words(soup)
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_every_word_of_the_page_is_in_the_notebook(path: Path) -> None:
    assert words_of_notebook(notebook_of(path)) == words_of_page(read(path))


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
def test_translated_notebook_is_the_executed_one_in_other_words(path: Path) -> None:
    """Its cells are those of the English one, except for comments, strings and printed words."""
    ours, theirs = (cells(notebook_of(page), "code") for page in (path, english(path)))
    for cell, its in zip(ours, theirs, strict=True):
        pair = [without_comments(each.source, "python") for each in (cell, its)]
        assert same_but_strings(*pair, "CJK"), cell.source
        printed = ["".join(output.text for output in each.outputs) for each in (cell, its)]
        assert same_but_words(*printed, "CJK"), printed


def test_a_reader_s_kernel_prints_it_too(tmp_path: Path) -> None:
    """As it does for the lab, in tests/course/test_lab.py: one whole chapter and one whole lab."""
    stored = notebook_of(docs_dir() / "foundations/memory.md")
    check_outputs(stored, execute(deepcopy(stored), tmp_path))


IMPORTS = """\
for name in ("rnn_tutorial", "tools", "tests", "conftest", "shells"):
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        print(error)
"""
NOTHING_FOUND = """\
No module named 'rnn_tutorial'
No module named 'tools'
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


def test_subscripts_are_set_in_figures() -> None:
    text = Figure().text(0, 0, "s_{t-1} + x_t")
    set_subscripts(text)
    assert text.get_text() == "$s_{t-1}$ + $x_{t}$"
    assert text.get_parse_math()

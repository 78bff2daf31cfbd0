"""The labs: their published pages, their notebooks, and what stops or repeats their execution."""

import ast
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import packages_distributions, version
from itertools import repeat
from pathlib import Path

import jupytext
import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from mkdocs.exceptions import PluginError
from nbformat import NotebookNode

import rnn_tutorial
from claimdown.comments import without_comments
from claimdown.wording import in_script, same_but_strings
from rnn_tutorial import heads
from tools.definitions import names_in, standalone, stored_names
from tools.labs.execution import (
    DISTRIBUTIONS,
    code_cells,
    dependencies,
    executed,
    planned,
    read_notebook,
)
from tools.labs.pages import slim
from tools.labs.sources import HOMES, without_imports
from tools.labs.weights import WEIGHTS
from tools.site import LANGUAGES, ROOT, labs

LABS = {lab.stem: lab for lab in labs()}
LAB = LABS["digits"]
IMPORTS = ast.Import | ast.ImportFrom
ENDS = ["results", "exercises", "next"]  # the last sections of each
TABLES_AND_TEXT = ("table", "figure", ".language-text pre")

# The published page.


@pytest.fixture(scope="module", params=LABS)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def html(built_site: Path, name: str) -> str:
    return (built_site / "labs" / f"{name}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def soup(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


@pytest.fixture(scope="module")
def article(soup: BeautifulSoup) -> Tag:
    return soup.article


def tagged(cells: list[NotebookNode], tag: str) -> list[NotebookNode]:
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


def test_page_asks_nobody_else(html: str, soup: BeautifulSoup) -> None:
    text = re.sub('"data:[^"]*"', "", html).lower()
    for word in ("jp-", "jupyter", "mathjax", "require.js", "cdn"):
        assert word not in text
    asked = [tag.get("src") or tag.get("href") for tag in soup.find_all(["script", "img", "link"])]
    foreign = [url for url in asked if url and re.match(r"(https?:)?//", url)]
    named = soup.select("link[rel=canonical], link[hreflang]")  # which asks for nothing
    assert sorted(foreign) == sorted(str(tag["href"]) for tag in named)


def test_page_shows_every_cell(article: Tag, name: str) -> None:
    notebook = jupytext.read(LABS[name])
    cells = code_cells(notebook)
    blocks = article.select("div.language-python.highlight")
    # What the copy button copies is the cell, and Pygments has coloured it, except for plain names.
    expanded = without_imports([cell.source for cell in cells])
    shown = [whole if "source" in cell.metadata.get("tags", []) else cell.source
             for cell, whole in zip(cells, expanded, strict=True)]  # fmt: skip
    assert [block.pre.get_text().strip() for block in blocks] == shown
    plain = [block.pre.get_text() for block in blocks if not block.pre.code.find("span")]
    assert [text for text in plain if re.search(r"\b(?:import|def|for|print)\b", text)] == []
    folded = tagged(cells, "folded")
    assert len(article.select("details.folded > .language-python")) == len(folded) > 0
    texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    for tag, box, least in (("claim", "check", 1), ("solution", "success", 3)):
        summaries = article.select(f"details.{box} > summary")
        titled = [cell for cell in tagged(texts, tag) if cell.source.startswith("**")]
        assert len(summaries) == len(titled) >= least
    ids = [heading["id"] for heading in article.find_all(["h1", "h2"])]
    assert ids[:3] == [name, "need", "data"]
    assert ids[-3:] == ENDS
    text = BeautifulSoup(str(article), "html.parser")
    for block in text.select(".highlight"):
        block.extract()
    prose = " ".join(text.get_text().split())
    assert re.search("licen[cs]e|CC BY|public domain", prose)
    assert "{ #" not in prose
    assert "$" not in prose


def test_page_shows_the_outputs(article: Tag) -> None:
    outputs = article.select("div.language-text.highlight")
    assert all(output.select_one(".filename").string == "Output" for output in outputs)
    text = "".join(output.pre.get_text() for output in outputs)
    bars = [line for line in text.splitlines() if "%" in line and "|" in line]
    assert {re.search(r" (\d+%)", bar)[1] for bar in bars} == {"100%"}
    assert not re.search(r"\r|warning|\bnan\b", text, re.IGNORECASE)
    figures = article.select("figure.figure > svg")
    assert figures
    assert all(figure["role"] == "img" and len(figure["aria-label"]) > 30 for figure in figures)
    assert not article.find("img")
    ids = [tag["id"] for tag in article.find_all(id=True)]
    assert len(set(ids)) == len(ids)
    for table in article.find_all("table"):
        assert all(head.get_text(strip=True) for head in table.thead.find_all("th"))


def test_page_has_a_table_of_contents_and_a_description(
    soup: BeautifulSoup, article: Tag, name: str
) -> None:
    contents = soup.select_one(".md-sidebar--secondary")
    listed = [link["href"] for link in contents.select(".md-nav__link[href]")]
    assert listed == [f"#{heading['id']}" for heading in article.find_all(["h2", "h3"])]
    description = soup.find("meta", attrs={"name": "description"})["content"]
    assert description.startswith("After this lab you can")
    assert len(description) <= 155
    (button,) = soup.select("a.md-button.rnn-notebook")
    assert button["href"] == f"{name}.ipynb"


# The notebook.


@pytest.fixture(scope="module")
def notebook(built_site: Path, name: str) -> NotebookNode:
    return nbformat.read(built_site / "labs" / f"{name}.ipynb", as_version=4)


def test_notebook_needs_no_project_and_names_what_it_needs(notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    source = "\n\n".join(cell.source for cell in code_cells(notebook))
    needed = {"sklearn": "scikit-learn", "IPython": "ipykernel"}
    brought = {"numpy", "threadpoolctl"}  # by scikit-learn
    for name in imported(source) - set(sys.stdlib_module_names) - brought:
        assert f"`{needed.get(name, name)}`" in notebook.cells[0].source or (
            re.search(rf"pip install .*\b{needed.get(name, name)}\b", notebook.cells[0].source)
        ), f"the first cell does not name {name}"
    assert not {"rnn_tutorial", "docs"} & imported(source)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert not re.search(r"\{ #|axis-|\]\((?!https?://)", text)
    assert not any(
        WEIGHTS in out.get("data", {}) for c in notebook.cells for out in c.get("outputs", [])
    )


def imported(source: str) -> set[str]:
    """Name the packages that code imports."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.split(".")[0] for name in names}


def test_notebook_is_what_was_executed(notebook: NotebookNode, name: str) -> None:
    turns = planned({"en": LABS[name]}).turns
    assert [cell.source for cell in code_cells(notebook)] == [turn.source for turn in turns]
    assert any(cell.outputs for cell in code_cells(notebook))


def test_what_a_lab_imports_from_here_is_there(name: str) -> None:
    sources = [cell.source for cell in code_cells(read_notebook(LABS[name]))]
    for source, whole in zip(sources, without_imports(sources), strict=True):
        if whole != source:
            exec(source, {})  # the page's own line


def overwritten(sources: list[str]) -> set[str]:
    """Return the names of a lab's own that hide what its imports from here have brought in."""
    brought: set[str] = set()
    own: set[str] = set()
    for source, whole in zip(sources, without_imports(sources), strict=True):
        if whole == source:
            nodes = [node for node in ast.parse(source).body if not isinstance(node, IMPORTS)]
            own |= stored_names(compile(ast.Module(nodes, []), "cell", "exec"))
        else:
            brought |= stored_names(compile(whole, "cell", "exec"))
    return own & brought


def test_lab_hides_nothing_that_it_brings_in(name: str) -> None:
    assert overwritten([cell.source for cell in code_cells(read_notebook(LABS[name]))]) == set()


def test_name_that_hides_a_module_is_found() -> None:
    assert overwritten(["from rnn_tutorial import RNN", "numbers = 3"]) == {"numbers"}


def kind(output: NotebookNode) -> tuple[str, ...]:
    return (output.output_type, output.get("name", ""), *sorted(output.get("data", {})))


def printed(output: NotebookNode) -> str:
    return output.get("text", "") + output.get("data", {}).get("text/markdown", "")


# Definitions from the package, on their own.


PUBLIC = {name: getattr(package, name) for package in (rnn_tutorial, heads)
          for name in package.__all__}  # fmt: skip


@pytest.mark.parametrize("name", PUBLIC)
def test_definition_runs_alone(name: str) -> None:
    namespace: dict[str, object] = {}
    exec(compile(standalone([name]), name, "exec"), namespace)
    assert callable(namespace[name])
    used = names_in(inspect.getsource(PUBLIC[name]))
    wanted = set(used) & PUBLIC.keys()
    if name in ("RNNBase", "parameter_shapes"):
        wanted.remove("bidirectional")  # an argument of this name hides the function
    assert wanted <= namespace.keys()


def test_definitions_bring_what_they_need_in_order(tmp_path: Path) -> None:
    package = tmp_path / "small"
    package.mkdir()
    (package / "one.py").write_text("import torch\nLIMIT = 3\n\ndef base():\n    return LIMIT\n")
    (package / "two.py").write_text(
        "import math\nfrom torch import nn as n, Tensor\nfrom small.one import base\n\n"
        "def other():\n    return 1\n\n"
        "def top(x: Tensor):\n    return n.Linear(base(), math.pi)\n"
    )
    assert standalone(["top"], package).split("\n") == [
        "import math", "", "from torch import Tensor, nn as n", "", "",
        "LIMIT = 3", "", "", "def base():", "    return LIMIT", "", "",
        "def top(x: Tensor):", "    return n.Linear(base(), math.pi)",
    ]  # fmt: skip
    with pytest.raises(KeyError, match="nowhere"):
        standalone(["nowhere"], package)


def test_definition_stands_in_the_first_cell_that_needs_it() -> None:
    cells = [f"from rnn_tutorial import {name}" for name in ("rnn_cell", "gru_cell, rnn_cell")]
    first, second = without_imports([*cells])
    assert "def require_shape(" in first
    assert "def rnn_cell(" in first
    assert "def require_shape(" not in second
    assert "def rnn_cell(" not in second
    exec(f"{first}\n{second}", {})


@pytest.mark.parametrize(
    "source",
    [
        "import rnn_tutorial",
        "from rnn_tutorial import rnn\nprint(rnn)",
        "import rnn_tutorial.cells",
    ],
)
def test_other_imports_of_the_package_are_refused(source: str) -> None:
    with pytest.raises(ValueError, match="in a cell of its own"):
        without_imports([source])


# Pages that cannot be brought into shape.


def page_of(cell: str) -> str:
    return f'<div class="jp-Notebook"><div class="jp-Cell">{cell}</div></div>'


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ("<p>Nothing</p>", "no notebook"),
        (page_of('<div class="jp-MarkdownOutput celltag_claim"><p>x</p></div>'), "bold paragraph"),
        (
            page_of(
                '<div class="jp-RenderedSVG"><img src="data:image/svg+xml;base64,'
                'PHN2ZyB2aWV3Qm94PSIwIDAgOSA5Ij48L3N2Zz4="></div>'
            ),
            "without a description",
        ),
        (
            page_of('<div class="jp-OutputArea-output"><img src="data:image/png;base64,"></div>'),
            "SVG figures, not div",
        ),
        (
            page_of(
                '<div class="jp-OutputArea-output" '
                'data-mime-type="application/vnd.jupyter.stderr"><pre>Careful</pre></div>'
            ),
            "not application/vnd.jupyter.stderr",
        ),
    ],
)
def test_page_that_would_lose_something_is_refused(html: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        slim(html)


# Execution, in a small project; a build of it has the site's own configuration.

SMALL_LAB = """\
# %% [markdown]
# # Small { #small }
#
# It says when it was executed.

# %%
import time

print(time.time_ns())
"""
USING = """
# %%
from rnn_tutorial import linear

# %%
from docs.labs.common import keep

# %%
import torch

keep(weight=torch.tensor([[1.0, -2.0]]))
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    labs = folder / "docs" / "en" / "labs"
    labs.mkdir(parents=True)
    (labs / "small.py").write_text(SMALL_LAB, encoding="utf-8")
    (folder / "docs" / "en" / "index.md").write_text("# Start { #start }\n", encoding="utf-8")
    (folder / "docs" / "en" / "plain.py").write_text("raise SystemExit\n", encoding="utf-8")
    shutil.copytree(ROOT / "rnn_tutorial", folder / "rnn_tutorial")
    (folder / "mkdocs.yml").write_text(
        f"INHERIT: {ROOT}/mkdocs.yml\n"
        f"theme: {{custom_dir: {ROOT}/tools/theme}}\n"
        f"hooks: [{ROOT}/tools/hooks.py]\n"
        "plugins:\n"
        f"  search: {{jieba_dict_user: {ROOT}/tools/chinese_words.txt}}\n"
        "  claimdown: {counts_page: ''}\n"
        "watch: []\n"
        "nav: [index.md, labs/small.py]\n",
        encoding="utf-8",
    )
    return folder


def build(project: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    path = os.pathsep.join(map(str, (ROOT, ROOT / "claimdown" / "src")))
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": path}
    return subprocess.run(command, cwd=project, capture_output=True, text=True, env=environment)


@pytest.fixture
def inside(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in the project, as its build is: its package is the one that is found."""
    monkeypatch.chdir(project)
    monkeypatch.syspath_prepend(project)
    monkeypatch.delitem(sys.modules, "rnn_tutorial")
    return project


def run(project: Path, *editions: str) -> list[NotebookNode]:
    """Execute the small lab as builds of editions do, at once."""
    labs = {name: project / "docs" / name / "labs" / "small.py" for name in LANGUAGES}
    labs = {name: lab for name, lab in labs.items() if lab.exists()}
    with ThreadPoolExecutor() as pool:
        cache = project / ".cache" / "labs"
        plans = [planned(labs) for _ in editions]
        files = list(pool.map(executed, plans, repeat(cache), editions))
    return [nbformat.read(file, as_version=4) for file in files]


def test_lab_is_parsed_before_it_goes_to_a_thread_of_its_own(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = planned({"en": inside / "docs" / "en" / "labs" / "small.py"})
    with monkeypatch.context() as without:
        without.delattr("ast.parse")
        notebook = executed(plan, inside / ".cache" / "labs", "en")
    assert notebook.is_file()


def executed_at(project: Path, *editions: str) -> list[str]:
    """Tell when the runs were that the editions show."""
    cells = [code_cells(notebook)[0] for notebook in run(project, *editions)]
    return [cell.outputs[0].text.strip() for cell in cells]


def test_lab_is_executed_again_when_what_it_uses_changes(
    inside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = inside / "docs" / "en" / "labs" / "small.py"
    lab.write_text(SMALL_LAB + USING, encoding="utf-8")
    told = build(inside)
    assert told.returncode == 0, told.stderr[-3000:]
    page = (inside / "site" / "labs" / "small.html").read_text(encoding="utf-8")
    (first,) = re.findall(r"<code>(\d{19})\s*</code>", page)
    kept = json.loads((inside / "site" / "labs" / "small.json").read_text("utf-8"))
    assert kept == {"weight": {"shape": [1, 2], "dtype": "float16", "data": "ADwAwA=="}}
    raw = inside / "site" / "plain.py"  # a Python file outside of the labs is just a file
    assert raw.read_text(encoding="utf-8") == "raise SystemExit\n"
    assert executed_at(inside, "en") == [first]
    copy = inside / "rnn_tutorial" / "linear_layer.py"
    monkeypatch.setitem(HOMES, "rnn_tutorial", copy.parent)
    copy.write_text(
        copy.read_text("utf-8").replace("def linear(", "def other(): ...\n\n\ndef linear(")
    )
    assert executed_at(inside, "en") == [first], "what it does not use has changed"
    copy.write_text(copy.read_text("utf-8").replace("bias: ", "bias : "))
    second = executed_at(inside, "en")
    assert second != [first]
    kept = sorted((inside / ".cache" / "labs").glob("**/*.*"))
    names = [path.name for path in kept]
    assert names == ["small.ipynb", "small.json", "small.lock"], "an older run is kept"


def in_other_words(line: str, original: str) -> bool:
    """Tell whether a Chinese line has the numbers of its original; one run has printed both."""
    numbers = [sorted(re.findall(r"[-+−]?\d+(?:\.\d+)?%?", text)) for text in (line, original)]
    return in_script(line, "CJK") and numbers[0] == numbers[1]


@pytest.mark.parametrize(
    ("line", "same"),
    [("错 3 个，共 40 个", True), ("错 4 个，共 40 个", False), ("3 of 40 misread", False)],
)
def test_line_in_other_words_has_the_same_numbers(line: str, same: bool) -> None:
    assert in_other_words(line, "3 of 40 are wrong") == same


@pytest.mark.parametrize("name", LABS)
def test_translated_lab_is_the_same_in_other_words(built_site: Path, name: str) -> None:
    def cells(edition: str) -> list[NotebookNode]:
        notebook = nbformat.read(built_site / edition / f"labs/{name}.ipynb", as_version=4)
        assert re.match(r"# .+\n\n> .*\.html\)", notebook.cells[0].source)
        return code_cells(notebook)

    ours, theirs = cells("zh"), cells("")
    assert len(ours) == len(theirs) > 20
    for cell, its in zip(ours, theirs, strict=True):
        pair = [without_comments(each.source, "python") for each in (cell, its)]
        assert same_but_strings(*pair, "CJK"), cell.source
        assert [kind(output) for output in cell.outputs] == [kind(out) for out in its.outputs]
        for output, other in zip(cell.outputs, its.outputs, strict=True):
            lines = [printed(each).split("\n") for each in (output, other)]
            for line, original in zip(*lines, strict=True):
                assert line == original or in_other_words(line, original), (line, original)


# What a Chinese lab may show in Latin letters, besides the names of all labs.
LATIN = {"RNN", "GRU", "LSTM", "float", "kB", "nn", "rnn", "seed"}
SENSORS = (
    "Albert Ara Commerce Courthouse Custom Darby EW East Federal High Lane Lower NS Quay Queen "
    "Road Shortland Street Tahuhu Te Walkway West"  # codespell:ignore te
)
ENGLISH_DATA = ("characters", "pronunciation")  # what they show holds English text, or words
NAMES = {
    "characters": {"torch"},
    "digit-rows": {"CTC", "inf"},
    "digits": {"ln"},
    "forecasting": {"MASE", *SENSORS.split()},
    "segmentation": {"CRF", "softmax", "jieba"},
}


@pytest.mark.parametrize("name", LABS)
def test_translated_lab_shows_no_english(built_site: Path, name: str) -> None:
    html = (built_site / f"zh/labs/{name}.html").read_text("utf-8")
    found = BeautifulSoup(html, "html.parser")
    for kind in TABLES_AND_TEXT:
        assert found.article.select(kind)
        for shown in found.article.select("th" if name in ENGLISH_DATA else kind):
            text = shown.get_text(" ") + " ".join(str(svg["aria-label"]) for svg in shown("svg"))
            words = set(re.findall(r"[A-Za-z]{2,}", text))
            assert words <= LATIN | NAMES.get(name, set()), words


IN_ENGLISH = (
    SMALL_LAB
    + """
# %%
runs = []

# %%
runs.append(1)

# %%
print("two", len(runs))
"""
)


def test_lab_is_executed_once_for_both_editions(inside: Path) -> None:
    folder = inside / "docs"
    (folder / "en/labs/small.py").write_text(IN_ENGLISH, encoding="utf-8")
    (folder / "zh/labs").mkdir(parents=True)
    chinese = IN_ENGLISH.replace('"two"', '"二"').replace("time\n\n", "time  # 时间\n\n")
    (folder / "zh/labs/small.py").write_text(chinese, encoding="utf-8")
    english, translated = run(inside, "en", "zh")  # as both editions are built at once
    told = [[out.text for cell in code_cells(one) for out in cell.outputs]
            for one in (english, translated)]  # fmt: skip
    assert told[0][0] == told[1][0], "the same code ran twice"
    assert [texts[1] for texts in told] == ["two 1\n", "二 1\n"]
    assert [cell.execution_count for cell in code_cells(translated)] == [1, 2, 3, 4]
    (folder / "zh/labs/small.py").write_text(IN_ENGLISH.replace("It says", "Also"), "utf-8")
    assert "Also when" in run(inside, "zh")[0].cells[0].source


def test_translation_with_other_cells_is_named(inside: Path) -> None:
    (inside / "docs/en/labs/small.py").write_text(IN_ENGLISH, encoding="utf-8")
    (inside / "docs/zh/labs").mkdir(parents=True)
    (inside / "docs/zh/labs/small.py").write_text(SMALL_LAB, encoding="utf-8")
    message = "docs/zh/labs/small.py: expected 4 cells of code, as in the original, got 1"
    with pytest.raises(PluginError, match=message):
        run(inside, "en")


def test_lab_runs_in_an_empty_folder(inside: Path) -> None:
    lab = inside / "docs/en/labs/small.py"
    lab.write_text(SMALL_LAB + "\n# %%\nimport os\n\nprint(os.listdir())\n", encoding="utf-8")
    assert code_cells(run(inside, "en")[0])[1].outputs[0].text == "[]\n"


def planted(project: Path, fault: str) -> int:
    """Copy the lab into the project, with a cell that is at fault; return its line."""
    lines = LAB.read_text(encoding="utf-8").splitlines()
    place = lines.index("from rnn_tutorial import linear, rnn") + 1
    lines[place:place] = ["", "# %%", "", fault, ""]
    copy = project / "docs" / "en" / "labs" / "small.py"
    copy.write_text("\n".join(lines), encoding="utf-8")
    return lines.index(fault) + 1


def test_failing_cell_stops_the_build_at_its_line(project: Path) -> None:
    line = planted(project, fault := "assert linear is rnn, 'planted'")
    told = build(project)
    assert told.returncode != 0
    assert f"docs/en/labs/small.py:{line}: AssertionError: planted\n    {fault}" in told.stderr
    assert "Traceback" not in told.stderr


def test_cell_that_is_no_python_is_named(inside: Path) -> None:
    line = planted(inside, "1 +")
    message = f"docs/en/labs/small.py:{line}: SyntaxError: invalid syntax\n    1 +"
    with pytest.raises(PluginError, match=re.escape(message)):
        run(inside, "en")


@pytest.mark.parametrize("name", LABS)
def test_run_depends_on_what_it_uses(name: str) -> None:
    turns = planned({"en": LABS[name]}).turns
    found = dependencies(turns)
    source = "\n\n".join(turn.source for turn in turns)
    used = imported(source) - set(sys.stdlib_module_names)
    distributions = packages_distributions()
    named = {name: version(name) for module in used for name in distributions[module]}
    assert named.items() <= found.items()
    assert {"code", "python", "execution.py", *DISTRIBUTIONS} == set(found)

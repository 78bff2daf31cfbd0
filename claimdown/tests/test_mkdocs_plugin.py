"""MkDocs builds a course, and each fault in it is named by file and line."""

import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lxml.html import HtmlElement, fromstring
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from courses import EDITIONS, PAGE, TWO_EDITIONS, course

SITE = """\
site_name: Sums
site_url: https://example.org/
use_directory_urls: false
hooks: [hook.py]
theme: {{name: null, custom_dir: theme}}
plugins:
  - claimdown: {options}
markdown_extensions:
  - admonition
  - attr_list
  - pymdownx.details
  - pymdownx.highlight:
      pygments_lang_class: true
  - pymdownx.superfences
  - claimdown.values
  - claimdown.counts
"""
THEME = """\
<html><head>{% for path in config.extra_css %}<link href="{{ path | url }}">{% endfor %}</head>
<body>{{ page.content }}</body></html>
"""  # MkDocs' own takes ten times as long to compile; the example is built with it
HOOK = """\
def on_page_content(html, page, **_):
    return html{content}

def on_post_page(output, page, **_):
    return output{post}
"""
Build = Callable[..., list[str]]


def written(root: Path, pages: dict[str, str], editions: str = EDITIONS, **options: object) -> Path:
    """Write a course with its site; `content` and `post` are what a hook adds to the page sums."""
    hook = {name: options.pop(name, "") for name in ("content", "post")}
    course(root, pages, editions)
    (root / "mkdocs.yml").write_text(
        SITE.format(options=json.dumps({"unread": ["404.html"], **options})), encoding="utf-8"
    )
    (root / "hook.py").write_text(HOOK.format(**hook), encoding="utf-8")
    (root / "theme").mkdir(exist_ok=True)
    (root / "theme/main.html").write_text(THEME, encoding="utf-8")
    return root


@pytest.fixture
def builds(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Return a function that builds a site and lists the warnings."""
    started = []

    def built(
        root: Path, command: str = "build", dirty: bool = False, strict: bool = False
    ) -> list[str]:
        monkeypatch.chdir(root)
        caplog.clear()
        config = load_config(str(root / "mkdocs.yml"), strict=strict)
        if not started:
            config.plugins.on_startup(command=command, dirty=dirty)
            started.append(config.plugins)
        build(config, dirty=dirty)
        return told(caplog)

    yield built
    for plugins in started:
        plugins.on_shutdown()


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and "'dirty' build" not in record.getMessage()
    ]


def page_of(root: Path, name: str = "sums") -> HtmlElement:
    return fromstring((root / f"site/{name}.html").read_text(encoding="utf-8"))


def soon(holds: Callable[[], object]) -> object:
    """Wait until something holds."""
    end = time.monotonic() + 20
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    return found


def test_below_the_title_stand_counts_and_notebook(tmp_path: Path, builds: Build) -> None:
    root = written(
        tmp_path, {"docs/sums.md": PAGE}, counts_page="index.md", notebooks=True,
        notebook_class="button big",
    )  # fmt: skip
    assert builds(root) == []
    title, facts = page_of(root).xpath("//h1 | //h1/following-sibling::div[1]")
    assert title.text == "Sums"
    line, button = facts
    assert line.text_content() == (
        "Computed and compared on this page: 1 value, 1 output, 1 claim."
    )
    assert line[0].get("href") == "index.html"
    assert dict(button.attrib) == {
        "class": "button big", "href": "sums.ipynb", "download": "sums.ipynb"
    }  # fmt: skip
    notebook = json.loads((root / "site/sums.ipynb").read_text(encoding="utf-8"))
    outputs = [cell["outputs"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert "".join(outputs[0][0]["text"]).strip() == "42"
    assert "https://example.org/sums.html" in json.dumps(notebook)


def test_no_notebook_where_none_is_wanted(tmp_path: Path, builds: Build) -> None:
    pages = {
        "docs/a/sums.md": PAGE,
        "docs/b/sums.md": PAGE,
        "docs/plain.md": "# Plain { #plain }\n",
    }
    root = written(tmp_path, pages, notebooks=True, no_notebook=["a/*"])
    assert builds(root) == []
    assert [path.parent.name for path in root.glob("site/**/*.ipynb")] == ["b"]
    assert not page_of(root, "plain").xpath("//div[@class='claimdown-facts']")


def test_page_that_shows_the_sums_does_not_count_itself(tmp_path: Path, builds: Build) -> None:
    root = written(tmp_path, {"docs/sums.md": f"{PAGE}\n```checks\nsummary\n```\n"})
    assert builds(root) == []
    assert not page_of(root).xpath("//p[@class='claimdown-counts']")
    assert page_of(root).xpath("string(//ul[@class='checks'])").count("1") == 3


FAULTS = {
    "output": (PAGE.replace("42\n```", "43\n```"), 8, "the output differs"),
    "value": (PAGE.replace("`42`", "`43`"), 12, "the value differs"),
    "claim": (PAGE.replace("== 12 + 30", "== 12"), 17, "AssertionError"),
    "written form": (PAGE.replace("```python", "```py", 1), 3, "Python is written"),
    "number": (PAGE.replace("The sum", "The 17 sums"), 12, '"17" in the text is not verified'),
}


@pytest.mark.parametrize(("text", "line", "message"), FAULTS.values(), ids=FAULTS)
def test_fault_is_named_by_file_and_line(
    text: str, line: int, message: str, tmp_path: Path, builds: Build
) -> None:
    root = written(tmp_path, {"docs/sums.md": text, "docs/good.md": PAGE}, notebooks=True)
    warnings = builds(root)
    assert any(w.startswith(f"docs/sums.md:{line}: ") and message in w for w in warnings), warnings
    assert all(w.startswith("docs/sums.md:") for w in warnings)
    assert len(warnings) == len(set(warnings))
    assert not any("the page shows" in w for w in warnings)  # what is refused is named once
    assert [path.name for path in root.glob("site/*.ipynb")] == ["good.ipynb"]


def test_strict_build_stops(tmp_path: Path, builds: Build) -> None:
    root = written(tmp_path, {"docs/sums.md": FAULTS["output"][0]})
    with pytest.raises(Abort, match="Aborted with 1 errors in strict mode"):
        builds(root, strict=True)


def test_strict_build_stops_even_if_it_is_quiet(
    tmp_path: Path, builds: Build, caplog: pytest.LogCaptureFixture
) -> None:
    root = written(tmp_path, {"docs/sums.md": FAULTS["output"][0]})
    with caplog.at_level(logging.ERROR, "mkdocs"), pytest.raises(Abort, match="in strict mode"):
        builds(root, strict=True)


PLANTED = {
    "block": (
        {"post": ".replace('</h1>', '</h1><pre>assert 1 == 2</pre>')"},
        ["docs/index.md:1: the page shows a code block that is not in its source"],
    ),
    "value lost": (
        {"post": ".replace('verified-mark', 'mark')"},
        ["docs/index.md:12: `42`, verified by 'total', is not", "docs/index.md:12: the page shows"],
    ),
    "number": (
        {"content": " + '<p>17 rows</p>'"},
        ['docs/index.md:1: the number "17" in the text is not verified'],
    ),
}


@pytest.mark.parametrize(("hook", "messages"), PLANTED.values(), ids=PLANTED)
def test_what_a_hook_does_to_a_page_is_seen(
    hook: dict[str, str], messages: list[str], tmp_path: Path, builds: Build
) -> None:
    warnings = builds(written(tmp_path, {"docs/index.md": PAGE}, **hook))
    assert len(warnings) == len(messages)
    for warning, message in zip(warnings, messages, strict=True):
        assert warning.startswith(message)


def test_a_page_that_nobody_has_read_is_named(tmp_path: Path, builds: Build) -> None:
    root = written(tmp_path, {"docs/sums.md": PAGE}, unread=["404.html", "labs/*"])
    for name in ("docs/secret.html", "docs/labs/a.html"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text("<p>17</p>", encoding="utf-8")
    (warning,) = builds(root)
    assert warning.startswith("secret.html: this page is published and is no page of")


def test_a_page_outside_of_all_editions_is_named(tmp_path: Path, builds: Build) -> None:
    editions = EDITIONS.replace('"docs"', '"docs/en"')
    root = written(tmp_path, {"docs/en/sums.md": PAGE}, editions)
    (warning,) = builds(root)
    assert warning.startswith("index.html: ")


def test_pages_run_side_by_side(tmp_path: Path, builds: Build) -> None:
    """Each page waits for what the other one writes, so one after the other they would fail."""
    code = (
        "# {0} {{ #x }}\n\n```python\nfrom pathlib import Path\nfrom time import sleep\n\n"
        "Path({0!r}).touch()\nfor _ in range(500):\n    if Path({1!r}).exists():\n        break\n"
        "    sleep(0.02)\nelse:\n    raise TimeoutError({1!r})\n```\n"
    )
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    pages = {"docs/a.md": code.format(one, two), "docs/b.md": code.format(two, one)}
    assert builds(written(tmp_path, pages)) == []


WAITING = """\
# Waiting {{ #waiting }}

```python
from pathlib import Path
from time import sleep

while not Path({0!r}).exists():
    sleep(0.02)
assert {1}
```
"""


@pytest.mark.parametrize("holds", [True, False])
def test_served_page_does_not_wait_for_its_run(
    holds: bool, tmp_path: Path, builds: Build, caplog: pytest.LogCaptureFixture
) -> None:
    go = tmp_path / "go"
    root = written(tmp_path, {"docs/sums.md": WAITING.format(str(go), holds)}, notebooks=True)
    assert builds(root, "serve") == []
    assert page_of(root).xpath("//a[@class='claimdown-notebook']")
    notebook = root / "site/sums.ipynb"
    assert not notebook.exists()
    go.touch()
    if holds:
        assert soon(notebook.exists)
        assert told(caplog) == []
    else:
        assert soon(lambda: told(caplog))
        assert told(caplog)[0].startswith("docs/sums.md:9: ")
        assert not notebook.exists()


def test_run_of_an_older_text_is_not_told(
    tmp_path: Path, builds: Build, caplog: pytest.LogCaptureFixture
) -> None:
    go = tmp_path / "go"
    root = written(tmp_path, {"docs/sums.md": WAITING.format(str(go), "1 == 2")}, notebooks=True)
    assert builds(root, "serve") == []
    (root / "docs/sums.md").write_text(PAGE, encoding="utf-8")
    assert builds(root) == []
    assert soon((root / "site/sums.ipynb").exists)
    go.touch()
    time.sleep(1)
    assert told(caplog) == []


def test_dirty_build_reads_the_changed_page_alone(tmp_path: Path, builds: Build) -> None:
    root = written(tmp_path, {"docs/sums.md": PAGE, "docs/b.md": FAULTS["output"][0]})
    assert [w.split(":")[0] for w in builds(root, dirty=True)] == ["docs/b.md"]
    assert builds(root, dirty=True) == []
    changed = FAULTS["value"][0]
    time.sleep(0.02)
    (root / "docs/sums.md").write_text(changed, encoding="utf-8")
    assert [w[: len("docs/sums.md:12")] for w in builds(root, dirty=True)] == ["docs/sums.md:12"]


def test_without_runs_only_written_forms_are_checked(tmp_path: Path, builds: Build) -> None:
    pages = {"docs/sums.md": FAULTS["output"][0], "docs/b.md": FAULTS["written form"][0]}
    warnings = builds(written(tmp_path, pages, run=False))
    assert {w.split(":")[0] for w in warnings} == {"docs/b.md"}
    assert any(w.startswith("docs/b.md:3: Python is written") for w in warnings)


def test_pages_of_two_editions_have_their_own_words(tmp_path: Path, builds: Build) -> None:
    german = PAGE.replace("Output", "Ausgabe").replace("Claim: ", "Behauptung: ")
    german = german.replace("(equal)", "(genau)")
    pages = {"docs/sums.md": PAGE, "docs/de/sums.md": german}
    root = written(tmp_path, pages, TWO_EDITIONS, counts_page="index.md")
    assert builds(root) == []
    line = page_of(root, "de/sums").xpath("//p[@class='claimdown-counts']")[0]
    assert line.text_content() == "Berechnet: 1 Wert, 1 Ausgabe, 1 Behauptung."
    assert line[0].get("href") == "../index.html"
    legends = [page_of(root, name).xpath("string(//p[@class='verified-legend'])")
               for name in ("sums", "de/sums")]  # fmt: skip
    assert legends[0].startswith("The build")
    assert legends[1] == "Berechnet."


@pytest.mark.parametrize("style", [True, False])
def test_style_sheet_comes_along(style: bool, tmp_path: Path, builds: Build) -> None:
    root = written(tmp_path, {"docs/sums.md": PAGE}, style=style)
    assert builds(root) == []
    assert (root / "site/assets/claimdown.css").is_file() == style
    links = page_of(root).xpath("//link/@href")
    assert ("assets/claimdown.css" in links) == style


def test_figures_are_asked_for(
    tmp_path: Path, builds: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pictures.py").write_text(
        "asked = []\n\ndef png(path):\n    asked.append(path.name)\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    pages = {"docs/sums.md": f"{PAGE}\n![A picture](a.svg)\n"}
    root = written(tmp_path, pages, notebooks=True, figures="pictures:png")
    (root / "docs/a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    assert builds(root) == []
    import pictures

    assert pictures.asked == ["a.svg"]


WRONG = {
    "counts page": (
        {"counts_page": "nowhere.md"},
        "option counts_page: expected a page of the site, found no docs/nowhere.md",
    ),
    "module": ({"figures": "nowhere:png"}, "option figures: expected module:function, got nowh"),
    "function": ({"figures": "json:png"}, "option figures: expected module:function, got json:p"),
    "no function": ({"figures": "json"}, "option figures: expected module:function, got json"),
    "edition": ({"editions": "[tool.claimdown]\nediton = 1\n"}, "editon: no such entry"),
    "distribution": (
        {"editions": f"[tool.claimdown]\ndistributions = ['nowhere']\n{EDITIONS}"},
        "distributions: expected what is installed, got 'nowhere'",
    ),
}


@pytest.mark.parametrize(("options", "message"), WRONG.values(), ids=WRONG)
def test_wrong_option_is_named(
    options: dict[str, str], message: str, tmp_path: Path, builds: Build,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    root = written(tmp_path, {"docs/sums.md": PAGE}, **options)
    with pytest.raises(Abort):
        builds(root)
    assert message in caplog.text

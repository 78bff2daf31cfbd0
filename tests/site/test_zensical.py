"""The chapters also build under Zensical, Material's successor, with everything that is checked.

Hooks do not run there, so the shared assets are copied into place first, and the pages come
without notebooks and their buttons.  Labs are left out: Zensical renders no notebooks yet.
"""

import os
import posixpath
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.site.published import tree
from tools.site import CONFIGURATIONS, LANGUAGES, address_of, pages

ROOT = Path(__file__).parents[2]
PAGES = [address_of(page) for language in LANGUAGES for page in pages(language)]
PARTS = {
    "python": ".language-python.highlight",
    "output": ".language-text.highlight > .filename",
    "verified": ".verified > .verified-mark",
    "claim": "details.check",
    "solution": "details.success",
    "figure": "figure.figure > svg",
    "formula": ".arithmatex",
    "term": "article dt",
    "counts": ".checks td",
    "heading": "article h2",
}


@pytest.fixture(scope="module")
def zensical_site(built_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("zensical")
    for name in ("docs", "rnn_tutorial", "tools"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
    for language in LANGUAGES:
        shutil.copytree(project / "docs/assets", project / "docs" / language / "assets")
        shutil.rmtree(project / "docs" / language / "labs")
    shutil.copy(ROOT / "pyproject.toml", project)
    for file in CONFIGURATIONS.values():
        config = file.read_text(encoding="utf-8")
        # The links to the lab would be warnings.
        (project / file.name).write_text(config.replace("strict: true", "strict: false"), "utf-8")
    environment = os.environ | {"PYTHONPATH": str(project), "NO_COLOR": "1"}
    for file in CONFIGURATIONS.values():
        command = [sys.executable, "-m", "zensical", "build", "-f", file.name]
        run = subprocess.run(command, cwd=project, capture_output=True, text=True, env=environment)
        if run.returncode:
            pytest.fail(f"zensical build failed:\n{run.stdout[-4000:]}{run.stderr[-4000:]}")
    return project / "site"


def parts(site: Path, page: str) -> Counter[str]:
    found = tree(site / page)
    return Counter({name: len(found.cssselect(selector)) for name, selector in PARTS.items()})


@pytest.mark.parametrize("page", PAGES)
def test_page_has_the_same_parts(zensical_site: Path, built_site: Path, page: str) -> None:
    expected = parts(built_site, page)
    assert expected.total() > 0
    assert parts(zensical_site, page) == expected


@pytest.mark.parametrize("page", [page for page in PAGES if page.endswith("checks.html")])
def test_counts_are_the_same(zensical_site: Path, built_site: Path, page: str) -> None:
    expected, found = (
        [cell.text_content() for cell in tree(site / page).cssselect(".checks td")]
        for site in (built_site, zensical_site)
    )
    assert expected
    assert found == expected


def test_style_and_scripts_are_there(zensical_site: Path) -> None:
    page = tree(zensical_site / "index.html")
    asked = [link.get("href") for link in page.cssselect("link[rel=stylesheet]")]
    asked += [script.get("src") for script in page.cssselect("script[src]")]
    files = {posixpath.normpath(name.split("?")[0]) for name in asked}
    assert {"assets/site.css", "assets/vendor/katex/katex-swap.min.css"} <= files
    assert not [name for name in files if not (zensical_site / name).is_file()]

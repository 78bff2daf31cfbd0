"""What ties the editions together: links from each page to its twins, and one build for all.

`mkdocs build` builds all editions, each in a process of its own; `mkdocs serve` builds the others
when they have changed.  A configuration of another edition builds that one only.
"""

import logging
import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort

from tools.site import CONFIGURATIONS, LANGUAGES, ROOT, settings, site_folder

ALTERNATE = re.compile(r'<link rel="alternate" href="[^"]*" hreflang="(\w+)">')
SWITCH = re.compile(r'<a href="[^"]*" hreflang="(\w+)"')
SERVED = ROOT / ".cache" / "served"
SHARED = ("rnn_tutorial", "docs/assets", "tools")
Build = subprocess.Popen[str]


def linked(output: str, language: str, url: str) -> str:
    """Let the links to the other editions, which lead to their front pages, lead to the same page.

    In the head they are absolute, as search engines demand, and `rel` ends in a blank: Material's
    script would otherwise ask those addresses for their site maps, wherever the site is opened.
    """

    def absolute(link: re.Match[str]) -> str:
        href = posixpath.join(settings(link[1])["site_url"], url)
        return f'<link rel="alternate " href="{href}" hreflang="{link[1]}">'

    def relative(link: re.Match[str]) -> str:
        here, there = (posixpath.join(site_folder(name), url) for name in (language, link[1]))
        href = posixpath.relpath(there, posixpath.dirname(here) or ".")
        return f'<a href="{href}" hreflang="{link[1]}"'

    return SWITCH.sub(relative, ALTERNATE.sub(absolute, output))


def without_twins(output: str) -> str:
    """Drop from the head of a page without twins, the 404 page, what says that it has some."""
    return ALTERNATE.sub("", output)


def leads(config: MkDocsConfig) -> bool:
    """Tell whether it is the site's own configuration, which stands for all editions."""
    return Path(config.config_file_path) == CONFIGURATIONS[LANGUAGES[0]]


def start_others(config: MkDocsConfig, dirty: bool) -> dict[str, Build]:
    """Start to build the other editions, each into its folder of the same site.

    Not before MkDocs has emptied the site's folder.
    """
    options = ["--strict" if config.strict else "--no-strict", "--dirty" if dirty else "--clean"]
    if not logging.getLogger("mkdocs").isEnabledFor(logging.WARNING):
        options.append("--quiet")  # as this build is
    builds = {}
    for language in LANGUAGES[1:]:
        target = Path(config.site_dir) / site_folder(language)
        builds[language] = subprocess.Popen(
            build_command(language, target, options),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    return builds


def build_command(language: str, target: Path, options: list[str]) -> list[str]:
    """Return the command that builds one edition into a folder."""
    where = ["-f", str(CONFIGURATIONS[language]), "-d", str(target)]
    return [sys.executable, "-m", "mkdocs", "build", *options, *where]


def finish_others(builds: dict[str, Build]) -> None:
    """Wait for the other editions; pass on what they had to say.

    Raises:
        Abort: if one could not be built.
    """
    said = {language: build.communicate()[0] for language, build in builds.items()}
    for language, text in said.items():
        sys.stderr.write(text)
        if builds[language].returncode:
            raise Abort(f"{CONFIGURATIONS[language].name}: this edition could not be built")


def serve_others(config: MkDocsConfig) -> None:
    """Put the other editions where `mkdocs serve` shows them; build those that have changed."""
    for language in LANGUAGES[1:]:
        built, sources = SERVED / language, [*SHARED, settings(language)["docs_dir"]]
        if _last_change(sources) > _last_change([str(built)]):
            command = build_command(language, built, ["--no-strict"])
            subprocess.run(command, cwd=ROOT, check=False)  # it says itself what is wrong
        if built.is_dir():
            shutil.copytree(
                built, Path(config.site_dir) / site_folder(language), dirs_exist_ok=True
            )


def _last_change(places: list[str]) -> float:
    files = (path for place in places for path in (ROOT / place).rglob("*") if path.is_file())
    return max((path.stat().st_mtime for path in files), default=0.0)

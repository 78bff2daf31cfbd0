"""The site as the tests build it: both editions, once for each state of what they are made of."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock

from tools.site import CONFIGURATIONS, LANGUAGES, ROOT, settings, site_folder

CACHE = ROOT / ".cache" / "site"
# All that a build reads of the project; `docs` holds what both editions share, too.
MADE_OF = ("docs", "rnn_tutorial", "tools", "claimdown/src", "pyproject.toml", "mkdocs*.yml")


def recalled_or_built(target: Path, cache: Path = CACHE) -> str:
    """Put the whole site into a folder; return what a failed build has said.

    What one run has built is kept for the next one, until anything changes that a build depends on.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache.with_suffix(".lock")):  # another run may be building or taking it just now
        now = state()
        if (cache / now).is_dir():
            shutil.copytree(cache / now, target)
            return ""
        if failure := build_failure(target):
            return failure
        for older in cache.iterdir():
            shutil.rmtree(older)
        if state() == now:  # or somebody has changed a file while the site was built
            shutil.copytree(target, cache / "half")
            (cache / "half").rename(cache / now)  # in one step: no run leaves a half site
    return ""


def state(root: Path = ROOT) -> str:
    """Hash all that a build depends on: files, installed versions, addresses, and the day.

    A site map names the day on which it was written.
    """
    packages = Path(sysconfig.get_path("purelib")).glob("*.dist-info")  # with their versions
    day = datetime.now(UTC).date()
    said = [sys.version, day, sorted(path.name for path in packages)]
    digest = hashlib.sha256(repr([*said, *map(settings, LANGUAGES)]).encode())
    for file in sorted(files(root)):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(root).as_posix()}: {content}\n".encode())
    return digest.hexdigest()[:16]


def files(root: Path) -> list[Path]:
    """List the files of a project that a build may read."""
    found = [path for name in MADE_OF for path in root.glob(name)]
    inside = [file for path in found for file in path.rglob("*")]
    return [file for file in [*found, *inside] if file.is_file() and file.suffix != ".pyc"]


def build_failure(target: Path) -> str:
    """Build both editions at once, as `make site` does; return what a failed build has said."""
    folders = {language: target.with_name(f"{target.name}-{language}") for language in LANGUAGES}
    builds = [start("tools.pictures")]
    for language, folder in folders.items():
        configuration = str(CONFIGURATIONS[language])
        builds.append(start("mkdocs", "build", "--strict", "-f", configuration, "-d", str(folder)))
    said = [build.communicate()[0][-4000:] for build in builds]
    if not any(build.returncode for build in builds):
        for language, folder in folders.items():
            shutil.copytree(folder, target / site_folder(language), dirs_exist_ok=True)
    return "".join(text for build, text in zip(builds, said, strict=True) if build.returncode)


def start(*arguments: str) -> subprocess.Popen[str]:
    # The theme prints a notice of its successor at every start; it is no warning of the build.
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=environment, **pipes)

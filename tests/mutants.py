"""Run a chapter against a package with one wrong line, in a process of its own.

The processes are forked from a server that has imported torch and done nothing else, so that each
costs a fraction of a second and no thread of torch's is cut off by the fork.
"""

import multiprocessing
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

from docs._build import snippets
from docs._build.chapter import Chapter, Claim, Code, Item, Output, Value, read_chapter
from docs._build.runner import ChapterRun, ClaimError
from docs._build.site import pages
from tests.mutations import Mutation

ROOT = Path(__file__).parent.parent
TIMEOUT = 120.0  # seconds for one chapter; the slowest takes about ten where nothing else runs
FORK = "forkserver" in multiprocessing.get_all_start_methods()
CONTEXT = multiprocessing.get_context("forkserver" if FORK else "spawn")
if FORK:
    CONTEXT.set_forkserver_preload(["torch", "docs._build.chapter", "docs._build.runner"])


@dataclass(frozen=True)
class Outcome:
    """The titles of the claims that failed, "" if something else did, or why neither is known."""

    failed: frozenset[str] = frozenset()
    error: str = ""


@cache
def claims() -> dict[str, list[str]]:
    """List the titles of all claims, by page; no two pages share a name."""
    titles = {
        page.stem: [claim.title.removeprefix("Claim: ") for claim in read_chapter(page).claims]
        for page in pages()
    }
    return {slug: found for slug, found in titles.items() if found}


def chosen(titles: list[str], beginning: str) -> list[str]:
    """List the titles that begin in some way; "" is one of its own."""
    return [t for t in titles if t.startswith(beginning)] if beginning else [""]


def mutated(source: str, mutation: Mutation) -> str:
    """Put the wrong line in the place of the right one.

    Raises:
        ValueError: if the right one is not there, or more than once.
    """
    count = source.count(mutation.right)
    if count != 1:
        raise ValueError(f"{mutation.file}: {mutation.right!r} is there {count} times, not once")
    return source.replace(mutation.right, mutation.wrong)


def failures(chapter: Chapter, asked: list[str]) -> frozenset[str]:
    """Run a chapter until the last claim asked for, and list what fails.

    A claim fails if its own code does.  One that only lacks what an earlier block should have
    defined has shown nothing, so it does not count.
    """
    everything = "" in asked
    wanted = [claim for claim in chapter.claims if title(claim) in asked]
    end = max((claim.end for claim in wanted), default=0)
    kinds = (Code, Output, Value) if everything else (Code,)
    run, failed = ChapterRun(chapter), set()
    for item in chapter.items:
        if isinstance(item, kinds) and (everything or item.start < end):
            failed |= failed_by(run, item)
    return frozenset(failed)


def failed_by(run: ChapterRun, item: Item) -> set[str]:
    """Check one item; name the claim that it stands in if it fails, or ""."""
    try:
        run.check(item)
    except ClaimError:
        return {""}
    except Exception:  # a mutated package may raise anything
        inside = [c for c in run.chapter.claims if c.start < item.start < c.end]
        return {title(claim) for claim in inside} or {""}
    return set()


def title(claim: Claim) -> str:
    return claim.title.removeprefix("Claim: ")


def work(page: Path, mutation: Mutation | None, asked: list[str], send: Connection) -> None:
    """Be the process: read and run a chapter with the mutated package."""
    import torch

    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        package = Path(folder) / "rnn_tutorial"
        copytree(ROOT / package.name, package, ignore=ignore_patterns("__pycache__"))
        try:
            if mutation:
                file = package / mutation.file
                file.write_text(mutated(file.read_text(encoding="utf-8"), mutation), "utf-8")
            snippets.ROOT = Path(folder)  # what chapters include
            sys.path.insert(0, folder)  # what they import
            outcome = Outcome(failures(read_chapter(page), asked))
        except Exception as error:  # sent, so that the test can name it
            outcome = Outcome(error=f"{type(error).__name__}: {error}")
    send.send(outcome)


Work = Callable[[Path, Mutation | None, list[str], Connection], None]


def run(
    page: Path,
    mutation: Mutation | None,
    asked: list[str],
    timeout: float = TIMEOUT,
    target: Work = work,
) -> Outcome:
    """Run one chapter in a process of its own; one that hangs is ended and reported."""
    receive, send = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=target, args=(page, mutation, asked, send), daemon=True)
    process.start()
    send.close()
    try:
        if receive.poll(timeout):
            return receive.recv()
        return Outcome(error=f"no result after {timeout:g} s")
    except EOFError:
        process.join(timeout)
        return Outcome(error=f"the process ended with exit code {process.exitcode}")
    finally:
        process.kill()
        process.join()
        receive.close()

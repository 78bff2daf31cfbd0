"""What the process of one mutant does: it runs a chapter with a wrong line in the package.

Each process imports this file, so it imports nothing slow.
"""

import sys
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory

from claimdown.page import Claim, Code, Item, Output, Page, Value
from claimdown.report import ClaimError
from claimdown.worker import PageRun
from tests.course.mutations import Mutation

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """The titles of the claims that failed, "" if something else did, or why neither is known."""

    failed: frozenset[str] = frozenset()
    error: str = ""


def mutated(source: str, mutation: Mutation) -> str:
    """Replace the right line by the wrong one.

    Raises:
        ValueError: if the right one is not there, or more than once.
    """
    count = source.count(mutation.right)
    if count != 1:
        raise ValueError(f"{mutation.file}: {mutation.right!r} is there {count} times, not once")
    return source.replace(mutation.right, mutation.wrong)


def with_mistake(page: Page, mutation: Mutation) -> Page:
    """Put the wrong line into a page's blocks, wherever they show that line of the package.

    A mutation may name the page itself, for a line of its own code.
    """

    def mistaken(item: Item) -> Item:
        if not isinstance(item, Code) or mutation.right not in item.code:
            return item
        first = item.code.partition(mutation.right)[0].count("\n")
        behind = first + mutation.right.count("\n") + 1
        origin = item.origins[first]
        if not (origin.file or page.path).as_posix().endswith(f"/{mutation.file}"):
            return item
        new = (origin,) * (mutation.wrong.count("\n") + 1)
        origins = item.origins[:first] + new + item.origins[behind:]
        return replace(item, code=mutated(item.code, mutation), origins=origins)

    return replace(page, items=tuple(map(mistaken, page.items)))


def failures(page: Page, asked: list[str]) -> frozenset[str]:
    """Run a chapter until all that is asked for has failed or been run, and list what fails.

    A claim fails if its own code does.  One that only lacks what an earlier block should have
    defined has shown nothing, so it does not count.
    """
    everything = "" in asked
    wanted = [claim for claim in page.claims if title(claim) in asked]
    end = max((claim.end for claim in wanted), default=0)
    kinds = (Code, Output, Value) if everything else (Code,)
    run, failed = PageRun(page), set()
    for item in page.items:
        if failed.issuperset(asked):
            break
        if isinstance(item, kinds) and (everything or item.start < end):
            failed |= failed_by(run, item)
    return frozenset(failed)


def failed_by(run: PageRun, item: Item) -> set[str]:
    """Check one item; name the claim that contains it if it fails, or ""."""
    try:
        run.check(item)
    except ClaimError:
        return {""}
    except Exception:  # a mutated package may raise anything
        inside = [c for c in run.page.claims if c.start < item.start < c.end]
        return {title(claim) for claim in inside} or {""}
    return set()


def title(claim: Claim) -> str:
    return claim.title.removeprefix("Claim: ")


def work(page: Page, mutation: Mutation | None, asked: list[str], send: Connection) -> None:
    """Be the process: run a chapter with the mutated package."""
    import torch

    torch.set_num_threads(1)
    with TemporaryDirectory() as folder:
        package = Path(folder) / "rnn_tutorial"
        copytree(ROOT / package.name, package, ignore=ignore_patterns("__pycache__"))
        try:
            if mutation:
                if (file := package / mutation.file).suffix == ".py":
                    file.write_text(mutated(file.read_text(encoding="utf-8"), mutation), "utf-8")
                page = with_mistake(page, mutation)  # what it includes
            sys.path.insert(0, folder)  # what it imports
            outcome = Outcome(failures(page, asked))
        except Exception as error:  # sent, so that the test can name it
            outcome = Outcome(error=f"{type(error).__name__}: {error}")
    send.send(outcome)

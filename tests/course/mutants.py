"""Run a chapter against a package with one wrong line, in a process of its own.

The processes are forked from a server that has imported torch and done nothing else, so that each
costs a fraction of a second and no thread of torch's is cut off by the fork.  They are sent the
chapter as it was read, with the wrong line in what it includes: reading it again takes longer than
running it.
"""

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path

from claimdown.page import Page
from claimdown.reader import read
from tests.course.mutant_process import Outcome, mutated, title, work
from tests.course.mutations import MUTATIONS, Mutation
from tests.course.rules import UNFILLED, at, line_of
from tools.site import pages

ROOT = Path(__file__).parents[2]
ENTRIES = Path(__file__).with_name("mutations.py")
TIMEOUT = 120.0  # seconds for one chapter; the slowest takes about ten where nothing else runs
FORK = "forkserver" in multiprocessing.get_all_start_methods()
CONTEXT = multiprocessing.get_context("forkserver" if FORK else "spawn")
if FORK:
    # The last is what `assert_close` imports when it is first called, and takes longer for that
    # than most chapters take to run.
    CONTEXT.set_forkserver_preload(["claimdown.worker", "torch", "torch.distributed.tensor"])


@cache
def claiming() -> dict[str, Path]:
    """Find the pages that hold claims by their names.

    Raises:
        ValueError: if two of them share one.
    """
    found: dict[str, Path] = {}
    for page in pages():
        if read(page).claims:
            if page.stem in found:
                raise ValueError(f"{page}: {found[page.stem]} has claims and this name, too")
            found[page.stem] = page
    return found


@cache
def claims() -> dict[str, list[str]]:
    """List the titles of all claims, by page."""
    return {slug: titles(read(page)) for slug, page in claiming().items()}


def titles(page: Page) -> list[str]:
    return [title(claim) for claim in page.claims]


def chosen(known: list[str], beginning: str) -> list[str]:
    """List the titles that begin in some way; "" is one of its own."""
    return [t for t in known if t.startswith(beginning)] if beginning else [""]


def asked(mutation: Mutation, page: Page) -> list[str]:
    """List the titles that a mutation should break on a page."""
    return [t for b in mutation.caught_by.get(page.path.stem, []) for t in chosen(titles(page), b)]


Work = Callable[[Page, Mutation | None, list[str], Connection], None]


def run(
    page: Page,
    mutation: Mutation | None,
    asked: list[str],
    timeout: float = TIMEOUT,
    target: Work = work,
) -> Outcome:
    """Run one chapter in a process of its own; one that hangs is ended and reported."""
    receive, send = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=target, args=(page, mutation, asked, send), daemon=True)  # type: ignore[attr-defined]
    process.start()
    send.close()
    try:
        if receive.poll(timeout):
            outcome = receive.recv()
            process.join(1.0)  # it gives back what it holds, such as semaphores
            return outcome
        return Outcome(error=f"no result after {timeout:g} s")
    except EOFError:
        process.join(timeout)
        return Outcome(error=f"the process ended with exit code {process.exitcode}")
    finally:
        process.kill()
        process.join()
        receive.close()


def outcomes(jobs: Iterable[tuple[Page, Mutation | None, list[str]]]) -> list[Outcome]:
    """Run several chapters, two at once."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda job: run(*job), jobs))


# What the outcomes say.


def entry(mutation: Mutation, what: str) -> str:
    """Say something about an entry, at its line."""
    line = line_of(ENTRIES.read_text(encoding="utf-8"), f'"{mutation.mistake}"')
    return at(ENTRIES, line, what)


def malformed(mutation: Mutation) -> list[str]:
    """Name what keeps a mutation from being tried at all."""
    if unfilled := UNFILLED.search(repr(mutation)):
        found = unfilled[0].split("'")[0].split('",')[0]
        return [entry(mutation, f"not filled in: {found}")]
    if not mutation.caught_by:
        return [entry(mutation, f"nothing catches {mutation.mistake!r}; fill caught_by in")]
    if not mutation.file.endswith(".py"):
        return []
    file = ROOT / "rnn_tutorial" / mutation.file
    if not file.is_file():
        return [entry(mutation, f"rnn_tutorial has no {mutation.file}; name one of its files")]
    try:
        mutated(file.read_text(encoding="utf-8"), mutation)
    except ValueError as error:
        return [entry(mutation, f"{error}; copy the line from the file as it is now")]
    return []


def shortcomings(mutation: Mutation, page: Page, outcome: Outcome) -> list[str]:
    """Name the claims of a page that a mutation should break and does not."""
    slug = page.path.stem
    if outcome.error:
        return [entry(mutation, f"{slug} cannot be run with it: {outcome.error}")]
    found = []
    for beginning in mutation.caught_by[slug]:
        those = chosen(titles(page), beginning)
        if len(those) != 1:
            what = f"{len(those)} claims of {slug} begin with {beginning!r}; let it be one"
            found.append(entry(mutation, what))
        elif those[0] not in outcome.failed:
            what = (
                f"{slug} still holds with it: {those[0]!r}; break that claim, or change the claim"
            )
            found.append(entry(mutation, what))
    return found


def unprotected(page: Page) -> list[str]:
    """Name the claims of a page that no mutation breaks."""
    caught = {name for mutation in MUTATIONS for name in asked(mutation, page)}
    cure = f'with caught_by={{"{page.path.stem}": ["how its title begins"]}}'
    return [at(page.path, claim.line, f"no wrong line breaks this claim; add one to "
               f"tests/course/mutations.py, {cure}")
            for claim in page.claims if title(claim) not in caught]  # fmt: skip


def faults(page: Page, holds: bool = True) -> list[str]:
    """Run the mutations of one page, if it holds without any; name what they do not show."""
    if not page.claims:  # another page may have this name
        return []
    own = [mutation for mutation in MUTATIONS if page.path.stem in mutation.caught_by]
    well = [mutation for mutation in own if holds and not malformed(mutation)]
    shown = outcomes((page, mutation, asked(mutation, page)) for mutation in well)
    found = [fault for mutation in own for fault in malformed(mutation)]
    for mutation, outcome in zip(well, shown, strict=True):
        found += shortcomings(mutation, page, outcome)
    return found + unprotected(page)

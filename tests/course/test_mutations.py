"""A wrong line in the package makes the claims fail that are there to notice it."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection

import pytest
from claimdown.page import Code, Page
from claimdown.reader import read

from tests.course.mutants import (
    ROOT,
    Outcome,
    chosen,
    claiming,
    claims,
    mutated,
    run,
    with_mistake,
)
from tests.course.mutations import MUTATIONS, Mutation
from tests.course.planted import HEAD, PAGE, fence, inside

Job = tuple[int, str]  # the number of a mutation, -1 for none, and a chapter


def jobs(chosen_numbers: set[int], chosen_pages: set[str]) -> dict[Job, list[str]]:
    """List what to run, the slow chapter first, with the claims that are looked at.

    That is each chosen mutation against the chapters that catch it, and each chosen page as it is.
    """
    titles = claims()
    found: dict[Job, list[str]] = {(-1, slug): titles[slug] for slug in chosen_pages}
    for number in chosen_numbers:
        for slug, beginnings in MUTATIONS[number].caught_by.items():
            found[number, slug] = [t for b in beginnings for t in chosen(titles.get(slug, []), b)]
    return dict(sorted(found.items(), key=lambda job: job[0][1] != "zero-difference"))


@pytest.fixture(scope="module")
def outcomes(request: pytest.FixtureRequest) -> dict[Job, Outcome]:
    """Run every job that the chosen tests look at, two at once."""

    def outcome(job: Job, asked: list[str]) -> Outcome:
        page = read(claiming()[job[1]])
        return run(page, MUTATIONS[job[0]] if job[0] >= 0 else None, asked)

    needing = [i.callspec.params for i in request.session.items if "outcomes" in i.fixturenames]
    numbers = {params["number"] for params in needing if "number" in params}
    slugs = {params["slug"] for params in needing if "slug" in params}
    with ThreadPoolExecutor(2) as pool:
        chosen_jobs = jobs(numbers, slugs).items()
        futures = {job: pool.submit(outcome, job, asked) for job, asked in chosen_jobs}
        return {job: future.result() for job, future in futures.items()}


@pytest.mark.parametrize("number", range(len(MUTATIONS)), ids=[m.mistake for m in MUTATIONS])
def test_mistake_is_noticed(number: int, outcomes: dict[Job, Outcome]) -> None:
    mutation = MUTATIONS[number]
    if mutation.file.endswith(".py"):  # the right line stands there, once
        mutated((ROOT / "rnn_tutorial" / mutation.file).read_text(encoding="utf-8"), mutation)
    assert mutation.caught_by, "nothing catches it"
    titles = claims()
    for slug, beginnings in mutation.caught_by.items():
        result = outcomes[number, slug]
        assert not result.error, f"{slug}: {result.error}"
        for beginning in beginnings:
            found = chosen(titles.get(slug, []), beginning)
            assert len(found) == 1, f"{slug}: {len(found)} claims begin with {beginning!r}"
            assert found[0] in result.failed, f"{slug}: still holds: {found[0]!r}"


@pytest.mark.parametrize("slug", claims())
def test_claims_hold_for_the_right_package(slug: str, outcomes: dict[Job, Outcome]) -> None:
    """And they hold when their chapter runs alone: no chapter lives on another one's state."""
    assert outcomes[-1, slug] == Outcome()


@pytest.mark.parametrize("slug", claims())
def test_every_claim_has_a_mistake_that_breaks_it(slug: str) -> None:
    titles = claims()[slug]
    beginnings = [b for mutation in MUTATIONS for b in mutation.caught_by.get(slug, [])]
    caught = {title for beginning in beginnings for title in chosen(titles, beginning)}
    unprotected = [title for title in titles if title not in caught]
    assert not unprotected, "no entry of tests/course/mutations.py breaks these"


# The harness itself

CLAIM = '!!! success "Claim: {} (equal)"\n'
FAILS, HOLDS = inside(fence("assert 1 == 2, 'planted'")), inside(fence("assert True"))


def test_right_line_must_be_there_once() -> None:
    mutation = Mutation("x", "x.py", right="a", wrong="b", caught_by={})
    assert mutated("cac", mutation) == "cbc"
    for source, count in (("c", 0), ("aa", 2)):
        with pytest.raises(ValueError, match=rf"x\.py: 'a' is there {count} times"):
            mutated(source, mutation)


def test_failures_are_those_of_the_claims_own_code() -> None:
    text = (
        f"{HEAD}{fence(body='x = 1 / 0')}\n{CLAIM.format('one')}{HOLDS}\n"
        f"{CLAIM.format('two')}{FAILS}\n{CLAIM.format('three')}"
        + inside(fence(body="assert x"))
        + f"\n{CLAIM.format('four')}{FAILS}"
    )
    page = read(PAGE, text)
    titles = [claim.title.removeprefix("Claim: ") for claim in page.claims]
    assert titles == ["one (equal)", "two (equal)", "three (equal)", "four (equal)"]

    def failures(asked: list[str]) -> frozenset[str]:
        return run(page, None, asked).failed

    assert failures(titles[:3]) == {"", "two (equal)"}, "four is not run"
    assert failures(titles) == {"", "two (equal)", "four (equal)"}
    assert failures(titles[1:2]) == {"", "two (equal)"}
    assert failures([""]) == {""}, "all that is asked for has failed"


def hang(page: Page, mutation: Mutation | None, asked: list[str], send: Connection) -> None:
    time.sleep(60)


def die(page: Page, mutation: Mutation | None, asked: list[str], send: Connection) -> None:
    os._exit(7)


def test_process_that_hangs_or_dies_is_named() -> None:
    page = read(PAGE, HEAD)
    assert run(page, None, [], timeout=0.5, target=hang).error == "no result after 0.5 s"
    assert run(page, None, [], target=die).error == "the process ended with exit code 7"


def test_chapter_shows_the_wrong_line() -> None:
    include = '--8<-- "rnn_tutorial/linear.py:linear"'
    own = "input @ weight.T  # not included"
    text = HEAD + "\n".join(fence(body=body) for body in (include, own, f"{include}\nassert x"))
    mutation = Mutation("x", "linear.py", "input @ weight.T", "(\n input @ weight\n)", {})
    page = read(PAGE, text)
    shown, untouched, mixed = with_mistake(page, mutation).of(Code)
    assert "(\n input @ weight\n)" in shown.code
    assert "weight.T" not in shown.code
    assert untouched == page.of(Code)[1]
    assert mixed.code.endswith("\nassert x")
    assert len(mixed.origins) == len(mixed.code.split("\n"))
    assert mixed.origins[-1] == page.of(Code)[2].origins[-1]


def test_process_runs_the_chapter_with_the_mutated_package() -> None:
    blocks = [
        "import torch\nfrom torch import Tensor\nfrom rnn_tutorial import linear as imported",
        '--8<-- "rnn_tutorial/shapes.py:require_shape"',
        '--8<-- "rnn_tutorial/linear.py:linear"',
        "ones = torch.ones(1), torch.ones(1, 1), torch.ones(1)",
    ]
    text = HEAD + "\n".join(fence(body=block) for block in blocks)
    for name in ("linear", "imported"):
        body = fence(body=f"assert {name}(*ones) == 2")
        text += f"\n{CLAIM.format(name)}{inside(body)}"
    page = read(PAGE, text)
    titles = ["linear (equal)", "imported (equal)"]
    bias = next(m for m in MUTATIONS if m.mistake == "the bias is forgotten")
    assert run(page, None, titles) == Outcome()
    assert run(page, bias, titles).failed == set(titles)
    gone = replace(bias, right="gone")
    assert "'gone' is there 0 times, not once" in run(page, gone, titles).error

"""A wrong line in the package makes the claims fail that are there to notice it."""

import os
import time
from dataclasses import replace
from multiprocessing.connection import Connection

import pytest

from claimdown.page import Code, Page
from claimdown.reader import read
from tests.course.mutant_process import Outcome, mutated, with_mistake
from tests.course.mutants import (
    asked,
    claiming,
    claims,
    malformed,
    outcomes,
    run,
    shortcomings,
    titles,
    unprotected,
)
from tests.course.mutations import MUTATIONS, Mutation
from tests.course.planted import HEAD, PAGE, fence, inside

Job = tuple[int, str]  # the number of a mutation, -1 for none, and a chapter


def jobs(chosen_numbers: set[int], chosen_pages: set[str]) -> list[Job]:
    """List what to run, the slow chapter first.

    That is each chosen mutation against the chapters that catch it, and each chosen page as it is.
    """
    found = [(-1, slug) for slug in chosen_pages]
    for number in chosen_numbers:
        if not malformed(MUTATIONS[number]):
            found += [(number, slug) for slug in MUTATIONS[number].caught_by if slug in claims()]
    return sorted(found, key=lambda job: job[1] != "zero-difference")


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest) -> dict[Job, Outcome]:
    """Run every job that the chosen tests look at, two at once."""
    chosen = [item for item in request.session.items if isinstance(item, pytest.Function)]
    needing = [item.callspec.params for item in chosen if "results" in item.fixturenames]
    numbers = {params["number"] for params in needing if "number" in params}
    slugs = {params["slug"] for params in needing if "slug" in params}
    wanted = jobs(numbers, slugs)
    running = []
    for number, slug in wanted:
        page, mutation = read(claiming()[slug]), MUTATIONS[number] if number >= 0 else None
        running.append((page, mutation, asked(mutation, page) if mutation else titles(page)))
    return dict(zip(wanted, outcomes(running), strict=True))


@pytest.mark.parametrize("number", range(len(MUTATIONS)), ids=[m.mistake for m in MUTATIONS])
def test_mistake_is_noticed(number: int, results: dict[Job, Outcome]) -> None:
    mutation = MUTATIONS[number]
    assert malformed(mutation) == []
    assert mutation.caught_by.keys() <= claims().keys(), "these pages have claims"
    for slug in mutation.caught_by:
        assert shortcomings(mutation, read(claiming()[slug]), results[number, slug]) == []


@pytest.mark.parametrize("slug", claims())
def test_claims_hold_for_the_right_package(slug: str, results: dict[Job, Outcome]) -> None:
    """And they hold when their chapter runs alone: no chapter lives on another one's state."""
    assert results[-1, slug] == Outcome()


@pytest.mark.parametrize("slug", claims())
def test_every_claim_has_a_mistake_that_breaks_it(slug: str) -> None:
    assert unprotected(read(claiming()[slug])) == []


# The harness itself

CLAIM = '??? check "Claim: {} (equal)"\n'
FAILS, HOLDS = inside(fence("assert 1 == 2, 'planted'")), inside(fence("assert True"))


def test_right_line_must_occur_once() -> None:
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
    names = titles(page)
    assert names == ["one (equal)", "two (equal)", "three (equal)", "four (equal)"]

    def failures(wanted: list[str]) -> frozenset[str]:
        return run(page, None, wanted).failed

    assert failures(names[:3]) == {"", "two (equal)"}, "four is not run"
    assert failures(names) == {"", "two (equal)", "four (equal)"}
    assert failures(names[1:2]) == {"", "two (equal)"}
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
    include = '--8<-- "rnn_tutorial/linear_layer.py:linear"'
    own = "input @ weight.T  # not included"
    text = HEAD + "\n".join(fence(body=body) for body in (include, own, f"{include}\nassert x"))
    mutation = Mutation("x", "linear_layer.py", "input @ weight.T", "(\n input @ weight\n)", {})
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
        '--8<-- "rnn_tutorial/linear_layer.py:linear"',
        "ones = torch.ones(1), torch.ones(1, 1), torch.ones(1)",
    ]
    text = HEAD + "\n".join(fence(body=block) for block in blocks)
    for name in ("linear", "imported"):
        body = fence(body=f"assert {name}(*ones) == 2")
        text += f"\n{CLAIM.format(name)}{inside(body)}"
    page = read(PAGE, text)
    names = ["linear (equal)", "imported (equal)"]
    bias = next(m for m in MUTATIONS if m.mistake == "the bias is forgotten")
    assert run(page, None, names) == Outcome()
    assert run(page, bias, names).failed == set(names)
    gone = replace(bias, right="gone")
    assert "'gone' is there 0 times, not once" in run(page, gone, names).error

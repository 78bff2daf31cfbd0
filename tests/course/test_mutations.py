"""A wrong line in the package makes the claims fail that are there to notice it."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.course.mutants import (
    ROOT,
    Outcome,
    chosen,
    claiming,
    claims,
    failures,
    mutated,
    run,
    with_mistake,
)
from tests.course.mutations import MUTATIONS, Mutation
from tests.engine.engine import HEAD, fence, inside
from tools.chapter import Chapter, Code, read_chapter

Job = tuple[int, str]  # the number of a mutation, -1 for none, and a chapter


def jobs() -> dict[Job, list[str]]:
    """List what to run, the slow chapter first, with the claims that are looked at."""
    titles = claims()
    found: dict[Job, list[str]] = {(-1, slug): titles[slug] for slug in titles}
    for number, mutation in enumerate(MUTATIONS):
        for slug, beginnings in mutation.caught_by.items():
            found[number, slug] = [t for b in beginnings for t in chosen(titles.get(slug, []), b)]
    return dict(sorted(found.items(), key=lambda job: job[0][1] != "zero-difference"))


@pytest.fixture(scope="module")
def outcomes() -> dict[Job, Outcome]:
    """Run every job, two at once."""

    def outcome(job: Job, asked: list[str]) -> Outcome:
        chapter = read_chapter(claiming()[job[1]])
        return run(chapter, MUTATIONS[job[0]] if job[0] >= 0 else None, asked)

    with ThreadPoolExecutor(2) as pool:
        futures = {job: pool.submit(outcome, job, asked) for job, asked in jobs().items()}
        return {job: future.result() for job, future in futures.items()}


@pytest.mark.parametrize("number", range(len(MUTATIONS)), ids=[m.mistake for m in MUTATIONS])
def test_mistake_is_noticed(number: int, outcomes: dict[Job, Outcome]) -> None:
    mutation = MUTATIONS[number]
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
FAILS, HOLDS = inside(fence(), "    "), inside(fence(body="assert True"), "    ")


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
        + inside(fence(body="assert x"), "    ")
        + f"\n{CLAIM.format('four')}{FAILS}"
    )
    chapter = read_chapter(Path("page.md"), text)
    titles = [claim.title.removeprefix("Claim: ") for claim in chapter.claims]
    assert titles == ["one (equal)", "two (equal)", "three (equal)", "four (equal)"]
    assert failures(chapter, titles[:3]) == {"", "two (equal)"}, "four is not run"
    assert failures(chapter, titles) == {"", "two (equal)", "four (equal)"}
    assert failures(chapter, titles[1:2]) == {"", "two (equal)"}
    assert failures(chapter, [""]) == {""}, "all that is asked for has failed"


def hang(chapter: Chapter, mutation: Mutation | None, asked: list[str], send: Connection) -> None:
    time.sleep(60)


def die(chapter: Chapter, mutation: Mutation | None, asked: list[str], send: Connection) -> None:
    os._exit(7)


def test_process_that_hangs_or_dies_is_named() -> None:
    chapter = read_chapter(Path("page.md"), HEAD)
    assert run(chapter, None, [], timeout=0.5, target=hang).error == "no result after 0.5 s"
    assert run(chapter, None, [], target=die).error == "the process ended with exit code 7"


def test_chapter_shows_the_wrong_line() -> None:
    include = '--8<-- "rnn_tutorial/linear.py:linear"'
    own = "input @ weight.T  # not included"
    text = HEAD + "\n".join(fence(body=body) for body in (include, own, f"{include}\nassert x"))
    mutation = Mutation("x", "linear.py", "input @ weight.T", "(\n input @ weight\n)", {})
    chapter = read_chapter(Path("page.md"), text)
    shown, untouched, mixed = with_mistake(chapter, mutation).of(Code)
    assert "(\n input @ weight\n)" in shown.code
    assert "weight.T" not in shown.code
    assert untouched == chapter.of(Code)[1]
    assert mixed.code.endswith("\nassert x")
    assert len(mixed.origins) == len(mixed.code.split("\n"))
    assert mixed.origins[-1] == chapter.of(Code)[2].origins[-1]


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
        text += f"\n{CLAIM.format(name)}{inside(body, '    ')}"
    page = read_chapter(Path("page.md"), text)
    titles = ["linear (equal)", "imported (equal)"]
    bias = next(m for m in MUTATIONS if m.mistake == "the bias is forgotten")
    assert run(page, None, titles) == Outcome()
    assert run(page, bias, titles).failed == set(titles)
    gone = replace(bias, right="gone")
    assert "'gone' is there 0 times, not once" in run(page, gone, titles).error

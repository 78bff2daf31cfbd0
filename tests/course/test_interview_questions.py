"""Each question that interviews ask has a short answer and a link to the section that proves it."""

import re
from collections.abc import Iterator

import pytest

from claimdown.reader import read
from tools.site import LANGUAGES, docs_dir

NAME = "look-up/interview-questions.md"
SENTENCES = 4  # at most, the link among them


def answers(language: str) -> Iterator[tuple[str, str]]:
    """Yield the questions of a page with their answers, each sentence a line."""
    text = read(docs_dir(language) / NAME).text
    for part in re.split(r"(?m)^###? ", text)[1:]:
        heading, _, answer = part.partition("\n")
        if re.search("[?？] \\{", heading):
            yield heading.partition(" {")[0], answer.strip()


def test_there_are_twenty_questions_and_both_languages_ask_the_same() -> None:
    counts = [len([*answers(language)]) for language in LANGUAGES]
    assert counts == [20] * len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_answer_is_short_and_ends_with_a_link_to_a_section(language: str) -> None:
    for question, answer in answers(language):
        lines = answer.split("\n")
        assert len(lines) <= SENTENCES, question
        assert re.match("See |见", lines[-1]), question
        assert re.search(r"\]\([\w./-]+\.md#[\w-]+\)", lines[-1]), question

"""What is taken for a refusal, a self-reference or damage, and what is not."""

from __future__ import annotations

import time
from typing import Any

import pytest

from gpt4all_training.curate import reasons
from gpt4all_training.curate.cleaning import Cleaner
from gpt4all_training.curate.conversations import Conversation
from gpt4all_training.curate.settings import Cleaning


def reason(answer: str, **settings: Any) -> str | None:
    return Cleaner(Cleaning(**settings)).reason(Conversation((("user", "A question?"), ("assistant", answer))))


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I cannot assist with that.",
        "I’m sorry, but I can’t help with that request.",
        "I am very sorry, I am unable to provide medical advice.",
        "Sorry, I don't have access to real-time data.",
        "Unfortunately, I cannot browse the internet.",
        "I cannot fulfill this request.",
        "I apologize, but I'm not able to generate images.",
        "As an AI, I do not have personal opinions.",
        "We are unable to provide that.",
    ],
)
def test_refusals(answer: str) -> None:
    assert reason(answer) == reasons.REFUSAL
    assert reason(answer, refusals=False) != reasons.REFUSAL


@pytest.mark.parametrize(
    "answer",
    [
        "As an AI language model, I think that rivers are long.",
        "Well, I'm just an AI language model; here is a poem.",
        "I am a large language model trained by OpenAI.",
        "As an AI assistant I find bridges fine.",
        "As an artificial intelligence, I like tea.",
        "It was in 2021, which is my knowledge cutoff.",
    ],
)
def test_self_references(answer: str) -> None:
    assert reason(answer) == reasons.SELF_REFERENCE
    assert reason(answer, self_references=False) is None


@pytest.mark.parametrize(
    "answer",
    [
        "She wrote: I'm sorry, but I cannot come to the garden.",
        "He said sorry and went home; the letter could not help.",
        "Sorry is what one says when one has hurt somebody.",
        "Many companies sell products such as an AI assistant for the kitchen.",
        "She works as an AI researcher in Leipzig.",
        "A language model gives each word a probability.",
        "Unfortunately, the bridge cannot carry lorries.",
        "I cannot recommend this book enough.",
        "Use try and except: an error in the handler will not help.",
        "Ja",
        "\U0001f600 👨\u200d👩\u200d👧",
        "First line\n\tsecond line",
    ],
)
def test_what_is_neither(answer: str) -> None:
    assert reason(answer) is None


@pytest.mark.parametrize("answer", ["caf\ufffd and tea", "a\x00b", "bell \x07", "\ud800 alone"])
def test_damage(answer: str) -> None:
    assert reason(answer) == reasons.DAMAGED


def test_empty_and_one_character() -> None:
    assert reason("") == reasons.EMPTY
    assert reason("7") == reasons.ONE_CHARACTER


def test_patterns_of_ones_own() -> None:
    cleaner = Cleaner(Cleaning(patterns={"button": r"\bCopy code\b"}))
    turns = (("user", "Copy code"), ("assistant", "Here:"), ("user", "More"), ("assistant", "python\nCopy code\nx = 1"))
    assert cleaner.reason(Conversation(turns)) == "pattern button"
    assert cleaner.reason(Conversation(turns[:2])) is None


def test_a_long_answer_takes_no_long_time() -> None:
    for answer in (
        "i'm sorry " * 3000,
        "as an ai " * 4000,
        "I " * 20_000,
        "\n" * 30_000 + "i'm",
        "sorry" + " " * 30_000,
    ):
        began = time.monotonic()
        reason(answer)
        assert time.monotonic() - began < 2

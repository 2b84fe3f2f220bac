"""What of a chat fits a context: which messages are left out, and what becomes of one that alone is too long."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gpt4all._app.chats.prompt import KEPT_SHARE, Fitted, Messages, Turn, fit, reserved
from gpt4all._server.errors import RequestError

SYSTEM: Messages = [{"role": "system", "content": "s" * 10}]


async def count(messages: Messages) -> int:
    """A token for each character, and two for each message."""
    return sum(len(each["content"]) + 2 for each in messages)


def turns(*lengths: int) -> list[Turn]:
    """Questions and answers in turn, the last a question."""
    made = []
    for number, length in enumerate(lengths):
        asked = number % 2 == 0
        message = {"role": "user" if asked else "assistant", "content": f"{number:02d}".ljust(length, ".")}
        made.append(Turn(f"m{number}", [message], begins=asked))
    return made


def fitted(told: Sequence[Turn], room: int, dropped: Sequence[str] = (), system: Messages = SYSTEM) -> Fitted:
    return asyncio.run(fit(system, told, room, dropped, count))


def test_what_fits_is_whole() -> None:
    got = fitted(turns(10, 10, 10), 48)
    assert (got.used, got.dropped, got.shortened) == (48, [], 0)
    assert len(got.messages) == 4


def test_the_oldest_are_left_out_with_their_answers() -> None:
    got = fitted(turns(30, 30, 30, 30, 30), 120)
    assert got.dropped == ["m0", "m1", "m2", "m3"]
    assert [each["content"][:2] for each in got.messages[1:]] == ["04"]
    assert got.used <= 120 * KEPT_SHARE


def test_what_was_left_out_stays_out_while_that_is_enough() -> None:
    """So that the prompt goes on as it was, and what was computed of it is of use."""
    told = turns(30, 30, 30, 30, 30)
    before = fitted(told, 150)
    assert before.dropped == ["m0", "m1"] or before.dropped == ["m0", "m1", "m2", "m3"]
    longer = [*told, *turns(*[1] * 7)[5:]]
    after = fitted(longer, 150, before.dropped)
    assert after.dropped == before.dropped
    assert after.messages[: len(before.messages)] == before.messages


def test_a_message_that_is_too_long_loses_its_midst() -> None:
    told = turns(30, 30, 5000)
    got = fitted(told, 400)
    assert got.dropped == ["m0", "m1"]
    assert got.used <= 400
    assert 4500 < got.shortened < 5000
    text = got.messages[-1]["content"]
    assert text.startswith("02...")
    assert f"{got.shortened} characters are left out" in text
    assert got.messages[0] == SYSTEM[0]


def test_a_system_prompt_that_is_too_long_is_shortened_too() -> None:
    got = fitted(turns(10), 200, system=[{"role": "system", "content": "s" * 1000}])
    assert got.used <= 200
    assert got.messages[-1]["content"] == "00........"


def test_a_context_without_any_room_is_an_error() -> None:
    with pytest.raises(RequestError, match="no room"):
        fitted(turns(500), 20)


def test_room_for_the_answer() -> None:
    assert reserved(4096, None) == 512
    assert reserved(4096, 100) == 100
    assert reserved(4096, 100_000) == 2048
    assert reserved(4, None) == 1

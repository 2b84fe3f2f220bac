"""What of Ollama's API does not need a server to be looked at."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gpt4all._server.errors import RequestError
from gpt4all._server.ollama.answers import Answered, AnswerWriter
from gpt4all._server.ollama.chat import shaped
from gpt4all._server.ollama.keep_alive import seconds_of, take_keep_alive
from gpt4all._server.workers.frames import Frame

from .conftest import TEXT  # also skips if the server's packages are not there

CALLS = [
    {"id": "a", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}},
    {"id": "b", "type": "function", "function": {"name": "time", "arguments": ""}},
]
CUT = {"id": "c", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ro'}}
TOLD = [
    {"id": "a", "function": {"index": 0, "name": "weather", "arguments": {"city": "Rome"}}},
    {"id": "b", "function": {"index": 1, "name": "time", "arguments": {}}},
]


def result(calls: list[dict[str, Any]], reason: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    return {
        "choices": [{"index": 0, "finish_reason": reason, "message": message}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        "timings": {"prompt_ms": 1.5, "predicted_ms": 0.25},
    }


@pytest.mark.parametrize(("calls", "reason"), [(CALLS, "tool_calls"), ([*CALLS, CUT], "length")])
def test_tool_calls(calls: list[dict[str, Any]], reason: str) -> None:
    whole = Answered(TEXT, shaped).whole(result(calls, reason))
    assert whole["message"] == {"role": "assistant", "content": "", "tool_calls": TOLD}
    assert whole["done_reason"] == ("length" if reason == "length" else "stop")
    assert (whole["prompt_eval_duration"], whole["eval_duration"]) == (1_500_000, 250_000)
    writer = AnswerWriter(Answered(TEXT, shaped))
    assert writer.write(Frame(1, "tool_call", 0, {"index": 0})) == b""
    first, last = map(json.loads, writer.write(Frame(1, "result", 0, result(calls, reason))).splitlines())
    assert (first["message"]["tool_calls"], first["done"]) == (TOLD, False)
    assert (last["message"], last["done"]) == ({"role": "assistant", "content": ""}, True)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (0, 0), (300, 300), (1.5, 1.5), ("5m", 300), ("1h30m", 5400), ("1.5h", 5400), ("100ms", 0.1), ("0", 0),
        ("300", 300), ("-1", -1), (-1, -1), ("-1m", -1), (10**400, -1), ("1e3", None), ("", None), ("m", None),
        ("5 m", None), ("5m3", None), (True, None), ([], None), (float("nan"), None), ("9" * 99 + "h", -1),
    ],
)  # fmt: skip
def test_keep_alive(given: Any, seconds: float | None) -> None:
    if seconds is None:
        with pytest.raises(RequestError, match="keep_alive"):
            take_keep_alive({"keep_alive": given})
    else:
        assert take_keep_alive({"keep_alive": given}) == pytest.approx(seconds)


def test_a_digit_of_another_script_is_none() -> None:
    assert seconds_of("٣m") is None

"""Tools: what they do, and that none runs before a person agrees."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gpt4all._app.chats.tools import TOOLS, calculate, call
from gpt4all._server.errors import RequestError

from .running import App
from .scripted import Run, Scripted, calls, text


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("2 ** 64", "18446744073709551616"),
        ("7 // 2 + 7 % 2", "4"),
        ("sqrt(16) + abs(-1)", "5.0"),
        ("round(3.14159, 2)", "3.14"),
        ("max(1, 2, 3)", "3"),
        ("-(2 + 3)", "-5"),
        ("2 * pi", "6.283185307179586"),
    ],
)
def test_calculating(expression: str, value: str) -> None:
    assert calculate(expression) == value
    assert call("calculate", json.dumps({"expression": expression})) == value


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "",
            "1 +",
            "x",
            "__import__('os')",
            "(1).__class__",
            "[1, 2]",
            "'a' * 10",
            "True",
            "1 if 1 else 2",
            "sqrt(x=1)",
        ),
        *(
            "9 ** 9 ** 9",
            "2 ** 100000",
            "1 / 0",
            "sqrt(-1)",
            "(-8) ** 0.5",
            "10.0 ** 400",
            "print(1)",
            "f(1)",
            "1" * 2000,
        ),
        *(
            "(" * 500 + ")" * 500,
            "round(5, -10 ** 9)",
            "exp(10 ** 6)",
            "floor(1e308 * 10)",
            "9" * 900 + "**" + "9" * 90,
        ),
    ],
)
def test_what_cannot_be_calculated_is_an_error_at_once(expression: str) -> None:
    if expression.startswith("round"):
        assert calculate(expression) == "0.0"
        return
    with pytest.raises(ValueError, match=r"."):
        calculate(expression)


def test_wrong_calls_are_errors() -> None:
    assert "UTC" in call("current_time", "")
    for name, arguments in (("none", "{}"), ("calculate", "[]"), ("calculate", "{"), ("calculate", "{}")):
        with pytest.raises(ValueError, match=r"."):
            call(name, arguments)


def test_a_call_runs_when_it_is_allowed(tmp_path: Path) -> None:
    scripted = Scripted(calls(("calculate", '{"expression": "2 ** 70"}')), text("It is ", "1180591620717411303424."))
    run = Run(tmp_path, scripted)
    asyncio.run(run.decided(("id0", True)))
    [made] = run.answering.written.calls
    assert (made.state, made.result) == ("done", str(2**70))
    assert run.answering.written.content == f"It is {2**70}."
    assert run.answering.outcome.stop_reason == "stop"
    told = scripted.asked[1]["messages"]
    assert told[-1] == {"role": "tool", "tool_call_id": "id0", "content": str(2**70)}
    assert told[-2]["tool_calls"][0]["function"]["name"] == "calculate"
    assert {each["function"]["name"] for each in scripted.asked[0]["tools"]} == set(TOOLS)


def test_a_call_does_not_run_when_it_is_refused(tmp_path: Path) -> None:
    both = calls(("current_time", "{}"), ("calculate", '{"expression": "1 / 0"}'))
    scripted = Scripted(both, text("I cannot tell."))
    run = Run(tmp_path, scripted)
    asyncio.run(run.decided(("id0", False), ("id1", True)))
    assert [each.state for each in run.answering.written.calls] == ["denied", "failed"]
    told = scripted.asked[1]["messages"][-2:]
    assert told[0]["content"] == "The user did not allow this call."
    assert told[1]["content"].startswith("The call failed: ")


def test_nothing_runs_before_a_decision(tmp_path: Path) -> None:
    scripted = Scripted(calls(("current_time", "{}")))
    run = Run(tmp_path, scripted)

    async def wait() -> None:
        running = asyncio.create_task(run.answering.run())
        done, _ = await asyncio.wait([running], timeout=0.5)
        assert not done
        running.cancel()

    asyncio.run(wait())
    assert [each.state for each in run.answering.written.calls] == ["asked"]


def test_a_model_that_calls_for_ever_is_ended(tmp_path: Path) -> None:
    rounds = [calls(("current_time", "{}")) for _ in range(10)]
    run = Run(tmp_path, Scripted(*rounds))

    def decide() -> bool:
        try:
            run.answering.calls.decide("id0", approve=True)
        except RequestError:
            return False
        return True

    async def always() -> None:
        running = asyncio.create_task(run.answering.run())
        while not running.done():
            decide()
            await asyncio.sleep(0.001)
        await running

    asyncio.run(always())
    assert run.answering.outcome.stop_reason == "length"


def test_without_tools_none_is_offered(tmp_path: Path) -> None:
    scripted = Scripted(text("Hello."))
    run = Run(tmp_path, scripted, tools=[])
    asyncio.run(run.decided())
    assert "tools" not in scripted.asked[0]


def test_over_the_api(any_app: App) -> None:
    assert {each["name"] for each in any_app.ask("GET", "/tools")} == set(TOOLS)
    any_app.ask("POST", "/messages/none/tool-calls/x/decision", {"approve": True}, status=404)

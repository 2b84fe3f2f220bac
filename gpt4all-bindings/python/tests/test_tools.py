"""Python functions as tools: what the model is told of them, and the rounds of calls and answers."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
import logging
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict

import pydantic
import pytest

import gpt4all
from gpt4all import AsyncModel, Model, Tool
from gpt4all._tool_loop import as_content

# Describes tools, and writes calls as Hermes models do.
TEMPLATE = (
    "{% if tools %}tools:{% for t in tools %} {{ t.function | tojson }}{% endfor %}\n{% endif %}"
    "{% for m in messages %}{{ m.role }}: {{ m.content if m.content else '' }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n"
    '{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}\n'
    "</tool_call>{% endfor %}\n{% endfor %}"
)
# Writes each argument between tags of its own, and texts without quotes, as Qwen3-Coder does.
TAGGED = (
    "{% for t in tools or [] %}{{ t.function | tojson }}{% endfor %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content or '' }}"
    "{% for c in m.tool_calls or [] %}<tool_call>\n<function={{ c.function.name }}>\n"
    "{% for k, v in c.function.arguments.items() %}<parameter={{ k }}>\n{{ v }}\n</parameter>\n{% endfor %}"
    "</function>\n</tool_call>{% endfor %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ONE_CALL: Any = {"tool_choice": "required", "parallel_tool_calls": False, "temperature": 0, "max_tokens": 100}


@dataclasses.dataclass
class Place:
    city: Literal["Paris", "Rome"]


def weather(place: Literal["Paris", "Rome"], days: Annotated[Literal[1, 2], "How many."] = 1) -> dict[str, Any]:
    """The weather of a place.

    Args:
        place: Where.
    """
    return {"place": place, "days": days, "sky": "blue"}


async def forecast(place: Place) -> str:
    """The weather to come."""
    await asyncio.sleep(0.01)
    return f"rain in {place.city}"


def failing(place: Literal["Paris", "Rome"]) -> str:
    raise KeyError(f"no {place}")


@pytest.fixture(scope="module")
def model(tiny_path: Path) -> Iterator[Model]:
    with Model(tiny_path, n_ctx=4096, chat_template=TEMPLATE) as model:
        yield model


def test_what_the_model_is_told(model: Model) -> None:
    assert Tool(weather).schema["function"] == {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {
            "type": "object",
            "properties": {
                "place": {"type": "string", "enum": ["Paris", "Rome"], "description": "Where."},
                "days": {"type": "integer", "enum": [1, 2], "description": "How many.", "default": 1},
            },
            "required": ["place"],
            "additionalProperties": False,
        },
    }
    prompt = model.apply_template("hi", tools=[weather])
    assert "The weather of a place." in prompt
    assert "Where." in prompt
    assert model.count_tokens([{"role": "user", "content": "hi"}], tools=[weather]) > model.count_tokens(
        [{"role": "user", "content": "hi"}]
    )


def test_what_can_be_a_tool() -> None:
    class Shop:
        def price(self, item: str) -> float:
            """What it costs."""
            return len(item) * 1.5

        def __call__(self, count: int) -> int:
            return count + 1

    assert Tool(Shop().price).schema["function"]["parameters"]["required"] == ["item"]
    assert Tool(Shop().price)({"item": "tea"}) == 4.5
    assert Tool(Shop(), name="shop")('{"count": 2}') == 3
    bound = Tool(functools.partial(weather, days=2))
    assert bound.name == "weather"
    assert bound({"place": "Rome"})["days"] == 2
    own = Tool(lambda **given: given, name="own", description="d", parameters={"type": "object"})
    assert own({"a": 1}) == {"a": 1}
    assert own.schema["function"] == {"name": "own", "description": "d", "parameters": {"type": "object"}}
    assert (Tool(forecast).is_async, Tool(weather).is_async) == (True, False)
    assert Tool(functools.partial(forecast)).is_async


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        pytest.param(lambda x: x, "not a name for a tool", id="<lambda>-no name for a tool0"),
        pytest.param(lambda *x: x, "not a name for a tool", id="<lambda>-no name for a tool1"),
        (Tool, "cannot be described"),
        pytest.param(3, "not a tool", id="3-no tool"),
    ],
)
def test_what_cannot_be_a_tool(model: Model, function: Any, problem: str) -> None:
    with pytest.raises(gpt4all.InvalidArgumentError, match=problem):
        model.chat("hi", tools=[function])


def test_a_parameter_without_a_name() -> None:
    def several(*numbers: int) -> int:
        return sum(numbers)

    with pytest.raises(gpt4all.InvalidArgumentError, match=r"\*numbers"):
        Tool(several)


def test_a_hint_that_cannot_be_found() -> None:
    class Local:
        pass

    def tool(x: Local) -> None:
        pass

    with pytest.raises(gpt4all.InvalidArgumentError, match="'Local' is not defined"):
        Tool(tool)


@pytest.mark.parametrize("arguments", ["[]", "{", '{"place": "Oslo"}', '{"days": 1}', '{"place": "Rome", "x": 1}'])
def test_arguments_that_do_not_fit(arguments: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Tool(weather)(arguments)


def test_chat_only_tells_of_calls(model: Model) -> None:
    answer = model.chat("weather?", tools=[weather], **ONE_CALL)
    call = answer.tool_calls[0]["function"]
    assert call["name"] == "weather"
    assert Tool(weather)(call["arguments"])["place"] in ("Paris", "Rome")


@pytest.mark.parametrize("stream", [False, True])
def test_a_run_calls_and_goes_on(model: Model, stream: bool) -> None:
    events = []
    if stream:
        answering = model.run_tools("weather?", [weather], stream=True, **ONE_CALL)
        events = [event for event in answering.events() if event.kind == "tool_result"]
        result = answering.result
        assert answering.text == result.text
    else:
        result = model.run_tools("weather?", [weather], **ONE_CALL)
    assert result.rounds == 2
    assert result.calls
    assert [message["role"] for message in result.messages[:3]] == ["user", "assistant", "tool"]
    assert result.messages[-1]["role"] == "assistant"
    assert result.text == result.messages[-1]["content"] == str(result)
    for call, asked in zip(result.calls, result.messages[1]["tool_calls"], strict=True):
        assert call.error is None
        assert call.value["sky"] == "blue"
        assert json.loads(call.content) == call.value
        assert asked["function"] == {"name": "weather", "arguments": call.arguments}
    assert result.messages[2]["tool_call_id"] == result.messages[1]["tool_calls"][0]["id"]
    if stream:
        assert [event.data for event in events] == [m for m in result.messages if m["role"] == "tool"]


def test_what_a_function_raises_is_told_to_the_model(model: Model, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="gpt4all"):
        result = model.run_tools("weather?", [failing], **ONE_CALL)
    assert isinstance(result.calls[0].error, KeyError)
    told = json.loads(result.messages[2]["content"])
    assert told["error"].startswith("KeyError: 'no ")
    assert "failing" in caplog.text


def test_what_is_not_unicode_is_told_to_the_model(model: Model, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "gpt4all")  # a log that is not Unicode cannot be part of a report

    def name() -> str:
        return "\udcff"

    def raising() -> str:
        raise ValueError("\udcff")

    for function in (name, raising):
        run = model.run_tools("Go", [function], tool_choice="required", max_tokens=200, temperature=0, max_rounds=2)
        assert isinstance(run.calls[0].error, ValueError)
        assert json.loads(run.calls[0].content)["error"].startswith(type(run.calls[0].error).__name__)


def test_rounds_have_an_end(model: Model) -> None:
    with pytest.raises(gpt4all.ToolRoundsError) as caught:
        model.run_tools("weather?", [weather], max_rounds=1, **ONE_CALL)
    assert caught.value.detail["rounds"] == 1
    assert caught.value.detail["messages"][-1]["tool_calls"]
    with pytest.raises(gpt4all.InvalidArgumentError):
        model.run_tools("weather?", [weather], max_rounds=0)


def test_calls_of_dicts_are_the_callers(model: Model) -> None:
    result = model.run_tools("weather?", [Tool(weather).schema], **ONE_CALL)
    assert (result.rounds, result.calls) == (1, [])
    assert result.answer.tool_calls[0]["function"]["name"] == "weather"


def test_cancelling_between_rounds(model: Model) -> None:
    stream: Any = None

    def stop(place: Literal["Paris", "Rome"]) -> str:
        stream.cancel()
        return place

    stream = model.run_tools("weather?", [stop], stream=True, **ONE_CALL)
    with pytest.raises(gpt4all.CancellationError):
        _ = stream.result


def test_async_functions_need_an_async_model(model: Model) -> None:
    with pytest.raises(gpt4all.InvalidArgumentError, match="AsyncModel"):
        model.run_tools("weather?", [forecast])

    def sneaky(place: Place) -> Any:
        return forecast(place)

    result = model.run_tools("weather?", [sneaky], **ONE_CALL)
    assert isinstance(result.calls[0].error, gpt4all.InvalidArgumentError)


def test_async_functions_run_in_the_loop(model: Model) -> None:
    threads: dict[str, threading.Thread] = {}

    async def inside(place: Literal["Paris", "Rome"]) -> str:
        threads["async"] = threading.current_thread()
        return place

    def beside(place: Literal["Paris", "Rome"]) -> str:
        threads["plain"] = threading.current_thread()
        return place

    async def main() -> None:
        asynchronous = AsyncModel(model)
        for tool in (inside, beside):
            result = await asynchronous.run_tools("weather?", [tool], **ONE_CALL)
            assert result.calls[0].error is None
        answer = asynchronous.run_tools("weather?", [forecast], stream=True, **ONE_CALL)
        text = "".join([piece async for piece in answer])
        assert text == (await answer).text
        assert (await answer).calls[0].value in ("rain in Paris", "rain in Rome")

    asyncio.run(main())
    assert threads["async"] is threading.current_thread()
    assert threads["plain"] is not threading.current_thread()


def test_cancelling_an_async_function(model: Model) -> None:
    begun = asyncio.Event()
    ended = []

    async def endless(place: Literal["Paris", "Rome"]) -> str:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(place)
        return place

    async def main() -> None:
        task = asyncio.ensure_future(AsyncModel(model).run_tools("weather?", [endless], **ONE_CALL))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(200):
            if ended:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the function was not cancelled")

    asyncio.run(main())


def test_what_the_model_is_told_of_a_result() -> None:
    @dataclasses.dataclass
    class Result:
        places: set[str]

    assert as_content("text") == "text"
    assert as_content(None) == "null"
    assert as_content({"é": (1, 2)}) == '{"é": [1, 2]}'
    assert as_content(Result({"Rome"})) == '{"places": ["Rome"]}'
    assert as_content([Path("/a")]) == '["/a"]'


class Order(pydantic.BaseModel):
    item: str
    count: Annotated[int, pydantic.Field(ge=1, le=9)]


class Sized(TypedDict):
    """A size.

    Args:
        width: In pixels.
    """

    width: int


class Circle:
    """Draws a circle."""

    def __init__(self, radius: float) -> None:
        self.radius = radius


def test_classes_are_described_by_themselves_and_made_by_calls() -> None:
    order = Tool(Order)
    assert order.description == ""
    assert order.parameters["properties"]["count"]["type"] == "integer"
    assert order.parameters["properties"]["count"]["maximum"] == 9
    assert order.parameters["required"] == ["item", "count"]
    assert order('{"item": "tea", "count": 2}') == Order(item="tea", count=2)
    with pytest.raises(ValueError, match="count"):
        order('{"item": "tea", "count": 10}')

    place = Tool(Place)
    assert place.description == ""
    assert place.parameters["properties"]["city"]["enum"] == ["Paris", "Rome"]
    assert place({"city": "Rome"}) == Place("Rome")

    sized = Tool(Sized)
    assert sized.description == "A size."
    assert sized.parameters["properties"]["width"] == {"type": "integer", "description": "In pixels."}
    assert sized('{"width": 3}') == {"width": 3}

    circle = Tool(Circle)
    assert circle.description == "Draws a circle."
    assert circle.parameters["properties"] == {"radius": {"type": "number"}}
    assert circle('{"radius": 2}').radius == 2


def test_a_model_that_json_cannot_describe_is_refused_as_a_tool() -> None:
    class Odd(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
        lock: threading.Event

    with pytest.raises(gpt4all.InvalidArgumentError, match="Odd"):
        Tool(Odd)


def test_arguments_between_tags_fit(tiny_path: Path) -> None:
    def order(size: str, code: str = "") -> str:
        return f"{size} {code}"

    sizes = ["</parameter>", 'a "quoted" one', "two\nlines"]
    properties = {"size": {"type": "string", "enum": sizes}, "code": {"type": "string", "pattern": "^[A-Z]{2}$"}}
    tool = Tool(order, parameters={"type": "object", "properties": properties, "required": ["size"]})
    with Model(tiny_path, n_ctx=4096, chat_template=TAGGED) as model:
        for seed in range(4):
            fields = {**ONE_CALL, "temperature": 1.5, "seed": seed, "max_tokens": 300}
            answer = model.chat([{"role": "user", "content": "Go"}], tools=[tool], **fields)
            (call,) = answer.tool_calls
            arguments = json.loads(call["function"]["arguments"])
            assert arguments["size"] in sizes
            assert re.fullmatch("[A-Z]{2}", arguments.get("code", "AA"))


def test_calls_are_not_required_of_a_template_that_writes_none(tiny_path: Path) -> None:
    template = "{% for t in tools or [] %}{{ t.function | tojson }}{% endfor %}" + (
        "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    )
    with Model(tiny_path, n_ctx=4096, chat_template=template) as model:
        with pytest.raises(gpt4all.UnsupportedError) as caught:
            model.chat([{"role": "user", "content": "Go"}], tools=[weather], **ONE_CALL)
        assert caught.value.detail["path"] == "/tool_choice"
        assert model.chat([{"role": "user", "content": "Go"}], tools=[weather], max_tokens=4).text

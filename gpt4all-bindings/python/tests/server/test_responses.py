"""OpenAI's responses, by its published client."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Literal

import pytest
import requests

from .conftest import TEXT, THINKING, TOOLS, Served

openai = pytest.importorskip("openai", reason="the Python package openai is the client")

WEATHER: Any = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"enum": ["Rome"]}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
THOUGHT = {"grammar": 'root ::= "Hm.\\n</think>\\n\\nHello"'}
HELLO = {"grammar": 'root ::= "Hello"'}


@pytest.fixture(scope="module")
def client(served: Served) -> Any:
    return openai.OpenAI(base_url=f"{served.address}/v1", api_key="none", max_retries=0)


def ask(client: Any, **changes: Any) -> Any:
    return client.responses.create(**{"model": TEXT, "input": "Hi there", "max_output_tokens": 8, **changes})


def tokens(client: Any, **changes: Any) -> int:
    counted: int = client.responses.input_tokens.count(**{"model": TEXT, **changes}).input_tokens
    return counted


def test_a_response(client: Any) -> None:
    made = ask(client, temperature=0, extra_body=HELLO, metadata={"of": "test"}, instructions="Be kind.", user="me")
    assert made.object == "response"
    assert made.id.startswith("resp_")
    assert made.model == TEXT
    assert made.status == "completed"
    assert made.error is None
    assert made.incomplete_details is None
    assert made.completed_at >= made.created_at
    assert made.metadata == {"of": "test"}
    assert made.instructions == "Be kind."
    assert made.temperature == 0
    assert made.max_output_tokens == 8
    assert made.user == "me"
    assert made.store
    assert made.output_text == "Hello"
    (said,) = made.output
    assert (said.type, said.role, said.status) == ("message", "assistant", "completed")
    assert made.usage.output_tokens == 6
    assert made.usage.total_tokens == made.usage.input_tokens + 6
    assert made.usage.output_tokens_details.reasoning_tokens == 0


def test_one_that_is_cut_off(client: Any) -> None:
    made = ask(client, extra_body={"ignore_eos": True})
    assert made.status == "incomplete"
    assert made.incomplete_details.reason == "max_output_tokens"
    assert made.output[0].status == "incomplete"
    assert made.usage.output_tokens == 8


def test_the_events(client: Any) -> None:
    whole = ask(client, temperature=0, extra_body={"ignore_eos": True})
    events = list(ask(client, temperature=0, stream=True, extra_body={"ignore_eos": True}))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds[:4] == ["created", "in_progress", "output_item.added", "content_part.added"]
    assert set(kinds[4:-4]) == {"output_text.delta"}
    assert kinds[-4:] == ["output_text.done", "content_part.done", "output_item.done", "incomplete"]
    assert events[0].response.status == "in_progress"
    assert events[0].response.output == []
    assert events[2].item.content == []
    text = "".join(event.delta for event in events[4:-4])
    assert text == events[-4].text == events[-3].part.text == events[-2].item.content[0].text == whole.output_text
    ended = events[-1].response
    assert ended.output_text == text
    assert ended.id == events[0].response.id
    assert ended.usage.output_tokens == 8
    assert client.responses.retrieve(ended.id).output_text == text


def test_the_clients_stream(client: Any) -> None:
    with client.responses.stream(model=TEXT, input="Hi there", extra_body=HELLO) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(deltas) == final.output_text == "Hello"


def test_all_ways_to_write_input(client: Any) -> None:
    as_text = tokens(client, input="Hi there")
    part = {"type": "input_text", "text": "Hi there"}
    for message in (
        {"role": "user", "content": "Hi there"},
        {"type": "message", "role": "user", "content": "Hi there"},
        {"role": "user", "content": [part]},
    ):
        assert tokens(client, input=[message]) == as_text
    assert tokens(client, input="Hi there", instructions="Be kind.") == tokens(
        client, input=[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi there"}]
    )
    assert ask(client).usage.input_tokens == as_text
    developer: Any = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi there"}]
    assert tokens(client, input=developer, instructions="Be kind.") == tokens(
        client, input="Hi there", instructions="Be kind.\n\nBe brief."
    )


@pytest.mark.parametrize(
    "choice",
    [
        "required",
        {"type": "function", "name": "get_weather"},
        {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "get_weather"}]},
    ],
)
def test_a_tool_is_called_and_answered(client: Any, choice: Any) -> None:
    tools = [WEATHER, {"type": "function", "name": "other", "parameters": {}, "strict": False}]
    asked: Any = {"model": TOOLS, "max_output_tokens": 500, "tools": tools, "tool_choice": choice}
    if choice == "required":
        asked["tools"] = tools[:1]
    made = ask(client, **asked, parallel_tool_calls=False)
    assert made.status == "completed"
    (call,) = made.output
    assert (call.type, call.name, call.status) == ("function_call", "get_weather", "completed")
    assert "Rome" in call.arguments
    assert made.tools[0].name == "get_weather"
    answer = {"type": "function_call_output", "call_id": call.call_id, "output": "Sunny"}
    whole: Any = [{"role": "user", "content": "Hi there"}, call.model_dump(exclude_none=True), answer]
    told = ask(client, model=TOOLS, tools=tools, tool_choice="none", input=[answer], previous_response_id=made.id)
    assert told.output[0].type == "message"
    assert told.previous_response_id == made.id
    assert told.usage.input_tokens == tokens(client, model=TOOLS, tools=tools, tool_choice="none", input=whole)


def test_events_of_a_call(client: Any) -> None:
    asked: Any = {"model": TOOLS, "max_output_tokens": 500, "tools": [WEATHER], "tool_choice": "required"}
    events = list(ask(client, **asked, parallel_tool_calls=False, stream=True))
    kinds = [event.type.removeprefix("response.") for event in events]
    assert kinds[:3] == ["created", "in_progress", "output_item.added"]
    assert set(kinds[3:-3]) == {"function_call_arguments.delta"}
    assert kinds[-3:] == ["function_call_arguments.done", "output_item.done", "completed"]
    assert events[2].item.name == "get_weather"
    assert events[2].item.arguments == ""
    arguments = "".join(event.delta for event in events[3:-3])
    assert arguments == events[-3].arguments == events[-2].item.arguments
    assert events[-2].item.call_id == events[2].item.call_id


def test_thoughts_are_items_of_their_own(client: Any) -> None:
    asked: Any = {"model": THINKING, "max_output_tokens": 40, "extra_body": THOUGHT}
    include = ["reasoning.encrypted_content"]
    made = ask(client, **asked, include=include, reasoning={"effort": "high", "summary": "auto"})
    thought, said = made.output
    assert thought.type == "reasoning"
    assert thought.content[0].text == "Hm.\n"
    assert said.content[0].text == "Hello"
    assert made.reasoning.effort == "high"
    assert made.usage.output_tokens_details.reasoning_tokens == 4
    kinds = [event.type for event in ask(client, **asked, stream=True)]
    assert kinds.count("response.reasoning_text.delta") == 4
    assert kinds.count("response.reasoning_text.done") == 1
    again = [{"role": "user", "content": "Hi there"}, *made.output, {"role": "user", "content": "And?"}]
    followed = ask(client, **asked, input="And?", previous_response_id=made.id)
    assert followed.usage.input_tokens == tokens(client, model=THINKING, input=again)
    without = [again[0], said, again[-1]]
    assert followed.usage.input_tokens > tokens(client, model=THINKING, input=without)
    silent = ask(client, **{**asked, "extra_body": HELLO}, reasoning={"effort": "none"})
    assert [item.type for item in silent.output] == ["message"]


def test_an_answer_of_a_schema(client: Any) -> None:
    pydantic = pytest.importorskip("pydantic")
    city = pydantic.create_model("City", name=Literal["Rome"])
    form = {"type": "json_schema", "name": "city", "schema": {"enum": ["Rome"]}, "strict": True}
    made = ask(client, max_output_tokens=40, text={"format": form})
    assert made.output_text == '"Rome"'
    assert made.text.format.name == "city"
    forced = {"grammar": 'root ::= "{\\"name\\": \\"Rome\\"}"'}
    with pytest.raises(openai.BadRequestError, match="grammar"):
        client.responses.parse(model=TEXT, input="Hi", text_format=city, extra_body=forced)
    parsed = client.responses.parse(model=TEXT, input="Hi", text_format=city, max_output_tokens=500)
    assert parsed.output_parsed.name == "Rome"
    made = ask(client, max_output_tokens=300, text={"format": {"type": "json_object"}})
    assert made.output_text.lstrip().startswith("{")


def test_logprobs(client: Any) -> None:
    include = ["message.output_text.logprobs"]
    options: Any = {"include": include, "top_logprobs": 2, "max_output_tokens": 3, "temperature": 0}
    options["extra_body"] = {"ignore_eos": True}
    made = ask(client, **options)
    logprobs = made.output[0].content[0].logprobs
    assert len(logprobs) == 3
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in logprobs)
    assert made.top_logprobs == 2
    deltas = [event for event in ask(client, **options, stream=True) if event.type == "response.output_text.delta"]
    assert [token.token for event in deltas for token in event.logprobs] == [token.token for token in logprobs]
    assert all("".join(token.token for token in event.logprobs) == event.delta for event in deltas)


def test_what_is_stored(client: Any) -> None:
    parts = [{"type": "input_text", "text": "Hi"}]
    first = ask(client, input=[{"role": "user", "content": parts}], extra_body=HELLO)
    second = ask(client, previous_response_id=first.id, input="And?", extra_body=HELLO)
    assert client.responses.retrieve(first.id).to_dict() == first.to_dict()
    listed = list(client.responses.input_items.list(second.id, order="asc"))
    assert [item.content[0].text for item in listed] == ["Hi", "Hello", "And?"]
    assert listed[1].id == first.output[0].id
    # In pages, the latest first.
    assert [item.id for item in client.responses.input_items.list(second.id, limit=1)] == [
        item.id for item in reversed(listed)
    ]
    # By reference.
    input = [{"type": "item_reference", "id": item.id} for item in listed]
    assert ask(client, input=input).usage.input_tokens == second.usage.input_tokens
    client.responses.delete(first.id)
    for use in (client.responses.retrieve, client.responses.delete, client.responses.input_items.list):
        with pytest.raises(openai.NotFoundError):
            use(first.id)
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, previous_response_id=first.id)
    assert caught.value.param == "previous_response_id"
    # What came before goes on in what followed.
    assert ask(client, previous_response_id=second.id, input="So?").status


@pytest.mark.parametrize("background", [False, True])
def test_the_oldest_turns_are_left_out_if_need_be(client: Any, background: bool) -> None:
    def turn(text: str) -> list[Any]:
        return [{"role": "user", "content": text}, {"role": "assistant", "content": "Yes."}]

    system: Any = [{"role": "system", "content": "Be kind."}]
    last = [{"role": "user", "content": "And?"}]
    long = turn("far too long " * 500)
    asked: Any = {"truncation": "auto", "background": background, "max_output_tokens": 4}

    def read(input: list[Any]) -> Any:
        made = ask(client, **asked, input=input)
        while made.status in ("queued", "in_progress"):
            time.sleep(0.02)
            made = client.responses.retrieve(made.id)
        return made.usage.input_tokens if made.usage else made.error.code

    short = [*system, *turn("one"), *turn("two"), *last]
    assert read(short) == tokens(client, input=short)
    for dropped in (long, [*long, *turn("one"), *long]):
        assert read([*system, *dropped, *turn("two"), *last]) == tokens(client, input=[*system, *turn("two"), *last])
    with pytest.raises(openai.BadRequestError, match="context"):
        ask(client, input=[*long, *last])
    if background:
        assert read([*turn("one"), {"role": "user", "content": "far too long " * 1000}]) == "invalid_prompt"


def test_what_is_not_stored(client: Any) -> None:
    made = ask(client, store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"input": []}, "input"),
        ({"input": [{"role": "owner", "content": "Hi"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:"}]}]},
            "input[0].content[0]",
        ),
        ({"input": [{"type": "computer_call"}]}, "input[0]"),
        ({"input": [{"type": "function_call", "call_id": "1", "name": "a"}]}, "input[0].arguments"),
        ({"max_output_tokens": -5}, "max_output_tokens"),
        ({"temperature": -1}, "temperature"),
        ({"reasoning": {"effort": "endless"}}, "reasoning.effort"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"model": TEXT, "tools": [WEATHER]}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        (
            {"text": {"format": {"type": "json_schema", "name": "x", "schema": {"type": "odd"}}}},
            None,
        ),
        ({"truncation": "some"}, "truncation"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"metadata": {"a": "b" * 513}}, "metadata"),
        ({"background": True, "store": False}, "store"),
        ({"include": ["thoughts"]}, "include"),
        ({"extra_body": {"unheard_of": 1}}, "unheard_of"),
        ({"extra_body": {"max_tokens": 1}}, "max_tokens"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered(client: Any, changes: Any, param: str | None, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, stream=stream, **changes)
    assert caught.value.param == param
    assert caught.value.type == "invalid_request_error"


@pytest.mark.parametrize(
    "body",
    [
        '{"metadata": {"a": "\\ud800"}}',
        '{"temperature": 1e999}',
        '{"temperature": NaN}',
        '{"input": "\\udc00 \\ud800"}',
        '{"tools": {}}',
    ],
)
def test_bodies_that_cannot_be_repeated(served: Served, body: str) -> None:
    text = f'{{"model": "{TEXT}", "background": true, "input": "Hi", ' + body[1:]
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{served.address}/v1/responses", data=text, headers=headers, timeout=60)
    assert answer.status_code == 400, answer.text


def test_a_crash_in_the_midst(crashing: Served) -> None:
    others = crashing.workers()
    client = openai.OpenAI(base_url=f"{crashing.address}/v1", api_key="none", max_retries=0)
    endless: Any = {"max_output_tokens": 100_000, "stream": True, "extra_body": {"ignore_eos": True}}
    events = iter(ask(client, model=TOOLS, **endless))
    assert next(events).type == "response.created"
    (worker,) = set(crashing.workers()).difference(others)
    os.kill(worker, signal.SIGKILL)
    *_, last = events
    assert last.type == "response.failed"
    assert last.response.status == "failed"
    assert last.response.error.code == "server_error"

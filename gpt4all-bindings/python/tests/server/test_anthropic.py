"""Anthropic's API, by its published client."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from .conftest import KEY, TEXT, THINKING, TOOLS, Served

anthropic = pytest.importorskip("anthropic", reason="the Python package anthropic is the client")

HELLO: Any = [{"role": "user", "content": "Hi there"}]
WEATHER: Any = {
    "name": "get_weather",
    "description": "The weather in a city",
    "input_schema": {
        "type": "object",
        "properties": {"city": {"enum": ["Rome"]}},
        "required": ["city"],
        "additionalProperties": False,
    },
}
THOUGHT = {"grammar": 'root ::= "Hm.\\n</think>\\n\\nHello"'}
SURE = {"temperature": 0}
MARKED = {"grammar": 'root ::= "Hello day you"'}


@pytest.fixture(scope="module")
def client(served: Served) -> Any:
    return anthropic.Anthropic(base_url=served.address, api_key="none", max_retries=0)


def ask(client: Any, **changes: Any) -> Any:
    return client.messages.create(**{"model": TEXT, "max_tokens": 8, "messages": HELLO, **changes})


def test_an_answer(client: Any) -> None:
    answer = ask(client, extra_body=SURE)
    assert answer.type == "message"
    assert answer.role == "assistant"
    assert answer.id.startswith("msg_")
    assert answer.model == TEXT
    assert [block.type for block in answer.content] == ["text"]
    assert answer.stop_reason == "max_tokens"
    assert answer.stop_sequence is None
    assert answer.usage.output_tokens == 8
    assert answer.usage.input_tokens + answer.usage.cache_read_input_tokens > 0
    assert answer._request_id.startswith("req_")


def test_a_stream_says_the_same(client: Any) -> None:
    whole = ask(client, extra_body=SURE)
    with client.messages.stream(model=TEXT, max_tokens=8, messages=HELLO, extra_body=SURE) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == whole.content[0].text
    assert final.content[0].text == text
    assert final.stop_reason == "max_tokens"
    assert final.usage.output_tokens == 8


def test_the_order_of_events(client: Any) -> None:
    events = list(ask(client, stream=True, messages=[{"role": "user", "content": "Not heard before"}]))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert set(kinds[2:-3]) == {"content_block_delta"}
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    begun = events[0].message
    assert begun.content == []
    assert begun.stop_reason is None
    assert begun.usage.input_tokens + begun.usage.cache_read_input_tokens > 10
    assert events[-2].delta.stop_reason == "max_tokens"
    assert events[-2].usage.output_tokens == 8


def test_the_system_counts(client: Any) -> None:
    def count(**more: Any) -> int:
        counted: int = client.messages.count_tokens(model=TEXT, messages=HELLO, **more).input_tokens
        return counted

    as_text = count(system="Be\nkind.")
    assert as_text > count()
    parts = [{"type": "text", "text": "Be"}, {"type": "text", "text": "kind.", "cache_control": {"type": "ephemeral"}}]
    assert count(system=parts) == as_text


def test_counted_tokens_are_those_of_the_answer(client: Any) -> None:
    given: Any = {"messages": HELLO, "tools": [WEATHER], "system": "Be kind.", "model": TOOLS}
    usage = ask(client, **given).usage
    counted = client.messages.count_tokens(**given).input_tokens
    assert counted == usage.input_tokens + usage.cache_read_input_tokens


def test_what_changes_no_answer(client: Any) -> None:
    edits = [{"type": "clear_thinking_20251015", "keep": "all"}]
    tool = {**WEATHER, "type": "custom", "eager_input_streaming": True, "cache_control": {"type": "ephemeral"}}
    given: Any = {"messages": HELLO, "model": TOOLS}
    more = {"context_management": {"edits": edits}, "metadata": {"user_id": "me"}, "service_tier": "auto"}
    plain = client.messages.count_tokens(**given, tools=[WEATHER]).input_tokens
    assert client.messages.count_tokens(**given, tools=[tool], extra_body=more).input_tokens == plain


def test_turns_of_one_speaker_are_one(client: Any) -> None:
    def count(*texts: str) -> int:
        messages: Any = [{"role": "user", "content": text} for text in texts]
        counted: int = client.messages.count_tokens(model=TEXT, messages=messages).input_tokens
        return counted

    assert count("one", "two") == count("one\ntwo")


def test_a_stop_sequence(client: Any) -> None:
    for answer in (
        ask(client, max_tokens=40, stop_sequences=["day"], extra_body=MARKED),
        _streamed(client, max_tokens=40, stop_sequences=["day"], extra_body=MARKED),
    ):
        assert answer.content[0].text == "Hello "
        assert answer.stop_reason == "stop_sequence"
        assert answer.stop_sequence == "day"
    assert ask(client, max_tokens=40, extra_body=MARKED).stop_reason == "end_turn"


def test_a_full_context(client: Any) -> None:
    answer = ask(client, max_tokens=4000, extra_body={"ignore_eos": True})
    assert answer.stop_reason == "model_context_window_exceeded"


def test_a_beginning_is_continued(client: Any) -> None:
    messages: Any = [*HELLO, {"role": "assistant", "content": "The best answer"}]
    counted = client.messages.count_tokens(model=TEXT, messages=HELLO).input_tokens
    usage = ask(client, messages=messages).usage
    assert usage.input_tokens + usage.cache_read_input_tokens > counted


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}])
def test_a_tool_is_called_and_answered(client: Any, choice: Any) -> None:
    choice = {**choice, "disable_parallel_tool_use": True}
    asked: Any = {"model": TOOLS, "max_tokens": 400, "tools": [WEATHER], "tool_choice": choice}
    for answer in (ask(client, **asked), _streamed(client, **asked)):
        assert answer.stop_reason == "tool_use"
        (call,) = answer.content
        assert call.type == "tool_use"
        assert call.name == "get_weather"
        assert call.input == {"city": "Rome"}
    result = {"type": "tool_result", "tool_use_id": call.id, "content": [{"type": "text", "text": "Sunny"}]}
    messages: Any = [
        *HELLO,
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": [result, {"type": "text", "text": "So?"}]},
    ]
    told = ask(client, model=TOOLS, tools=[WEATHER], tool_choice={"type": "none"}, messages=messages)
    assert [block.type for block in told.content] == ["text"]


def test_a_call_that_is_cut_off_has_no_input(client: Any) -> None:
    asked: Any = {"model": TOOLS, "tools": [WEATHER], "tool_choice": {"type": "any"}, "max_tokens": 55}
    answer = ask(client, **asked, extra_body=SURE)
    assert answer.stop_reason == "max_tokens"
    assert [block.input for block in answer.content if block.type == "tool_use"] == [{}]


def test_thoughts_are_shown_if_they_are_asked_for(client: Any) -> None:
    asked: Any = {"model": THINKING, "max_tokens": 1030, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    for answer in (ask(client, **asked, extra_body=THOUGHT), _streamed(client, **asked, extra_body=THOUGHT)):
        thought, said = answer.content
        assert thought.type == "thinking"
        assert thought.thinking == "Hm.\n"
        assert thought.signature
        assert said.text == "Hello"
    again: Any = [*HELLO, {"role": "assistant", "content": answer.content}, {"role": "user", "content": "And?"}]
    counted = [
        client.messages.count_tokens(model=THINKING, messages=messages).input_tokens for messages in (HELLO, again)
    ]
    assert counted[1] > counted[0]


def test_thoughts_are_left_out_otherwise(client: Any) -> None:
    asked: Any = {"model": THINKING, "max_tokens": 40, "extra_body": {"grammar": 'root ::= "Hello"'}}
    assert [block.text for block in ask(client, **asked).content] == ["Hello"]
    hidden = {"type": "adaptive", "display": "omitted"}
    for answer in (
        ask(client, **{**asked, "extra_body": {**THOUGHT, "thinking": hidden}}),
        _streamed(client, **{**asked, "extra_body": {**THOUGHT, "thinking": hidden}}),
    ):
        assert [block.type for block in answer.content] == ["text"]


def test_an_answer_of_a_schema(client: Any) -> None:
    form = {"format": {"type": "json_schema", "schema": {"enum": ["Rome"]}}}
    assert ask(client, max_tokens=40, extra_body={"output_config": form}).content[0].text == '"Rome"'


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aaaa"}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, "messages.0.content.0: models here read text only"),
        ({"messages": []}, "messages: at least one"),
        ({"messages": [{"role": "owner", "content": "Hi"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content.0.text"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x"}]}]}, "no tool_use"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"extra_body": {"temperature": -1}}, "temperature"),
        ({"tool_choice": {"type": "any"}}, "no tools"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0.type"),
        ({"tools": [WEATHER], "model": TEXT}, "no place for tools"),
        ({"model": TOOLS, "tools": [WEATHER], "tool_choice": {"type": "tool", "name": "other"}}, "other"),
        ({"extra_body": {"container": "x"}}, "container"),
        ({"extra_body": {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}}, "context_manag"),
        ({"extra_body": {"unheard_of": 1}}, "unheard_of"),
        ({"messages": [{"role": "user", "content": "Hi there " * 4000}]}, "context"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered(client: Any, changes: Any, message: str, stream: bool) -> None:
    with pytest.raises(anthropic.BadRequestError, match=message) as caught:
        ask(client, stream=stream, **changes)
    body = caught.value.body
    assert body["type"] == "error"
    assert body["error"]["type"] == "invalid_request_error"
    assert body["request_id"] == caught.value.request_id


def test_an_unknown_model(client: Any) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        ask(client, model="tiny-lama-q4")
    assert caught.value.body["error"]["type"] == "not_found_error"
    assert TEXT in caught.value.body["error"]["message"]


def test_models(client: Any) -> None:
    assert TEXT in [model.id for model in client.models.list()]
    model = client.models.retrieve(TEXT)
    assert model.type == "model"
    assert model.id == TEXT
    assert model.display_name == TEXT.removesuffix(".gguf")
    assert model.created_at.year > 2000


def test_a_wrong_key(keyed: Served) -> None:
    with pytest.raises(anthropic.AuthenticationError) as caught:
        ask(anthropic.Anthropic(base_url=keyed.address, api_key="wrong", max_retries=0))
    assert caught.value.body["error"]["type"] == "authentication_error"
    assert ask(anthropic.Anthropic(base_url=keyed.address, api_key=KEY, max_retries=0)).content


def test_a_limit_of_tokens(brief: Served) -> None:
    answer = ask(anthropic.Anthropic(base_url=brief.address, api_key="none"))
    assert answer.usage.output_tokens == 3
    assert answer.stop_reason == "max_tokens"


def test_a_crash_in_the_midst(crashing: Served) -> None:
    others = crashing.workers()
    client = anthropic.Anthropic(base_url=crashing.address, api_key="none", max_retries=0)
    events = iter(ask(client, model=THINKING, max_tokens=100_000, stream=True, extra_body={"ignore_eos": True}))
    assert next(events).type == "message_start"
    (worker,) = set(crashing.workers()).difference(others)
    os.kill(worker, signal.SIGKILL)
    with pytest.raises(anthropic.APIStatusError) as caught:
        list(events)
    assert caught.value.body["error"]["type"] == "overloaded_error"
    assert caught.value.body["request_id"] == caught.value.request_id


def _streamed(client: Any, **changes: Any) -> Any:
    with client.messages.stream(**{"model": TEXT, "max_tokens": 8, "messages": HELLO, **changes}) as stream:
        return stream.get_final_message()

"""What clients send that is documented, but rare."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from .conftest import TEXT, TOOLS, VECTORS, Served
from .test_openai import MESSAGES, WEATHER

openai = pytest.importorskip("openai", reason="`make test LANES=server` installs the clients")

GREEDY: dict[str, Any] = {"model": TEXT, "messages": MESSAGES, "max_tokens": 4, "temperature": 0}
TIME: Any = {"type": "function", "function": {"name": "time", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def client(served: Served) -> Any:
    return openai.OpenAI(base_url=f"{served.address}/v1", api_key="none", max_retries=0)


def text(client: Any, **changes: Any) -> str:
    answer: str = client.chat.completions.create(**{**GREEDY, **changes}).choices[0].message.content
    return answer


@pytest.mark.parametrize("seed", [-(2**63), -5, 2**32 - 1, 2**40 + 7, 2**63 - 1])
def test_seeds_of_64_bits(client: Any, served: Served, seed: int) -> None:
    """OpenAI's are; Ollama's, too."""
    options: Any = {"temperature": 5, "max_tokens": 12, "extra_body": {"ignore_eos": True, "cache_prompt": False}}
    assert text(client, seed=seed, **options) == text(client, seed=seed, **options)
    assert text(client, seed=seed, **options) != text(client, seed=seed ^ 1, **options)
    body = {"model": TEXT, "messages": MESSAGES, "stream": False, "options": {"seed": seed, "num_predict": 2}}
    assert served.post("/api/chat", body).status_code == 200


def test_allowed_tools(client: Any) -> None:
    named = [{"type": "function", "function": {"name": "weather"}}]
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": named}}
    options: Any = {"model": TOOLS, "messages": MESSAGES, "tools": [TIME, WEATHER], "max_tokens": 100}
    options.update(parallel_tool_calls=False, temperature=0)
    calls = client.chat.completions.create(**options, tool_choice=choice).choices[0].message.tool_calls
    assert [call.function.name for call in calls] == ["weather"]
    choices: list[Any] = [
        {"mode": "required", "tools": [{"type": "function", "function": {"name": "nothing"}}]},
        {"mode": "required", "tools": [{"type": "function"}]},
        {"mode": "required", "tools": ["weather"]},
        {"mode": "perhaps", "tools": named},
        [],
    ]
    for wrong in choices:
        with pytest.raises(openai.BadRequestError, match="allowed_tools"):
            client.chat.completions.create(**options, tool_choice={"type": "allowed_tools", "allowed_tools": wrong})
    with pytest.raises(openai.BadRequestError, match="tools must be functions"):
        client.chat.completions.create(**{**options, "tools": [{"type": "function"}]}, tool_choice=choice)


def test_refusals_that_are_told_again(client: Any) -> None:
    refused = [{"type": "refusal", "refusal": "I would rather not."}]
    as_part = [*MESSAGES, {"role": "assistant", "content": refused}, *MESSAGES]
    as_text = [*MESSAGES, {"role": "assistant", "content": "I would rather not."}, *MESSAGES]
    assert text(client, messages=as_part) == text(client, messages=as_text)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}},
        {"type": "input_audio", "input_audio": {"data": "aGk=", "format": "wav"}},
        {"type": "file", "file": {"file_data": "data:text/plain;base64,aGk="}},
    ],
)
def test_what_is_no_text_is_refused_with_its_place(client: Any, part: Any) -> None:
    content = [{"type": "text", "text": "What is this?"}, part]
    with pytest.raises(openai.BadRequestError, match="text only") as refused:
        text(client, messages=[*MESSAGES, {"role": "user", "content": content}])
    assert (refused.value.param, refused.value.code) == ("messages[1].content[1]", "unsupported")


def test_best_of_all_that_are_given(client: Any) -> None:
    options: Any = {"model": TEXT, "prompt": "a", "max_tokens": 2}
    assert len(client.completions.create(**options, best_of=1, suffix="").choices) == 1
    assert len(client.completions.create(**options, best_of=2, n=2).choices) == 2
    with pytest.raises(openai.BadRequestError, match="best_of"):
        client.completions.create(**options, best_of=2)


@pytest.mark.parametrize("given", ["", ["a", ""]])
def test_empty_texts_have_no_vector(client: Any, given: Any) -> None:
    with pytest.raises(openai.BadRequestError, match="is empty") as refused:
        client.embeddings.create(model=VECTORS, input=given)
    assert refused.value.param == "input"


def messages(served: Served, **changes: Any) -> requests.Response:
    return served.post("/v1/messages", {"model": TEXT, "max_tokens": 40, "messages": MESSAGES, **changes})


def test_the_older_name_of_a_form(served: Served) -> None:
    form = {"type": "json_schema", "schema": {"const": "Rome"}}
    assert messages(served, output_format=form).json()["content"][0]["text"] == '"Rome"'
    other = {"format": {"type": "json_schema", "schema": {"const": "Paris"}}}
    assert messages(served, output_format=form, output_config=other).status_code == 400


def test_documents_of_text(served: Served) -> None:
    source = {"type": "text", "media_type": "text/plain", "data": "Rome is warm."}
    document = {"type": "document", "title": "Weather", "source": source, "citations": {"enabled": False}}
    asked = {"type": "text", "text": "And now?"}
    told = [{"role": "user", "content": [document, asked]}]
    plain = [{"role": "user", "content": "Weather\nRome is warm.\nAnd now?"}]
    answers = [messages(served, messages=each, temperature=0).json()["content"] for each in (told, plain)]
    assert answers[0] == answers[1]
    source["type"] = "base64"
    assert messages(served, messages=told).status_code == 400

"""OpenAI's client as published."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import pytest
import requests

from .conftest import RANKS, TEXT, THINKING, TOOLS, VECTORS, Served
from .test_workers import running, wait_for

openai = pytest.importorskip("openai", reason="`make test LANES=server` installs the clients")

MESSAGES: Any = [{"role": "user", "content": "What is the weather in Rome?"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Paris", "Rome"]}},
            "required": ["city"],
        },
    },
}


@pytest.fixture(scope="module")
def client(served: Served) -> Any:
    return openai.OpenAI(base_url=f"{served.address}/v1", api_key="none", max_retries=0)


def test_models(client: Any) -> None:
    listed = client.models.list().data
    assert {TEXT, THINKING, TOOLS, VECTORS, RANKS} == {model.id for model in listed}
    assert client.models.retrieve(TEXT).id == TEXT
    with pytest.raises(openai.NotFoundError, match="tiny-llama"):
        client.models.retrieve("tiny-llama")


def test_chat(client: Any) -> None:
    options: Any = {"model": TEXT, "messages": MESSAGES, "max_tokens": 5, "seed": 1, "temperature": 0}
    answer = client.chat.completions.create(**options)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].finish_reason in ("length", "stop")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    again = client.chat.completions.create(**options)
    assert again.choices[0].message.content == answer.choices[0].message.content
    pieces, usage = [], None
    for chunk in client.chat.completions.create(**options, stream=True, stream_options={"include_usage": True}):
        assert chunk.id == chunk.id
        usage = chunk.usage or usage
        pieces += [choice.delta.content or "" for choice in chunk.choices]
    assert "".join(pieces) == (answer.choices[0].message.content or "")
    assert usage is not None
    assert usage.completion_tokens == answer.usage.completion_tokens


def test_null_is_what_is_not_given(client: Any) -> None:
    fields = ["temperature", "top_p", "n", "stop", "max_tokens", "seed", "tools", "tool_choice", "response_format"]
    fields += ["logit_bias", "logprobs", "top_logprobs", "presence_penalty", "stream", "stream_options", "user"]
    nothing = dict.fromkeys(fields)
    answer = client.chat.completions.create(
        model=TEXT, messages=MESSAGES, max_completion_tokens=2, extra_body={**nothing}
    )
    assert answer.usage.completion_tokens <= 2


def test_what_has_no_effect_is_taken(client: Any) -> None:
    answer = client.chat.completions.create(
        model=TEXT, messages=MESSAGES, max_tokens=1, user="a", store=False, metadata={"a": "b"}, service_tier="auto"
    )
    assert answer.choices


def test_choices_and_stop(client: Any) -> None:
    answer = client.chat.completions.create(
        model=TEXT, messages=MESSAGES, max_tokens=4, n=3, temperature=1.5, extra_body={"ignore_eos": True}
    )
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    indices = set()
    for chunk in client.chat.completions.create(
        model=TEXT, messages=MESSAGES, max_tokens=4, n=3, stream=True, extra_body={"ignore_eos": True}
    ):
        indices |= {choice.index for choice in chunk.choices}
    assert indices == {0, 1, 2}
    whole = client.completions.create(model=TEXT, prompt="a", max_tokens=8, temperature=0)
    text = whole.choices[0].text
    cut = client.completions.create(model=TEXT, prompt="a", max_tokens=8, temperature=0, stop=[text[2:]])
    assert cut.choices[0].text == text[:2]
    assert cut.choices[0].finish_reason == "stop"


def test_logprobs(client: Any) -> None:
    options: Any = {"model": TEXT, "messages": MESSAGES, "max_tokens": 3, "logprobs": True, "top_logprobs": 2}
    whole = client.chat.completions.create(**options, temperature=0).choices[0]
    assert 1 <= len(whole.logprobs.content) <= 3
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in whole.logprobs.content)


def test_logit_bias(client: Any) -> None:
    bias = {"65": 100}
    answer = client.completions.create(model=TEXT, prompt="a", max_tokens=3, logit_bias=bias, extra_body={})
    assert answer.choices[0].text


def test_tools(client: Any) -> None:
    options: Any = {"model": TOOLS, "messages": MESSAGES, "tools": [WEATHER], "tool_choice": "required"}
    options |= {"max_tokens": 100, "parallel_tool_calls": False, "temperature": 0}
    choice = client.chat.completions.create(**options).choices[0]
    assert choice.finish_reason == "tool_calls"
    (call,) = choice.message.tool_calls
    assert call.function.name == "weather"
    assert json.loads(call.function.arguments)["city"] in ("Paris", "Rome")
    name, arguments, reason = "", "", None
    for chunk in client.chat.completions.create(**options, stream=True):
        for each in chunk.choices:
            reason = each.finish_reason or reason
            for piece in each.delta.tool_calls or []:
                name += piece.function.name or ""
                arguments += piece.function.arguments or ""
    assert (name, reason) == ("weather", "tool_calls")
    assert json.loads(arguments) == json.loads(call.function.arguments)
    messages = [*MESSAGES, choice.message, {"role": "tool", "tool_call_id": call.id, "content": "sunny"}]
    answer = client.chat.completions.create(model=TOOLS, messages=messages, tools=[WEATHER], max_tokens=2)
    assert answer.usage.completion_tokens >= 1


def test_schemas(client: Any) -> None:
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome"]}, "warm": {"type": "boolean"}},
        "required": ["city", "warm"],
        "additionalProperties": False,
    }
    form: Any = {"type": "json_schema", "json_schema": {"name": "weather", "schema": schema, "strict": True}}
    answer = client.chat.completions.create(model=TEXT, messages=MESSAGES, response_format=form, max_tokens=100)
    assert json.loads(answer.choices[0].message.content).keys() == {"city", "warm"}


def test_parsed_answers(client: Any) -> None:
    pydantic = pytest.importorskip("pydantic")
    kind: Any = pydantic.create_model("Weather", city=(str, pydantic.Field(max_length=5)), warm=(bool, ...))
    answer = client.chat.completions.parse(model=TEXT, messages=MESSAGES, response_format=kind, max_tokens=300)
    assert isinstance(answer.choices[0].message.parsed, kind)


def test_completions(client: Any) -> None:
    answer = client.completions.create(model=TEXT, prompt=["a", "b"], max_tokens=2, n=2, temperature=0)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert answer.usage.completion_tokens <= 8
    default = client.completions.create(model=TEXT, prompt="a", extra_body={"ignore_eos": True})
    assert default.usage.completion_tokens == 16
    pieces = client.completions.create(model=TEXT, prompt="a", max_tokens=2, stream=True, echo=True, temperature=0)
    assert "".join(chunk.choices[0].text for chunk in pieces) == "a" + answer.choices[0].text


@pytest.mark.parametrize(
    ("prompts", "texts"),
    [
        (["a", "the house", "b"], ["a", "the house", "b"]),
        ([[0x61 + 3, 0x62 + 3], [0x63 + 3]], ["ab", "c"]),
        (["the house"], ["the house"]),
    ],
)
def test_streams_of_several_prompts(client: Any, prompts: Any, texts: list[str]) -> None:
    """Choices are counted on from prompt to prompt, and come as they are written."""
    options: dict[str, Any] = {
        "max_tokens": 12,
        "n": 2,
        "echo": True,
        "logprobs": 1,
        "extra_body": {"ignore_eos": True},
    }
    usage = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = list(client.completions.create(model=TEXT, prompt=prompts, **options, **usage))
    assert len({chunk.id for chunk in chunks}) == 1
    pieces = [choice for chunk in chunks for choice in chunk.choices]
    order = [piece.index for piece in pieces if piece.logprobs]
    assert order != sorted(order)  # not one choice after the other
    assert set(order) == set(range(2 * len(texts)))
    for index in set(order):
        mine = [piece for piece in pieces if piece.index == index]
        text = "".join(piece.text for piece in mine)
        assert text.startswith(texts[index // 2])
        tokens = [token for piece in mine if piece.logprobs for token in piece.logprobs.tokens]
        offsets = [offset for piece in mine if piece.logprobs for offset in piece.logprobs.text_offset]
        assert offsets == [len("".join(tokens[:place])) for place in range(len(tokens))]
        assert [piece.finish_reason for piece in mine][-2:] == [None, "length"]
    (used,) = [chunk.usage for chunk in chunks if chunk.usage]
    assert used.completion_tokens == 12 * 2 * len(texts)
    whole = client.completions.create(model=TEXT, prompt=prompts, **options).usage
    assert (used.prompt_tokens, used.total_tokens) == (whole.prompt_tokens, whole.total_tokens)


def test_a_stream_of_several_prompts_fails_as_one(served: Served) -> None:
    body = {"model": TEXT, "prompt": ["a", "b " * 20_000], "max_tokens": 2000, "ignore_eos": True, "stream": True}
    told = served.post("/v1/completions", body).text
    assert '"code":"context_length_exceeded"' in told
    assert '"finish_reason":"length"' not in told  # the other was cancelled
    assert "[DONE]" not in told
    wait_for(lambda: running(served) == 0)


@pytest.mark.parametrize("choices", [10**30, 10**9, 65, 0, -1, True, "2"])
def test_choices_that_cannot_be(served: Served, choices: Any) -> None:
    """Nothing is made for them before the engine has looked at their number."""
    body = {"model": TEXT, "prompt": "a", "max_tokens": 1, "n": choices, "echo": True, "stream": True}
    answer = served.post("/v1/completions", body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "n")


def test_echo_with_logprobs(client: Any) -> None:
    """What lm-eval asks for."""
    text = "the house of the"
    answer = client.completions.create(
        model=TEXT, prompt=text, max_tokens=1, echo=True, logprobs=2, temperature=0
    ).choices[0]
    logprobs = answer.logprobs
    assert answer.text.startswith(text)
    assert "".join(logprobs.tokens) == answer.text
    assert all(value <= 0 for value in logprobs.token_logprobs)
    assert all(len(top) == 2 for top in logprobs.top_logprobs)
    assert [
        answer.text[offset:].startswith(token)
        for offset, token in zip(logprobs.text_offset, logprobs.tokens, strict=True)
    ]


def test_vectors(client: Any) -> None:
    as_base64 = client.embeddings.create(model=VECTORS, input=["a", "b"])
    as_numbers = client.embeddings.create(model=VECTORS, input=["a", "b"], encoding_format="float")
    assert [row.index for row in as_base64.data] == [0, 1]
    for one, other in zip(as_base64.data, as_numbers.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-7)
        assert math.isclose(sum(value * value for value in one.embedding), 1, rel_tol=1e-4)
    assert len(client.embeddings.create(model=VECTORS, input="a", dimensions=8).data[0].embedding) == 8


def test_rankings(served: Served) -> None:
    body = {"model": RANKS, "query": "cats", "documents": ["dogs", {"text": "cats"}, "birds"], "top_n": 2}
    answer = served.post("/v1/rerank", {**body, "return_documents": True}).json()
    assert len(answer["results"]) == 2
    scores = [each["relevance_score"] for each in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert all("text" in each["document"] for each in answer["results"])


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "nobody", "content": "a"}]}, "messages[0].role"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": -1}, "temperature"),
        ({"n": 0}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"nonsense": 1}, None),
        ({"audio": {}}, "audio"),
        ({"modalities": ["audio"]}, "modalities"),
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "nothing"}}}}, None),
        ({"messages": [{"role": "user", "content": "a " * 20000}]}, None),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_wrong_is_said(client: Any, change: dict[str, Any], param: str | None, stream: bool) -> None:
    body: Any = {"model": TEXT, "messages": MESSAGES, "max_tokens": 1, "stream": stream, **change}
    with pytest.raises(openai.BadRequestError) as refused:
        client.post("/chat/completions", body=body, cast_to=object)
    if param is not None:
        assert refused.value.param == param
    assert refused.value.type == "invalid_request_error"


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"{}", b"\xff", b'{"model": 1}', b"[" * 100000])
def test_what_is_no_request(served: Served, text: bytes) -> None:
    for path in ("chat/completions", "completions", "embeddings", "rerank"):
        answer = requests.post(
            f"{served.address}/v1/{path}", data=text, headers={"Content-Type": "application/json"}, timeout=60
        )
        assert answer.status_code == 400, (path, answer.text)
        assert answer.json()["error"]["message"]


def test_async(served: Served) -> None:
    async def main() -> list[Any]:
        async with openai.AsyncOpenAI(base_url=f"{served.address}/v1", api_key="none") as client:
            asked = [client.chat.completions.create(model=TEXT, messages=MESSAGES, max_tokens=3) for _ in range(20)]
            return list(await asyncio.gather(*asked))

    assert len(asyncio.run(main())) == 20

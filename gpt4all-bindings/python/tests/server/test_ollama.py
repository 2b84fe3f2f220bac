"""Ollama's client for Python as published."""

from __future__ import annotations

import asyncio
import json
import math
import time
from datetime import datetime, timezone
from typing import Any

import pytest
import requests

from .conftest import KEY, RANKS, TEXT, THINKING, TOOLS, VECTORS, Served

ollama = pytest.importorskip("ollama", reason="`make test LANES=server` installs the clients")

MESSAGES: Any = [{"role": "user", "content": "What is the weather in Rome?"}]
GREEDY: Any = {"temperature": 0, "num_predict": 5}
DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "enum": ["Paris"]}},
            "required": ["city"],
        },
    },
}


@pytest.fixture(scope="module")
def client(served: Served) -> Any:
    return ollama.Client(served.address)


def open_models(client: Any) -> set[str]:
    return {model.model for model in client.ps().models}


def wait_until_closed(client: Any, name: str) -> None:
    deadline = time.monotonic() + 20
    while name in open_models(client):
        assert time.monotonic() < deadline, f"{name} stays open"
        time.sleep(0.1)


def test_it_runs(served: Served) -> None:
    assert served.get("/").text == "Ollama is running"
    for path in ("/", "/api/version", "/api/tags"):
        answer = requests.head(served.address + path, timeout=60)
        assert (answer.status_code, answer.text) == (200, "")
    assert served.get("/api/version").json()["version"][0].isdigit()
    described = served.get("/openapi.json").json()["paths"]
    assert all("tags" in operation for path in described.values() for operation in path.values())
    assert {"/api/chat", "/infill"} <= described.keys()


def test_models(client: Any) -> None:
    listed = {model.model: model for model in client.list().models}
    assert {TEXT, TOOLS, VECTORS, RANKS} <= set(listed)
    assert listed[TEXT].size > 1000
    assert listed[TEXT].modified_at.year >= 2020
    assert listed[TEXT].details.family == "llama"
    assert listed[TEXT].details.quantization_level == "Q4_0"
    assert listed[TEXT].details.parameter_size == "151.9K"


def test_show(client: Any, served: Served) -> None:
    shown = client.show(TEXT)
    assert shown.modelinfo["general.architecture"] == "llama"
    assert shown.modelinfo["tokenizer.ggml.tokens"] is None
    assert shown.modelinfo["general.parameter_count"] == 151872
    assert "<|im_start|>" in shown.template
    assert shown.capabilities == ["completion"]
    assert "tools" in client.show(TOOLS).capabilities
    assert "thinking" in client.show(THINKING).capabilities
    assert client.show(VECTORS).capabilities == ["embedding"]
    assert served.post("/api/show", {"name": f"{TEXT.removesuffix('.gguf')}:latest", "verbose": True}).ok


def test_chat(client: Any) -> None:
    whole = client.chat(TEXT, MESSAGES, options=GREEDY)
    assert (whole.message.role, whole.model, whole.done) == ("assistant", TEXT, True)
    assert whole.done_reason in ("stop", "length")
    assert 1 <= whole.eval_count <= 5
    assert whole.prompt_eval_count > 5
    assert datetime.fromisoformat(whole.created_at.replace("Z", "+00:00")).tzinfo is not None
    pieces = list(client.chat(TEXT, MESSAGES, options=GREEDY, stream=True))
    assert "".join(piece.message.content for piece in pieces) == whole.message.content
    assert [piece.done for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    last = pieces[-1]
    assert (last.done_reason, last.eval_count) == (whole.done_reason, whole.eval_count)
    for answer in (whole, last):
        times = {name: getattr(answer, name) for name in DURATIONS}
        assert all(isinstance(value, int) and value >= 0 for value in times.values())
        assert times["total_duration"] >= times["prompt_eval_duration"] + times["eval_duration"]
        # Milliseconds or seconds would be far below.
        assert 60e9 > times["total_duration"] > 10_000
        assert times["eval_duration"] > 1000


def test_a_stream_is_what_comes_if_nothing_is_said(served: Served) -> None:
    answer = served.post("/api/chat", {"model": TEXT, "messages": MESSAGES, "options": {"num_predict": 2}})
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.content.splitlines()]
    assert len(lines) >= 2
    assert lines[-1]["done"] is True


def test_options(client: Any) -> None:
    def answer(**options: Any) -> Any:
        return client.chat(TEXT, MESSAGES, options={"num_predict": 8, **options})

    assert answer(num_predict=1).done_reason == "length"
    greedy = answer(temperature=0).message.content
    assert answer(temperature=2.0, top_k=1).message.content == greedy
    assert answer(temperature=2.0, top_k=0, top_p=0.0, min_p=0).message.content == greedy
    assert answer(temperature=3.0, seed=1).message.content != answer(temperature=3.0, seed=3).message.content
    stopped = answer(temperature=0, stop=[greedy[2:]])
    assert (stopped.message.content, stopped.done_reason) == (greedy[:2], "stop")
    for without_effect in ({"num_ctx": 4096, "num_gpu": 99, "num_thread": 1}, {"tfs_z": 1, "penalize_newline": True}):
        assert answer(temperature=0, **without_effect).message.content == greedy
    every_option = ollama.Options(
        repeat_last_n=-1, repeat_penalty=1.1, presence_penalty=0.1, frequency_penalty=0.1, typical_p=0.9,
        mirostat=0, mirostat_tau=5.0, mirostat_eta=0.1, num_keep=4, seed=1, temperature=0.5, num_predict=2,
    )  # fmt: skip
    assert client.chat(TEXT, MESSAGES, options=every_option).eval_count <= 2


def test_num_predict_without_a_limit(client: Any) -> None:
    """-1 and -2 are as many as the model likes; the tiny one ends only where its context does."""
    for many in (-1, -2):
        stream = client.generate(TEXT, "a", options={"num_predict": many, "temperature": 0}, stream=True)
        for _, count in zip(stream, range(20), strict=False):
            if count == 19:
                break
        stream.close()


def test_formats(client: Any) -> None:
    options = {"num_predict": 200}
    schema = {
        "type": "object",
        "properties": {"city": {"enum": ["Paris", "Rome"]}, "warm": {"type": "boolean"}},
        "required": ["city", "warm"],
    }
    answer = client.chat(TEXT, MESSAGES, format=schema, options=options)
    assert json.loads(answer.message.content).keys() == {"city", "warm"}
    answer = client.generate(TEXT, "a", format=schema, options=options)
    assert json.loads(answer.response).keys() == {"city", "warm"}
    answer = client.generate(TEXT, "a", format=schema, options=options, raw=True)
    assert json.loads(answer.response).keys() == {"city", "warm"}
    assert client.chat(TEXT, MESSAGES, format="json", options={"num_predict": 5}).message.content.startswith("{")
    assert client.chat(TEXT, MESSAGES, format="", options=GREEDY).done


def test_tools(client: Any) -> None:
    """Whether the random model calls a tool cannot be told; a conversation with a call can be continued."""
    for stream in (False, True):
        answer = client.chat(TOOLS, MESSAGES, tools=[WEATHER], options=GREEDY, stream=stream)
        assert (list(answer)[-1] if stream else answer).done

    def add(a: int, b: int) -> int:
        """Adds.

        Args:
            a: One number.
            b: The other.
        """
        return a + b

    call = {"function": {"name": "add", "arguments": {"a": 1, "b": 2}}}
    said = [{"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_name": "add", "content": "3"}]
    assert client.chat(TOOLS, [*MESSAGES, *said], tools=[add], options=GREEDY).done


def test_thinking(client: Any) -> None:
    options = {"num_predict": 6, "temperature": 0}
    thought = client.chat(THINKING, MESSAGES, think=True, options=options)
    assert thought.message.thinking
    assert not thought.message.content
    pieces = list(client.chat(THINKING, MESSAGES, think="low", options=options, stream=True))
    assert "".join(piece.message.thinking or "" for piece in pieces) == thought.message.thinking
    silent = client.chat(THINKING, MESSAGES, think=False, options=options)
    assert silent.message.thinking is None
    assert silent.message.content
    assert client.generate(THINKING, "a", think=True, options=options).thinking
    assert client.chat(TEXT, MESSAGES, think=False, options=options).done
    with pytest.raises(ollama.ResponseError, match="does not support thinking"):
        client.chat(TEXT, MESSAGES, think=True)


def test_logprobs(client: Any) -> None:
    chat = client.chat(TEXT, MESSAGES, logprobs=True, top_logprobs=2, options=GREEDY)
    generated = client.generate(TEXT, "a", logprobs=True, top_logprobs=2, options=GREEDY, raw=True)
    for answer, count in ((chat, 2), (generated, 2)):
        assert len(answer.logprobs) == answer.eval_count
        assert all(token.logprob <= 0 and len(token.top_logprobs or ()) == count for token in answer.logprobs)
    whole = client.generate(TEXT, "a", logprobs=True, options=GREEDY, raw=True)
    *pieces, last = client.generate(TEXT, "a", logprobs=True, options=GREEDY, raw=True, stream=True)
    assert ["".join(token.token for token in piece.logprobs) for piece in pieces] == [
        piece.response for piece in pieces
    ]
    assert [token.token for piece in pieces for token in piece.logprobs] == [token.token for token in whole.logprobs]
    assert not last.logprobs


def test_generate(client: Any) -> None:
    whole = client.generate(TEXT, "What is the weather in Rome?", options=GREEDY)
    assert whole.response == client.chat(TEXT, MESSAGES, options=GREEDY).message.content
    pieces = list(client.generate(TEXT, "What is the weather in Rome?", options=GREEDY, stream=True))
    assert "".join(piece.response for piece in pieces) == whole.response
    assert pieces[-1].context == whole.context
    told = client.generate(TEXT, "a", system="Be brief.", options=GREEDY)
    asked = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"}]
    assert told.response == client.chat(TEXT, asked, options=GREEDY).message.content
    raw = client.generate(TEXT, "the house", raw=True, options=GREEDY)
    assert raw.context is None
    assert raw.prompt_eval_count < whole.prompt_eval_count


def test_contexts_go_on(client: Any, served: Served) -> None:
    one = client.generate(TEXT, "a", options=GREEDY)
    assert len(one.context) == one.prompt_eval_count + one.eval_count
    two = client.generate(TEXT, "b", context=one.context, options=GREEDY)
    assert two.prompt_eval_count > one.prompt_eval_count + one.eval_count
    assert two.context[: len(one.context)] == one.context
    assert len(two.context) == two.prompt_eval_count + two.eval_count
    tokens = served.post("/tokenize", {"model": TEXT, "content": "", "add_special": True}).json()["tokens"]
    assert two.context.count(tokens[0]) == 1  # the special token at the beginning, but not in the midst
    text = served.post("/detokenize", {"model": TEXT, "tokens": two.context}).json()["content"]
    assert text.count("<|im_start|>") == 4
    with pytest.raises(ollama.ResponseError) as refused:
        client.generate(TEXT, "b", context=[10**9], options=GREEDY)
    assert refused.value.status_code == 400


def test_vectors(client: Any, served: Served) -> None:
    two = client.embed(VECTORS, ["a", "b"])
    assert len(two.embeddings) == 2
    assert two.prompt_eval_count >= 2
    assert all(math.isclose(sum(x * x for x in vector), 1, rel_tol=1e-4) for vector in two.embeddings)
    assert client.embed(VECTORS, "a").embeddings[0] == pytest.approx(two.embeddings[0], abs=1e-6)
    assert len(client.embed(VECTORS, "a", dimensions=8).embeddings[0]) == 8
    assert client.embed(VECTORS, "a " * 20000).embeddings
    with pytest.raises(ollama.ResponseError):
        client.embed(VECTORS, "a " * 20000, truncate=False)
    assert client.embed(VECTORS, []).embeddings == []
    old = client.embeddings(VECTORS, "a").embedding
    length = math.sqrt(sum(x * x for x in old))
    assert [x / length for x in old] == pytest.approx(two.embeddings[0], abs=1e-5)
    assert served.post("/api/embed", {"model": VECTORS, "input": [[1]]}).status_code == 400


def test_models_are_opened_and_closed(client: Any) -> None:
    assert client.generate(TEXT, keep_alive="1h30m").done_reason == "load"
    (state,) = [model for model in client.ps().models if model.model == TEXT]
    left = (state.expires_at - datetime.now(timezone.utc)).total_seconds()
    assert 5000 < left < 5401
    assert state.context_length == 2048
    assert state.size > 1000
    assert client.chat(TEXT, [], keep_alive=-1).done_reason == "load"
    (state,) = [model for model in client.ps().models if model.model == TEXT]
    assert state.expires_at.year > 2100
    assert client.generate(TEXT, keep_alive=0).done_reason == "unload"
    wait_until_closed(client, TEXT)
    assert client.generate(TEXT, "a", keep_alive=0, options=GREEDY).response
    wait_until_closed(client, TEXT)
    assert client.embed(VECTORS, "a", keep_alive="0s").embeddings
    wait_until_closed(client, VECTORS)


def test_a_model_in_use_is_closed_afterwards(client: Any) -> None:
    long = {"type": "array", "items": {"type": "boolean"}, "minItems": 400}
    running = client.generate(TEXT, "a", format=long, keep_alive=-1, stream=True)
    next(running)
    assert client.generate(TEXT, keep_alive=0).done_reason == "unload"
    assert list(running)[-1].done  # it has gone on
    wait_until_closed(client, TEXT)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": "tiny-lama-q4_0"}, "Did you mean"),
        ({"model": ""}, "model is required"),
        ({"options": {"nonsense": 1}}, "options.nonsense"),
        ({"options": {"tfs_z": 0.5}}, "tfs_z"),
        ({"options": {"temperature": "hot"}}, "temperature"),
        ({"options": {"num_predict": "a"}}, "max_tokens"),
        ({"options": []}, "options"),
        ({"keep_alive": "soon"}, "keep_alive"),
        ({"keep_alive": True}, "keep_alive"),
        ({"format": "xml"}, "format"),
        ({"format": {"type": "nothing"}}, ""),
        ({"think": "deeply"}, "think"),
        ({"stream": "yes"}, "stream"),
        ({"nonsense": 1}, "nonsense"),
        ({"truncate": True}, "truncate"),
        ({"messages": [{"role": "user", "content": "a", "images": ["aGk="]}]}, "images"),
        ({"messages": ["a"]}, "messages"),
        ({"messages": [{"role": "nobody", "content": "a"}]}, "role"),
        ({"messages": [{"role": "assistant", "tool_calls": ["a"]}]}, "tool_calls"),
        ({"messages": [{"role": "user", "content": "a " * 20000}]}, "context"),
    ],
)
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_wrong_is_said(served: Served, change: dict[str, Any], message: str, stream: bool) -> None:
    body = {"model": TEXT, "messages": MESSAGES, "stream": stream, **change}
    answer = served.post("/api/chat", body)
    assert answer.status_code == (404 if message == "Did you mean" else 400), answer.text
    assert answer.json().keys() == {"error"}
    assert message in answer.json()["error"]


@pytest.mark.parametrize(
    "change",
    [
        {"template": "{{ .Prompt }}"},
        {"images": ["aGk="]},
        {"raw": True, "system": "a"},
        {"suffix": "b", "context": [1]},
        {"suffix": "b"},
        {"raw": True, "think": True},
        {"width": 100},
    ],
)
def test_what_generate_cannot_do_is_said(served: Served, change: dict[str, Any]) -> None:
    answer = served.post("/api/generate", {"model": TEXT, "prompt": "a", **change})
    assert answer.status_code == 400
    assert answer.json().keys() == {"error"}


def test_errors_of_the_server_are_in_its_form(served: Served, client: Any) -> None:
    assert served.get("/api/nothing").json().keys() == {"error"}
    assert served.get("/api/chat").status_code == 405
    refused = served.get("/api/tags", headers={"Host": "example.org"})
    assert refused.status_code == 403
    assert isinstance(refused.json()["error"], str)
    with pytest.raises(ollama.ResponseError) as missing:
        client.chat("no-such-model", MESSAGES)
    assert missing.value.status_code == 404


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"{}", b"\xff", b'{"model": 1}', b"[" * 100000])
def test_what_is_no_request(served: Served, text: bytes) -> None:
    for path in ("chat", "generate", "embed", "embeddings", "show", "pull"):
        headers = {"Content-Type": "application/json"}
        answer = requests.post(f"{served.address}/api/{path}", data=text, headers=headers, timeout=60)
        assert answer.status_code == 400, (path, answer.text)
        assert answer.json().keys() == {"error"}


def test_async(served: Served) -> None:
    async def main() -> list[Any]:
        client = ollama.AsyncClient(served.address)
        asked = [client.chat(TEXT, MESSAGES, options=GREEDY) for _ in range(12)]
        pieces = [piece async for piece in await client.generate(TEXT, "a", options=GREEDY, stream=True)]
        return [*await asyncio.gather(*asked), pieces[-1]]

    assert all(answer.done for answer in asyncio.run(main()))


def test_a_server_limits_tokens(brief: Served) -> None:
    client = ollama.Client(brief.address)
    for many in ({}, {"num_predict": -1}, {"num_predict": 100}):
        assert client.generate(TEXT, "a", options={"temperature": 0, **many}).eval_count <= 3


def test_a_key_is_asked_for(keyed: Served) -> None:
    assert keyed.get("/").text == "Ollama is running"
    with pytest.raises(ollama.ResponseError) as refused:
        ollama.Client(keyed.address).list()
    assert refused.value.status_code == 401
    assert ollama.Client(keyed.address, headers={"Authorization": f"Bearer {KEY}"}).list().models

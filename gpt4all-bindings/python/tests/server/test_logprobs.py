"""Log-probabilities in streams, read by OpenAI's client."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import TEXT, TOOLS, Served
from .test_openai import MESSAGES, WEATHER

openai = pytest.importorskip("openai", reason="`make test LANES=server` installs the clients")


@pytest.fixture(scope="module")
def client(served: Served) -> Any:
    return openai.OpenAI(base_url=f"{served.address}/v1", api_key="none", max_retries=0)


def near(values: list[float]) -> Any:
    """What was computed again, with more of the prompt in the cache."""
    return pytest.approx(values, abs=0.2)


def assert_same(streamed: list[Any], whole: list[Any]) -> None:
    assert [token.bytes for token in streamed] == [token.bytes for token in whole]
    assert [token.logprob for token in streamed] == near([token.logprob for token in whole])
    assert [len(token.top_logprobs) for token in streamed] == [len(token.top_logprobs) for token in whole]


def test_logprobs_of_streams(client: Any) -> None:
    """Each chunk has those of its own text."""
    options: Any = {"model": TEXT, "max_tokens": 12, "temperature": 0, "extra_body": {"ignore_eos": True}}
    chat: Any = {**options, "messages": MESSAGES, "logprobs": True, "top_logprobs": 2}
    whole = client.chat.completions.create(**chat).choices[0]
    chunks = [chunk.choices[0] for chunk in client.chat.completions.create(**chat, stream=True)]
    pieces = [chunk for chunk in chunks if chunk.delta.content]
    assert len(pieces) > 6
    for piece in pieces:
        assert "".join(token.token for token in piece.logprobs.content) == piece.delta.content
    assert_same([token for piece in pieces for token in piece.logprobs.content], whole.logprobs.content)
    unasked = client.chat.completions.create(**{**options, "messages": MESSAGES}, stream=True)
    assert all(choice.logprobs is None for chunk in unasked for choice in chunk.choices)


@pytest.mark.parametrize("echo", [False, True])
def test_logprobs_of_streamed_texts(client: Any, echo: bool) -> None:
    """Each piece has those of its own text, and where it lies in all of it."""
    options: Any = {"model": TEXT, "prompt": "the house of the", "max_tokens": 12, "temperature": 0, "logprobs": 2}
    options.update(echo=echo, n=2, seed=1, extra_body={"ignore_eos": True})
    whole = client.completions.create(**options).choices
    chunks = [chunk.choices[0] for chunk in client.completions.create(**options, stream=True)]
    for index, choice in enumerate(whole):
        pieces = [chunk for chunk in chunks if chunk.index == index and chunk.text]
        assert len(pieces) > 6
        assert ["".join(piece.logprobs.tokens) for piece in pieces] == [piece.text for piece in pieces]
        for name in ("tokens", "text_offset"):
            streamed = [each for piece in pieces for each in getattr(piece.logprobs, name)]
            assert streamed == getattr(choice.logprobs, name), name
        logprobs = [each for piece in pieces for each in piece.logprobs.token_logprobs]
        assert logprobs == near(choice.logprobs.token_logprobs)
        assert all(choice.text[at:].startswith(piece) for at, piece in _placed(pieces))


def _placed(pieces: list[Any]) -> list[tuple[int, str]]:
    return [pair for piece in pieces for pair in zip(piece.logprobs.text_offset, piece.logprobs.tokens, strict=True)]


def test_logprobs_of_streamed_calls(client: Any) -> None:
    options: Any = {"model": TOOLS, "messages": MESSAGES, "tools": [WEATHER], "tool_choice": "required"}
    options |= {"max_tokens": 100, "temperature": 0, "logprobs": True, "top_logprobs": 1}
    whole = client.chat.completions.create(**options).choices[0]
    chunks = [chunk.choices[0] for chunk in client.chat.completions.create(**options, stream=True)]
    told = [chunk for chunk in chunks if chunk.logprobs]
    assert sum(bool(chunk.delta.tool_calls) for chunk in told) > 3
    assert_same([token for chunk in told for token in chunk.logprobs.content], whole.logprobs.content)

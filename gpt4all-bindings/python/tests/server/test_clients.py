"""Programs that reach models through OpenAI's API, as published."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import pytest

from .conftest import TEXT, TOOLS, VECTORS, Served

WHY = "`make test LANES=server` installs the clients"


def test_langchain(served: Served) -> None:
    langchain = pytest.importorskip("langchain_openai", reason=WHY)
    options: Any = {"base_url": f"{served.address}/v1", "api_key": "none"}
    model = langchain.ChatOpenAI(model=TEXT, max_tokens=5, temperature=0, **options)
    whole = model.invoke("Hello")
    assert whole.usage_metadata["output_tokens"] <= 5
    assert "".join(str(piece.content) for piece in model.stream("Hello")) == whole.content

    def weather(city: Literal["Paris", "Rome"]) -> str:
        """The weather of a city."""
        return city

    caller = langchain.ChatOpenAI(model=TOOLS, max_tokens=400, temperature=0, **options)
    asked = caller.bind_tools([weather], tool_choice="required", parallel_tool_calls=False).invoke("Rome?")
    assert [call["name"] for call in asked.tool_calls] == ["weather"]
    vectors = langchain.OpenAIEmbeddings(model=VECTORS, check_embedding_ctx_length=False, **options)
    assert len(vectors.embed_documents(["a", "b"])) == 2


def test_litellm(served: Served) -> None:
    litellm = pytest.importorskip("litellm", reason=WHY)
    options: Any = {"model": f"openai/{TEXT}", "api_base": f"{served.address}/v1", "api_key": "none", "max_tokens": 5}
    messages = [{"role": "user", "content": "Hello"}]
    answer = litellm.completion(messages=messages, temperature=0, **options)
    pieces = litellm.completion(messages=messages, temperature=0, stream=True, **options)
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == answer.choices[0].message.content


@pytest.mark.parametrize("route", ["ollama", "ollama_chat"])
def test_litellm_for_ollama(served: Served, route: str) -> None:
    """It does not say that it sends JSON."""
    litellm = pytest.importorskip("litellm", reason=WHY)
    options: Any = {"model": f"{route}/{TEXT}", "api_base": served.address, "max_tokens": 5, "temperature": 0}
    messages = [{"role": "user", "content": "Hello"}]
    answer = litellm.completion(messages=messages, **options)
    pieces = litellm.completion(messages=messages, stream=True, **options)
    whole = answer.choices[0].message.content
    assert whole
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == whole
    vectors = litellm.embedding(model=f"ollama/{VECTORS}", api_base=served.address, input=["a", "b"])
    assert len(vectors.data) == 2


def test_llm(served: Served, tmp_path: Path) -> None:
    pytest.importorskip("llm", reason=WHY)
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: local\n  model_name: {TEXT}\n  api_base: {served.address}/v1\n  api_key_name: none\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "llm", "-m", "local", "-o", "max_tokens", "5", "--key", "none", "Hello"],
        env={**os.environ, "LLM_USER_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()

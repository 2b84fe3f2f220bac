"""LlamaIndex, which takes an older release of OpenAI's client than the other programs."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import TEXT, VECTORS, Served

WHY = "`make test LANES=server` installs it into an environment of its own"


def test_llama_index(served: Served) -> None:
    llms = pytest.importorskip("llama_index.llms.openai_like", reason=WHY)
    options: Any = {"api_base": f"{served.address}/v1", "api_key": "none"}
    model = llms.OpenAILike(model=TEXT, is_chat_model=True, max_tokens=5, temperature=0, **options)
    messages = pytest.importorskip("llama_index.core.llms").ChatMessage
    answer = model.chat([messages(role="user", content="Hello")])
    pieces = [piece.delta or "" for piece in model.stream_chat([messages(role="user", content="Hello")])]
    assert "".join(pieces) == (answer.message.content or "")
    embeddings = pytest.importorskip("llama_index.embeddings.openai_like", reason=WHY)
    vectors = embeddings.OpenAILikeEmbedding(model_name=VECTORS, **options)
    assert len(vectors.get_text_embedding_batch(["a", "b"])) == 2

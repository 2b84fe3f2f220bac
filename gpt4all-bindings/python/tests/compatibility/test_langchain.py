"""LangChain's GPT4All and GPT4AllEmbeddings, as langchain-community has them, on this package."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from gpt4all import models

pytest.importorskip("langchain_community", reason="`make test LANES=compatibility` installs LangChain")

from langchain_community.embeddings import GPT4AllEmbeddings
from langchain_community.llms import GPT4All
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import PromptTemplate
from langchain_core.vectorstores import InMemoryVectorStore

PROMPT = "The capital of France is"
GREEDY: dict[str, Any] = {"temp": 0.0, "n_predict": 12}


@pytest.fixture(scope="module")
def llm(smollm2_path: Path) -> Iterator[Any]:
    chain = GPT4All(model=str(smollm2_path), **GREEDY)
    yield chain
    chain.client.close()


@pytest.fixture(scope="module")
def expected(smollm2_path: Path) -> str:
    """What this package says to the prompt by itself, with LangChain's parameters."""
    with gpt4all.Model(smollm2_path, n_ctx=2048) as model:
        return model.complete(PROMPT, temperature=0, max_tokens=12, repeat_penalty=1.18, repeat_last_n=64).text


class Listener(BaseCallbackHandler):  # type: ignore[misc, unused-ignore]
    def __init__(self) -> None:
        self.tokens: list[str] = []

    def on_llm_new_token(self, token: str, **_: Any) -> None:
        self.tokens.append(token)


def test_it_is_the_unmodified_package() -> None:
    files = distribution("langchain-community").files or []
    module = next(file for file in files if str(file).endswith("langchain_community/llms/gpt4all.py"))
    assert module.hash is not None  # as the wheel's RECORD has it
    digest = hashlib.sha256(Path(str(module.locate())).read_bytes()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == module.hash.value


def test_invoke(llm: Any, expected: str) -> None:
    assert llm.invoke(PROMPT) == expected
    assert "Paris" in expected


def test_parameters_of_one_call(llm: Any) -> None:
    assert len(llm.invoke(PROMPT, n_predict=2)) < len(llm.invoke(PROMPT, n_predict=30))
    assert llm.invoke(PROMPT, stop=["\n"]) == llm.invoke(PROMPT).split("\n")[0]


def test_stream(llm: Any, expected: str) -> None:
    assert "".join(llm.stream(PROMPT)) == expected


def test_streaming_calls_back_for_every_token(smollm2_path: Path, expected: str) -> None:
    listener = Listener()
    llm = GPT4All(model=str(smollm2_path), streaming=True, callbacks=[listener], **GREEDY)
    assert llm.invoke(PROMPT) == expected
    assert "".join(listener.tokens) == expected
    assert 3 < len(listener.tokens) <= 12
    llm.client.close()


def test_batch_runs_in_threads(llm: Any, expected: str) -> None:
    prompts = [PROMPT, "One, two, three,", PROMPT, "Water is made of"]
    answers = llm.batch(prompts, config={"max_concurrency": 4})
    assert len(answers) == 4
    assert answers[0].split(".")[0] == expected.split(".")[0]
    assert all(answers)


def test_a_chain(llm: Any) -> None:
    chain = PromptTemplate.from_template("The capital of {country} is") | llm | StrOutputParser()
    assert "Paris" in chain.invoke({"country": "France"})


async def _ainvoke(llm: Any) -> str:
    return str(await llm.ainvoke(PROMPT))


def test_async(llm: Any, expected: str) -> None:
    assert asyncio.run(_ainvoke(llm)) == expected


def test_a_model_by_name(smollm2_path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, expected: str) -> None:
    (tmp_path / "mine.gguf").symlink_to(smollm2_path)
    monkeypatch.setattr("gpt4all.gpt4all.DEFAULT_MODEL_DIRECTORY", tmp_path)
    llm = GPT4All(model="mine.gguf", **GREEDY)
    assert llm.invoke(PROMPT) == expected
    llm.client.close()
    with pytest.raises(FileNotFoundError):
        GPT4All(model="not-there.gguf")


def test_a_prompt_that_is_too_long(llm: Any) -> None:
    with pytest.raises(ValueError, match="tokens"):
        llm.invoke("word " * 5000)


# ----------------------------------------------------------------------------------------------------------- embeddings


@pytest.fixture(scope="module")
def embeddings(library: str) -> Iterator[Any]:
    try:
        models.resolve(models.DEFAULT_EMBEDDING_MODEL)
    except (models.DownloadError, gpt4all.ModelNotFoundError) as error:
        pytest.skip(f"{models.DEFAULT_EMBEDDING_MODEL} is not available: {error}")
    found = GPT4AllEmbeddings(model_name=models.DEFAULT_EMBEDDING_MODEL, gpt4all_kwargs={"allow_download": "True"})
    yield found
    found.client.close()


def test_embed_query_and_documents(embeddings: Any) -> None:
    texts = ["A cat sleeps on the sofa.", "Interest rates rose again.", "Ein kurzer Satz."]
    vectors = embeddings.embed_documents(texts)
    assert [len(vector) for vector in vectors] == [384] * 3
    assert vectors[0] == pytest.approx(embeddings.embed_query(texts[0]), abs=1e-6)
    with gpt4all.Embed4All() as direct:
        for vector, same in zip(vectors, direct.embed(texts), strict=True):
            assert vector == pytest.approx(same, abs=1e-4)
    asked = embeddings.embed_query("Where does the kitten rest?")
    scores = [sum(a * b for a, b in zip(asked, vector, strict=True)) for vector in vectors]
    assert scores.index(max(scores)) == 0


def test_the_default_embedding_model(embeddings: Any) -> None:
    default = GPT4AllEmbeddings()  # type: ignore[call-arg, unused-ignore]
    assert default.embed_query("hello") == embeddings.embed_query("hello")
    default.client.close()


def test_a_vector_store(embeddings: Any) -> None:
    store = InMemoryVectorStore.from_texts(["Cats purr.", "Banks lend money.", "Rain falls."], embeddings)
    assert store.similarity_search("What sound do kittens make?", k=1)[0].page_content == "Cats purr."

"""Embed4All: prefixes, chunks, averages, sizes. Numbers are checked against plain Model.embed() and by hand."""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from gpt4all import CancellationError, Embed4All, models
from gpt4all._bert_to_gguf import convert
from gpt4all._compat.embedding import EMPTY, EmbeddingError, _pieces
from gpt4all._compat.embedding_models import KNOWN, known_model

WIDTH = 64  # of the tiny BERT, which takes 256 tokens
Vector = Sequence[float]


@pytest.fixture(scope="module")
def bert_path(tiny_path: Path) -> Path:
    return tiny_path.with_name("tiny-bert.gguf")


@pytest.fixture(scope="module")
def embedder(bert_path: Path) -> Iterator[Embed4All]:
    with Embed4All(bert_path.name, model_path=bert_path.parent, allow_download=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def minilm(library: str) -> Iterator[Embed4All]:
    try:
        path = models.resolve(models.DEFAULT_EMBEDDING_MODEL)
    except (models.DownloadError, gpt4all.ModelNotFoundError) as error:
        pytest.skip(f"{models.DEFAULT_EMBEDDING_MODEL} is not available: {error}")
    with Embed4All(str(path)) as opened:
        yield opened


def named(bert_path: Path, name: str, tmp_path: Path) -> Embed4All:
    """The tiny BERT with another name in its metadata, so that it is taken for a model that is known."""
    data = bert_path.read_bytes()
    key = b"general.name"
    at = data.index(struct.pack("<Q", len(key)) + key) + 8 + len(key) + 4
    (length,) = struct.unpack_from("<Q", data, at)
    assert len(name) <= length
    padded = name.encode().ljust(length)  # of the same length, so that the tensors stay where they are
    path = tmp_path / "renamed.gguf"
    path.write_bytes(data[: at + 8] + padded + data[at + 8 + length :])
    return Embed4All(path.name, model_path=tmp_path)


def cosine(a: Vector, b: Vector) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def unit(vector: Vector) -> list[float]:
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


def test_one_text_gives_one_vector(embedder: Embed4All) -> None:
    vector = embedder.embed("hello world", prefix="")
    assert isinstance(vector, list)
    assert len(vector) == WIDTH
    assert all(type(x) is float for x in vector)
    assert math.isclose(sum(x * x for x in vector), 1, abs_tol=1e-5)
    assert embedder.embed(["hello world"], prefix="") == [vector]


def test_a_list_gives_a_list_in_its_order(embedder: Embed4All) -> None:
    texts = ["hello", "the world " * 200, "red", "  ", "blue and green"]
    together = embedder.embed(texts, prefix="")
    for text, vector in zip(texts, together, strict=True):
        assert cosine(vector, embedder.embed(text, prefix="")) > 0.99999


def test_return_dict_counts_tokens(embedder: Embed4All) -> None:
    model = embedder.gpt4all
    for texts in (["hello world"], ["hello", "one two three"], ["the world " * 20], ["…"]):
        result = embedder.embed(texts, prefix="", return_dict=True)
        assert result["embeddings"] == embedder.embed(texts, prefix="")
        if texts != ["…"]:
            assert result["n_prompt_tokens"] == sum(len(model.tokenize(text)) for text in texts)
    exact = embedder.embed(["hello world"], prefix="", return_dict=True, cancel_cb=lambda *_: False)
    assert exact["n_prompt_tokens"] == embedder.embed(["hello world"], prefix="", return_dict=True)["n_prompt_tokens"]


@pytest.mark.parametrize("text", ["", [], None])
def test_no_text(embedder: Embed4All, text: Any) -> None:
    with pytest.raises(ValueError, match="text must not be None or empty"):
        embedder.embed(text, prefix="")


def test_a_text_without_tokens_has_the_vector_of_an_empty_one(
    embedder: Embed4All, caplog: pytest.LogCaptureFixture
) -> None:
    assert hashlib.md5(b"nomic empty").hexdigest() == EMPTY
    expected = embedder.embed(EMPTY, prefix="")
    with caplog.at_level("WARNING", logger="gpt4all"):
        assert cosine(embedder.embed(["   ", "hello"], prefix="")[0], expected) > 0.99999
    assert "the text at index 0 has no tokens" in caplog.text
    caplog.clear()
    with caplog.at_level("WARNING", logger="gpt4all"):
        assert cosine(embedder.embed([""], prefix="", atlas=True)[0], expected) > 0.99999
    assert not [record for record in caplog.records if "no tokens" in record.message]


# ---------------------------------------------------------------------------------------------------------- long texts


@pytest.mark.parametrize("count", [1, 20, 21, 32, 33, 44, 45, 100])
def test_chunks_overlap_by_eight(count: int) -> None:
    tokens = list(range(count))
    chunks = list(_pieces(tokens, 20))
    assert all(len(chunk) <= 20 for chunk in chunks)
    assert chunks[0] == tokens[:20]
    for before, after in pairwise(chunks):
        assert len(before) == 20
        assert after[:8] == before[-8:]
    assert [*chunks[0], *(token for chunk in chunks[1:] for token in chunk[8:])] == tokens
    assert len(chunks[-1]) > 8 or len(chunks) == 1


def test_long_texts_are_averaged_over_chunks(embedder: Embed4All) -> None:
    text = "the world is red and blue " * 100
    model = embedder.gpt4all
    tokens = model.tokenize(" " + text, parse_special=False)
    head, tail = model.tokenize("a", add_special=True)[:1], model.tokenize("a", add_special=True)[-1:]
    longest = 256 - 2
    chunks, start = [], 0
    while True:
        chunks.append(tokens[start : start + longest])
        if start + longest >= len(tokens):
            break
        start += longest - 8
    assert len(chunks) > 2
    vectors = [unit(vector) for vector in model.embed([[*head, *chunk, *tail] for chunk in chunks])]
    expected = unit([sum(values) / len(vectors) for values in zip(*vectors, strict=True)])
    result = embedder.embed(text, prefix="", return_dict=True)
    assert result["embeddings"] == pytest.approx(expected, abs=1e-5)
    assert result["n_prompt_tokens"] == sum(map(len, chunks))


def test_truncate_takes_the_first_chunk(embedder: Embed4All, bert_path: Path) -> None:
    text = "the world is red and blue " * 100
    with gpt4all.Model(bert_path) as model:
        expected = list(model.embed(text, truncate=True)[0])
    result = embedder.embed(text, prefix="", long_text_mode="truncate", return_dict=True)
    assert result["embeddings"] == pytest.approx(expected, abs=1e-5)
    assert result["n_prompt_tokens"] == 254
    assert cosine(result["embeddings"], embedder.embed(text, prefix="")) < 0.99999


def test_chunks_follow_n_ctx(bert_path: Path) -> None:
    with Embed4All(str(bert_path), n_ctx=64) as embedder:
        sizes: list[int] = []

        def look(batches: list[int], backend: str) -> bool:
            sizes.extend(batches)
            return False

        embedder.embed("one " * 150, prefix="", cancel_cb=look)
        assert len(sizes) > 2
        assert sizes[:-1] == [64] * (len(sizes) - 1)
        assert sizes[-1] <= 64
    with pytest.raises(RuntimeError, match="overlap of 8"), Embed4All(str(bert_path), n_ctx=10) as embedder:
        embedder.embed("hello", prefix="")


def test_inputs_of_embed_that_are_too_long(embedder: Embed4All) -> None:
    model = embedder.gpt4all  # opened with the n_ctx of chats, which is more than it was trained for
    with pytest.raises(ValueError, match="takes 256"):
        model.embed("the world is red and blue " * 100)
    cut = model.embed("the world is red and blue " * 100, truncate=True)
    assert len(cut[0]) == WIDTH


def test_long_text_mode_must_be_known(embedder: Embed4All) -> None:
    with pytest.raises(ValueError, match="long_text_mode is 'cut'"):
        embedder.embed("hello", prefix="", long_text_mode="cut")


def test_atlas_has_a_limit(embedder: Embed4All) -> None:
    text = "one " * 9000
    with pytest.raises(RuntimeError, match="exceeds limit of 8192") as caught:
        embedder.embed(["hello", text], prefix="", atlas=True)
    assert caught.value.detail["index"] == 1  # type: ignore[attr-defined]
    cut = embedder.embed(text, prefix="", atlas=True, long_text_mode="truncate", return_dict=True)
    assert cut["n_prompt_tokens"] == 254


# ------------------------------------------------------------------------------------------------------------ prefixes


def test_a_prefix_stands_before_every_text(embedder: Embed4All) -> None:
    model = embedder.gpt4all
    expected = list(model.embed("query: hello world")[0])
    assert embedder.embed("hello world", prefix="query") == pytest.approx(expected, abs=1e-5)
    # the same where texts are tokenised here rather than by the engine
    exact = embedder.embed("hello world", prefix="query", return_dict=True, cancel_cb=lambda *_: False)
    assert exact["embeddings"] == pytest.approx(expected, abs=1e-5)
    assert exact["n_prompt_tokens"] == len(model.tokenize("hello world"))
    assert (
        embedder.embed("hello world", prefix="query", return_dict=True)["n_prompt_tokens"] == exact["n_prompt_tokens"]
    )


def test_an_unknown_model_needs_a_prefix(embedder: Embed4All) -> None:
    with pytest.raises(RuntimeError, match=r"unknown model Tiny BERT.*specify a prefix"):
        embedder.embed("hello")


def test_known_models_have_a_prefix_for_documents(bert_path: Path, tmp_path: Path) -> None:
    with named(bert_path, "nomic-embed-text-v1", tmp_path) as embedder:
        assert embedder.embed("hello") == embedder.embed("hello", prefix="search_document")
        assert embedder.embed("hello") != embedder.embed("hello", prefix="search_query")
        with pytest.raises(RuntimeError, match='"passage" is not a valid task type for model nomic-embed-text-v1'):
            embedder.embed("hello", prefix="passage")
        with pytest.raises(EmbeddingError, match="is not a valid task type"):
            embedder.embed("hello", prefix="")


@pytest.mark.parametrize(
    ("name", "path", "document"),
    [
        ("all-MiniLM-L6-v2", "x.gguf", ""),
        ("MiniLM L6 H384 Uncased", "/models/all-MiniLM-L6-v2.gguf2.f16.gguf", ""),
        ("nomic-embed-text-v1.5", "x.gguf", "search_document"),
        ("Nomic Embed Text v1.5", "x.gguf", "search_document"),
        ("nomic-embed-text-v1.5.Q4_K_M", "x.gguf", "search_document"),
        ("e5-large-v2", "x.gguf", "passage"),
        ("bge-small-en-v1.5", "x.gguf", ""),
        ("llm-embedder", "x.gguf", "Represent this document for retrieval"),
    ],
)
def test_models_are_known_by_name_or_file(name: str, path: str, document: str) -> None:
    known = known_model(name, path)
    assert known is not None
    assert known.document == document


def test_other_models_are_not_known() -> None:
    assert known_model("nomic-embed-text-v2-moe", "model.gguf") is None
    assert len(KNOWN) == 4 + 3 + 1 + 1 + 6 + 9 + 5


# --------------------------------------------------------------------------------------------------------------- sizes


def test_matryoshka_normalises_the_layer_and_then_cuts(bert_path: Path, tmp_path: Path) -> None:
    with named(bert_path, "nomic-embed-text-v1.5", tmp_path) as embedder:
        raw = list(embedder.gpt4all.embed("search_document: hello", normalize=False)[0])
        middle = sum(raw) / WIDTH
        spread = math.sqrt(sum((x - middle) ** 2 for x in raw) / (WIDTH - 1) + 1e-5)
        layer = [(x - middle) / spread for x in raw]
        assert embedder.embed("hello") == pytest.approx(unit(layer), abs=1e-5)
        with pytest.warns(UserWarning, match="is below 64"):
            assert embedder.embed("hello", dimensionality=16) == pytest.approx(unit(layer[:16]), abs=1e-5)
        with pytest.raises(RuntimeError, match=r"unsupported dimensionality 65 .*recommended: 768, 512"):
            embedder.embed("hello", dimensionality=65)


def test_other_known_models_have_one_size(bert_path: Path, tmp_path: Path) -> None:
    with named(bert_path, "all-MiniLM-L6-v2", tmp_path) as embedder:
        assert embedder.embed("hello", dimensionality=WIDTH) == embedder.embed("hello")
        with (
            pytest.warns(UserWarning, match="is below"),
            pytest.raises(RuntimeError, match=r"unsupported dimensionality 32 .*supported: 64"),
        ):
            embedder.embed("hello", dimensionality=32)


@pytest.mark.parametrize("size", [0, -1, -100])
def test_sizes_below_one(embedder: Embed4All, size: int) -> None:
    with pytest.raises(ValueError, match=f"dimensionality is {size}"):
        embedder.embed("hello", prefix="", dimensionality=size)


# ------------------------------------------------------------------------------------------------- cancelling, closing


def test_cancel_cb_is_asked_once_before_anything_is_computed(embedder: Embed4All) -> None:
    asked: list[tuple[list[int], str]] = []

    def cancel(batches: list[int], backend: str) -> bool:
        asked.append((batches, backend))
        return len(asked) > 1

    text = "the world " * 200
    count = len(embedder.gpt4all.tokenize(text))
    assert embedder.embed([text, "hello"], prefix="", cancel_cb=cancel)
    with pytest.raises(CancellationError, match="operation was canceled"):
        embedder.embed([text, "hello"], prefix="", cancel_cb=cancel)
    assert len(asked) == 2
    batches, backend = asked[0]
    assert backend == embedder.gpt4all.backend
    assert max(batches) <= 256
    assert sum(batches) > count


def test_after_close(bert_path: Path) -> None:
    embedder = Embed4All(str(bert_path))
    embedder.close()
    embedder.close()
    with pytest.raises(ValueError, match="closed"):
        embedder.embed("hello", prefix="")


# --------------------------------------------------------------------------------------- the model that is the default


def test_the_default_model(minilm: Embed4All) -> None:
    assert minilm.MIN_DIMENSIONALITY == 64
    near, far = minilm.embed(["A cat sleeps on the sofa.", "Interest rates rose again."])
    asked = minilm.embed("Where does the kitten rest?")
    assert len(asked) == 384
    assert cosine(asked, near) > cosine(asked, far) + 0.2
    assert minilm.embed("hello", prefix="") == minilm.embed("hello")


class FakeFolder:
    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def read(self, name: str) -> bytes:
        return self._files[name]


def test_the_converter_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(gpt4all.InvalidModelError, match="missing or damaged"):
        convert(FakeFolder({}), tmp_path / "x.gguf", name="x")
    files = dict.fromkeys(("config.json", "1_Pooling/config.json", "tokenizer_config.json"), b"{}")
    files |= {"vocab.txt": b"", "model.safetensors": b""}
    with pytest.raises(gpt4all.InvalidModelError, match="not 'bert'"):
        convert(FakeFolder(files), tmp_path / "x.gguf", name="x")
    assert not (tmp_path / "x.gguf").exists()

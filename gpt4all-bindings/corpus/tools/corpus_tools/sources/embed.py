"""Embeddings."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import SMOLLM2, TINY, Json, case, cosine, equals, exact, near, open_, request

DESCRIPTION = "Embeddings: pooled in several ways, in several norms, cut, and in batches."

SENTENCES = ["the cat and the dog", "Water is not oil.", "hello world, hello paris", "été à Zürich", "?"]
COUNTS = ("/result/count", "/result/dimension", "/result/usage/prompt_tokens")


def cases() -> Iterator[Json]:
    bert = "tiny-bert"

    def one(
        name: str, title: str, fields: Json, opened: Json | None = None, model: str = bert, off: float = 0.001
    ) -> Json:
        step = request("embed", {"input": SENTENCES[0], **fields}, *exact(*COUNTS), near("/floats/0", off))
        return case(name, title, model, opened or open_(n_ctx=256), step)

    for number, sentence in enumerate(SENTENCES):
        yield one(f"bert-{number}", f"A vector of length 1: {sentence!r}", {"input": sentence})
    yield one("bert-raw", "As the model gives it", {"normalize": False}, off=0.005)
    yield one("bert-taxicab", "Scaled to a sum of absolute values of 1", {"embd_normalize": 1})
    yield one("bert-max", "Scaled to a largest absolute value of 32760", {"embd_normalize": 0}, off=50)
    yield one("bert-dimensions", "The first components, and then to length 1", {"dimensions": 16})
    yield one("bert-ids", "An input of token ids", {"input": [100, 101, 102]})
    yield one("bert-cut", "A long input, cut", {"input": "the cat and the dog " * 100, "truncate": True})
    yield one("bert-cls", "The vector of the first token", {}, open_(n_ctx=256, pooling="cls"))
    yield one("bert-last", "The vector of the last token", {}, open_(n_ctx=256, pooling="last"))
    yield one(
        "bert-none",
        "A vector for each token",
        {"input": "hello cat", "normalize": False},
        open_(n_ctx=256, pooling="none"),
        off=0.005,
    )
    yield one("tiny-mean", "A decoder's hidden states, their mean", {}, open_(), TINY)
    yield one("tiny-last", "A decoder's last hidden state", {}, open_(pooling="last"), TINY)
    batch = request(
        "embed", {"input": SENTENCES}, *exact(*COUNTS), *(near(f"/floats/{i}", 0.001) for i in range(len(SENTENCES)))
    )
    yield case("bert-batch", "Several inputs give what each alone gives", bert, open_(n_ctx=256), batch)
    for number, sentence in enumerate(("The cat sat on the mat.", "Paris is the capital of France.")):
        step = request("embed", {"input": sentence}, *exact(*COUNTS), cosine("/floats/0", 0.999))
        yield case(
            f"smollm2-{number}", f"A real decoder's hidden states, their mean: {sentence!r}", SMOLLM2, open_(), step
        )
    for number, sentence in enumerate(SENTENCES[:4]):
        step = request("embed", {"input": sentence}, *exact(*COUNTS), cosine("/floats/0", 0.999))
        yield case(f"minilm-{number}", f"A real encoder, in F16: {sentence!r}", "minilm", open_(), step)
    empty = request("embed", {"input": ["cat", ""]}, status="invalid_argument")
    yield case("bert-empty", "An empty input is refused", bert, open_(n_ctx=256), empty)
    too_long = request("embed", {"input": "the cat " * 300}, status="context_overflow")
    fine = request("embed", {"input": "cat"}, equals("/result/count", 1))
    yield case(
        "bert-too-long",
        "An input that is too long is refused unless it may be cut",
        bert,
        open_(n_ctx=256),
        too_long,
        fine,
    )

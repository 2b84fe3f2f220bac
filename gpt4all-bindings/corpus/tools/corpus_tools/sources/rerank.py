"""Documents in order of how well they answer a query."""

from __future__ import annotations

from collections.abc import Iterator

from ._steps import Json, absent, case, exact, near, open_, request

DESCRIPTION = "Documents in order of how well they answer a query."

DOCUMENTS = ["the cat", "water is water", "paris and france", "hello world", "Zürich im Juli"]


def cases() -> Iterator[Json]:
    for name, query, documents, top in (
        ("five", "what is water", DOCUMENTS, None),
        ("top", "what is water", DOCUMENTS, 2),
        ("one", "the dog", DOCUMENTS[:1], None),
        ("animal", "the cat", DOCUMENTS, None),
        ("empty-document", "hello", ["", "the cat"], None),
        ("twice", "hello", ["hello world", "the dog", "hello world"], None),
    ):
        count = top or len(documents)
        ranks = [f"/result/results/{rank}" for rank in range(count)]
        # Two documents that are the same have the same score, and no order.
        order = [] if name == "twice" else exact(*(f"{rank}/index" for rank in ranks))
        fields = {"query": query, "documents": documents, **({"top_n": top} if top else {})}
        scores = [near(f"{rank}/relevance_score", 0.02) for rank in ranks]
        step = request("rerank", fields, *order, *scores, absent(f"/result/results/{count}"))
        yield case(name, f"{len(documents)} documents: {name}", "tiny-bert-rerank", open_(n_ctx=256), step)

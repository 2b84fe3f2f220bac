"""Which embedding models are known, the task prefixes they were trained with, and the sizes they may be cut to."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class EmbeddingModel:
    """What is known of a family of models.

    document, query: the prefix of texts that are searched, and of those that search; "" for none.
    others: prefixes of further tasks. matryoshka: sizes that vectors may be cut to; empty if they may not.
    """

    document: str = ""
    query: str = ""
    others: tuple[str, ...] = ()
    matryoshka: tuple[int, ...] = ()

    @property
    def tasks(self) -> tuple[str, ...]:
        """Every prefix that is valid."""
        return tuple(dict.fromkeys((self.document, self.query, *self.others)))


_MINILM = EmbeddingModel()
_NOMIC = EmbeddingModel("search_document", "search_query", ("clustering", "classification"))
_NOMIC_1_5 = EmbeddingModel(_NOMIC.document, _NOMIC.query, _NOMIC.others, (768, 512, 384, 256, 128))
_LLM_EMBEDDER = EmbeddingModel(
    "Represent this document for retrieval", "Represent this query for retrieving relevant documents"
)
_BGE = EmbeddingModel("", "Represent this sentence for searching relevant passages")
_E5 = EmbeddingModel("passage", "query")
_E5_INSTRUCT = EmbeddingModel("", "Instruct: Given a query, retrieve relevant passages that answer the query\nQuery")

_SIZES = ("small", "base", "large")

KNOWN = {
    **{f"all-minilm-{layers}-{version}": _MINILM for layers in ("l6", "l12") for version in ("v1", "v2")},
    **{f"nomic-embed-text-v1{variant}": _NOMIC for variant in ("", "-ablated", "-unsupervised")},
    "nomic-embed-text-v1.5": _NOMIC_1_5,
    "llm-embedder": _LLM_EMBEDDER,
    **{f"bge-{size}-en{version}": _BGE for size in _SIZES for version in ("", "-v1.5")},
    **{f"e5-{size}{variant}": _E5 for size in _SIZES for variant in ("", "-unsupervised", "-v2")},
    "e5-mistral-7b-instruct": _E5_INSTRUCT,
    **{f"multilingual-e5-{size}": _E5_INSTRUCT for size in _SIZES},
    "multilingual-e5-large-instruct": _E5_INSTRUCT,
}

# What file names have behind the model's name: the format's generation and the type of the weights.
_ENDING = re.compile(r"([.-](gguf\d?|f16|f32|bf16|q\d[_a-z0-9]*|iq\d[_a-z0-9]*))+$")


def known_model(name: str, path: str) -> EmbeddingModel | None:
    """The model of that name, as its file has it, or else of that file name. None if neither is known."""
    for candidate in (name, os.path.basename(path)):
        plain = "-".join(candidate.lower().split())
        for spelling in (plain, _ENDING.sub("", plain)):
            if spelling in KNOWN:
                return KNOWN[spelling]
    return None

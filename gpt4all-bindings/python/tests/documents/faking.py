"""An embedder without a model: texts that share words, or synonyms, have similar vectors."""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Sequence

SYNONYMS = {"landlord": "rent", "lease": "rent", "car": "vehicle", "automobile": "vehicle"}


class FakeEmbedder:
    """texts: how many were embedded. kill_after: an error is raised when so many are."""

    def __init__(self, dimension: int = 64, name: str = "fake", max_tokens: int = 512) -> None:
        self.name = name
        self.dimension = dimension
        self.max_tokens = max_tokens
        self.texts: list[str] = []
        self.batches = 0
        self.fail_in_batch: int | None = None

    def count_tokens(self, text: str) -> int:
        return len(re.findall(r"\w+|[^\w\s]", text))

    def embed_documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        self.batches += 1
        if self.batches == self.fail_in_batch:
            raise RuntimeError("killed")
        self.texts += texts
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        vector = [1e-3] * self.dimension
        for word in re.findall(r"\w{4,}", text.lower()):
            place = zlib.crc32(SYNONYMS.get(word, word).encode()) % (self.dimension * 2)
            vector[place // 2] += 1 if place % 2 else -1
        length = math.sqrt(sum(number * number for number in vector))
        return [number / length for number in vector]

    def close(self) -> None:
        pass

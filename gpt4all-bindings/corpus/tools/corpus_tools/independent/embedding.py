"""Embeddings and the order of documents."""

from __future__ import annotations

import importlib.resources
import importlib.util
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ..places import manifest
from .llama_cpp_engine import LlamaCppEngine
from .opened import Opened, PromptTooLongError, done
from .values import Json, NotCoveredError, Partial, Unknown

Vectors = npt.NDArray[np.float64]
POOLINGS = ("none", "mean", "cls", "last")


def embed(model: Opened, request: Json, _: str | None) -> Json:
    inputs = request["input"]
    if isinstance(inputs, str) or (inputs and isinstance(inputs[0], int)):
        inputs = [inputs]
    if model.implementation == "sentence-transformers":
        return by_sentence_transformers(model, inputs)
    engine, pooling = model.engine(None), pooling_of(model)
    vectors: list[Any] = []
    counts = []
    for item in inputs:
        if item == "":
            raise NotCoveredError("what is asked to be embedded is refused")
        tokens = item if isinstance(item, list) else model.vocabulary.encode(item, add_special=True)
        if len(tokens) > model.n_ctx:
            if not request.get("truncate"):
                raise PromptTooLongError({})
            tokens = [*tokens[: model.n_ctx - 1], tokens[-1]]
        counts.append(len(tokens))
        if isinstance(engine, LlamaCppEngine):
            if isinstance(item, list) or counts[-1] == model.n_ctx:
                raise NotCoveredError("llama-cpp-python embeds whole texts only")
            pooled = np.atleast_2d(np.array(engine.pooled(item, pooling)))
        else:
            pooled = pool(engine.states(tokens), pooling)
        vectors.append([list(map(float, scaled(vector, request))) for vector in pooled])
    floats = [vector[0] if pooling != "none" else [x for row in vector for x in row] for vector in vectors]
    usage = {"prompt_tokens": sum(counts)}
    return done(Partial(count=len(inputs), dimension=len(vectors[0][0]), usage=usage), floats)


@lru_cache
def sentence_transformer(package: str, folder: str) -> Any:
    """The weights that a model was converted from."""
    if importlib.util.find_spec(package) is None:
        raise NotCoveredError(f"the package {package} is not installed")
    import sentence_transformers  # takes seconds, and only one model needs it

    return sentence_transformers.SentenceTransformer(str(importlib.resources.files(package) / folder), device="cpu")


def by_sentence_transformers(model: Opened, inputs: list[Any]) -> Json:
    sources = [
        entry["source"]
        for entry in manifest()["models"].values()
        if entry["file"] == model.file.path.name and "source" in entry
    ]
    if not sources or "conversion" not in sources[0]:
        raise NotCoveredError("not a model of sentence-transformers")
    package, folder = sources[0]["member"].rstrip("/").split("/", 1)
    vectors = sentence_transformer(package, folder).encode(inputs, normalize_embeddings=True)
    floats = [list(map(float, vector)) for vector in vectors]
    return done(Partial(count=len(inputs), dimension=len(floats[0])), floats)


def pooling_of(model: Opened) -> str:
    """How the vectors of tokens become one: as asked for, or as the file says, or their mean."""
    stored = POOLINGS[model.file.parameter("pooling_type", POOLINGS.index("mean"))]
    pooling: str = model.options.get("pooling", stored)
    return pooling


def pool(states: Vectors, pooling: str) -> Vectors:
    if pooling == "none":
        return states
    pooled: Vectors = {"mean": states.mean(axis=0), "cls": states[0], "last": states[-1]}[pooling]
    return pooled[np.newaxis]


def scaled(vector: Vectors, request: Json) -> Vectors:
    """Cut to the size asked for, and then divided by a norm: -1 none, 0 the largest component, p the p-norm."""
    cut = vector[: request.get("dimensions", len(vector))]
    norm = request.get("embd_normalize", 2 if request.get("normalize", True) else -1)
    if norm < 0:
        return cut
    length = np.abs(cut).max() / 32760 if norm == 0 else (np.abs(cut) ** norm).sum() ** (1 / norm)
    divided: Vectors = cut / length
    return divided


def rerank(model: Opened, request: Json, _: str | None) -> Json:
    if "cls.weight" not in model.file.weights:
        raise NotCoveredError("what is asked to be ranked is refused")
    engine = model.engine(None)
    if isinstance(engine, LlamaCppEngine):
        raise NotCoveredError("llama-cpp-python ranks no documents")
    scores = []
    for document in request["documents"]:
        tokens, kinds = model.vocabulary.pair(request["query"], document)
        scores.append(engine.rank(tokens, kinds))
    order = sorted(range(len(scores)), key=lambda index: -scores[index])
    found = [Partial(index=index, relevance_score=scores[index]) for index in order[: request.get("top_n")]]
    return done(Partial(results=found, usage=Unknown("how tokens of pairs are counted")))

"""Embeddings as older releases made them: task prefixes, chunks of long texts, Matryoshka sizes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from .._errors import CancellationError, InvalidArgumentError
from .._log import logger
from .._model import Model
from .embedding_models import EmbeddingModel, known_model

# cancel_cb(batch_sizes, backend) -> True to cancel. batch_sizes: the tokens of each batch that would be computed.
CancelCallback = Callable[[list[int], str], bool]

CHUNK_OVERLAP = 8
ATLAS_MAX_TOKENS = 8192
# What stands for a text without tokens, so that it has a vector that no other text has.
EMPTY = hashlib.md5(b"nomic empty", usedforsecurity=False).hexdigest()
# Inputs of one request: many enough for full batches, few enough for Ctrl-C and memory.
REQUEST_INPUTS = 4096

Input = str | list[int]


class EmbeddingError(InvalidArgumentError, RuntimeError):
    """The task type, the dimensionality or the length of a text is not one that the model takes."""


@dataclass
class _Chunks:
    """The inputs that the texts make: owner[i] is the text that input i is a part of."""

    inputs: list[Input]
    owner: list[int]
    sizes: list[int]  # tokens, with all special ones; upper bounds where a text was not tokenised
    tokens: int  # without special ones, for texts that were tokenised


class _Tokenizer:
    """What the model puts around every text, and how many tokens a chunk may have."""

    def __init__(self, model: Model, prefix: str, limit: int) -> None:
        info = model.info()
        self._model = model
        self.word_pieces = info.get("tokenizer", {}).get("model") == "bert"
        self.prefix = prefix
        plain, framed = model.tokenize("a"), model.tokenize("a", add_special=True)
        at = next(i for i in range(len(framed)) if framed[i : i + len(plain)] == plain)
        self.head, self.tail = framed[:at], framed[at + len(plain) :]
        self.before = [*self.head, *(self.tokens(prefix + ":") if prefix else [])]
        self.longest = limit - len(self.before) - len(self.tail)
        if self.longest <= CHUNK_OVERLAP:
            raise EmbeddingError(
                f"chunks of {self.longest} tokens are no longer than their overlap of {CHUNK_OVERLAP}; open the model "
                "with a larger n_ctx, or give a shorter prefix"
            )

    def tokens(self, text: str) -> list[int]:
        return self._model.tokenize(text if text.startswith(" ") else " " + text, parse_special=False)

    def framed(self, tokens: Sequence[int]) -> list[int]:
        return [*self.before, *tokens, *self.tail]

    def surely_short(self, text: str) -> bool:
        """Whether the text can be left to the engine: it has tokens, and no more than a chunk. A word piece has at
        least one byte, and letters and digits are never dropped."""
        return (
            self.word_pieces
            and len(text) <= self.longest
            and len(text.encode("utf-8", "replace")) <= self.longest
            and any(map(str.isalnum, text))
        )

    def whole(self, text: str) -> str:
        return f"{self.prefix}: {text}" if self.prefix else text


def embed_texts(
    model: Model,
    texts: Sequence[str],
    prefix: str | None = None,
    dimensionality: int | None = None,
    *,
    n_ctx: int = 0,
    mean: bool = True,
    atlas: bool = False,
    cancel_cb: CancelCallback | None = None,
) -> tuple[list[list[float]], int]:
    """The vectors of texts, each of Euclidean length 1, and how many tokens the texts had. See Embed4All.embed().

    n_ctx: most tokens that are computed together; 0 for as many as the model was trained for.

    Raises InvalidArgumentError (a ValueError) for no text, EmbeddingError (a ValueError and RuntimeError) for what the
    model does not take, CancellationError if `cancel_cb` says so.
    """
    if not texts:
        raise InvalidArgumentError("text must not be None or empty")
    info = model.info()
    name, width = info.get("name") or model.path, info["n_embd"]
    known = known_model(name, model.path)
    size = _dimensionality(dimensionality, width, known, name)
    task = _task(prefix, known, name)
    limit = min(info["n_ctx_train"], n_ctx or info["n_ctx_train"])
    tokenizer = _Tokenizer(model, task, limit)
    chunks = _chunks(tokenizer, texts, mean=mean, atlas=atlas, exact=cancel_cb is not None)
    if cancel_cb is not None and cancel_cb(_batch_sizes(chunks.sizes, limit), _backend(model)):
        raise CancellationError("operation was canceled")
    raw = known is not None and bool(known.matryoshka)
    vectors, counted = _run(model, chunks.inputs, raw=raw, size=size, width=width)
    tokens = chunks.tokens + counted - sum(_special_of(each, tokenizer) for each in chunks.inputs)
    return _averages(vectors, chunks.owner, len(texts)), tokens


def _dimensionality(wanted: int | None, width: int, known: EmbeddingModel | None, name: str) -> int:
    if wanted is None or wanted == width:
        return width
    if 0 < wanted < width and (known is None or known.matryoshka):
        return wanted
    sizes = list(known.matryoshka) if known and known.matryoshka else [width]
    word = "recommended" if known and known.matryoshka else "supported"
    raise EmbeddingError(
        f"unsupported dimensionality {wanted} for model {name} ({word}: {', '.join(map(str, sizes))})",
        {"dimensionality": wanted, word: sizes},
    )


def _task(prefix: str | None, known: EmbeddingModel | None, name: str) -> str:
    if prefix is None:
        if known is None:
            raise EmbeddingError(f"unknown model {name}, specify a prefix if applicable or an empty string")
        return known.document
    if known is not None and prefix not in known.tasks:
        raise EmbeddingError(
            f'"{prefix}" is not a valid task type for model {name}; it takes '
            + ", ".join(f'"{task}"' for task in known.tasks),
            {"prefix": prefix, "tasks": list(known.tasks)},
        )
    return prefix


def _chunks(tokenizer: _Tokenizer, texts: Sequence[str], *, mean: bool, atlas: bool, exact: bool) -> _Chunks:
    chunks = _Chunks([], [], [], 0)
    for index, text in enumerate(texts):
        if not exact and tokenizer.surely_short(text):
            chunks.inputs.append(tokenizer.whole(text))
            chunks.owner.append(index)
            continue
        tokens = tokenizer.tokens(text) if text else []
        if atlas and len(tokens) > ATLAS_MAX_TOKENS:
            if mean:
                raise EmbeddingError(
                    f"length of text at index {index} is {len(tokens)} tokens which exceeds limit of "
                    f"{ATLAS_MAX_TOKENS}; split it, or embed with long_text_mode='truncate'",
                    {"index": index, "n_tokens": len(tokens), "limit": ATLAS_MAX_TOKENS},
                )
            tokens = tokens[:ATLAS_MAX_TOKENS]
        elif not tokens:
            if text or not atlas:
                logger.warning("the text at index %d has no tokens; it gets the vector of an empty text", index)
            tokens = tokenizer.tokens(EMPTY)
        for piece in _pieces(tokens, tokenizer.longest) if mean else [tokens[: tokenizer.longest]]:
            chunks.inputs.append(tokenizer.framed(piece))
            chunks.owner.append(index)
            chunks.sizes.append(len(piece) + len(tokenizer.before) + len(tokenizer.tail))
            chunks.tokens += len(piece)
    return chunks


def _pieces(tokens: list[int], longest: int) -> Iterable[list[int]]:
    """Chunks of up to `longest` tokens; each begins with the last CHUNK_OVERLAP of the one before."""
    start = 0
    while True:
        yield tokens[start : start + longest]
        if start + longest >= len(tokens):
            return
        start += longest - CHUNK_OVERLAP


def _batch_sizes(sizes: Sequence[int], n_batch: int) -> list[int]:
    batches = [0]
    for size in sizes:
        if batches[-1] + size > n_batch:
            batches.append(0)
        batches[-1] += size
    return batches


def _backend(model: Model) -> str:
    backend = getattr(model, "backend", "cpu")
    return backend if isinstance(backend, str) else "cpu"


def _special_of(each: Input, tokenizer: _Tokenizer) -> int:
    """Tokens that the engine counted but the text does not have: of lists all, which were counted before."""
    return len(each) if isinstance(each, list) else len(tokenizer.before) + len(tokenizer.tail)


def _run(model: Model, inputs: Sequence[Input], *, raw: bool, size: int, width: int) -> tuple[list[list[float]], int]:
    """The vectors of the inputs, of length 1, and the tokens that the engine counted."""
    vectors: list[list[float]] = []
    counted = 0
    for begin in range(0, len(inputs), REQUEST_INPUTS):
        group = inputs[begin : begin + REQUEST_INPUTS]
        if raw:
            result = model.embed(group, normalize=False)
            vectors += [_matryoshka(vector, size) for vector in result]
        else:
            result = model.embed(group) if size == width else model.embed(group, dimensions=size)
            vectors += [vector.tolist() for vector in result]
        counted += result.usage["prompt_tokens"]
    return vectors, counted


def _matryoshka(vector: Sequence[float], size: int) -> list[float]:
    """Layer normalisation of the whole vector, of which the beginning is kept and brought to length 1."""
    middle = math.fsum(vector) / len(vector)
    centred = [value - middle for value in vector]
    variance = math.fsum(value * value for value in centred) / (len(vector) - 1)
    return _unit([value / math.sqrt(variance + 1e-5) for value in centred[:size]])


def _averages(vectors: list[list[float]], owner: Sequence[int], count: int) -> list[list[float]]:
    if len(vectors) == count:
        return vectors
    parts: list[list[list[float]]] = [[] for _ in range(count)]
    for vector, index in zip(vectors, owner, strict=True):
        parts[index].append(vector)
    return [
        own[0] if len(own) == 1 else _unit([sum(values) / len(own) for values in zip(*own, strict=True)])
        for own in parts
    ]


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(math.fsum(value * value for value in vector))
    return [value / max(length, 1e-12) for value in vector]

"""The vocabulary of a byte-level BPE tokenizer (GPT-2's kind), from tokenizer.json or vocab.json and merges.txt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import InvalidModelError, ModelNotFoundError, UnsupportedError
from ._folder import read_json

# llama.cpp's types of tokens (llama_token_type).
_NORMAL, _CONTROL, _USER_DEFINED, _UNUSED = 1, 3, 4, 5


@dataclass(frozen=True)
class Vocabulary:
    """tokens: in the order of their ids, in GPT-2's characters for bytes. merges: "left right", the first first."""

    tokens: list[str]
    types: list[int]
    merges: list[str]


def read_vocabulary(folder: Path, size: int, special: frozenset[int]) -> Vocabulary:
    """The tokenizer of a model with `size` rows of embeddings.

    special: ids that are control tokens even where the files do not say so, as the token that ends a text.
    Raises ModelNotFoundError, InvalidModelError, or UnsupportedError for a tokenizer of another kind.
    """
    path = folder / "tokenizer.json"
    if path.is_file():
        pieces, merges, added = _from_tokenizer_json(path)
    else:
        path = folder / "vocab.json"
        pieces, merges, added = _from_vocab_json(folder)
    by_id: dict[int, tuple[str, int]] = {}
    for text, token in pieces.items():
        by_id[_id(token, size, path)] = (text, _CONTROL if token in special else _NORMAL)
    for token, (text, control) in added.items():
        kind = _CONTROL if control or token in special else _USER_DEFINED
        by_id[_id(token, size, path)] = (text, kind)
    unused = {token: (f"[PAD{token}]", _UNUSED) for token in range(size) if token not in by_id}
    ordered = [by_id[token] if token in by_id else unused[token] for token in range(size)]
    texts = [text for text, _ in ordered]
    if len(set(texts)) != size:
        twice = Counter(texts).most_common(1)[0][0]
        raise InvalidModelError(f"{path} has the token {twice!r} under two ids", {"path": str(path)})
    return Vocabulary(texts, [kind for _, kind in ordered], merges)


_Read = tuple[dict[str, int], list[str], dict[int, tuple[str, bool]]]


def _from_tokenizer_json(path: Path) -> _Read:
    whole = read_json(path)
    model = whole.get("model")
    if not isinstance(model, dict) or model.get("type", "BPE") != "BPE":
        kind = model.get("type") if isinstance(model, dict) else None
        raise UnsupportedError(f"{path} has a tokenizer of type {kind!r}; GPT-J's is 'BPE'", {"path": str(path)})
    if "ByteLevel" not in _kinds(whole.get("pre_tokenizer")):
        raise UnsupportedError(f"{path} does not split texts into bytes as GPT-J does", {"path": str(path)})
    added: dict[int, tuple[str, bool]] = {}
    for entry in whole.get("added_tokens") or []:
        if not isinstance(entry, dict) or not isinstance(entry.get("content"), str):
            raise InvalidModelError(f"{path} has an added token without a text", {"path": str(path)})
        added[entry.get("id", -1)] = (entry["content"], bool(entry.get("special")))
    return _texts(model.get("vocab"), path), _merges(model.get("merges"), path), added


def _from_vocab_json(folder: Path) -> _Read:
    if not (folder / "vocab.json").is_file():
        raise ModelNotFoundError(f"{folder} has neither tokenizer.json nor vocab.json", {"path": str(folder)})
    pieces = _texts(read_json(folder / "vocab.json"), folder / "vocab.json")
    path = folder / "merges.txt"
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"{path} is missing, as is tokenizer.json", {"path": str(path)}) from error
    except ValueError as error:
        raise InvalidModelError(f"{path} is not UTF-8: {error}", {"path": str(path)}) from error
    merges = _merges([line for line in lines if line and not line.startswith("#version")], path)
    extra = folder / "added_tokens.json"
    added = {token: (text, False) for text, token in _texts(read_json(extra), extra).items()} if extra.is_file() else {}
    return pieces, merges, added


def _kinds(pre_tokenizer: Any) -> set[str]:
    """The types of a pre-tokenizer and of those that it is a sequence of."""
    if not isinstance(pre_tokenizer, dict):
        return set()
    inner = pre_tokenizer.get("pretokenizers")
    parts = inner if isinstance(inner, list) else []
    return {str(pre_tokenizer.get("type")), *(kind for part in parts for kind in _kinds(part))}


def _texts(value: Any, path: Path) -> dict[str, int]:
    if not isinstance(value, Mapping) or not value or not all(type(token) is int for token in value.values()):
        raise InvalidModelError(f"{path} has no table from tokens to their ids", {"path": str(path)})
    return dict(value)


def _merges(value: Any, path: Path) -> list[str]:
    """Both spellings of a merge: "left right", and since tokenizers 0.20 ["left", "right"]."""
    merges = []
    for entry in value if isinstance(value, list) else []:
        parts = entry.split(" ") if isinstance(entry, str) else entry
        if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(part, str) and part for part in parts):
            raise InvalidModelError(f"{path} has the merge {entry!r}, which is not a pair", {"path": str(path)})
        merges.append(" ".join(parts))
    if not merges:
        raise InvalidModelError(f"{path} has no merges", {"path": str(path)})
    return merges


def _id(token: Any, size: int, path: Path) -> int:
    if type(token) is not int or not 0 <= token < size:
        raise InvalidModelError(
            f"{path} has the id {token!r}; the model has ids from 0 to {size - 1}", {"path": str(path)}
        )
    return token

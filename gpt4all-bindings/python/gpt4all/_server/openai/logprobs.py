"""Log-probabilities as /v1/completions has them: four lists, an entry for each token in each."""

from __future__ import annotations

from typing import Any

Logprobs = dict[str, list[Any]]


def of_tokens(content: list[dict[str, Any]] | None, offset: int = 0) -> Logprobs | None:
    """Those of generated tokens, from the engine's. offset: how long the text before them is."""
    if content is None:
        return None
    return _listed(
        [_piece(token) for token in content],
        [token["logprob"] for token in content],
        [{_piece(top): top["logprob"] for top in token.get("top_logprobs", [])} for token in content],
        offset,
    )


def echoed(given: dict[str, Any]) -> Logprobs:
    """Those of a prompt's tokens, of which the first has none."""
    return _listed(
        [_piece(token) for token in given["tokens"]],
        [token["logprob"] for token in given["tokens"]],
        [
            None if token["logprob"] is None else {_piece(top): top["logprob"] for top in token["top"]}
            for token in given["tokens"]
        ],
        0,
    )


def merged(before: Logprobs, after: Logprobs | None) -> Logprobs:
    """Those of a prompt and of what was generated behind it."""
    if after is None:
        return before
    offsets = [length_of(before) + offset for offset in after["text_offset"]]
    return {name: [*values, *(offsets if name == "text_offset" else after[name])] for name, values in before.items()}


def length_of(logprobs: Logprobs | None) -> int:
    """Of the text that the tokens are."""
    return sum(len(token) for token in logprobs["tokens"]) if logprobs else 0


def _listed(tokens: list[str], logprobs: list[Any], top: list[Any], offset: int) -> Logprobs:
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token)
    return {"tokens": tokens, "token_logprobs": logprobs, "top_logprobs": top, "text_offset": offsets}


def _piece(token: dict[str, Any]) -> str:
    """A token's text, or its bytes in OpenAI's notation where they are no whole code points."""
    raw = bytes(token["bytes"])
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in raw)

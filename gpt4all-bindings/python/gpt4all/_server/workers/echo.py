"""How probable each token of a prompt is, and which would have been most probable: what no operation of the engine
gives in one, made of those that it has."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..._errors import InvalidArgumentError
from ..._model import Model
from ..._task import Event, Task

MOST = 20


class Echo:
    """The pseudo-operation "echo": {"prompt": text or tokens, "top": count} gives {"tokens": [{bytes, logprob, top}]}.

    The first token has no logprob unless the model begins texts with a special one, which is not told.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._pieces: dict[int, list[int]] = {}

    def result(self, request: dict[str, Any], started: Callable[[Task], None]) -> dict[str, Any]:
        """started: is given each task, so that it can be cancelled. Raises LLModelError."""
        top = request["top"]
        if not isinstance(top, int) or isinstance(top, bool) or not 0 <= top <= MOST:
            raise InvalidArgumentError(f"logprobs must be a number from 0 to {MOST}", {"path": "/logprobs"})
        prompt = request["prompt"]
        tokens = self._tokens(prompt, add_special=False)
        before = self._beginning(prompt, tokens)
        self._look_up(tokens)
        unpredicted = tokens[: 0 if before else 1]  # nothing stands before it
        told = [self._token(token, None, []) for token in unpredicted]
        following = tokens[len(unpredicted) :]
        if following:
            request = {"context": before or unpredicted, "continuations": [following]}
            task = self._model.submit("score", {**request, "logprob_rows": "continuation"})
            started(task)
            rows = self._rows(task, max(top, 1))
            self._look_up(token for row in rows for token, _ in row)
            logprobs = task.answer["continuations"][0]["token_logprobs"]
            told += [self._token(*each) for each in zip(following, logprobs, rows, strict=True)]
        if isinstance(prompt, str):
            _drop_added_space(prompt, told)
        return {"tokens": told}

    def _beginning(self, prompt: Any, tokens: list[int]) -> list[int]:
        """The special token with which the model's texts begin, if they do."""
        if not isinstance(prompt, str):
            return []
        with_special = self._tokens(prompt, add_special=True)
        return with_special[:1] if with_special[1 : 1 + len(tokens)] == tokens else []

    def _tokens(self, prompt: Any, add_special: bool) -> list[int]:
        with self._model.submit("tokenize", {"content": prompt, "add_special": add_special}) as task:
            tokens: list[int] = task.result()["tokens"]
            return tokens

    def _rows(self, task: Task, top: int) -> list[list[tuple[int, float]]]:
        """The most probable tokens of each position; rows are dropped as they come, since one has the whole
        vocabulary."""
        rows: dict[int, list[tuple[int, float]]] = {}
        for item in task.items():
            if isinstance(item, Event) and item.kind == "logprobs":
                rows[item.index] = _largest(item.data, top)
                task.forget_floats()
        return [rows[index] for index in sorted(rows)]

    def _token(self, token: int, logprob: float | None, top: Sequence[tuple[int, float]]) -> dict[str, Any]:
        return {
            "bytes": self._pieces[token],
            "logprob": _finite(logprob),
            "top": [{"bytes": self._pieces[other], "logprob": _finite(value)} for other, value in top],
        }

    def _look_up(self, tokens: Iterable[int]) -> None:
        """Sees that the bytes of these tokens are known."""
        unknown = sorted(set(tokens) - self._pieces.keys())
        if not unknown:
            return
        with self._model.submit("tokenize", {"content": unknown, "with_pieces": True}) as task:
            for token in task.result()["tokens"]:
                piece = token["piece"]
                self._pieces[token["id"]] = list(piece.encode("utf-8")) if isinstance(piece, str) else piece


def _finite(logprob: float | None) -> float | None:
    """JSON has no infinity."""
    return logprob if logprob is None or math.isfinite(logprob) else -1e30


def _drop_added_space(prompt: str, told: list[dict[str, Any]]) -> None:
    """SentencePiece puts a space before a text, which belongs to no prompt."""
    if told and told[0]["bytes"][:1] == [32] and not prompt.startswith(" "):
        told[0]["bytes"] = told[0]["bytes"][1:]


def _largest(row: Sequence[float], count: int) -> list[tuple[int, float]]:
    if count == 1:
        most = max(row)
        return [(row.index(most), most)]
    return heapq.nlargest(count, enumerate(row), key=lambda item: item[1])

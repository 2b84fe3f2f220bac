"""Runs the cases of the conformance corpus, as the README.md describes, on the Python binding."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import gpt4all
from gpt4all import Event, LLModelError, Model, ModelNotFoundError, Session, Status, Task, models

from .expectations import Outcome
from .places import Json, committed_models, manifest


class MissingModelError(Exception):
    """A model that is not part of the repository cannot be had."""


@lru_cache
def model_path(name: str) -> Path:
    """The file of a model of models.json, got if need be, after a look at its size and SHA-256.

    Raises MissingModelError.
    """
    entry: Json = manifest()["models"][name]
    try:
        path = models.resolve(entry["file"]) if "source" in entry else committed_models() / entry["file"]
    except (models.DownloadError, ModelNotFoundError) as error:
        raise MissingModelError(f"{entry['file']} is not available: {error}") from error
    data = path.read_bytes()
    if (len(data), hashlib.sha256(data).hexdigest()) != (entry["size"], entry["sha256"]):
        raise ValueError(
            f"{path} is not the file that models.json describes; `gpt4all verify` tells whether it is damaged"
        )
    return path


class Case:
    """A case that runs: its model, its sessions and the outcomes of its steps so far."""

    def __init__(self, case: Json, scratch: Path) -> None:
        self._places = {"${models}": committed_models().as_posix(), "${scratch}": scratch.as_posix()}
        self._steps: list[Json] = self._fill(case["steps"])
        self._path = model_path(case["model"])
        self._model: Model | None = None
        self._sessions: dict[str, Session] = {}
        self.outcomes: list[Outcome] = []

    def run(self) -> Iterator[tuple[Json, Outcome]]:
        """Does one step after the other, and gives each with its outcome."""
        try:
            for step in self._steps:
                work: Callable[[Json], Outcome] = getattr(self, "_" + step["do"])
                self.outcomes.append(work(step))
                yield step, self.outcomes[-1]
        finally:
            self._close({})

    def _fill(self, value: Any) -> Any:
        """Puts folders in the places of ${models} and ${scratch}."""
        if isinstance(value, dict):
            return {key: self._fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self._fill(item) for item in value]
        if isinstance(value, str):
            for name, folder in self._places.items():
                value = value.replace(name, folder)
        return value

    def _open(self, step: Json) -> Outcome:
        self._close({})

        def work() -> gpt4all.types.InspectResult:
            self._model = Model(step.get("path", self._path), **step["options"])
            return self._model.info()

        return attempt(work)

    def _inspect(self, step: Json) -> Outcome:
        return attempt(lambda: gpt4all.inspect(step.get("path", self._path), **step["options"]))

    def _quantize(self, step: Json) -> Outcome:
        path = step.get("path", self._path)
        return attempt(lambda: gpt4all.quantize(path, step["out_path"], **step["options"]))

    def _close(self, _: Json) -> Outcome:
        if self._model is not None:
            self._model.close()
        return {"status": "ok"}

    def _save_state(self, step: Json) -> Outcome:
        return attempt(lambda: self._opened().save_state(step["path"], **step["request"]))

    def _restore_state(self, step: Json) -> Outcome:
        return attempt(lambda: self._opened().restore_state(step["path"], **step["request"]))

    def _statuses(self, _: Json) -> Outcome:
        return {"status": "ok", "result": {status.name.lower(): int(status) for status in Status}}

    def _request(self, step: Json) -> Outcome:
        return self._submit(step)()

    def _together(self, step: Json) -> Outcome:
        readers = [self._submit(call) for call in step["requests"]]
        with ThreadPoolExecutor(len(readers)) as pool:
            return [outcome.result() for outcome in [pool.submit(reader) for reader in readers]]

    def _say(self, step: Json) -> Outcome:
        session = self._sessions.get(step["session"])
        if session is None:
            session = self._sessions[step["session"]] = Session(self._opened(), system=step.get("system"))
        session.model = self._opened()
        return attempt(lambda: session.chat(step["content"], **step["request"]).raw)

    def _fork(self, step: Json) -> Outcome:
        self._sessions[step["to"]] = self._sessions[step["session"]].fork()
        return {"status": "ok"}

    def _opened(self) -> Model:
        assert self._model is not None, "the case has no open step, or it failed"
        return self._model

    def _submit(self, call: Json) -> Callable[[], Outcome]:
        """Submits a request at once, and returns what reads its events to the end."""
        events: list[Event] = []
        try:
            task = self._opened().submit(call["operation"], call["request"])
        except LLModelError as error:
            outcome = failure(error)
            return lambda: outcome
        if "poll" in call:
            events += [event for event in (task.next(), task.next(0)) if event is not None]
        polled = {"poll_status": "ok" if len(events) == 2 else "timeout"} if "poll" in call else {}
        return lambda: {**polled, **read(task, events, call.get("cancel_after"))}


def attempt(work: Callable[[], Any]) -> Outcome:
    try:
        return {"status": "ok", "result": work()}
    except LLModelError as error:
        return failure(error)


def failure(error: LLModelError) -> Outcome:
    return {"status": error.status.name.lower(), "message": str(error), "detail": error.detail}


def read(task: Task, read_before: list[Event], cancel_after: int | None) -> Outcome:
    """The outcome of a request; its events must keep the rules that hold for every request."""
    pieces: dict[tuple[str, int], list[str]] = {}
    calls: dict[tuple[int, int], list[Json]] = {}
    tokens: dict[int, list[Json]] = {}
    kinds: list[str] = []
    if cancel_after == 0:
        task.cancel()
    outcome: Json = {"status": "ok"}
    try:
        for event in chain(read_before, task):
            kinds.append(event.kind)
            if event.kind in ("text", "reasoning"):
                pieces.setdefault((event.kind, event.index), []).append(event.data)
                if kinds.count("text") == cancel_after:
                    task.cancel()
            elif event.kind == "tool_call":
                calls.setdefault((event.index, event.data["index"]), []).append(event.data)
            elif event.kind == "token_logprobs":
                tokens.setdefault(event.index, []).extend(event.data["content"])
    except LLModelError as error:
        return failure(error)
    assert kinds[0] == "started", "the first event is not started"
    assert kinds[-2:] == ["result", "done"], "the last two events are not the result and done"
    assert kinds.count("result") == kinds.count("done") == 1, "the result or done came more than once"
    outcome["result"] = task.answer
    if task.floats:
        outcome["floats"] = [list(floats) for floats in task.floats]
    for choice in task.answer.get("choices", []):
        message = choice.get("message", {"content": choice.get("text")})
        for kind, key in (("text", "content"), ("reasoning", "reasoning_content")):
            joined = "".join(pieces.get((kind, choice["index"]), []))
            assert joined == (message.get(key) or ""), f"the pieces of {kind} do not join to what the result has"
        told = choice.get("logprobs", {"content": []})["content"]
        assert tokens.get(choice["index"], []) == told, "the log-probabilities do not join to what the result has"
        for number, call in enumerate(message.get("tool_calls", [])):
            parts = [part.get("function", {}) for part in calls[choice["index"], number]]
            joined_call = {key: "".join(part.get(key, "") for part in parts) for key in ("name", "arguments")}
            assert joined_call == call["function"], "the pieces of a tool call do not join to what the result has"
    return outcome

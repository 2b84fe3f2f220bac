"""Whatever is given that a function cannot take, it says so with an LLModelError."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from gpt4all import GPT4All, LLModelError, Model, Session, Tool, models


def weather(city: str) -> str:
    return city


@dataclasses.dataclass
class City:
    name: str


circle: list[Any] = []
circle.append(circle)
nested: list[Any] = []
for _ in range(100_000):
    nested = [nested]

NO_TEXT: Any = b"4"  # in place of None where that may be given

WRONG: dict[str, Any] = {
    "bytes": b"abc",
    "a set": {"a", "b"},
    "an object": City("Rome"),
    "a class": City,
    "a function": print,
    "NaN": float("nan"),
    "a circle": circle,
    "very deep": nested,
    "a lone surrogate": "caf\udce9",
    "a huge integer": 10**30,
    "a complex number": 1j,
    "a list of bytes": [b"abc"],
    "a dict with numbers as keys": {1: 2},
    "nothing": None,
    "a number": 3.5,
    "a number without end": 10**5000,
    "a NUL": "a\0b",
    "a long name": "x" * 5000,
}


def _unwritable(wrong: Any) -> Any:
    """What is a path after all, in a folder that is not there."""
    return os.path.join("no-such-folder", os.fsdecode(wrong)) if isinstance(wrong, (str, bytes)) else wrong


CALLS: dict[str, Callable[[Model, Any], Any]] = {
    "chat": lambda model, wrong: model.chat(wrong, max_tokens=1),
    "chat with a content": lambda model, wrong: model.chat([{"role": "user", "content": wrong}], max_tokens=1),
    "chat with a schema": lambda model, wrong: model.chat("x", response_format=wrong, max_tokens=1),
    "chat with tools": lambda model, wrong: model.chat("x", tools=wrong, max_tokens=1),
    "chat with one tool": lambda model, wrong: model.chat("x", tools=[wrong], max_tokens=1),
    "chat with an option": lambda model, wrong: model.chat("x", stop=wrong, max_tokens=1),
    "complete": lambda model, wrong: model.complete(wrong, max_tokens=1),
    "infill": lambda model, wrong: model.infill(wrong, "x", max_tokens=1),
    "embed": lambda model, wrong: model.embed(wrong),
    "rerank": lambda model, wrong: model.rerank("x", wrong),
    "score": lambda model, wrong: model.score("x", wrong),
    "score_batch": lambda model, wrong: model.score_batch(wrong),
    "score_batch with an input": lambda model, wrong: model.score_batch([("x", wrong)]),
    "tokenize": lambda model, wrong: model.tokenize(wrong),
    "detokenize": lambda model, wrong: model.detokenize(wrong),
    "apply_template": lambda model, wrong: model.apply_template(wrong),
    "count_tokens": lambda model, wrong: model.count_tokens(wrong),
    "adapters": lambda model, wrong: model.adapters(wrong),
    "run_tools": lambda model, wrong: model.run_tools(wrong, [print], max_tokens=1),
    "save_state": lambda model, wrong: model.save_state(_unwritable(wrong)),
    "restore_state": lambda model, wrong: model.restore_state(wrong),
    "submit": lambda model, wrong: model.submit("chat", wrong),
    "Session": lambda model, wrong: Session(model).chat(wrong, max_tokens=1),
    "Session.load": lambda model, wrong: Session.load(wrong, model),
    "Session.save": lambda model, wrong: Session(model).save(_unwritable(wrong)),
    "Tool": lambda _, wrong: Tool(wrong),
    "Model": lambda _, wrong: Model(wrong),
    "Model with an option": lambda model, wrong: Model(model.path, n_ctx=wrong),
    "inspect": lambda _, wrong: gpt4all.inspect(wrong),
    "quantize": lambda _, wrong: gpt4all.quantize(wrong, "out.gguf", type="Q8_0"),
    "convert": lambda _, wrong: gpt4all.convert(wrong, "out.gguf"),
    "imatrix": lambda _, wrong: gpt4all.imatrix(wrong, "out.gguf", text="x"),
    "run_tools with max_rounds": lambda model, wrong: model.run_tools("x", [print], max_rounds=wrong, max_tokens=1),
    "an operation": lambda model, wrong: model.submit(wrong, {}),
    "undo": lambda model, wrong: Session(model).undo(wrong),
    "a session's model": lambda _, wrong: Session(wrong),
    "a session's messages": lambda model, wrong: Session(model, messages=wrong),
    "a tool's name": lambda _, wrong: Tool(weather, name=wrong) if wrong else Tool(wrong),
    "GPT4All": lambda _, wrong: GPT4All(wrong, allow_download=False),
    "GPT4All's folder": lambda _, wrong: GPT4All("x.gguf", model_path=wrong or "none", allow_download=False),
    "GPT4All's device": lambda model, wrong: GPT4All(model.path, device=wrong or NO_TEXT).close(),
    "GPT4All's layers": lambda model, wrong: GPT4All(model.path, ngl=wrong).close(),
    "GPT4All's threads": lambda model, wrong: GPT4All(model.path, n_threads=wrong or NO_TEXT).close(),
    "generate with temp": lambda model, wrong: _old(model).generate("x", temp=wrong, max_tokens=1),
    "generate with top_k": lambda model, wrong: _old(model).generate("x", top_k=wrong, max_tokens=1),
    "generate with repeat_last_n": lambda model, wrong: _old(model).generate("x", repeat_last_n=wrong, max_tokens=1),
    "a chat session's template": lambda model, wrong: _enter(_old(model).chat_session("", wrong or NO_TEXT)),
    "a chat session's system message": lambda model, wrong: _enter(_old(model).chat_session(wrong or NO_TEXT, "{0}")),
    "a chat session's history": lambda model, wrong: _remember(_old(model), wrong),
    "edit": lambda model, wrong: Session(model, messages=[{"role": "user", "content": "x"}]).edit(wrong, "y"),
    "models.resolve": lambda _, wrong: models.resolve(wrong, allow_download=False),
    "models.find": lambda _, wrong: models.find(wrong),
    "models.pull": lambda _, wrong: models.pull(wrong, offline=True),
    "models.prune": lambda _, wrong: models.prune(folder="none", older_than_seconds=wrong),
    "models.list_cached": lambda _, wrong: models.list_cached(folder=wrong),
}


def _old(model: Model) -> GPT4All:
    return GPT4All(model.path, n_ctx=128, n_threads=1)


def _enter(session: contextlib.AbstractContextManager[object]) -> None:
    with session:
        pass


def _remember(model: GPT4All, history: Any) -> None:
    with model.chat_session("", "{0}"):
        model.current_chat_session = history


@pytest.mark.parametrize("name", CALLS)
def test_wrong_values_are_refused_by_an_llmodel_error(
    name: str, tiny: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = 0
    for what, wrong in WRONG.items():
        try:
            CALLS[name](tiny, wrong)
        except LLModelError:  # noqa: PERF203 - each is to fail
            refused += 1
        except Exception as error:
            pytest.fail(f"{name} with {what}: {type(error).__name__}: {error}")
    assert refused >= 5
    assert not list(tmp_path.iterdir())


def test_what_is_a_sequence_may_be_any(tiny: Model) -> None:
    message = {"role": "user", "content": "hello"}
    asked = tiny.count_tokens([message])
    assert tiny.count_tokens(each for each in [message]) == asked
    assert tiny.chat((each for each in [message]), max_tokens=1).usage["prompt_tokens"] == asked
    assert tiny.detokenize(range(300, 305)) == tiny.detokenize(list(range(300, 305)))
    assert tiny.complete(iter([300, 301]), max_tokens=1).usage["prompt_tokens"] == 2
    assert len(tiny.embed(text for text in ("a", "b"))) == 2


@pytest.mark.parametrize("missing", ["folder", "file"])
def test_files_of_sessions_that_are_not_there(tiny: Model, tmp_path: Path, missing: str) -> None:
    path = tmp_path / ("no-folder/s.json" if missing == "folder" else "s.json")
    with pytest.raises(gpt4all.ModelNotFoundError) as caught:
        Session.load(path, tiny)
    assert str(path) in str(caught.value)
    if missing == "folder":
        with pytest.raises(gpt4all.ModelNotFoundError):
            Session(tiny).save(path)
    path = tmp_path / "folder.json"
    path.mkdir()
    with pytest.raises(gpt4all.LLModelIOError):
        Session.load(path, tiny)
    with pytest.raises(gpt4all.InvalidArgumentError, match="not a regular file"):
        Session(tiny).save(path)
    assert list(tmp_path.iterdir()) == [path]


def test_damaged_files_of_sessions(tiny: Model, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    Session(tiny, messages=[{"role": "user", "content": "x"}]).save(path)
    whole = json.loads(path.read_text(encoding="utf-8"))
    damaged = [{**whole, key: None} for key in whole if key != "state"]
    required = [key for key in whole if key != "state"]
    damaged += [{key: value for key, value in whole.items() if key != left_out} for left_out in required]
    damaged += [{**whole, "messages": ["x"]}, {**whole, "state": 3}, {}]
    texts = [json.dumps(each).encode() for each in damaged] + [b"", b"\xff", b"[" * 100_000, path.read_bytes()[:-5]]
    for text in texts:
        path.write_bytes(text)
        with pytest.raises(gpt4all.InvalidArgumentError, match="session"):
            Session.load(path, tiny)

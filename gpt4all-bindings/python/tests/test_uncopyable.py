"""What belongs to a process can be neither pickled nor copied, and says what to do instead."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

import gpt4all
from gpt4all import AsyncModel, LLModelError, Model, Session

WAYS: list[Callable[[Any], Any]] = [pickle.dumps, copy.copy, copy.deepcopy]


@pytest.mark.parametrize("way", WAYS, ids=["pickle", "copy", "deepcopy"])
def test_handles_are_neither_pickled_nor_copied(tiny: Model, way: Callable[[Any], Any]) -> None:
    task = tiny.submit("tokenize", {"content": "x"})
    stream = tiny.chat("x", stream=True, max_tokens=1)
    for value, hint in (
        (tiny, "open it in every process"),
        (AsyncModel(tiny), "belongs to the process"),
        (Session(tiny), "save()"),
        (task, "belongs to the process"),
        (stream, "belongs to the process"),
    ):
        with pytest.raises(gpt4all.UnsupportedError, match=type(value).__name__) as caught:
            way(value)
        assert hint in str(caught.value)
    task.close()
    stream.close()


def test_errors_and_answers_are_pickled(tiny: Model) -> None:
    with pytest.raises(LLModelError) as caught:
        tiny.chat("x", temperature=-1)
    error = pickle.loads(pickle.dumps(caught.value))
    assert (type(error), str(error), error.detail) == (type(caught.value), str(caught.value), caught.value.detail)
    answer = tiny.chat("x", max_tokens=2, temperature=0)
    assert pickle.loads(pickle.dumps(answer)).text == answer.text
    assert copy.deepcopy(answer).raw == answer.raw

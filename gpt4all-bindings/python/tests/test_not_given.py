"""None, and messages as OpenAI's clients dump them: what they hold and is null counts as not given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import gpt4all
from gpt4all import Model, types

DUMPED: dict[str, Any] = {
    "role": "assistant",
    "content": "Hi",
    "refusal": None,
    "annotations": [],
    "audio": None,
    "function_call": None,
    "tool_calls": None,
}
USER: dict[str, Any] = {"role": "user", "content": "x"}


@pytest.mark.parametrize("option", sorted(types.ChatOptions.__annotations__))
def test_an_option_that_is_none(tiny: Model, option: str) -> None:
    given: Any = {"max_tokens": 2, "temperature": 0} | {option: None}
    if option == "max_tokens":
        given["ignore_eos"], given["stop"] = False, ["e"]
    assert tiny.chat([USER], **given).finish_reason in ("stop", "length")


def test_other_operations(tiny: Model) -> None:
    plain = tiny.complete("x", max_tokens=3, temperature=0).text
    assert tiny.complete("x", max_tokens=3, temperature=0, logprobs=None, stop=None, grammar=None).text == plain
    assert tiny.tokenize("x", add_special=None) == tiny.tokenize("x")


def test_an_option_of_opening(tiny_path: Path) -> None:
    with Model(tiny_path, n_ctx=None, device=None, chat_template=None) as model:
        assert model.chat([USER], max_tokens=1).usage["completion_tokens"] == 1


def test_a_dumped_message(tiny: Model) -> None:
    bare = {"role": "assistant", "content": "Hi"}
    assert tiny.apply_template([USER, DUMPED, USER]) == tiny.apply_template([USER, bare, USER])
    assert tiny.chat([USER, DUMPED, USER], max_tokens=1).text is not None


def test_a_refusal_is_what_was_said(tiny: Model) -> None:
    refused = {**DUMPED, "content": None, "refusal": "Never."}
    assert "Never." in tiny.apply_template([USER, refused, USER])


def test_what_must_be_given(tiny: Model) -> None:
    with pytest.raises(gpt4all.InvalidArgumentError, match="content"):
        tiny.chat([{"role": "user", "content": None}], max_tokens=1)
    misspelt: Any = {"temprature": None}
    with pytest.raises(gpt4all.InvalidArgumentError, match="temprature"):
        tiny.chat([USER], **misspelt)

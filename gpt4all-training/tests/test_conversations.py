"""The shapes of rows that are known, and what makes a row none of them."""

from __future__ import annotations

import pytest

from gpt4all_training.curate.conversations import MalformedError, conversation_of
from gpt4all_training.curate.settings import Columns


def by(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


PAIR = (("user", "Q"), ("assistant", "A"))


@pytest.mark.parametrize(
    ("row", "messages"),
    [
        ({"prompt": " Q ", "response": "A\r\n"}, PAIR),
        ({"prompt": "Q", "completion": "A", "source": 3}, PAIR),
        ({"instruction": "Q", "input": "", "output": "A"}, PAIR),
        ({"instruction": "Q", "input": "C", "output": "A"}, (("user", "Q\n\nC"), ("assistant", "A"))),
        ({"instruction": "Q", "context": "C", "response": "A"}, (("user", "Q\n\nC"), ("assistant", "A"))),
        ({"system_prompt": "S", "question": "Q", "response": "A"}, (("system", "S"), *PAIR)),
        ({"system_prompt": "", "question": "Q", "response": "A"}, PAIR),
        ({"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]}, PAIR),
        ({"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}, PAIR),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "Q"}]}, by("model", "A")]},
            PAIR,
        ),
        (
            {
                "conversation": [
                    by("system", "S"),
                    by("gpt", "Hi"),
                    by("human", "Q"),
                    by("gpt", "A"),
                    by("human", "Thanks"),
                ]
            },
            (("system", "S"), *PAIR),
        ),
    ],
)
def test_known_shapes(row: object, messages: object) -> None:
    assert conversation_of(row, "auto").messages == messages


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("text", "it is text"),
        (None, "it is null"),
        ([], "it is a list"),
        ({}, "columns are none"),
        ({"prompt": "Q"}, "columns are prompt"),
        ({"prompt": "Q", "response": None}, "no text in response"),
        ({"prompt": "Q", "response": 5}, "response is a number"),
        ({"prompt": "Q", "response": b"A"}, "response is bytes"),
        ({"messages": [by("user", "Q"), {"role": "model", "content": [{"type": "text"}]}]}, "content is a list"),
        ({"messages": "Q"}, "not a list"),
        ({"messages": []}, "no answer"),
        ({"messages": [{"role": "user", "content": "Q"}]}, "no answer"),
        ({"messages": ["Q"]}, "a message is text"),
        ({"messages": [{"role": "tool", "content": "Q"}]}, "by 'tool'"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "content is a list"),
        ({"messages": [by("user", "Q"), by("user", "Q"), by("assistant", "A")]}, "message 2 is the user's"),
        ({"messages": [{"role": {}, "content": "Q"}]}, "by"),
    ],
)
def test_what_is_no_conversation(row: object, says: str) -> None:
    with pytest.raises(MalformedError, match=says):
        conversation_of(row, "auto")


def test_columns_by_their_paths() -> None:
    row = {"task": {"q": "Q"}, "instances": [{"input": "C", "output": "A"}], "a.b": "dotted"}
    columns = Columns(prompt="task.q", context="instances.0.input", response="instances.0.output", system="a.b")
    found = conversation_of(row, columns).messages
    assert found == (("system", "dotted"), ("user", "Q\n\nC"), ("assistant", "A"))
    for wrong in ("instances.1.output", "instances.x", "task.q.z", "none"):
        with pytest.raises(MalformedError, match="no text in"):
            conversation_of(row, Columns(prompt="task.q", response=wrong))

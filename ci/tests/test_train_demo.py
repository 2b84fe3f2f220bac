"""The questions of `make train-demo` are made of the schema as it is."""

from __future__ import annotations

from ci.train_demo import questions


def test_each_key_is_asked_for_once() -> None:
    asked = list(questions())
    prompts = [each["prompt"] for each in asked]
    assert len(prompts) == len(set(prompts)) > 200
    assert "What is top_k of sampling in GPT4All?" in prompts
    assert all(len(each["response"]) > 1 for each in asked)

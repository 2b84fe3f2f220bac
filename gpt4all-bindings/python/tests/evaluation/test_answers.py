"""Answers that are kept: what a process that was killed leaves, and what must not be mixed."""

from __future__ import annotations

from pathlib import Path

import pytest

import gpt4all
from gpt4all.evaluation._answers import Answers, key_of

WHOSE = {"model": "a", "lm_eval": "0.4.13"}


def test_they_are_there_the_next_time(tmp_path: Path) -> None:
    path = tmp_path / "new" / "answers.jsonl"
    with Answers(path, WHOSE) as answers:
        answers.keep([("one", [-1.5, True]), ("two", "text")])
        answers.keep([("three", -0.25)])
    with Answers(path, WHOSE) as answers:
        assert [answers.get(key) for key in ("one", "two", "three", "four")] == [[-1.5, True], "text", -0.25, None]
        assert len(answers) == 3


def test_every_torn_end_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with Answers(path, WHOSE) as answers:
        answers.keep([("one", 1.0), ("two", 2.0)])
    whole = path.read_bytes()
    kept = {whole.rfind(b"\n", 0, len(whole) - 1) + 1: 1, len(whole): 2}
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        with Answers(path, WHOSE) as answers:
            known = sum(answers.get(key) is not None for key in ("one", "two"))
            answers.keep([("three", 3.0)])
        assert known == max((count for end, count in kept.items() if end <= length), default=0)
        with Answers(path, WHOSE) as answers:
            assert answers.get("three") == 3.0
            assert len(answers) == known + 1


def test_those_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.jsonl"
    with Answers(path, WHOSE) as answers:
        answers.keep([("one", 1.0)])
    before = path.read_bytes()
    with pytest.raises(gpt4all.InvalidArgumentError, match="another model"), Answers(path, {**WHOSE, "model": "b"}):
        pass
    assert path.read_bytes() == before
    with Answers(path, WHOSE), pytest.raises(gpt4all.InvalidArgumentError, match="in use"), Answers(path, WHOSE):
        pass
    with Answers(path, WHOSE) as answers:  # the refused ones have left the lock
        assert answers.get("one") == 1.0


@pytest.mark.parametrize("line", ["[]", "{", '{"key": 1}', "[" * 100_000, "\x00"])
def test_damage_is_told_with_its_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "answers.jsonl"
    with Answers(path, WHOSE) as answers:
        answers.keep([("one", 1.0)])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], line, lines[1]]) + "\n")
    with pytest.raises(gpt4all.LLModelIOError, match="line 2"), Answers(path, WHOSE):
        pass
    path.write_text("7\n")
    with pytest.raises(gpt4all.LLModelIOError, match="line 1"), Answers(path, WHOSE):
        pass


def test_keys_tell_questions_apart() -> None:
    asked = [
        ("a", [1, 2], [3]),
        ("a", [1], [2, 3]),
        ("b", [1, 2], [3]),
        ("a", [1, 2], {"x": 1}),
        ("a", [1, 2], {"x": 2}),
    ]
    assert len({key_of(*each) for each in asked}) == len(asked)
    assert key_of("a", {"x": 1, "y": 2}) == key_of("a", {"y": 2, "x": 1})

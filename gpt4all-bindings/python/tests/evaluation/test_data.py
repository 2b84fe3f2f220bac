"""Folders of JSONL files: which file is taken, what becomes of its rows, and what is said of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gpt4all.evaluation import TaskDataError
from gpt4all.evaluation._data import read

from .made_up import ROWS, write_rows

PUBLISHED: dict[str, dict[str, Any]] = {
    "boolq": {"passage": "The old mill stands by the river.", "question": "is the mill by the sea", "label": 0},
    "piqa": {
        "goal": "How to dry a cup?",
        "sol1": "Rub it with a towel.",
        "sol2": "Fill it with water again.",
        "label": 0,
    },
    "hellaswag": {
        "activity_label": "Baking",
        "ctx_a": "A man kneads the dough. Then",
        "ctx_b": "",
        "endings": ["he sings.", "he puts it in a tin.", "it rains.", "a dog."],
        "label": 1,
    },
    "winogrande": {
        "sentence": "The key did not fit the lock as the _ was bent.",
        "option1": "key",
        "option2": "lock",
        "answer": "1",
    },
    "arc_easy": {
        "question": "What do bees make?",
        "choices": {"text": ["honey", "iron", "glass", "salt"], "label": ["A", "B", "C", "D"]},
        "answerKey": "A",
    },
    "arc_challenge": {
        "question": "What pulls a stone down?",
        "choices": {"text": ["light", "gravity", "sound"], "label": ["A", "B", "C"]},
        "answerKey": "B",
    },
    "openbookqa": {
        "question_stem": "A lamp gives",
        "choices": {"text": ["light", "milk", "wool", "rain"], "label": ["A", "B", "C", "D"]},
        "answerKey": "A",
    },
}


@pytest.mark.parametrize("task", ROWS)
def test_the_common_form_becomes_the_publishers(data: Path, task: str) -> None:
    found = read(data, task)
    assert found.rows[0] == PUBLISHED[task]
    assert len(found.rows) == len(ROWS[task])
    assert found.path.name == f"{task}.made_up.jsonl"


@pytest.mark.parametrize("task", ROWS)
def test_the_publishers_form_is_taken_as_it_is(tmp_path: Path, task: str) -> None:
    write_rows(tmp_path / f"{task}.jsonl", [{**PUBLISHED[task], "idx": 7}])
    assert read(tmp_path, task).rows == [PUBLISHED[task]]


def test_rows_of_other_tasks_are_left_alone(tmp_path: Path) -> None:
    write_rows(tmp_path / "lambada_openai.jsonl", [{"text": "a b c", "more": [1]}])
    assert read(tmp_path, "lambada_openai").rows == [{"text": "a b c", "more": [1]}]


def test_examples_are_in_a_file_of_their_own(data: Path) -> None:
    write_rows(data / "boolq.train.jsonl", [ROWS["boolq"][1]])
    assert len(read(data, "boolq").rows) == 3
    assert len(read(data, "boolq", "train").rows) == 1
    with pytest.raises(TaskDataError, match=r"piqa\.train\.jsonl"):
        read(data, "piqa", "train")


@pytest.mark.parametrize(
    ("task", "change", "words"),
    [
        ("boolq", {"choices": ["yes", "no"]}, "no, yes"),
        ("boolq", {"label": 2}, "from 0 to 1"),
        ("boolq", {"label": "1"}, "'1'"),
        ("boolq", {"question": None}, "`question`"),
        ("piqa", {"choices": ["one"]}, "1 texts in place of 2"),
        ("piqa", {"choices": "ab"}, "no list of texts"),
        ("hellaswag", {"context": "no colon"}, "colon"),
        ("winogrande", {"context": "no gap"}, "gap"),
        ("arc_easy", {"choice_labels": ["A"]}, "differ in length"),
    ],
)
def test_rows_that_do_not_suit_are_told(tmp_path: Path, task: str, change: dict[str, Any], words: str) -> None:
    good = ROWS[task][0]
    path = write_rows(tmp_path / f"{task}.jsonl", [good, {**good, **change}])
    with pytest.raises(TaskDataError, match=words) as caught:
        read(tmp_path, task)
    assert f"row 2 of {path}" in str(caught.value)
    assert caught.value.detail["row"] == 2


def test_columns_that_are_missing_are_named(tmp_path: Path) -> None:
    write_rows(tmp_path / "piqa.jsonl", [{"prompt": "?"}])
    with pytest.raises(TaskDataError, match=r"goal, sol1, sol2, label.*'choices'.*it has prompt"):
        read(tmp_path, "piqa")


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "[1]", '"x"', b"\xff".decode("latin-1")])
def test_what_is_no_json_object_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "piqa.jsonl").write_text(json.dumps(ROWS["piqa"][0]) + "\n" + text + "\n", encoding="latin-1")
    with pytest.raises(TaskDataError, match="line 2"):
        read(tmp_path, "piqa")


def test_files_that_are_not_there_or_too_many(tmp_path: Path, data: Path) -> None:
    with pytest.raises(TaskDataError, match="no folder"):
        read(tmp_path / "nowhere", "boolq")
    with pytest.raises(TaskDataError, match=r"has no mmlu\.jsonl.*arc_challenge\.made_up\.jsonl"):
        read(data, "mmlu")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TaskDataError, match=r"no \.jsonl file at all"):
        read(tmp_path / "empty", "boolq")
    write_rows(data / "boolq.jsonl", ROWS["boolq"])
    with pytest.raises(TaskDataError, match=r"several files for boolq: boolq\.jsonl, boolq\.made_up\.jsonl"):
        read(data, "boolq")
    (data / "piqa.made_up.jsonl").write_text("\n")
    with pytest.raises(TaskDataError, match="no rows"):
        read(data, "piqa")

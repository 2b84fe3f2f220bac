"""The columns of the seven tasks, as their publishers have them, and in the one form of a folder of samples."""

from __future__ import annotations

import pytest

from gpt4all_training.curate.tasks import TASKS, texts_of

CHOICES = {"text": ["in a barn", "in a tree"], "label": ["A", "B"]}


@pytest.mark.parametrize(
    ("task", "item", "texts"),
    [
        ("boolq", {"question": "is it", "answer": True, "passage": "It is."}, {"is it", "It is."}),
        ("piqa", {"goal": "bake", "sol1": "use ice", "sol2": "use heat", "label": 1}, {"bake", "use ice", "use heat"}),
        ("hellaswag", {"ctx": "He runs", "endings": ["home.", "away."], "ind": 3}, {"He runs", "home.", "away."}),
        ("winogrande", {"sentence": "The _ is wet.", "option1": "cat", "option2": "dog"}, {"The _ is wet."}),
        ("arc_easy", {"id": "M1", "question": "Where?", "choices": CHOICES}, {"Where?", "in a barn", "in a tree"}),
        (
            "arc_challenge",
            {"question": {"stem": "Where?", "choices": [{"text": "in a barn", "label": "A"}]}, "answerKey": "A"},
            {"Where?", "in a barn"},
        ),
        ("openbookqa", {"question_stem": "Owls sleep", "choices": CHOICES}, {"Owls sleep", "in a barn", "in a tree"}),
    ],
)
def test_publishers_columns(task: str, item: object, texts: set[str]) -> None:
    assert set(texts_of(item, task)) == texts


@pytest.mark.parametrize("task", TASKS)
def test_the_one_form(task: str) -> None:
    item = {"id": "1", "context": "It rains.", "question": "Is it wet?", "choices": ["no", "yes"], "label": 1}
    assert texts_of(item, task) == ["It rains.", "Is it wet?", "no", "yes"]


@pytest.mark.parametrize("item", [None, 5, "text", [], {"question": None, "choices": 7}])
def test_what_is_no_item(item: object) -> None:
    assert texts_of(item, "boolq") == []

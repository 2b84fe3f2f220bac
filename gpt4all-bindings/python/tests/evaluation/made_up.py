"""Made-up data for each of the seven tasks: none of it is from the published sets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

LETTERS = ["A", "B", "C", "D"]
ROWS: Mapping[str, list[dict[str, Any]]] = {
    "boolq": [
        {
            "context": "The old mill stands by the river.",
            "question": "is the mill by the sea",
            "choices": ["no", "yes"],
            "label": 0,
        },
        {"context": "Her cat sleeps all day.", "question": "does the cat sleep", "choices": ["no", "yes"], "label": 1},
        {"context": "Tin melts early.", "question": "does tin melt late", "choices": ["no", "yes"], "label": 0},
    ],
    "piqa": [
        {"question": "How to dry a cup?", "choices": ["Rub it with a towel.", "Fill it with water again."], "label": 0},
        {"question": "How to warm a room?", "choices": ["Open the door.", "Light the stove."], "label": 1},
    ],
    "hellaswag": [
        {
            "context": "Baking: A man kneads the dough. Then",
            "choices": ["he sings.", "he puts it in a tin.", "it rains.", "a dog."],
            "label": 1,
        },
        {
            "context": "Rowing: Two girls sit in a boat. They",
            "choices": ["row.", "cook a long soup.", "fly.", "are a tree."],
            "label": 0,
        },
    ],
    "winogrande": [
        {"context": "The key did not fit the lock as the _ was bent.", "choices": ["key", "lock"], "label": 0},
        {"context": "Ann thanked Eve because _ had helped.", "choices": ["Ann", "Eve"], "label": 1},
    ],
    "arc_easy": [
        {
            "question": "What do bees make?",
            "choices": ["honey", "iron", "glass", "salt"],
            "choice_labels": LETTERS,
            "label": 0,
        },
        {
            "question": "Which is hot?",
            "choices": ["ice", "the sun", "snow"],
            "choice_labels": ["1", "2", "3"],
            "label": 1,
        },
    ],
    "arc_challenge": [{"question": "What pulls a stone down?", "choices": ["light", "gravity", "sound"], "label": 1}],
    "openbookqa": [{"question": "A lamp gives", "choices": ["light", "milk", "wool", "rain"], "label": 0}],
}


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def write_data(folder: Path) -> Path:
    """A folder in this one, with all seven."""
    made = folder / "data"
    made.mkdir()
    for task, rows in ROWS.items():
        write_rows(made / f"{task}.made_up.jsonl", rows)
    return made

"""The measure of retrieval: its numbers, where its answers are looked for, and what was measured last."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from gpt4all.documents import Text

from .retrieval.__main__ import RESULTS
from .retrieval.metrics import auc, ndcg, overlap, percentile, recall
from .retrieval.questions import Answer, MovedError, digest, questions, span

ANSWER = ("a", 100, 200)


def test_recall_counts_each_character_once() -> None:
    ranked = [("b", 100, 200), ("a", 50, 150), ("a", 120, 170), ("a", 0, 1000)]
    assert [recall(ranked, ANSWER, count) for count in (1, 2, 3, 4)] == [0, 0.5, 0.7, 1]
    assert recall([], ANSWER, 5) == 0


def test_gain_is_less_further_down() -> None:
    whole, other = ("a", 0, 1000), ("b", 0, 1000)
    assert ndcg([whole, other], ANSWER, 10) == 1
    assert ndcg([other, whole], ANSWER, 10) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg([("a", 100, 150), ("a", 150, 200)], ANSWER, 10) == pytest.approx(0.5 + 0.5 * 0.6309, abs=1e-4)
    assert ndcg([other] * 10 + [whole], ANSWER, 10) == 0


def test_overlap_punishes_what_is_not_needed() -> None:
    assert overlap([("a", 100, 200)], ANSWER, 5) == 1
    assert overlap([("a", 100, 300)], ANSWER, 5) == 0.5
    assert overlap([("a", 100, 200), ("b", 0, 300)], ANSWER, 5) == 0.25
    assert overlap([("b", 0, 300)], ANSWER, 5) == 0


def test_area_under_the_curve() -> None:
    assert auc([3, 2], [1, 0]) == 1
    assert auc([1], [1]) == 0.5
    assert auc([0, 2], [1]) == 0.5
    assert [percentile([5, 1, 4, 2, 3], share) for share in (0, 0.5, 0.95, 1)] == [1, 3, 5, 5]


def test_answers_are_found_where_they_moved_to() -> None:
    words = ["The", "rent", "is", "due."]
    answer = Answer("a.txt", 1, 3, digest(words[1:]))
    assert span(answer, Text(" ".join(words), ())) == (4, 16)
    assert span(answer, Text("New words before. The\n rent  is\tdue. More.", ())) == (23, 36)
    with pytest.raises(MovedError, match="no longer has the 3 words"):
        span(answer, Text("The rent was due.", ()))


def test_the_questions() -> None:
    asked = questions()
    counted = Counter(each.kind for each in asked)
    assert counted["question"] >= 300
    assert counted["identifier"] >= 100
    assert counted["elsewhere"] >= 100
    assert counted["language"] >= 50
    assert len({each.text for each in asked}) == len(asked)
    assert all((each.answer is None) == (each.kind == "elsewhere") for each in asked)
    assert 0.4 < sum(each.held_out for each in asked) / len(asked) < 0.6


def test_what_was_measured_last() -> None:
    """Words and meaning together find more than either, and what is not there is told."""
    measured = json.loads(RESULTS.read_text(encoding="utf-8"))["held_out"]
    quality = {method: kinds["all"]["recall_5"] for method, kinds in measured["quality"].items()}
    assert quality["hybrid"] >= max(quality["words"], quality["vectors"]) + 0.05
    assert measured["refusal"]["auc"] >= 0.85
    held_out = Counter(each.kind for each in questions() if each.held_out)
    for kind, count in held_out.items():
        assert measured["questions"][kind] == count

"""The questions of `make train-demo` are made of the schema, and what it says of models follows from numbers."""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from typing import Any

import pytest

from ci.common import ROOT, Failure
from ci.train_demo import check_loss, questions


def test_each_key_is_asked_for_once() -> None:
    asked = list(questions())
    prompts = [each["prompt"] for each in asked]
    assert len(prompts) == len(set(prompts)) > 200
    assert "What is top_k of sampling in GPT4All?" in prompts
    assert all(len(each["response"]) > 1 for each in asked)


def test_a_loss_has_to_fall_by_more_than_chance() -> None:
    check_loss({"difference": -0.2, "low": -0.3, "high": -0.1})
    for high in (0.0, 0.1):
        with pytest.raises(Failure, match=r"did not fall for sure: -0\.2000"):
            check_loss({"difference": -0.2, "low": -0.5, "high": high})


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the demo says of two models' scores in one task."""
    monkeypatch.syspath_prepend(str(ROOT / "gpt4all-bindings" / "python"))
    from gpt4all.evaluation import Evaluation, TaskResult

    demo = runpy.run_path(str(ROOT / "gpt4all-training" / "demo" / "compare.py"))

    def of(scores: Sequence[float]) -> Evaluation:
        result = TaskResult("a", "acc", sum(scores) / len(scores), 0.1, {}, len(scores), scores, "made up", "1")
        return Evaluation("a.gguf", "0" * 64, "F32", 1, 1, {"a": result})

    return lambda base, tuned: demo["compare"](of(base), of(tuned))


def test_a_model_is_worse_where_chance_does_not_explain_it(compared: Any) -> None:
    same = compared([1, 0] * 50, [1, 0] * 50)
    assert (same.questions, same.difference, same.low, same.high, same.is_worse) == (100, 0, 0, 0, False)
    one = compared([1] * 100, [0] + [1] * 99)
    assert one.difference == pytest.approx(-0.01)
    assert (one.low, one.high) == pytest.approx((-0.01 - 1.96 * 0.01, -0.01 + 1.96 * 0.01))
    assert not one.is_worse
    ten = compared([1] * 100, [0] * 10 + [1] * 90)
    assert ten.difference == pytest.approx(-0.1)
    assert ten.is_worse  # by 3.3 standard errors
    assert not compared([0] * 10 + [1] * 90, [1] * 100).is_worse

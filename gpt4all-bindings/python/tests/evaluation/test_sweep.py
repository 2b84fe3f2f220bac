"""Sweeps, and what evaluations look like as tables, JSON and plots."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import gpt4all
from gpt4all import evaluation
from gpt4all.evaluation import Candidate, Evaluation, Sweep, TaskResult
from gpt4all.evaluation._report import as_rows, headings
from gpt4all.evaluation._sweep import _beside

pytestmark = pytest.mark.usefixtures("library")


def some(name: str, scores: dict[str, list[float]], size: int = 1000) -> Evaluation:
    tasks = {
        task: TaskResult(task, "acc", sum(each) / len(each), 0.1, {"acc": 0.5}, len(each), each, "made up", "1.0")
        for task, each in scores.items()
    }
    return Evaluation(f"{name}.gguf", "0" * 64, name, size, 2000, tasks)


def test_a_sweep_compares_what_it_makes(tiny_path: Path, data: Path, tmp_path: Path) -> None:
    told: list[str] = []
    found = evaluation.sweep(
        tiny_path,
        tmp_path / "sweep",
        ["Q8_0", "Q4_0"],
        tasks=["boolq", "arc_easy"],
        data=data,
        report=lambda task, done, total: told.append(task),
        making=lambda type, fraction: told.append(type),
    )
    assert [each.evaluation.quantization for each in (found.original, *found.models)] == ["F32", "Q8_0", "Q4_0"]
    sizes = [each.evaluation.size for each in (found.original, *found.models)]
    assert sizes == sorted(sizes, reverse=True)
    for each in found.models:
        assert each.difference == pytest.approx(each.evaluation.average - found.original.evaluation.average)
        assert each.read_per_second > 0
        assert each.write_per_second > 0
    assert {"Q8_0", "Q8_0: boolq", "Q4_0: arc_easy", "original: boolq"} <= set(told)
    assert not list((tmp_path / "sweep").rglob("*.gguf"))
    again = evaluation.sweep(tiny_path, tmp_path / "sweep", ["Q8_0"], tasks=["boolq", "arc_easy"], data=data, keep=True)
    assert again.models[0].evaluation.scored_tokens == 0
    assert again.models[0].evaluation.tasks == found.models[0].evaluation.tasks
    (kept,) = (tmp_path / "sweep").rglob("*.gguf")
    assert gpt4all.inspect(kept)["quantization"] == "Q8_0"


def test_differences_are_over_the_same_questions() -> None:
    first = Candidate(some("F16", {"a": [1, 1, 0, 0], "b": [1, 0]}), 1, 1)
    same = _beside(first, Candidate(some("Q8_0", {"a": [1, 1, 0, 0], "b": [1, 0]}), 1, 1))
    assert (same.difference, same.difference_error, same.is_worse) == (0, 0, False)
    worse = _beside(first, Candidate(some("Q2_K", {"a": [0, 1, 0, 0], "b": [0, 0]}), 1, 1))
    assert worse.difference == pytest.approx(-0.375)
    assert evaluation.difference(first.evaluation, worse.evaluation) == (worse.difference, worse.difference_error)
    # 0.25 of the four's differences 1, 0, 0, 0, and 0.5 of the two's 1, 0
    assert worse.difference_error == pytest.approx((0.25**2 + 0.5**2) ** 0.5 / 2)
    assert not worse.is_worse
    assert Candidate(first.evaluation, 1, 1, -0.3, 0.1).is_worse


def test_the_fastest_of_the_smaller_that_are_not_worse_is_recommended() -> None:
    def candidate(name: str, size: int, speed: float, difference: float) -> Candidate:
        return Candidate(some(name, {"a": [1, 0]}, size), 1, speed, difference, 0.01)

    original = candidate("F16", 1000, 10, 0)
    good, fast, poor = (
        candidate("Q8_0", 500, 20, 0.0),
        candidate("Q4_0", 300, 40, -0.01),
        candidate("Q2_K", 200, 50, -0.1),
    )
    larger = candidate("F32", 2000, 90, 0.0)
    assert Sweep(original, [larger, good, fast, poor]).recommended == fast
    assert Sweep(original, [poor, larger]).recommended is None


def test_a_model_has_its_place_among_the_published(tmp_path: Path) -> None:
    own = some("Q8_0", {task: [1.0, 0.0, 1.0, 1.0, 0.0] for task in evaluation.SEVEN_TASKS})  # 60 %
    text = evaluation.as_markdown(own)
    rows = [line.split(" | ")[0].strip("| ") for line in text.splitlines() if line.startswith("| ")]
    place = rows.index("**Q8_0.gguf**")
    averages = {name: values["average"] for name, values in evaluation.published().items()}
    assert averages[rows[place - 1]] >= 60 >= averages[rows[place + 1]]
    assert len([row for row in rows if row in averages]) == len(averages) == 36
    assert headings(own)[-1] == "text-davinci-003"
    assert as_rows(own)[-1][-1] == "75.7"
    json.dumps(evaluation.as_json(own))
    for name in ("plot.svg", "plot.png"):
        evaluation.plot(own, tmp_path / name)
    assert (tmp_path / "plot.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    other = some("Q8_0", {"mine": [1.0]})
    assert "published" not in evaluation.as_markdown(other)
    assert [row[0] for row in as_rows(other)] == ["mine", "average"]


def test_the_published_averages_are_those_of_their_tasks() -> None:
    for model, values in evaluation.published().items():
        mean = sum(values[task] for task in evaluation.SEVEN_TASKS) / 7
        assert values["average"] == pytest.approx(mean, abs=0.1), model


def test_sweeps_as_tables_and_plots(tmp_path: Path) -> None:
    first = Candidate(some("F16", {"boolq": [1, 1, 0, 0]}), 100, 10)
    other = _beside(first, Candidate(some("Q4_0", {"boolq": [0, 1, 0, 0]}, 500), 300, 20))
    found = Sweep(first, [other])
    text = evaluation.sweep_as_markdown(found)
    assert "| Q4_0 | 0.0 | 2.00 | 25.0 ± 10.0 | -25.0 ± 25.0 | 300.0 | 20.0 |" in text
    assert "| Q4_0 | 25.0 |" in text
    told = json.loads(json.dumps(evaluation.sweep_as_json(found)))
    assert told["recommended"] == "Q4_0"
    assert told["models"][0]["difference"] == -0.25
    evaluation.plot_sweep(found, tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").read_bytes().startswith(b"<?xml")

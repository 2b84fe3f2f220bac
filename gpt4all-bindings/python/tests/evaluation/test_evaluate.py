"""Accuracies of the seven tasks: prompts, numbers, and runs that are stopped."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

import gpt4all
from conftest import RunPython
from gpt4all import evaluation
from gpt4all.evaluation._harness import Tasks

from .made_up import ROWS, write_rows

# Where something else computes, reading all of lm-eval's definitions takes more than a minute.
pytestmark = [pytest.mark.usefixtures("library"), pytest.mark.timeout(400)]

# What the model is asked of the first row of each: as the definitions of lm-eval say, and as its paper's tables go by.
PROMPTS = {
    "boolq": [
        ("The old mill stands by the river.\nQuestion: is the mill by the sea?\nAnswer:", " no"),
        ("The old mill stands by the river.\nQuestion: is the mill by the sea?\nAnswer:", " yes"),
    ],
    "piqa": [
        ("Question: How to dry a cup?\nAnswer:", " Rub it with a towel."),
        ("Question: How to dry a cup?\nAnswer:", " Fill it with water again."),
    ],
    "hellaswag": [
        ("Baking: A man kneads the dough. Then", f" {ending}")
        for ending in ("he sings.", "he puts it in a tin.", "it rains.", "a dog.")
    ],
    "winogrande": [
        ("The key did not fit the lock as the key", " was bent."),
        ("The key did not fit the lock as the lock", " was bent."),
    ],
    "arc_easy": [("Question: What do bees make?\nAnswer:", f" {each}") for each in ("honey", "iron", "glass", "salt")],
    "arc_challenge": [
        ("Question: What pulls a stone down?\nAnswer:", f" {each}") for each in ("light", "gravity", "sound")
    ],
    "openbookqa": [("A lamp gives", f" {each}") for each in ("light", "milk", "wool", "rain")],
}
CHOICES = {task: [row["choices"] for row in rows] for task, rows in ROWS.items()}


@pytest.fixture(scope="module")
def model(tiny_path: Path) -> Iterator[gpt4all.Model]:
    with gpt4all.Model(tiny_path, n_ctx=512) as opened:
        yield opened


def prompts(data: Path, task: str, fewshot: int = 0) -> list[list[tuple[str, str]]]:
    """What the model is asked, for each row."""
    loaded = Tasks((task,)).load(task, data, fewshot).tasks["tasks"][task]
    loaded.set_config(key="num_fewshot", value=fewshot)
    loaded.set_fewshot_seed(seed=1)
    loaded.build_all_requests()
    rows: dict[int, list[tuple[str, str]]] = {}
    for each in loaded.instances:
        rows.setdefault(each.doc_id, []).append(each.args)
    return [rows[number] for number in sorted(rows)]


@pytest.mark.parametrize("task", evaluation.SEVEN_TASKS)
def test_prompts_are_those_of_lm_eval(data: Path, task: str) -> None:
    assert prompts(data, task)[0] == PROMPTS[task]


@pytest.mark.parametrize("task", evaluation.SEVEN_TASKS)
def test_accuracy_is_the_share_of_items_whose_right_choice_is_likeliest(
    model: gpt4all.Model, data: Path, task: str
) -> None:
    found = evaluation.evaluate(model, [task], data=data).tasks[task]
    plain, by_length = list[float](), list[float]()
    for asked, row in zip(prompts(data, task), ROWS[task], strict=True):
        likelihoods = [model.score(context, [continuation])[0].logprob for context, continuation in asked]
        lengths = [len(choice) for choice in row["choices"]]
        plain.append(float(max(range(len(asked)), key=lambda at: likelihoods[at]) == row["label"]))
        by_length.append(float(max(range(len(asked)), key=lambda at: likelihoods[at] / lengths[at]) == row["label"]))
    assert found.metrics["acc"] == statistics.fmean(plain)
    counts = plain if task in ("boolq", "winogrande") else by_length
    assert found.value == found.metrics[found.metric] == statistics.fmean(counts)
    assert found.scores == counts
    assert found.items == len(counts)
    if len(counts) > 1:
        assert found.error == pytest.approx(statistics.stdev(counts) / math.sqrt(len(counts)))


def test_all_seven_have_an_average(model: gpt4all.Model, data: Path) -> None:
    found = evaluation.evaluate(model, data=data)
    assert tuple(found.tasks) == evaluation.SEVEN_TASKS
    values = [each.value for each in found.tasks.values()]
    assert found.average == statistics.fmean(values)
    errors = [each.error or 0.0 for each in found.tasks.values() if each.error is None or math.isfinite(each.error)]
    assert found.average_error >= math.sqrt(sum(each**2 for each in errors)) / 7 - 1e-12
    assert found.model == "tiny-llama-f32.gguf"
    assert len(found.sha256) == 64
    assert found.scored_tokens > 0


def test_limit_takes_the_first(model: gpt4all.Model, data: Path) -> None:
    every = evaluation.evaluate(model, ["boolq"], data=data).tasks["boolq"]
    first = evaluation.evaluate(model, ["boolq"], data=data, limit=2).tasks["boolq"]
    assert first.items == 2
    assert first.scores == every.scores[:2]


def test_examples_come_before_the_question(data: Path) -> None:
    examples = [{**ROWS["boolq"][0], "context": f"Number {at}."} for at in range(5)]
    write_rows(data / "boolq.train.jsonl", examples)
    (context, _), _ = prompts(data, "boolq", fewshot=2)[0]
    shown, _, question = context.rpartition("\n\n")
    assert question == PROMPTS["boolq"][0][0]
    assert shown.count("Number") == 2
    assert shown.count("Answer: no") == 2
    assert context == prompts(data, "boolq", fewshot=2)[0][0][0]
    with pytest.raises(evaluation.TaskDataError, match=r"piqa\.train\.jsonl"):
        prompts(data, "piqa", fewshot=1)


def test_other_tasks_take_their_own_columns(model: gpt4all.Model, data: Path) -> None:
    write_rows(data / "lambada_openai.jsonl", [{"text": "the cat sat on the mat"}, {"text": "a dog ran to me"}])
    found = evaluation.evaluate(model, ["lambada_openai"], data=data).tasks["lambada_openai"]
    loss = [-model.score(context, [last])[0].logprob for context, last in (
        ("the cat sat on the", " mat"), ("a dog ran to", " me")
    )]  # fmt: skip
    assert found.metrics["perplexity"] == pytest.approx(math.exp(statistics.fmean(loss)), rel=1e-3)
    assert found.items == 2


def test_a_run_that_was_stopped_goes_on(
    model: gpt4all.Model, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gpt4all.evaluation._language_model._CHUNK_TOKENS", 20)
    tasks = ["boolq", "arc_easy"]
    whole = evaluation.evaluate(model, tasks, data=data)

    def stop(task: str, done: int, total: int) -> None:
        if task == "arc_easy" and 0 < done < total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluation.evaluate(model, tasks, data=data, folder=tmp_path / "kept", report=stop)
    told: list[tuple[str, int, int]] = []
    found = evaluation.evaluate(
        model, tasks, data=data, folder=tmp_path / "kept", report=lambda *each: told.append(each)
    )
    assert found.tasks == whole.tasks
    assert told[0] == ("boolq", 6, 6)
    assert 0 < told[1][1] < 7
    assert told[-1] == ("arc_easy", 7, 7)
    assert 0 < found.scored_tokens < whole.scored_tokens
    again = evaluation.evaluate(model, tasks, data=data, folder=tmp_path / "kept")
    assert again.tasks == whole.tasks
    assert again.scored_tokens == 0


def test_wrong_requests(model: gpt4all.Model, data: Path) -> None:
    with pytest.raises(evaluation.UnknownTaskError, match="no task 'hellaswagg'; did you mean hellaswag") as caught:
        evaluation.evaluate(model, ["hellaswagg"], data=data)
    assert caught.value.detail["task"] == "hellaswagg"
    with pytest.raises(evaluation.TaskDataError, match="several tasks"):
        evaluation.evaluate(model, ["mmlu"], data=data)
    write_rows(data / "lambada_openai.jsonl", [{"sentence": "the cat"}])
    with pytest.raises(evaluation.TaskDataError, match="lambada_openai cannot be prepared"):
        evaluation.evaluate(model, ["lambada_openai"], data=data)
    write_rows(data / "wikitext.jsonl", [{"page": "a"}, {"page": 1}])
    with pytest.raises(evaluation.TaskDataError):
        evaluation.evaluate(model, ["wikitext"], data=data)
    wrong: Any
    for wrong in ({"limit": 0}, {"fewshot": -1}, {"tasks": []}):
        with pytest.raises(gpt4all.InvalidArgumentError):
            evaluation.evaluate(model, **cast(dict[str, Any], {"tasks": ["boolq"], "data": data, **wrong}))


def test_the_templates_prompts_are_asked_if_wanted(model: gpt4all.Model, data: Path) -> None:
    plain = evaluation.evaluate(model, ["boolq"], data=data)
    chat = evaluation.evaluate(model, ["boolq"], data=data, chat_template=True)
    assert chat.scored_tokens > plain.scored_tokens
    assert chat.chat_template


def test_neither_pytorch_nor_a_network_is_needed(run_python: RunPython, data: Path, tiny_path: Path) -> None:
    code = (
        "import socket, sys\n"
        "def refuse(*_): raise OSError('no network here')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "import gpt4all; from gpt4all import evaluation\n"
        f"with gpt4all.Model({str(tiny_path)!r}) as model:\n"
        f"    print(evaluation.evaluate(model, ['boolq'], data={str(data)!r}).tasks['boolq'].items)\n"
        "print('torch' in sys.modules)\n"
    )
    done = run_python(code)
    assert done.stdout.split() == ["3", "False"], done.stderr
    assert done.stderr == ""


def test_without_lm_eval_it_says_what_to_install(run_python: RunPython, tiny_path: Path) -> None:
    code = (
        "import sys; sys.modules['lm_eval'] = None\n"
        "import gpt4all; from gpt4all import evaluation\n"
        f"with gpt4all.Model({str(tiny_path)!r}) as model:\n"
        "    for work in (evaluation.evaluate, evaluation.language_model):\n"
        "        try: work(model)\n"
        "        except gpt4all.UnsupportedError as error: print(error)"
    )
    assert run_python(code).stdout.count("gpt4all[evaluate]") == 2


def test_the_hub_is_not_asked_where_the_network_is_off(run_python: RunPython, tmp_path: Path, tiny_path: Path) -> None:
    code = (
        "import gpt4all; from gpt4all import evaluation\n"
        f"with gpt4all.Model({str(tiny_path)!r}) as model:\n"
        "    try: evaluation.evaluate(model, ['boolq'])\n"
        "    except evaluation.TaskDataError as error: print(error)"
    )
    told = run_python(code, GPT4ALL_OFFLINE="1", HF_HOME=str(tmp_path)).stdout
    assert "boolq cannot be prepared from the data of the hub" in told
    assert "JSONL" in told

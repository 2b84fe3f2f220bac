"""The comparison of languages finds what it should, and nothing else."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from corpus_tools.conformance import __main__ as command
from corpus_tools.conformance.compare import differences
from corpus_tools.conformance.judge import Verdict, judge_cases, judge_downloads
from corpus_tools.conformance.results import LANGUAGES, Results, collect, read, record
from corpus_tools.conformance.table import page

GREEDY = {"prompt": "hello", "temperature": 0}
CASE = {
    "id": "complete-it",
    "title": "It | completes",
    "steps": [
        {
            "do": "request",
            "operation": "complete",
            "request": GREEDY,
            "expect": [{"at": "/result/choices/0/text", "equals": " world"}],
        }
    ],
}
OUTCOME = {
    "status": "ok",
    "result": {
        "choices": [{"index": 0, "text": " world", "finish_reason": "length"}],
        "usage": {"prompt_tokens": 2},
        "timings": {"prompt_ms": 1.5},
        "id_slot": 0,
        "path": "/tmp/one/out.gguf",
        "score": -1.25,
    },
}


def _entry(**changes: Any) -> dict[str, Any]:
    outcome = copy.deepcopy(OUTCOME)
    outcome["result"].update(changes)  # type: ignore[attr-defined]
    return {"outcomes": [outcome]}


def _judge(python: Any, golang: Any, case: dict[str, Any] = CASE) -> dict[str, Verdict]:
    results = {
        language: Results(language, {} if entry is None else {"complete-it": entry}, {})
        for language, entry in (("golang", golang), ("python", python))
    }
    return judge_cases({"complete-it": case}, results)["complete-it"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"timings": {"prompt_ms": 2}},
        {"id_slot": 3},
        {"path": "/var/folders/other/out.gguf"},
        {"score": -1.2500001},
    ],
)
def test_what_differs_between_runs_is_no_difference(changes: dict[str, Any]) -> None:
    assert _judge(_entry(), _entry(**changes)) == {"python": Verdict("yes"), "golang": Verdict("yes")}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"usage": {"prompt_tokens": 3}}, "/0/result/usage/prompt_tokens is 2 and 3"),
        ({"path": "/tmp/one/other.gguf"}, "/0/result/path"),
        ({"score": -1.3}, "/0/result/score is -1.25 and -1.3"),
        ({"score": "-1.25"}, "/0/result/score"),
        ({"more": None}, ""),
        ({"more": 1}, "/0/result/more is None and 1"),
        ({"more": True}, "/0/result/more is None and True"),
    ],
)
def test_languages_that_differ_fail(changes: dict[str, Any], where: str) -> None:
    row = _judge(_entry(), _entry(**changes))
    assert row["python"] == Verdict("yes")
    assert where in row["golang"].text
    assert row["golang"].mark == ("no" if where else "yes")


def test_each_language_is_held_against_the_case() -> None:
    wrong = _entry(choices=[{"index": 0, "text": " moon", "finish_reason": "length"}])
    row = _judge(wrong, wrong)
    assert [verdict.mark for verdict in row.values()] == ["no", "no"]
    assert "' moon'" in row["golang"].text
    assert _judge(wrong, _entry())["golang"] == Verdict("yes")  # a wrong outcome is no reference


def test_a_status_other_than_expected_fails() -> None:
    failed = {"outcomes": [{"status": "internal", "message": "oh", "detail": {}}]}
    assert "internal" in _judge(failed, _entry())["python"].text


@pytest.mark.parametrize(
    ("entry", "mark"),
    [
        (None, "no"),
        ([], "no"),
        ({"failed": "it broke", "outcomes": []}, "no"),
        ({"outcomes": []}, "no"),
        ({"outcomes": [OUTCOME, OUTCOME]}, "no"),
        ({"skipped": "not today"}, "no"),
        ({"skipped": "SmolLM2.gguf is not available: no network"}, "skipped"),
    ],
)
def test_a_case_without_an_outcome_passes_nowhere(entry: Any, mark: str) -> None:
    assert _judge(entry, _entry())["python"].mark == mark


def test_sampled_texts_are_compared_only_with_a_seed() -> None:
    case = copy.deepcopy(CASE)
    case["steps"][0] = {"do": "request", "operation": "complete", "request": {"prompt": "hello"}}  # type: ignore[index]
    other = _entry(choices=[{"index": 0, "text": " moon", "finish_reason": "stop"}])
    assert differences(case, _entry(), other) == []
    case["steps"][0]["request"]["seed"] = 7  # type: ignore[index]
    assert len(differences(case, _entry(), other)) == 2


def test_what_a_cancelled_request_left_is_no_difference() -> None:
    def entry(cached: int) -> dict[str, Any]:
        usage = {"prompt_tokens_details": {"cached_tokens": cached}}
        return {"outcomes": [{"status": "cancelled"}, *_entry(usage=usage)["outcomes"]]}

    step = {"do": "request", "operation": "complete", "request": GREEDY}
    cancelled = {"steps": [{**step, "cancel_after": 0}, step]}
    assert differences(cancelled, entry(0), entry(2)) == []
    assert len(differences({"steps": [step, step]}, entry(0), entry(2))) == 1


def test_of_downloads_every_case_is_told() -> None:
    told = {"a": {"passed": True}, "b": {"passed": False}, "c": {"failed": "late"}}
    table = judge_downloads(iter(["a", "b", "c", "d"]), {"java": Results("java", {}, told)})
    assert [table[id_]["java"].mark for id_ in "abcd"] == ["yes", "no", "no", "no"]


def test_pythons_results_come_from_many_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPT4ALL_CONFORMANCE", str(tmp_path))
    record("cases", "complete-it", _entry())
    record("downloads", "a", {"passed": True})
    collect()
    assert read(tmp_path) == {"python": Results("python", {"complete-it": _entry()}, {"a": {"passed": True}})}


def test_a_file_of_another_language_is_refused(tmp_path: Path) -> None:
    (tmp_path / "results-java.json").write_text('{"language": "golang", "cases": {}, "downloads": {}}')
    with pytest.raises(ValueError, match="does not hold the results of java"):
        read(tmp_path)


def test_the_page_shows_every_case_and_language() -> None:
    table = {"complete-it": {"python": Verdict("yes"), "golang": Verdict("skipped", "missing")}}
    text = page({"complete": {"cases": [CASE]}}, table, {"a": {"java": Verdict("yes")}})
    assert "| `complete-it` | It \\| completes | ✓ | not run | skipped | not run |" in text
    assert "| `a` | not run | not run | not run | ✓ |" in text


def _run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, results: Path, *options: str) -> int:
    monkeypatch.setattr(command, "PAGE", tmp_path / "conformance.md")
    monkeypatch.setattr(command, "load_files", lambda: {"complete": {"cases": [CASE]}})
    monkeypatch.setattr(command, "DOWNLOADS", tmp_path / "downloads.json")
    (tmp_path / "downloads.json").write_text('{"cases": [{"id": "a"}]}')
    monkeypatch.setattr("sys.argv", ["conformance", str(results), *options])
    return command.main()


def test_the_page_is_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "results"
    folder.mkdir()

    def write(language: str, entry: Any) -> None:
        whole = {"language": language, "cases": {"complete-it": entry}, "downloads": {"a": {"passed": True}}}
        (folder / f"results-{language}.json").write_text(json.dumps(whole))

    assert _run(monkeypatch, tmp_path, folder) == 2  # there are no results
    for language in LANGUAGES:
        write(language, _entry())
    assert _run(monkeypatch, tmp_path, folder, "--check") == 1  # there is no page
    assert _run(monkeypatch, tmp_path, folder) == 0
    assert _run(monkeypatch, tmp_path, folder, "--check") == 0
    write("java", {"skipped": "the model is not there"})
    assert _run(monkeypatch, tmp_path, folder, "--check") == 0  # this machine says nothing against the page
    assert _run(monkeypatch, tmp_path, folder) == 0
    (folder / "results-java.json").unlink()
    assert _run(monkeypatch, tmp_path, folder, "--check") == 0
    assert _run(monkeypatch, tmp_path, folder) == 0
    text = (tmp_path / "conformance.md").read_text(encoding="utf-8")
    assert "| `complete-it` | It \\| completes | ✓ | ✓ | ✓ | ✓ |" in text  # what Java lost by not running: nothing
    assert "| [complete](#complete) | 1 | 1 | 1 | 1 | 1 |" in text
    (tmp_path / "conformance.md").write_text(text.replace("Go | Java |", "Java |"), encoding="utf-8")
    assert _run(monkeypatch, tmp_path, folder) == 0  # a page with other languages says nothing of these
    text = (tmp_path / "conformance.md").read_text(encoding="utf-8")
    assert "| `complete-it` | It \\| completes | ✓ | ✓ | ✓ | not run |" in text
    write("java", _entry(usage={"prompt_tokens": 5}))
    capsys.readouterr()
    assert _run(monkeypatch, tmp_path, folder, "--check") == 1
    assert "complete-it, Java: differs" in capsys.readouterr().out

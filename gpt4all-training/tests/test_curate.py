"""The step as a whole: what stays, what is dropped and why, and what is written about it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Run, report_of, rows_of, settings_of, source, write_lines
from gpt4all_training.credits import spdx
from rows import expected, make_rows

COUNT = 1500
TASK = "In the year of the long rain the old ferry of the northern village was carried down the river to the sea"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return write_lines(tmp_path / "rows.jsonl", (row for row, _ in make_rows(COUNT)))


def test_every_row_is_dropped_for_what_it_was_made_for(made: Path, run: Run) -> None:
    done = run(language={"keep": ["en"]})
    wanted = expected(COUNT)
    report = report_of(done)
    assert report["sources"][0]["dropped"] == {kind: wanted[kind] for kind in report["sources"][0]["dropped"]}
    assert sum(report["sources"][0]["dropped"].values()) == COUNT - wanted[""]
    assert (done.read, done.kept) == (COUNT, wanted[""]) == (COUNT, len(rows_of(done)))


def test_the_right_rows_stay(made: Path, run: Run) -> None:
    kinds = [kind for _, kind in make_rows(COUNT)]
    stay = [row["row"] for row in rows_of(run(language={"keep": ["en"]}))]
    assert stay == [number for number, kind in enumerate(kinds, 1) if not kind]


def test_the_counts_add_up_by_step_by_source_and_in_all(made: Path, run: Run, tmp_path: Path) -> None:
    write_lines(tmp_path / "more.jsonl", (row for row, _ in make_rows(500, seed=2)))
    two = [source(), source(name="more", files=["more.jsonl"])]
    report = report_of(run(sources=two, language={"keep": ["en"]}, held_out=0.1))
    for step in report["steps"]:
        assert step["dropped"] == sum(step["reasons"].values())
        assert step["left"] == step["rows"] - step["dropped"]
    for before, after in zip(report["steps"], report["steps"][1:], strict=False):
        assert after["rows"] == before["left"]
    assert report["steps"][0]["rows"] == report["rows"]["read"] == COUNT + 500
    assert report["steps"][-1]["left"] == report["rows"]["kept"] == sum(report["parts"].values())
    for each in report["sources"]:
        assert each["read"] == each["kept"] + sum(each["dropped"].values())
    assert sum(report["languages"]["kept"].values()) == report["rows"]["kept"]


_TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
_TURN = st.fixed_dictionaries({"from": st.sampled_from(["human", "gpt", "system", "?"]), "value": _TEXT | st.none()})
_ROWS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"prompt": _TEXT, "response": _TEXT}),
        st.fixed_dictionaries({"conversations": st.lists(_TURN, max_size=4)}),
        st.dictionaries(_TEXT, _TEXT | st.integers() | st.none(), max_size=3),
        _TEXT,
    ),
    min_size=1,
    max_size=30,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=_ROWS)
def test_the_counts_add_up_whatever_the_rows_are(rows: list[object], tmp_path_factory: pytest.TempPathFactory) -> None:
    from gpt4all_training.curate import curate

    folder = tmp_path_factory.mktemp("any")
    write_lines(folder / "rows.jsonl", [*rows, {"prompt": "How are you?", "response": "I am well."}])
    done = curate(settings_of(held_out=0.5, language={"keep": ["en"], "undetermined": "drop"}), folder)
    report = report_of(done)
    assert report["rows"]["read"] == len(rows) + 1 == report["rows"]["kept"] + report["rows"]["dropped"]
    assert len(rows_of(done)) + len(rows_of(done, "held-out")) == report["rows"]["kept"]


def test_held_out_rows_are_a_share_and_in_no_other_file(made: Path, run: Run) -> None:
    done = run(held_out=0.2, seed=5)
    train, held_out = ({row["row"] for row in rows_of(done, part)} for part in ("train", "held-out"))
    assert not train & held_out
    assert len(held_out) / done.kept == pytest.approx(0.2, abs=0.04)
    assert report_of(done)["parts"] == {"train": len(train), "held-out": len(held_out)}


def test_text_of_a_task_is_dropped_wherever_it_stands(tmp_path: Path, run: Run) -> None:
    write_lines(tmp_path / "boolq.jsonl", [{"passage": TASK, "question": "was there a ferry"}])
    write_lines(
        tmp_path / "piqa.jsonl", [{"goal": "keep the summer butter cold without any ice", "sol1": "a", "sol2": "b"}]
    )
    rows = [
        {"prompt": "Tell me of it.", "response": f"They say: «{TASK.upper().replace(' ', ' — ')}»"},
        {"prompt": f"{TASK.replace('ferry', 'boat')}?", "response": "No 13 words in succession are the task's."},
        {"prompt": "How do I keep the summer butter cold without any ice?", "response": "In the cellar."},
        {"prompt": "How do I keep the butter cold without any ice?", "response": "In the cellar."},
    ]
    write_lines(tmp_path / "rows.jsonl", rows)
    done = run(contamination={"tasks": {"boolq": "boolq.jsonl", "piqa": "piqa.jsonl"}})
    assert [row["row"] for row in rows_of(done)] == [2, 4]
    assert {name: task["rows"] for name, task in report_of(done)["tasks"].items()} == {"boolq": 1, "piqa": 1}


def test_the_manifest_has_inputs_and_outputs_by_their_hashes(made: Path, run: Run) -> None:
    done = run()
    manifest = json.loads((done.folder / "manifest.json").read_text())
    (one,) = manifest["inputs"]
    assert one["sha256"] == hashlib.sha256(made.read_bytes()).hexdigest()
    assert (one["license"], one["author"]) == ("CC0-1.0", "the tests")
    outputs = {each["name"]: each for each in manifest["outputs"]}
    assert set(outputs) == {"data/train-00000.parquet", "report.json", "report.html", "CREDITS.md", "CITATION.cff"}
    for name, each in outputs.items():
        assert each["sha256"] == hashlib.sha256((done.folder / name).read_bytes()).hexdigest()
    assert outputs["data/train-00000.parquet"]["rows"] == done.kept
    assert {"python", "gpt4all-training", "pyarrow", "rensa", "pycld2"} <= manifest["versions"].keys()
    assert not (done.folder / "work").exists()


def test_credit_is_given(tmp_path: Path, run: Run) -> None:
    write_lines(tmp_path / "rows.jsonl", [{"prompt": "Why?", "response": "Because it is so."}])
    hostile = "Ann | [Bob](http://x) <b>"
    done = run(sources=[source(author=hostile, license="my own", url="https://example.org/data", year=2023)])
    page = (done.folder / "CREDITS.md").read_text()
    assert len(re.findall(r"(?<!\\)\|", page.splitlines()[-1])) == 6
    assert "<b>" not in page.replace(r"\<b\>", "")
    citation = yaml.safe_load((done.folder / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    (reference,) = citation["references"]
    assert reference["authors"] == [{"name": hostile}]
    assert (reference["notes"], reference["year"]) == ("Licence: my own", 2023)
    assert "license" not in reference
    assert spdx("apache-2.0") == "Apache-2.0"


def test_the_report_shows_hostile_text_as_text(tmp_path: Path, run: Run) -> None:
    hostile = "<script>alert(1)</script> \u202etxet $x^2$ </pre><img src=x onerror=alert(1)>"
    rows = [{"prompt": hostile, "response": "x"}, {"prompt": "Why?", "response": "Because it is so."}, {hostile: 1}]
    write_lines(tmp_path / "rows.jsonl", rows)
    done = run(title="<i>$\\frac</i>", cleaning={"patterns": {"a name": "<u>"}})
    page = (done.folder / "report.html").read_text()
    for wrong in ("<script", "<img", "<i>", "<u>", "\u202e"):
        assert wrong not in page
    assert "⟨U+202E⟩" in page
    assert "&lt;script&gt;" in page


def test_chats_keep_their_turns(tmp_path: Path, run: Run) -> None:
    turns = [
        ("gpt", "Hello!"),
        ("human", "Hi."),
        ("gpt", "What is it?"),
        ("human", "A box."),
        ("gpt", "Good."),
        ("human", "Bye"),
    ]
    row = {"conversations": [{"from": who, "value": text} for who, text in turns]}
    write_lines(tmp_path / "rows.jsonl", [row])
    done = run()
    (kept,) = rows_of(done)
    assert [(each["role"], each["content"]) for each in kept["messages"]] == [
        ("user", "Hi."),
        ("assistant", "What is it?"),
        ("user", "A box."),
        ("assistant", "Good."),
    ]
    assert report_of(done)["rows"]["repaired"] == 1


def test_several_files_of_a_result(made: Path, run: Run) -> None:
    whole = rows_of(run(output="one"))
    done = run(output="two", rows_per_file=300)
    assert rows_of(done) == whole
    assert len(list((done.folder / "data").iterdir())) == -(-len(whole) // 300)

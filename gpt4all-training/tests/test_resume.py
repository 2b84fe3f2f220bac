"""A run that is killed, wherever it is, and started again ends with the bytes of one left alone."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from conftest import bytes_of, source, write_lines
from gpt4all_training.curate import Curate, curate, pipeline
from gpt4all_training.errors import BusyError, ChangedSourceError, OutputError
from rows import make_rows

ROOT = Path(__file__).resolve().parents[1]
CONFIGURATION = {
    "output": "out",
    "sources": [
        source(),
        source(name="array", files=["rows.json"]),
        source(name="table", files=["rows.parquet"]),
        source(name="stream", files=["rows.arrow"]),
        source(name="compressed", files=["rows.jsonl.gz"]),
    ],
    "language": {"keep": ["en"]},
    "held_out": 0.1,
    "rows_per_file": 500,
}


def make_sources(folder: Path, count: int = 500) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    write_lines(folder / "rows.jsonl", (row for row, _ in make_rows(count, seed=1)))
    (folder / "rows.json").write_text(json.dumps([row for row, _ in make_rows(count, seed=2)]))
    rows = [row for row, _ in make_rows(count, seed=3)]
    pq.write_table(pa.Table.from_pylist(rows), folder / "rows.parquet", row_group_size=400)
    table = pa.Table.from_pylist([row for row, _ in make_rows(count, seed=4)])
    with pa.ipc.new_stream(str(folder / "rows.arrow"), table.schema) as writer:
        writer.write_table(table, max_chunksize=350)
    lines = b"".join(json.dumps(row).encode() + b"\n" for row, _ in make_rows(count, seed=5))
    (folder / "rows.jsonl.gz").write_bytes(gzip.compress(lines, mtime=0))


def settings() -> Curate:
    return Curate.model_validate_json(json.dumps(CONFIGURATION))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_CHUNK_ROWS", 250)


class Killed(BaseException):
    """Like a kill, nothing catches it."""


@pytest.mark.usefixtures("small_chunks")
def test_stopping_before_any_file_gets_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files get their names in one place only: stopping there each time is stopping wherever it matters."""
    for name in ("alone", "killed"):
        (tmp_path / name).mkdir()
        make_sources(tmp_path / name)
    curate(settings(), tmp_path / "alone")
    replace, left, stops = os.replace, 0, 0

    def counted_replace(old: Path, new: Path) -> None:
        nonlocal left
        if not left:
            raise Killed
        left -= 1
        replace(old, new)

    monkeypatch.setattr(os, "replace", counted_replace)
    # The plan; a chunk each time, and half of the next; then the files of the result, of which none is kept.
    for allowed in (0, 1, *[3] * (5 * 500 // 250), *range(20)):
        left = allowed
        try:
            curate(settings(), tmp_path / "killed")
            break
        except Killed:
            stops += 1
    assert stops >= 2 + 10 + 10
    assert bytes_of(tmp_path / "killed" / "out") == bytes_of(tmp_path / "alone" / "out")


def test_killing_the_process_at_any_moment(tmp_path: Path) -> None:
    for name in ("alone", "killed"):
        (tmp_path / name).mkdir()
        make_sources(tmp_path / name, 700)
        (tmp_path / name / "curate.yaml").write_text(json.dumps(CONFIGURATION))  # JSON is YAML
    command = [sys.executable, "-m", "gpt4all_training", "curate", "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    subprocess.run([*command, str(tmp_path / "alone" / "curate.yaml")], env=environment, check=True, timeout=100)
    whole = time.monotonic() - began
    source_of_moments, kills = random.Random(3), 0
    while kills < 2:
        process = subprocess.Popen([*command, str(tmp_path / "killed" / "curate.yaml")], env=environment)
        try:
            process.wait(source_of_moments.uniform(0.5, 0.95) * whole)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        else:  # the machine had less to do than before
            whole *= 0.8
            shutil.rmtree(tmp_path / "killed" / "out")
    subprocess.run([*command, str(tmp_path / "killed" / "curate.yaml")], env=environment, check=True, timeout=100)
    assert bytes_of(tmp_path / "killed" / "out") == bytes_of(tmp_path / "alone" / "out")


def test_a_second_run_does_nothing_twice(tmp_path: Path) -> None:
    make_sources(tmp_path)
    first = curate(settings(), tmp_path)
    times = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*.parquet")}
    second = curate(settings(), tmp_path)
    assert second.again
    assert (second.read, second.kept) == (first.read, first.kept)
    assert times == {path: path.stat().st_mtime_ns for path in first.folder.rglob("*.parquet")}


def test_another_configuration_does_not_mix_with_what_is_there(tmp_path: Path) -> None:
    make_sources(tmp_path)
    curate(settings(), tmp_path)
    other = settings().model_copy(update={"seed": 9})
    with pytest.raises(OutputError, match="another configuration"):
        curate(other, tmp_path)
    curate(other.model_copy(update={"output": "other"}), tmp_path)


@pytest.mark.usefixtures("small_chunks")
def test_unfinished_work_of_another_configuration_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sources(tmp_path)
    monkeypatch.setattr(pipeline, "_repetitions", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        curate(settings(), tmp_path)
    monkeypatch.undo()
    with pytest.raises(OutputError, match="work of another configuration"):
        curate(settings().model_copy(update={"seed": 9}), tmp_path)
    with (tmp_path / "rows.jsonl").open("a") as file:
        file.write("{}\n")
    with pytest.raises(OutputError, match="of other files"):
        curate(settings(), tmp_path)


def test_a_source_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sources(tmp_path)
    found = pipeline._repetitions

    def change(*arguments: object) -> object:
        with (tmp_path / "rows.jsonl").open("r+") as file:
            file.write("x")
        return found(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "_repetitions", change)
    with pytest.raises(ChangedSourceError, match=r"rows\.jsonl: changed"):
        curate(settings(), tmp_path)
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_two_runs_at_once(tmp_path: Path) -> None:
    make_sources(tmp_path)
    (tmp_path / "out").mkdir()
    with FileLock(tmp_path / "out" / ".lock"), pytest.raises(BusyError, match="another process"):
        curate(settings(), tmp_path)


def test_a_folder_with_something_else_in_it(tmp_path: Path) -> None:
    make_sources(tmp_path)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "letter.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"letter\.txt"):
        curate(settings(), tmp_path)


def test_files_of_a_result_that_are_gone(tmp_path: Path) -> None:
    make_sources(tmp_path)
    done = curate(settings(), tmp_path)
    (done.folder / "report.html").unlink()
    with pytest.raises(OutputError, match=r"report\.html: is not what the manifest says"):
        curate(settings(), tmp_path)


def test_a_pattern_does_not_stand_for_what_the_step_writes(tmp_path: Path) -> None:
    make_sources(tmp_path)
    everything = source(files=["**/*.parquet", "**/*.arrow"])
    configuration = Curate.model_validate_json(json.dumps({"output": "out", "sources": [everything]}))
    assert curate(configuration, tmp_path).read == 1000
    assert curate(configuration, tmp_path).again

"""Files that are cut off, damaged or hostile: a typed error says which file and row, and what to do; or they count."""

from __future__ import annotations

import errno
import gzip
import json
import os
import random
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from conftest import Run, report_of, rows_of, source, write_lines
from gpt4all_training.errors import ConfigurationError, DiskFullError, OutputError, SourceError, TrainingError
from rows import make_rows

ROOT = Path(__file__).resolve().parents[1]
GOOD = {"prompt": "How are you today?", "response": "I am well, thank you."}
LINE = json.dumps(GOOD).encode() + b"\n"


def failure(run: Run, **settings: Any) -> SourceError:
    """The error of a run, after which nothing has its final name."""
    with pytest.raises(SourceError) as caught:
        run(**settings)
    assert caught.value.remedy
    return caught.value


def no_result(folder: Path) -> bool:
    return not [each for each in (folder / "out").rglob("*") if each.name != ".lock" and "work" not in each.parts]


@pytest.mark.parametrize(
    ("lines", "row", "says"),
    [
        (LINE + LINE[:20], 2, "cut off"),
        (LINE * 3 + b"{]\n" + LINE, 4, "not valid JSON"),
        (LINE + '{"prompt": "Café?", "response": "Oui."}\n'.encode("latin-1"), 2, "not UTF-8.*0xE9"),
        ("﻿".encode("utf-16-le") + LINE.decode().encode("utf-16-le"), 1, "UTF-16.*iconv -f UTF-16LE"),
        (LINE + b'{"prompt": ' + b"[" * 100_000 + b"\n", 2, "not valid JSON"),
        (LINE + b'{"prompt": "' + b"x" * 3_000_000 + b'"}\n' + LINE, 2, "more than 1,048,576 bytes"),
        (LINE + b'{"prompt": "\\ud800", "response": "y"}\n', 2, "not valid JSON"),
        (LINE + b'{"prompt": NaN}\n', 2, "not valid JSON"),
        (b"\0" * 4096, 1, "not valid JSON"),
    ],
    ids=["cut", "broken", "latin-1", "utf-16", "nested", "gigantic", "surrogate", "nan", "zeros"],
)
def test_a_line_that_cannot_be_read(tmp_path: Path, run: Run, lines: bytes, row: int, says: str) -> None:
    (tmp_path / "rows.jsonl").write_bytes(lines)
    error = failure(run)
    assert error.row == row
    assert Path(str(error.file)).name == "rows.jsonl"
    assert re.search(says, str(error)), str(error)
    assert no_result(tmp_path)


def test_lines_that_cannot_be_read_are_dropped_if_so_wished(tmp_path: Path, run: Run) -> None:
    bad = [b"{]\n", b'{"prompt": "\xe9"}\n', b'"' + b"x" * 2_000_000 + b"\n", b"[" * 5000 + b"\n"]
    lines = b"".join([b"\xef\xbb\xbf" + LINE, *bad, b"\n", LINE.replace(b"well", b"ill")])
    (tmp_path / "rows.jsonl").write_bytes(lines)
    done = run(sources=[source(unreadable="drop")])
    assert [row["row"] for row in rows_of(done)] == [1, 7]
    assert report_of(done)["sources"][0]["dropped"] == {"unreadable": 4}


@pytest.mark.parametrize(
    ("text", "row", "says"),
    [
        (json.dumps([GOOD, GOOD])[:-20], 2, "not valid JSON"),
        (f"[{json.dumps(GOOD)}, " + '{"a":' * 200_000, 2, "more than|not valid JSON"),
        (f'[{json.dumps(GOOD)}, "{"x" * 5_000_000}"]', 2, "more than 1,048,576 bytes"),
        (f"[{json.dumps(GOOD)}] trailing", 2, "not valid JSON"),
    ],
    ids=["cut", "nested", "gigantic", "trailing"],
)
def test_an_array_that_cannot_be_read(tmp_path: Path, run: Run, text: str, row: int, says: str) -> None:
    (tmp_path / "rows.json").write_text(text)
    error = failure(run, sources=[source(files=["rows.json"])])
    assert error.row == row
    assert re.search(says, str(error)), str(error)
    assert no_result(tmp_path)


def test_deep_rows_of_an_array(tmp_path: Path, run: Run) -> None:
    deep = '{"prompt":' + "[" * 100_000 + "]" * 100_000 + "}"
    rows = [json.dumps(GOOD), deep, "[" * 100_000 + "]" * 100_000, json.dumps({**GOOD, "more": [[[{}]]]}), "5"]
    (tmp_path / "rows.json").write_text(f"[{', '.join(rows)}]")
    error = failure(run, sources=[source(files=["rows.json"])])
    assert (error.row, error.problem) == (2, "is nested more than 100 deep")
    done = run(output="other", sources=[source(files=["rows.json"], unreadable="drop")])
    assert report_of(done)["sources"][0]["dropped"] == {"unreadable": 2, "malformed": 1, "exact duplicate": 1}


def _parquet(path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([row for row, _ in make_rows(1000)]), path, row_group_size=250)


def _stream(path: Path) -> None:
    table = pa.Table.from_pylist([row for row, _ in make_rows(1000)])
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=300)


def _file(path: Path) -> None:
    table = pa.Table.from_pylist([row for row, _ in make_rows(1000)])
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=300)


@pytest.mark.parametrize(("name", "write"), [("a.parquet", _parquet), ("a.arrow", _stream), ("a.feather", _file)])
def test_a_table_that_is_cut_off(tmp_path: Path, run: Run, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for length in (0, 3, len(whole) // 2, len(whole) - 5):
        (tmp_path / name).write_bytes(whole[:length])
        error = failure(run, output=f"out-{length}", sources=[source(files=[name])])
        assert "get it again" in error.remedy
        assert Path(str(error.file)).name == name


@pytest.mark.parametrize(("name", "write"), [("a.parquet", _parquet), ("a.arrow", _stream), ("a.feather", _file)])
def test_a_table_with_changed_bytes_never_ends_the_process(
    tmp_path: Path, name: str, write: Callable[[Path], None]
) -> None:
    """In a process of its own, as Arrow is native code that a file may crash."""
    write(tmp_path / name)
    program = f"""
import pathlib, random
from gpt4all_training.curate.sources import Place, read
from gpt4all_training.errors import SourceError
path = pathlib.Path({str(tmp_path / name)!r})
whole, source = path.read_bytes(), random.Random(4)
for _ in range(40):
    changed = bytearray(whole)
    for _ in range(source.choice([1, 4, 30])):
        at = source.choice([source.randrange(len(changed)), source.randrange(max(0, len(changed) - 900), len(changed))])
        changed[at] = source.randrange(256)
    path.write_bytes(changed)
    try:
        for record in read(path, "auto", Place(), 1 << 20, frozenset(["prompt", "response"])):
            pass
    except SourceError:
        pass
print("survived")
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "survived\n", done.stderr[-2000:]


def test_a_cell_of_a_table_that_is_gigantic_or_not_utf8(tmp_path: Path, run: Run) -> None:
    rows = [*([GOOD["prompt"]] * 3), "x" * 2_000_000]
    table = pa.table({"prompt": rows, "response": [f"Answer {number}." for number in range(4)]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert failure(run, sources=[source(files=["a.parquet"])]).row == 4
    data = pa.array([b"How are you?", b"caf\xe9"], pa.binary()).view(pa.string())
    wrong = pa.table({"prompt": data, "response": ["I am well.", "Yes, indeed."]})
    with pa.ipc.new_stream(str(tmp_path / "a.arrow"), wrong.schema) as writer:
        writer.write_table(wrong)
    error = failure(run, output="other", sources=[source(files=["a.arrow"])])
    assert (error.row, "UTF8" in str(error)) == (2, True)
    done = run(output="third", sources=[source(files=["a.arrow"], unreadable="drop")])
    assert report_of(done)["sources"][0]["dropped"] == {"unreadable": 1}


def test_compressed_lines(tmp_path: Path, run: Run) -> None:
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(LINE * 3))
    assert run(sources=[source(files=["rows.jsonl.gz"])]).read == 3
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(random.Random(1).randbytes(5000) + LINE * 300)[:-200])
    failure(run, output="other", sources=[source(files=["cut.jsonl.gz"])])
    bomb = gzip.compress(b"x" * 50_000_000, 9)
    (tmp_path / "bomb.jsonl.gz").write_bytes(bomb)
    assert "more than" in str(failure(run, output="third", sources=[source(files=["bomb.jsonl.gz"])]))


def test_other_columns_than_were_looked_for(tmp_path: Path, run: Run) -> None:
    write_lines(tmp_path / "rows.jsonl", [{"ask": "Who are you?", "say": "I am the gardener."}] * 3)
    error = failure(run)
    assert "its columns are ask, say" in str(error)
    assert "`columns`" in error.remedy
    assert run(output="other", sources=[source(columns={"prompt": "ask", "response": "say"})]).kept == 1


def test_a_source_without_rows(tmp_path: Path, run: Run) -> None:
    write_lines(tmp_path / "rows.jsonl", [GOOD])
    (tmp_path / "blank.jsonl").write_text("\n \n")
    error = failure(run, sources=[source(), source(name="other", files=["blank.jsonl"], unreadable="drop")])
    assert "blank.jsonl: there are no rows in the source other" in str(error)
    assert no_result(tmp_path)


def test_files_that_are_not_there_or_not_known(tmp_path: Path, run: Run) -> None:
    with pytest.raises(ConfigurationError, match=r"rows\.jsonl: there is no such file"):
        run()
    (tmp_path / "rows.txt").write_text("x")
    assert "format" in failure(run, sources=[source(files=["rows.txt"])]).remedy
    write_lines(tmp_path / "rows.jsonl", [GOOD])
    with pytest.raises(ConfigurationError, match=r"task\.jsonl"):
        run(output="other", contamination={"tasks": {"boolq": "task.jsonl"}})
    write_lines(tmp_path / "task.jsonl", [{"goal": "of another task"}])
    assert "columns of boolq" in failure(run, output="third", contamination={"tasks": {"boolq": "task.jsonl"}}).remedy


def test_a_full_disk_and_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    """Limits of the process stand for the disk's: a file may not grow beyond 200 KB."""
    write_lines(tmp_path / "rows.jsonl", (row for row, _ in make_rows(3000)))
    (tmp_path / "curate.yaml").write_text(json.dumps({"output": "out", "sources": [source()]}))
    program = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
from gpt4all_training.command_line import main
sys.exit(main(["curate", "--quiet", {str(tmp_path / "curate.yaml")!r}]))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot be written: File too large. Make room" in done.stderr
    assert "Traceback" not in done.stderr
    assert no_result(tmp_path)
    assert not list((tmp_path / "out").rglob("*.unfinished"))
    main = program.replace("resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))", "")
    assert subprocess.run([sys.executable, "-c", main], env=environment, check=False).returncode == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path, run: Run) -> None:
    write_lines(tmp_path / "rows.jsonl", [GOOD])
    (tmp_path / "out").mkdir()
    (tmp_path / "out").chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(OutputError, match="cannot be written"):
        run()


def test_an_output_that_is_a_file_or_on_a_device(tmp_path: Path, run: Run) -> None:
    write_lines(tmp_path / "rows.jsonl", [GOOD])
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match="is a file"):
        run()
    with pytest.raises(OutputError):
        run(output="/proc/out")


def test_a_disk_that_is_full_when_the_result_is_written(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:

    write_lines(tmp_path / "rows.jsonl", (row for row, _ in make_rows(300)))
    fsync = os.fsync

    def full(handle: int) -> None:
        if os.readlink(f"/proc/self/fd/{handle}").endswith(".parquet.unfinished"):
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFullError, match=r"train-00000\.parquet: cannot be written: No space left"):
        run()
    assert not list((tmp_path / "out" / "data").iterdir())
    monkeypatch.undo()
    assert run().read == 300


def test_all_errors_are_of_one_kind() -> None:
    error = TrainingError("went wrong", file="a.jsonl", row=1234, remedy="Do this")
    assert str(error) == "a.jsonl, row 1,234: went wrong. Do this"
    assert str(TrainingError("It is said.", remedy="Do this")) == "It is said. Do this"

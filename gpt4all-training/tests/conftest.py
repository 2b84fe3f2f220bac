"""What all tests of curate need: the packages, and a run in a folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

for needed in ("ijson", "orjson", "pyarrow", "pycld2", "rensa"):
    pytest.importorskip(needed, reason="`make test LANES=curate` installs what curating needs")

from gpt4all_training.curate import Curate, Curated, curate  # noqa: E402

Run = Callable[..., Curated]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Curates in the test's folder: settings as the configuration has them."""

    def curated(**settings: Any) -> Curated:
        return curate(settings_of(**settings), tmp_path)

    return curated


def settings_of(**settings: Any) -> Curate:
    """Settings with one source, rows.jsonl, unless others are given."""
    return Curate.model_validate_json(json.dumps({"output": "out", "sources": [source()], **settings}))


def source(**settings: Any) -> dict[str, Any]:
    """A source with what must be said of it."""
    return {"name": "made", "files": ["rows.jsonl"], "license": "CC0-1.0", "author": "the tests", **settings}


def write_lines(path: Path, rows: Iterable[object]) -> Path:
    """Writes JSONL."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def report_of(done: Curated) -> Any:
    """The run's report.json."""
    return json.loads((done.folder / "report.json").read_text(encoding="utf-8"))


def rows_of(done: Curated, part: str = "train") -> list[dict[str, Any]]:
    """The rows that were written."""
    import pyarrow.parquet as pq

    paths = sorted((done.folder / "data").glob(f"{part}-*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a result; what is hidden is not part of it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }

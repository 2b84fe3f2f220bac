"""The passes of curate, each of which goes on where an earlier run was killed.

1. Rows are read in chunks, and each is examined by itself. A chunk's file is the mark that it is done.
2. Repetitions are looked for among the rows that are left.
3. The rows that stay are written, with the report and the credits. The manifest comes last.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import manifest
from ..credits import citation, credits_page
from ..errors import SourceError
from ..manifest import Credit, Output
from ..progress import Progress, Silent
from ..step_folder import alone, begun, done_before
from ..storage import write_whole
from .chunks import Chunks
from .contamination import Decontaminator
from .conversations import names_of
from .duplicates import Finder, Found
from .examine import Examiner
from .inputs import Inputs, check_unchanged, find_inputs
from .report import Report, write_report
from .result import write_result
from .settings import Curate
from .sources import Place, Record, read

STEP = "curate"
PACKAGES = ("numpy", "pyarrow", "pycld2", "rensa", "orjson", "ijson", "matplotlib", "jinja2", "pyyaml")
_CHUNK_ROWS = 4096
_CHUNK_BYTES = 2 << 20


@dataclass(frozen=True)
class Curated:
    """What a run made. rows: how many were read and how many stay. again: whether all of it was there already."""

    folder: Path
    read: int
    kept: int
    again: bool


def curate(settings: Curate, base: Path, progress: Progress | None = None) -> Curated:
    """Curates as the settings say, going on with what an earlier run of the same left.

    base: the folder from which the settings' files and folders are seen.

    Raises TrainingError.
    """
    progress = progress or Silent()
    folder = base / settings.output
    with alone(folder):
        inputs = find_inputs(settings, base, lambda name: progress.begin(f"hashing {name}", 0, "file"))
        configuration = settings.model_dump(mode="json", exclude={"output"})
        versions = manifest.versions(PACKAGES)
        identity = manifest.identity(STEP, configuration, inputs.described, versions)
        if done := done_before(folder, identity):
            shutil.rmtree(folder / "work", ignore_errors=True)  # of a run that was killed at its very end
            return Curated(folder, done["rows"]["read"], done["rows"]["kept"], again=True)
        work = begun(folder, identity)
        decontaminator = Decontaminator(settings.contamination, inputs.tasks, settings.largest_row)
        near = settings.duplicates.near
        chunks = Chunks(work / "chunks", near.hashes if near else 0)
        _examine(settings, inputs, decontaminator, chunks, progress)
        found = _repetitions(settings, chunks, work, progress)
        progress.begin("writing", chunks.total, "row")
        counts, outputs = write_result(settings, chunks, found, inputs.names, folder, progress.advance)
        report = Report(settings, counts, found, decontaminator.summaries)
        _check_rows(report)
        outputs += [Output.of(path, folder) for path in write_report(report, folder)]
        outputs += _credit(settings, report, folder, versions["gpt4all-training"])
        check_unchanged(inputs, base)
        manifest.write_manifest(folder, _manifest(identity, configuration, versions, inputs, outputs, report))
        shutil.rmtree(work, ignore_errors=True)
        return Curated(folder, report.read, report.kept, again=False)


def _examine(
    settings: Curate, inputs: Inputs, decontaminator: Decontaminator, chunks: Chunks, progress: Progress
) -> None:
    """The first pass."""
    progress.begin("examining", inputs.bytes, "B")
    examiner = Examiner(settings, decontaminator)
    done = chunks.headers[-1] if chunks.headers else None
    for source, paths in enumerate(inputs.files):
        columns = names_of(settings.sources[source].columns)
        for file, path in enumerate(paths):
            start = Place()
            if done and (source, file) <= (done.source, done.file):
                if (source, file) < (done.source, done.file) or done.last:
                    progress.advance(path.stat().st_size)
                    continue
                start = done.after
            records = read(path, settings.sources[source].format, start, settings.largest_row, columns)
            name, size, shown = inputs.names[source][file], path.stat().st_size, 0
            for rows, last in _in_chunks(records):
                chunks.add(examiner.examine(source, file, path, name, rows, last))
                after = chunks.headers[-1].after
                if after.offset != after.row and after.offset <= size:  # bytes, as they are in the file
                    progress.advance(after.offset - shown)
                    shown = after.offset
            progress.advance(size - shown)
        _check_source(settings, source, inputs, chunks)


def _in_chunks(records: Iterator[Record]) -> Iterator[tuple[list[Record], bool]]:
    """Successive rows, so many at a time, and whether they are the last. Where chunks end depends on the rows alone."""
    rows: list[Record] = []
    size = 0
    for record in records:
        if len(rows) >= _CHUNK_ROWS or (rows and size + record.size > _CHUNK_BYTES):
            yield rows, False
            rows, size = [], 0
        rows.append(record)
        size += record.size
    if rows:
        yield rows, True


def _check_source(settings: Curate, source: int, inputs: Inputs, chunks: Chunks) -> None:
    """Raises SourceError if a source has no rows, or none that is a conversation: then its columns are others."""
    name = settings.sources[source].name
    tallies = [chunks.tally(header) for header in chunks.headers if header.source == source]
    read_, malformed = sum(each.read for each in tallies), sum(each.dropped["malformed"] for each in tallies)
    if not read_:
        remedy = "Name the files that have some, or leave the source out"
        raise SourceError(f"there are no rows in the source {name}", file=inputs.names[source][0], remedy=remedy)
    if read_ == malformed:
        samples = [sample for each in tallies for sample in each.samples.get("malformed", [])]
        why = f": {samples[0].detail}" if samples else ""
        file = samples[0].file if samples else inputs.names[source][0]
        remedy = "Say in the source's `columns` where a row has its prompt and its response"
        raise SourceError(f"no row is a conversation{why}", file=file, remedy=remedy)


def _repetitions(settings: Curate, chunks: Chunks, work: Path, progress: Progress) -> Found:
    """The second pass."""
    finder = Finder(chunks, work / "groups", settings.seed, settings.samples)
    if settings.duplicates.exact:
        progress.begin("looking for duplicates", 0, "row")
        finder.find_exact()
    if settings.duplicates.near:
        progress.begin("looking for near duplicates", 0, "row")
        finder.find_near(settings.duplicates.near)
    return finder.found


def _check_rows(report: Report) -> None:
    if report.read != report.kept + report.dropped:
        raise AssertionError(f"{report.read:,} rows were read, {report.kept:,} stay and {report.dropped:,} do not")


def _credit(settings: Curate, report: Report, folder: Path, version: str) -> list[Output]:
    credits_ = [Credit(each.name, each.author, each.license, each.url, each.year) for each in settings.sources]
    files = {
        "CREDITS.md": credits_page(settings.title, credits_, report.counts.kept),
        "CITATION.cff": citation(settings.title, version, credits_),
    }
    for name, text in files.items():
        write_whole(folder / name, text.encode("utf-8"))
    return [Output.of(folder / name, folder) for name in files]


def _manifest(
    identity: str,
    configuration: dict[str, Any],
    versions: dict[str, str],
    inputs: Inputs,
    outputs: list[Output],
    report: Report,
) -> dict[str, Any]:
    owed = {
        each["name"]: {key: each[key] for key in ("license", "author", "url", "year")}
        for each in configuration["sources"]
    }
    return {
        "step": STEP,
        "identity": identity,
        "versions": versions,
        "seed": configuration["seed"],
        "configuration": configuration,
        "inputs": [{**vars(each), **owed.get(each.source, {})} for each in inputs.described],
        "outputs": [vars(each) for each in outputs],
        "rows": {"read": report.read, "kept": report.kept, "dropped": report.dropped},
    }

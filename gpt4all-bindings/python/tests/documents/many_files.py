"""How long indexing of many files takes, and what is done again after it was killed: `python -m documents.many_files
FOLDER 10000`, in tests/.

The files are made, with three sections of two chunks each. The embedder takes no time, so that what is measured is all
but embedding.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpt4all.documents import Documents

from .scale import Random, Words

SECTIONS = 3  # of a file
_WORDS = 260  # of a section, which are two chunks


class Logged(Random):
    """Writes down each text before it embeds it."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log.open("a", encoding="utf-8")

    def embed_documents(self, texts: Sequence[str]) -> Any:
        self._log.writelines(f"{text[:60]!r}\n" for text in texts)
        self._log.flush()
        return super().embed_documents(texts)


def make(folder: Path, files: int) -> None:
    folder.mkdir(parents=True)
    words = Words()
    for number in range(files):
        sections = [f"# Part {part} of {number}\n\n{words.text(_WORDS)}\n" for part in range(SECTIONS)]
        place = folder / f"{number // 100:03}"
        place.mkdir(exist_ok=True)
        (place / f"{number:06}.md").write_text("\n".join(sections))


def index(folder: Path) -> None:
    with Documents(folder / "data", embedder=Logged(folder / "log")) as documents:
        documents.add("made", folder / "files")
        documents.index()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", type=int)
    parser.add_argument("--index", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    if arguments.index:
        index(folder)
        return
    make(folder / "files", arguments.files)
    log = folder / "log"
    log.touch()
    command = [sys.executable, "-m", "documents.many_files", str(folder), str(arguments.files), "--index"]
    begun = time.monotonic()
    child = subprocess.Popen(command, start_new_session=True)
    while child.poll() is None and _lines(log) < arguments.files * SECTIONS // 2:
        time.sleep(1)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    done = _lines(log)
    subprocess.run(command, check=True)
    seconds = time.monotonic() - begun
    texts = Counter(log.read_text(encoding="utf-8").splitlines())
    repeated = sum(count - 1 for count in texts.values())
    print(
        f"{arguments.files:,} files, {len(texts):,} chunks: {seconds / len(texts) * 1000:.1f} ms a chunk; killed",
        end="",
    )
    print(f" after {done:,} chunks, of which {repeated} were embedded again")


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))


if __name__ == "__main__":
    main()

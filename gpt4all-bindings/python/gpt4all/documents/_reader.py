"""Reading documents in another process, which is killed when it takes too long or too much."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._errors import ClosedError
from .._library import PathLike
from ._errors import Reason, UnreadableError
from ._limits import Limits
from ._page_image import Mark, PageImage
from ._text import Block, Text

if TYPE_CHECKING:
    from typing_extensions import Self

# Isolated, so that nothing in the working folder is imported; from where this process imports.
_PROGRAM = (
    "import sys, ast; sys.path[:] = ast.literal_eval(sys.argv[1]); "
    "from gpt4all.documents import _read_process; _read_process.main()"
)
# A library that would reserve memory for each processor must not reach the limit by that.
_QUIET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
_FILES_PER_PROCESS = 500  # then a new one is started, as libraries leak


class Reader:
    """Reads documents of any of the known formats. It may be used from several threads; one file is read at a time.

    limits: what reading one may take; None for the default ones.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._closed = False

    def read(self, path: PathLike) -> Text:
        """The text of a document. Raises UnreadableError."""
        answer = self._answer(path, {})
        paths = [tuple(each) for each in answer["headings"]]
        blocks = tuple(Block(start, end, kind, paths[path], page) for start, end, kind, path, page in answer["blocks"])
        return Text(answer["text"], blocks, answer["title"], answer["pages"], answer["sha256"])

    def page(self, path: PathLike, number: int, *, width: int = 1200, passage: str = "", before: str = "") -> PageImage:
        """A page of a PDF as a picture, with a passage marked. Raises UnreadableError.

        number: counted from 1. width: of the picture, in pixels.
        passage: text that read() gave; of one that goes over several pages, what is on this one is marked.
        before: the text that it follows, by which it is told from the same words elsewhere on the page.
        """
        asked = {"number": number, "width": width, "passage": passage, "before": before}
        answer = self._answer(path, {"page": asked})
        marks = tuple(Mark(*each) for each in answer["marks"])
        return PageImage(number, answer["width"], answer["height"], base64.b64decode(answer["png"]), marks)

    def close(self) -> None:
        """Ends the process, also while it reads."""
        self._closed = True
        process = self._process
        if process is not None:
            process.kill()
        with self._lock:
            self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, path: PathLike, asked: dict[str, Any]) -> dict[str, Any]:
        """What the process says. Raises UnreadableError."""
        file = Path(os.path.abspath(os.fsdecode(path)))
        with self._lock:
            if self._closed:
                raise ClosedError("the reader is closed")
            self._check(file)
            answer = self._ask({"path": str(file), **asked})
        if "reason" in answer:
            raise _unreadable(file, Reason(answer["reason"]), answer["message"])
        return answer

    def _check(self, file: Path) -> None:
        try:
            size = file.stat().st_size
            regular = file.is_file()
        except OSError as error:
            raise _unreadable(file, Reason.INACCESSIBLE, error.strerror or str(error)) from error
        if not regular:
            raise _unreadable(file, Reason.INACCESSIBLE, "it is not a regular file")
        if size > self.limits.file_bytes:
            raise _unreadable(
                file, Reason.TOO_LARGE, f"it has {size:,} bytes, over the limit of {self.limits.file_bytes:,}"
            )

    def _ask(self, asked: dict[str, Any]) -> dict[str, Any]:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self.limits.seconds, kill)
        timer.daemon = True
        timer.start()
        data = b""
        try:
            with contextlib.suppress(OSError):
                process.stdin.write(json.dumps(asked).encode() + b"\n")
                process.stdin.flush()
                length = int.from_bytes(process.stdout.read(8), "big")
                data = process.stdout.read(length)
            if data and len(data) == length:
                answer: dict[str, Any] = json.loads(data)
                return answer
        finally:
            timer.cancel()
            if not data:
                self._end()
        return self._lost(process, late.is_set())

    def _lost(self, process: subprocess.Popen[bytes], late: bool) -> dict[str, Any]:
        """What to say of a file whose reader did not live to answer."""
        self._end()
        if self._closed:
            raise ClosedError("the reader was closed while it read")
        if late:
            message = f"reading it takes longer than {self.limits.seconds:g} seconds"
            return {"reason": Reason.TOO_SLOW, "message": message}
        message = f"the process that read it ended with {process.returncode}"
        return {"reason": Reason.DAMAGED, "message": message}

    def _started(self) -> subprocess.Popen[bytes]:
        if self._count >= _FILES_PER_PROCESS:
            self._end()
        self._count += 1
        if self._process is None:
            paths = [os.path.abspath(each) for each in sys.path]
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", _PROGRAM, repr(paths)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, **_QUIET},
                cwd=os.sep,
                start_new_session=True,
            )
            assert self._process.stdin is not None
            with contextlib.suppress(OSError):
                self._process.stdin.write(json.dumps(dataclasses.asdict(self.limits)).encode() + b"\n")
        return self._process

    def _end(self) -> None:
        process, self._process, self._count = self._process, None, 0
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        process.wait()


def _unreadable(file: Path, reason: Reason, message: str) -> UnreadableError:
    return UnreadableError(f"{file} cannot be read: {message}", {"path": str(file), "reason": reason.value})

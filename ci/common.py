"""What the scripts in this folder share: places, failures, locks and hashes. Standard library only, Python 3.10+."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no flock: keeping two fetches apart is then up to whoever starts them
    fcntl = None  # type: ignore[assignment]

if sys.version_info < (3, 10):  # noqa: UP036 - said plainly, instead of failing somewhere later
    sys.exit(f"Python 3.10 or newer is needed, this is {sys.version.split()[0]} ({sys.executable})")

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
VENV = BUILD / "venv"
VENV_PYTHON = VENV / "bin" / "python"


class Failure(Exception):  # noqa: N818
    """Something the user has to know or do; the script ends with `exit_code`."""

    exit_code = 1
    kind = ""

    def __str__(self) -> str:
        text = super().__str__()
        return f"{self.kind}: {text}" if self.kind else text


class WrongHash(Failure):
    """What was fetched is not what is pinned."""

    exit_code = 3
    kind = "wrong hash"


class NoNetwork(Failure):
    """Nothing answered that could provide what is needed."""

    exit_code = 4
    kind = "no network"


class MissingTool(Failure):
    """A program is needed that is not installed."""

    exit_code = 5
    kind = "missing tool"


class BadPatch(Failure):
    """A patch does not fit the source it is for."""

    exit_code = 6
    kind = "patch does not apply"


class DiskError(Failure):
    """A folder or file that is ours cannot be read or written."""

    exit_code = 7
    kind = "file error"


LABEL: ContextVar[str] = ContextVar("LABEL", default="")
"""What goes before each line of a thread that works beside others."""


def say(text: str) -> None:
    """Writes one line for people, on stderr, at once."""
    print(LABEL.get() + text, file=sys.stderr, flush=True)


def run_main(program: str, main: Callable[[], int]) -> int:
    """Calls `main`, turning failures into one message on stderr and an exit code."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)  # unwinds, so that programs that were started are ended too

    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, end)
    try:
        return main()
    except Failure as failure:
        say(f"{program}: {failure}")
        return failure.exit_code
    except OSError as error:
        say(f"{program}: {DiskError.kind}: {error}")
        return DiskError.exit_code
    except KeyboardInterrupt:
        say(f"{program}: interrupted")
        return 130


def cache_root() -> Path:
    """Where things fetched once per user are kept: GPT4ALL_CACHE, or ~/.cache/gpt4all, as the bindings have it too."""
    return Path(os.environ.get("GPT4ALL_CACHE") or "~/.cache/gpt4all").expanduser().resolve()


@contextlib.contextmanager
def file_lock(path: Path, what: str) -> Iterator[None]:
    """Holds an exclusive lock between processes on the file `path`, saying so if it has to wait for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for another process that is fetching {what} ({path})")
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def in_words(seconds: float) -> str:
    """A length of time as people say it: 0.4 s, 12 s, 6 min 30 s."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60:02d} s"

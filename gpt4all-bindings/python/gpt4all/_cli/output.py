"""What commands print, and how: plain where nobody looks on, JSON on request, UTF-8 always."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import re
import select
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

# Control characters but for tab and line end: what a model or a file says must not move the cursor or ring the bell.
_CONTROL = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], None)
_LINE_ENDS = re.compile(r"\s*[\r\n]+\s*")


class State:
    """What holds for the whole process: --quiet and --debug."""

    quiet = False
    debug = False


def prepare_streams() -> None:
    """Files and pipes get UTF-8, whatever the locale; a terminal gets what it can show."""
    _open_missing()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            utf8 = not stream.isatty() and not os.environ.get("PYTHONIOENCODING")
            stream.reconfigure(encoding="utf-8" if utf8 else None, errors="replace")


def _open_missing() -> None:
    """Opens those of the three streams that were closed by who started this, before another file gets their numbers.

    Reading finds the end, notes and errors go nowhere, and writing to standard output fails.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_WRONLY if name == "stderr" else os.O_RDONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, open(number, mode, encoding="utf-8", errors="replace", closefd=False))  # noqa: SIM115


def flush() -> OSError | None:
    """Writes what standard output holds back; what went wrong with that, if anything did.

    It is given up then, since Python flushes it once more at exit.
    """
    try:
        sys.stdout.flush()
        if _reader_left():
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
    except OSError as error:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)
        return error
    return None


def _reader_left() -> bool:
    """Whether standard output is a pipe that nobody reads any more: what was last written to it is lost."""
    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(1, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def decode(data: bytes, name: str) -> str:
    """A text that was read from `name`. Raises InvalidArgumentError if it is not UTF-8."""
    from .._errors import InvalidArgumentError

    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(
            f"{name} is not UTF-8 text: it has the byte 0x{data[error.start]:02x} at {error.start}; convert it, for "
            "example with iconv -f LATIN1 -t UTF-8",
            {"path": name, "offset": error.start},
        ) from None


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file; `-` is standard input. Raises InvalidArgumentError, OSError."""
    if path == "-":
        return decode(sys.stdin.buffer.read(), "standard input")
    with open(path, "rb") as file:
        return decode(file.read(), os.fspath(path))


def safe(text: str) -> str:
    """`text` as a terminal may get it."""
    return text.translate(_CONTROL) if sys.stdout.isatty() else text


def one_line(text: str) -> str:
    return _LINE_ENDS.sub("; ", text.strip())


def note(text: str) -> None:
    """Says something on stderr that nobody needs, unless --quiet."""
    if not State.quiet:
        with contextlib.suppress(OSError):
            print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def percent() -> Iterator[Callable[[float], None]]:
    """A function for progress from 0 to 1, shown as a percentage on stderr if that is a terminal and not --quiet."""
    shown = -1

    def show(fraction: float) -> None:
        nonlocal shown
        whole = int(fraction * 100)
        if whole != shown and sys.stderr.isatty() and not State.quiet:
            shown = whole
            print(f"\r{whole:3} %", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if shown >= 0:
            print(file=sys.stderr, flush=True)


def fail(text: str) -> None:
    """Says what went wrong, in one line."""
    with contextlib.suppress(OSError):
        print(f"error: {one_line(text)}", file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> None:
    """Columns under a header. `right`: those that are aligned to the right. Without a terminal nothing is cut."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    to_right = set(right)
    for index, name in enumerate(header):
        table.add_column(name, justify="right" if index in to_right else "left", no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text(safe(cell)) for cell in row))
    if sys.stdout.isatty():
        Console(highlight=False).print(table)
        return
    # On its own sheet, since a console without a terminal takes 80 columns and fills them with blanks.
    sheet = io.StringIO()
    Console(file=sheet, width=100_000, highlight=False, color_system=None).print(table)
    print("\n".join(line.rstrip() for line in sheet.getvalue().splitlines()))


def print_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Names and values, one a line."""
    known = list(fields)
    width = max((len(name) for name, _ in known), default=0)
    for name, value in known:
        print(f"{name:<{width}}  {safe(value)}")


def in_bytes(size: float) -> str:
    """A size for people, such as 1.5 GB."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size:.0f} B"


def in_words(count: float) -> str:
    """A number of parameters, such as 7.2 B."""
    for unit, scale in (("B", 1e9), ("M", 1e6), ("K", 1e3)):
        if count >= scale:
            return f"{count / scale:.4g} {unit}"
    return f"{count:.0f}"

"""The process that reads documents: it trusts none, may be killed at any time, and gives back what they say, as JSON.

Each line of standard input asks for the text of a file, or for a page of it; each answer is eight bytes with its
length, and JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ._errors import Reason
from ._files import digest
from ._limits import Limits
from ._parsers.failure import ParseError
from ._parsers.formats import format_of
from ._text import Text, TooMuchTextError

BLOCKS = 2_000_000
_GRACE = 5  # seconds after which the process ends itself, should nobody be left who would kill it
_FILES = 64  # that may be open at a time


def _parser(name: str) -> Callable[[Path, Limits], Text]:
    from ._parsers import html, office, packed, pdf, plain

    parsers: dict[str, Callable[[Path, Limits], Text]] = {
        "text": plain.text,
        "code": plain.code,
        "csv": plain.table,
        "markdown": plain.markdown,
        "rst": plain.rst,
        "html": html.html,
        "pdf": pdf.pdf,
        "docx": office.docx,
        "pptx": office.pptx,
        "xlsx": office.xlsx,
        "odt": packed.odt,
        "epub": packed.epub,
    }
    return parsers[name]


def parse(path: Path, limits: Limits) -> Text:
    """What a document says. Raises ParseError."""
    name = format_of(path.name)
    if name is None:
        raise ParseError(Reason.UNSUPPORTED, f"files named *{path.suffix or path.name} are not read")
    with _told_as_parse_errors(limits):
        text = _parser(name)(path, limits)
    if not text.blocks:
        raise ParseError(Reason.EMPTY, "there is no text in it")
    if len(text.blocks) > BLOCKS:
        raise ParseError(Reason.TOO_LARGE, f"it has {len(text.blocks):,} paragraphs, over {BLOCKS:,}")
    return text


def _page(path: Path, limits: Limits, asked: dict[str, Any]) -> dict[str, Any]:
    """A page as a picture. Raises ParseError."""
    if format_of(path.name) != "pdf":
        raise ParseError(Reason.UNSUPPORTED, "only pages of a PDF can be shown")
    with _told_as_parse_errors(limits):
        from ._parsers.pdf_page import page

        return page(path, **asked)


@contextlib.contextmanager
def _told_as_parse_errors(limits: Limits) -> Iterator[None]:
    try:
        yield
    except ParseError:
        raise
    except TooMuchTextError:
        raise ParseError(Reason.TOO_LARGE, f"it has more than {limits.characters:,} characters of text") from None
    except MemoryError:
        raise ParseError(Reason.TOO_LARGE, f"reading it takes more than {limits.memory_bytes:,} bytes") from None
    except ImportError as error:
        raise ParseError(
            Reason.UNSUPPORTED,
            f"that needs the package {error.name}; install it with: pip install 'gpt4all[documents]'",
        ) from error
    except OSError as error:
        if error.filename is None:  # how readers complain about what is in a file
            raise ParseError(Reason.DAMAGED, f"its reader says: {error}") from error
        raise ParseError(Reason.INACCESSIBLE, error.strerror or str(error)) from error
    except Exception as error:  # whatever a reader of others says of a file that is not as it should be
        raise ParseError(Reason.DAMAGED, f"its reader says: {type(error).__name__}: {str(error)[:200]}") from error


def _as_json(text: Text, path: Path) -> dict[str, Any]:
    """With each path of headings written once."""
    paths: dict[tuple[str, ...], int] = {}
    blocks = [
        (each.start, each.end, each.kind, paths.setdefault(each.headings, len(paths)), each.page)
        for each in text.blocks
    ]
    with path.open("rb") as file:
        sha256 = digest(file)
    return {
        "text": text.text,
        "title": text.title,
        "pages": text.pages,
        "blocks": blocks,
        "headings": list(paths),
        "sha256": sha256,
    }


def _answer(asked: dict[str, Any], limits: Limits) -> bytes:
    """asked: the file's path and, if a page is wanted, the arguments for it."""
    path = Path(asked["path"])
    try:
        page = asked.get("page")
        answer = _as_json(parse(path, limits), path) if page is None else _page(path, limits, page)
        return json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace")
    except ParseError as error:
        failed = {"reason": error.reason.value, "message": error.message}
    except OSError as error:
        failed = {"reason": Reason.INACCESSIBLE.value, "message": error.strerror or str(error)}
    except MemoryError:
        failed = {
            "reason": Reason.TOO_LARGE.value,
            "message": f"reading it takes more than {limits.memory_bytes:,} bytes",
        }
    return json.dumps(failed).encode()


def _restrict(limits: Limits) -> None:
    """Takes from this process what reading a file does not need."""
    try:
        import resource
    except ImportError:  # Windows: the time limit alone holds
        return
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _FILES),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS refuses some of them
            resource.setrlimit(kind, (value, value))


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)  # what a library prints is no answer
    os.dup2(nowhere, 2)
    requests = sys.stdin.buffer
    first = json.loads(requests.readline())
    limits = Limits(**first)
    _restrict(limits)
    for line in requests:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, limits.seconds + _GRACE)
        answer = _answer(json.loads(line), limits)
        answers.write(len(answer).to_bytes(8, "big") + answer)
        answers.flush()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)

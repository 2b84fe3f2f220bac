"""Finds and loads libllmodel, and turns its statuses and strings into Python's."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import cffi

from ._declarations import ABI_VERSION, CDEF
from ._errors import CLASSES, InternalError, InvalidArgumentError, LibraryNotFoundError, shown
from ._log import LogForwarder

PathLike = str | os.PathLike[str]
"""The name of a file or folder."""

Progress = Callable[[float], "bool | None"]
"""Called with how much is done, from 0 to 1. If it returns False, the work ends with CancellationError."""

_lock = threading.Lock()
_library: Library | None = None


def _to_json(value: object) -> object:
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):  # array.array, NumPy
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray, memoryview, set, frozenset)):
        return list(value)
    raise TypeError(f"{shown(value)} cannot be written as JSON")


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_to_json)


def encode(value: object) -> bytes:
    """`value` as JSON. Raises InvalidArgumentError for what JSON has no equivalent of: bytes, NaN, infinities, circles,
    texts with lone surrogates, objects."""
    try:
        return _encoder.encode(value).encode("utf-8")
    except UnicodeEncodeError as error:
        before = error.object[: error.start].rpartition('"')[2][-20:]
        raise InvalidArgumentError(
            f"a text has the lone surrogate U+{ord(error.object[error.start]):04X} after {before!r}, and so is not "
            "Unicode text; it was probably read from bytes that are not UTF-8"
        ) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgumentError(f"the request cannot be written as JSON: {error}") from error


def path_text(path: PathLike) -> str:
    """A path as text. Raises InvalidArgumentError for anything else."""
    try:
        text = os.fsdecode(path)
        os.fsencode(text)
    except (TypeError, UnicodeError, RecursionError) as error:
        raise InvalidArgumentError(f"{shown(path)} is not a path") from error
    if "\0" in text:
        raise InvalidArgumentError(f"a path cannot contain a NUL character: {shown(path)}")
    return text


def encode_path(path: PathLike) -> bytes:
    """The bytes under which the system knows `path`. Raises InvalidArgumentError for anything but a path."""
    return os.fsencode(path_text(path))


def file_name() -> str:
    """What the library is called on this system."""
    if sys.platform == "win32":
        return "llmodel.dll"
    return "libllmodel.dylib" if sys.platform == "darwin" else "libllmodel.so"


def candidates() -> list[Path]:
    """Where the library may lie: in GPT4ALL_LIBRARY (the file, or its folder) alone if that is set, else in the package
    as a wheel installs it, or where `make build` leaves it in the checkout that the package lies in."""
    named = os.environ.get("GPT4ALL_LIBRARY")
    if named:
        path = Path(named).absolute()  # a bare name would make the loader search the system
        return [path / file_name()] if path.is_dir() else [path]
    package = Path(__file__).resolve().parent
    paths = [package / "lib" / file_name()]
    if package.parents[1].name == "gpt4all-bindings":
        paths.append(package.parents[2] / "build" / "release" / "bin" / file_name())
    return paths


def load() -> Library:
    """The library, loaded at the first call. Raises LibraryNotFoundError."""
    global _library
    if _library is None:
        with _lock:
            if _library is None:
                _library = _load_first(candidates())
    return _library


def _load_first(paths: list[Path]) -> Library:
    refused = []
    for path in paths:
        if not path.is_file():
            refused.append(f"{path}: no such file")
            continue
        try:
            return Library(path)
        except (OSError, AttributeError, LibraryNotFoundError) as error:
            refused.append(f"{path}: {error}")
    raise LibraryNotFoundError(
        "libllmodel was not found. Tried "
        + "; ".join(refused)
        + ". Install the package from a wheel, build the library "
        "with `make build`, or name the file in the environment variable GPT4ALL_LIBRARY.",
        {"tried": refused},
    )


class Library:
    """The loaded library. `c` has its functions, `ffi` makes and reads their arguments."""

    ffi: Any
    c: Any

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ffi = cffi.FFI()
        self.ffi.cdef(CDEF)
        if sys.platform == "win32":
            os.add_dll_directory(str(path.parent))
            self.c = self.ffi.dlopen(str(path))
        else:
            # Private: its symbols must not become those of other libraries in this process.
            self.c = self.ffi.dlopen(str(path), self.ffi.RTLD_NOW | self.ffi.RTLD_LOCAL)
        version = int(self.c.llmodel_abi_version())
        if version != ABI_VERSION:
            raise LibraryNotFoundError(f"has version {version} of the interface, but {ABI_VERSION} is needed")
        self.log = LogForwarder(self.ffi, self.c)

    def text(self, pointer: Any) -> str:
        """A borrowed string."""
        return str(self.ffi.string(pointer).decode("utf-8"))

    def check(self, status: int, error: Any) -> None:
        """Raises what `status` stands for, taking over the error object in the `llmodel_error **`."""
        if status == 0:
            return
        owned = error[0]
        if owned == self.ffi.NULL:
            name = self.text(self.c.llmodel_status_name(status))
            raise CLASSES.get(status, InternalError)(f"the library failed with {name} and gave no message")
        error[0] = self.ffi.NULL
        try:
            message = self.ffi.string(self.c.llmodel_error_message(owned)).decode("utf-8", "replace")
            detail = json.loads(self.ffi.string(self.c.llmodel_error_detail(owned)))
        finally:
            self.c.llmodel_error_free(owned)
        raise CLASSES.get(status, InternalError)(message, detail)

    def call(self, function: Callable[..., int], *arguments: Any) -> None:
        """Calls a function whose last parameter is an `llmodel_error **`. Raises LLModelError."""
        self.log.follow()
        error = self.ffi.new("llmodel_error **")
        self.check(function(*arguments, error), error)

    def call_json(self, function: Callable[..., int], *arguments: Any) -> Any:
        """Calls a function whose last parameters are a `char **` for JSON and an `llmodel_error **`."""
        text = self.ffi.new("char **")
        self.call(function, *arguments, text)
        try:
            return json.loads(self.ffi.string(text[0]))
        finally:
            self.c.llmodel_string_free(text[0])

    def release(self, function: Callable[[Any], None], pid: int, handle: Any) -> None:
        """Gives up a handle of this process; that of a parent is not ours to give up."""
        if os.getpid() != pid:
            return
        if self.log.busy_here:
            # The garbage collector may find a dropped model on any thread, even on the engine's while that logs.
            threading.Thread(target=function, args=(handle,), daemon=True).start()
        else:
            function(handle)

    def with_progress(self, progress: Progress | None, work: Callable[[Any], Any]) -> Any:
        """Calls `work` with a C callback for `progress`, which is also how Ctrl-C stops a long call.

        What `progress` raises cancels the call and is raised here.
        """
        raised: list[BaseException] = []

        def failed(_type: object, value: BaseException, _traceback: object) -> int:
            raised.append(value)
            return 1

        def forward(fraction: float, _user: object) -> int:
            return 1 if progress is not None and progress(fraction) is False else 0

        callback = self.ffi.callback("llmodel_progress_fn", forward, onerror=failed)
        try:
            return work(callback)
        finally:
            if raised:
                raise raised[0]

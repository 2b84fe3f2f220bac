"""What can go wrong with finding, fetching and keeping model files.

Each class is also one of the built-in kinds that the package raised before it had its own (ValueError for a wrong
answer or a wrong hash, FileNotFoundError for a missing file, RuntimeError for a download that makes no progress).
"""

from __future__ import annotations

from collections.abc import Mapping

from .._errors import CancellationError, InvalidArgumentError, LLModelIOError, ModelNotFoundError


class DownloadError(LLModelIOError):
    """A download failed. What was downloaded is kept in a .part file, and the next attempt resumes from there.

    detail: may hold "url" (without its secrets), "path", "http_status", "tried" (one line for each source).
    """


class HTTPStatusError(DownloadError, ValueError):
    """The server answered with an error status: 404, 403, 500 and so on. It is in detail["http_status"]."""


class ConnectionFailedError(DownloadError, ConnectionError, RuntimeError):
    """No connection, or it kept breaking without any progress."""


class UnreachableError(ConnectionFailedError):
    """No connection at all: no network, an unknown host, nothing listening, or an invalid certificate."""


class StalledError(ConnectionFailedError, TimeoutError):
    """The server kept the connection open but sent nothing, or next to nothing, for longer than
    Settings.stall_seconds."""


class RedirectError(DownloadError, ValueError):
    """Redirects that never end, lead nowhere, or lead to an address that may not be used."""


class ProtocolError(DownloadError, ValueError):
    """The server's answer contradicts itself or the request: a wrong range, an encoded body, a missing size."""


class ChecksumError(DownloadError, ValueError):
    """The downloaded file has the wrong size or hash, and was deleted."""


class DiskFullError(DownloadError):
    """There is not enough disk space for the file, or the file system does not allow files of its size."""


class FolderError(DownloadError, PermissionError, RuntimeError):
    """The models folder is not writable."""


class OfflineError(ModelNotFoundError, DownloadError):
    """The model is not on this machine, and downloads are turned off."""


class InsecureURLError(InvalidArgumentError):
    """Plain HTTP to another machine, or an address that is not HTTP at all."""


class InvalidNameError(InvalidArgumentError):
    """A file name or address that could lead outside the models folder."""


class CatalogueError(InvalidArgumentError):
    """The catalogue cannot be read."""


def failed_everywhere(what: str, failures: Mapping[str, DownloadError]) -> DownloadError:
    """One error for several sources: the only failure itself, or one of the first one's kind that lists them all."""
    first = next(iter(failures.values()))
    if len(failures) == 1:
        return first
    lines = [f"{source}: {error}" for source, error in failures.items()]
    message = f"{what} could not be fetched from any of its sources. {'; '.join(lines)}"
    return type(first)(message, {**first.detail, "tried": lines})


__all__ = [
    "CancellationError",
    "CatalogueError",
    "ChecksumError",
    "ConnectionFailedError",
    "DiskFullError",
    "DownloadError",
    "FolderError",
    "HTTPStatusError",
    "InsecureURLError",
    "InvalidArgumentError",
    "InvalidNameError",
    "ModelNotFoundError",
    "OfflineError",
    "ProtocolError",
    "RedirectError",
    "StalledError",
    "UnreachableError",
]

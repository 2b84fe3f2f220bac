"""What a caller may set of a download, and how it is told how far that is."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from ._errors import CancellationError, InvalidArgumentError

HUB = "https://huggingface.co"
_TRUE = ("1", "true", "yes", "on", "y", "t")
_FALSE = ("", "0", "false", "no", "off", "n", "f")


def _switch(name: str) -> bool:
    value = os.environ.get(name, "").strip().lower()
    if value not in _TRUE + _FALSE:
        raise InvalidArgumentError(f"the environment variable {name} is {value!r}; set it to 1 or 0")
    return value in _TRUE


def _text(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _address(name: str) -> str | None:
    text = _text(name)
    return text.rstrip("/") if text else None


@dataclass(frozen=True)
class Settings:
    """How to download. Whatever is not given comes from the environment.

    offline: never use the network ($GPT4ALL_OFFLINE or $HF_HUB_OFFLINE).
    mirror: an address; for models in the catalogue, <mirror>/<file name> is tried first ($GPT4ALL_MIRROR).
    hub_endpoint: replaces https://huggingface.co ($HF_ENDPOINT).
    hub_token: sent only to the hub's host ($HF_TOKEN).
    allow_http: whether plain HTTP to other machines is allowed ($GPT4ALL_ALLOW_HTTP).
    connect_seconds: time limit for connecting. stall_seconds: how long the server may send next to nothing.
    retries: attempts after the first that make no progress; any progress restarts the count.
    backoff_seconds: wait before the first retry, doubled for each further one.
    refuse: says why an address may not be used, those of redirects included, or nothing; asked beside the rules that
        always hold. The indexes that pip is set to use are not asked about.
    longest_wait_seconds: limit for any one wait; if a server asks for a longer one (Retry-After), the download gives up
        on it.

    Proxies and certificates are configured as for the requests library: $HTTPS_PROXY, $NO_PROXY, $REQUESTS_CA_BUNDLE.
    """

    offline: bool = field(default_factory=lambda: _switch("GPT4ALL_OFFLINE") or _switch("HF_HUB_OFFLINE"))
    mirror: str | None = field(default_factory=lambda: _address("GPT4ALL_MIRROR"))
    hub_endpoint: str = field(default_factory=lambda: _address("HF_ENDPOINT") or HUB)
    hub_token: str | None = field(default_factory=lambda: _text("HF_TOKEN"), repr=False)
    allow_http: bool = field(default_factory=lambda: _switch("GPT4ALL_ALLOW_HTTP"))
    connect_seconds: float = 10
    stall_seconds: float = 30
    retries: int = 5
    backoff_seconds: float = 0.5
    longest_wait_seconds: float = 60
    refuse: Callable[[str], str | None] | None = None


Phase = Literal["waiting", "checking", "downloading", "extracting", "converting", "verifying"]
"""What is done now."""

_INTERVAL = 0.05  # seconds between two calls of the same phase


@dataclass(frozen=True)
class ProgressInfo:
    """The progress of a download.

    phase: "waiting" for another process that is fetching the same file, "checking" what an earlier run left,
        "downloading", "extracting" or "converting" the contents of a package, "verifying" an existing file.
    total_bytes: None while it is not known.
    """

    done_bytes: int
    total_bytes: int | None
    phase: Phase


ProgressCallback = Callable[[ProgressInfo], "bool | None"]
"""Called while a model is downloaded; if it returns False, the download ends with CancellationError."""


class Reporter:
    """Passes progress on, not too often. Raises CancellationError once the listener returns False."""

    def __init__(self, callback: ProgressCallback | None, what: str) -> None:
        self._callback = callback
        self._what = what
        self._last: tuple[Phase | None, float] = (None, 0.0)

    def __call__(self, phase: Phase, done: int, total: int | None) -> None:
        if self._callback is None:
            return
        now = time.monotonic()
        last_phase, last_time = self._last
        if phase == last_phase and now - last_time < _INTERVAL and done != total:
            return
        self._last = (phase, now)
        if self._callback(ProgressInfo(done, total, phase)) is False:
            raise CancellationError(f"the download of {self._what} was cancelled; the next one will resume from there")

    def sleep(self, seconds: float, phase: Phase, done: int, total: int | None) -> None:
        """Waits, while the listener may still cancel."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self(phase, done, total)
            time.sleep(min(left, 0.1))

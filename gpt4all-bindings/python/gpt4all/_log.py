"""The library's messages, sent to the logger "gpt4all" of Python's logging."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import Any

logger = logging.getLogger("gpt4all")
logger.addHandler(logging.NullHandler())

# The library's levels, and what they are called in logging. From the most verbose down.
_LEVELS = ((4, logging.DEBUG), (3, logging.INFO), (2, logging.WARNING), (1, logging.ERROR))
_TO_PYTHON = dict(_LEVELS)


def wanted_level() -> int:
    """The library's level that fits the logger's: what logging would drop is not sent at all."""
    for level, python_level in _LEVELS:
        if logger.isEnabledFor(python_level):
            return level
    return 0


class LogForwarder:
    """Registers with the library a function that logs, at the logger's level, until the program ends."""

    def __init__(self, ffi: Any, c: Any) -> None:
        self._ffi = ffi
        self._c = c
        self._pid = os.getpid()
        self._level = 0
        self._lock = threading.Lock()
        self._inside = threading.local()
        self._callback = ffi.callback("llmodel_log_fn", self._forward, onerror=lambda *_: None)
        atexit.register(self._stop)

    def follow(self) -> None:
        """Takes over a change of the logger's level. Cheap where there is none."""
        level = wanted_level()
        # After a fork the library's locks may be held by threads that are not there any more.
        if level == self._level or os.getpid() != self._pid:
            return
        with self._lock:
            self._c.llmodel_set_log(self._callback if level else self._ffi.NULL, self._ffi.NULL, level)
            self._level = level

    @property
    def busy_here(self) -> bool:
        """Whether this thread is one of the library's, in a message: then it must not call the library."""
        return getattr(self._inside, "messages", 0) > 0

    def _forward(self, level: int, message: Any, _user: Any) -> None:
        self._inside.messages = getattr(self._inside, "messages", 0) + 1
        try:
            text = self._ffi.string(message).decode("utf-8", "replace")
            logger.log(_TO_PYTHON.get(level, logging.DEBUG), "%s", text)
        finally:
            self._inside.messages -= 1

    def _stop(self) -> None:
        pid, self._pid = self._pid, -1
        if os.getpid() == pid:
            self._c.llmodel_set_log(self._ffi.NULL, self._ffi.NULL, 0)

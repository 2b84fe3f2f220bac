"""How the page proves that it is the one that this program opened.

A token in the address that the program opens, which works once and for a short while, becomes a cookie. Both are
signed with a secret in the data folder, so that a second `gpt4all app` can make a token for the first, and a page that
was left open goes on after the program is started again.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

FILE = "secret"
SECRET_BYTES = 32
TOKEN_SECONDS = 600
SESSION_SECONDS = 90 * 24 * 3600


class Sessions:
    """The tokens and cookies of one data folder.

    cookie: the name of the cookie. It tells data folders apart, since browsers share cookies among the ports of a host.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._secret = _secret(folder / FILE)
        self.cookie = f"gpt4all_session_{self._mark('cookie', '')[:8]}"
        self._clock = clock
        self._used: dict[str, float] = {}

    def token(self) -> str:
        """A new token."""
        return self._signed("token", TOKEN_SECONDS)

    def begin(self, token: str) -> str | None:
        """The cookie's value for a token; None if it is not valid, or was used."""
        now = self._clock()
        self._used = {used: until for used, until in self._used.items() if until > now}
        if token in self._used or not self._valid("token", token):
            return None
        self._used[token] = now + TOKEN_SECONDS
        return self._signed("session", SESSION_SECONDS)

    def known(self, cookies: str) -> bool:
        """Whether a Cookie header has a valid cookie of ours."""
        pairs = (part.strip().partition("=") for part in cookies.split(";"))
        return any(name == self.cookie and self._valid("session", value) for name, _, value in pairs)

    def _signed(self, what: str, seconds: float) -> str:
        head = f"{int(self._clock() + seconds)}.{secrets.token_urlsafe(16)}"
        return f"{head}.{self._mark(what, head)}"

    def _valid(self, what: str, text: str) -> bool:
        head, _, mark = text.rpartition(".")
        if not text.isascii() or not hmac.compare_digest(mark, self._mark(what, head)):
            return False
        return int(head.split(".")[0]) > self._clock()

    def _mark(self, what: str, head: str) -> str:
        return hmac.new(self._secret, f"{what}.{head}".encode(), hashlib.sha256).hexdigest()


def _secret(path: Path) -> bytes:
    """Kept in a file that only its owner may read; made if there is none, or not all of it, as after a power failure:
    anybody could guess that."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists() or path.stat().st_size < SECRET_BYTES:
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    return path.read_bytes()

"""API keys. The server knows only their hashes, and takes the same time for each that is wrong."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping

PREFIX = "sk-gpt4all-"


def new_key() -> str:
    """A key of 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def hashed(key: str) -> str:
    """SHA-256 in hexadecimal: keys are random, so that nothing slower is needed."""
    return hashlib.sha256(key.encode("utf-8")).hexdigest()


def key_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The key of a request, in the way of OpenAI, of Anthropic, or of Azure."""
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    for name in (b"x-api-key", b"api-key"):
        if name in headers:
            return headers[name].decode("latin-1").strip()
    return None


def accepted(key: str | None, hashes: Iterable[str]) -> bool:
    """Whether a key is one of those."""
    given = hashed(key or "")
    # Not any(): it would end at the first.
    return sum([hmac.compare_digest(given, known) for known in hashes]) > 0 and key is not None

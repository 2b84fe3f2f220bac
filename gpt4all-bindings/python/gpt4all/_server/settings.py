"""What a server is told when it starts."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .._errors import InvalidArgumentError

DEFAULT_PORT = 4891


@dataclass(frozen=True)
class ServerSettings:
    """How a server listens, whom it serves, and what it spends on that.

    host: addresses or names to listen on.
    port: TCP port; 0 takes a free one.
    api_keys: SHA-256 in hexadecimal of the keys that are accepted; empty: no key is asked for.
    allowed_origins: origins of pages that may use the server, such as "https://example.org"; "*" for all.
    allowed_hosts: names beside those of this machine under which it may be addressed.
    certificate, certificate_key: PEM files, for TLS.
    preload: names of models that are opened at the start, and stay open unless a request says how long.
    pin: names of models that stay open once they are.
    open: options of Model, for all models.
    workers: machines running `gpt4all worker` that a model is split over, by the model's name.
    memory_budget: bytes that all open models may need together; None: without limit.
    keep_alive: seconds for which a model stays open that nobody uses; negative: for ever.
    max_waiting: requests that may wait for one model; a further one gets 429.
    max_request_bytes: size of a request's body.
    max_tokens: upper limit of tokens that one request may generate; None: without limit.
    request_seconds: time that one request may take, waiting included; None: without limit.
    drain_seconds: time that running requests have when the server is told to stop.
    downloads: whether requests may download models, and delete them.
    stored_responses: how many responses are kept, for each API key; 0: none, and what needs them is refused.
    stored_bytes: how large they may be together, for each API key.
    stored_seconds: how long they are kept; negative: for ever, within the other two.
    """

    host: tuple[str, ...] = ("127.0.0.1", "::1")
    port: int = DEFAULT_PORT
    api_keys: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    certificate_key: Path | None = None
    preload: tuple[str, ...] = ()
    pin: tuple[str, ...] = ()
    open: Mapping[str, Any] = field(default_factory=dict)
    workers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    memory_budget: int | None = None
    keep_alive: float = 300.0
    max_waiting: int = 64
    max_request_bytes: int = 32 * 1024 * 1024
    max_tokens: int | None = None
    request_seconds: float | None = None
    drain_seconds: float = 30.0
    downloads: bool = False
    stored_responses: int = 1000
    stored_bytes: int = 64 * 1024 * 1024
    stored_seconds: float = 24 * 3600.0

    def check(self) -> None:
        """Raises InvalidArgumentError for what is not safe, or contradicts itself."""
        if not self.host:
            raise InvalidArgumentError("there is no address to listen on")
        exposed = [host for host in self.host if not is_loopback(host)]
        if exposed and not self.api_keys:
            raise InvalidArgumentError(
                f"{exposed[0]} can be reached from other machines, which needs an API key: give one, or listen on "
                "127.0.0.1"
            )
        if (self.certificate is None) != (self.certificate_key is None):
            raise InvalidArgumentError("TLS needs both a certificate and its key")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

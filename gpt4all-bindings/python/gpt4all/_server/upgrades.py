"""Requests that offer to go on in HTTP/2 are answered in HTTP/1.1, as the offer allows.

Java's HttpClient makes that offer with every request. The parser takes it for one that must be accepted, and uvicorn
then sees no body: https://github.com/Kludex/uvicorn/issues/2722.
"""

from __future__ import annotations

import re

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# The name alone is changed, to one of the same length: there is nothing else to keep in step. In a body, this would be
# a line break within JSON that is wrong whatever follows.
OFFER = re.compile(rb"(\r\n)Upgrade(:[ \t]*h2c[ \t]*\r\n)", re.IGNORECASE)
KEPT = rb"\1Offered\2"


def declined(data: bytes) -> bytes:
    """The same request without the offer."""
    return OFFER.sub(KEPT, data) if b"h2c" in data else data


class Protocol(HttpToolsProtocol):
    """HTTP/1.1 on one connection."""

    def data_received(self, data: bytes) -> None:
        super().data_received(declined(data))

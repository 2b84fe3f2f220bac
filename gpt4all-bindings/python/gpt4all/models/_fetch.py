"""Fetching one file from one address into its .part, through whatever the network does to it, and checking it."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ._errors import (
    ChecksumError,
    ConnectionFailedError,
    DownloadError,
    HTTPStatusError,
    ProtocolError,
    UnreachableError,
)
from ._files import check_space
from ._http import Client, Response, Secret, redacted
from ._part import Identity, Part
from ._settings import Reporter, Settings

ENOUGH_PROGRESS = 64 << 10
"""Bytes that an attempt must bring for the count of failed ones to start again."""

_FEW_RETRIES = 2  # for servers that contradict themselves, or are not there


@dataclass(frozen=True)
class Address:
    """Where a file is, and what is known of it beforehand.

    learn: reads more out of an answer, such as the hub's header with the hash.
    """

    url: str
    identity: Identity
    secret: Secret | None = None
    learn: Callable[[Identity, Response], Identity] | None = None


class Fetch:
    """One run of fetching one address. run() leaves a complete .part, whose hash is still to be checked."""

    def __init__(self, client: Client, address: Address, target: Path, settings: Settings, report: Reporter) -> None:
        self._client = client
        self._address = address
        self._target = target
        self._settings = settings
        self._report = report
        self._ranges = True
        self.identity = address.identity
        self.continued = False
        """Whether bytes were kept that an earlier answer had sent."""

    def run(self, part: Part) -> None:
        """Brings `part` to its full length. Raises DownloadError; what has come by then stays."""
        failures = 0
        furthest = 0
        while True:
            try:
                self._try(part)
                return
            except (ConnectionFailedError, ProtocolError, HTTPStatusError) as error:  # noqa: PERF203 - the next try
                failures += 1
                if part.length >= furthest + ENOUGH_PROGRESS:
                    furthest, failures = part.length, 1
                self._wait(error, failures, part)

    def _wait(self, error: DownloadError, failures: int, part: Part) -> None:
        asked = error.detail.get("retry_after_seconds")
        if isinstance(error, HTTPStatusError) and asked is None:
            raise error  # 404 and the like stay as they are
        limit = self._settings.retries
        if isinstance(error, ProtocolError):
            self._ranges = self._ranges and failures < _FEW_RETRIES
        if isinstance(error, ProtocolError | UnreachableError):
            limit = min(limit, _FEW_RETRIES)
        pause = self._settings.backoff_seconds * 2 ** (failures - 1) * random.uniform(0.5, 1)
        pause = max(min(pause, self._settings.longest_wait_seconds), asked or 0)
        if failures > limit or pause > self._settings.longest_wait_seconds:
            raise error
        self._report.sleep(pause, "downloading", part.length, self.identity.size)

    def _try(self, part: Part) -> None:
        """One request, after which the file is complete."""
        start = self._start(part)
        if start and start == self.identity.size:
            return
        with self._client.get(self._address.url, self._request_headers(start, part), self._address.secret) as response:
            if response.status == 416:
                part.remove()
                raise ProtocolError(f"{redacted(response.url)} says that the file has no byte {start}")
            length = self._check(response, start, part)
            try:
                self._receive(response, part, length)
            except ProtocolError:
                part.remove()
                raise
        self.identity = dataclasses.replace(self.identity, size=self.identity.size or part.length)
        if part.length != self.identity.size:
            raise ConnectionFailedError(
                f"{redacted(response.url)} sent the file up to byte {part.length} of {self.identity.size}"
            )

    def _start(self, part: Part) -> int:
        """How many bytes there are to go on from. What cannot be used stays until something better comes."""
        there, length = part.identity, part.length
        known = self.identity
        self.continued = False
        if there is None or not self._ranges or length == 0:
            return 0
        if known.key == there.key:  # the answer to come will say whether it is still the same file
            known = dataclasses.replace(
                there, size=known.size or there.size, sha256=known.sha256 or there.sha256, etag=known.etag or there.etag
            )
        if not known.may_continue(there) or length > (known.size or length):
            return 0
        part.catch_up(self._report)
        self.identity = known
        self.continued = True
        return length

    def _request_headers(self, start: int, part: Part) -> dict[str, str]:
        headers = {}
        if start:
            headers["Range"] = f"bytes={start}-"
            there = part.identity
            # Where the hash is known, other hosts may go on with the same file under another tag.
            if there and there.etag and not there.sha256:
                headers["If-Range"] = there.etag
        return headers

    def _check(self, response: Response, start: int, part: Part) -> int | None:
        """Makes `part` ready for the body, and returns how many bytes it must have; None if the answer does not say."""
        if response.is_page:
            raise ProtocolError(
                f"{redacted(response.url)} sent a web page instead of the file; the network may require a login"
            )
        begin, length, total = 0, response.length, response.length
        if response.status == 206:
            span = response.content_range
            begin, total = span.first, span.total
            if begin != start or not begin <= span.last < total or length not in (None, span.last - begin + 1):
                raise ProtocolError(
                    f"{redacted(response.url)} was asked for the file from byte {start} on and sent bytes "
                    f"{begin} to {span.last} of {total} in a body of {length}"
                )
            length = span.last - begin + 1
        found = self._identity_of(response, total)
        if begin == 0:
            part.start(found)
            self.continued = False
        elif not found.may_continue(part.identity or found):
            part.remove()
            self.identity = self._address.identity
            raise ConnectionFailedError(f"{redacted(response.url)} has a different file from when the download began")
        self.identity = found
        part.learn(found)
        if found.size is not None:
            check_space(part.path.parent, found.size - begin, self._target.name)
        if length is None and not response.is_chunked and found.size is None and found.sha256 is None:
            raise ProtocolError(f"{redacted(response.url)} does not say how long the file is, so its end is unknown")
        return length

    def _identity_of(self, response: Response, total: int | None) -> Identity:
        """What this answer says of the file, on top of what was known. Raises ProtocolError where the two differ."""
        known = self._address.identity
        if self._address.learn is not None:
            known = self._address.learn(known, response)
        if None not in (known.size, total) and known.size != total:
            raise ProtocolError(
                f"{redacted(response.url)} has a file of {total} bytes, but {self._target.name} has {known.size}"
            )
        expected = self._address.identity.sha256
        if expected and known.sha256 != expected:
            raise ChecksumError(
                f"{redacted(response.url)} has another file, with SHA-256 {known.sha256}, not {expected}"
            )
        etag = response.headers.get("ETag", "").strip()
        return dataclasses.replace(
            known,
            size=total if known.size is None else known.size,
            etag=etag if etag.startswith('"') else None,  # a weak one may stay when bytes change
            last_modified=response.headers.get("Last-Modified"),
        )

    def _receive(self, response: Response, part: Part, length: int | None) -> None:
        done, total = part.length, self.identity.size
        end = total if length is None else done + length
        where = redacted(response.url)
        with part.appending() as out:
            self._report("downloading", done, total)
            for block in response.blocks(self._settings.stall_seconds):
                if end is not None and done + len(block) > end:
                    raise ProtocolError(f"{where} sent more than the {end} bytes that the file has")
                out.write(block)
                done += len(block)
                self._report("downloading", done, total)
            out.sync()


@dataclass(frozen=True)
class Transfer:
    """What every file of one download shares."""

    target: Path
    settings: Settings
    report: Reporter
    md5: str | None = None

    def run(self, client: Client, address: Address, ask: Callable[[], str | None] | None = None) -> tuple[Part, str]:
        """The complete and checked .part, and its SHA-256.

        ask: gets the hash if neither the address nor the answer did. Raises DownloadError; a wrong file is removed.
        """
        part = Part(self.target, with_md5=self.md5 is not None)
        continued, wrong = True, ""
        while continued:  # a .part may have been of another file: if it was, once more from the beginning
            fetch = Fetch(client, address, self.target, self.settings, self.report)
            fetch.run(part)
            continued = fetch.continued
            digests = part.digests(self.report)
            wrong = self._what_is_wrong(digests, fetch.identity.sha256 or (ask() if ask else None))
            if not wrong:
                return part, digests["sha256"]
            part.remove()
        raise ChecksumError(f"{redacted(address.url)} sent a wrong {self.target.name}: {wrong}. It was removed")

    def _what_is_wrong(self, found: dict[str, str], sha256: str | None) -> str:
        if sha256 and found["sha256"] != sha256:
            return f"its SHA-256 is {found['sha256']} and should be {sha256}"
        if self.md5 and found["md5"] != self.md5:
            return f"its MD5 is {found['md5']} and should be {self.md5}"
        return ""

"""Fetching a file and checking it, as far as its .part: what is left is to give it its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ._fetch import Address, Fetch
from ._http import Client, redacted
from ._part import Part
from ._progress import Reporter
from ._settings import Settings
from .errors import ChecksumError


@dataclass(frozen=True)
class Transfer:
    """What every file of one download shares."""

    target: Path
    settings: Settings
    report: Reporter
    md5: str | None = None

    def run(self, client: Client, address: Address, ask: Callable[[], str | None] | None = None) -> tuple[Part, str]:
        """The complete and checked .part, and its SHA-256.

        ask: tells the hash if neither the address nor the answer did. Raises DownloadError; a wrong file is removed.
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

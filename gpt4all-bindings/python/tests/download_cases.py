"""Runs the cases of downloading that all bindings share, as the catalogue's README.md describes, on this package."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus_tools.conformance.results import record

from gpt4all import CancellationError, LLModelError, models
from gpt4all.models._download import Download
from gpt4all.models._names import of_entry
from gpt4all.models._records import Wanted
from gpt4all.models._settings import Reporter
from models_helpers import entry_of, left_in

CATALOGUE = Path(__file__).resolve().parents[2] / "catalogue"

Json = dict[str, Any]
SHARED: Json = json.loads((CATALOGUE / "download-cases.json").read_text(encoding="utf-8"))
CASES: dict[str, Json] = {case["id"]: case for case in SHARED["cases"]}
KINDS: dict[str, type[LLModelError]] = {
    "cancelled": CancellationError,
    "checksum": models.ChecksumError,
    "connection_failed": models.ConnectionFailedError,
    "http_status": models.HTTPStatusError,
    "insecure_url": models.InsecureURLError,
    "offline": models.OfflineError,
    "protocol": models.ProtocolError,
    "redirect": models.RedirectError,
    "stalled": models.StalledError,
    "unreachable": models.UnreachableError,
}


class Server:
    """The misbehaving server as a program of its own, as other languages start it."""

    def __init__(self) -> None:
        command = [sys.executable, str(CATALOGUE / "misbehaving_server.py")]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.places: dict[str, str] = json.loads(self._process.stdout.readline())
        with socket.socket() as unused:  # bound, but nothing listens
            unused.bind(("127.0.0.1", 0))
            self.places["nowhere"] = f"http://127.0.0.1:{unused.getsockname()[1]}"

    def get(self, path: str) -> Any:
        """The JSON that a command of the server gives."""
        with urllib.request.urlopen(self.places["url"] + path, timeout=30) as answer:
            return json.load(answer)

    def close(self) -> int:
        """Ends it as its README says, and returns its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        return self._process.wait(30)


@pytest.fixture(scope="session")
def case_server() -> Iterator[Server]:
    server = Server()
    yield server
    assert server.close() == 0


class Run:
    """A case that runs: its server, its folder, and what was kept of the file before the step."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._server = server
        self._path = folder / "m.gguf"
        self._part = folder / ".gpt4all" / "m.gguf.part"
        folder.mkdir(parents=True)
        server.get("/reset")

    def case(self, case: Json) -> None:
        """Does one step after the other. Fails with AssertionError if something is not as the case says."""
        try:
            for number, step in enumerate(case["steps"]):
                self._step(f"{case['title']}: step {number}", step)
        except Exception as error:
            record("downloads", case["id"], {"failed": str(error)})
            raise
        record("downloads", case["id"], {"passed": True})

    def _step(self, where: str, step: Json) -> None:
        try:
            getattr(self, "_" + step["do"])(step)
        except AssertionError as error:
            raise AssertionError(f"{where}: {error}") from None

    def _behave(self, step: Json) -> None:
        self._server.get(f"/calm/{step['id']}")

    def _write(self, step: Json) -> None:
        description = self._part.with_name("m.gguf.part.json")
        target = {"file": self._path, "part": self._part, "part_description": description}[step["what"]]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(bytes(step["zeros"]) if "zeros" in step else step["text"].encode())

    def _download(self, step: Json) -> None:
        part_before = self._part.stat().st_size if self._part.exists() else 0
        asked_before, started = len(self._server.get("/requests")), time.monotonic()
        caught: LLModelError | None = None
        try:
            self._fetch(step)
        except LLModelError as error:
            caught = error
        assert time.monotonic() - started >= step.get("at_least_seconds", 0), "it did not wait"
        _check_error(caught, step.get("error"))
        self._check_disk(step)
        if "requests" in step:
            _check_requests(self._server.get("/requests")[asked_before:], step["requests"], part_before)

    def _fetch(self, step: Json) -> None:
        addresses = [self._fill(address) for address in step["from"]]
        chosen = {**SHARED["settings"], **step.get("settings", {})}
        token = {"hub_token": step["token"]} if "token" in step else {}
        settings = models.Settings(**chosen, **token, hub_endpoint=self._server.places["url"])
        progress: Callable[[models.ProgressInfo], bool] | None = None
        if "cancel_at" in step:
            progress = lambda now: now.done_bytes < step["cancel_at"]  # noqa: E731
        known = {key: step[key] for key in ("size", "sha256", "md5") if key in step}
        if len(addresses) == 1:
            force = step.get("force", False)
            models.download(addresses[0], self._path, **known, force=force, progress=progress, settings=settings)
            return
        sources = [{"type": "https", "url": address} for address in addresses]
        entry = entry_of(b"", sources, **known)
        Download(of_entry(entry), Wanted.of(self._path, entry), settings, Reporter(progress, entry.file)).run()

    def _fill(self, text: str) -> str:
        for name, place in self._server.places.items():
            text = text.replace(f"${{{name}}}", place)
        return text

    def _check_disk(self, step: Json) -> None:
        if step["file"] is None:
            assert not self._path.exists(), "there is a file under the final name"
        else:
            expected, found = SHARED["contents"][step["file"]], self._path.read_bytes()
            assert len(found) == expected["size"], f"the file has {len(found)} bytes"
            assert hashlib.sha256(found).hexdigest() == expected["sha256"], "the file has another content"
        if "part" not in step:
            return
        if step["part"] is None:
            assert left_in(self._path) == set(), f"{left_in(self._path)} are left"
            return
        kept = self._part.stat().st_size
        exact = not isinstance(step["part"], dict)
        least, below = (step["part"], step["part"] + 1) if exact else (step["part"]["at_least"], step["part"]["below"])
        assert least <= kept < below, f"{kept} bytes are kept"


def _check_error(caught: LLModelError | None, expected: Json | None) -> None:
    if expected is None:
        if caught is not None:
            raise caught
        return
    assert caught is not None, f"there was no error; expected is {expected['kind']}"
    kinds = [name for name, kind in KINDS.items() if type(caught) is kind]
    assert kinds == [expected["kind"]], f"{type(caught).__name__}: {caught}"
    assert caught.status.name.lower() == expected["status"]
    assert caught.detail.get("http_status") == expected.get("http_status")


def _check_requests(found: list[Json], expected: list[Json], part_before: int) -> None:
    assert len(found) == len(expected), f"the server was asked {len(found)} times: {[one['step'] for one in found]}"
    for one, wanted in zip(found, expected, strict=True):
        headers = {name.lower(): value for name, value in one["headers"].items()}
        if "listener" in wanted:
            assert one["listener"] == wanted["listener"]
        if "from" in wanted:
            begin = part_before if wanted["from"] == "part" else wanted["from"]
            assert headers.get("range") == (None if begin is None else f"bytes={begin}-")
        if "authorization" in wanted:
            assert headers.get("authorization") == wanted["authorization"]

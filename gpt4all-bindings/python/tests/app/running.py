"""The application as users start it, and what tests ask it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from conftest import child_environment

START_SECONDS = 60
Event = dict[str, Any]


@dataclass
class App:
    """A running application, and a session of its page. address: without a slash at its end. data: its folder."""

    address: str
    process: subprocess.Popen[str]
    http: requests.Session
    data: Path

    def ask(self, method: str, path: str, body: Any = None, status: int | None = None, **options: Any) -> Any:
        """The answer's JSON; it must have the status, if one is given, and else succeed."""
        url = f"{self.address}/app/v1{path}"
        answer = self.http.request(method, url, json=body, timeout=300, **options)
        right = answer.ok if status is None else answer.status_code == status
        assert right, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
        return answer.json() if answer.content and "json" in answer.headers.get("content-type", "") else answer.text

    def chat(self, **members: Any) -> str:
        """A new chat."""
        id: str = self.ask("POST", "/chats", members)["id"]
        return id

    def send(self, chat: str, content: str, **members: Any) -> Any:
        """A message, as it was taken."""
        return self.ask("POST", f"/chats/{chat}/messages", {"content": content, **members})

    def events(self, job: str, first: int = 0, headers: dict[str, str] | None = None) -> Iterator[Event]:
        """The events of a job as they come."""
        url = f"{self.address}/app/v1/jobs/{job}/events?from={first}"
        with self.http.get(url, stream=True, timeout=300, headers=headers) as answer:
            assert answer.ok, answer.text
            assert answer.headers["content-type"].startswith("text/event-stream")
            for line in answer.iter_lines(chunk_size=1):
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    def wait(self, job: str) -> Any:
        """The message that a job ends with."""
        *_, last = self.events(job)
        assert last["type"] == "done", last
        return last["message"]

    def reply(self, chat: str, content: str, **members: Any) -> Any:
        """The answer to a message, once it is there."""
        return self.wait(self.send(chat, content, **members)["job"])

    def models(self) -> list[int]:
        """The processes of open models."""
        pid = self.process.pid
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]

    def kill(self) -> None:
        """Ends it as a crash does."""
        self.process.kill()
        self.process.wait(START_SECONDS)


def signed_in(address: str) -> requests.Session:
    """A session of the page at an address with a token."""
    base, token = address.split("/#token=")
    http = requests.Session()
    answer = http.post(f"{base}/app/v1/session", json={"token": token}, timeout=60)
    assert answer.status_code == 204, answer.text
    return http


@contextmanager
def running(store: Path, data: Path, *options: str, **variables: str) -> Iterator[App]:
    """The application with the models of a store and a data folder, without a browser."""
    environment = child_environment(**{"GPT4ALL_CACHE": str(store), "GPT4ALL_OFFLINE": "1", **variables})
    command = [sys.executable, "-m", "gpt4all", "app", "--no-browser", "--data-folder", str(data)]
    log = data.with_name(f"{data.name}.log")
    with log.open("a") as output:
        process = subprocess.Popen(
            [*command, "--port", "0", *options], env=environment, stdout=output, stderr=subprocess.PIPE, text=True
        )
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r"http://\S+", line)
    assert found, line + process.stderr.read()
    drained = subprocess.Popen(["cat"], stdin=process.stderr, stdout=log.open("a"))
    try:
        wait_for(found[0].split("/#")[0])
        yield App(found[0].split("/#")[0], process, signed_in(found[0]), data)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)
        drained.wait(START_SECONDS)


def wait_for(address: str) -> None:
    """Until the server answers."""
    until = time.monotonic() + START_SECONDS
    while not _answers(address):
        assert time.monotonic() < until
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/health", timeout=10).ok
    except requests.ConnectionError:
        return False

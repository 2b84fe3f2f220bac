"""Run by an interpreter with the wheel and its extra `app`, in a network namespace of its own: nothing is reached but
this machine. Starts the application, opens its page, asks one question, and prints the answer as JSON."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

QUESTION = "What is the capital of France?"


def unreachable() -> bool:
    """Whether another machine cannot be reached, as this is about."""
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=5).close()
    except OSError as error:
        return "unreachable" in str(error)
    return False


def main() -> None:
    """Arguments: the program ip, the data folder, the model."""
    ip, data, model = sys.argv[1:]
    subprocess.run([ip, "link", "set", "lo", "up"], check=True)
    assert unreachable()
    command = [str(Path(sys.executable).parent / "gpt4all"), "app", "--no-browser", "--port", "0"]
    process = subprocess.Popen([*command, "--data-folder", data], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r"(http://\S+)/#token=(\S+)", line)
        assert found, line + process.stderr.read()
        print(json.dumps(ask(found[1], found[2], model)))
    finally:
        process.terminate()
        process.communicate(timeout=60)


def ask(address: str, token: str, model: str) -> dict[str, object]:
    """Whether the page and all that it names are there, and the answer to a question."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(path: str, body: object = None) -> str:
        request = urllib.request.Request(f"{address}{path}", headers={"Content-Type": "application/json"})
        request.data = None if body is None else json.dumps(body).encode()
        with opener.open(request, timeout=100) as answer:
            text: str = answer.read().decode()
            return text

    page = get("/")
    named = re.findall(r'(?:src|href)="(/?[^":]+)"', page)
    for name in named:
        get(name if name.startswith("/") else f"/{name.removeprefix('./')}")
    get("/app/v1/session", {"token": token})
    settings = {"sampling": {"max_tokens": 32}}  # a small model may go on for minutes
    chat = json.loads(get("/app/v1/chats", {"model": model, "settings": settings}))["id"]
    job = json.loads(get(f"/app/v1/chats/{chat}/messages", {"content": QUESTION}))["job"]
    events = [line[6:] for line in get(f"/app/v1/jobs/{job}/events?from=0").splitlines() if line.startswith("data: ")]
    last = json.loads(events[-1])
    return {"page": page, "named": named, "last": last["type"], "answer": last.get("message", {}).get("content")}


if __name__ == "__main__":
    main()

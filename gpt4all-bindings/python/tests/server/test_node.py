"""Clients for JavaScript as published, in Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import HERE, TEXT, TOOLS, VECTORS, Served

UNREACHABLE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED")


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages that node/package-lock.json names, and the programs beside it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node and npm are not installed")
    folder = shutil.copytree(HERE / "node", tmp_path_factory.mktemp("node") / "clients")
    command = [npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
    installed = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=300)
    if installed.returncode != 0 and UNREACHABLE.search(installed.stderr):
        pytest.skip("npm's packages cannot be downloaded")
    assert installed.returncode == 0, installed.stderr
    return folder


def told_by(program: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """What a program prints."""
    command = ["node", program, *arguments]
    ran = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=110)
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


def test_openai(clients: Path, served: Served) -> None:
    told = told_by("openai.mjs", clients, served.address, TEXT, TOOLS, VECTORS)
    assert {TEXT, VECTORS} <= set(told["models"])
    assert told["model"]["id"] == TEXT
    content = told["chat"]["choices"][0]["message"]["content"]
    assert content
    assert "".join(piece["choices"][0]["delta"].get("content") or "" for piece in told["pieces"][:-1]) == content
    assert told["pieces"][-1]["usage"]["total_tokens"] == told["chat"]["usage"]["total_tokens"]
    assert told["formatted"]["choices"][0]["message"]["parsed"]["city"] in ("Paris", "Rome")
    asked, called, answered, *_ = told["called"]
    assert asked["role"] == "user"
    assert [call["function"]["name"] for call in called["tool_calls"]] == ["weather"]
    assert answered["content"].startswith("It is sunny in ")
    assert told["completion"]["choices"][0]["text"].startswith("a")
    assert len(set(told["embeddings"])) == 1
    assert len(told["embeddings"]) == 2
    assert told["response"]["output_text"] == told["response"]["output"][0]["content"][0]["text"]
    assert told["events"][0] == "response.created"
    assert told["events"][-1] in ("response.completed", "response.incomplete")
    assert told["aborted"] is True
    kinds = [(error["kind"], error["status"]) for error in told["errors"]]
    assert kinds == [("NotFoundError", 404), ("BadRequestError", 400), ("BadRequestError", 400)]
    assert told["errors"][2]["param"] == "temperature"


def test_vercel_ai_sdk(clients: Path, served: Served) -> None:
    told = told_by("ai-sdk.mjs", clients, served.address, TEXT, TOOLS, VECTORS)
    assert told["text"]
    assert "".join(told["pieces"]) == told["text"]
    assert told["usage"]["outputTokens"] == told["streamed"]["outputTokens"] == 5
    assert told["reason"] == "length"
    assert {call["name"] for call in told["calls"]} == {"weather"}
    assert {call["input"]["city"] for call in told["calls"]} <= {"Paris", "Rome"}
    assert told["object"]["city"] in ("Paris", "Rome")
    assert len(told["embeddings"]) == 2
    assert told["error"]["status"] == 404
    assert "nobody" in told["error"]["message"]


def test_ollama(clients: Path, served: Served) -> None:
    told = told_by("ollama.mjs", clients, served.address, TEXT, VECTORS)
    assert told["version"]["version"]
    assert {TEXT, VECTORS} <= {model["name"] for model in told["list"]["models"]}
    assert told["show"]["details"]["family"] == "llama"
    content = told["chat"]["message"]["content"]
    assert content
    assert "".join(piece["message"]["content"] for piece in told["pieces"]) == content
    assert told["pieces"][-1]["done_reason"] == told["chat"]["done_reason"]
    assert told["generate"]["response"] == content
    assert json.loads(told["formatted"]["message"]["content"]).keys() == {"warm"}
    assert len(told["embed"]["embeddings"]) == 2
    assert TEXT in {model["name"] for model in told["ps"]["models"]}
    assert told["aborted"] == "AbortError"
    missing, unknown = told["errors"]
    assert (missing["status"], unknown["status"]) == (404, 400)
    assert "nobody" in missing["message"]
    assert "options.nonsense" in unknown["message"]

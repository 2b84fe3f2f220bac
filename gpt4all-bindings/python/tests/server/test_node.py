"""Clients for JavaScript as published, in Node."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import HERE, TEXT, VECTORS, Served

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


def test_ollama(clients: Path, served: Served) -> None:
    command = ["node", "ollama.mjs", served.address, TEXT, VECTORS]
    ran = subprocess.run(command, check=False, cwd=clients, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
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

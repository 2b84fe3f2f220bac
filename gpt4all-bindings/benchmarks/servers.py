"""Servers of OpenAI's API that are compared under load."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import tables
from contenders import HERE, LlamaServer, Plan, Server

CLIENT = (sys.executable, str(HERE / "worker_http.py"))


class Gpt4allServer(Server):
    """`gpt4all serve`. python: one that has what the server needs."""

    health = "/ready"

    def __init__(self, python: str) -> None:
        super().__init__(tables.SERVE, CLIENT)
        self._python = python

    def command(self, plan: Plan, port: int) -> list[str]:
        options = json.dumps(plan.options)
        return [
            self._python, "-m", "gpt4all", "serve", plan.model.name, "--open", options, "--port", str(port),
            "--host", "127.0.0.1",
        ]  # fmt: skip

    def environment(self, plan: Plan, folder: Path) -> dict[str, str]:
        """A store that has only this model."""
        models = folder / "models"
        models.mkdir()
        (models / plan.model.name).symlink_to(plan.model)
        return {"GPT4ALL_CACHE": str(folder), "GPT4ALL_OFFLINE": "1"}


class LlamaCppPythonServer(Server):
    """llama-cpp-python's server, which answers one request after the other. python: one that has it."""

    health = "/v1/models"

    def __init__(self, python: str, client: Sequence[str] = CLIENT, more: Sequence[str] = ()) -> None:
        super().__init__(tables.LCP, client)
        self._python = python
        self._more = more

    def command(self, plan: Plan, port: int) -> list[str]:
        options = plan.options
        # By default, a request ends the answer to the one before.
        return [
            self._python, "-m", "llama_cpp.server", "--model", str(plan.model), "--n_ctx", str(options["n_ctx"]),
            "--n_batch", str(options["n_batch"]), "--n_ubatch", str(options["n_ubatch"]),
            "--n_threads", str(options["threads"]), "--n_threads_batch", str(options["threads"]),
            "--flash_attn", str(options["flash_attn"] == "on"), "--interrupt_requests", "False",
            "--verbose", "False", "--host", "127.0.0.1", "--port", str(port), *self._more,
        ]  # fmt: skip


def servers(llama_cpp: Path, gpt4all: str | None, llama_cpp_python: str | None) -> Sequence[Server]:
    """Those that there are."""
    found: list[Server] = [LlamaServer(llama_cpp / "llama-server", CLIENT)]
    if gpt4all and _has(gpt4all, "fastapi, uvicorn, prometheus_client"):
        found.append(Gpt4allServer(gpt4all))
    if llama_cpp_python and _has(llama_cpp_python, "llama_cpp.server.app"):
        found.append(LlamaCppPythonServer(llama_cpp_python))
    return found


def _has(python: str, modules: str) -> bool:
    probe = subprocess.run([python, "-c", f"import {modules}"], capture_output=True, check=False)
    if probe.returncode != 0:
        print(f"      {python} cannot import {modules}, so one server less is measured", file=sys.stderr)
    return probe.returncode == 0

"""Compiles the programs with which `make bench` reads streams in TypeScript, Go and Java, where that can be done."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ci.common import BUILD, ROOT, Failure, MissingTool, say
from ci.packaging.jdk import NEEDED, newest_jdk
from ci.steps import run_logged, tail

BINDINGS = ROOT / "gpt4all-bindings"
BENCHMARK = BINDINGS / "benchmarks"
OUT = BUILD / "bench"
LOG = BUILD / "logs" / "bench-streams.log"
KOFFI = "koffi@3.3.4"  # calls the loop in C from Node


def _run(command: Sequence[str], folder: Path, **variables: str) -> None:
    if not shutil.which(command[0]):
        raise MissingTool(f"there is no {command[0]}")
    if run_logged(command, LOG, cwd=folder, variables={**os.environ, **variables}) != 0:
        raise Failure(f"`{' '.join(command)}` failed; the end of {LOG}:\n{tail(LOG, 8)}")


def _typescript() -> list[str]:
    package = BINDINGS / "typescript"
    if not (package / "node_modules" / "node-addon-api").is_dir():
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], package)
    _run(["npm", "run", "build:native"], package)
    _run(["npm", "run", "build"], package)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "package.json").write_text('{"private": true}\n', encoding="ascii")
    _run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", KOFFI], OUT)
    return ["node", str(BENCHMARK / "worker_streams.mjs"), str(package), str(OUT)]


def _golang() -> list[str]:
    program = OUT / "worker_streams_go"
    _run(["go", "build", "-o", str(program), "."], BENCHMARK / "worker_streams_go", GOWORK="off")
    return [str(program)]


def _java() -> list[str]:
    jdk = newest_jdk()
    if jdk is None or jdk.version < NEEDED:
        raise MissingTool(f"there is no JDK {NEEDED} or newer")
    command = ["mvn", "--batch-mode", "--quiet", "--projects", "gpt4all", "-DskipTests", "package"]
    _run(command, BINDINGS / "java", JAVA_HOME=str(jdk.home))
    classes = BUILD / "java" / "gpt4all"
    path = f"{classes / 'classes'}{os.pathsep}{classes / 'libraries'}/*"
    options = ["--enable-native-access=ALL-UNNAMED", "--class-path", path]
    return [str(jdk.home / "bin" / "java"), *options, str(BENCHMARK / "WorkerStreams.java")]


WORKERS: Mapping[str, Callable[[], list[str]]] = {"TypeScript": _typescript, "Go": _golang, "Java": _java}


def stream_workers() -> str:
    """The command of each language, as JSON; without those whose tools or packages are not to hand."""
    LOG.unlink(missing_ok=True)
    found = {}
    for language, prepare in WORKERS.items():
        try:
            found[language] = prepare()
        except Failure as failure:
            say(f"      {language} is not measured: {failure}")
    return json.dumps(found)

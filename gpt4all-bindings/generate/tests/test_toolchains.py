"""What is emitted compiles and does what it should, where a language's compiler is on the machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from generate.build import ROOT, SCHEMA, describe
from generate.emit import emit_all, emitters, write

TYPESCRIPT = "5.9.3"
SAMPLES = Path(__file__).resolve().parent / "samples"


def emitted(name: str, into: Path) -> Path:
    """Writes what an emitter makes below a folder, and returns its first file."""
    return into / write(emit_all(describe(), {name: emitters()[name]}), into)[0]


def run(command: list[str], folder: Path, **variables: str) -> str:
    """Runs a compiler and returns all that it says."""
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **variables}, capture_output=True, text=True, timeout=300, check=False
    )
    return f"ended with {done.returncode}\n{done.stdout}{done.stderr}" if done.returncode else done.stdout


@pytest.fixture(scope="session")
def tsc() -> str:
    """TypeScript's compiler of one version, in build/typescript."""
    folder = ROOT / "build" / "typescript"
    program = folder / "node_modules" / ".bin" / "tsc"
    if not program.exists():
        if not shutil.which("npm"):
            pytest.skip("there is no npm to install TypeScript with")
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            "npm",
            "install",
            "--no-save",
            "--no-audit",
            "--no-fund",
            "--prefix",
            ".",
            f"typescript@{TYPESCRIPT}",
        ]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
        if done.returncode:
            pytest.skip(f"npm cannot install TypeScript {TYPESCRIPT}: {done.stderr.strip()[-300:]}")
    return str(program)


@pytest.mark.timeout(400)
def test_typescript_takes_what_is_right_and_refuses_what_is_wrong(tsc: str, tmp_path: Path) -> None:
    file = emitted("typescript", tmp_path)
    shutil.copy(SAMPLES / "used.ts", file.parent)
    assert run([tsc, "--noEmit", "--strict", "--target", "es2022", "used.ts"], file.parent) == ""


@pytest.mark.timeout(400)
def test_go_writes_requests_that_the_schema_allows(tmp_path: Path) -> None:
    if not shutil.which("go") or not shutil.which("gofmt"):
        pytest.skip("there is no Go")
    folder = emitted("golang", tmp_path).parent
    shutil.copy(SAMPLES / "generated_test.go", folder)
    assert run(["gofmt", "-l", "."], folder) == ""
    (folder / "go.mod").write_text("module example.org/gpt4all\n\ngo 1.24\n", encoding="utf-8")
    out = tmp_path / "request.json"
    assert "FAIL" not in run(
        ["go", "test", "-vet=all", "."], folder, OUT=str(out), GOFLAGS="-mod=mod", GOTOOLCHAIN="local"
    )
    request = json.loads(out.read_text(encoding="utf-8"))
    validate(request, "chat_request")
    assert request["samplers"] == [] and "top_k" not in request and request["temperature"] == 0
    assert [each["role"] for each in request["messages"]] == ["user", "assistant", "tool"]
    assert request["response_format"] == {"type": "json_schema", "json_schema": {"schema": {}}}


def validate(value: Any, definition: str) -> None:
    """Raises where a value is not as the schema says."""
    whole = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": whole["$defs"]}).validate(value)

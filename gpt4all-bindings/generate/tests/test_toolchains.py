"""What is emitted compiles and does what it should, where a language's compiler is on the machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from generate import schema
from generate.build import HEADER, ROOT, SCHEMA, combine, describe
from generate.compare import differences
from generate.description import Description
from generate.emit import emit_all, emitters, write

TYPESCRIPT = "5.9.3"
SAMPLES = Path(__file__).resolve().parent / "samples"


def odd() -> Description:
    """The description, and what a schema may come to have that languages have their trouble with."""
    text = 'Ends a comment */ with <b>tags</b> & @signs, a \\ and "quotes", `code` and {braces}.'
    kinds = [
        {
            "type": "object",
            "description": text,
            "required": ["kind"],
            "properties": {"kind": {"const": name}, "value": {"type": type}},
        }
        for name, type in (("first", "number"), ("second-one", "string"))
    ]
    names = ["class", "default", "package", "func", "type", "interface", "namespace", "to_string", "hash_code", "new"]
    fields: dict[str, Any] = {name: {"type": "boolean", "description": text} for name in names}
    fields |= {
        "odd_result": {"type": ["integer", "null"]},
        "kinds": {"type": "array", "items": {"$ref": "#/$defs/odd_kind"}},
        "kind": {"$ref": "#/$defs/odd_kind"},
        "lists": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
        "nothing": {"type": "null"},
        "pair": {"type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [{"type": "string"}, {"type": "null"}]},
        "mixed": {"enum": [1, True, "1"]},
        "inner": {"type": "object", "properties": {"in": {"type": "array", "items": {"type": ["string", "number"]}}}},
    }
    schema_text = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema_text["$defs"] |= {
        "odd_kind": {"anyOf": kinds, "description": text},
        "odd_options": {
            "type": "object",
            "description": text,
            "required": ["class", "odd_result"],
            "properties": fields,
        },
        "odd_result": {"type": "object", "allOf": [{"$ref": "#/$defs/usage"}], "properties": fields},
    }
    return combine(describe().header, schema.parse(schema_text))


def emitted(name: str, into: Path) -> Path:
    """Writes what an emitter makes of all that, below a folder, and returns its first file."""
    return into / write(emit_all(odd(), {name: emitters()[name]}), into)[0]


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


@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")
def test_the_copied_header_is_the_headers(tmp_path: Path) -> None:
    copied = emitted("c_header", tmp_path)
    command = ["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c"]
    assert run([*command, str(copied)], tmp_path) == ""
    (functions,) = re.findall(
        r"^#define LLMODEL_FUNCTIONS\(X\) .*?[^\\]$", copied.read_text(encoding="utf-8"), re.M | re.S
    )
    assert functions.count("    X(") == len(describe().header.functions)
    program = (SAMPLES / "functions.c").read_text(encoding="utf-8").replace("\nFUNCTIONS\n", f"\n{functions}\n")
    (tmp_path / "functions.c").write_text(program, encoding="utf-8")
    for folder in (HEADER.parent, copied.parent):
        compile = ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", str(folder), "functions.c"]
        assert run(compile, tmp_path) == ""


def newest_java() -> Path | None:
    """The newest JDK of the machine, which need not be the one on the PATH."""
    found = [Path(each).resolve() for each in (shutil.which("javac"),) if each]
    found += Path("/usr/lib/jvm").glob("*/bin/javac")

    return max(found, key=java_version).parent if found else None


def java_version(javac: Path) -> int:
    """Which Java a compiler is of; 0 if it does not say."""
    match = re.match(r"javac (\d+)", run([str(javac), "-version"], ROOT))
    return int(match[1]) if match else 0


@pytest.fixture(scope="session")
def java() -> Path:
    """The programs of the newest JDK."""
    found = newest_java()
    if found is None:
        pytest.skip("there is no JDK")
    return found


def compiled(bin: Path, folder: Path) -> list[str]:
    """Compiles all Java below a folder, and returns the command that runs a class of it."""
    sources = sorted(str(path) for path in folder.rglob("*.java"))
    command = [str(bin / "javac"), "-Xlint:all", "-Xdoclint:all,-missing", "-Werror", "-d", "classes", *sources]
    assert run(command, folder) == ""
    return [str(bin / "java"), "-cp", "classes"]


@pytest.mark.timeout(400)
def test_java_builds_what_is_right_and_says_what_is_missing(java: Path, tmp_path: Path) -> None:
    emitted("java", tmp_path)
    shutil.copy(SAMPLES / "Used.java", tmp_path)
    assert run([*compiled(java, tmp_path), "Used"], tmp_path) == "right\n"


@pytest.mark.timeout(400)
def test_java_declares_what_the_header_does(java: Path, tmp_path: Path) -> None:
    if java_version(java / "javac") < 22:
        pytest.skip("there is no JDK with the Foreign Function and Memory API, which is in Java 22")
    emitted("java_declarations", tmp_path)
    shutil.copy(SAMPLES / "PrintDeclarations.java", tmp_path)
    declared = json.loads(run([*compiled(java, tmp_path), "PrintDeclarations"], tmp_path))
    assert len(declared["functions"]) == len(describe().header.functions)
    assert list(differences(describe().header, declared)) == []


@pytest.mark.timeout(400)
def test_csharp_compiles(tmp_path: Path) -> None:
    if not shutil.which("dotnet"):
        pytest.skip("there is no dotnet")
    folder = emitted("csharp", tmp_path).parent
    version = run(["dotnet", "--version"], folder).partition(".")[0]
    project = (
        '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup>'
        f"<TargetFramework>net{version}.0</TargetFramework><TreatWarningsAsErrors>true</TreatWarningsAsErrors>"
        "</PropertyGroup></Project>"
    )
    (folder / "GPT4All.csproj").write_text(project, encoding="utf-8")
    assert "error" not in run(["dotnet", "build", "--nologo"], folder)


def validate(value: Any, definition: str) -> None:
    """Raises where a value is not as the schema says."""
    whole = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator({"$ref": f"#/$defs/{definition}", "$defs": whole["$defs"]}).validate(value)

"""LangChain4j's client for OpenAI's API as published, in Java."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import HERE, TEXT, TOOLS, VECTORS, Served

UNREACHABLE = re.compile(r"Could not transfer|Unknown host|Connection (refused|reset|timed out)|Network is unreachable")


@pytest.fixture(scope="session")
def java() -> str:
    """That of the JDK which the lane has chosen."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin" if home else None)
    if found is None:
        pytest.skip("there is no JDK; name its folder in JAVA_HOME")
    return found


@pytest.fixture(scope="session")
def libraries(java: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the jars that java/pom.xml names."""
    maven = shutil.which("mvn")
    if maven is None:
        pytest.skip("Maven is not installed")
    folder = tmp_path_factory.mktemp("java")
    command = [maven, "--batch-mode", "--file", str(HERE / "java" / "pom.xml")]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    told = ""
    for options in (["--offline"], []):  # no network is asked for what is there already
        got = subprocess.run([*command, *options], check=False, capture_output=True, text=True, timeout=110)
        if got.returncode == 0:
            return folder
        told = got.stdout + got.stderr
    if UNREACHABLE.search(told):
        pytest.skip("Maven's packages cannot be downloaded")
    raise AssertionError(told)


def test_langchain4j(java: str, libraries: Path, served: Served) -> None:
    program = HERE / "java" / "LangChain4j.java"
    command = [java, "-XX:TieredStopAtLevel=1", "--class-path", f"{libraries}/*", str(program)]
    command += [served.address, TEXT, TOOLS, VECTORS]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=110)
    assert ran.returncode == 0, ran.stderr
    told = dict(line.split("\t", 1) for line in ran.stdout.splitlines())
    assert told["whole"]
    assert told["streamed"] == told["whole"]
    assert told["called"] == "weather"
    assert json.loads(told["arguments"])["city"] in ("Paris", "Rome")
    assert json.loads(told["formed"])["city"] in ("Paris", "Rome")
    assert int(told["tokens"]) > 0
    assert told["vectors"] == "2"
    assert "nobody" in told["error"]

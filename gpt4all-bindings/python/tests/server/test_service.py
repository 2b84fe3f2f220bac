"""The systemd unit and the container: what they may do, as far as it can be told without running them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT, child_environment

from .conftest import Serve

yaml = pytest.importorskip("yaml", reason="`make test LANES=server` installs it")

SERVICE = ROOT / "gpt4all-bindings" / "python" / "service"
UNIT = SERVICE / "gpt4all.service"
MOST_EXPOSED = 2.0
"""Of 10, as systemd-analyze counts."""


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


def test_the_unit_is_valid(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    # systemd wants to see the program.
    unit.write_text(UNIT.read_text(encoding="utf-8").replace("/opt/gpt4all/bin/gpt4all", "/bin/true"), encoding="utf-8")
    done = analyze("verify", "--man=no", str(unit))
    wrong = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert not wrong
    unit.write_text(unit.read_text(encoding="utf-8").replace("ProtectHome", "ProtectHone"), encoding="utf-8")
    assert "ProtectHone" in analyze("verify", "--man=no", str(unit)).stderr


def test_the_unit_is_confined() -> None:
    done = analyze("security", "--offline=true", "--no-pager", str(UNIT))
    if "offline" in done.stderr and "unrecognized" in done.stderr:
        pytest.skip("this systemd-analyze cannot judge files")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= MOST_EXPOSED


def test_what_they_set_is_known() -> None:
    """The names of variables, to the command."""
    help = subprocess.run(
        [sys.executable, "-m", "gpt4all", "serve", "--help"],
        env=child_environment(COLUMNS="200"),
        capture_output=True,
        text=True,
        check=True,
    )
    for file in (UNIT, SERVICE / "Dockerfile", SERVICE / "compose.yaml"):
        names = set(re.findall(r"GPT4ALL_SERVE_\w+", file.read_text(encoding="utf-8")))
        assert names, file
        assert [name for name in names if name not in help.stdout] == [], file


def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", (SERVICE / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_image_runs_as_nobody_in_particular() -> None:
    known = {"FROM", "RUN", "ENV", "VOLUME", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT"}
    made = instructions()
    assert {name for name, _ in made} == known
    given = dict(made)
    assert re.fullmatch(r"python:\d+\.\d+-slim-\w+", given["FROM"])
    assert int(given["USER"]) > 1000
    assert f"--uid {given['USER']} " in given["RUN"]
    names = [name for name, _ in made]
    assert names.index("USER") > names.index("RUN")
    assert json.loads(given["ENTRYPOINT"]) == ["gpt4all", "serve"]


def test_the_image_checks_its_health(serve: Serve) -> None:
    """With what it would run, but for the port."""
    check = json.loads(dict(instructions())["HEALTHCHECK"].split("CMD", 1)[1])
    assert check[:2] == ["python", "-c"]
    python = shutil.which("python3") or "python"
    with serve("--api-key", "secret") as one:
        program = check[2].replace("http://127.0.0.1:4891", one.address)
        assert program != check[2]
        assert subprocess.run([python, "-c", program], check=False, timeout=60).returncode == 0
    assert subprocess.run([python, "-c", program], check=False, capture_output=True, timeout=60).returncode != 0


def test_the_container_is_confined() -> None:
    told: dict[str, Any] = yaml.safe_load((SERVICE / "compose.yaml").read_text(encoding="utf-8"))
    one = told["services"]["gpt4all"]
    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert all(port.startswith("127.0.0.1:") for port in one["ports"])
    assert one["environment"] == {"GPT4ALL_SERVE_API_KEY_FILE": "/run/secrets/keys"}

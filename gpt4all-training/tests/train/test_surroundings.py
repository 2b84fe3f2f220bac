"""Training on a full disk, and in a locale that knows no other letters than those of ASCII."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tiny_model import CONFIGURATION, make_all, make_data, make_rows

ROOT = Path(__file__).resolve().parents[2]
SHORT = {**CONFIGURATION, "max_steps": 2, "checkpoint_every": 2}
# A file may have so many bytes, and no more: the system then says that there is no room, as on a full disk.
PROGRAM = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
if sys.argv[2]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
from gpt4all_training.command_line import main
sys.exit(main(["train", "--quiet", sys.argv[1]]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = make_all(tmp_path_factory.mktemp("surroundings") / "place", 40)
    (place / "train.yaml").write_text(json.dumps(SHORT), encoding="utf-8")
    return place


def run(place: Path, limit: int | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-c", PROGRAM, str(place / "train.yaml"), str(limit or "")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.parametrize(
    ("limit", "file"), [(2_000, "train.arrow"), (30_000, "checkpoints"), (50_000, "checkpoints")], ids=str
)
def test_a_full_disk(place: Path, tmp_path: Path, limit: int, file: str) -> None:
    """While tokens are written, the adapter of a checkpoint, and the optimiser's state, which is larger."""
    here = shutil.copytree(place, tmp_path / "here")
    done = run(here, limit)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert f"{file}: cannot be written: " in done.stderr
    assert "Make room" in done.stderr
    assert not (here / "trained" / "model").exists()
    assert not (here / "trained" / "manifest.json").exists()
    assert not list((here / "trained").rglob("*.unfinished"))
    assert run(here).returncode == 0, "with room, the same command goes on"


def test_the_c_locale(place: Path, tmp_path: Path) -> None:
    here = shutil.copytree(place, tmp_path / "hier, naïve")
    shutil.rmtree(here / "curated")
    rows = make_rows(40)
    rows[0]["messages"][1]["content"] = "La pomme est rouge, dit l’élève. 苹果是红的。"
    make_data(here, rows)
    done = run(here, LC_ALL="C")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((here / "trained" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["steps"] == 2

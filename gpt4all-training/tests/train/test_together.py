"""Several processes train together, started by torchrun, to what one process makes of it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import safetensors.numpy

from gpt4all_training.train import Train, train
from tiny_model import CONFIGURATION, make_all

ROOT = Path(__file__).resolve().parents[2]
# Of one pass, without the last batch, which is smaller; dropout draws in each process for itself.
TOGETHER = {**CONFIGURATION, "lora": {"rank": 4, "alpha": 8, "dropout": 0.0}, "max_steps": 6, "checkpoint_every": 2}
PROCESSES = 2

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one process makes."""
    place = make_all(tmp_path_factory.mktemp("together") / "alone")
    (place / "train.yaml").write_text(json.dumps(TOGETHER))
    train(Train.model_validate_json(json.dumps(TOGETHER)), place)
    return place


@pytest.fixture
def place(alone: Path, tmp_path: Path) -> Path:
    """A folder of the test's own with the same model and data."""
    return shutil.copytree(alone, tmp_path / "place", ignore=shutil.ignore_patterns("trained"))


def assert_same(place: Path, alone: Path) -> None:
    """Within what the order of additions changes."""
    one, other = (
        safetensors.numpy.load_file(each / "trained" / "model" / "adapter_model.safetensors") for each in (alone, place)
    )
    assert one.keys() == other.keys()
    for name, values in one.items():
        assert other[name] == pytest.approx(values, abs=1e-5), name
    assert max(abs(values).max() for values in one.values()) > 0.01
    once, again = (json.loads((each / "trained" / "figures.json").read_text()) for each in (alone, place))
    assert again["held_out"] == pytest.approx(once["held_out"], abs=1e-4)
    losses = [[each["loss"] for each in figures["steps"]] for figures in (once, again)]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)


def launched(place: Path, processes: int = PROCESSES) -> subprocess.Popen[str]:
    """The command under what accelerate launches with, too, though not on processors."""
    launch = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}", "-m", "gpt4all_training"]
    command = [sys.executable, *launch, "train", str(place / "train.yaml")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )


def test_two_processes_make_what_one_makes(place: Path, alone: Path) -> None:
    out, err = (running := launched(place)).communicate()
    assert running.returncode == 0, err
    assert out.count("6 steps over") == 1, "only the first process says so"
    assert_same(place, alone)


def test_going_on_after_one_of_them_was_killed(place: Path, alone: Path) -> None:
    running = launched(place)
    checkpoint = place / "trained" / "work" / "checkpoints" / "checkpoint-2" / "complete.json"
    while not checkpoint.exists():
        assert running.poll() is None, running.communicate()
        time.sleep(0.01)
    assert {f"rng_state_{each}.pth" for each in range(PROCESSES)} <= {each.name for each in checkpoint.parent.iterdir()}
    workers = psutil.Process(running.pid).children()
    assert len(workers) == PROCESSES
    workers[-1].send_signal(signal.SIGKILL)
    assert running.wait(120) != 0
    for pipe in (running.stdout, running.stderr):
        assert pipe
        pipe.close()
    assert not (place / "trained" / "manifest.json").exists()
    _, err = (running := launched(place)).communicate()
    assert running.returncode == 0, err
    assert_same(place, alone)


def test_a_batch_that_cannot_be_shared_out_is_refused(place: Path) -> None:
    _, err = (running := launched(place, 3)).communicate()
    assert running.returncode != 0
    assert "batch_size 8 is no multiple of 12, what 3 processes compute at a time" in err

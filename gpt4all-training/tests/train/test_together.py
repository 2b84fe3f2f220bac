"""Several processes train together, started by torchrun or by Ray, to what one process makes of it."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import safetensors.numpy

from gpt4all_training.errors import ConfigurationError, HardwareError
from gpt4all_training.train import Train, Trained, train
from gpt4all_training.train.on_ray import train_on_ray
from tiny_model import CONFIGURATION, make_all

ROOT = Path(__file__).resolve().parents[2]
# Of one pass, without the last batch, which is smaller; dropout draws in each process for itself.
TOGETHER = {**CONFIGURATION, "lora": {"rank": 4, "alpha": 8, "dropout": 0.0}, "max_steps": 6, "checkpoint_every": 2}
PROCESSES = 2
MACHINES = ("127.0.0.2", "127.0.0.3")
# On a busy machine, other programs would go before its processes by default, and they take their time to start.
RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}

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


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A Ray cluster of two machines, both of them this one, with a processor each."""
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # the paths of Unix sockets are short
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**RAY, "RAY_TMPDIR": folder, "PYTHONPATH": str(ROOT)}.items():
            patch.setenv(name, value)
        ray = pytest.importorskip("ray")
        from ray.cluster_utils import Cluster

        made = Cluster()
        try:
            for address in MACHINES:
                made.add_node(num_cpus=1, include_dashboard=False, node_ip_address=address)
            ray.init(made.address, log_to_driver=False)
            yield made
        finally:
            ray.shutdown()
            made.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


def on_ray(place: Path, workers: int = PROCESSES, **changes: Any) -> Trained:
    return train_on_ray(Train.model_validate_json(json.dumps({**TOGETHER, **changes})), place, workers)


@pytest.mark.usefixtures("cluster")
def test_two_machines_of_ray_make_what_one_process_makes(place: Path, alone: Path) -> None:
    done = on_ray(place)
    assert (done.folder, done.steps, done.again) == (place / "trained", 6, False)
    assert_same(place, alone)
    assert not (place / "trained" / "work").exists()
    assert on_ray(place).again


@pytest.mark.usefixtures("cluster")
def test_what_is_wrong_is_told_as_without_ray(place: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read, or is not there"):
        on_ray(place, data="nowhere")
    with pytest.raises(HardwareError, match="has 2 CPUs, and 3 processes take one each"):
        on_ray(place, workers=3)


def test_errors_pass_between_processes() -> None:
    told = HardwareError("is too small", file=Path("machine"), row=3, remedy="Take another")
    again = pickle.loads(pickle.dumps(told))
    assert (type(again), str(again), again.row, again.remedy) == (HardwareError, str(told), 3, "Take another")

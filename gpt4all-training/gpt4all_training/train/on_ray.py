"""Training on many machines: Ray starts the processes, which then train together as under accelerate."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import HardwareError, PackageError, TrainingError
from ..progress import Progress, Silent
from .pipeline import Trained, train
from .settings import Train

_ATTEMPTS = 4  # where a process or its machine dies; each goes on from the last checkpoint


def train_on_ray(settings: Train, base: Path, workers: int, progress: Progress | None = None) -> Trained:
    """Trains with so many processes on a Ray cluster: that of RAY_ADDRESS, or else one of this machine alone.

    The folders must lie at the same place on all of its machines, and the package be installed on each.

    Raises TrainingError.
    """
    progress = progress or Silent()
    ray = _imported()
    own = not ray.is_initialized()
    if own:
        progress.begin("joining the Ray cluster", 0, "machine")
        ray.init(log_to_driver=False, configure_logging=False)
    try:
        _check_room(ray, settings, workers)
        progress.begin(f"training with {workers} processes", 0, "process")
        return _fit(ray, settings, base.resolve(), workers)
    finally:
        if own:
            ray.shutdown()


def _fit(ray: Any, settings: Train, base: Path, workers: int) -> Trained:
    work = base / settings.output / "work"
    gpu = settings.device == "cuda"
    trainer = ray.train.torch.TorchTrainer(
        _work,
        train_loop_config={"settings": settings.model_dump_json(), "base": str(base)},
        torch_config=ray.train.torch.TorchConfig(backend="nccl" if gpu else "gloo"),
        scaling_config=ray.train.ScalingConfig(num_workers=workers, use_gpu=gpu),
        run_config=ray.train.RunConfig(name="ray", storage_path=str(work)),  # Ray asks for a folder that all see
    )
    left = _ATTEMPTS
    while True:
        left -= 1
        try:
            done: Trained = trainer.fit().return_value
        except ray.train.TrainingFailedError as error:
            if ours := next((each for each in _causes(error) if isinstance(each, TrainingError)), None):
                raise ours from error
            if not left:
                remedy = "Start the same command again, which goes on from the last checkpoint"
                problem = f"processes of the Ray cluster ended {_ATTEMPTS} times: {str(error).splitlines()[-1]}"
                raise TrainingError(problem, remedy=remedy) from error
        else:
            shutil.rmtree(work, ignore_errors=True)
            return done


def _work(asked: Mapping[str, str]) -> Trained:
    """What each process does."""
    return train(Train.model_validate_json(asked["settings"]), Path(asked["base"]))


def _check_room(ray: Any, settings: Train, workers: int) -> None:
    """Raises HardwareError if the cluster is too small, as Ray would wait for more of it."""
    kind = "GPU" if settings.device == "cuda" else "CPU"
    there = int(ray.cluster_resources().get(kind, 0))
    if there < workers:
        problem = f"the Ray cluster has {there} {kind}s, and {workers} processes take one each"
        raise HardwareError(problem, remedy="Ask for fewer, or let more machines join it")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What processes raised, out of Ray's wrappings."""
    pending: list[Any] = [error]
    while pending:
        each = pending.pop()
        yield each
        pending += [*getattr(each, "worker_failures", {}).values()]
        pending += [
            inner
            for inner in (each.__cause__, getattr(each, "cause", None), getattr(each, "_base_exc", None))
            if isinstance(inner, BaseException)
        ]


def _imported() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    try:
        importlib.import_module("ray.train.torch")
    except ImportError as error:
        problem = f"training on Ray needs a Python package that cannot be imported: {error}"
        raise PackageError(problem, remedy="Run pip install 'gpt4all-training[ray]'") from error
    return importlib.import_module("ray")

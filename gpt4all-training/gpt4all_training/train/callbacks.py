"""What happens between the trainer's steps: progress, logs for TensorBoard, marks of whole checkpoints."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import transformers
from torch.utils.tensorboard import SummaryWriter

from ..errors import DivergedError
from ..progress import Progress
from .checkpoints import mark_complete
from .group import Group

# What is logged, by the trainer's names. What it counts from the last start on, such as tokens, is not.
SHOWN: Mapping[str, str] = {
    "loss": "train/loss",
    "mean_token_accuracy": "train/token_accuracy",
    "grad_norm": "train/grad_norm",
    "learning_rate": "train/learning_rate",
    "eval_loss": "held_out/loss",
    "eval_mean_token_accuracy": "held_out/token_accuracy",
}


class Marks(transformers.TrainerCallback):  # type: ignore[misc]
    """Marks checkpoints that are whole."""

    def __init__(self, group: Group) -> None:
        self._group = group

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A checkpoint was written, once each process has added what it drew at random."""
        self._group.wait()
        if state.is_world_process_zero:
            mark_complete(Path(args.output_dir, f"checkpoint-{state.global_step}"))


class Shows(transformers.TrainerCallback):  # type: ignore[misc]
    """Shows how far training is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Training begins, or goes on."""
        self._progress.begin("training", state.max_steps, "step")
        self._progress.advance(state.global_step)

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """A step is done."""
        self._progress.advance(1)


class Logs(transformers.TrainerCallback):  # type: ignore[misc]
    """Writes TensorBoard's files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """What a run that was killed wrote after its last checkpoint is to be forgotten."""
        if state.is_world_process_zero:
            self._writer = SummaryWriter(str(self._folder), purge_step=state.global_step + 1)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        """Raises DivergedError if the loss is no number."""
        logs = logs or {}
        for name, value in logs.items():
            if name in ("loss", "eval_loss") and not math.isfinite(value):
                problem = f"the loss is {value} after step {state.global_step:,}"
                remedy = "Lower learning_rate or raise warmup, remove the output's folder, and start again"
                raise DivergedError(problem, remedy=remedy)
            if name in SHOWN and self._writer is not None:
                self._writer.add_scalar(SHOWN[name], value, state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """All of it is written."""
        if self._writer is not None:
            self._writer.close()

"""Fitting the model to its data with TRL's trainer, going on from the last whole checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from ..errors import ConfigurationError
from ..progress import Progress
from ..storage import room_for_libraries
from . import checkpoints
from .group import Group
from .settings import Train


@dataclass(frozen=True)
class Files:
    """Where fitting finds what it needs.

    training, held_out: the encoded conversations; None if nothing is held out.
    checkpoints, logs: folders to write to.
    """

    model: Path
    template: Path | None
    training: Path
    held_out: Path | None
    checkpoints: Path
    logs: Path


@dataclass(frozen=True)
class Fitted:
    """A trained model. history: what was logged, by step. best: the step whose weights these are."""

    model: Any
    history: list[dict[str, float]]
    steps: int
    best: int


def fit(settings: Train, files: Files, model: Any, tokenizer: Any, group: Group, progress: Progress) -> Fitted:
    """Trains, and leaves the best weights in the model. Raises TrainingError."""
    import transformers
    import trl

    from .callbacks import Logs, Marks, Shows

    held_out = load_encoded(files.held_out) if files.held_out else None
    training = load_encoded(files.training)
    if settings.packing:
        training = trl.pack_dataset(training.shuffle(seed=settings.seed), settings.max_length, "bfd")
        held_out = held_out and trl.pack_dataset(held_out, settings.max_length, "bfd")
    callbacks = [Shows(progress), Logs(files.logs), Marks(group)]
    if settings.early_stopping and held_out is not None:
        stop = settings.early_stopping
        callbacks.append(transformers.EarlyStoppingCallback(stop.patience, stop.improvement))
    trainer = trl.SFTTrainer(
        model=model,
        args=_arguments(settings, files, held_out is not None, group),
        train_dataset=training,
        eval_dataset=held_out,
        processing_class=tokenizer,
        callbacks=callbacks,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    trainer.create_model_card = lambda **_: None  # ours is made when the model is exported
    last = group.tell(lambda: checkpoints.last_complete(files.checkpoints))
    if last and has_ended(last):  # and was killed before the result was written
        _take_up(trainer, last)
    else:
        with room_for_libraries(files.checkpoints):
            trainer.train(resume_from_checkpoint=str(last) if last else None)
    state = trainer.state
    best = state.best_global_step if held_out is not None and state.best_global_step else state.global_step
    return Fitted(trainer.accelerator.unwrap_model(trainer.model), _history(state.log_history), state.global_step, best)


def has_ended(checkpoint: Path) -> bool:
    """Whether training was over with this checkpoint. Going on from it, the trainer would take one step more."""
    state = orjson.loads((checkpoint / "trainer_state.json").read_bytes())
    control = state["stateful_callbacks"]["TrainerControl"]["args"]
    return bool(control["should_training_stop"] or state["global_step"] >= state["max_steps"])


def _take_up(trainer: Any, checkpoint: Path) -> None:
    """Brings the trainer to where it was at its end."""
    import transformers

    trainer.state = transformers.TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    best = trainer.state.best_global_step if trainer.args.load_best_model_at_end else None
    trainer._load_from_checkpoint(str(checkpoint.with_name(f"checkpoint-{best}") if best else checkpoint))


def load_encoded(path: Path) -> Any:
    """The conversations of a file, mapped into memory."""
    import datasets

    return datasets.Dataset.from_file(str(path))


def _arguments(settings: Train, files: Files, measured: bool, group: Group) -> Any:
    """Raises ConfigurationError if a step cannot be shared out among the processes."""
    import trl

    at_once = settings.at_a_time
    if settings.batch_size % (at_once * group.size):
        problem = (
            f"batch_size {settings.batch_size} is no multiple of {at_once * group.size}, what {group.size} processes "
            f"compute at a time with micro_batch_size {at_once}"
        )
        raise ConfigurationError(problem, remedy="Change one of them, or the number of processes")
    reproducible = settings.device == "cpu"
    return trl.SFTConfig(
        output_dir=str(files.checkpoints),
        seed=settings.seed,
        full_determinism=reproducible,
        use_cpu=settings.device == "cpu",
        bf16=settings.precision == "bfloat16",
        per_device_train_batch_size=at_once,
        per_device_eval_batch_size=at_once,
        gradient_accumulation_steps=settings.batch_size // (at_once * group.size),
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps or -1,
        learning_rate=settings.rate,
        lr_scheduler_type="constant_with_warmup" if settings.schedule == "constant" else settings.schedule,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        gradient_checkpointing=settings.gradient_checkpointing,
        logging_steps=settings.log_every,
        logging_nan_inf_filter=False,
        save_steps=settings.checkpoint_every,
        save_total_limit=2,
        eval_strategy="steps" if measured else "no",
        eval_steps=settings.checkpoint_every,
        load_best_model_at_end=measured,
        metric_for_best_model="eval_loss" if measured else None,
        greater_is_better=False if measured else None,
        restore_callback_states_from_checkpoint=True,
        max_length=settings.max_length,
        packing=settings.packing,
        dataset_kwargs={"skip_prepare_dataset": True},  # they are encoded and packed
        remove_unused_columns=True,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=settings.device != "cpu",
        eval_on_start=False,
    )


def _history(logged: list[dict[str, Any]]) -> list[dict[str, float]]:
    """What does not depend on how fast it went, or how often it was started."""
    from .callbacks import SHOWN

    found: dict[int, dict[str, float]] = {}
    for entry in logged:
        step = int(entry["step"])
        shown = {name: float(entry[name]) for name in SHOWN if name in entry}  # in one order
        if shown:
            found.setdefault(step, {"step": step, "epoch": entry["epoch"]}).update(shown)
    return [found[step] for step in sorted(found)]

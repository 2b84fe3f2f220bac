"""The parts of train, each of which goes on where an earlier run was killed.

1. The conversations become tokens. 2. The held-out loss of the model as it is. 3. Training, from checkpoint to
checkpoint. 4. The result is written, and the held-out loss measured again. The manifest comes last.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from .. import manifest
from ..credits import citation, credits_page
from ..errors import ConfigurationError
from ..manifest import Output
from ..progress import Progress, Silent
from ..step_folder import alone, begun, done_before
from ..storage import make_folder, room_for_libraries, write_whole
from . import libraries, losses, models
from .encoded import Counts, encode_part
from .encoding import Encoder
from .fitting import Files, Fitted, fit, load_encoded
from .group import Group
from .inputs import Inputs, find_inputs
from .losses import Compared, Losses
from .settings import Train

STEP = "train"
PACKAGES = (*libraries.PACKAGES, "pyarrow", "pyyaml")


@dataclass(frozen=True)
class Trained:
    """What a run made. steps: how many there were. held_out: the loss before and after, None if nothing is held out.
    again: whether all of it was there already. told: whether this process is the one to say so."""

    folder: Path
    steps: int
    conversations: int
    held_out: Compared | None
    again: bool
    told: bool = True


@dataclass(frozen=True)
class _Begun:
    """What is known before anything is computed. content: of the manifest."""

    folder: Path
    work: Path
    inputs: Inputs
    counts: dict[str, Counts]
    files: Files
    content: dict[str, Any]


def train(settings: Train, base: Path, progress: Progress | None = None) -> Trained:
    """Trains as the settings say, going on with what an earlier run of the same left.

    base: the folder from which the settings' files and folders are seen.

    Processes that accelerate, torchrun or Ray has started train together; all of them see the same folders.

    Raises TrainingError.
    """
    progress = progress or Silent()
    progress.begin("loading PyTorch", 0, "package")
    libraries.prepare()
    models.check_hardware(settings)
    group = Group(settings)
    progress = progress if group.first else Silent()
    folder = base / settings.output
    with alone(folder) if group.first else nullcontext():
        run = group.tell(lambda: _begin(settings, base, folder, progress))
        done = run if isinstance(run, Trained) else _go_on(settings, run, group, progress)
    group.leave()
    return replace(done, told=group.first)


def _begin(settings: Train, base: Path, folder: Path, progress: Progress) -> _Begun | Trained:
    """Reads the inputs, and makes tokens of the conversations; or finds that all was done before."""
    progress.begin("hashing", 0, "file")
    inputs = find_inputs(settings, base, lambda _: progress.advance(1))
    configuration = settings.model_dump(mode="json", exclude={"output"})
    versions = manifest.versions(PACKAGES)
    identity = manifest.identity(STEP, configuration, inputs.described, versions)
    if done := done_before(folder, identity):
        shutil.rmtree(folder / "work", ignore_errors=True)
        held_out = Compared(**done["held_out"]) if done["held_out"] else None
        return Trained(folder, done["steps"], done["conversations"]["train"]["used"], held_out, again=True)
    work = begun(folder, identity)
    counts = _encode(settings, inputs, models.load_tokenizer(inputs.model, inputs.template), work, progress)
    files = Files(
        inputs.model,
        inputs.template,
        work / "encoded" / "train.arrow",
        work / "encoded" / "held-out.arrow" if counts["held-out"].used else None,
        work / "checkpoints",
        folder / "logs",
    )
    content = {
        "step": STEP,
        "identity": identity,
        "versions": versions,
        "seed": settings.seed,
        "configuration": configuration,
        "inputs": [vars(each) for each in inputs.described],
        "sources": [asdict(each) for each in inputs.sources],
    }
    return _Begun(folder, work, inputs, counts, files, content)


def _go_on(settings: Train, run: _Begun, group: Group, progress: Progress) -> Trained:
    """Trains, and has the first process write the result."""
    _set_threads(settings)
    tokenizer = models.load_tokenizer(run.inputs.model, run.inputs.template)
    model = models.load_to_train(settings, run.inputs.model, group.device)
    before = _before(run.files, model, run.work, progress) if group.first else None
    fitted = fit(settings, run.files, model, tokenizer, group, progress)

    def finish() -> Trained:
        compared = _compare(settings, run.files, fitted, before, progress)
        outputs = _write(settings, run.inputs, fitted, tokenizer, run.counts, compared, run.work, run.folder)
        content = {
            **run.content,
            "outputs": [vars(each) for each in outputs],
            "conversations": {part: vars(each) for part, each in run.counts.items()},
            "steps": fitted.steps,
            "best_step": fitted.best,
            "held_out": asdict(compared) if compared else None,
        }
        manifest.write_manifest(run.folder, content)
        shutil.rmtree(run.work, ignore_errors=True)
        return Trained(run.folder, fitted.steps, run.counts["train"].used, compared, again=False)

    return group.tell(finish)


def _set_threads(settings: Train) -> None:
    import torch

    if settings.threads:
        torch.set_num_threads(settings.threads)


def _encode(settings: Train, inputs: Inputs, tokenizer: Any, work: Path, progress: Progress) -> dict[str, Counts]:
    """Raises ConfigurationError if there is nothing to train on, or nothing by which to stop early."""
    encoder = Encoder(tokenizer, inputs.model, settings.max_length)
    counts = {}
    for part, paths, most in (("train", inputs.training, None), ("held-out", inputs.held_out, settings.held_out_rows)):
        progress.begin(f"reading the part {part}", 0, "row")
        out = work / "encoded" / f"{part}.arrow"
        counts[part] = encode_part(paths, encoder, out, most, progress.advance)
    if not counts["train"].used:
        problem = f"none of {counts['train'].read:,} conversations can be trained on"
        remedy = "Raise max_length, or curate more of them"
        raise ConfigurationError(problem, file=settings.data, remedy=remedy)
    if settings.early_stopping and not counts["held-out"].used:
        remedy = "Curate with `held_out`, or leave early_stopping out"
        raise ConfigurationError("has nothing held out to stop early by", file=settings.data, remedy=remedy)
    return counts


def _before(files: Files, model: Any, work: Path, progress: Progress) -> Losses | None:
    """The held-out losses of the model as it was; an adapter changes nothing at first."""
    if files.held_out is None:
        return None
    path = work / "before.json"
    if path.is_file():
        found = orjson.loads(path.read_bytes())
        return Losses(np.array(found["sums"]), np.array(found["tokens"]))
    measured = _measured(files.held_out, model, progress, "measuring the model as it is")
    write_whole(path, orjson.dumps({"sums": measured.sums.tolist(), "tokens": measured.tokens.tolist()}))
    return measured


def _compare(
    settings: Train, files: Files, fitted: Fitted, before: Losses | None, progress: Progress
) -> Compared | None:
    if files.held_out is None or before is None:
        return None
    return losses.compare(
        before, _measured(files.held_out, fitted.model, progress, "measuring the trained model"), settings.seed
    )


def _measured(path: Path, model: Any, progress: Progress, what: str) -> Losses:
    held_out = load_encoded(path)
    progress.begin(what, len(held_out), "row")
    return losses.measure(model, held_out, progress.advance)


def _write(
    settings: Train,
    inputs: Inputs,
    fitted: Fitted,
    tokenizer: Any,
    counts: dict[str, Counts],
    compared: Compared | None,
    work: Path,
    folder: Path,
) -> list[Output]:
    """The model's folder, which gets its name when it is whole; the figures; and the credits."""
    beside, model = work / "model", folder / "model"
    for old in (beside, model):  # of a run that was killed here
        shutil.rmtree(old, ignore_errors=True)
    make_folder(beside)
    with room_for_libraries(beside):
        fitted.model.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
    (beside / "README.md").unlink(missing_ok=True)  # PEFT's, with nothing filled in
    _put_in_order(beside / "adapter_config.json")
    for path in beside.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    os.replace(beside, model)
    figures = {"steps": fitted.history, "held_out": asdict(compared) if compared else None}
    write_whole(folder / "figures.json", manifest.as_json(figures))
    rows: Counter[str] = counts["train"].by_source
    title = f"a model trained on {Path(settings.data).name}"
    pages = {
        "CREDITS.md": credits_page(title, inputs.sources, [rows[each.name] for each in inputs.sources]),
        "CITATION.cff": citation(title, manifest.versions(())["gpt4all-training"], inputs.sources),
    }
    for name, text in pages.items():
        write_whole(folder / name, text.encode("utf-8"))
    written = [*sorted(model.iterdir()), folder / "figures.json", *(folder / name for name in pages)]
    return [Output.of(path, folder) for path in written]


def _put_in_order(path: Path) -> None:
    """PEFT writes the adapted layers in an order that differs from run to run."""
    if path.is_file():
        content = orjson.loads(path.read_bytes())
        content["target_modules"] = sorted(content["target_modules"])
        path.write_bytes(manifest.as_json(content))

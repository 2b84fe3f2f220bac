"""The parts of export: merge, convert, quantise, describe. Each file is whole or not there; the manifest comes last."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from .. import manifest
from ..credits import citation, credits_page
from ..errors import ConfigurationError, ModelError, PackageError
from ..manifest import Credit, Output
from ..progress import Progress, Silent
from ..step_folder import alone, begun, done_before
from ..storage import write_whole
from ..train import libraries
from .card import model_card
from .catalogue import entry
from .inputs import Inputs, find_inputs
from .merging import merge
from .settings import Export

STEP = "export"
PACKAGES = ("gpt4all", *libraries.PACKAGES)
_PARTS = 1000  # of a conversion, to show how far it is


@dataclass(frozen=True)
class Exported:
    """What a run made. files: the GGUF files. again: whether all of it was there already."""

    folder: Path
    files: list[str]
    again: bool


def export(settings: Export, base: Path, progress: Progress | None = None) -> Exported:
    """Exports as the settings say, going on with what an earlier run of the same left.

    base: the folder from which the settings' files and folders are seen.

    Raises TrainingError.
    """
    progress = progress or Silent()
    progress.begin("loading PyTorch", 0, "package")
    libraries.prepare()
    _check_types(settings)
    folder = base / settings.output
    with alone(folder):
        progress.begin("hashing", 0, "file")
        inputs = find_inputs(settings, base, lambda _: progress.advance(1))
        configuration = settings.model_dump(mode="json", exclude={"output"})
        versions = manifest.versions(PACKAGES)
        identity = manifest.identity(STEP, configuration, inputs.described, versions)
        if done := done_before(folder, identity):
            shutil.rmtree(folder / "work", ignore_errors=True)
            files = [each["name"] for each in done["outputs"] if each["name"].endswith(".gguf")]
            return Exported(folder, files, again=True)
        work = begun(folder, identity)
        made = _adapters(settings, inputs, folder, progress)
        if settings.form == "merged":
            made = _models(settings, inputs, work, folder, progress)
        outputs = made + _describe(settings, inputs, made, folder)
        content = {
            "step": STEP,
            "identity": identity,
            "versions": versions,
            "configuration": configuration,
            "inputs": [vars(each) for each in inputs.described],
            "sources": [asdict(each) for each in inputs.sources],
            "outputs": [vars(each) for each in outputs],
        }
        manifest.write_manifest(folder, content)
        shutil.rmtree(work, ignore_errors=True)
        return Exported(folder, [each.name for each in made], again=False)


def _check_types(settings: Export) -> None:
    """Raises ConfigurationError for a type that there is none of, PackageError without gpt4all."""
    try:
        from gpt4all.conversion import TYPES
    except ImportError as error:
        remedy = "Run pip install 'gpt4all-training[export]'"
        raise PackageError(f"this step needs the package gpt4all: {error}", remedy=remedy) from error
    if unknown := [each for each in settings.types if each not in TYPES]:
        remedy = f"The types are {', '.join(TYPES)}"
        raise ConfigurationError(f"there is no type {', '.join(unknown)}", remedy=remedy)


def _adapters(settings: Export, inputs: Inputs, folder: Path, progress: Progress) -> list[Output]:
    if settings.form != "adapter":
        return []
    from gpt4all.conversion import convert_folder

    made = []
    for type_ in settings.types:
        out = folder / f"{settings.name}-lora-{type_}.gguf"

        def convert(advance: Callable[[float], None], out: Path = out, type_: str = type_) -> None:
            name = f"{settings.name} adapter"
            convert_folder(inputs.weights, out, type=type_, name=name, base=inputs.base, force=True, progress=advance)

        made.append(_engine(f"writing {out.name}", convert, out, folder, progress))
    return made


def _models(settings: Export, inputs: Inputs, work: Path, folder: Path, progress: Progress) -> list[Output]:
    """One file in F32, from which all others are made, so that nothing is rounded twice."""
    from gpt4all import quantize
    from gpt4all.conversion import convert_folder

    weights = inputs.weights
    if inputs.adapter:
        progress.begin("merging", 0, "layer")
        weights = work / "merged"
        shutil.rmtree(weights, ignore_errors=True)
        merge(inputs.base, inputs.weights, weights)
    whole = work / "whole.gguf"
    _engine(
        "converting",
        lambda advance: convert_folder(weights, whole, type="F32", name=settings.name, force=True, progress=advance),
        whole,
        folder,
        progress,
    )
    made = []
    for type_ in settings.types:
        out = folder / f"{settings.name}-{type_}.gguf"

        def write(advance: Callable[[float], None], out: Path = out, type_: str = type_) -> None:
            quantize(whole, out, type=type_, progress=advance)

        made.append(_engine(f"writing {out.name}", write, out, folder, progress))
    return made


def _engine(
    what: str, work: Callable[[Callable[[float], None]], object], out: Path, folder: Path, progress: Progress
) -> Output:
    """Has the engine write a file. Raises ModelError."""
    from gpt4all import LLModelError

    progress.begin(what, _PARTS, "part")
    shown = 0

    def advance(done: float) -> None:
        nonlocal shown
        progress.advance(int(done * _PARTS) - shown)
        shown = int(done * _PARTS)

    try:
        work(advance)
    except LLModelError as error:
        raise ModelError(f"cannot be written: {error}", file=out, remedy="See what the message says") from error
    return Output.of(out, folder)


def _describe(settings: Export, inputs: Inputs, made: list[Output], folder: Path) -> list[Output]:
    """The card, the credits, and the catalogue's entries."""
    base = Credit(**settings.base.model_dump())
    sources = [base, *inputs.sources]
    rows = inputs.trained["conversations"]["train"]["by_source"]
    counts = [None, *(rows.get(each.name, 0) for each in inputs.sources)]
    version = manifest.versions(())["gpt4all-training"]
    pages = {
        "README.md": model_card(settings, inputs.trained, inputs.sources, made),
        "CREDITS.md": credits_page(settings.name, sources, counts),
        "CITATION.cff": citation(settings.name, version, sources),
    }
    if settings.published and settings.form == "merged":
        from gpt4all import inspect

        entries = [entry(settings, each, inspect(folder / each.name)) for each in made]
        pages["catalogue.json"] = manifest.as_json({"models": entries}).decode()
    for name, text in pages.items():
        write_whole(folder / name, text.encode("utf-8"))
    return [Output.of(folder / name, folder) for name in pages]

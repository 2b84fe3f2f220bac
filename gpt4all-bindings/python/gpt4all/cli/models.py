"""gpt4all list, show, pull, verify, rm and prune: model files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import _output
from ._command import FAILED, AsJson
from ._models import MODEL_HELP, Context, Device, GpuLayers, ModelArgument, complete_model, download_progress
from ._output import in_bytes, in_words

if TYPE_CHECKING:
    from ..models import CachedModel, CatalogueEntry
    from ..types import InspectResult

Models = Annotated[list[str], typer.Argument(metavar="MODEL...", help=MODEL_HELP, autocompletion=complete_model)]
Some = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODEL]...", help="Which; all if none is named.", autocompletion=complete_model),
]


def list_(
    search: Annotated[str | None, typer.Argument(metavar="TEXT", help="Only models whose name contains this.")] = None,
    cached: Annotated[bool, typer.Option("--cached", help="Only those on this machine.")] = False,
    available: Annotated[bool, typer.Option("--available", help="Only those that can be downloaded.")] = False,
    kind: Annotated[str | None, typer.Option(help="Only this kind: chat, completion or embedding.")] = None,
    as_json: AsJson = False,
) -> None:
    """Lists the models on this machine, and those of the catalogue.

    \b
    Examples:
      gpt4all list
      gpt4all list --cached
      gpt4all list qwen --kind chat
      gpt4all list --json | jq -r '.[] | select(.cached) | .path'
    """
    from .. import models

    if kind not in (None, "chat", "completion", "embedding"):
        raise typer.BadParameter(f"there is no kind {kind!r}: it is chat, completion or embedding")
    local = models.list_cached()
    rows = [_row(model.name, model.entry, model) for model in local]
    here = {model.entry.file for model in local if model.entry is not None}
    rows += [_row(entry.file, entry, None) for entry in models.catalogue() if entry.file not in here]
    rows = [
        row
        for row in rows
        if _wanted(row, search, kind) and row["cached"] >= cached and row["cached"] <= (not available)
    ]
    if as_json:
        _output.print_json(rows)
        return
    if not rows:
        _output.note(
            "there is no such model" if search or kind else "there are no models; `gpt4all pull smollm2` gets one"
        )
        return
    cells = [
        (
            row["file"],
            in_bytes(row["size"]),
            in_words(row["parameters"]) if row["parameters"] else "",
            row["quantization"] or "",
            row["kind"] or "",
            row["license"] or "",
            "yes" if row["cached"] else "",
        )
        for row in rows
    ]
    _output.print_table(("MODEL", "SIZE", "PARAMETERS", "TYPE", "KIND", "LICENCE", "HERE"), cells, right=(1, 2))


def _row(file: str, entry: CatalogueEntry | None, cached: CachedModel | None) -> dict[str, Any]:
    return {
        "file": file,
        "name": entry.name if entry else None,
        "aliases": list(entry.aliases) if entry else [],
        "cached": cached is not None,
        "path": str(cached.path) if cached else None,
        "size": cached.size if cached else entry.size if entry else None,
        "kind": entry.kind if entry else None,
        "architecture": entry.architecture if entry else None,
        "parameters": entry.parameters if entry else None,
        "quantization": entry.quantisation if entry else None,
        "context_length": entry.context_length if entry else None,
        "ram_gb": entry.ram_gb if entry else None,
        "license": entry.licence.name if entry else None,
        "description": entry.description if entry else None,
        "sha256": cached.sha256 if cached else entry.sha256 if entry else None,
        "sources": [str(source) for source in entry.sources]
        if entry
        else [cached.source]
        if cached and cached.source
        else [],
    }


def _wanted(row: dict[str, Any], search: str | None, kind: str | None) -> bool:
    if kind is not None and row["kind"] != kind:
        return False
    names = [row["file"], row["name"] or "", *row["aliases"]]
    return search is None or any(search.casefold() in name.casefold() for name in names)


def show(
    model: ModelArgument,
    template: Annotated[bool, typer.Option("--template", help="Print the chat template only.")] = False,
    metadata: Annotated[bool, typer.Option("--metadata", help="List the file's metadata, too.")] = False,
    n_ctx: Context = 0,
    device: Device = "auto",
    gpu_layers: GpuLayers = -1,
    as_json: AsJson = False,
) -> int:
    """Tells what a model is and the memory it takes, without loading it.

    \b
    Examples:
      gpt4all show smollm2
      gpt4all show --n-ctx 32768 model.gguf
      gpt4all show --template smollm2
      gpt4all show --json smollm2 | jq .memory.total
    """
    from .. import models
    from .._device_names import device_option
    from .._errors import ModelNotFoundError
    from ..model import inspect

    try:
        path = models.resolve(model, allow_download=False)
    except ModelNotFoundError:
        entry = models.find(model)
        if entry is None or template or metadata:
            raise
        return _show_entry(entry, as_json)
    chosen = device_option(device) if device not in ("auto", "cpu") else device
    known = inspect(path, n_ctx=n_ctx, device=chosen, n_gpu_layers=gpu_layers)
    if template:
        return _show_template(path, known)
    if as_json:
        _output.print_json(known)
        return 0
    _output.print_fields(_fields(path, known))
    if metadata:
        print()
        _output.print_fields((key, _short(value)) for key, value in known["metadata"].items())
    return 0


def _show_template(path: Path, known: InspectResult) -> int:
    text = known.get("chat_template")
    if not text:
        _output.fail(f"{path} has no chat template")
        return FAILED
    print(_output.safe(text))
    return 0


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _fields(path: Path, known: InspectResult) -> list[tuple[str, str]]:
    memory = known["memory"]
    can = [name for name, able in known["capabilities"].items() if able]
    fields = [
        ("file", str(path)),
        ("name", known.get("name", "")),
        ("architecture", _architecture(known)),
        ("translation", _translation(known)),
        ("parameters", in_words(known["n_params"])),
        ("type", f"{known['quantization']}, {known['bits_per_weight']:.2f} bits per weight"),
        ("size", in_bytes(known["size"])),
        ("context", f"{known['n_ctx_train']} tokens; opened with {memory['n_ctx']}"),
        ("vocabulary", f"{known['n_vocab']} tokens"),
        ("chat template", "yes" if known.get("chat_template") else "none"),
        ("can", ", ".join(can)),
        ("licence", known.get("license", "")),
        ("memory", f"{in_bytes(memory['total'])} in all"),
    ]
    for device in memory["devices"]:
        parts = {
            "weights": device["weights"],
            "context": device["context"],
            "compute": device["compute"],
            "other": device.get("other", 0),
        }
        sizes = ", ".join(f"{part} {in_bytes(size)}" for part, size in parts.items() if size)
        free = in_bytes(device.get("free", 0))
        fields.append((f"  {device['name']}", f"{in_bytes(device['total'])} ({sizes}); {free} free"))
    return [(name, value) for name, value in fields if value]


def _architecture(known: InspectResult) -> str:
    runs_as = known.get("runs_as")
    return f"{known['architecture']}, runs as {runs_as}" if runs_as else known["architecture"]


def _translation(known: InspectResult) -> str:
    """What is opened in place of a model of 2023; nothing for other files."""
    if "translation" not in known:
        return ""
    found = known["translation"]
    format = f"{known['format']} {known.get('format_version') or ''}".strip()
    place = found["path"] or "made when the model is opened"
    return f"from {format} to GGUF, {in_bytes(found['size'])}: {place}"


def _show_entry(entry: CatalogueEntry, as_json: bool) -> int:
    row = _row(entry.file, entry, None)
    if as_json:
        _output.print_json(row)
        return 0
    _output.print_fields(
        [
            ("file", entry.file),
            ("name", entry.name),
            ("architecture", entry.architecture),
            ("parameters", in_words(entry.parameters)),
            ("type", entry.quantisation),
            ("size", in_bytes(entry.size)),
            ("context", f"{entry.context_length} tokens"),
            ("memory", f"the machine should have {entry.ram_gb:g} GB"),
            ("licence", entry.licence.name),
            ("sources", ", ".join(row["sources"])),
            ("description", entry.description),
        ]
    )
    _output.note(
        f"It is not on this machine; get it with: gpt4all pull {entry.aliases[0] if entry.aliases else entry.file}"
    )
    return 0


def pull(
    model: Models,
    force: Annotated[bool, typer.Option("--force", help="Download it even if it is there.")] = False,
    sha256: Annotated[str | None, typer.Option(help="What the file's SHA-256 must be.")] = None,
    as_json: AsJson = False,
) -> None:
    """Downloads models. One that was cut off is gone on with.

    \b
    Examples:
      gpt4all pull smollm2
      gpt4all pull hf://Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf
      gpt4all pull --sha256 9f86d0… https://example.org/model.gguf
    """
    from .. import models

    if sha256 is not None and len(model) > 1:
        raise typer.BadParameter("--sha256 is for one model; pull them one by one")
    paths = []
    for name in model:
        with download_progress(name) as progress:
            paths.append(models.pull(name, force=force, sha256=sha256, progress=progress))
        if not as_json:
            print(paths[-1])
    if as_json:
        _output.print_json([{"path": str(path), "size": path.stat().st_size} for path in paths])


def verify(model: Some = None, as_json: AsJson = False) -> int:
    """Reads model files whole and compares them with their known hashes. Exit code 1 if one is damaged.

    \b
    Examples:
      gpt4all verify
      gpt4all verify smollm2
    """
    from .. import models

    named: list[str | Path] = [*model] if model else [each.path for each in models.list_cached()]
    checked = []
    for name in named:
        with download_progress(Path(name).name) as progress:
            checked.append(models.verify(name, progress=progress))
        found = checked[-1]
        if as_json:
            continue
        word = {True: "ok", False: "DAMAGED", None: "unknown"}[found.ok]
        print(f"{word:<8}  {found.path}")
    if as_json:
        keys = ("ok", "algorithm", "expected", "found")
        _output.print_json([{"path": str(each.path), **{key: getattr(each, key) for key in keys}} for each in checked])
    bad = [each.path for each in checked if each.ok is False]
    if bad:
        _output.fail(
            f"{', '.join(path.name for path in bad)}: not what was published; `gpt4all pull --force` gets it anew"
        )
        return FAILED
    return 0


def rm(model: Models, as_json: AsJson = False) -> None:
    """Deletes models from the cache, with all that belongs to them.

    \b
    Examples:
      gpt4all rm smollm2
    """
    from .. import models

    removed = [path for name in model for path in models.remove(name)]
    if as_json:
        _output.print_json({"removed": [str(path) for path in removed]})
        return
    for path in removed:
        print(f"removed {path}")


def prune(
    days: Annotated[float, typer.Option(min=0, help="What nobody has touched for so long.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Deletes what downloads left behind, and translations of old files that are gone. Models stay.

    \b
    Examples:
      gpt4all prune
      gpt4all prune --days 0
    """
    from .. import models

    pruned = models.prune(older_than_seconds=days * 24 * 3600)
    if as_json:
        _output.print_json({"removed": [str(path) for path in pruned.paths], "freed_bytes": pruned.freed_bytes})
        return
    for path in pruned.paths:
        print(f"removed {path}")
    print(f"{len(pruned.paths)} files, {in_bytes(pruned.freed_bytes)} freed")

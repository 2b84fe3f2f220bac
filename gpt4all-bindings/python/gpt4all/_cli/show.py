"""gpt4all show: what a model is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import output
from .command import FAILED, AsJson
from .models import row_of
from .open_model import Context, Device, GpuLayers, ModelArgument
from .output import in_bytes, in_words

if TYPE_CHECKING:
    from ..models import CatalogueEntry
    from ..types import InspectResult


def show(
    model: ModelArgument,
    template: Annotated[bool, typer.Option("--template", help="Print only the chat template.")] = False,
    metadata: Annotated[bool, typer.Option("--metadata", help="Also list the file's metadata.")] = False,
    n_ctx: Context = 0,
    device: Device = "auto",
    gpu_layers: GpuLayers = -1,
    as_json: AsJson = False,
) -> int:
    """Shows a model's details and the memory it needs, without loading it.

    \b
    Examples:
      gpt4all show smollm2
      gpt4all show --n-ctx 32768 model.gguf
      gpt4all show --template smollm2
      gpt4all show --json smollm2 | jq .memory.total
    """
    from .. import models
    from .._compat.device_names import device_option
    from .._errors import ModelNotFoundError
    from .._model import inspect

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
        output.print_json(known)
        return 0
    output.print_fields(_fields(path, known))
    if metadata:
        print()
        output.print_fields((key, _short(value)) for key, value in known["metadata"].items())
    return 0


def _show_template(path: Path, known: InspectResult) -> int:
    text = known.get("chat_template")
    if not text:
        output.fail(f"{path} has no chat template")
        return FAILED
    print(output.safe(text))
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
        ("chat template", _chat_template(known)),
        *_sampling(known),
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


def _chat_template(known: InspectResult) -> str:
    if known.get("chat_template"):
        return "yes"
    default = known.get("default_chat_template")
    return f"none; {default} is used" if default else "none"


_SAMPLING_SOURCES = {
    "file": "says the model's file",
    "catalogue": "says the catalogue",
    "default": "by default",
}


def _sampling(known: InspectResult) -> list[tuple[str, str]]:
    """How tokens are chosen where a command is not told: a line for each that says so. Of the library's defaults only
    those that do something."""
    found: dict[str, list[str]] = {}
    for field, default in known.get("sampling", {}).items():
        if default["source"] != "default" or field in ("temperature", "top_k", "top_p", "min_p"):
            found.setdefault(default["source"], []).append(f"{field} {_value(default['value'])}")
    lines = [f"{', '.join(found[source])}: {told}" for source, told in _SAMPLING_SOURCES.items() if source in found]
    return [("" if number else "sampling", line) for number, line in enumerate(lines)]


def _value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else f"{value:g}"


def _translation(known: InspectResult) -> str:
    """What is opened in place of a model of 2023; nothing for other files."""
    if "translation" not in known:
        return ""
    found = known["translation"]
    format = f"{known['format']} {known.get('format_version') or ''}".strip()
    place = found["path"] or "made when the model is opened"
    return f"from {format} to GGUF, {in_bytes(found['size'])}: {place}"


def _advice(entry: CatalogueEntry) -> list[tuple[str, str]]:
    fields = ", ".join(f"{field} {value:g}" for field, value in entry.sampling.items())
    return [("sampling", f"{fields}: {_SAMPLING_SOURCES['catalogue']}")] if fields else []


def _show_entry(entry: CatalogueEntry, as_json: bool) -> int:
    row = row_of(entry.file, entry, None)
    if as_json:
        output.print_json(row)
        return 0
    output.print_fields(
        [
            ("file", entry.file),
            ("name", entry.name),
            ("architecture", entry.architecture),
            ("parameters", in_words(entry.parameters)),
            ("type", entry.quantization),
            ("size", in_bytes(entry.size)),
            ("context", f"{entry.context_length} tokens"),
            *_advice(entry),
            ("memory", f"the machine should have {entry.ram_gb:g} GB"),
            ("licence", entry.license.name),
            ("sources", ", ".join(row["sources"])),
            ("description", entry.description),
        ]
    )
    output.note(
        f"It is not on this machine; get it with: gpt4all pull {entry.aliases[0] if entry.aliases else entry.file}"
    )
    return 0

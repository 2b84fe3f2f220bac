"""gpt4all devices and doctor: what there is to compute with, and what is wrong."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

import typer

from . import output
from .command import FAILED, AsJson
from .open_model import complete_model
from .output import in_bytes


def devices(as_json: AsJson = False) -> None:
    """Lists what models can run on, and the backends that were refused.

    \b
    Examples:
      gpt4all devices
      gpt4all devices --json | jq -r '.devices[].name'
    """
    from .._model import devices as find_devices

    found = find_devices()
    if as_json:
        output.print_json(found)
        return
    rows = [
        (each["name"], each["type"], each["backend"], _memory(each), each["description"]) for each in found["devices"]
    ]
    output.print_table(("NAME", "TYPE", "BACKEND", "FREE MEMORY", "DESCRIPTION"), rows)
    module = found.get("cpu", {}).get("module", {})
    if module:
        output.note(module.get("error") or f"CPU module {_cpu_module(found)}")
    for backend in found["backends"]:
        if not backend["loaded"]:
            name = "-".join(filter(None, (backend["name"], backend.get("variant"))))
            output.note(f"not used: {name}: {backend.get('reason', 'no reason is known')}")


def _cpu_module(found: Any) -> str:
    """The name of the CPU module in use, and why it is that one."""
    module = found["cpu"]["module"]
    if "requested" in module:
        checked = ", whether or not this processor has its instructions" if module["unchecked"] else ""
        return f"{module['name']}, requested by {module['requested_by']}{checked}"
    modules = sum(backend["name"] == "cpu" for backend in found["backends"])
    return f"{module['name']}, which fits this processor best of {modules}"


def _memory(device: Any) -> str:
    if not device.get("memory_total"):
        return ""
    return f"{in_bytes(device.get('memory_free', 0))} of {in_bytes(device['memory_total'])}"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    state: Literal["ok", "info", "warning", "broken"]
    message: str


def doctor(
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", metavar="MODEL", help="Also open this model.", autocompletion=complete_model),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Checks the installation: what was found, what is missing, why a GPU is not used. Exit code 1 if it is broken.

    \b
    Examples:
      gpt4all doctor
      gpt4all doctor -m smollm2
      gpt4all doctor --json | jq -r '.findings[] | select(.state != "ok") | .message'
    """
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("package", _package),
        ("library", _library),
        ("devices", _devices),
        ("cache", _cache),
        ("network", _network),
    ]
    if model is not None:
        checks.append(("model", lambda: _model(model)))
    findings = [finding for name, check in checks for finding in _findings(name, check)]
    broken = [finding for finding in findings if finding.state == "broken"]
    if as_json:
        output.print_json({"ok": not broken, "findings": [asdict(finding) for finding in findings]})
    else:
        output.print_fields((f"{each.state:<7}  {each.check}", output.one_line(each.message)) for each in findings)
    return FAILED if broken else 0


def _findings(name: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """What a check finds, its own failure among it."""
    from .._errors import LLModelError

    try:
        yield from check()
    except (LLModelError, OSError) as error:
        yield Finding(name, "broken", str(error))


def _package() -> Iterator[Finding]:
    from .._version import version

    where = Path(__file__).resolve().parents[1]
    python = f"Python {platform.python_version()} ({sys.executable})"
    yield Finding("package", "ok", f"gpt4all {version()} in {where}, {python}, {platform.platform()}")


def _library() -> Iterator[Finding]:
    from .._library import load
    from .._model import build_info
    from .._version import version

    info, path = build_info(), load().path
    engine = info["llama_cpp"]["release"]
    yield Finding("library", "ok", f"{path}, version {info['version']}, llama.cpp {engine}, {info['compiler']}")
    if info["version"] != version():
        yield Finding(
            "library", "warning", f"its version is {info['version']}, the package's is {version()}; update both"
        )
    if info["build_type"] not in ("Release", "RelWithDebInfo"):
        yield Finding("library", "warning", f"it was built as {info['build_type']}, which is slow; build it as Release")


def _devices() -> Iterator[Finding]:
    from .._model import devices as find_devices

    found: Any = find_devices()
    cpu, memory = found.get("cpu", {}), found.get("memory", {})
    used = " ".join(cpu.get("features", []))
    yield Finding(
        "processor",
        "ok",
        f"{cpu.get('threads_physical')} cores, {cpu.get('threads_default')} threads by default; {used}",
    )
    module = cpu.get("module", {})
    if "error" in module:
        yield Finding("cpu module", "broken", module["error"])
    elif module:
        yield Finding("cpu module", "info" if "requested" in module else "ok", _cpu_module(found))
    free, total = memory.get("available", 0), memory.get("total", 0)
    state: Literal["ok", "warning"] = "ok" if free > 1 << 30 else "warning"
    yield Finding("memory", state, f"{in_bytes(free)} of {in_bytes(total)} available")
    gpus = [each for each in found["devices"] if each["type"] in ("gpu", "igpu")]
    for gpu in gpus:
        yield Finding("gpu", "ok", f"{gpu['name']}: {gpu['description']}, {_memory(gpu)} free")
    # that the processor takes one of its modules and no other is as it should be
    refused = [each for each in found["backends"] if not each["loaded"] and not (each["name"] == "cpu" and module)]
    for backend in refused:
        why = backend.get("reason") or "it does not fit this machine"
        yield Finding("backend", "info" if gpus else "warning", f"{backend['name']} is not used: {why}")
    if not gpus:
        loaded = [each["name"] for each in found["backends"] if each["loaded"]]
        only = f"this library has no backend but {', '.join(loaded)}" if not refused else "see the backends above"
        yield Finding("gpu", "info", f"none is used: {only}. Models run on the processor")


def _cache() -> Iterator[Finding]:
    from .. import models

    folder = models.models_folder()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    cached = models.list_cached()
    size = sum(model.size for model in cached)
    yield Finding("cache", "ok", f"{folder}: {len(cached)} models, {in_bytes(size)}")
    if not there.is_dir() or not os.access(there, os.W_OK):
        yield Finding("cache", "broken", f"{there} is not writable; set GPT4ALL_CACHE to a folder of your own")
        return
    free = shutil.disk_usage(there).free
    yield Finding("disk", "ok" if free > 5e9 else "warning", f"{in_bytes(free)} free")
    default = models.DEFAULT_MODEL
    if not any(model.path.name == default for model in cached):
        yield Finding(
            "default model", "info", f"{default} is not on this machine; `gpt4all pull {default}` downloads it"
        )


def _network() -> Iterator[Finding]:
    from .. import models

    settings = models.Settings()
    if settings.offline:
        yield Finding("network", "info", "downloads are switched off (GPT4ALL_OFFLINE or HF_HUB_OFFLINE)")
    parts = [f"hub {_without_secrets(settings.hub_endpoint)}"]
    if settings.mirror:
        parts.append(f"mirror {_without_secrets(settings.mirror)}")
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE"):
        value = os.environ.get(name) or os.environ.get(name.lower())
        if value:
            parts.append(f"{name} {_without_secrets(value)}")
    parts.append(f"token for the hub: {'set' if settings.hub_token else 'none'}")
    yield Finding("network", "ok", ", ".join(parts))


def _without_secrets(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else address


def _model(name: str) -> Iterator[Finding]:
    from .. import models
    from .._model import Model, inspect

    path = models.resolve(name, allow_download=False)
    known = inspect(path)
    described = f"{path}: {known['architecture']}, {known['quantization']}"
    checked = models.verify(path)
    if checked.ok is False:
        yield Finding(
            "model", "broken", f"{path} is damaged: its {checked.algorithm} is {checked.found}, not {checked.expected}"
        )
        return
    with Model(path) as opened:
        if known["capabilities"]["generate"]:
            opened.complete("Hello", max_tokens=1)
        else:
            opened.tokenize("Hello")
    yield Finding("model", "ok", f"{described}, opens and takes {in_bytes(known['memory']['total'])} of memory")

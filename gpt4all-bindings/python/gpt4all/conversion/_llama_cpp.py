"""Runs llama.cpp's own converters, of the version that the library is built from, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .._errors import InvalidModelError, LLModelError, LLModelIOError, ModelNotFoundError, UnsupportedError
from ._output import Progress, report
from ._packages import require_installed

PACKAGES = ("numpy", "torch", "transformers", "sentencepiece", "google.protobuf", "yaml", "safetensors")
_ERRORS: dict[str, type[LLModelError]] = {
    "io": LLModelIOError,
    "invalid_model": InvalidModelError,
    "not_found": ModelNotFoundError,
    "unsupported": UnsupportedError,
}
_PROGRAM = Path(__file__).with_name("_llama_cpp_program.py")
_TAIL = 40  # lines of what the converter logged that an error keeps


@dataclass(frozen=True)
class Job:
    """What a converter is to do.

    lora: the folder holds an adapter, and `base` the model that it belongs to.
    type: "f32", "f16" or "bf16".
    pre_tokenizer: llama.cpp's name of how the tokenizer splits texts; empty to find it out.
    """

    folder: Path
    out: Path
    type: str
    name: str
    lora: bool = False
    base: Path | None = None
    pre_tokenizer: str = ""
    trust_remote_code: bool = False


def scripts_folder() -> Path:
    """Where convert_hf_to_gguf.py is: in the package as a wheel installs it, or in the checkout.

    Raises UnsupportedError if it is in neither.
    """
    package = Path(__file__).resolve().parents[1]
    places = [package / "llama_cpp_scripts"]
    if package.parents[1].name == "gpt4all-bindings":
        places.append(package.parents[2] / "build" / "llama.cpp")
    for place in places:
        if (place / "convert_hf_to_gguf.py").is_file():
            return place
    tried = ", ".join(map(str, places))
    raise UnsupportedError(
        f"llama.cpp's converter was not found (looked in {tried}): install the package from a wheel, or "
        "run `make build`",
        {"tried": [str(place) for place in places]},
    )


def run(job: Job, progress: Progress | None) -> None:
    """Converts. The process is ended if this function is left by an exception, Ctrl-C among them."""
    scripts = scripts_folder()
    require_installed(*PACKAGES)
    given = {**vars(job), "folder": str(job.folder.resolve()), "out": str(job.out.resolve()), "scripts": str(scripts)}
    given["base"] = str(job.base.resolve()) if job.base else None
    offline = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    environment = {**os.environ, **offline, "PYTHONIOENCODING": "utf-8", "TOKENIZERS_PARALLELISM": "false"}
    # Bytecode would be written beside scripts that a wheel's uninstaller does not expect to change.
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    # Its log goes to a file: nobody would read a second pipe while waiting for the first.
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), json.dumps(given)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            encoding="utf-8",
        )
        try:
            said = _follow(process, progress)
        finally:
            _end(process)
        if process.returncode:
            raise _error(said, process.returncode, _last_lines(log))


def _follow(process: subprocess.Popen[str], progress: Progress | None) -> dict[str, Any]:
    """Reads what the program reports, a JSON object a line, to its end. Returns the last error."""
    assert process.stdout is not None
    error: dict[str, Any] = {}
    for line in process.stdout:
        try:
            told = json.loads(line)
        except ValueError:
            continue  # some package printed something
        if isinstance(told, dict) and isinstance(told.get("progress"), float):
            report(progress, told["progress"])
        elif isinstance(told, dict) and "error" in told:
            error = told
    process.wait()
    return error


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _last_lines(log: IO[bytes]) -> Sequence[str]:
    log.seek(0)
    return list(deque((line.decode("utf-8", "replace").rstrip() for line in log), _TAIL))


def _error(said: dict[str, Any], code: int, log: Sequence[str]) -> LLModelError:
    detail = {"log": list(log)}
    if said:
        return _ERRORS.get(str(said.get("kind")), InvalidModelError)(str(said["error"]), detail)
    if code < 0:
        return LLModelIOError(
            f"llama.cpp's converter was killed by signal {-code}, perhaps because memory ran out", detail
        )
    last = next((line for line in reversed(log) if line), "it printed nothing")
    return InvalidModelError(f"llama.cpp's converter failed: {last}", detail)

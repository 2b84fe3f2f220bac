"""Small models in the place of those that the documentation's examples name and that are too large for tests.

stand-ins.json says by where a model lies in the cache's folder which tiny model stands for it; "tools" is the tiny
LLaMA with the chat template tools.jinja, which knows tools. The default model stands for itself, with a shorter
context: about one answer in sixty of it repeats itself until the context is full, which takes minutes at 8,192 tokens.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from ci.common import ROOT, VENV_PYTHON, Failure

HERE = Path(__file__).resolve().parent
TINY_MODELS = ROOT / "gpt4all-backend" / "tests" / "models"
CONTEXT = 1024  # tokens, of the default model


def stand_ins() -> Mapping[str, str]:
    """What stands for each model."""
    found: dict[str, str] = json.loads((HERE / "stand-ins.json").read_text(encoding="utf-8"))
    return found


def fill(models: Path, default: Path) -> None:
    """Puts the default model and all stand-ins into a folder. Raises Failure if one cannot be made."""
    models.mkdir(parents=True, exist_ok=True)
    shutil.copy(default, models / default.name)
    _gguf("set_metadata", "--force", str(models / default.name), "llama.context_length", str(CONTEXT))
    for name, source in stand_ins().items():
        path = models / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if source == "tools":
            _write_with_tools(path)
        else:
            shutil.copy(TINY_MODELS / source, path)


def _write_with_tools(path: Path) -> None:
    template = (HERE / "tools.jinja").read_text(encoding="utf-8")
    _gguf("new_metadata", "--chat-template", template, str(TINY_MODELS / "tiny-llama-f32.gguf"), str(path))


def _gguf(script: str, *arguments: str) -> None:
    command = [str(VENV_PYTHON), "-m", f"gguf.scripts.gguf_{script}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"{arguments[-1]}: {script} of gguf failed: {done.stderr[-500:]}")

"""What a folder from Hugging Face says of the model or adapter in it. Nothing that it says is trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .._errors import InvalidModelError, ModelNotFoundError

LARGEST_JSON = 256 << 20  # bytes; the largest tokenizer.json of 2026 has 35 MB

Kind = Literal["gptj", "gptj-lora", "lora", "other"]


@dataclass(frozen=True)
class Folder:
    """A folder with a model, or with a LoRA adapter of one.

    config: what config.json says, or for an adapter adapter_config.json.
    """

    path: Path
    kind: Kind
    config: Mapping[str, Any]

    @property
    def architecture(self) -> str:
        """The class that transformers has for it, such as "LlamaForCausalLM"; empty if it is not said."""
        return architecture_of(self.config)


def read_folder(path: Path, base: Path | None = None) -> Folder:
    """Reads what kind of model is in a folder. base: the folder of the model that an adapter belongs to.

    Raises ModelNotFoundError if there is no such folder, or no model in it, InvalidModelError if its config is damaged.
    """
    if not path.is_dir():
        raise ModelNotFoundError(f"there is no folder {path}", {"path": str(path)})
    if (path / "adapter_config.json").is_file():
        config = read_json(path / "adapter_config.json")
        of_base = read_json(base / "config.json") if base is not None else {}
        return Folder(path, "gptj-lora" if is_gptj(of_base) else "lora", config)
    if not (path / "config.json").is_file():
        raise ModelNotFoundError(
            f"{path} has no config.json (nor an adapter_config.json): it is not a model folder from Hugging Face; a "
            "folder cloned with git may still need `git lfs pull`",
            {"path": str(path)},
        )
    config = read_json(path / "config.json")
    return Folder(path, "gptj" if is_gptj(config) else "other", config)


def is_gptj(config: Mapping[str, Any]) -> bool:
    return config.get("model_type") == "gptj" or architecture_of(config) == "GPTJForCausalLM"


def architecture_of(config: Mapping[str, Any]) -> str:
    named = config.get("architectures")
    first = named[0] if isinstance(named, list) and named else ""
    return first if isinstance(first, str) else ""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises ModelNotFoundError or InvalidModelError."""
    try:
        size = path.stat().st_size
        if size > LARGEST_JSON:
            raise InvalidModelError(f"{path} has {size:,} bytes, more than any such file needs", {"path": str(path)})
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"{path} is missing", {"path": str(path)}) from error
    except (ValueError, RecursionError) as error:
        raise InvalidModelError(f"{path} is not JSON: {error}", {"path": str(path)}) from error
    if not isinstance(value, dict):
        raise InvalidModelError(f"{path} does not hold a JSON object", {"path": str(path)})
    return value


class Numbers:
    """Whole numbers of a config, within limits."""

    def __init__(self, config: Mapping[str, Any], path: Path) -> None:
        self._config, self._path = config, path

    def get(self, key: str, lowest: int, highest: int, default: int | None = None) -> int:
        """Raises InvalidModelError if it is absent and has no default, is not a whole number or is out of range."""
        value = self._config.get(key)
        if value is None:
            value = default
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise InvalidModelError(
                f"{self._path}: {key} is {value!r}; it must be a whole number from {lowest} to {highest}",
                {"path": str(self._path), "key": key},
            )
        return value

"""The quantiser of llm-rs 0.2.15, in Rust: layout C, tensors in no order, and 2000 + file type in headers."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_CLASSES = {"llama": "Llama", "gptj": "GptJ", "mpt": "Mpt"}


def quantize(folder: Path, architecture: str, source: Path, target: Path, kind: str) -> None:
    """Rewrites an F16 file with another type, LLaMA as `ggjt` 3."""
    library = folder / "llm_rs" / "llm_rs.abi3.so"
    specification = importlib.util.spec_from_file_location("llm_rs", library)
    if specification is None or specification.loader is None:
        raise RuntimeError(f"{library} is not a module")
    module = importlib.util.module_from_spec(specification)  # without the package around it, and what that needs
    specification.loader.exec_module(module)
    types, containers = module.config.QuantizationType, module.config.ContainerType
    container = containers.GGJT if architecture == "llama" else containers.GGML
    model = getattr(module.models, _CLASSES[architecture])
    model.quantize(str(source), str(target), getattr(types, kind), container)

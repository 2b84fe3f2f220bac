"""A LoRA adapter of GPT-J, as PEFT saves it, for the GGUF file that the model itself is converted to."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .._errors import InvalidModelError, UnsupportedError
from .._gguf_writer import Metadata, Tensor, TensorType, write_gguf
from ._folder import Folder, Numbers, read_json
from ._gptj import LAYER, ROTATED, Shape, encoded, read_shape, row_order
from ._output import Progress, report
from ._packages import require
from ._weights import Weights

_NAME = re.compile(r"base_model\.model\.(transformer\.h\.(\d+)\.(.+)|lm_head)\.lora_([AB])\.weight")
_UNSUPPORTED = ("rank_pattern", "alpha_pattern", "use_dora", "modules_to_save", "fan_in_fan_out")


def convert(folder: Folder, base: Path, path: Path, type: TensorType, name: str, progress: Progress | None) -> None:
    """Writes the adapter in `folder` to `path`. base: the folder of the GPT-J that it was trained on.

    Raises InvalidModelError for tensors that do not fit the model, UnsupportedError for what llama.cpp cannot apply.
    """
    require("numpy", *(["ml_dtypes"] if type == "BF16" else []))
    shape = read_shape(read_json(base / "config.json"), base / "config.json")
    config, source = folder.config, folder.path / "adapter_config.json"
    rank = Numbers(config, source).get("r", 1, shape.width)
    weights = Weights(folder.path, ("adapter_model",))
    tensors = _tensors(weights, shape, rank, type, progress)
    metadata = Metadata()
    metadata.string("general.architecture", "phi2")
    metadata.string("general.type", "adapter")
    metadata.string("general.name", name)
    metadata.string("gpt4all.source.architecture", "gptj")
    metadata.string("adapter.type", "lora")
    metadata.float32("adapter.lora.alpha", _alpha(config, rank, source))
    write_gguf(path, metadata, tensors)


def _alpha(config: Mapping[str, Any], rank: int, path: Path) -> float:
    """What llama.cpp divides by the rank. Rank-stabilised adapters are divided by its square root instead."""
    if config.get("peft_type") != "LORA":
        raise UnsupportedError(f"{path}: peft_type is {config.get('peft_type')!r}, and only 'LORA' can be converted")
    used = [key for key in _UNSUPPORTED if config.get(key)]
    if used or config.get("bias", "none") != "none":
        raise UnsupportedError(f"{path}: {', '.join(used or ['bias'])} cannot be converted", {"path": str(path)})
    alpha = config.get("lora_alpha", rank)
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or not math.isfinite(alpha):
        raise InvalidModelError(f"{path}: lora_alpha is {alpha!r}", {"path": str(path)})
    return float(alpha) * (math.sqrt(rank) if config.get("use_rslora") else 1.0)


def _tensors(weights: Weights, shape: Shape, rank: int, type: TensorType, progress: Progress | None) -> list[Tensor]:
    made = []
    for index, source in enumerate(weights.names):
        match = _NAME.fullmatch(source)
        target = _target(match, shape) if match else None
        if match is None or target is None:
            raise UnsupportedError(f"the adapter changes {source}, which llama.cpp cannot apply", {"tensor": source})
        name, outputs, inputs = target
        half = match[4].lower()
        size = (rank, inputs) if half == "a" else (outputs, rank)
        weights.check(source, size)
        rows = row_order(shape) if half == "b" and match[3] in ROTATED else None

        def data(
            source: str = source, rows: list[int] | None = rows, done: float = index / len(weights.names)
        ) -> memoryview:
            report(progress, done)
            values = weights.read(source)
            return encoded(values if rows is None else values[rows], type)

        made.append(Tensor(f"{name}.weight.lora_{half}", size, type, data))
    _check_pairs([tensor.name for tensor in made], weights.files[0])
    return made


def _target(match: re.Match[str], shape: Shape) -> tuple[str, int, int] | None:
    """GGUF's name of what is changed, its outputs and its inputs; None if there is no such part."""
    if match[2] is None:
        return "output", shape.vocabulary, shape.width
    part = LAYER.get(match[3])
    if part is None or int(match[2]) >= shape.layers:
        return None
    outputs = shape.feed_forward if part == "ffn_up" else shape.width
    return f"blk.{int(match[2])}.{part}", outputs, shape.feed_forward if part == "ffn_down" else shape.width


def _check_pairs(names: list[str], file: Path) -> None:
    halves = {name.rsplit("_", 1)[0]: 0 for name in names}
    for name in names:
        halves[name.rsplit("_", 1)[0]] += 1
    alone = [stem for stem, count in halves.items() if count != 2]
    if alone or not names:
        raise InvalidModelError(f"{file} lacks half of {', '.join(alone) or 'everything'}", {"path": str(file)})

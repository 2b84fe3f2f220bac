"""Converts models and LoRA adapters in Hugging Face folders to GGUF files.

GPT-J is converted by this package, because llama.cpp has no converter for it; everything else by llama.cpp's
converters, which come with this package. The packages that this needs are in the extra `gpt4all[convert]`; GPT-J from
safetensors needs only NumPy, safetensors and ml_dtypes.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, TypedDict, cast, get_args, get_type_hints

from .. import types
from .._errors import InvalidArgumentError, InvalidModelError
from .._gguf_writer import TensorType
from .._library import PathLike
from . import _gptj, _gptj_lora, _llama_cpp
from ._folder import Folder, is_gptj, read_folder, read_json
from ._output import Progress, check_space, new_file, part_of, refuse_to_overwrite, report, temporary
from ._weights import Weights, weight_files

__all__ = ["TYPES", "ConvertedFolder", "convert_folder"]

_UNQUANTIZED = ("F32", "F16", "BF16")
TYPES: tuple[str, ...] = tuple(
    name for name in get_args(get_type_hints(types.QuantizeOptions)["type"]) if name != "COPY"
)
"""What convert_folder() takes as `type`: those of quantize(), but for the one that keeps the file's."""


class ConvertedFolder(TypedDict):
    """What convert_folder() returns.

    architecture: the class in transformers, or "GPTJForCausalLM adapter" and the like. type: as given.
    input_bytes: of the weights read. output_bytes: of the file written. ms: duration in milliseconds.
    """

    path: str
    architecture: str
    type: str
    input_bytes: int
    output_bytes: int
    ms: float


def convert_folder(
    folder: PathLike,
    out_path: PathLike,
    *,
    type: str = "",
    name: str | None = None,
    base: PathLike | None = None,
    pre_tokenizer: str = "",
    trust_remote_code: bool = False,
    threads: int = 0,
    force: bool = False,
    progress: Progress | None = None,
) -> ConvertedFolder:
    """Writes a GGUF file of the model, or of the LoRA adapter (PEFT), in a Hugging Face folder.

    type: F32, F16, BF16 or one of quantize()'s; by default F16, and F32 for an adapter. A quantised type is made from a
        temporary file in the weights' own type, so that nothing is rounded twice; it is deleted at the end.
    name: the model's name in the file; by default the folder's name.
    base: for an adapter, the folder of the model that it belongs to. By default the one that adapter_config.json names,
        if that is a folder on this machine; nothing is downloaded.
    pre_tokenizer: llama.cpp's name for how the tokenizer splits text, if that cannot be determined, such as
        "llama-bpe".
    trust_remote_code: allows running Python files that come with the model.
    threads: for quantising; 0 for as many as the machine has.
    force: overwrites an existing file.
    progress: called with 0 to 1; if it returns False, the conversion ends with CancellationError.

    The file appears at `out_path` when it is complete and has been validated; otherwise nothing is left behind.

    Raises ModelNotFoundError for missing folders and files, InvalidModelError for damaged or inconsistent ones,
    UnsupportedError for models that cannot be converted and for missing packages, InvalidArgumentError, LLModelIOError,
    CancellationError.
    """
    started = time.monotonic()
    source, out = Path(folder), Path(out_path)
    asked_base = Path(base) if base is not None else None
    found = read_folder(source, asked_base)
    adapter = (source / "adapter_config.json").is_file()
    chosen = (type or ("F32" if adapter else "F16")).upper()
    _check_arguments(chosen, adapter, asked_base)
    refuse_to_overwrite(out, force)
    if adapter:
        asked_base = asked_base or _base_of(found)
        found = read_folder(source, asked_base)
    files = weight_files(source, ("adapter_model",) if adapter else ("model", "pytorch_model"))
    read = sum(file.stat().st_size for file in files)
    label = name or source.resolve().name
    options: dict[str, Any] = {"pre_tokenizer": pre_tokenizer, "trust_remote_code": trust_remote_code}
    report(progress, 0.0)
    with new_file(out) as part:
        if chosen in _UNQUANTIZED:
            check_space(out, read // 2)
            _write(found, part, chosen, label, asked_base, options, progress)
            _check(part, adapter)
        else:
            _write_quantized(found, part, chosen, label, options, threads, progress)
    report(progress, 1.0)
    return ConvertedFolder(
        path=str(out),
        architecture=f"{_architecture(found, asked_base)} adapter" if adapter else found.architecture,
        type=chosen,
        input_bytes=read,
        output_bytes=out.stat().st_size,
        ms=(time.monotonic() - started) * 1000,
    )


def _check_arguments(type: str, adapter: bool, base: Path | None) -> None:
    if type not in TYPES:
        raise InvalidArgumentError(f"there is no type {type!r}; the types are {', '.join(TYPES)}", {"path": "/type"})
    if adapter and type not in _UNQUANTIZED:
        raise InvalidArgumentError(f"an adapter cannot be {type}; it can be F32, F16 or BF16", {"path": "/type"})
    if base is not None and not adapter:
        raise InvalidArgumentError("base is for adapters, but the folder holds a model", {"path": "/base"})


def _base_of(adapter: Folder) -> Path:
    named = adapter.config.get("base_model_name_or_path")
    if isinstance(named, str) and named and Path(named, "config.json").is_file():
        return Path(named)
    raise InvalidArgumentError(
        f"the adapter belongs to {named!r}, which is not a folder here; name the model's folder with base= (--base): "
        "its config.json is needed, its weights are not",
        {"path": "/base"},
    )


def _architecture(adapter: Folder, base: Path | None) -> str:
    config = read_json(base / "config.json") if base is not None else {}
    return "GPTJForCausalLM" if is_gptj(config) else Folder(adapter.path, "other", config).architecture


def _write(
    found: Folder,
    out: Path,
    type: str,
    name: str,
    base: Path | None,
    options: dict[str, Any],
    progress: Progress | None,
) -> None:
    """Writes the file in a type that is not quantised."""
    if found.kind == "gptj":
        _gptj.convert(found, out, cast(TensorType, type), name, progress)
    elif found.kind == "gptj-lora" and base is not None:
        _gptj_lora.convert(found, base, out, cast(TensorType, type), name, progress)
    else:
        lora = found.kind == "lora"
        job = _llama_cpp.Job(found.path, out, type.lower(), name, lora=lora, base=base, **options)
        _llama_cpp.run(job, progress)


def _write_quantized(
    found: Folder, out: Path, type: str, name: str, options: dict[str, Any], threads: int, progress: Progress | None
) -> None:
    from .._model import quantize

    weights = Weights(found.path) if found.kind == "gptj" else None
    own = weights.type if weights is not None else _type_of(found)
    with temporary(out) as whole:
        read = sum(file.stat().st_size for file in weight_files(found.path, ("model", "pytorch_model")))
        check_space(out, read + read // 2)
        _write(found, whole, own, name, None, options, part_of(progress, 0.0, 0.5))
        _check(whole, False)
        quantize(
            whole,
            out,
            type=cast(Any, type),
            threads=threads,
            progress=part_of(progress, 0.5, 1.0),
        )


def _type_of(found: Folder) -> str:
    """The type in which no weight is rounded, by what the config says of them."""
    said = found.config.get("dtype") or found.config.get("torch_dtype")
    return {"float16": "F16", "bfloat16": "BF16"}.get(str(said), "F32")


def _check(path: Path, adapter: bool) -> None:
    """Raises InvalidModelError if the file that was made would not load."""
    from .._model import inspect

    if adapter:
        return  # read with the model that it belongs to, when that is opened
    try:
        inspect(path)
    except InvalidModelError as error:
        text = f"the folder's files do not fit together: {error.message.replace(str(path), 'the file made of them')}"
        raise InvalidModelError(text, error.detail) from error

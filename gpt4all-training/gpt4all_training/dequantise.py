"""From a GGUF file back to a folder in the form of the Hugging Face hub, so that it can be trained further."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from .errors import ModelError, OutputError
from .storage import make_folder
from .train import libraries

UNFINISHED = ".unfinished"


def dequantise(file: Path, out: Path) -> int:
    """Writes the model of a file, its weights in F32, with its tokenizer and chat template; returns how many weights.

    What quantisation rounded stays rounded. The folder gets its name when it is whole.

    Raises ModelError for a file or an architecture that transformers cannot read, OutputError, PackageError.
    """
    libraries.prepare()
    if not file.is_file():
        raise ModelError("there is no such file", file=file, remedy="Name a GGUF file")
    if out.exists():
        raise OutputError("is there already", file=out, remedy="Name a folder that is not there yet")
    model, tokenizer = _read(file)
    beside = out.with_name(out.name + UNFINISHED)
    shutil.rmtree(beside, ignore_errors=True)
    make_folder(beside)
    model.save_pretrained(beside)
    tokenizer.save_pretrained(beside)
    os.replace(beside, out)
    return sum(int(parameter.numel()) for parameter in model.parameters())


def _read(file: Path) -> tuple[Any, Any]:
    import torch
    import transformers

    options = {"gguf_file": file.name, "local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(file.parent, **options)
        model = transformers.AutoModelForCausalLM.from_pretrained(file.parent, dtype=torch.float32, **options)
    except Exception as error:  # transformers and gguf raise what they like
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        remedy = "Take another model; transformers reads LLaMA, Mistral, Qwen 2, Phi 3 and some more from GGUF"
        raise ModelError(f"cannot be dequantised: {first}", file=file, remedy=remedy) from error
    # transformers still takes it for quantised, and would not save it
    del model.config.quantization_config
    plain = type(model)(model.config)
    plain.load_state_dict(model.state_dict())
    return plain, tokenizer

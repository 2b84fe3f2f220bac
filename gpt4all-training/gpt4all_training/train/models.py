"""Loading a model and its tokenizer, and making ready what is to be trained of it."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

from ..errors import ConfigurationError, HardwareError, ModelError, PackageError
from .group import is_one_of_several
from .settings import Train

_APART = 1e-3  # of the largest logit: how much a conversation may change one that it is packed with, in F32


def load_tokenizer(folder: Path, template: Path | None = None) -> Any:
    """A folder's tokenizer. template: a file with a chat template in place of its own. Raises ModelError."""
    import transformers

    try:
        found = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # transformers raises what it likes
        raise _unread("tokenizer", folder, error) from error
    if template is not None:
        try:
            found.chat_template = template.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problem = f"cannot be read: {error}"
            raise ConfigurationError(problem, file=template, remedy="Name a file in UTF-8") from error
    if found.pad_token is None:
        found.pad_token = found.eos_token
    if found.pad_token is None:
        remedy = "Name one as `eos_token` in its tokenizer_config.json"
        raise ModelError("has a tokenizer without a token for the end", file=folder, remedy=remedy)
    return found


def load_model(folder: Path, precision: str, **options: Any) -> Any:
    """A folder's model, in the precision. Raises ModelError."""
    import torch
    import transformers

    try:
        return transformers.AutoModelForCausalLM.from_pretrained(
            folder, dtype=getattr(torch, precision), local_files_only=True, trust_remote_code=False, **options
        )
    except Exception as error:  # transformers raises what it likes
        raise _unread("model", folder, error) from error


def check_hardware(settings: Train) -> None:
    """Raises HardwareError if this machine lacks what the settings ask for, PackageError if a package is missing."""
    import torch

    if settings.device == "cpu":
        return
    if not is_one_of_several():
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")
    if not torch.cuda.is_available():
        remedy = "Set device to cpu" if settings.method != "qlora" else "Set device to cpu and method to lora"
        raise HardwareError("PyTorch finds no NVIDIA GPU on this machine", remedy=remedy)
    if settings.method == "qlora" and importlib.util.find_spec("bitsandbytes") is None:
        remedy = "Run pip install 'gpt4all-training[qlora]'"
        raise PackageError("weights of 4 bits need the package bitsandbytes, which is not installed", remedy=remedy)


def load_to_train(settings: Train, folder: Path, device: Any) -> Any:
    """The model with what the method adds to it, on the device. Raises ModelError, ConfigurationError."""
    import torch
    import transformers

    options: dict[str, Any] = {}
    if settings.method == "qlora":
        options["quantization_config"] = transformers.BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=getattr(torch, settings.precision),
        )
    # A master copy of what is trained stays in F32; computing in BF16 is autocast's.
    precision = "bfloat16" if settings.precision == "bfloat16" and settings.method != "full" else "float32"
    model = load_model(folder, precision, **options)
    if settings.device == "cuda" and settings.method != "qlora":  # those of 4 bits are there
        model.to(device)
    model.config.use_cache = False
    if settings.packing:
        check_apart(model, folder)
    return model if settings.method == "full" else _with_adapter(model, settings, folder)


def _with_adapter(model: Any, settings: Train, folder: Path) -> Any:
    import peft
    import transformers

    transformers.set_seed(settings.seed)  # an adapter begins at random
    lora = settings.lora
    if settings.method == "qlora":
        model = peft.prepare_model_for_kbit_training(model, use_gradient_checkpointing=settings.gradient_checkpointing)
    targets = lora.targets if isinstance(lora.targets, str) else list(lora.targets)
    adapter = peft.LoraConfig(
        r=lora.rank,
        lora_alpha=lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=targets,
        task_type="CAUSAL_LM",
    )
    try:
        adapted = peft.get_peft_model(model, adapter)
    except ValueError as error:
        remedy = "Correct `lora.targets`; all-linear fits every model"
        raise ConfigurationError(f"cannot be adapted: {error}", file=folder, remedy=remedy) from error
    for each in adapted.peft_config.values():
        each.base_model_name_or_path = settings.model  # as it is written, and not where it lies on this machine
    return adapted


def check_apart(model: Any, folder: Path) -> None:
    """Raises ConfigurationError if a packed conversation sees the one before it, as not every architecture can help."""
    import torch

    generator = torch.Generator().manual_seed(1)
    first, second = torch.randint(0, model.config.get_text_config().vocab_size, (2, 8), generator=generator)
    places = torch.arange(8)
    model.eval()
    try:
        with torch.inference_mode():
            device = model.device
            alone = model(input_ids=second[None].to(device), position_ids=places[None].to(device)).logits[0]
            packed = model(
                input_ids=torch.cat([first, second])[None].to(device),
                position_ids=torch.cat([places, places])[None].to(device),
            ).logits[0, 8:]
        limit = max(_APART, 8 * torch.finfo(alone.dtype).eps)
        apart = bool((alone - packed).abs().max() <= limit * alone.abs().max())
    except (TypeError, ValueError):  # it takes no positions
        apart = False
    if not apart:
        problem = f"the architecture {type(model).__name__} does not keep packed conversations apart"
        raise ConfigurationError(problem, file=folder, remedy="Set packing to false")


def _unread(what: str, folder: Path, error: Exception) -> ModelError:
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    remedy = "Programs of a model are never run" if "trust_remote_code" in str(error) else "Repair or replace it"
    return ModelError(f"has no {what} that can be read: {first}", file=folder, remedy=remedy)

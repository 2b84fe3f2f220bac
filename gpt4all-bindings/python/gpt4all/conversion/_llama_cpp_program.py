"""The program of the process in which llama.cpp's converters run: `python _llama_cpp_program.py JOB`, JOB being JSON.

It reports progress, and what went wrong, in JSON objects, one a line on stdout; the converter's log goes to stderr.

The converters are run as they are, but for this:
- They do not run programs that a model brings, unless the job allows it. (They ask transformers to, for some models.)
- They know MPT by the class name that transformers gives it, too, and with a config that leaves out what has a default.
- Where a tokenizer is of no model that they know, how it splits texts is read from its tokenizer.json.

This file is run by its path, so it imports nothing of the package.
"""

from __future__ import annotations

import functools
import importlib
import json
import logging
import pickle
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

# What transformers takes where a config says nothing (MptAttentionConfig).
_MPT_ATTENTION = {"clip_qkv": None, "alibi": True, "alibi_bias_max": 8, "softmax_scale": None, "prefix_lm": False}


class Refused(Exception):
    """Something that cannot be converted. kind: the status that it stands for."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Reports:
    """Lines for the process that waits for this one."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, **told: Any) -> None:
        self._stream.write(json.dumps(told) + "\n")
        self._stream.flush()


class _LastError(logging.Handler):
    """Remembers what the converter complained of last, before it gives up with nothing but an exit code."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.message = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.message = record.getMessage()


def _report_progress(reports: _Reports) -> None:
    """Has what would be drawn as a bar sent as a number."""
    import tqdm

    class Bar(tqdm.tqdm):  # type: ignore[type-arg]
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "disable": True})
            self._whole, self._done = float(options.get("total") or 0), 0.0

        def update(self, count: float | None = 1) -> bool | None:
            self._done += count or 0
            if self._whole:
                reports.send(progress=self._done / self._whole)
            return None

    tqdm.tqdm = Bar  # type: ignore[misc]


def _forbid_programs() -> None:
    """Makes transformers refuse to run Python files of the model, whoever asks for it."""
    transformers = importlib.import_module("transformers")
    for name in ("AutoConfig", "AutoTokenizer", "AutoModel", "AutoProcessor"):
        auto = getattr(transformers, name)
        original = auto.from_pretrained

        def from_pretrained(*arguments: Any, _original: Callable[..., Any] = original, **options: Any) -> Any:
            return _original(*arguments, **{**options, "trust_remote_code": False})

        auto.from_pretrained = from_pretrained


def _take_whole_numbers() -> None:
    """MosaicML writes "clip_qkv": 6, and transformers 5 refuses it as that is not a float."""
    attention = importlib.import_module("transformers.models.mpt.configuration_mpt").MptAttentionConfig
    original = attention.__init__

    def __init__(self: Any, *arguments: Any, **options: Any) -> None:
        if isinstance(options.get("clip_qkv"), int):
            options["clip_qkv"] = float(options["clip_qkv"])
        original(self, *arguments, **options)

    attention.__init__ = __init__


def _know_mpt(conversion: Any) -> None:
    _take_whole_numbers()
    conversion.TEXT_MODEL_MAP["MptForCausalLM"] = conversion.TEXT_MODEL_MAP["MPTForCausalLM"]
    registered = importlib.import_module("conversion.mpt").MPTModel
    conversion.ModelBase.register("MptForCausalLM")(registered)
    original = conversion.ModelBase.load_hparams

    def load_hparams(folder: Path, is_mistral_format: bool) -> Any:
        config = original(folder, is_mistral_format)
        if config.get("model_type") == "mpt":
            attention = {**_MPT_ATTENTION, **(config.get("attn_config") or {})}
            unsupported = [key for key in ("softmax_scale", "prefix_lm") if attention[key]]
            if unsupported:
                raise Refused("unsupported", f"llama.cpp's MPT has no {' and no '.join(unsupported)} (attn_config)")
            config["attn_config"] = attention
        return config

    conversion.ModelBase.load_hparams = staticmethod(load_hparams)


def _name_pre_tokenizers(conversion: Any, wanted: str) -> None:
    original = conversion.TextModel.get_vocab_base_pre

    @functools.wraps(original)
    def get_vocab_base_pre(self: Any, tokenizer: Any) -> str:
        if wanted:
            return wanted
        try:
            return str(original(self, tokenizer))
        except NotImplementedError:
            found = _gpt2_like(tokenizer, "mpt" if "Mpt" in type(self).__name__.title() else "gpt-2")
            if found is None:
                raise Refused(
                    "unsupported",
                    "the tokenizer belongs to no model that llama.cpp knows, and splits text in its own way; if it is "
                    "that of a model it knows, name it with pre_tokenizer= (--pre-tokenizer), such as llama-bpe",
                ) from None
            return found

    conversion.TextModel.get_vocab_base_pre = get_vocab_base_pre


def _gpt2_like(tokenizer: Any, name: str) -> str | None:
    """`name` if the tokenizer splits texts as GPT-2's does, and no further."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    splits = (json.loads(backend.to_str()).get("pre_tokenizer") or {}) if backend is not None else {}
    plain = splits.get("type") == "ByteLevel" and splits.get("use_regex", True) and not splits.get("add_prefix_space")
    return name if plain else None


def _prepare(job: dict[str, Any], reports: _Reports) -> None:
    sys.path[0] = job["scripts"]  # in place of this file's folder
    sys.path.insert(1, str(Path(job["scripts"], "gguf-py")))
    if not job["trust_remote_code"]:
        _forbid_programs()
    conversion = importlib.import_module("conversion")
    _know_mpt(conversion)
    _name_pre_tokenizers(conversion, job["pre_tokenizer"])
    _report_progress(reports)


def _convert(job: dict[str, Any]) -> None:
    script = "convert_lora_to_gguf.py" if job["lora"] else "convert_hf_to_gguf.py"
    options = ["--outfile", job["out"], "--outtype", job["type"]]
    options += ["--base", job["base"]] if job["lora"] else ["--model-name", job["name"]]
    sys.argv = [script, *options, "--", job["folder"]]
    runpy.run_path(str(Path(job["scripts"], script)), run_name="__main__")


def main() -> int:
    # What packages print is not to be taken for reports.
    reports, sys.stdout = _Reports(sys.stdout), sys.stderr
    last = _LastError()
    logging.getLogger().addHandler(last)
    try:
        logging.basicConfig(level=logging.INFO, handlers=[logging.StreamHandler(sys.stderr), last], force=True)
        job = json.loads(sys.argv[1])
        _prepare(job, reports)
        _convert(job)
    except Refused as error:
        reports.send(error=str(error), kind=error.kind)
    except SystemExit as error:
        if not error.code:
            return 0
        kind = "unsupported" if "not supported" in last.message else "invalid_model"
        reports.send(error=f"llama.cpp's converter: {last.message or error.code}", kind=kind)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        logging.exception("the conversion failed")
        reports.send(**_described(error))
    else:
        return 0
    return 1


def _described(error: Exception) -> dict[str, str]:
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, pickle.UnpicklingError):
        found = re.search(r"GLOBAL (\S+)", text)
        what = f" ({found[1]})" if found else ""
        return {
            "error": f"a .bin file of the folder holds more than weights{what}, and is not loaded, as that could run a "
            "program; use the model as safetensors",
            "kind": "invalid_model",
        }
    if "trust_remote_code" in text:
        return {
            "error": "the model comes with Python files that are needed to read it; if you trust its maker, allow them "
            "with trust_remote_code=True (--trust-remote-code)",
            "kind": "unsupported",
        }
    if isinstance(error, FileNotFoundError):
        kind = "not_found"
    elif isinstance(error, (NotImplementedError, ImportError)):
        kind = "unsupported"
    else:
        kind = "io" if isinstance(error, OSError) else "invalid_model"
    # What the converter tried first, before it tried another way, says more.
    first = error.__context__
    if isinstance(first, Refused):
        return {"error": str(first), "kind": first.kind}
    if first is not None:
        text += f"; before that, {type(first).__name__}: {first}"
    return {"error": f"llama.cpp's converter failed: {text}", "kind": kind}


if __name__ == "__main__":
    sys.exit(main())

"""Converts Hugging Face folders and compares what the files do with transformers and with an unpatched llama.cpp.

For each architecture and type: the logits of the library on the file, of transformers in F32 on the file's weights
(dequantised), and of llama-cpp-python on the file; the tokens of many texts, by the library and by the folder's own
tokenizer; a greedy answer. Besides, once for each architecture: weights from .bin files, in BF16, adapters made by
PEFT, variants that the trained models are not. The results are written to results/conversions.json, with date and
versions.

Usage: python -m corpus_tools.conversions.check [--only gptj] [--out FILE]
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import sentencepiece
import torch
import transformers
from gpt4all import InvalidModelError, Model, build_info
from gpt4all.conversion import convert_folder

from ..independent.llama_cpp_engine import LlamaCppEngine
from ..independent.model_files import ModelFile
from ..independent.torch_engine import TorchEngine
from ..places import RESULTS
from . import folders
from .texts import texts

FOUND = RESULTS / "conversions.json"
EXACT, QUANTIZED, ENGINES = 0.99999, 0.9985, 0.999  # the cosines to reach
TYPES = {
    "F32": EXACT,
    "F16": EXACT,
    "BF16": EXACT,
    "Q8_0": QUANTIZED,
    "Q6_K": QUANTIZED,
    "Q5_K_M": QUANTIZED,
    "Q4_K_M": QUANTIZED,
    "Q4_0": QUANTIZED,
}
PROMPT = "ROMEO:\n"
PASSAGE = (
    "First Citizen:\nWe are accounted poor citizens, the patricians good.\n\nMENENIUS:\nWhy, masters, my good friends, "
    "mine honest neighbours,\nWill you undo yourselves? I tell you, friends, most charitable care\nHave the patricians "
    "of you.\n"
)

Rows = npt.NDArray[np.float64]


def cosine(ours: Rows, theirs: Rows) -> float:
    """The smallest cosine of a token's row of logits with its counterpart. Each row's mean is taken off, as it means
    nothing and would hide differences."""
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (ours, theirs))
    return float(((a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))).min())


def rows_of(path: Path, tokens: list[int], **options: Any) -> Rows:
    """The library's log-probabilities after each token of a text but the last."""
    with Model(path, n_ctx=512, **options) as model:
        scores = model.score(tokens[:1], [tokens[1:]], logprob_rows="all")
        return np.array([row.logprobs for row in scores.rows], dtype=np.float64)[: len(tokens) - 1]


class Report:
    """What was compared, and what is wrong."""

    def __init__(self) -> None:
        self.architectures: dict[str, dict[str, Any]] = {}
        self.wrong: list[str] = []

    def at_least(self, what: str, found: float, limit: float) -> float:
        if not found >= limit:
            self.wrong.append(f"{what}: the cosine is {found:.6f} where {limit} is demanded")
        print(f"{what}: {found:.6f}", flush=True)
        return round(found, 7)

    def same(self, what: str, found: object, wanted: object) -> bool:
        if found != wanted:
            self.wrong.append(f"{what}: {str(found)[:300]} where {str(wanted)[:300]} is expected")
        print(f"{what}: {'the same' if found == wanted else 'DIFFERENT'}", flush=True)
        return found == wanted


def check_type(report: Report, family: str, folder: Path, type: str, scratch: Path) -> dict[str, Any]:
    path = scratch / f"{family}-{type}.gguf"
    converted = convert_folder(folder, path, type=type)
    what, file = f"{family} {type}", ModelFile(path)
    with Model(path, n_ctx=512) as model:
        tokens = model.tokenize(PASSAGE, add_special=True)
        answer = model.complete(PROMPT, max_tokens=32, temperature=0).text
    ours = rows_of(path, tokens)
    theirs = np.array(TorchEngine(file).rows(tokens))[: len(ours)]
    other = np.array(LlamaCppEngine(path, 512).rows(tokens))[: len(ours)]
    return {
        "bytes": converted["output_bytes"],
        "cosine_transformers": report.at_least(f"{what} with transformers", cosine(ours, theirs), TYPES[type]),
        "cosine_llama_cpp_python": report.at_least(f"{what} with llama-cpp-python", cosine(ours, other), ENGINES),
        "answer": answer,
    }


def check_tokens(report: Report, family: str, folder: Path, path: Path) -> int:
    """The tokens of many texts; gives how many there were."""
    encode, special = tokenizer_of(folder)
    compared = texts(400)
    with Model(path, n_ctx=512) as model:
        for text in compared:
            found, wanted = model.tokenize(text, parse_special=special), encode(text)
            if found != wanted:
                report.same(f"{family}, tokens of {text!r}", found, wanted)
    print(f"{family}: {len(compared)} texts", flush=True)
    return len(compared)


def tokenizer_of(folder: Path) -> tuple[Callable[[str], list[int]], bool]:
    """The folder's own tokenizer, and whether it takes names of special tokens in texts for those.

    That is SentencePiece itself where there is a tokenizer.model: transformers treats spaces at the beginning
    of a text and after a special token in another way.
    """
    if (folder / "tokenizer.model").is_file():
        pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
        return lambda text: list(pieces.encode(text)), False
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return lambda text: list(tokenizer(text, add_special_tokens=False)["input_ids"]), True


def check_sources(report: Report, family: str, folder: Path, scratch: Path) -> dict[str, bool]:
    """The same model from a .bin file, and one with weights in BF16: BF16 matrices in the file are the same."""

    def tensors(path: Path) -> dict[str, bytes]:
        return {
            tensor.name: tensor.data.tobytes() for tensor in ModelFile(path).reader.tensors if len(tensor.shape) > 1
        }

    binary, rounded = folders.as_bin(folder, scratch / "bin"), folders.in_bf16(folder, scratch / "bf16")
    for name, source in (("plain", folder), ("bin", binary), ("bf16", rounded)):
        convert_folder(source, scratch / f"{name}.gguf", type="BF16")
    found = {name: tensors(scratch / f"{name}.gguf") for name in ("plain", "bin", "bf16")}
    return {
        name: report.same(f"{family} from {name}", sorted(found[name].items()), sorted(found["plain"].items()))
        for name in ("bin", "bf16")
    }


def check_adapter(report: Report, family: str, folder: Path, scratch: Path) -> float:
    adapted = folders.with_adapter(folder, family, scratch / "adapter")
    convert_folder(scratch / "adapter", scratch / "adapter.gguf", base=folder)
    with Model(scratch / f"{family}-F32.gguf", n_ctx=512) as model:
        tokens = model.tokenize(PASSAGE, add_special=True)
    with torch.inference_mode():
        theirs = adapted(torch.tensor([tokens[:-1]])).logits[0].double().numpy()
    options = {"lora": [{"path": str(scratch / "adapter.gguf")}]}
    ours = rows_of(scratch / f"{family}-F32.gguf", tokens, **options)
    plain = rows_of(scratch / f"{family}-F32.gguf", tokens)
    if cosine(plain, theirs) > EXACT:
        report.wrong.append(f"{family}: the adapter changes nothing, so that this shows nothing")
    return report.at_least(f"{family} with an adapter", cosine(ours, theirs), EXACT)


def check_variant(report: Report, name: str, scratch: Path) -> float:
    folder, path = folders.variant(name, scratch / name), scratch / f"{name}.gguf"
    convert_folder(folder, path, type="F32")
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    tokens = list(range(300, 400))
    with torch.inference_mode():
        theirs = model(torch.tensor([tokens])).logits[0].double().numpy()[:-1]
    return report.at_least(name, cosine(rows_of(path, tokens), theirs), EXACT)


class _Program:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path(_Program.trace),)

    trace = ""


def check_hostile(report: Report, family: str, folder: Path, scratch: Path) -> None:
    """A pickle that is a program is refused and not run."""
    hostile = folders.as_bin(folder, scratch / "hostile")
    _Program.trace = str(scratch / "was-run")
    torch.save({"transformer.wte.weight": _Program()}, hostile / "pytorch_model.bin")
    try:
        convert_folder(hostile, scratch / "hostile.gguf")
        report.wrong.append(f"{family}: a program in a pickle was taken for weights")
    except InvalidModelError as error:
        print(f"{family}: refused: {error}", flush=True)
    report.same(f"{family}: the program was run", (scratch / "was-run").exists(), False)
    report.same(f"{family}: something was left behind", (scratch / "hostile.gguf").exists(), False)


def check_mosaicml(report: Report, folder: Path, scratch: Path) -> None:
    """MosaicML's own form of an MPT gives the same tensors, and the limit that its config has."""
    convert_folder(folders.by_mosaicml(folder, scratch / "mosaicml"), scratch / "mosaicml.gguf", type="F32")
    found, plain = ModelFile(scratch / "mosaicml.gguf"), ModelFile(scratch / "mpt-F32.gguf")
    same = all(np.array_equal(found.weights[name], plain.weights[name]) for name in plain.weights)
    report.same("mpt of MosaicML, tensors", (same, len(found.weights)), (True, len(plain.weights)))
    report.same("mpt of MosaicML, limit", found.parameter("attention.clamp_kqv"), 6.0)


def check_family(report: Report, family: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        folder = folders.trained(family, scratch / "folder")
        types = {type: check_type(report, family, folder, type, scratch) for type in TYPES}
        variants = [each for each, (of, _) in folders.VARIANTS.items() if of == family]
        report.architectures[family] = {
            "types": types,
            "texts_tokenised_alike": check_tokens(report, family, folder, scratch / f"{family}-F32.gguf"),
            "same_weights_from": check_sources(report, family, folder, scratch),
            "cosine_with_adapter": check_adapter(report, family, folder, scratch),
            "cosine_of_variants": {each: check_variant(report, each, scratch) for each in variants},
        }
        check_hostile(report, family, folder, scratch)
        if family == "mpt":
            check_mosaicml(report, folder, scratch)


def main() -> int:
    parser = argparse.ArgumentParser(description="Convert folders and compare what the files do.")
    parser.add_argument("--only", action="append", choices=list(folders.ADAPTED))
    parser.add_argument("--out", type=Path, default=FOUND)
    parser.add_argument("--date", default=datetime.datetime.now(datetime.timezone.utc).date().isoformat())
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    report = Report()
    for family in arguments.only or folders.ADAPTED:
        check_family(report, family)
    packages = ("torch", "transformers", "peft", "tokenizers", "sentencepiece", "llama-cpp-python", "gguf", "numpy")
    result = {
        "date": arguments.date,
        "versions": {
            "python": platform.python_version(),
            "llmodel": build_info()["version"],
            **{name: importlib.metadata.version(name) for name in packages},
        },
        "demanded": {"F32, F16, BF16": EXACT, "quantized": QUANTIZED, "llama-cpp-python": ENGINES},
        "architectures": report.architectures,
        "wrong": report.wrong,
    }
    arguments.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n".join(report.wrong) or "all as it should be")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())

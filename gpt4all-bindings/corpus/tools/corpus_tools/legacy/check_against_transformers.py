"""Compares the library's logits on files of 2023 with those of Hugging Face transformers on the same decoded weights.

For every kind of file and every type: the file is written from a tiny model, its weights are decoded by numpy and given
to GPTJForCausalLM, MptForCausalLM or LlamaForCausalLM in F32, and the logits after each of 24 tokens must have at least
the cosine that least_cosine() asks for. The numbers are written to results/legacy/transformers.json.

Needs torch, transformers, gguf and the gpt4all package, whose library GPT4ALL_LIBRARY may name.

Usage: python -m corpus_tools.legacy.check_against_transformers [--date YYYY-MM-DD] [--out FILE]
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from . import results
from .blocks import TensorType
from .ours import least_cosine, logits, sequence
from .reference import cosine
from .tensors import Types
from .torch_models import TorchModel
from .variants import VARIANTS, Variant, model_for


def compare(variant: Variant, kind: TensorType, folder: Path) -> dict[str, Any]:
    """What one kind of file with one type gives."""
    model, types = model_for(variant, kind), Types(kind)
    path = variant.write(folder / "written.bin", model, types)[0]
    tokens = sequence(model.vocabulary)
    theirs = TorchModel(model, variant.stored(model, types)).logits(tokens)
    found = cosine(logits(path, tokens, folder / "cache"), theirs)
    for part in folder.glob("written.bin*"):
        part.unlink()
    return {"variant": variant.name, "type": kind.name, "cosine": found, "agrees": found >= least_cosine(kind)}


def main() -> int:
    parser = results.arguments(__doc__, "transformers")
    arguments = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for variant in VARIANTS:
            for kind in variant.types:
                found.append(compare(variant, kind, Path(folder)))
                print(*found[-1].values(), flush=True)
    least = {kind.name: least_cosine(kind) for kind in TensorType}
    agrees = all(each["agrees"] for each in found)
    packages = ("torch", "transformers", "numpy", "gguf")
    results.write(
        arguments.out, arguments.date, {"least_cosines": least}, {"logits": found}, agrees=agrees, packages=packages
    )
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main())

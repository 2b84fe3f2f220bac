"""Gives a trained model back as the folder in transformers' form that it was made from, its weights in F32 unchanged.

That can be done as the weights were rounded to what Q8_0 holds before they were written anywhere. The SHA-256 of
model.safetensors is compared with the one in training.json.

Usage: python -m corpus_tools.models.hugging_face_folder NAME FOLDER, such as shakespeare-gptj
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from ..independent.hugging_face import state
from ..independent.model_files import ModelFile
from ..places import committed_models

TRAINED = committed_models() / "trained"

NAMES = ("shakespeare-gptj", "shakespeare-mpt", "shakespeare-llama")


def make(name: str, folder: Path) -> Path:
    """Writes the folder and returns it. Raises ValueError if the weights are not those that were trained."""
    shutil.copytree(TRAINED / name, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("training.json"))
    file = ModelFile(TRAINED / f"{name}-q8_0.gguf")
    tensors = {key: np.ascontiguousarray(values) for key, values in state(file, file.weights).items()}
    path = folder / "model.safetensors"
    save_file(tensors, path, {"format": "pt"})
    found, wanted = hashlib.sha256(path.read_bytes()).hexdigest(), expected(name)
    if found != wanted:
        raise ValueError(f"{path} has the SHA-256 {found} where {wanted} is expected")
    return folder


def expected(name: str) -> str:
    """The SHA-256 of the weights as this script writes them."""
    card = json.loads((TRAINED / name / "training.json").read_text(encoding="utf-8"))
    return str(card["weights_sha256"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Give a trained model back as a folder in transformers' form.")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    print(make(arguments.name, arguments.folder) / "model.safetensors")


if __name__ == "__main__":
    main()

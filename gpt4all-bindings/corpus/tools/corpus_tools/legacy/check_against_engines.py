"""Compares the library, and the writer of its test files, with the programs that these files were made for in 2023.

Four things are compared: logits of the library with those of each engine on files of the test writer; the bytes of the
writer's encoders with those of the engines' quantisers; files that the engines wrote themselves, opened by the library;
and greedy tokens, where an engine gives no logits. Engines run in processes of their own. The numbers are written to
the corpus's results/legacy/engines.json.

Needs CPython 3.11 on x86-64 Linux, numpy, gguf, pip, and the gpt4all package, whose library GPT4ALL_LIBRARY may name.

Usage: python -m corpus_tools.legacy.check_against_engines [--folder FOLDER] [--date YYYY-MM-DD] [--out FILE]
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..places import ROOT
from . import results
from .blocks import Layout, TensorType, encode, types_of
from .engines.install import install
from .engines.jobs import EngineError, Job, run
from .ours import logits as our_logits
from .ours import sequence
from .reference import cosine
from .reference import logits as reference_logits
from .tensors import FILE_TYPES, Types, as_stored
from .tiny_models import LegacyModel, tiny_llama
from .variants import Variant, model_for, variant

LEAST_COSINE = 0.999
GREEDY_TOKENS = 6
LEAST_LEAD = 0.3  # of the most probable token's logit over the next, for a choice that rounding does not change
LLAMA_LAYERS = 32  # engines of April to July 2023 know no other number
ERAS = {"230511": Layout.A, "230519": Layout.B, "mainline": Layout.C}

F32, F16, Q4_0, Q4_1, Q4_2 = TensorType.F32, TensorType.F16, TensorType.Q4_0, TensorType.Q4_1, TensorType.Q4_2
OLD_EXAMPLE = (F32, F16, Q4_0, Q4_1)


@dataclass(frozen=True)
class Reader:
    """What an engine can read."""

    engine: str
    variant: str
    types: Sequence[TensorType]
    era: str = ""


def _readers() -> Iterator[Reader]:
    for name in ("llama-ggml", "llama-ggml-2-parts", "llama-ggmf1", "llama-ggmf1-2-parts", "llama-ggjt1"):
        yield Reader("gpt4all-1.0.8", name, types_of(Layout.A), "230511")
    yield Reader("gpt4all-1.0.8", "llama-ggjt2", types_of(Layout.B), "230519")
    yield Reader("gpt4all-1.0.8", "llama-ggjt3", types_of(Layout.C), "mainline")
    yield Reader("gpt4all-0.3.6", "llama-ggjt3", types_of(Layout.C), "mainline")
    for engine in ("gpt4all-1.0.8", "gpt4all-0.3.6"):
        yield Reader(engine, "gptj-a", OLD_EXAMPLE)
        yield Reader(engine, "mpt-ggmm", (*OLD_EXAMPLE, Q4_2))
    yield Reader("pygptj-2.0.3", "gptj-a", OLD_EXAMPLE)
    plain_c = [kind for kind in types_of(Layout.C) if kind < TensorType.Q2_K]
    for name in ("gptj-c", "mpt-c"):
        yield Reader("ctransformers-0.2.27", name, plain_c)
    yield Reader("ctransformers-0.2.27", "llama-ggjt3", types_of(Layout.C))


def _model(kind_of_file: Variant, kind: TensorType) -> LegacyModel:
    if kind_of_file.architecture == "llama":
        return tiny_llama(width=256 if kind >= TensorType.Q2_K else 64, layers=LLAMA_LAYERS)
    return model_for(kind_of_file, kind)


class Check:
    """The comparisons, in a folder for their files."""

    def __init__(self, engines: Path, scratch: Path) -> None:
        self.engines = engines
        self.scratch = scratch

    def job(self, engine: str, do: str, path: Path, **more: Any) -> Job:
        return Job(engine, self.engines / engine, do, path, **more)

    def ours(self, path: Path, tokens: list[int]) -> Any:
        return our_logits(path, tokens, self.scratch / "cache")

    def logits(self, reader: Reader, kind: TensorType) -> dict[str, Any]:
        """An engine's logits on a file of ours."""
        written = variant(reader.variant)
        model, types = _model(written, kind), Types(kind)
        path = written.write(self.scratch / "written.bin", model, types)[0]
        tokens = sequence(model.vocabulary)
        more = {"architecture": written.architecture, "era": reader.era, "tokens": tokens}
        theirs = run(self.job(reader.engine, "logits", path, **more))
        exact = reference_logits(model, written.stored(model, types), tokens)
        found: dict[str, Any] = {"engine": reader.engine, "variant": reader.variant, "type": kind.name}
        found |= {"cosine": cosine(self.ours(path, tokens), theirs), "engine_to_reference": cosine(theirs, exact)}
        for part in self.scratch.glob("written.bin*"):
            part.unlink()
        return found | {"agrees": found["cosine"] >= LEAST_COSINE}

    def logits_if_it_can(self, reader: Reader, kind: TensorType) -> dict[str, Any]:
        """What was compared, or how the engine failed."""
        try:
            return self.logits(reader, kind)
        except EngineError as error:
            return {"engine": reader.engine, "variant": reader.variant, "type": kind.name, "engine_fails": str(error)}

    def quantizer(self, era: str, kind: TensorType) -> dict[str, Any]:
        """The bytes of a quantiser and of the writer for the same values, among them a row of zeros."""
        values = (np.random.RandomState(5).standard_normal((64, 1024)) * 0.02).astype(np.float32)
        values[7] = 0
        np.save(self.scratch / "values.npy", values)
        theirs = run(self.job("gpt4all-1.0.8", "quantize", self.scratch / "values.npy", era=era, kind=kind.name))
        same = theirs.tobytes() == encode(values, kind, ERAS[era]).tobytes()
        return {"engine": "gpt4all-1.0.8", "layout": ERAS[era].value, "type": kind.name, "agrees": same}

    def llama_written(self, era: str, kind: TensorType) -> dict[str, Any]:
        """A LLaMA file that llama.cpp of an era quantised itself; how many bytes of ours differ is noted."""
        newest = variant({Layout.A: "llama-ggjt1", Layout.B: "llama-ggjt2", Layout.C: "llama-ggjt3"}[ERAS[era]])
        model = tiny_llama(width=256, layers=LLAMA_LAYERS)
        source, target = self.scratch / "source.bin", self.scratch / "target.bin"
        variant("llama-ggjt1").write(source, model, Types(F16))
        more = {"architecture": "llama", "era": era}
        job = self.job("gpt4all-1.0.8", "write", source, target=target, file_type=FILE_TYPES[kind], **more)
        run(job)
        tokens = sequence(model.vocabulary)
        theirs = run(self.job("gpt4all-1.0.8", "logits", target, tokens=tokens, **more))
        halves = {name: as_stored(each, Types(F16).of(name, each), Layout.A) for name, each in model.weights.items()}
        newest.write(source, replace(model, weights=halves), Types(kind))
        found: dict[str, Any] = {"engine": "gpt4all-1.0.8", "variant": newest.name, "type": kind.name}
        found |= {"cosine": cosine(self.ours(target, tokens), theirs)}
        ours, written = (np.frombuffer(path.read_bytes(), np.uint8) for path in (source, target))
        if ours.size == written.size:  # K mixtures have other types for some tensors
            # where a value lies between two codes: these programs were compiled to multiply and add in one step
            found |= {"bytes_unlike_ours": int((ours != written).sum()), "bytes": ours.size}
        return found | {"agrees": found["cosine"] >= LEAST_COSINE}

    def llm_rs_written(self, name: str, kind: TensorType) -> dict[str, Any]:
        """A file that llm-rs quantised; the reference knows what it must give."""
        written = variant(name)
        model = model_for(written, kind)
        source, target = self.scratch / "source.bin", self.scratch / "target.bin"
        written.write(source, model, Types(F16))
        run(
            self.job("llm-rs-0.2.15", "write", source, target=target, architecture=written.architecture, kind=kind.name)
        )
        halves = written.stored(model, Types(F16))
        tokens = sequence(model.vocabulary)
        exact = reference_logits(model, written.stored(replace(model, weights=halves), Types(kind)), tokens)
        found: dict[str, Any] = {"engine": "llm-rs-0.2.15", "variant": name, "type": kind.name}
        found |= {"cosine": cosine(self.ours(target, tokens), exact)}
        return found | {"agrees": found["cosine"] >= LEAST_COSINE}

    def greedy(self, kind: TensorType) -> dict[str, Any]:
        """The most probable token of GPT-J in layout A after beginnings of a sequence, where the choice is clear."""
        written = variant("gptj-a")
        model, types = model_for(written, kind), Types(kind)
        path = written.write(self.scratch / "written.bin", model, types)[0]
        tokens = sequence(model.vocabulary)
        rows = self.ours(path, tokens)
        second, first = np.sort(rows, axis=-1)[:, -2:].T
        clear = [length for length in range(2, len(tokens)) if first[length - 1] - second[length - 1] >= LEAST_LEAD]
        same = True
        for length in clear[:GREEDY_TOKENS]:
            more = {"architecture": "gptj", "tokens": tokens[:length], "count": 1}
            (token,) = run(self.job("ctransformers-0.1.2", "greedy", path, **more))
            same = same and int(rows[length - 1].argmax()) == int(token)
        found: dict[str, Any] = {"engine": "ctransformers-0.1.2", "variant": "gptj-a", "type": kind.name}
        return found | {"tokens": len(clear[:GREEDY_TOKENS]), "agrees": same and len(clear) >= GREEDY_TOKENS}

    def everything(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The name of a kind of comparison, and what one of it found."""
        for era, layout in ERAS.items():
            for kind in types_of(layout):
                if Q4_0 <= kind <= TensorType.Q8_0:  # the writer's K-quants choose their scales in their own way
                    yield "quantizers", self.quantizer(era, kind)
        for reader in _readers():
            for kind in reader.types:
                yield "logits", self.logits_if_it_can(reader, kind)
        for era, layout in ERAS.items():
            for kind in types_of(layout):
                if kind >= Q4_0 and kind != TensorType.Q4_3:  # which no quantiser of these has as a file type
                    yield "written_by_engines", self.llama_written(era, kind)
        for name in ("gptj-c", "mpt-c", "llama-ggjt3"):
            for kind in (Q4_0, Q4_1, TensorType.Q5_0, TensorType.Q5_1, TensorType.Q8_0):
                yield "written_by_engines", self.llm_rs_written(name, kind)
        for kind in (F32, F16, Q4_0, Q4_1, Q4_2):
            yield "greedy", self.greedy(kind)


def main() -> int:
    parser = results.arguments(__doc__, "engines")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "engines-2023", help="for the wheels")
    arguments = parser.parse_args()
    digests = install(arguments.folder)
    found: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for kind, result in Check(arguments.folder, Path(scratch)).everything():
            found.setdefault(kind, []).append(result)
            print(kind, *result.values(), flush=True)
    settings = {"wheels_sha256": digests, "least_cosine": LEAST_COSINE, "llama_layers": LLAMA_LAYERS}
    wrong = [each for group in found.values() for each in group if not each.get("agrees", True)]
    results.write(arguments.out, arguments.date, settings, found, agrees=not wrong)
    for each in wrong:
        print("disagrees:", *each.values())
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

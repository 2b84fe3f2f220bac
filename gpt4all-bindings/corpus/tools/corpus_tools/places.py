"""Where the corpus and what it is about lie in a checkout."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[4]
CORPUS = ROOT / "gpt4all-bindings" / "corpus"
TOOLS = CORPUS / "tools"
RESULTS = CORPUS / "results"
SCHEMA = ROOT / "gpt4all-backend" / "schema" / "llmodel.schema.json"
LLAMA_CPP = ROOT / "build" / "llama.cpp"

Json = dict[str, Any]


@lru_cache
def manifest() -> Json:
    """What models.json says."""
    whole: Json = json.loads((CORPUS / "models.json").read_text(encoding="utf-8"))
    return whole


def committed_models() -> Path:
    """Where the models lie that are part of the repository."""
    return CORPUS.joinpath(manifest()["folder"]).resolve()


def load_files() -> dict[str, Json]:
    """The contents of the files of cases, by topic."""
    paths = sorted((CORPUS / "cases").glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}

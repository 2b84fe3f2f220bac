"""How tokens are chosen where a request does not say: by the user who opened the model, its file, or a catalogue."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import jsonschema

from ..places import SCHEMA
from .model_files import ModelFile
from .values import Json

KEYS = {
    "sequence": "samplers",
    "top_k": "top_k",
    "top_p": "top_p",
    "min_p": "min_p",
    "xtc_probability": "xtc_probability",
    "xtc_threshold": "xtc_threshold",
    "temp": "temperature",
    "penalty_last_n": "repeat_last_n",
    "penalty_repeat": "repeat_penalty",
    "mirostat": "mirostat",
    "mirostat_tau": "mirostat_tau",
    "mirostat_eta": "mirostat_eta",
}
OFF = {
    "penalties": {"repeat_penalty": 1, "frequency_penalty": 0, "presence_penalty": 0},
    "dry": {"dry_multiplier": 0},
    "top_n_sigma": {"top_n_sigma": -1},
    "top_k": {"top_k": 0},
    "typ_p": {"typical_p": 1},
    "top_p": {"top_p": 1},
    "min_p": {"min_p": 0},
    "xtc": {"xtc_probability": 0},
    "temperature": {"temperature": 1, "dynatemp_range": 0},
}


@lru_cache
def fields() -> Json:
    """What the published schema says of each."""
    known: Json = json.loads(SCHEMA.read_text(encoding="utf-8"))["$defs"]["sampling"]["properties"]
    return known


def defaults(file: ModelFile, options: Json) -> Json:
    """The value of each field and who says so."""
    known = {
        field: {"value": schema["default"], "source": "default"}
        for field, schema in fields().items()
        if "default" in schema
    }
    levels = {
        "catalogue": options.get("catalogue_sampling", {}),
        "file": of_file(file),
        "option": options.get("sampling", {}),
    }
    for source, said in levels.items():
        known |= {field: {"value": value, "source": source} for field, value in said.items() if field in known}
        if "samplers" in said:
            complete(known, source)
    return known


def of_file(file: ModelFile) -> Json:
    """Without what a request might not have."""
    said: Json = {}
    for key, field in KEYS.items():
        value = file.value(f"general.sampling.{key}")
        if field == "samplers" and isinstance(value, str):
            value = value.split(";")
        if value is not None and jsonschema.Draft202012Validator(fields()[field]).is_valid(value):
            said[field] = value
    return said


def complete(known: Json, source: str) -> None:
    """Puts the samplers that are left out where they usually are, switched off."""
    names: list[Any] = list(known["samplers"]["value"])
    usual = fields()["samplers"]["default"]
    for place, name in enumerate(usual):
        if name not in names:
            names.insert(names.index(usual[place - 1]) + 1 if place else 0, name)
            for field, value in OFF[name].items():
                if known[field]["value"] != value:
                    known[field] = {"value": value, "source": source}
    known["samplers"] = {"value": names, "source": source}

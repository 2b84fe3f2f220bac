"""The catalogue of models as a file of the Go module, which has no build step that could put it there."""

from __future__ import annotations

from pathlib import Path

from generate.description import Description

PATH = "gpt4all-bindings/golang/catalogue.json"
CATALOGUE = Path(__file__).resolve().parents[2] / "catalogue" / "catalogue.json"


def emit(_: Description) -> dict[str, str]:
    return {PATH: CATALOGUE.read_text(encoding="utf-8")}

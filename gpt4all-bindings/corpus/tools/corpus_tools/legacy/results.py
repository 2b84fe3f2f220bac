"""Writes what the checks found into the corpus's results/legacy, with the date and versions it holds for."""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gpt4all

from ..places import RESULTS

FOLDER = RESULTS / "legacy"


def rounded(value: Any) -> Any:
    """The value with cosines as long as they say something."""
    if isinstance(value, float):
        return round(value, 7)
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    return [rounded(each) for each in value] if isinstance(value, list) else value


def arguments(text: str | None, name: str) -> argparse.ArgumentParser:
    """What the checks are asked with: when they were made, and where their numbers go."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--date", default=datetime.datetime.now(datetime.timezone.utc).date().isoformat())
    parser.add_argument("--out", type=Path, default=FOLDER / f"{name}.json")
    return parser


def write(
    out: Path,
    date: str,
    settings: Mapping[str, Any],
    found: Mapping[str, Any],
    *,
    agrees: bool,
    packages: Sequence[str] = ("numpy", "gguf"),
) -> None:
    """Writes the file `out`; packages are those whose versions matter."""
    versions = {package: importlib.metadata.version(package) for package in packages}
    result = {
        "date": date,
        "versions": {"python": platform.python_version(), **versions, "llmodel": gpt4all.build_info()["version"]},
        **settings,
        "agrees": agrees,
        **rounded(dict(found)),
    }
    out.parent.mkdir(exist_ok=True)
    out.write_text(_compact(json.dumps(result, indent=1)) + "\n", encoding="utf-8")


def _compact(text: str) -> str:
    """One line for each comparison."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("   ") and lines:
            lines[-1] += " " * (not lines[-1].endswith("{")) + line.strip()
        elif line.startswith("  }") and lines:
            lines[-1] += line.strip()
        else:
            lines.append(line)
    return "\n".join(lines)

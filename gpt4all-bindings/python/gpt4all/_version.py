"""The package's version, which is the repository's."""

from __future__ import annotations

from pathlib import Path


def version() -> str:
    """From the file VERSION in a checkout, else from the installed package's metadata."""
    file = Path(__file__).resolve().parents[3] / "VERSION"
    if file.is_file() and (file.parent / "gpt4all-bindings").is_dir():
        return file.read_text(encoding="ascii").strip()
    from importlib.metadata import version as installed_version

    return installed_version("gpt4all")

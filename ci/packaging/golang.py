"""What a release of the Go module needs: where the library of that release lies, for `InstallLibrary`.

The module has no compiled parts. It takes the library from the Python wheel of the same release, which is a zip file
that has it, and knows the wheel by its hash. So the module's tag comes after the wheel.
"""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

from ci.common import ROOT, sha256_of

RELEASE = ROOT / "gpt4all-bindings" / "golang" / "library_release.json"
RELEASES = "https://github.com/nomic-ai/gpt4all/releases/download"
SYSTEMS = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}  # as Go calls them


def library_release(wheel: Path, version: str) -> dict[str, Any]:
    """What library_release.json is to say, with a wheel of this kind of machine in it."""
    known = json.loads(RELEASE.read_text(encoding="utf-8"))
    libraries = known["libraries"] if known["version"] == version else {}
    libraries[SYSTEMS[platform.machine()]] = {
        "url": f"{RELEASES}/v{version}/{wheel.name}",
        "sha256": sha256_of(wheel),
    }
    return {"version": version, "libraries": dict(sorted(libraries.items()))}


def write_release(wheel: Path, version: str, into: Path) -> Path:
    """Writes it into a folder, to be committed once the wheel is published."""
    path = into / RELEASE.name
    path.write_text(json.dumps(library_release(wheel, version), indent=2) + "\n", encoding="utf-8")
    return path

"""Fetches the wheels that the engines are in; nothing of them is installed, they are unpacked."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

WHEELS = {
    "gpt4all-1.0.8": "gpt4all==1.0.8",
    "gpt4all-0.3.6": "gpt4all==0.3.6",
    "ctransformers-0.2.27": "ctransformers==0.2.27",
    "ctransformers-0.1.2": "ctransformers==0.1.2",
    "pygptj-2.0.3": "pygptj==2.0.3",
    "llm-rs-0.2.15": "llm-rs==0.2.15",
}


def install(folder: Path) -> dict[str, str]:
    """Unpacks each wheel into folder/<name>; gives the SHA-256 of each. Needs CPython 3.11 on x86-64 Linux."""
    digests = {}
    for name, requirement in WHEELS.items():
        wheels = folder / "wheels" / name
        if not list(wheels.glob("*.whl")):
            command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
            subprocess.run([*command, "--only-binary=:all:", requirement, "--dest", str(wheels)], check=True)
        (wheel,) = wheels.glob("*.whl")
        digests[name] = hashlib.sha256(wheel.read_bytes()).hexdigest()
        if not (folder / name).is_dir():
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder / name)
    return digests

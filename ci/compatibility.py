"""The virtual environment with the programs that must run on our Python package as they do on the old one."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from common import BUILD, ROOT, Failure, NoNetwork, file_lock, say
from setup import ensure_tools
from steps import run_logged, tail

BINDING = ROOT / "gpt4all-bindings" / "python"
REQUIREMENTS = BINDING / "tests" / "compatibility" / "requirements.txt"
FOLDER = BUILD / "venv-compatibility"
PYTHON = FOLDER / "bin" / "python"
LOG = BUILD / "logs" / "compatibility-setup.log"


def ensure_compatibility_venv() -> Path:
    """Makes build/venv-compatibility and returns its Python. Raises NoNetwork if a package cannot be had."""
    wanted = hashlib.sha256(f"{sys.version_info[:2]}\n{REQUIREMENTS.read_text(encoding='utf-8')}".encode()).hexdigest()
    stamp = FOLDER / ".installed"
    with file_lock(BUILD / ".venv-compatibility.lock", "the programs to be compatible with"):
        if not (stamp.is_file() and stamp.read_text() == wanted and PYTHON.exists()):
            _install()
            stamp.write_text(wanted)
        _put_in_place()
    return PYTHON


def _install() -> None:
    say("      installing LangChain and llm into build/venv-compatibility")
    ensure_tools(["venv"])
    if run_logged([sys.executable, "-m", "venv", "--clear", str(FOLDER)], LOG, cwd=ROOT) != 0:
        raise Failure(f"{FOLDER} could not be made; the end of {LOG}:\n{tail(LOG, 8)}")
    # Without what they require: that would bring the old package of our name.
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-deps"]
    if run_logged([*command, "-r", str(REQUIREMENTS)], LOG, cwd=ROOT) != 0:
        raise NoNetwork(f"pip could not install {REQUIREMENTS.name}; the end of {LOG}:\n{tail(LOG, 6)}")


def _put_in_place() -> None:
    """Installs this checkout as the package gpt4all, in the way of an editable install: a path and its metadata."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(
        subprocess.run([str(PYTHON), "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )
    version = (ROOT / "VERSION").read_text(encoding="ascii").strip()
    for old in packages.glob("gpt4all-*.dist-info/*"):
        old.unlink()
    info = packages / f"gpt4all-{version}.dist-info"
    info.mkdir(exist_ok=True)
    (packages / "gpt4all.pth").write_text(f"{BINDING}\n", encoding="utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: gpt4all\nVersion: {version}\n", encoding="utf-8")
    (info / "RECORD").write_text("gpt4all.pth,,\n", encoding="utf-8")
    for empty in packages.glob("gpt4all-*.dist-info"):
        if not any(empty.iterdir()):
            empty.rmdir()

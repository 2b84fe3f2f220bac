"""Finds the emitters, and compares or writes what they give."""

from __future__ import annotations

import difflib
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from generate.description import Description
from generate.text import NOTICE

HOME = "gpt4all-bindings/generate"
EMITTERS = Path(__file__).resolve().parent / "emitters"

Emit = Callable[[Description], Mapping[str, str]]


def emitters(folder: Path = EMITTERS) -> dict[str, Emit]:
    """The functions `emit` of a folder's Python files, by the files' names. Raises ValueError if one has none."""
    found = {}
    for path in sorted(folder.glob("*.py")):
        if path.name.startswith("_"):
            continue
        spec = importlib.util.spec_from_file_location(f"generate_emitter_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise ValueError(f"{path} cannot be loaded")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # where dataclasses look for their module
        spec.loader.exec_module(module)
        if not callable(getattr(module, "emit", None)):
            raise ValueError(f"{path} has no function emit(description)")
        found[path.stem] = module.emit
    return found


def emit_all(description: Description, found: Mapping[str, Emit]) -> dict[str, str]:
    """Every file, by its path below the top of the repository. Raises ValueError where emitters do not fit together."""
    files: dict[str, str] = {}
    for name, emit in found.items():
        for path, text in emit(description).items():
            pure = PurePosixPath(path)
            if pure.is_absolute() or ".." in pure.parts:
                raise ValueError(f"{name} would write {path}, outside of the repository")
            if path in files:
                raise ValueError(f"{name} would write {path}, and so does another emitter")
            files[path] = text if text.endswith("\n") else text + "\n"
    return files


def has_home(path: str, root: Path) -> bool:
    """Whether a file belongs to a binding that exists. One for a language to come is made, but neither written nor
    compared."""
    parts = PurePosixPath(path).parts
    return parts[0] != "gpt4all-bindings" or (root / parts[0] / parts[1]).is_dir()


def differences(files: Mapping[str, str], root: Path) -> Iterator[str]:
    """A diff for each file that is not what the emitters give."""
    for path, text in files.items():
        there = root / path
        old = there.read_text(encoding="utf-8") if there.is_file() else ""
        if old != text:
            lines = difflib.unified_diff(
                old.splitlines(True), text.splitlines(True), path if old else "/dev/null", f"{path} (generated)"
            )
            yield "".join(lines)


def strays(files: Mapping[str, str], root: Path) -> list[str]:
    """Committed files that say that they are generated, although no emitter gives them any more."""
    mark = NOTICE.partition("{")[0].rstrip()
    command = ["git", "-C", str(root), "grep", "--files-with-matches", "--ignore-case", "-z", "--fixed-strings", mark]
    done = subprocess.run([*command, "--", f":!{HOME}"], capture_output=True, text=True, check=False)
    return sorted(set(filter(None, done.stdout.split("\0"))) - set(files))


def write(files: Mapping[str, str], root: Path) -> list[str]:
    """Writes what differs, and says which."""
    written = []
    for path, text in files.items():
        there = root / path
        if not there.is_file() or there.read_text(encoding="utf-8") != text:
            there.parent.mkdir(parents=True, exist_ok=True)
            there.write_text(text, encoding="utf-8")
            written.append(path)
    return written

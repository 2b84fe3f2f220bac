"""Formatting and static checks of everything that is ours; `--fix` rewrites what can be rewritten."""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from ci import mypy_cache
from ci.common import ROOT, Failure, run_main, say
from ci.files import native_files, our_files, output_of
from ci.setup import ensure_tools, ensure_venv
from ci.testing.reports import Outcome
from ci.tidy import check_clang_tidy
from ci.workflows import check_workflows

LARGEST_FILE = 4_000_000
CLANG_FORMAT = "clang-format-14"
FORMATS = ("file sizes", "ruff check", "ruff format", "mypy --strict", "clang-format", "workflows")


def python_groups() -> dict[str, list[str]]:
    """Our Python files by the nearest folder above them that has a pyproject.toml or mypy.ini, or by their own."""
    groups: dict[str, list[str]] = {}
    for name in our_files("*.py"):
        above = [folder for folder in Path(name).parents if folder != Path(".")]
        marks = ("pyproject.toml", "mypy.ini")
        own = next((f for f in above if any((ROOT / f / mark).is_file() for mark in marks)), Path(name).parent)
        groups.setdefault(str(own), []).append(name)
    return groups


def check_sizes() -> str:
    """No file may be so large that a clone becomes slow."""
    sizes = ((name, (ROOT / name).stat().st_size) for name in our_files())
    return "\n".join(f"{name} has {size:,} bytes, over 4 MB" for name, size in sizes if size > LARGEST_FILE)


def check_clang_format() -> str:
    """.clang-format, as Debian 12's clang-format-14 reads it."""
    names = native_files()
    return output_of([CLANG_FORMAT, "--dry-run", "-Werror", *names]) if names else "there is no C or C++ file"


def check_mypy(python: str) -> str:
    """mypy --strict, over each group of Python files by itself."""
    wrong = []
    with contextlib.suppress(OSError):  # it is slower without
        mypy_cache.begin()
    for folder, names in python_groups().items():
        own = (f"{folder}/mypy.ini", f"{folder}/pyproject.toml")
        config = next((path for path in own if (ROOT / path).is_file()), "ci/mypy.ini")
        options = ["--strict", "--explicit-package-bases", "--config-file", config]
        cache = mypy_cache.IN_USE / folder.replace("/", "-")
        base = os.path.dirname(folder) if (ROOT / folder / "__init__.py").is_file() else folder  # where imports begin
        command = ["env", f"MYPYPATH={base}:{ROOT}", python, "-m", "mypy", *options, "--cache-dir", str(cache), *names]
        text = output_of(command)
        wrong += [f"{folder}: {text}"] if text else []
    if not wrong:
        with contextlib.suppress(OSError):
            mypy_cache.keep()
    return "\n".join(wrong)


def lint(only: Sequence[str] | None = None) -> Outcome:
    """Runs the checks, each counted as one test."""
    ensure_tools(["git", "clang-format", *(["clang-tidy"] if only is None or "clang-tidy" in only else [])])
    python = str(ensure_venv())
    ruff = [python, "-m", "ruff"]
    checks: dict[str, Callable[[], str]] = {
        "file sizes": check_sizes,
        "ruff check": lambda: output_of([*ruff, "check", "--quiet", "."]),
        "ruff format": lambda: output_of([*ruff, "format", "--quiet", "--diff", "."]),
        "mypy --strict": lambda: check_mypy(python),
        "clang-format": check_clang_format,
        "clang-tidy": check_clang_tidy,
        "workflows": lambda: check_workflows(python),
    }
    outcome = Outcome()
    for name, check in checks.items():
        if only is None or name in only:
            outcome.check(name, check())
    return outcome


def fix() -> None:
    """Rewrites what formatters and ruff can put right by themselves."""
    ensure_tools(["git", "clang-format"])
    ruff = [str(ensure_venv()), "-m", "ruff"]
    for command in (
        [CLANG_FORMAT, "-i", *native_files()],
        [*ruff, "check", "--quiet", "--fix-only", "."],
        [*ruff, "format", "--quiet", "."],
    ):
        if text := output_of(command):
            raise Failure(f"{shlex.join(command[:4])} …: {text}")


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fix", action="store_true", help="rewrite instead of complaining")
    parser.add_argument("--only", help="checks to run, separated by commas")
    arguments = parser.parse_args()
    if arguments.fix:
        fix()
        return 0
    outcome = lint(arguments.only.split(",") if arguments.only else None)
    for name, text in outcome.failed:
        say(f"{name}:\n{text}\n")
    say(str(outcome))
    return 1 if outcome.failed else 0


if __name__ == "__main__":
    sys.exit(run_main("ci.lint", main))

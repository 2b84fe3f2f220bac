"""Installing Python packages: with pip what there has to be first, with uv the rest, in a tenth of the time."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ci.common import ROOT, Failure, NoNetwork
from ci.steps import run_logged, tail

# Bytecode is made of what is imported, when it is: of all packages, it takes as long as installing them.
PIP = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile")
# Of several indexes the one with the version that is pinned, as with pip.
UV = ("pip", "install", "--quiet", "--index-strategy", "unsafe-best-match")
# What pip is told of a network in its own files and variables, and what uv calls that.
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "no-index": "UV_NO_INDEX",
    "proxy": "ALL_PROXY",
    "cert": "SSL_CERT_FILE",
}
# Said by pip, or by uv, when an index answered and does not have what is pinned.
ANSWERED = re.compile(r"\(from versions: (?!none)|there is no version of")


def pip_install(python: Path, what: Sequence[str], log: Path) -> None:
    """Installs packages for a Python that has pip. Raises NoNetwork, or another Failure."""
    if run_logged([str(python), *PIP, *what], log, cwd=ROOT) != 0:
        raise failure(" ".join(what), log)


def uv_install(uv: Path, python: Path, what: Sequence[str], log: Path) -> None:
    """Installs packages for another Python, which needs no pip. Packages are linked from uv's cache, if they can be.

    uv: the program, beside a Python with pip, whose settings count. Raises NoNetwork, or another Failure.
    """
    variables = uv_variables(pip_settings(uv.parent / "python"))
    command = [str(uv), *UV, "--python", str(python), *what]
    if run_logged(command, log, cwd=ROOT, variables=variables) != 0:
        raise failure(" ".join(what), log)


def pip_settings(python: Path) -> str:
    """What pip's configuration is, from all of its files and the environment."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "config", "list"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def uv_variables(settings: str) -> Mapping[str, str]:
    """pip's settings as uv's variables; those that are set already stay as they are."""
    found: dict[str, str] = {}
    for line in sorted(settings.splitlines(), key=lambda line: line.startswith(":env:.")):  # the environment wins
        match = re.fullmatch(r"(?:global|install|:env:)\.([a-z-]+)=('.*'|\".*\")", line)
        if match and match[1] in SETTINGS:
            words = str(ast.literal_eval(match[2])).split()
            found[SETTINGS[match[1]]] = ("," if match[1] == "find-links" else " ").join(words)
    return {name: value for name, value in found.items() if name not in os.environ}


def failure(what: str, log: Path) -> Failure:
    """Why that could not be installed: NoNetwork, unless an index answered and does not have what is pinned."""
    text = f"{what} could not be installed; the end of {log}:\n{tail(log, 6)}"
    return Failure(text) if ANSWERED.search(tail(log, 12)) else NoNetwork(text)

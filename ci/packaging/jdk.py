"""The JDKs of this machine."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

NEEDED = 22  # the first Java with the Foreign Function and Memory API


@dataclass(frozen=True)
class Jdk:
    """A JDK, by the number of its Java."""

    version: int
    home: Path


def newest_jdk() -> Jdk | None:
    """The newest JDK of the machine, which need not be the one on the PATH."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    homes += sorted(Path("/usr/lib/jvm").glob("*"))
    found = []
    for home in homes:
        release = home / "release"
        if not (home / "bin" / "javac").is_file() or not release.is_file():
            continue
        if match := re.search(r'^JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"), re.MULTILINE):
            found.append(Jdk(int(match[1]), home))
    return max(found, key=lambda jdk: jdk.version, default=None)

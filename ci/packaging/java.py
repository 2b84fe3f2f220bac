"""Makes the Java packages, in build/dist: `make jar`.

The jar fits this machine's operating system and its kind of processor, with a module for each instruction set.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from ci.build import build, directory
from ci.common import BUILD, ROOT, Failure, MissingTool, run_main, sha256_of
from ci.packaging.natives import library_files

BINDING = ROOT / "gpt4all-bindings" / "java"
DIST = BUILD / "dist"
NATIVES = BUILD / "java" / "natives"
MODULES = ("gpt4all", "gpt4all-langchain4j")


def stage_natives(library_folder: Path, into: Path = NATIVES) -> Path:
    """Lays out what the jar is to unpack: the library and its modules, with their hashes. Returns the folder.

    Raises Failure if there is no library.
    """
    files = library_files(library_folder)
    folder = into / f"linux-{platform.machine()}"
    shutil.rmtree(into, ignore_errors=True)
    folder.mkdir(parents=True)
    version = (ROOT / "VERSION").read_text(encoding="ascii").strip()
    sums = [f"version {version}"]
    for file in files:
        sums.append(f"{sha256_of(shutil.copyfile(file, folder / file.name))}  {file.name}")
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", encoding="ascii")
    return into


def jars(java_home: Path, into: Path = DIST) -> list[Path]:
    """Builds the library with all its modules, and packs it. `java_home` is a JDK 22 or newer."""
    if not shutil.which("mvn"):
        raise MissingTool("Maven is needed (on Debian or Ubuntu: apt-get install maven)")
    build("modules", ["llmodel"])
    staged = stage_natives(directory("modules") / "bin")
    command = ["mvn", "--batch-mode", "--quiet", "-DskipTests", f"-Dgpt4all.natives={staged}", "package"]
    done = subprocess.run(command, cwd=BINDING, check=False, env={**os.environ, "JAVA_HOME": str(java_home)})
    if done.returncode != 0:
        raise Failure("Maven failed; the lines above say why")
    into.mkdir(parents=True, exist_ok=True)
    version = (ROOT / "VERSION").read_text(encoding="ascii").strip()
    names = [(module, f"{module}-{version}.jar") for module in MODULES]
    return [Path(shutil.copy(BUILD / "java" / module / name, into / name)) for module, name in names]


def main() -> int:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    home = os.environ.get("JAVA_HOME")
    parser.add_argument("--java-home", type=Path, default=home, required=not home, help="a JDK 22 or newer")
    for jar in jars(parser.parse_args().java_home):
        print(jar)
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci.packaging.java", main))

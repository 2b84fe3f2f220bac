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
from ci.packaging.jdk import NEEDED, newest_jdk
from ci.packaging.natives import library_files

BINDING = ROOT / "gpt4all-bindings" / "java"
DIST = BUILD / "dist"
NATIVES = BUILD / "java" / "natives"
MODULES = ("gpt4all", "gpt4all-langchain4j")
KINDS = ("", "-sources", "-javadoc")


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


def jars(java_home: Path, library_folder: Path, into: Path = DIST) -> list[Path]:
    """Packs the library in a folder. Returns for each module its jar, and the jars of its sources and documentation.

    java_home: a JDK 22 or newer. Raises MissingTool without Maven, and Failure.
    """
    if not shutil.which("mvn"):
        raise MissingTool("Maven is needed (on Debian or Ubuntu: apt-get install maven)")
    staged = stage_natives(library_folder)
    command = ["mvn", "--batch-mode", "--quiet", "-P", "release", "-DskipTests", "-Dgpg.skip"]
    command += [f"-Dgpt4all.natives={staged}", "verify"]
    done = subprocess.run(command, cwd=BINDING, check=False, env={**os.environ, "JAVA_HOME": str(java_home)})
    if done.returncode != 0:
        raise Failure("Maven failed; the lines above say why")
    into.mkdir(parents=True, exist_ok=True)
    version = (ROOT / "VERSION").read_text(encoding="utf-8").strip()
    names = [(module, f"{module}-{version}{kind}.jar") for module in MODULES for kind in KINDS]
    return [Path(shutil.copy(BUILD / "java" / module / name, into / name)) for module, name in names]


def main() -> int:
    """Reads the command line, and builds the library with all its modules."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--java-home", type=Path, help="a JDK 22 or newer; the newest of the machine if not given")
    home = parser.parse_args().java_home
    if home is None:
        newest = newest_jdk()
        if newest is None or newest.version < NEEDED:
            raise MissingTool(f"there is no JDK {NEEDED} or newer; install one, or name its folder in JAVA_HOME")
        home = newest.home
    build("modules", ["llmodel"])
    for jar in jars(home, directory("modules") / "bin"):
        print(jar)
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci.packaging.java", main))

"""Makes the npm packages, in build/dist: `make npm`.

`gpt4all` fits every machine. A package of its own has what is compiled for this machine's operating system and its kind
of processor, with a module for each instruction set; npm installs it along, as an optional dependency.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ci.build import build, directory
from ci.common import BUILD, ROOT, Failure, MissingTool, run_main
from ci.packaging.natives import library_files

BINDING = ROOT / "gpt4all-bindings" / "typescript"
DIST = BUILD / "dist"
STAGED = BUILD / "npm"
ADDON = BINDING / "build" / "Release" / "gpt4all.node"
PROCESSORS = {"x86_64": "x64", "aarch64": "arm64"}  # those that there are packages for, as Node calls them


def _version() -> str:
    return (ROOT / "VERSION").read_text(encoding="ascii").strip()


def _write(folder: Path, content: dict[str, Any]) -> None:
    (folder / "package.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _stage_main(folder: Path) -> None:
    """Lays out the package that programs import. Raises Failure if it is not compiled."""
    if not (BINDING / "dist" / "index.js").is_file():
        raise Failure(f"there is no {BINDING / 'dist'}; compile the package first")
    content = json.loads((BINDING / "package.json").read_text(encoding="utf-8"))
    if content["version"] != _version():
        raise Failure(f"{BINDING / 'package.json'} says version {content['version']}, VERSION says {_version()}")
    for name in [*content["files"], "README.md"]:
        source, target = BINDING / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copyfile(source, target)
    del content["devDependencies"]
    content["scripts"] = {"install": content["scripts"]["install"]}
    content["optionalDependencies"] = {f"@gpt4all/linux-{name}": _version() for name in PROCESSORS.values()}
    _write(folder, content)


def _stage_platform(folder: Path, library_folder: Path) -> None:
    """Lays out the package of this kind of machine. Raises Failure if something of it is not compiled."""
    processor = PROCESSORS.get(platform.machine())
    if sys.platform != "linux" or platform.libc_ver()[0] != "glibc" or processor is None:
        raise Failure("packages are made on Linux with glibc, on x86-64 and ARM64")
    if not ADDON.is_file():
        raise Failure(f"there is no {ADDON}; compile the addon first")
    (folder / "lib").mkdir(parents=True)
    for file in library_files(library_folder):
        shutil.copyfile(file, folder / "lib" / file.name)
    shutil.copyfile(ADDON, folder / ADDON.name)
    for name in ("LICENSE", "NOTICE"):
        shutil.copyfile(ROOT / name, folder / name)
    content = {
        "name": f"@gpt4all/linux-{processor}",
        "version": _version(),
        "description": f"What the package gpt4all has compiled for Linux on {processor}",
        "license": "MIT",
        "os": ["linux"],
        "cpu": [processor],
        "libc": ["glibc"],
        "files": [ADDON.name, "lib", "LICENSE", "NOTICE"],
        "preferUnplugged": True,  # Yarn is not to leave it in an archive, which nothing can be loaded from
    }
    _write(folder, content)


def pack(library_folder: Path, into: Path = DIST) -> list[Path]:
    """Packs what is compiled: the main package, and that of this kind of machine. Raises Failure if something lacks."""
    shutil.rmtree(STAGED, ignore_errors=True)
    main_folder, platform_folder = STAGED / "main", STAGED / "platform"
    _stage_main(main_folder)
    _stage_platform(platform_folder, library_folder)
    into.mkdir(parents=True, exist_ok=True)
    return [npm_pack(folder, into) for folder in (main_folder, platform_folder)]


def npm_pack(folder: Path, into: Path) -> Path:
    """Makes the .tgz of a package. Raises Failure."""
    command = ["npm", "pack", "--ignore-scripts", "--json", "--pack-destination", str(into)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f"npm could not pack {folder}:\n{done.stderr}")
    (packed,) = json.loads(done.stdout)
    return into / str(packed["filename"])


def _run(*command: str) -> None:
    if subprocess.run(command, cwd=BINDING, check=False).returncode != 0:
        raise Failure(f"`{' '.join(command)}` failed; the lines above say why")


def packages(library_folder: Path, into: Path = DIST) -> list[Path]:
    """Builds the addon and the package, and packs them with the library in a folder.

    Raises MissingTool without Node and npm, and Failure.
    """
    if not shutil.which("npm"):
        raise MissingTool("Node 20 or newer is needed, with npm and its headers (on Debian or Ubuntu: libnode-dev)")
    _run("npm", "ci", "--ignore-scripts")
    _run("npm", "run", "build:native")
    _run("npm", "run", "build")
    return pack(library_folder, into)


def main() -> int:
    """Builds the library with all its modules and both packages, and names them."""
    build("modules", ["llmodel"])
    for package in packages(directory("modules") / "bin"):
        print(package)
    return 0


if __name__ == "__main__":
    sys.exit(run_main("ci.packaging.typescript", main))

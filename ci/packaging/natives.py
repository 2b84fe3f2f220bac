"""What of a build folder goes into the package of a binding."""

from __future__ import annotations

from pathlib import Path

from ci.common import Failure


def library_files(folder: Path) -> list[Path]:
    """The library and its modules for each instruction set, if it has any. Raises Failure if there is no library."""
    library = folder / "libllmodel.so"
    if not library.is_file():
        raise Failure(f"there is no libllmodel.so in {folder}; build it first")
    return [*sorted(folder.glob("libggml-cpu-*.so")), library]

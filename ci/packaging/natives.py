"""What of a build folder goes into the package of a binding."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from ci.common import Failure

IN_WHEEL = "gpt4all/lib/"  # where the wheel has the library and its modules


def library_files(folder: Path) -> list[Path]:
    """The library and its modules, if it has any. Raises Failure if there is no library."""
    library = folder / "libllmodel.so"
    if not library.is_file():
        raise Failure(f"there is no libllmodel.so in {folder}; build it first")
    return [*sorted(folder.glob("libggml-*.so")), library]


def unpack_wheel(wheel: Path, into: Path) -> Path:
    """Puts the library of a wheel and its modules into a folder of their own, in the place of what was there.

    Raises Failure if the wheel has none.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(IN_WHEEL) and name.endswith(".so"):
                (into / Path(name).name).write_bytes(archive.read(name))
    library_files(into)
    return into

"""The documents that retrieval is measured on, made of Debian's packages. None of their text is in this repository.

HTML pages are taken as they are. Manual pages are made HTML by mandoc, and books of the Bible are written by the
program that reads them.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

# packages: of Debian. without: pages that are indexes, or repeat what another has. manual: pages in other languages,
# and tables of characters, which are left out of the English ones. books: as the Bible's program names them.
CHOSEN = json.loads(Path(__file__).with_name("corpus.json").read_text(encoding="utf-8"))


class MissingPackageError(Exception):
    """The packages are not to be had here."""


def made(folder: Path) -> Path:
    """The folder with the documents, made if it is not there. Raises MissingPackageError."""
    documents = folder / "documents"
    if (folder / "complete").is_file():
        return documents
    shutil.rmtree(documents, ignore_errors=True)
    unpacked = {name: _unpacked(folder / "packages", name) for name in CHOSEN["packages"]}
    mandoc = unpacked["mandoc"] / "usr/bin/mandoc"
    share = {name: path / "usr/share" for name, path in unpacked.items()}
    sqlite = share["sqlite3-doc"] / "doc/sqlite3"
    _copied([*sqlite.glob("*.html"), *sqlite.glob("c3ref/*.html")], sqlite, documents / "sqlite", CHOSEN["without"])
    handbook = share["debian-handbook"] / "doc/debian-handbook/html/en-US"
    _copied(handbook.glob("*.html"), handbook, documents / "handbook", ("index",))
    _manual(mandoc, sorted(share["manpages"].glob("man/man7/*.gz")), documents / "manual/en")
    for language in ("de", "fr", "ja"):
        manual = share[f"manpages-{language}"] / "man" / language
        _manual(
            mandoc,
            [next(manual.glob(f"{name}.[0-9].gz")) for name in CHOSEN["manual"][language]],
            documents / "manual" / language,
        )
    _bible(unpacked["bible-kjv"] / "usr/bin/bible", unpacked["bible-kjv-text"] / "usr/lib", documents / "bible")
    (folder / "complete").touch()
    return documents


def _unpacked(folder: Path, name: str) -> Path:
    target = folder / name
    if target.is_dir():
        return target
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise MissingPackageError(f"{program} is not here, and the documents are packages of Debian")
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["apt-get", "download", name], cwd=folder, capture_output=True, text=True, check=False)
    files = list(folder.glob(f"{name}_*.deb"))
    if done.returncode or not files:
        raise MissingPackageError(f"apt-get cannot download {name}: {done.stderr.strip()}")
    subprocess.run(["dpkg-deb", "--extract", str(files[0]), str(target)], check=True)
    return target


def _copied(files: Iterable[Path], base: Path, target: Path, without: Sequence[str]) -> None:
    for file in files:
        if not any(Path(file.stem).match(pattern) for pattern in without):
            place = target / file.relative_to(base)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)


def _manual(mandoc: Path, pages: Sequence[Path], target: Path) -> None:
    target.mkdir(parents=True)
    for page in pages:
        source = gzip.decompress(page.read_bytes())
        if (
            page.is_symlink()
            or source.startswith(b".so ")
            or any(page.match(each) for each in CHOSEN["manual"]["without"])
        ):
            continue
        command = [str(mandoc), "-K", "utf-8", "-T", "html"]
        made = subprocess.run(command, input=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        (target / f"{page.stem}.html").write_bytes(made.stdout)


def _bible(program: Path, data: Path, target: Path) -> None:
    """A file for each book, with a heading for each chapter."""
    target.mkdir(parents=True)
    for short, name in CHOSEN["books"].items():
        command = [str(program), "-f", "-p", str(data), f"{short}1:1-{short}200:200"]
        lines = subprocess.run(command, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout
        written, last = [f"# {name}\n"], ""
        for found in re.finditer(r"^\w+?(\d+):(\d+) (.*)$", lines, re.M):
            if found[1] != last:
                last = found[1]
                written.append(f"## {name} {last}\n")
            written.append(f"{found[1]}:{found[2]} {found[3]}\n")
        (target / f"{name}.md").write_text("\n".join(written), encoding="utf-8")

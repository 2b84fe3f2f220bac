"""What a user may name a model by: a catalogue's name, hf://owner/repo/file, or an address.

Also which names a file of a model may have.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from ._catalogue import CatalogueEntry, HTTPSSource, HuggingFaceSource, Source, catalogue, find
from ._errors import InvalidNameError

LONGEST_NAME = 200
"""Bytes. File systems take 255, and partial files add to the name."""

# Names that are devices on Windows, with any extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE | re.DOTALL)
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')

_SPLIT = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")
_HUB_HOSTS = ("huggingface.co", "www.huggingface.co", "hf.co")
_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HUB_FORM = "hf://owner/repository/file.gguf, optionally with @revision at the end"


@dataclass(frozen=True)
class Reference:
    """A model that can be downloaded. relative: where in a folder for models it lies."""

    relative: Path
    sources: tuple[Source, ...]
    entry: CatalogueEntry | None = None

    def __str__(self) -> str:
        return self.entry.file if self.entry else str(self.sources[0])

    def parts(self) -> list[Reference]:
        """All files of a model that is split over several, in order; otherwise just this one."""
        source = self.sources[0]
        if self.entry is not None or not isinstance(source, HuggingFaceSource):
            return [self]
        folder, slash, name = source.file.rpartition("/")
        files = [folder + slash + one for one in split_names(name)]
        return [_hub_reference(HuggingFaceSource(source.repo, file, source.revision)) for file in files]


def split_names(name: str) -> list[str]:
    """The names of all files of a model that is split over several; otherwise just this one."""
    found = _SPLIT.search(name)
    if found is None or not 1 <= int(found.group(1)) <= int(found.group(2)) <= 1000:
        return [name]
    stem, count = name[: found.start()], int(found.group(2))
    return [f"{stem}-{number:05d}-of-{count:05d}.gguf" for number in range(1, count + 1)]


def parse(text: str) -> Reference | None:
    """What `text` stands for: a name in the catalogue, or an address. None if it is neither.

    Raises InvalidNameError for an address that is malformed or whose file name would not stay in its folder.
    """
    scheme = text.partition("://")[0].lower() if "://" in text else ""
    if scheme == "hf":
        return _hub_reference(_parse_hub(text))
    if scheme in ("https", "http"):
        return _parse_address(text)
    if scheme:
        raise InvalidNameError(f"{text!r} cannot be downloaded: models come from hf://, from https:// or by name")
    entry = find(text)
    return of_entry(entry) if entry else None


def of_entry(entry: CatalogueEntry) -> Reference:
    """The reference to an entry of the catalogue."""
    return Reference(Path(safe_file_name(entry.file)), entry.sources, entry)


def _hub_reference(source: HuggingFaceSource) -> Reference:
    for entry in catalogue():
        if source in entry.sources:
            return of_entry(entry)
    owner, name = source.repo.split("/")
    revision = "" if source.revision == "main" else "@" + source.revision.replace("/", "_")
    folder = Path("hf", safe_file_name(owner), safe_file_name(name + revision))
    return Reference(folder / safe_relative_path(source.file), (source,))


def _parse_hub(text: str) -> HuggingFaceSource:
    owner, _, rest = text.partition("://")[2].partition("/")
    repo, _, file = rest.partition("/")
    repo, at, revision = repo.partition("@")
    if not at and "@" in file and not file.endswith(".gguf"):
        file, at, revision = file.rpartition("@")
    if at and not revision:
        raise InvalidNameError(f"{text!r} names an empty revision; write {_HUB_FORM}", {"name": text})
    return _hub_source(text, owner, repo, file, revision or "main")


def _hub_source(text: str, owner: str, repo: str, file: str, revision: str) -> HuggingFaceSource:
    plain_revision = all(_HUB_NAME.fullmatch(part) for part in revision.split("/"))
    if not (_HUB_NAME.fullmatch(owner) and _HUB_NAME.fullmatch(repo) and file and plain_revision):
        raise InvalidNameError(f"{text!r} does not name a file of the hub; write {_HUB_FORM}", {"name": text})
    return HuggingFaceSource(f"{owner}/{repo}", file, revision)


def _parse_address(text: str) -> Reference:
    parts = urlsplit(text)
    steps = unquote(parts.path).strip("/").split("/")
    if parts.hostname in _HUB_HOSTS and parts.scheme.lower() == "https" and len(steps) >= 5:
        owner, repo, verb, revision, *file = steps
        if verb in ("resolve", "blob"):
            return _hub_reference(_hub_source(text, owner, repo, "/".join(file), revision))
    for entry in catalogue():
        if HTTPSSource(text) in entry.sources:
            return of_entry(entry)
    if not parts.hostname:
        raise InvalidNameError(f"{text!r} has no host", {"name": text})
    name = safe_file_name(steps[-1])
    # Two addresses may end in the same name, so that the name alone would mix them up.
    return Reference(Path("url", hashlib.sha256(text.encode()).hexdigest()[:12], name), (HTTPSSource(text),))


def safe_file_name(name: str) -> str:
    """`name`, if it is one that every file system takes and that stays in its folder.

    Raises InvalidNameError otherwise.
    """
    reason = _what_is_wrong(name)
    if reason:
        raise InvalidNameError(f"{name!r} cannot be a model's file name: {reason}", {"name": name})
    return name


def safe_relative_path(path: str) -> Path:
    """A path with / between names that are all safe. Raises InvalidNameError."""
    parts = path.split("/")
    for part in parts:
        safe_file_name(part)
    return Path(PurePosixPath(*parts))


def _what_is_wrong(name: str) -> str:
    if not name or name.strip(". ") == "":
        return "it is empty or made of dots"
    found = _FORBIDDEN.search(name)
    if found:
        return f"it contains {found.group()!r}"
    if name != name.strip() or name.endswith("."):
        return "it starts or ends with a space, or ends with a dot"
    if name.startswith("."):
        return "it starts with a dot"
    if _DEVICES.fullmatch(name):
        return "it is the name of a device on Windows"
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if length > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} bytes"
    return ""

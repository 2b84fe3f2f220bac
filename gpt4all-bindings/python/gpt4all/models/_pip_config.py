"""Which package indexes pip is set to use, so that models in packages come from the same ones."""

from __future__ import annotations

import configparser
import os
import sys
from dataclasses import dataclass
from pathlib import Path

PYPI = "https://pypi.org/simple"
_SECTIONS = ("global", "download", "install")


@dataclass(frozen=True)
class IndexSettings:
    """indexes: addresses, the main one first. certificates: a file of them, or None. folders: with archives in them."""

    indexes: tuple[str, ...]
    certificates: str | None
    folders: tuple[Path, ...]
    no_index: bool = False


def index_settings() -> IndexSettings:
    """What pip's environment variables say, and where they do not, its configuration files."""
    saved = _files()

    def value(name: str) -> str:
        return os.environ.get("PIP_" + name.upper().replace("-", "_")) or saved.get(name, "")

    addresses = [value("index-url") or PYPI, *value("extra-index-url").split()]
    folders = [Path(link.removeprefix("file://")) for link in value("find-links").split()]
    return IndexSettings(
        tuple(address.rstrip("/") for address in addresses if address.startswith(("https://", "http://"))),
        value("cert") or None,
        tuple(folder for folder in folders if folder.is_dir()),
        value("no-index").lower() in ("1", "true", "yes", "on"),
    )


def _files() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in _paths():
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue  # pip itself will complain of it
        for section in _SECTIONS:
            if parser.has_section(section):
                found.update({key.replace("_", "-"): text for key, text in parser.items(section)})
    return found


def _paths() -> list[Path]:
    """pip's configuration files, the least important first."""
    named = os.environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    home = Path.home()
    if sys.platform == "win32":
        everyone = [Path(os.environ.get("PROGRAMDATA", "C:\\ProgramData")) / "pip" / "pip.ini"]
        user = [home / "pip" / "pip.ini", Path(os.environ.get("APPDATA", home)) / "pip" / "pip.ini"]
        site = Path(sys.prefix) / "pip.ini"
    else:
        config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        everyone = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
        support = home / "Library" / "Application Support" / "pip" / "pip.conf"
        mac = [support] if sys.platform == "darwin" and support.parent.is_dir() else []
        user = [home / ".pip" / "pip.conf", *(mac or [config / "pip" / "pip.conf"])]
        site = Path(sys.prefix) / "pip.conf"
    return [*everyone, *user, site, *([Path(named)] if named else [])]

"""The packages that a conversion needs and the package itself does not: the extra gpt4all[convert]."""

from __future__ import annotations

import importlib
import importlib.util

from .._errors import UnsupportedError

# What `import` calls them, where pip's name is different.
_PROJECTS = {"google.protobuf": "protobuf", "yaml": "pyyaml"}

INSTALL = "pip install 'gpt4all[convert]'"


def require(*modules: str) -> None:
    """Raises UnsupportedError that says what to install if one of the modules cannot be imported. Imports them."""
    _refuse([name for name in modules if not _imported(name)])


def require_installed(*modules: str) -> None:
    """The same, without the time that importing takes: for what another process will import."""
    _refuse([name for name in modules if not _installed(name)])


def _imported(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def _installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it would be in
        return False


def _refuse(missing: list[str]) -> None:
    if missing:
        names = [_PROJECTS.get(name, name) for name in missing]
        raise UnsupportedError(
            f"this conversion needs {', '.join(names)}, which {'is' if len(names) == 1 else 'are'} not installed: "
            f"{INSTALL}",
            {"missing": names},
        )

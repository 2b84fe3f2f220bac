"""The packages that comparing models takes and the package itself does not: the extra gpt4all[quality]."""

from __future__ import annotations

import importlib
from typing import Any

from .._errors import UnsupportedError


def require(*modules: str) -> Any:
    """The first of the modules. Raises UnsupportedError, which says what to install, if one cannot be imported."""
    found = {name: _imported(name) for name in modules}
    missing = [name for name, module in found.items() if module is None]
    if missing:
        raise UnsupportedError(
            f"comparing models needs {' and '.join(missing)}, which cannot be imported: pip install 'gpt4all[quality]'",
            {"missing": missing},
        )
    return found[modules[0]]


def _imported(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None

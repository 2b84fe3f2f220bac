"""The documents that answers may come from: gpt4all.documents in the data folder, opened when it is first needed."""

from __future__ import annotations

import importlib.util
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .._server.errors import RequestError

if TYPE_CHECKING:
    from ..documents import Documents

# What gpt4all.documents imports only when it reads or searches.
_NEEDED = ("numpy", "pypdfium2", "selectolax", "docx", "pptx", "openpyxl")


class Library:
    """For any number of threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "documents"
        self._lock = threading.Lock()
        self._documents: Documents | None = None

    @property
    def available(self) -> bool:
        """Whether the extra `documents` is installed."""
        return all(importlib.util.find_spec(name) is not None for name in _NEEDED)

    def documents(self) -> Documents:
        """Raises RequestError 501 without the extra; BusyError if another process changes them."""
        with self._lock:
            if self._documents is None:
                if not self.available:
                    raise RequestError(
                        501,
                        "documents need more packages; install them with: pip install 'gpt4all[documents]'",
                        code="documents_missing",
                    )
                from ..documents import Documents

                self._documents = Documents(self._folder)
            return self._documents

    def close(self) -> None:
        with self._lock:
            if self._documents is not None:
                self._documents.close()

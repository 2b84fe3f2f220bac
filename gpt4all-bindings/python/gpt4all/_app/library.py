"""The documents that answers may come from: gpt4all.documents in the data folder, opened when it is first needed."""

from __future__ import annotations

import importlib.util
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .._errors import BusyError, LLModelError
from .._server.errors import RequestError
from .._server.logs import logger
from ..models import DEFAULT_EMBEDDING_MODEL
from ..models._files import read_json, write_json

if TYPE_CHECKING:
    from ..documents import Documents
    from .documents.embedder import InstalledEmbedder
    from .documents.indexing import Indexing
    from .documents.reranker import ChosenReranker

# What gpt4all.documents imports only when it reads or searches.
_NEEDED = ("numpy", "pypdfium2", "selectolax", "docx", "pptx", "openpyxl")


class Library:
    """For any number of threads.

    changed: called with a collection's name when there is something to tell of it.
    busy: whether an answer is written, which indexing waits for.
    reranker: what the settings say of one; None for none.
    """

    def __init__(
        self,
        folder: Path,
        changed: Callable[[str], None],
        busy: Callable[[], bool],
        reranker: ChosenReranker | None = None,
    ) -> None:
        self._folder = folder / "documents"
        self._changed = changed
        self._busy = busy
        self._reranker = reranker
        self._lock = threading.RLock()
        self._documents: Documents | None = None
        self._embedder: InstalledEmbedder | None = None
        self._indexing: Indexing | None = None
        self._closed = False

    @property
    def available(self) -> bool:
        """Whether the extra `documents` is installed."""
        return all(importlib.util.find_spec(name) is not None for name in _NEEDED)

    def start(self) -> None:
        """Goes on with indexing, if there are documents. In a thread."""
        if not self.available or not (self._folder / "docs.db").exists():
            return
        try:
            self.documents()
        except (LLModelError, RequestError) as error:  # whoever wants to see them is told, too
            logger.error("the documents cannot be opened: %s", error)

    def documents(self) -> Documents:
        """Raises RequestError 501 without the extra, 503 if another process changes them."""
        with self._lock:
            if self._documents is None:
                self._open()
            assert self._documents is not None
            return self._documents

    def searchable(self) -> Documents:
        """The same, with the reranker that the settings name. Raises RequestError 409 too, if it is not here or cannot
        rerank; LLModelError if it cannot be opened."""
        with self._lock:
            documents = self.documents()
            if self._reranker is not None:
                self._reranker.serve(documents)
            return documents

    def renew(self) -> None:
        """Closes the reranker, if the settings name another by now, or none."""
        with self._lock:
            if self._reranker is not None and self._documents is not None:
                self._reranker.renew(self._documents)

    def indexing(self) -> Indexing:
        """What keeps them up to date. Raises as documents() does."""
        self.documents()
        assert self._indexing is not None
        return self._indexing

    def _open(self) -> None:
        if self._closed:
            raise RequestError(503, "the application is being closed", kind="server_error", code="closing")
        if not self.available:
            raise RequestError(
                501,
                "documents need more packages; install them with: pip install 'gpt4all[documents]'",
                code="documents_missing",
            )
        from ..documents import Documents
        from .documents.embedder import InstalledEmbedder
        from .documents.indexing import Indexing

        chosen = read_json(self._folder / "embedding.json").get("model")
        embedder = InstalledEmbedder(chosen if isinstance(chosen, str) else DEFAULT_EMBEDDING_MODEL)
        try:
            documents = Documents(self._folder, embedder=embedder, yield_to=self._busy)
        except BusyError as error:
            raise RequestError(503, error.message, kind="server_error", code="documents_busy") from None
        known = documents.collections()
        if known:  # `gpt4all docs` may have made them with another
            embedder.name = known[0].embed_model
        self._documents, self._embedder = documents, embedder
        self._indexing = Indexing(documents, self._changed)
        self._indexing.start()

    @property
    def embed_model(self) -> str:
        """The model that documents are embedded by, as a file's name. Raises as documents() does."""
        self.documents()
        assert self._embedder is not None
        return self._embedder.name

    def change_model(self, name: str) -> None:
        """Has all documents embedded by another model. Raises RequestError 409 if it is not here, LLModelError if it
        cannot be opened or makes no embeddings; then nothing changes."""
        documents = self.documents()
        if name == self.embed_model:
            return
        from .documents.embedder import InstalledEmbedder

        embedder = InstalledEmbedder(name)
        _ = embedder.dimension
        with self._lock:
            before, self._embedder = self._embedder, embedder
            documents.use(embedder)
            write_json(self._folder / "embedding.json", {"model": name})
            if before is not None:
                before.close()
        self.indexing().go_on()

    def wipe(self) -> None:
        """Forgets all collections, and deletes what was read of documents. The documents themselves stay."""
        with self._lock:
            self._end()
            # Not by emptying the database: what is deleted in one stays in its file for a while.
            if self._folder.exists():
                shutil.rmtree(self._folder)

    def close(self) -> None:
        """Ends indexing, which goes on the next time."""
        with self._lock:
            self._closed = True
            self._end()

    def _end(self) -> None:
        if self._indexing is not None:
            self._indexing.close()
        if self._documents is not None:
            self._documents.close()
        if self._embedder is not None:
            self._embedder.close()
        if self._reranker is not None:
            self._reranker.close()
        self._documents = self._embedder = self._indexing = None

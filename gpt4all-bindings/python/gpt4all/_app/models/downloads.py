"""Downloads as jobs of the server: they go on when the page is closed, one at a time, and are known after a restart."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ... import models
from ..._errors import CancellationError, LLModelError
from ..._model import inspect
from ..._server.errors import RequestError
from ...models import ProgressInfo
from ...models._files import write_json
from ...models._names import safe_file_name
from ...models._settings import Reporter
from ..database import new_id
from ..schemas.models import Download, DownloadState
from . import hosts, taking
from .item import Item, download_error

NAME = "downloads.json"
KEPT = 50  # that have ended
TELL_SECONDS = 0.5
SPEED_SECONDS = 3.0  # over which speed is measured
# What happens to bytes that are here already.
_CHECKING = ("checking", "verifying", "extracting", "converting")


class Downloads:
    """For any number of threads.

    folder: where they are noted. changed: called when there is something to tell, not too often. done: when a model has
    come.
    """

    def __init__(
        self,
        folder: Path,
        changed: Callable[[], None],
        done: Callable[[], None],
        settings: Callable[[], models.Settings] = hosts.settings,
    ) -> None:
        self._path = folder / NAME
        self._changed = changed
        self._done = done
        self._settings = settings
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._told = 0.0
        self._closed = False
        self._items = {item.id: item for item in self._noted()}

    def all(self) -> list[Download]:
        """In the order in which they were asked for."""
        with self._lock:
            return [item.told() for item in self._items.values()]

    def add(self, model: str) -> Download:
        """A model by its name, which must be one that can be downloaded. Asked for twice, it is the same download."""
        return self._add(model, None)

    def take(self, source: Path) -> Download:
        """Copies a file to the other models. Raises RequestError 400 if it is no model, 409 if its name is taken.

        source: resolved, and allowed.
        """
        if not source.is_file():
            raise RequestError(400, f"{source} is not a file", code="invalid_request", param="path")
        try:
            safe_file_name(source.name)
            inspect(source)
        except LLModelError as error:
            raise RequestError(400, f"{source} cannot be used: {error}", code="invalid_model", param="path") from None
        if source.suffix != ".gguf":
            raise RequestError(400, f"{source} must end with .gguf", code="invalid_model", param="path")
        if (models.models_folder() / source.name).exists():
            raise RequestError(409, f"there is a model {source.name} already", code="already_there", param="path")
        return self._add(source.name, str(source))

    def receive(self, name: str, size: int, offset: int, data: bytes) -> Download:
        """The next piece of a file. The last one has it checked, as all() tells.

        Raises RequestError 400 for a name that cannot be one, 409 if it is taken, or other bytes are to come next.
        """
        target = models.models_folder() / safe_file_name(name)
        if target.suffix != ".gguf":
            raise RequestError(400, f"{name} must end with .gguf", code="invalid_model", param="name")
        with self._lock:
            item = next((each for each in self._items.values() if each.sent and each.model == name), None)
            others = [each for each in self._items.values() if each.model == name and not each.sent]
            if target.exists() or any(each.state != "done" for each in others):
                raise RequestError(409, f"there is a model {name} already", code="already_there", param="name")
            if offset == 0 and (item is None or not item.is_whole or item.state in ("failed", "done")):
                known, item = item, Item(new_id(), name, sent=True, total=size)
            else:
                known = None
            if item is None or (offset, size) != (item.received, item.total) or offset + len(data) > size or not data:
                come = item.received if item else 0
                raise RequestError(409, f"of {name}, byte {come} must come next", code="wrong_offset", param="offset")
            if known is not None:
                del self._items[known.id]
            self._items[item.id] = item
            taking.append(name, size, offset, data)
            item.received += len(data)
            item.state = "queued" if item.is_whole else "running"
            told = item.told()
            if item.is_whole:
                self._go_on()
            elif offset == 0:
                self._note()
        self._tell()
        return told

    def _add(self, model: str, source: str | None) -> Download:
        with self._lock:
            known = [item for item in self._items.values() if item.model == model and item.source == source]
            for item in known:
                if item.state == "done":
                    del self._items[item.id]
                else:
                    return item.told() if item.state != "failed" else self.resume(item.id)
            item = Item(new_id(), model, source)
            self._items[item.id] = item
            self._forget_old()
            told = item.told()
            self._go_on()
        return told

    def pause(self, id: str) -> Download:
        """Keeps what has come. Raises RequestError 404; 409 for one that has ended."""
        with self._lock:
            item = self._item(id)
            if item.state == "queued" or (item.sent and not item.is_whole):
                item.state = "paused"
            elif item.state in ("running", "verifying"):
                item.wish = "pause"
            elif item.state != "paused":
                raise RequestError(409, f"the download of {item.name} has ended already", code="ended")
            self._note()
            return item.told()

    def resume(self, id: str) -> Download:
        """Goes on from what is there. Raises RequestError 404; 409 if it is done."""
        with self._lock:
            item = self._item(id)
            if item.state == "done":
                raise RequestError(409, f"the download of {item.name} has ended already", code="ended")
            if item.sent and not item.is_whole:
                raise RequestError(409, f"send the rest of {item.name}", code="wrong_offset")
            if item.state in ("paused", "failed"):
                item.state, item.error, item.speed = "queued", None, None
            if item.wish == "pause":
                item.wish = None
            told = item.told()
            self._go_on()
            return told

    def remove(self, id: str) -> None:
        """Forgets one, with what has come of it; a model that is complete stays. Raises RequestError 404."""
        with self._lock:
            item = self._item(id)
            if item.state in ("running", "verifying") and (not item.sent or item.is_whole):
                item.wish = "remove"
                return
            del self._items[id]
            self._note()
        _discard(item)

    def close(self) -> None:
        """Ends the one that runs. It goes on when the person says so."""
        with self._lock:
            self._closed = True
            for item in self._items.values():
                item.wish = "close"
            thread = self._thread
        if thread is not None:
            thread.join()

    def _item(self, id: str) -> Item:
        if id not in self._items:
            raise RequestError(404, "there is no such download", code="not_found")
        return self._items[id]

    # -------------------------------------------------------------------------------------------------------- the work

    def _go_on(self) -> None:
        """Under the lock."""
        self._note()
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._work, name="downloads", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._lock:
                item = next((each for each in self._items.values() if each.state == "queued"), None)
                if item is None or self._closed:
                    self._thread = None
                    return
                item.state, item.wish, item.since = "running", None, (time.monotonic(), item.received)
            self._tell(now=True)
            self._run(item)
            self._tell(now=True)

    def _run(self, item: Item) -> None:
        def progress(info: ProgressInfo) -> bool:
            self._progress(item, info)
            return item.wish is None

        try:
            if item.sent:
                taking.take_over(item.model, Reporter(progress, item.name))
            elif item.source is None:
                models.pull(item.model, progress=progress, settings=self._settings())
            else:
                taking.copy(Path(item.source), Reporter(progress, item.name))
        except CancellationError:
            self._ended(item, "queued" if item.wish is None else "paused")  # resumed before it had stopped
            if item.wish == "remove":
                _discard(item)
                with self._lock:
                    self._items.pop(item.id, None)
                    self._note()
        except LLModelError as error:
            item.error = download_error(error)
            self._ended(item, "failed")
        except Exception as error:
            item.error = download_error(error)
            self._ended(item, "failed")
            raise
        else:
            self._done()
            item.total = item.received = max(item.total or 0, item.received)
            self._ended(item, "done")

    def _ended(self, item: Item, state: DownloadState) -> None:
        with self._lock:
            item.state = state
            self._note()

    def _progress(self, item: Item, info: ProgressInfo) -> None:
        now = time.monotonic()
        state: DownloadState = "verifying" if info.phase in _CHECKING else "running"
        if state != item.state or (info.phase == "downloading" and info.done_bytes < item.since[1]):
            item.since, item.speed = (now, info.done_bytes), None
        item.state = state
        if info.phase == "downloading":
            item.received, item.total = info.done_bytes, info.total_bytes
            begun, before = item.since
            if now - begun >= SPEED_SECONDS or (item.speed is None and now - begun > TELL_SECONDS):
                item.speed = (info.done_bytes - before) / (now - begun)
                item.since = (now, info.done_bytes)
        self._tell()

    def _tell(self, *, now: bool = False) -> None:
        if now or time.monotonic() - self._told >= TELL_SECONDS:
            self._told = time.monotonic()
            self._changed()

    # ------------------------------------------------------------------------------------------------ after a restart

    def _note(self) -> None:
        """Under the lock."""
        rows = [
            {name: getattr(item, name) for name in ("id", "model", "source", "sent", "received", "total")}
            for item in self._items.values()
            if item.state != "done"
        ]
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.suppress(OSError):  # a full disk: the download itself will tell
            write_json(self._path, {"downloads": rows})

    def _noted(self) -> list[Item]:
        """Those that had not ended. Nothing goes on by itself: whoever starts the program may be offline on purpose."""
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))["downloads"]
            items = [Item(state="paused", **row) for row in rows]
            for item in items:
                if item.sent:
                    item.received = taking.come(item.model)
            return items
        except (OSError, ValueError, KeyError, TypeError):
            return []

    def _forget_old(self) -> None:
        ended = [item for item in self._items.values() if item.state == "done"]
        for item in ended[: max(0, len(ended) - KEPT)]:
            del self._items[item.id]


def _discard(item: Item) -> None:
    if item.sent:
        taking.part_of(item.model).unlink(missing_ok=True)
    elif item.source is None:
        with contextlib.suppress(LLModelError):  # another process fetches the same
            models.discard(item.model)

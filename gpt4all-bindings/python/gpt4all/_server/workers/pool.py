"""Which models are open: on demand, within a budget of memory, and for as long as they are used."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..._errors import CancellationError, LLModelError, OutOfMemoryError
from ..._model import inspect
from .back_off import BackOff
from .child import REOPEN
from .worker import Start, Worker

SWEEP_SECONDS = 0.25
# Of another value of these, an answer is not what was asked for.
DECISIVE = ("chat_template",)


@dataclass
class Options:
    """How models are opened and kept.

    memory_budget: bytes that all open models may need together; None: without limit.
    keep_alive: seconds for which a model stays open that nobody uses; negative: for ever.
    open: options of Model, for all models.
    workers: other machines that a model is split over, by its path.
    pinned: paths that are never closed to make room.
    wait: seconds that a model waits for memory which others are using, before OutOfMemoryError.
    own: more options of Model for one of them, by its path. A model that was opened with others is opened anew, as soon
        as nobody uses it. If the chat template is another one, whoever asks waits until then.
    """

    memory_budget: int | None = None
    keep_alive: float = 300.0
    open: Mapping[str, Any] = field(default_factory=dict)
    workers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    pinned: frozenset[str] = frozenset()
    wait: float = 60.0
    own: Callable[[str], Mapping[str, Any]] = lambda _: {}

    def for_model(self, path: str) -> Mapping[str, Any]:
        """Options of Model, for one of them."""
        split = {"workers": self.workers[path]} if path in self.workers else {}
        return {**self.open, **self.own(path), **split}


class Slot:
    """A model that is open, or was, or is to be."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.worker: Worker | None = None
        self.opened_with: Mapping[str, Any] = {}
        self.memory = 0  # bytes
        self.users = 0  # those who wait for it among them
        self.holders = 0  # of these, those who have got the worker
        self.last_used = time.monotonic()
        self.preloaded = False  # whether it stays open unless a request says how long
        self.keep_alive: float | None = None  # seconds, where a request said how long
        self.unloading = False  # whether it is to be closed as soon as nobody uses it
        self.lock = asyncio.Lock()  # held while it is opened or closed
        self.progress = 0.0
        self.back_off = BackOff()

    @property
    def open(self) -> bool:
        """Whether its process is there."""
        return self.worker is not None and self.worker.alive

    @property
    def idle(self) -> bool:
        """Whether nobody uses it."""
        return self.users == 0 and not self.lock.locked()


@dataclass
class Asker:
    """Somebody who wants a model. holds: has got its worker. gone: wants it no more."""

    holds: bool = False
    gone: bool = False


class Pool:
    """The workers, by the path of their model. For one event loop."""

    def __init__(self, options: Options) -> None:
        self._options = options  # may be changed while models are open
        self._slots: dict[str, Slot] = {}
        self._room = asyncio.Condition()  # held while it is decided who gets memory
        self._sweeper: asyncio.Task[None] | None = None
        self._openings: set[asyncio.Task[None]] = set()
        self.crashes = 0

    @property
    def options(self) -> Options:
        """What holds from the next model on that is opened."""
        return self._options

    def progress(self, path: Path) -> float | None:
        """How far a model has been opened, from 0 to 1; None if it is not being opened."""
        slot = self._slots.get(str(path))
        return slot.progress if slot is not None and slot.lock.locked() else None

    @property
    def slots(self) -> list[Slot]:
        """The models that are open."""
        return [slot for slot in self._slots.values() if slot.open]

    def start(self) -> None:
        """Begins to close what has not been used for long."""
        self._sweeper = asyncio.create_task(self._sweep())

    async def close(self) -> None:
        """Closes all models, cancelling what runs."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        for opening in self._openings:
            opening.cancel()
        await asyncio.gather(*self._openings, return_exceptions=True)
        await asyncio.gather(*(self._close(slot) for slot in self._slots.values()))

    @contextlib.asynccontextmanager
    async def use(self, path: Path, keep_alive: float | None = None) -> AsyncIterator[Worker]:
        """A worker with this model, opened if need be; it stays open meanwhile. One open model serves all who use it.

        keep_alive: seconds that it is to stay open afterwards, instead of what the options say.

        Once it has begun to be opened, that goes on even if whoever asked stops waiting: a model that takes longer to
        open than a request may take is there for the next one.

        Raises LLModelError if it cannot be opened; OutOfMemoryError if others need the memory for too long.
        """
        slot = self._slots.setdefault(str(path), Slot(str(path)))
        slot.users += 1
        slot.unloading = False
        asker = Asker()
        try:
            opening = asyncio.create_task(self._ensure_open(slot, asker))
            self._openings.add(opening)
            opening.add_done_callback(self._opening_ended)
            await asyncio.shield(opening)
            assert slot.worker is not None
            yield slot.worker
        finally:
            asker.gone = True
            slot.users -= 1
            slot.holders -= asker.holds
            slot.last_used = time.monotonic()
            slot.keep_alive = keep_alive
            async with self._room:
                self._room.notify_all()

    async def preload(self, path: Path) -> None:
        """Opens a model, which stays open unless a request says how long. Raises as use() does."""
        async with self.use(path):
            self._slots[str(path)].preloaded = True

    async def unload(self, path: Path) -> bool:
        """Closes a model as soon as nobody uses it, and says whether it was open."""
        slot = self._slots.get(str(path))
        if slot is None or not slot.open:
            return False
        slot.unloading = True
        await self._close_if_idle(slot)
        return True

    def is_crashing(self, path: str) -> bool:
        """Whether a model has crashed so often that it is not opened for a while."""
        slot = self._slots.get(path)
        return slot is not None and slot.back_off.seconds > 0

    def seconds_left(self, slot: Slot) -> float:
        """How long a model stays open from now on if nobody uses it; infinite if nothing but need of room closes it."""
        if slot.unloading:
            return 0.0
        keep = slot.keep_alive
        if keep is None:
            keep = -1.0 if slot.preloaded else self._options.keep_alive
        if slot.path in self._options.pinned or keep < 0:
            return math.inf
        return keep if slot.users else keep - (time.monotonic() - slot.last_used)

    # ------------------------------------------------------------------------------------------- opening and closing

    async def _ensure_open(self, slot: Slot, asker: Asker) -> None:
        async with slot.lock:
            async with self._room:
                while slot.open and slot.holders and self._is_other(slot, DECISIVE):
                    await self._room.wait()
            if slot.open and slot.users and not slot.holders and self._is_other(slot):
                await self._end(slot)
            if not slot.open and slot.users:
                await self._open(slot)
                slot.last_used = time.monotonic()  # whoever asked may be gone
            if not asker.gone:
                slot.holders += 1
                asker.holds = True

    def _is_other(self, slot: Slot, names: Sequence[str] | None = None) -> bool:
        """Whether a model was opened with other options than hold now. names: those that count; None: all."""
        wanted = self._options.for_model(slot.path)
        return any(slot.opened_with.get(name) != wanted.get(name) for name in names or {*slot.opened_with, *wanted})

    def _opening_ended(self, opening: asyncio.Task[None]) -> None:
        self._openings.discard(opening)
        if not opening.cancelled():
            opening.exception()  # which nobody may be waiting for any more

    async def _open(self, slot: Slot) -> None:
        """Under the slot's lock."""
        if slot.worker is not None and not slot.worker.closing:
            await slot.worker.end()
        slot.back_off.check(slot.path)
        await self._make_room(slot)
        try:
            slot.progress = 0.0
            slot.opened_with = self._options.for_model(slot.path)
            slot.worker = await Worker.start(Start(slot.path, slot.opened_with), _noted(slot))
        except BaseException:
            slot.memory = 0
            raise
        slot.worker.exited.add_done_callback(lambda _: self._ended(slot))

    def _ended(self, slot: Slot) -> None:
        slot.memory = 0
        if slot.worker is not None and not slot.worker.closing and slot.worker.exited.result() != REOPEN:
            self.crashes += 1
            slot.back_off.crashed()

    async def _make_room(self, slot: Slot) -> None:
        """Takes the memory that the model needs from the budget, closing what was least recently used."""
        budget = self._options.memory_budget
        if budget is None:
            return
        needed = await asyncio.to_thread(_memory, slot.path, self._options.for_model(slot.path))
        if needed > budget:
            raise OutOfMemoryError(
                f"{Path(slot.path).name} needs {_gb(needed)} of memory, and all models together may have {_gb(budget)}"
                "; raise the budget, or open it with a smaller n_ctx",
                {"needed": needed, "budget": budget},
            )
        deadline = time.monotonic() + self._options.wait
        async with self._room:
            while sum(other.memory for other in self._slots.values()) + needed > budget:
                victim = self._least_recently_used()
                if not slot.users:
                    raise CancellationError(f"nobody waits for {Path(slot.path).name} any more")
                if victim is not None:
                    await self._close(victim)
                elif (left := deadline - time.monotonic()) > 0:
                    with contextlib.suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(self._room.wait(), left)
                else:
                    raise OutOfMemoryError(
                        f"{Path(slot.path).name} needs {_gb(needed)} of memory, which models that are answering use; "
                        "try again later",
                        {"needed": needed, "budget": budget},
                    )
            slot.memory = needed

    def _least_recently_used(self) -> Slot | None:
        idle = [
            slot for slot in self._slots.values() if slot.open and slot.idle and slot.path not in self._options.pinned
        ]
        return min(idle, key=lambda slot: slot.last_used, default=None)

    async def _close_if_idle(self, slot: Slot) -> None:
        if slot.open and slot.idle:
            await self._close(slot)
            async with self._room:
                self._room.notify_all()

    async def _close(self, slot: Slot) -> None:
        async with slot.lock:
            await self._end(slot)

    async def _end(self, slot: Slot) -> None:
        """Under the slot's lock."""
        if slot.worker is not None:
            await slot.worker.close()
            slot.worker, slot.memory = None, 0

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            for slot in list(self._slots.values()):
                if self.seconds_left(slot) <= 0:
                    with contextlib.suppress(LLModelError):
                        await self._close_if_idle(slot)


def _noted(slot: Slot) -> Callable[[float], None]:
    def note(fraction: float) -> None:
        slot.progress = fraction

    return note


def _memory(path: str, options: Mapping[str, Any]) -> int:
    """Bytes that a model needs on this machine when it is open."""
    devices = inspect(path, **options)["memory"]["devices"]
    return sum(each["total"] for each in devices if not each.get("worker"))


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB"

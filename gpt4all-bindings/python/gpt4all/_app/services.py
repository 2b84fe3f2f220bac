"""What the application's API works with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from .._server.inference import Inference
from .bus import Bus
from .chats.jobs import Jobs
from .chats.store import Chats
from .chats.toolbox import Toolbox
from .database import Database
from .documents.reranker import ChosenReranker
from .keys import Keys
from .library import Library
from .models.downloads import Downloads
from .models.installed import Installed
from .opening import Opening
from .preferences import Preferences
from .requests import Requests
from .sessions import Sessions
from .settings import AppSettings
from .transfer.uploads import Uploads


@dataclass
class Services:
    """One of each, for one server. folder: the data folder. addresses: where the server is, once it listens."""

    settings: AppSettings
    inference: Inference
    folder: Path
    database: Database
    bus: Bus
    sessions: Sessions
    keys: Keys
    preferences: Preferences
    library: Library
    opening: Opening
    toolbox: Toolbox
    chats: Chats
    jobs: Jobs
    requests: Requests
    installed: Installed
    downloads: Downloads
    uploads: Uploads
    addresses: list[str] = field(default_factory=list)

    @classmethod
    def make(cls, settings: AppSettings, inference: Inference) -> Services:
        """Opens the database. Raises UnsupportedError if it is of a newer release."""
        database = Database(settings.place)
        bus = Bus()
        preferences = Preferences(database)
        chats = Chats(database)
        library = Library(
            settings.place,
            lambda name: bus.publish("collections", name),
            lambda: bool(chats.jobs) or inference.busy,
            ChosenReranker(preferences, inference.store),
        )
        opening = Opening(preferences, inference.pool)
        toolbox = Toolbox(settings.place)
        return cls(
            settings,
            inference,
            settings.place,
            database,
            bus,
            Sessions(settings.place),
            Keys(database),
            preferences,
            library,
            opening,
            toolbox,
            chats,
            Jobs(inference, chats, library, toolbox, opening, bus),
            Requests(),
            Installed(inference, lambda model: bus.publish("models", model)),
            Downloads(settings.place, lambda: bus.publish("downloads"), lambda: _come(inference, bus)),
            Uploads(settings.place),
        )

    @contextlib.asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """What runs while the server does."""
        self.bus.start()
        self.chats.recover()
        self.uploads.clear()
        opening = asyncio.create_task(asyncio.to_thread(self.library.start))
        try:
            yield
        finally:
            await self.installed.end()
            await self.jobs.close()
            await self.toolbox.close()
            await opening
            await asyncio.to_thread(self.downloads.close)
            await asyncio.to_thread(self.uploads.clear)
            await asyncio.to_thread(self.library.close)
            self.database.close()

    def end(self) -> None:
        """Ends what would otherwise keep the server from ending: streams of events, and answers, which are kept."""
        self.bus.close()
        self.jobs.end()


def _come(inference: Inference, bus: Bus) -> None:
    """A model has come."""
    inference.store.renew()
    bus.publish("models")

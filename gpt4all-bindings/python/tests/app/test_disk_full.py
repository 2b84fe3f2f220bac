"""An answer for which the disk has no room is kept as soon as there is some."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from gpt4all._app.bus import Bus
from gpt4all._app.chats import keeper
from gpt4all._app.chats.answering import Task
from gpt4all._app.chats.jobs import Jobs
from gpt4all._app.chats.store import Chats
from gpt4all._app.chats.toolbox import Toolbox
from gpt4all._app.database import Database
from gpt4all._app.files.attached import attached
from gpt4all._app.library import Library
from gpt4all._app.opening import Opening
from gpt4all._app.schemas.chats import Message, NewChat
from gpt4all._app.schemas.settings import ChatSettings
from gpt4all._server.errors import RequestError

from .scripted import MODEL, Scripted, text


class _Opening:
    @contextlib.asynccontextmanager
    async def template(self, path: Path, template: str | None) -> AsyncIterator[None]:
        yield


class _Full:
    """A database whose disk is full, and an answer for it."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder)
        self.chats = Chats(self.database)
        chat = self.chats.add(NewChat())
        user = self.chats.add_message(chat.id, None, "user", "Tell a story.")
        reply = self.chats.add_message(chat.id, user.id, "assistant", state="running")
        self.answer = "A story. " * 20_000
        scripted = Scripted(text(self.answer))
        library = Library(folder, lambda _: None, lambda: False)
        opening = cast("Opening", _Opening())
        self.jobs = Jobs(scripted.inference, self.chats, library, Toolbox(folder), opening, Bus())
        self.task = Task(reply, self.chats.branch(user.id), MODEL, ChatSettings.model_validate({}))
        pages = self.database.rows("PRAGMA page_count")[0][0]
        self.database.rows(f"PRAGMA max_page_count = {pages}")

    def free(self) -> None:
        self.database.rows("PRAGMA max_page_count = 1000000")

    async def answered(self) -> list[bytes]:
        job = self.jobs.begin(self.task)
        return [event async for event in job.events.follow(0)]

    def reply(self) -> Message:
        return self.chats.message(self.task.reply.id)


def run(work: Any) -> None:
    asyncio.run(asyncio.wait_for(work, 60))


def test_it_is_said_that_the_disk_is_full_and_the_answer_kept_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "AGAIN_SECONDS", 0.05)

    async def work() -> None:
        full = _Full(tmp_path)
        told = b"".join(await full.answered())
        assert b'"code":"disk_full"' in told
        await asyncio.sleep(0.2)
        assert full.reply().content == ""
        full.free()
        while full.reply().content != full.answer:
            await asyncio.sleep(0.02)
        assert full.reply().state == "done"
        await full.jobs.close()

    run(work())


def test_it_is_tried_once_more_when_the_application_ends(tmp_path: Path) -> None:
    async def work() -> None:
        full = _Full(tmp_path)
        await full.answered()
        full.free()
        await full.jobs.close()
        assert (full.reply().content, full.reply().state) == (full.answer, "done")

    run(work())


def test_what_is_written_is_kept_again_after_the_disk_was_full() -> None:
    kept: list[int] = []
    seen = 0

    def keep(what: int) -> None:
        if what == 1:
            raise RequestError(507, "the disk is full", code="disk_full")
        kept.append(what)

    async def work() -> None:
        nonlocal seen
        async with keeper.Keeper(lambda: seen, keep):
            seen = 1
            await asyncio.sleep(2.2 * keeper.SECONDS)
            seen = 2
            await asyncio.sleep(2.2 * keeper.SECONDS)

    run(work())
    assert kept in ([0, 2], [2])


def test_a_file_for_which_there_is_no_room_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(RequestError, match="No space left on device") as caught:
        attached("a.txt", b"some text", tmp_path)
    assert (caught.value.failure.status, caught.value.failure.code) == (507, "disk_full")

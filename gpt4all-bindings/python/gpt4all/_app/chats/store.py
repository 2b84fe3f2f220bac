"""Chats, folders and messages in the database."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from ..._server.errors import RequestError
from ..database import Database, as_json, new_id
from ..schemas.chats import Attachment, Chat, ChatChange, ChatSummary, Folder, Message, NewChat
from ..schemas.settings import ChatSettings
from .titles import UNTITLED, title_of

PURGE_SECONDS = 30 * 24 * 3600
"""How long a deleted chat can be restored."""

UNUSED_SECONDS = 24 * 3600
"""How long an attachment is kept that no message has."""

# The chats of a folder that is deleted are in none, as long as it is not restored.
_FOLDER = "(SELECT id FROM folders WHERE folders.id = chats.folder_id AND folders.deleted IS NULL)"
_SUMMARY = f"SELECT id, title, {_FOLDER}, pinned, created, updated, model FROM chats"
_IN_FOLDER = "folder:"
_MESSAGE = "SELECT id, chat_id, parent, role, content, reasoning, created, model, state, data FROM messages"
# What is in `data`, beside what only prompts need.
_DATA = (
    *("reasoning_seconds", "error", "attachments", "evidence", "searched", "tool_calls", "stats", "dropped"),
    *("shortened", "stop_reason"),
)
_LISTS = ("attachments", "evidence", "tool_calls", "dropped")


class Chats:
    """All of them. `jobs` tells which are being answered, by their ids."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.jobs: dict[str, str] = {}

    def recover(self) -> None:
        """After a crash, what was being written is what there is of it. Also lets go of what was deleted long ago."""
        now = time.time()
        with self.database.change() as connection:
            connection.execute("UPDATE messages SET state = 'interrupted' WHERE state = 'running'")
            for table in ("chats", "folders"):
                connection.execute(f"DELETE FROM {table} WHERE deleted < ?", (now - PURGE_SECONDS,))
            connection.execute(
                "DELETE FROM attachments WHERE created < ? AND id NOT IN (SELECT json_extract(each.value, '$.id') "
                "FROM messages, json_each(messages.data, '$.attachments') AS each)",
                (now - UNUSED_SECONDS,),
            )

    # ---------------------------------------------------------------------------------------------------------- chats

    def listed(
        self, place: str | None = None, before: tuple[float, str] | None = None, limit: int = -1
    ) -> list[ChatSummary]:
        """The newest first.

        place: "pinned", "loose", "folder:" and its id; None: all. before: time and id of the chat that these follow.
        """
        where, values = "deleted IS NULL", list[Any]()
        if place == "pinned":
            where += " AND pinned = 1"
        elif place == "loose":
            where += f" AND pinned = 0 AND {_FOLDER} IS NULL"
        elif place is not None:
            where += f" AND pinned = 0 AND {_FOLDER} = ?"
            values.append(place.removeprefix(_IN_FOLDER))
        if before is not None:
            where += " AND (updated, id) < (?, ?)"
            values += before
        rows = self.database.rows(f"{_SUMMARY} WHERE {where} ORDER BY updated DESC, id DESC LIMIT ?", (*values, limit))
        return [self._summary(row) for row in rows]

    def deleted(self, limit: int = -1) -> list[ChatSummary]:
        """Those that can be restored, the one that was deleted last first."""
        rows = self.database.rows(
            f"{_SUMMARY} WHERE deleted IS NOT NULL ORDER BY deleted DESC, number DESC LIMIT ?", (limit,)
        )
        return [self._summary(row) for row in rows]

    def _summary(self, row: tuple[Any, ...]) -> ChatSummary:
        id, title, folder, pinned, created, updated, model = row
        return ChatSummary(
            id=id,
            title=title,
            folder_id=folder,
            pinned=bool(pinned),
            created=created,
            updated=updated,
            model=model,
            job=self.jobs.get(id),
        )

    def summary(self, id: str, *, deleted: bool = False) -> ChatSummary:
        """Raises RequestError 404."""
        state = "" if deleted else " AND deleted IS NULL"
        rows = self.database.rows(f"{_SUMMARY} WHERE id = ?{state}", (id,))
        if not rows:
            raise RequestError(404, "there is no such chat, or no more", code="not_found")
        return self._summary(rows[0])

    def chat(self, id: str) -> Chat:
        """With all its messages. Raises RequestError 404."""
        summary = self.summary(id)
        settings, leaf = self.database.rows("SELECT settings, leaf FROM chats WHERE id = ?", (id,))[0]
        messages = [_message(row) for row in self.database.rows(f"{_MESSAGE} WHERE chat_id = ? ORDER BY number", (id,))]
        return Chat(
            **summary.model_dump(), settings=ChatSettings.model_validate_json(settings), leaf=leaf, messages=messages
        )

    def leaf(self, id: str) -> str | None:
        """The last message of the branch that is shown. Raises RequestError 404."""
        self.summary(id)
        leaf: str | None = self.database.rows("SELECT leaf FROM chats WHERE id = ?", (id,))[0][0]
        return leaf

    def settings(self, id: str) -> ChatSettings:
        rows = self.database.rows("SELECT settings FROM chats WHERE id = ?", (id,))
        return ChatSettings.model_validate_json(rows[0][0])

    def add(self, new: NewChat) -> Chat:
        """Raises RequestError 404 for an unknown folder."""
        id, now = new_id(), time.time()
        with self.database.change() as connection:
            self._check_folder(new.folder_id)
            connection.execute(
                "INSERT INTO chats (id, title, folder_id, created, updated, model, settings) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (id, new.title or UNTITLED, new.folder_id, now, now, new.model, _settings(new.settings)),
            )
        return self.chat(id)

    def change(self, id: str, change: ChatChange) -> Chat:
        """Only what is given. Raises RequestError 404."""
        given = change.model_fields_set
        with self.database.change() as connection:
            self.summary(id)
            if "title" in given and change.title is not None:
                connection.execute("UPDATE chats SET title = ? WHERE id = ?", (change.title, id))
            if "pinned" in given and change.pinned is not None:
                connection.execute("UPDATE chats SET pinned = ? WHERE id = ?", (change.pinned, id))
            if "folder_id" in given:
                self._check_folder(change.folder_id)
                connection.execute("UPDATE chats SET folder_id = ? WHERE id = ?", (change.folder_id, id))
            if "model" in given:
                connection.execute("UPDATE chats SET model = ? WHERE id = ?", (change.model, id))
            if "settings" in given and change.settings is not None:
                connection.execute("UPDATE chats SET settings = ? WHERE id = ?", (_settings(change.settings), id))
            if "leaf" in given and change.leaf is not None:
                if self.message(change.leaf).chat_id != id:
                    raise RequestError(404, "that message is in another chat", code="not_found", param="leaf")
                connection.execute("UPDATE chats SET leaf = ? WHERE id = ?", (change.leaf, id))
        return self.chat(id)

    def hide(self, id: str) -> None:
        """Deletes a chat, in a way that can be undone. Raises RequestError 404."""
        with self.database.change() as connection:
            self.summary(id)
            connection.execute("UPDATE chats SET deleted = ? WHERE id = ?", (time.time(), id))

    def restore(self, id: str) -> ChatSummary:
        """Raises RequestError 404 if it is gone."""
        with self.database.change() as connection:
            self.summary(id, deleted=True)
            connection.execute("UPDATE chats SET deleted = NULL WHERE id = ?", (id,))
        return self.summary(id)

    # -------------------------------------------------------------------------------------------------------- folders

    def folders(self) -> list[Folder]:
        rows = self.database.rows(
            "SELECT id, name, (SELECT COUNT(*) FROM chats WHERE folder_id = folders.id AND pinned = 0 "
            "AND deleted IS NULL) FROM folders WHERE deleted IS NULL ORDER BY name, created"
        )
        return [Folder(id=id, name=name, chats=inside) for id, name, inside in rows]

    def folder(self, id: str) -> Folder:
        """Raises RequestError 404."""
        self._check_folder(id)
        return next(folder for folder in self.folders() if folder.id == id)

    def add_folder(self, name: str) -> Folder:
        folder = Folder(id=new_id(), name=name, chats=0)
        with self.database.change() as connection:
            row = (folder.id, name, time.time())
            connection.execute("INSERT INTO folders (id, name, created) VALUES (?, ?, ?)", row)
        return folder

    def rename_folder(self, id: str, name: str) -> Folder:
        """Raises RequestError 404."""
        with self.database.change() as connection:
            self._check_folder(id)
            connection.execute("UPDATE folders SET name = ? WHERE id = ?", (name, id))
            return self.folder(id)

    def remove_folder(self, id: str) -> None:
        """Its chats stay, in no folder. Raises RequestError 404."""
        with self.database.change() as connection:
            self._check_folder(id)
            connection.execute("UPDATE folders SET deleted = ? WHERE id = ?", (time.time(), id))

    def restore_folder(self, id: str) -> Folder:
        """With those of its chats that were not moved meanwhile. Raises RequestError 404 if it is gone."""
        with self.database.change() as connection:
            connection.execute("UPDATE folders SET deleted = NULL WHERE id = ?", (id,))
            return self.folder(id)

    def _check_folder(self, id: str | None) -> None:
        known = "SELECT 1 FROM folders WHERE id = ? AND deleted IS NULL"
        if id is not None and not self.database.rows(known, (id,)):
            raise RequestError(404, "there is no such folder", code="not_found", param="folder_id")

    # ------------------------------------------------------------------------------------------------------- messages

    def message(self, id: str) -> Message:
        """Raises RequestError 404."""
        rows = self.database.rows(f"{_MESSAGE} WHERE id = ?", (id,))
        if not rows:
            raise RequestError(404, "there is no such message", code="not_found")
        return _message(rows[0])

    def branch(self, leaf: str | None) -> list[Message]:
        """A message and those before it, oldest first."""
        rows = self.database.rows(
            "WITH RECURSIVE up(id) AS (SELECT ? UNION SELECT m.parent FROM messages m JOIN up ON up.id = m.id) "
            f"{_MESSAGE} WHERE id IN (SELECT id FROM up) ORDER BY number",
            (leaf,),
        )
        return [_message(row) for row in rows]

    def add_message(
        self,
        chat: str,
        parent: str | None,
        role: str,
        content: str = "",
        *,
        state: str = "done",
        model: str | None = None,
        reasoning: str | None = None,
        created: float | None = None,
        leaf: bool = True,
        **data: Any,
    ) -> Message:
        """data: the message's other members. leaf: whether the chat's branch ends with it now.

        Raises RequestError 404 if the parent is in another chat.
        """
        id, now = new_id(), time.time()
        with self.database.change() as connection:
            if parent is not None and self.message(parent).chat_id != chat:
                raise RequestError(404, "that message is in another chat", code="not_found", param="parent")
            moment = now if created is None else created
            row = (id, chat, parent, role, content, reasoning, moment, model, state, as_json(data))
            connection.execute(
                "INSERT INTO messages (id, chat_id, parent, role, content, reasoning, created, model, state, data) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            if role == "user":
                title = title_of(content or " ".join(each["name"] for each in data.get("attachments", [])))
                connection.execute("UPDATE chats SET title = ? WHERE id = ? AND title = ?", (title, chat, UNTITLED))
            if leaf:
                changed = (id, now if created is None else created, model, chat)
                connection.execute(
                    "UPDATE chats SET leaf = ?, updated = ?, model = COALESCE(?, model) WHERE id = ?", changed
                )
        return self.message(id)

    def keep(
        self, id: str, content: str, reasoning: str | None, state: str, data: Mapping[str, Any] | None = None
    ) -> None:
        """What there is of a message by now. data: members that change, beside those that stay as they are."""
        with self.database.change() as connection:
            row = (content, reasoning, state, id)
            connection.execute("UPDATE messages SET content = ?, reasoning = ?, state = ? WHERE id = ?", row)
            if data:
                self.change_data(id, **data)

    def change_data(self, id: str, **data: Any) -> None:
        """Members of a message that change. Raises RequestError 404."""
        with self.database.change() as connection:
            connection.execute("UPDATE messages SET data = ? WHERE id = ?", (as_json({**self.data(id), **data}), id))

    def data(self, id: str) -> dict[str, Any]:
        """Also what only prompts need. Raises RequestError 404."""
        rows = self.database.rows("SELECT data FROM messages WHERE id = ?", (id,))
        if not rows:
            raise RequestError(404, "there is no such message", code="not_found")
        known: dict[str, Any] = json.loads(rows[0][0])
        return known

    # ---------------------------------------------------------------------------------------------------- attachments

    def add_attachment(
        self, name: str, kind: str, size: int, text: str | None, pages: int | None = None, tokens: int | None = None
    ) -> Attachment:
        """Keeps what a model reads of a file. It is forgotten after a day if no message has it by then."""
        known = {"id": new_id(), "name": name, "kind": kind, "size": size, "pages": pages, "tokens": tokens}
        attachment = Attachment.model_validate({**known, "characters": None if text is None else len(text)})
        with self.database.change() as connection:
            row = (*attachment.model_dump().values(), text, time.time())
            connection.execute(
                "INSERT INTO attachments (id, name, kind, size, characters, pages, tokens, text, created) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
        return attachment

    def attachments(self, ids: Sequence[str]) -> list[Attachment]:
        """Raises RequestError 404."""
        found = []
        for id in ids:
            columns = "id, name, kind, size, characters, pages, tokens"
            rows = self.database.rows(f"SELECT {columns} FROM attachments WHERE id = ?", (id,))
            if not rows:
                raise RequestError(
                    404, "there is no such attachment, or no more", code="not_found", param="attachments"
                )
            found.append(Attachment.model_validate(dict(zip(columns.split(", "), rows[0], strict=True))))
        return found

    def attached_text(self, id: str) -> str:
        """What a model reads of it."""
        rows = self.database.rows("SELECT text FROM attachments WHERE id = ?", (id,))
        return (rows[0][0] if rows else None) or ""


def _message(row: tuple[Any, ...]) -> Message:
    id, chat, parent, role, content, reasoning, created, model, state, data = row
    known = {name: value for name, value in json.loads(data).items() if value is not None}
    others: dict[str, Any] = {name: known.get(name, [] if name in _LISTS else None) for name in _DATA}
    return Message(
        id=id,
        chat_id=chat,
        parent=parent,
        role=role,
        content=content,
        reasoning=reasoning,
        created=created,
        model=model,
        state=state,
        **others,
    )


def _settings(settings: ChatSettings) -> str:
    return settings.model_dump_json(by_alias=True, exclude_none=True)

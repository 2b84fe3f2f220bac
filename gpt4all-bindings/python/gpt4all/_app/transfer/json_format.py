"""Chats as JSON, with all that is known of them, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ..._server.errors import RequestError
from ..chats.store import Chats
from ..database import as_json
from ..schemas.chats import Chat, NewChat
from .times import is_time

FORMAT = "gpt4all-chats"
VERSION = 1


def folder_names(chats: Chats) -> dict[str, str]:
    """By their ids."""
    return {folder.id: folder.name for folder in chats.folders()}


def exported(chats: Chats, ids: Sequence[str], folders: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The file. folders: their names, if they are known already. Raises RequestError 404."""
    folders = folder_names(chats) if folders is None else folders
    made = []
    for id in ids:
        chat = chats.chat(id)
        known = chat.model_dump(mode="json", by_alias=True, exclude={"job", "folder_id"})
        prompts = {message.id: chats.data(message.id).get("prompt") for message in chat.messages}
        for message in known["messages"]:
            message["prompt"] = prompts[message["id"]]
            message["texts"] = {each["id"]: chats.attached_text(each["id"]) for each in message["attachments"]}
        made.append({**known, "folder": folders.get(chat.folder_id or "")})
    return {"format": FORMAT, "version": VERSION, "chats": made}


def add(chats: Chats, raw: Any) -> str:
    """Adds a chat of such a file, with new ids, and returns its id. Raises RequestError 400 for what is none."""
    if not isinstance(raw, dict):
        raise _damaged("a chat in the file is not an object")
    try:
        as_json(raw).encode("utf-8")
    except (ValueError, RecursionError):
        raise _damaged("a chat in the file has halves of characters in it, or is nested too deeply") from None
    extra, folder = _taken(raw)
    try:
        chat = Chat.model_validate({**raw, "job": None, "folder_id": None})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise _damaged(f"a chat in the file is not valid: {place}: {first['msg']}") from None
    for seconds in (chat.created, chat.updated, *(message.created for message in chat.messages)):
        if not is_time(seconds):
            raise _damaged(f"a chat in the file is not valid: there is no date for the time {seconds:g}")
    with chats.database.change() as connection:
        made = chats.add(
            NewChat(title=chat.title, model=chat.model, folder_id=_folder(chats, folder), settings=chat.settings)
        )
        ids: dict[str, str] = {}
        for message in chat.messages:
            if message.parent is not None and message.parent not in ids:
                raise _damaged("a message in the file follows one that is not there")
            prompt, texts = extra[message.id]
            attachments = [
                chats.add_attachment(each.name, each.kind, each.size, texts.get(each.id), each.pages, each.tokens)
                for each in message.attachments
            ]
            added = chats.add_message(
                made.id,
                ids.get(message.parent) if message.parent else None,
                message.role,
                message.content,
                state="interrupted" if message.state == "running" else message.state,
                model=message.model,
                reasoning=message.reasoning,
                created=message.created,
                prompt=prompt,
                attachments=[each.model_dump() for each in attachments],
                dropped=[ids[id] for id in message.dropped if id in ids],
                **message.model_dump(
                    include={
                        *("reasoning_seconds", "error", "evidence", "searched", "tool_calls", "stats"),
                        *("shortened", "stop_reason"),
                    }
                ),
            )
            ids[message.id] = added.id
        connection.execute(
            "UPDATE chats SET created = ?, updated = ?, pinned = ?, leaf = COALESCE(?, leaf), title = ?, model = ? "
            "WHERE id = ?",
            (chat.created, chat.updated, chat.pinned, ids.get(chat.leaf or ""), chat.title, chat.model, made.id),
        )
    return made.id


def _damaged(message: str) -> RequestError:
    return RequestError(400, message, code="chat_damaged", param="data")


def _taken(raw: dict[str, Any]) -> tuple[dict[str, tuple[str | None, dict[str, str]]], str | None]:
    """Takes out what chats have only in files: for each message its prompt and the texts of its attachments; and the
    name of the folder."""
    folder = raw.pop("folder", None)
    extra: dict[str, tuple[str | None, dict[str, str]]] = {}
    messages = raw.get("messages")
    for message in messages if isinstance(messages, list) else []:
        if not isinstance(message, dict):
            continue
        prompt, texts = message.pop("prompt", None), message.pop("texts", None)
        known = {id: text for id, text in texts.items() if isinstance(text, str)} if isinstance(texts, dict) else {}
        extra[str(message.get("id"))] = (prompt if isinstance(prompt, str) else None, known)
    return extra, folder if isinstance(folder, str) and folder.strip() else None


def _folder(chats: Chats, name: str | None) -> str | None:
    """The folder of that name, which is made if there is none."""
    if name is None:
        return None
    known = next((folder.id for folder in chats.folders() if folder.name == name[:200]), None)
    return known or chats.add_folder(name[:200]).id

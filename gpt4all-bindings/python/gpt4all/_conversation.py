"""What Session and AsyncSession have in common: the history, the turns that add to it, and its file."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import weakref
from collections.abc import Generator, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import _operations as operations
from ._errors import (
    CancellationError,
    InvalidArgumentError,
    LLModelError,
    SessionBusyError,
    shown,
    told_as_llmodel_errors,
    whole_number,
)
from ._library import PathLike, encode, encode_path, path_text
from ._log import logger
from ._operations import Messages
from ._stream import Request, Source
from ._task import Event
from ._tool_loop import ToolLoop, ToolsResult
from ._tools import Tools, as_tools
from ._uncopyable import Uncopyable

if TYPE_CHECKING:
    import asyncio

    from ._model import Model
    from ._results import ChatResult

_FORMAT = "gpt4all.session"
_VERSION = 1
_KEYS: dict[str, type | tuple[type, ...]] = {
    "messages": list,
    "options": dict,
    "max_rounds": int,
    "keep_partial": bool,
    "state": (str, type(None)),
}

History = list[dict[str, Any]]


class Conversation(Uncopyable):
    """The messages of a session, and the options for all its requests."""

    _instead = "save() writes what was said to a file, and fork() makes a session with the same past"

    def __init__(
        self,
        system: str | None,
        messages: Iterable[Mapping[str, Any]],
        tools: Tools,
        max_rounds: int,
        keep_partial: bool,
        options: Mapping[str, Any],
    ) -> None:
        self._messages: History = operations.copied_messages(messages)
        self._tools = as_tools(tools)
        self._max_rounds = max_rounds
        self._keep_partial = keep_partial
        self._options = dict(options)
        self._lock = threading.RLock()
        self._turn: weakref.ref[Turn] | None = None
        if system is not None:
            self.system = system

    # --------------------------------------------------------------------------------------------------------- history

    @property
    def messages(self) -> History:
        """The conversation so far, oldest first, as OpenAI-style chat messages. This is the actual list: you may change
        it between answers, or assign another. An answer is added to it, together with its question, when it is
        complete."""
        return self._messages

    @messages.setter
    def messages(self, messages: Iterable[Mapping[str, Any]]) -> None:
        with self._lock:
            self._check_idle()
            self._messages = operations.copied_messages(messages)

    @property
    def system(self) -> str | None:
        """The text of the system message, if the conversation begins with one. Assign None to remove it."""
        first = self._messages[0] if self._messages else {}
        return first.get("content") if first.get("role") == "system" else None

    @system.setter
    def system(self, text: str | None) -> None:
        with self._lock:
            self._check_idle()
            begin = 1 if self._messages and self._messages[0].get("role") == "system" else 0
            self._messages[:begin] = [] if text is None else [{"role": "system", "content": text}]

    @property
    def options(self) -> dict[str, Any]:
        """The options for every answer, as listed in types.ChatOptions. This is the actual mapping: you may change
        it."""
        return self._options

    @property
    def busy(self) -> bool:
        """Whether an answer is in progress."""
        with self._lock:
            turn = self._turn() if self._turn is not None else None
            return turn is not None and not turn.ended

    def undo(self, turns: int = 1) -> History:
        """Removes the last question and everything after it, or the last `turns` questions. Returns what was
        removed."""
        with self._lock:
            self._check_idle()
            questions = self._questions()
            if not 0 < whole_number(turns, "turns") <= len(questions):
                raise InvalidArgumentError(f"{shown(turns)} turns cannot be undone: the session has {len(questions)}")
            taken = self._messages[questions[-turns] :]
            del self._messages[questions[-turns] :]
            return taken

    def edit(self, index: int, content: Any) -> None:
        """Replaces the content of message `index` (negative: from the end), and removes the messages after it, which
        responded to the old content. After editing a question, regenerate() answers it."""
        with self._lock:
            self._check_idle()
            if not -len(self._messages) <= whole_number(index, "index") < len(self._messages):
                raise InvalidArgumentError(f"there is no message {shown(index)}: the session has {len(self._messages)}")
            index %= len(self._messages)
            self._messages[index:] = [{**self._messages[index], "content": content}]

    def _questions(self) -> list[int]:
        return [index for index, message in enumerate(self._messages) if message.get("role") == "user"]

    def _check_idle(self) -> None:
        if self.busy:
            raise SessionBusyError(
                "the session is answering; wait for it to finish, close its stream, or fork() the session"
            )

    # ----------------------------------------------------------------------------------------------------------- turns

    def _ask(self, model: Model, messages: Messages | Mapping[str, Any], *how: Any) -> Turn:
        """A turn that adds messages and their answer."""
        added = [messages] if isinstance(messages, Mapping) else operations.as_messages(messages)
        with self._lock:
            return self._begin(model, len(self._messages), operations.copied_messages(added), *how)

    def _ask_again(self, model: Model, *how: Any) -> Turn:
        """A turn that answers the last question again."""
        with self._lock:
            self._check_idle()
            questions = self._questions()
            if not questions:
                raise InvalidArgumentError("the session has no question to answer again")
            return self._begin(model, questions[-1], [self._messages[questions[-1]]], *how)

    def _begin(
        self,
        model: Model,
        keep: int,
        added: History,
        tools: Tools | None,
        response_format: object,
        stream: bool,
        request: Mapping[str, Any],
        loop: asyncio.AbstractEventLoop | None,
    ) -> Turn:
        self._check_idle()
        given = {**self._options, **request}
        if (given.get("n") or 1) != 1:
            raise InvalidArgumentError('a session continues with one answer; leave "n" out')
        prompt = [dict(message) for message in (*self._messages[:keep], *added)]
        tools = self._tools if tools is None else tools
        source: Source[Any]
        if tools:
            source = ToolLoop(model, prompt, tools, self._max_rounds, response_format, stream, given, loop)
        else:
            source = Request(model, operations.chat(prompt, None, response_format, stream, given))
        turn = Turn(self, source, keep, added, len(prompt))
        self._turn = weakref.ref(turn)
        return turn

    def _past(self) -> dict[str, Any]:
        """What a session with the same past is made with, besides its model and options."""
        return {
            "messages": self._messages,
            "tools": self._tools,
            "max_rounds": self._max_rounds,
            "keep_partial": self._keep_partial,
        }

    # ------------------------------------------------------------------------------------------------------------ file

    def _save(self, path: PathLike, model: Model, state: bool) -> None:
        """Writes the file and, if asked to, what the engine remembers of the conversation."""
        self._write(path, save_state(self, model, path) if state and self._messages else None)

    @classmethod
    def _load(cls, path: PathLike, model: Model) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the session in a file is made with, besides its model and tools: its past, and its options."""
        content = cls._read(path)
        restore_state(model, path, content["state"])
        return {name: content[name] for name in ("messages", "max_rounds", "keep_partial")}, content["options"]

    def _write(self, path: PathLike, state: str | None) -> None:
        """Writes the file, complete or not at all."""
        content = {
            "format": _FORMAT,
            "version": _VERSION,
            "messages": self._messages,
            "options": self._options,
            "max_rounds": self._max_rounds,
            "keep_partial": self._keep_partial,
            "state": state,
        }
        text = json.dumps(json.loads(encode(content)), ensure_ascii=False, indent=1) + "\n"
        target = os.path.realpath(path_text(path))
        if os.path.exists(target) and not os.path.isfile(target):
            raise InvalidArgumentError(
                f"{target} is not a regular file; give the session another name", {"path": target}
            )
        with told_as_llmodel_errors("the session cannot be written", path_text(path)):
            handle, temporary = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".session-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(text)
                os.replace(temporary, target)
            except BaseException:
                os.unlink(temporary)
                raise

    @staticmethod
    def _read(path: PathLike) -> dict[str, Any]:
        """What _write() wrote. Raises InvalidArgumentError, ModelNotFoundError, LLModelIOError."""
        name = path_text(path)
        with told_as_llmodel_errors("the session cannot be read", name), open(encode_path(path), "rb") as file:
            data = file.read()
        try:
            content = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise InvalidArgumentError(f"{name}: not a session: {error}", {"path": name}) from error
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise InvalidArgumentError(f'{name}: not a session: it has no "format": "{_FORMAT}"', {"path": name})
        if content.get("version") != _VERSION:
            raise InvalidArgumentError(
                f"{name}: a session of version {content.get('version')}, which this gpt4all does not know; update it",
                {"path": name},
            )
        for key, types in _KEYS.items():
            if not isinstance(content.get(key), types):
                raise InvalidArgumentError(f'{name}: not a session: "{key}" is missing or wrong', {"path": name})
        if not all(isinstance(message, dict) for message in content["messages"]):
            raise InvalidArgumentError(
                f'{name}: not a session: "messages" contains something that is not a message', {"path": name}
            )
        return content


class Turn:
    """The Source that is an answer in a conversation, to which it adds what was said when it is complete.

    One that fails leaves the conversation as it was. So does one that is cancelled, unless the session is to keep what
    had come.
    """

    def __init__(
        self, conversation: Conversation, source: Source[Any], keep: int, added: History, prompt_length: int
    ) -> None:
        self._conversation = conversation
        self._source = source
        self._keep = keep
        self._added = added
        self._prompt_length = prompt_length
        self._pieces: list[str] = []
        self._failed = False
        self.ended = False

    def start(self) -> None:
        try:
            self._source.start()
        except BaseException:
            self.ended = True
            raise

    def items(self) -> Generator[str | Event, None, None]:
        pieces = self._pieces
        try:
            for item in self._source.items():
                if item.__class__ is str:
                    pieces.append(item)
                elif item.kind == "tool_result":  # type: ignore[union-attr]
                    pieces.clear()  # what came before the call is not what would be kept of the answer
                yield item
        except CancellationError:
            raise
        except Exception:
            self._failed = True
            raise
        self._end(self._said())

    def _said(self) -> History:
        """What the model and the tools said, of a source that has come to its end."""
        result = self._source.result
        if isinstance(result, ToolsResult):
            return result.messages[self._prompt_length :]
        return [dict(result.message)]

    def _end(self, said: History | None) -> None:
        """Adds to the conversation, once, if there is anything to add."""
        conversation = self._conversation
        with conversation._lock:
            if self.ended:
                return
            self.ended = True
            if said:
                conversation._messages[self._keep :] = [*self._added, *said]

    def cancel(self) -> None:
        self._source.cancel()

    def close(self) -> None:
        self._source.close()
        text = "".join(self._pieces)
        keep = self._conversation._keep_partial and text and not self._failed
        self._end([{"role": "assistant", "content": text}] if keep else None)

    @property
    def result(self) -> ChatResult[Any]:
        result = self._source.result
        return result.answer if isinstance(result, ToolsResult) else result


def save_state(conversation: Conversation, model: Model, path: PathLike) -> str:
    """Writes what the engine remembers of the conversation beside the session's file, either completely or not at all.
    Returns the file's name."""
    name = path_text(path) + ".state"
    chat = {**conversation._options, "add_generation_prompt": False}
    model._ask(operations.save_state(name, conversation.messages, conversation._tools or None, chat))
    return os.path.basename(name)


def restore_state(model: Model, path: PathLike, state: str | None) -> None:
    """Reads back what save_state() wrote, if it is there and fits. Without it only time is lost."""
    if state is None:
        return
    name = os.path.join(os.path.dirname(os.path.abspath(path_text(path))), os.path.basename(state))
    try:
        model.restore_state(name)
    except LLModelError as error:
        logger.warning("the session continues without its saved state: %s", error)

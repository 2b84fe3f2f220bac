"""The history of a chat session, and what of it fits into the context."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._errors import InvalidArgumentError
from .._log import logger
from .prompts import Message, Prompting

if TYPE_CHECKING:
    from .._model import Model
    from .._results import ChatResult, Completion
    from .._stream import Stream

# What becomes of a conversation that has outgrown the context: the oldest turns are left out until it fills no more
# than this much of the room, so that not every further turn has to leave out another and compute all others again.
_KEPT = 0.75

Callback = Callable[[int, str], "bool | None"]


class ChatSession:
    """A conversation: `history` is what was said, `prompting` how it is put to the model."""

    def __init__(self, history: list[Message], prompting: Prompting) -> None:
        self.history = history
        self.prompting = prompting
        self.thread = threading.get_ident()
        self._left_out = 0

    def assign(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Replaces what was said. Raises InvalidArgumentError (a ValueError) for anything but a list of messages."""
        if (
            not isinstance(messages, Sequence)
            or isinstance(messages, (str, bytes))
            or not all(
                isinstance(message, Mapping) and isinstance(message.get("role"), str) and "content" in message
                for message in messages
            )
        ):
            raise InvalidArgumentError("a chat session is a list of messages: {'role': 'user', 'content': 'Hello'}")
        self.history = [dict(message) for message in messages]
        self._left_out = 0

    def reply(self, model: Model, prompt: str, options: Mapping[str, Any]) -> Generator[str, None, None]:
        """Asks for the answer to `prompt` and gives it piece by piece. The history has both from the first piece on,
        keeps what came if the caller leaves early, and neither if the request fails."""
        question: Message = {"role": "user", "content": prompt}
        answer: Message = {"role": "assistant", "content": ""}
        history = self.history
        sent = self._that_fit(model, [*history, question], int(options.get("max_tokens", -1)))
        history += [question, answer]
        try:
            with self.prompting.ask(model, sent, options) as stream:
                for piece in stream:
                    answer["content"] += piece
                    yield piece
        except Exception:
            history[:] = [message for message in history if message is not question and message is not answer]
            raise

    def _that_fit(self, model: Model, messages: list[Message], max_tokens: int) -> list[Message]:
        """The messages, without the oldest turns where all of them and the answer would not fit into the context."""
        first = 1 if messages[0]["role"] == "system" else 0
        info = model.info()
        n_ctx = int(info["opened"]["n_ctx"])
        room = n_ctx - (n_ctx // 4 if max_tokens < 0 else min(max_tokens, n_ctx // 4))
        turns = [place for place, message in enumerate(messages) if message["role"] == "user" and place >= first]

        def kept() -> list[Message]:
            return messages[:first] + messages[turns[self._left_out] if self._left_out else first :]

        self._left_out = min(self._left_out, len(turns) - 1)
        wanted = room
        while self._left_out < len(turns) - 1 and self.prompting.count(model, kept()) > wanted:
            wanted = int(room * _KEPT)
            self._left_out += 1
        if wanted != room:
            logger.warning(
                "the chat session is longer than the context of %d tokens: its first %d turns are left out from now on",
                n_ctx,
                self._left_out,
            )
        return kept()


class Sessions:
    """The open chat sessions of a model. A thread uses the one that it opened, else the last that any other did."""

    def __init__(self) -> None:
        self._open: list[ChatSession] = []

    def add(self, session: ChatSession) -> None:
        self._open.append(session)

    def remove(self, session: ChatSession) -> None:
        self._open[:] = [other for other in self._open if other is not session]

    @property
    def current(self) -> ChatSession | None:
        sessions = list(self._open)
        own = [session for session in sessions if session.thread == threading.get_ident()]
        chosen = own or sessions
        return chosen[-1] if chosen else None


def answer_of(stream: Stream[ChatResult] | Stream[Completion]) -> Generator[str, None, None]:
    """The pieces of a single answer, which is cancelled if the caller leaves early."""
    with stream:
        yield from stream

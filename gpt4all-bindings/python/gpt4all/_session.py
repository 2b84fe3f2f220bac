"""A conversation with a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from ._conversation import Conversation
from ._errors import InvalidArgumentError, shown
from ._library import PathLike
from ._model import Model
from ._operations import Messages
from ._results import ChatResult
from ._stream import Stream, finish
from ._tool_loop import MAX_ROUNDS
from ._tools import Tools

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from . import types

P = TypeVar("P")


class Session(Conversation):
    """A conversation: chat() asks, and remembers the question and the answer.

    model: the model that answers. Any number of sessions may share it; whatever they have in common is computed once.
    system: the system message's text.
    messages: the conversation so far, as OpenAI-style chat messages.
    tools: for every answer. Functions are called when the model asks for them, in at most `max_rounds` rounds.
    keep_partial: whether to keep what was written of an answer that is cancelled or left early. Otherwise the answer
        and its question are forgotten, as when an answer fails.
    options: the options in types.ChatOptions, for every answer; chat() can override them.

    A session gives one answer at a time: SessionBusyError for a second one, from this thread or another. To get several
    answers at once, fork() it.
    """

    def __init__(
        self,
        model: Model,
        *,
        system: str | None = None,
        messages: Iterable[Mapping[str, Any]] = (),
        tools: Tools = (),
        max_rounds: int = MAX_ROUNDS,
        keep_partial: bool = False,
        **options: Unpack[types.ChatOptions],
    ) -> None:
        super().__init__(system, messages, tools, max_rounds, keep_partial, options)
        if not isinstance(model, Model):
            raise InvalidArgumentError(f"{shown(model)} is not a Model; open one for the session")
        self.model = model

    @overload
    def chat(
        self,
        message: Messages | Mapping[str, Any],
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> ChatResult[P]: ...
    @overload
    def chat(
        self,
        message: Messages | Mapping[str, Any],
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> ChatResult[Any]: ...
    @overload
    def chat(
        self,
        message: Messages | Mapping[str, Any],
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> Stream[ChatResult[P]]: ...
    @overload
    def chat(
        self,
        message: Messages | Mapping[str, Any],
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> Stream[ChatResult[Any]]: ...
    def chat(
        self,
        message: Messages | Mapping[str, Any],
        *,
        tools: Tools | None = None,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.ChatOptions],
    ) -> ChatResult[Any] | Stream[ChatResult[Any]]:
        """Answers a text, a message or several, and adds them and the answer to the conversation.

        With stream=True it returns a Stream; the answer is added when its last piece has arrived. The rest is as in
        Model.chat(), but functions among the tools are called.
        """
        turn = self._ask(self.model, message, tools, response_format, stream, request, None)
        return Stream(turn) if stream else finish(turn)

    @overload
    def regenerate(
        self,
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> ChatResult[P]: ...
    @overload
    def regenerate(
        self,
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> ChatResult[Any]: ...
    @overload
    def regenerate(
        self,
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> Stream[ChatResult[P]]: ...
    @overload
    def regenerate(
        self,
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> Stream[ChatResult[Any]]: ...
    def regenerate(
        self,
        *,
        tools: Tools | None = None,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.ChatOptions],
    ) -> ChatResult[Any] | Stream[ChatResult[Any]]:
        """Answers the last question again. The new answer replaces the old one when it is complete. Otherwise as
        chat()."""
        turn = self._ask_again(self.model, tools, response_format, stream, request, None)
        return Stream(turn) if stream else finish(turn)

    def fork(self) -> Self:
        """Another session with the same history, independent from here on. The history is not computed again."""
        return type(self)(self.model, **self._past(), **self._options)

    def save(self, path: PathLike, *, state: bool = False) -> None:
        """Writes the conversation, without its tools, to a JSON file, either completely or not at all.

        state: also write what the engine has computed for it, to "<path>.state", so that the conversation continues
            quickly after load(): about 10 to 100 KB per token. Waits for its turn among other requests. Raises
            LLModelError.
        """
        with self._lock:
            self._check_idle()
            self._save(path, self.model, state)

    @classmethod
    def load(cls, path: PathLike, model: Model, *, tools: Tools = ()) -> Self:
        """The session that save() wrote. Raises InvalidArgumentError for a file of another kind, ModelNotFoundError,
        LLModelIOError."""
        past, options = cls._load(path, model)
        return cls(model, tools=tools, **past, **options)

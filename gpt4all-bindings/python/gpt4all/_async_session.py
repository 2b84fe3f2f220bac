"""A conversation with a model, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from ._async_model import AsyncModel
from ._async_stream import AsyncStream, finish, run
from ._conversation import Conversation, Turn
from ._errors import InvalidArgumentError, shown
from ._library import PathLike
from ._operations import Messages
from ._results import ChatResult
from ._tool_loop import MAX_ROUNDS
from ._tools import Tools

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from . import types

P = TypeVar("P")


class AsyncSession(Conversation):
    """A Session for asyncio: the same, with an AsyncModel, and functions that may be `async def`."""

    def __init__(
        self,
        model: AsyncModel,
        *,
        system: str | None = None,
        messages: Iterable[Mapping[str, Any]] = (),
        tools: Tools = (),
        max_rounds: int = MAX_ROUNDS,
        keep_partial: bool = False,
        **options: Unpack[types.ChatOptions],
    ) -> None:
        super().__init__(system, messages, tools, max_rounds, keep_partial, options)
        if not isinstance(model, AsyncModel):
            raise InvalidArgumentError(f"{shown(model)} is not an AsyncModel; open one for the session")
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
    ) -> Coroutine[Any, Any, ChatResult[P]]: ...
    @overload
    def chat(
        self,
        message: Messages | Mapping[str, Any],
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ChatResult[Any]]: ...
    @overload
    def chat(
        self,
        message: Messages | Mapping[str, Any],
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> AsyncStream[ChatResult[P]]: ...
    @overload
    def chat(
        self,
        message: Messages | Mapping[str, Any],
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> AsyncStream[ChatResult[Any]]: ...
    def chat(
        self,
        message: Messages | Mapping[str, Any],
        *,
        tools: Tools | None = None,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ChatResult[Any]] | AsyncStream[ChatResult[Any]]:
        """As Session.chat(). Await the answer; with stream=True, it is an AsyncStream, which starts at once."""
        if stream:
            return AsyncStream(self._turn_of(message, tools, response_format, True, request))
        return self._whole(lambda: self._turn_of(message, tools, response_format, False, request))

    @overload
    def regenerate(
        self,
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ChatResult[P]]: ...
    @overload
    def regenerate(
        self,
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ChatResult[Any]]: ...
    @overload
    def regenerate(
        self,
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> AsyncStream[ChatResult[P]]: ...
    @overload
    def regenerate(
        self,
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> AsyncStream[ChatResult[Any]]: ...
    def regenerate(
        self,
        *,
        tools: Tools | None = None,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ChatResult[Any]] | AsyncStream[ChatResult[Any]]:
        """As Session.regenerate(), and chat()."""
        if stream:
            return AsyncStream(self._turn_of(None, tools, response_format, True, request))
        return self._whole(lambda: self._turn_of(None, tools, response_format, False, request))

    def _turn_of(self, message: Messages | Mapping[str, Any] | None, *how: Any) -> Turn:
        loop = asyncio.get_running_loop()
        if message is None:
            return self._ask_again(self.model.model, *how, loop)
        return self._ask(self.model.model, message, *how, loop)

    @staticmethod
    async def _whole(begin: Callable[[], Turn]) -> ChatResult[Any]:
        # Only now: a coroutine that nobody awaits must not leave the session busy.
        return await finish(begin())

    def fork(self) -> Self:
        """As Session.fork()."""
        return type(self)(self.model, **self._past(), **self._options)

    async def save(self, path: PathLike, *, state: bool = False) -> None:
        """As Session.save()."""
        self._check_idle()
        model = self.model.model
        await run(lambda: self._save(path, model, state))

    @classmethod
    async def load(cls, path: PathLike, model: AsyncModel, *, tools: Tools = ()) -> Self:
        """As Session.load()."""
        past, options = await run(lambda: cls._load(path, model.model))
        return cls(model, tools=tools, **past, **options)

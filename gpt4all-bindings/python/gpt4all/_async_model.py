"""Open models for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from . import _operations as operations
from ._async_stream import AsyncStream, finish, run
from ._errors import ClosedError
from ._library import PathLike, Progress, path_text
from ._model import Model
from ._operations import EmbedInput, Message, Messages, Operation, Prompt, ScoreInput
from ._results import ChatResult, Completion, Embeddings, Ranking, ScoreBatch, Scores
from ._stream import Request, Source
from ._tool_loop import MAX_ROUNDS, ToolLoop, ToolsResult
from ._tools import Tools
from ._uncopyable import Uncopyable

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from . import types

P = TypeVar("P")
T = TypeVar("T")


class AsyncModel(Uncopyable):
    """A Model for asyncio: it has the same methods, which you await and which never block the event loop.

    model: a GGUF file, or an open Model, which its owner then has to close.
    progress, options: as for Model. `progress` is called on another thread.

    `async with AsyncModel(path) as model:` opens and closes it; so do `model = await AsyncModel(path)` and
    `await model.close()`. Any number of asyncio tasks may use it at once. Cancelling a task that waits for an answer
    cancels the answer. It raises the same errors as Model, and ClosedError before it is opened.
    """

    def __init__(
        self, model: PathLike | Model, *, progress: Progress | None = None, **options: Unpack[types.OpenOptions]
    ) -> None:
        self._model = model if isinstance(model, Model) else None
        self._owned = self._model is None
        self._path = model.path if isinstance(model, Model) else path_text(model)
        self._progress = progress
        self._options = options
        self._lock = asyncio.Lock()
        self._stopped = False

    # -------------------------------------------------------------------------------------------- opening and closing

    async def open(self) -> Self:
        """Opens the file, unless it is already open. Cancelling the wait stops loading."""
        async with self._lock:
            if self._model is None:
                if self._stopped:
                    raise ClosedError(f"the model {self._path} is closed; create another AsyncModel to continue")
                self._model = await run(self._load, self._stop)
        return self

    def _load(self) -> Model:
        return Model(self._path, progress=self._forward, **self._options)

    def _forward(self, fraction: float) -> bool:
        wanted = self._progress is None or self._progress(fraction) is not False
        return wanted and not self._stopped

    def _stop(self) -> None:
        self._stopped = True

    def __await__(self) -> Generator[Any, None, Self]:
        return self.open().__await__()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancels the model's requests, waits for its threads and frees its memory. Safe to call at any time, and more
        than once."""
        self._stopped = True
        async with self._lock:
            if self._model is not None and self._owned:
                # Not on the pool, whose threads may all wait for what this ends.
                await asyncio.to_thread(self._model.close)

    @property
    def path(self) -> str:
        """The file, as given."""
        return self._path

    @property
    def closed(self) -> bool:
        """Whether it is closed, or not open yet."""
        return self._model is None or self._model.closed

    @property
    def model(self) -> Model:
        """The same model for threads. Raises ClosedError before it is opened."""
        if self._model is None:
            raise ClosedError(
                f"the model {self._path} is not open: use `async with AsyncModel(…) as model`, or "
                "`model = await AsyncModel(…)`"
            )
        return self._model

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._path!r}{', closed' if self.closed else ''}>"

    # ------------------------------------------------------------------------------------------------- generation

    @overload
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ChatResult[P]]: ...
    @overload
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ChatResult[Any]]: ...
    @overload
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = ...,
        response_format: type[P],
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> AsyncStream[ChatResult[P]]: ...
    @overload
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = ...,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> AsyncStream[ChatResult[Any]]: ...
    def chat(
        self,
        messages: Messages,
        *,
        tools: Tools | None = None,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ChatResult[Any]] | AsyncStream[ChatResult[Any]]:
        """As Model.chat(). Await the answer; with stream=True, it is an AsyncStream, which starts at once."""
        return self._generate(operations.chat(messages, tools, response_format, stream, request), stream)

    def _generate(self, operation: Operation[T], stream: bool) -> Coroutine[Any, Any, T] | AsyncStream[T]:
        return self._answer(Request(self.model, operation), stream)

    def _answer(self, source: Source[T], stream: bool) -> Coroutine[Any, Any, T] | AsyncStream[T]:
        return AsyncStream(source) if stream else finish(source)

    @overload
    def complete(
        self,
        prompt: Prompt,
        *,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.CompleteOptions],
    ) -> Coroutine[Any, Any, Completion]: ...
    @overload
    def complete(
        self,
        prompt: Prompt,
        *,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.CompleteOptions],
    ) -> AsyncStream[Completion]: ...
    def complete(
        self,
        prompt: Prompt,
        *,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.CompleteOptions],
    ) -> Coroutine[Any, Any, Completion] | AsyncStream[Completion]:
        """As Model.complete(), and chat()."""
        return self._generate(operations.complete(prompt, response_format, stream, request), stream)

    @overload
    def infill(
        self,
        prefix: Prompt,
        suffix: Prompt,
        *,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.InfillOptions],
    ) -> Coroutine[Any, Any, Completion]: ...
    @overload
    def infill(
        self,
        prefix: Prompt,
        suffix: Prompt,
        *,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.InfillOptions],
    ) -> AsyncStream[Completion]: ...
    def infill(
        self,
        prefix: Prompt,
        suffix: Prompt,
        *,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.InfillOptions],
    ) -> Coroutine[Any, Any, Completion] | AsyncStream[Completion]:
        """As Model.infill(), and chat()."""
        return self._generate(operations.infill(prefix, suffix, response_format, stream, request), stream)

    @overload
    def run_tools(
        self,
        messages: Messages,
        tools: Tools,
        *,
        max_rounds: int = ...,
        response_format: object = ...,
        stream: Literal[False] = ...,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ToolsResult]: ...
    @overload
    def run_tools(
        self,
        messages: Messages,
        tools: Tools,
        *,
        max_rounds: int = ...,
        response_format: object = ...,
        stream: Literal[True],
        **request: Unpack[types.ChatOptions],
    ) -> AsyncStream[ToolsResult]: ...
    def run_tools(
        self,
        messages: Messages,
        tools: Tools,
        *,
        max_rounds: int = MAX_ROUNDS,
        response_format: object = None,
        stream: bool = False,
        **request: Unpack[types.ChatOptions],
    ) -> Coroutine[Any, Any, ToolsResult] | AsyncStream[ToolsResult]:
        """As Model.run_tools(), with functions that may be `async def`.

        Those run in the event loop, with the calls of one round running together; plain functions run on another
        thread, one after another.
        """
        loop = asyncio.get_running_loop()
        source = ToolLoop(self.model, messages, tools, max_rounds, response_format, stream, request, loop)
        return self._answer(source, stream)

    # ------------------------------------------------------------- vectors, likelihoods, tokens, templates and adapters

    async def _ask(self, operation: Operation[T]) -> T:
        return await finish(Request(self.model, operation))

    async def embed(self, input: EmbedInput, **request: Unpack[types.EmbedOptions]) -> Embeddings:
        """As Model.embed()."""
        return await self._ask(operations.embed(input, request))

    async def rerank(self, query: str, documents: Iterable[str], **request: Unpack[types.RerankOptions]) -> Ranking:
        """As Model.rerank()."""
        return await self._ask(operations.rerank(query, documents, request))

    async def score(
        self, context: Prompt, continuations: Iterable[Prompt], **request: Unpack[types.ScoreOptions]
    ) -> Scores:
        """As Model.score()."""
        return await self._ask(operations.score(context, continuations, request))

    async def score_batch(self, inputs: Iterable[ScoreInput], **request: Unpack[types.ScoreBatchOptions]) -> ScoreBatch:
        """As Model.score_batch()."""
        return await self._ask(operations.score_batch(inputs, request))

    async def tokenize(self, content: Prompt, **request: Unpack[types.TokenizeOptions]) -> list[int]:
        """As Model.tokenize()."""
        return await self._ask(operations.tokenize(content, request))

    async def detokenize(self, tokens: Iterable[int], **request: Unpack[types.DetokenizeOptions]) -> str:
        """As Model.detokenize()."""
        return await self._ask(operations.detokenize(tokens, request))

    async def apply_template(
        self,
        messages: Messages,
        *,
        tools: Tools | None = None,
        response_format: object = None,
        **request: Unpack[types.ApplyTemplateOptions],
    ) -> str:
        """As Model.apply_template()."""
        return await self._ask(operations.apply_template(messages, tools, response_format, request))

    async def count_tokens(
        self,
        prompt: Prompt | Iterable[Message],
        *,
        tools: Tools | None = None,
        response_format: object = None,
        **request: Unpack[types.CountTokensOptions],
    ) -> int:
        """As Model.count_tokens()."""
        return await self._ask(operations.count_tokens(prompt, tools, response_format, request))

    async def adapters(self, lora: Sequence[Mapping[str, Any]] | None = None) -> list[types.AdaptersResultAdapter]:
        """As Model.adapters()."""
        return await self._ask(operations.adapters(lora))

    # -------------------------------------------------------------------------------------------- state and information

    async def info(self) -> types.InfoResult:
        """As Model.info()."""
        return await run(self.model.info)

    async def save_state(self, path: PathLike, **request: Unpack[types.StateOptions]) -> types.StateResult:
        """As Model.save_state(). Once started, it is carried out even if the wait for it is cancelled."""
        model = self.model
        return await run(lambda: model.save_state(path, **request))

    async def restore_state(self, path: PathLike, **request: Unpack[types.StateOptions]) -> types.StateResult:
        """As Model.restore_state(), and save_state()."""
        model = self.model
        return await run(lambda: model.restore_state(path, **request))

"""Rounds of answers and calls: the model asks for functions, they are called, it answers with what they gave."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import inspect
import json
import threading
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import _operations as operations
from . import _waiters
from ._errors import CancellationError, InvalidArgumentError, ToolRoundsError, whole_number
from ._log import logger
from ._operations import Messages
from ._results import ChatResult
from ._stream import Request
from ._task import Event, OpenModel
from ._tools import Tool, Tools, as_tools

if TYPE_CHECKING:
    import asyncio

    from . import types

# Most answers of the model in one run, where the caller does not say.
MAX_ROUNDS = 10


@dataclass(slots=True)
class ToolOutcome:
    """A call that has been made.

    name, arguments: as the model wrote them; arguments are JSON text.
    content: what the model was told.
    value: what the function returned; None if it raised.
    error: the exception it raised, or what was wrong with the call; else None.
    """

    name: str
    arguments: str
    content: str
    value: Any = None
    error: Exception | None = None


@dataclass(slots=True)
class ToolsResult:
    """The outcome of a run with tools.

    answer: the model's last answer.
    messages: the whole conversation: the input, the calls, what the tools returned, and the last answer.
    calls: the calls that were made, in order.
    rounds: how many answers the model gave.
    """

    answer: ChatResult[Any]
    messages: list[dict[str, Any]]
    calls: list[ToolOutcome] = field(default_factory=list)
    rounds: int = 1

    @property
    def text(self) -> str:
        """The last answer's."""
        return self.answer.text

    @property
    def parsed(self) -> Any:
        """The last answer's."""
        return self.answer.parsed

    def __str__(self) -> str:
        return self.text


class ToolLoop:
    """The Source that answers, calls and answers again. Functions run on the thread that iterates over items().

    loop: where `async def` functions run; without it they are refused.
    """

    def __init__(
        self,
        model: OpenModel,
        messages: Messages,
        tools: Tools,
        max_rounds: int,
        response_format: object,
        stream: bool,
        request: Mapping[str, Any],
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._model = model
        self._messages = operations.copied_messages(messages)
        self._tools = as_tools(tools)
        self._functions = {tool.name: tool for tool in self._tools if isinstance(tool, Tool)}
        self._loop = loop
        self._format = response_format
        self._stream = stream
        self._max_rounds = max_rounds
        self._request = dict(request)
        self._calls: list[ToolOutcome] = []
        self._result: ToolsResult | None = None
        self._lock = threading.RLock()  # the garbage collector may close what this thread is in
        self._stopped = False
        self._waiting: list[concurrent.futures.Future[Any]] = []
        if whole_number(max_rounds, "max_rounds") < 1:
            raise InvalidArgumentError(f"max_rounds is {max_rounds}, but a run needs at least one round")
        if (request.get("n") or 1) != 1:
            raise InvalidArgumentError('a run with tools has one answer at a time; leave "n" out')
        for tool in self._functions.values():
            if tool.is_async and loop is None:
                raise InvalidArgumentError(f"{tool.name}() is async; use AsyncModel, or a plain function")
        self._current = self._round()

    def _round(self) -> Request[ChatResult[Any]]:
        operation = operations.chat(self._messages, self._tools, self._format, self._stream, self._request)
        return Request(self._model, operation)

    def start(self) -> None:
        self._current.start()

    def items(self) -> Generator[str | Event, None, None]:
        rounds = 1
        while True:
            request = self._current
            try:
                yield from request.items()
            finally:
                request.close()
            answer = request.result
            message = _without_cut_calls(answer.message)
            self._messages.append(message)
            calls = message.get("tool_calls", [])
            if not calls or any(call["function"]["name"] in self._left_to_caller for call in calls):
                self._result = ToolsResult(answer, self._messages, self._calls, rounds)
                return
            if rounds == self._max_rounds:
                raise ToolRoundsError(
                    f"after {rounds} rounds the model is still asking for calls; raise max_rounds, or ask for less",
                    {"messages": self._messages, "rounds": rounds},
                )
            for told in self._answer_calls(calls):
                self._messages.append(told)
                yield Event("tool_result", 0, told)
            if self._request.get("tool_choice") != "none":
                self._request["tool_choice"] = "auto"
            rounds += 1
            self._next()

    def _next(self) -> None:
        with self._lock:
            self._check()
            self._current = self._round()

    def _check(self) -> None:
        if self._stopped:
            raise CancellationError("the run was cancelled between two answers")

    @property
    def _left_to_caller(self) -> set[str]:
        return {tool["function"]["name"] for tool in self._tools if isinstance(tool, Mapping)}

    def _answer_calls(self, calls: list[types.ToolCall]) -> list[dict[str, Any]]:
        """Calls every function; those that are async run together."""
        pending = [(call, self._begin(call)) for call in calls]
        messages = []
        for call, begun in pending:
            name = call["function"]["name"]
            outcome = self._finish(call, begun)
            self._calls.append(outcome)
            message = {"role": "tool", "tool_call_id": call.get("id", ""), "name": name, "content": outcome.content}
            messages.append(message)
        return messages

    def _begin(self, call: types.ToolCall) -> Any:
        """What the function returned, a future of it, or the exception that it raised, in a _Raised."""
        self._check()
        function = call["function"]
        tool = self._functions.get(function["name"])
        try:
            if tool is None:
                raise ValueError(f"there is no tool {function['name']!r}; the tools are {', '.join(self._functions)}")
            value = tool(function["arguments"])
            return self._schedule(value) if inspect.isawaitable(value) else value
        except Exception as error:
            return _Raised(error)

    def _schedule(self, awaitable: Any) -> concurrent.futures.Future[Any]:
        import asyncio  # here, where it is loaded already

        async def run() -> Any:
            return await awaitable

        if self._loop is None:
            if inspect.iscoroutine(awaitable):
                awaitable.close()
            raise InvalidArgumentError("the function returned an awaitable; use AsyncModel for it")
        future = asyncio.run_coroutine_threadsafe(run(), self._loop)
        with self._lock:
            self._waiting.append(future)
            stopped = self._stopped
        if stopped:
            future.cancel()
        return future

    def _finish(self, call: types.ToolCall, begun: Any) -> ToolOutcome:
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        text = arguments if isinstance(arguments, str) else json.dumps(arguments)
        try:
            value = self._wait(begun) if isinstance(begun, concurrent.futures.Future) else begun
            if isinstance(value, _Raised):
                raise value.error
            return ToolOutcome(name, text, as_content(value), value)
        except (Exception, concurrent.futures.CancelledError) as error:
            self._check()
            logger.warning("the tool %s(%s) failed: %r", name, text, error, exc_info=True)
            told = json.dumps({"error": f"{type(error).__name__}: {error}"}, ensure_ascii=False)
            return ToolOutcome(name, text, told.encode(errors="backslashreplace").decode(), None, error)

    def _wait(self, future: concurrent.futures.Future[Any]) -> Any:
        with _waiters.blocked():
            return future.result()

    def cancel(self) -> None:
        with self._lock:
            self._stopped = True
            waiting = list(self._waiting)
        self._current.cancel()
        for future in waiting:
            future.cancel()

    def close(self) -> None:
        self.cancel()
        self._current.close()

    @property
    def result(self) -> ToolsResult:
        if self._result is None:
            raise CancellationError("the answer was abandoned: its stream was closed")
        return self._result


@dataclass(frozen=True, slots=True)
class _Raised:
    error: Exception


def _without_cut_calls(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message without a call that max_tokens cut short, which no template could show to the model again."""
    whole = [call for call in message.get("tool_calls") or [] if _is_object(call["function"]["arguments"])]
    rest = {name: value for name, value in message.items() if name != "tool_calls"}
    return {**rest, "tool_calls": whole} if whole else rest


def _is_object(arguments: str | Mapping[str, Any]) -> bool:
    if isinstance(arguments, str):
        try:
            return isinstance(json.loads(arguments), dict)
        except ValueError:
            return False
    return True


def as_content(value: Any) -> str:
    """What a function returned as the model is told it: a str as it is, all else as JSON.

    Raises TypeError, and ValueError for what is not Unicode, as names of files may be.
    """
    content = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_to_json)
    content.encode()
    return content


def _to_json(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)

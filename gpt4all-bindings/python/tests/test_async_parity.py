"""AsyncModel, AsyncSession and AsyncStream have what Model, Session and Stream have, with the same signatures."""

from __future__ import annotations

import inspect
import re
import sys
import typing
from collections.abc import Callable
from typing import Any

import pytest

from gpt4all import AsyncModel, AsyncSession, AsyncStream, Model, Session, Stream

TWINS: dict[type, type] = {Model: AsyncModel, Session: AsyncSession, Stream: AsyncStream}

# What one of the two has alone, and why.
ALONE = {
    "Model.submit": "a Task blocks the thread that waits for it, which is what AsyncStream is there to avoid",
    "AsyncModel.open": "a constructor cannot be awaited, so that opening is a step of its own",
    "AsyncModel.model": "the Model of it, for threads",
    "AsyncStream.aclose": "what contextlib.aclosing() calls",
}

# What is called without `await`, as it waits for nothing.
NOT_AWAITED = {
    "AsyncSession.edit": "changes the history",
    "AsyncSession.fork": "copies the history",
    "AsyncSession.undo": "changes the history",
    "AsyncStream.cancel": "tells the engine, and does not wait for it",
    "AsyncStream.close": "tells the engine, and does not wait for it",
    "AsyncStream.events": "makes an iterator, whose items are awaited",
}

# Where parameters differ, and why.
OTHERWISE = {
    "AsyncModel.__init__": ("model: PathLike | Model", "it also takes a Model that is open"),
}

# Python's names for the two ways of entering, leaving and iterating.
SPECIAL = {"__enter__": "__aenter__", "__exit__": "__aexit__", "__iter__": "__aiter__", "__next__": "__anext__"}


def members(cls: type) -> dict[str, Any]:
    """The public methods and properties, those of base classes in this package too."""
    own = [base for base in cls.__mro__ if base.__module__.startswith("gpt4all")]
    return {name: member for base in reversed(own) for name, member in vars(base).items() if not name.startswith("_")}


def plain(annotation: object) -> str:
    """An annotation as the twin without asyncio has it."""
    text = str(annotation)
    text = re.sub(r"\bAsync(?=Model|Session|Stream|Iterator)", "", text)
    while found := re.search(r"Coroutine\[Any, Any, ", text):
        end, depth = found.end(), 1
        while depth:
            depth += {"[": 1, "]": -1}.get(text[end], 0)
            end += 1
        text = text[: found.start()] + text[found.end() : end - 1] + text[end:]
    return text


def parameters(function: Callable[..., Any]) -> list[tuple[Any, ...]]:
    signature = inspect.signature(function)
    return [(each.name, each.kind, each.default, plain(each.annotation)) for each in signature.parameters.values()]


def returned(function: Callable[..., Any]) -> str:
    return plain(inspect.signature(function).return_annotation)


def is_awaited(function: Callable[..., Any]) -> bool:
    annotation = str(inspect.signature(function).return_annotation)
    return inspect.iscoroutinefunction(inspect.unwrap(function)) or annotation.startswith("Coroutine[")


def function_of(cls: type, name: str) -> Callable[..., Any]:
    member = inspect.getattr_static(cls, name)
    function: Callable[..., Any] = getattr(member, "__func__", getattr(member, "fget", None) or member)
    return function


SHARED = [
    (sync, twin, name) for sync, twin in TWINS.items() for name in sorted(members(sync).keys() & members(twin).keys())
]
IDS = [f"{twin.__name__}.{name}" for _, twin, name in SHARED]


@pytest.mark.parametrize("sync", TWINS, ids=lambda each: str(each.__name__))
def test_nothing_is_missing(sync: type) -> None:
    twin = TWINS[sync]
    alone = {f"{sync.__name__}.{name}" for name in members(sync).keys() - members(twin).keys()}
    alone |= {f"{twin.__name__}.{name}" for name in members(twin).keys() - members(sync).keys()}
    known = {name for name in ALONE if name.partition(".")[0] in (sync.__name__, twin.__name__)}
    assert alone == known


@pytest.mark.parametrize("sync", TWINS, ids=lambda each: str(each.__name__))
def test_constructors(sync: type) -> None:
    twin = TWINS[sync]
    first, second = parameters(sync.__init__)[1:], parameters(twin.__init__)[1:]  # type: ignore[misc]
    if f"{twin.__name__}.__init__" in OTHERWISE:
        (name, _, _, annotation), *second = second
        assert f"{name}: {annotation}" == OTHERWISE[f"{twin.__name__}.__init__"][0]
        first = first[1:]
    assert second == first


@pytest.mark.parametrize(("sync", "twin", "name"), SHARED, ids=IDS)
def test_signatures(sync: type, twin: type, name: str) -> None:
    first, second = function_of(sync, name), function_of(twin, name)
    assert parameters(second) == parameters(first)
    assert returned(second) == returned(first)
    assert type(inspect.getattr_static(twin, name)) is type(inspect.getattr_static(sync, name))


@pytest.mark.parametrize(("sync", "twin", "name"), SHARED, ids=IDS)
def test_what_may_wait_is_awaited(sync: type, twin: type, name: str) -> None:
    if isinstance(inspect.getattr_static(twin, name), property):
        assert not is_awaited(function_of(twin, name))
    else:
        assert is_awaited(function_of(twin, name)) == (f"{twin.__name__}.{name}" not in NOT_AWAITED)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 does not tell overloads")
@pytest.mark.parametrize(("sync", "twin", "name"), SHARED, ids=IDS)
def test_overloads(sync: type, twin: type, name: str) -> None:
    if sys.version_info >= (3, 11):
        first, second = typing.get_overloads(function_of(sync, name)), typing.get_overloads(function_of(twin, name))
        assert [(parameters(each), returned(each)) for each in second] == [
            (parameters(each), returned(each)) for each in first
        ]


@pytest.mark.parametrize("sync", TWINS, ids=lambda each: str(each.__name__))
def test_special_methods(sync: type) -> None:
    for name, other in SPECIAL.items():
        assert hasattr(sync, name) == hasattr(TWINS[sync], other), other


def test_names_of_exceptions_are_used() -> None:
    """What is listed above is there, so that no line outlives its reason."""
    classes = {cls.__name__: cls for pair in TWINS.items() for cls in pair}
    for name in (*ALONE, *NOT_AWAITED, *OTHERWISE):
        owner, _, member = name.partition(".")
        assert hasattr(classes[owner], member), name


def test_differences_are_found() -> None:
    class Plain:
        def ask(self, text: str, *, n: int = 1) -> list[Model]:
            raise NotImplementedError

    class Other:
        async def ask(self, text: str, *, n: int = 2) -> list[AsyncModel]:
            raise NotImplementedError

        async def say(self, text: bytes, *, n: int = 1) -> Stream[Any]:
            raise NotImplementedError

    assert parameters(Plain.ask) != parameters(Other.ask)  # another default
    assert parameters(Plain.ask) != parameters(Other.say)  # another annotation
    assert returned(Plain.ask) == returned(Other.ask) != returned(Other.say)
    assert plain("Coroutine[Any, Any, ChatResult[Any]] | AsyncStream[ChatResult[Any]]") == (
        "ChatResult[Any] | Stream[ChatResult[Any]]"
    )

"""tools=: Python functions as the model sees them, and calls of them as it makes them."""

from __future__ import annotations

import enum
import functools
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from . import _docstrings as docstrings
from ._errors import InvalidArgumentError, shown
from ._from_json import convert_members
from ._json_schema import SchemaWriter, own_docstring, schema_of
from ._json_types import Member, hints_of, is_pydantic, members_of

_KEYWORDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Tool:
    """A function that a model may ask to call.

    function: with type hints; an `async def` for AsyncModel. Its parameters are described by their hints (Annotated's
        texts and limits included), its docstring (Google's, NumPy's or Sphinx's style) and their defaults. A class is
        called to make an object: a Pydantic model describes and checks itself; a dataclass, TypedDict or NamedTuple is
        described by its members.
    name, description, parameters: replace the function's name, the beginning of its docstring, and the JSON Schema made
        from its signature. With your own `parameters`, arguments are passed on as plain JSON values.

    Raises InvalidArgumentError for a signature that no JSON Schema can describe.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        description: str | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.function = function
        if not callable(function) or _is_no_tool(function):
            raise InvalidArgumentError(
                f"{shown(function)} is not a tool; give a function, or a class that calls can create"
            )
        self.name = name or _name_of(function)
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise InvalidArgumentError(
                f"{shown(self.name)} is not a name for a tool: use 1 to 64 of A-Z, a-z, 0-9, _, . and -; "
                "give Tool(…, name=…)"
            )
        docstring = own_docstring(function) if inspect.isclass(function) else inspect.getdoc(function) or ""
        text, described = docstrings.parse(docstring)
        self.description = text if description is None else description
        self._members: dict[str, Member] | None = None
        self._validates = parameters is None and is_pydantic(function)
        if parameters is None and self._validates:
            parameters = _without_title(schema_of(function))
            if parameters.get("type", "object") != "object":
                raise InvalidArgumentError(f"{self.name} is not a tool: its fields are not those of an object")
        elif parameters is None:
            members = members_of(function)
            self._members = _parameters(function, self.name) if members is None else members
            writer = SchemaWriter()
            parameters = writer.finish(writer.object_of(self._members, described))
        self.parameters: Mapping[str, Any] = parameters

    @property
    def is_async(self) -> bool:
        """Whether calling it returns something to await."""
        function = self.function
        while isinstance(function, functools.partial):
            function = function.func
        return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__)

    @property
    def schema(self) -> dict[str, Any]:
        """The tool as in OpenAI's requests."""
        described = {"description": self.description} if self.description else {}
        return {"type": "function", "function": {"name": self.name, **described, "parameters": self.parameters}}

    def __call__(self, arguments: str | Mapping[str, Any]) -> Any:
        """Calls the function with the arguments of a tool call: JSON text, or the object.

        Raises ValueError for arguments that do not fit, and what the function raises.
        """
        given = json.loads(arguments) if isinstance(arguments, str) else dict(arguments)
        if not isinstance(given, dict):
            raise ValueError(f"the arguments are not an object: {shown(arguments)}")
        if self._validates:
            return cast("Any", self.function).model_validate(given)
        return self.function(**(given if self._members is None else convert_members(given, self._members)))

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"


Tools = Sequence["Callable[..., Any] | Tool | Mapping[str, Any]"]
"""Python functions, Tool objects, and OpenAI's dicts for tools that the caller sees to."""


def _is_no_tool(function: object) -> bool:
    """A class that cannot be made by a call with its members."""
    return inspect.isclass(function) and (inspect.isabstract(function) or issubclass(function, enum.Enum))


def _without_title(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A Pydantic model's schema without what the tool itself says."""
    return {key: value for key, value in schema.items() if key not in ("title", "description")}


def _name_of(function: Callable[..., Any]) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def _parameters(function: Callable[..., Any], name: str) -> dict[str, Member]:
    members = {}
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise InvalidArgumentError(f"the parameters of {name}() cannot be determined: {error}") from error
    hints = _hints(function)
    for parameter in signature.parameters.values():
        if parameter.kind not in _KEYWORDS:
            raise InvalidArgumentError(f"{name}() has the parameter {parameter}, which cannot be passed by name")
        required = parameter.default is inspect.Parameter.empty
        default = None if required else parameter.default
        members[parameter.name] = Member(hints.get(parameter.name, Any), required, default)
    return members


def _hints(function: Any) -> dict[str, Any]:
    while isinstance(function, functools.partial):
        function = function.func
    if not (inspect.isroutine(function) or inspect.isclass(function)):
        function = type(function).__call__
    if inspect.isclass(function):
        function = function.__new__ if function.__init__ is object.__init__ else function.__init__
    return hints_of(function)


def as_tools(tools: Tools) -> list[Tool | Mapping[str, Any]]:
    """Functions as Tool objects, all else as it is. Raises InvalidArgumentError."""
    found: list[Tool | Mapping[str, Any]] = []
    if isinstance(tools, (str, bytes, Mapping)) or not isinstance(tools, Iterable):
        raise InvalidArgumentError(f"tools must be a list of functions, Tool objects or dicts, not {shown(tools)}")
    for tool in tools:
        if isinstance(tool, (Tool, Mapping)):
            found.append(tool)
        elif callable(tool):
            found.append(Tool(tool))
        else:
            raise InvalidArgumentError(f"{shown(tool)} is not a tool; give a function, a Tool or OpenAI's dict")
    return found


def describe(tools: Tools) -> list[Mapping[str, Any]]:
    """Tools as OpenAI's requests have them."""
    return [tool.schema if isinstance(tool, Tool) else tool for tool in as_tools(tools)]

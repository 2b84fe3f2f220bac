"""Tools that a model may ask to call, once a person has agreed to the call."""

from __future__ import annotations

import ast
import json
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Tool:
    """A function that runs in this program.

    parameters: a JSON Schema of its arguments. run: raises ValueError for what it cannot do.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    run: Callable[[Mapping[str, Any]], str]

    def described(self) -> dict[str, Any]:
        """For the engine."""
        function = {"name": self.name, "description": self.description, "parameters": dict(self.parameters)}
        return {"type": "function", "function": function}


def _time(_: Mapping[str, Any]) -> str:
    return datetime.now().astimezone().strftime("%A, %Y-%m-%d %H:%M:%S %Z (UTC%z)")


MOST_BITS = 14_000
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(math, name) for name in ("sqrt", "log", "log10", "exp", "sin", "cos", "tan", "floor", "ceil")},
    "abs": abs,
    "round": lambda value, digits=0: round(float(value), digits),
    "min": min,
    "max": max,
}
_NAMES = {"pi": math.pi, "e": math.e}


def calculate(text: str) -> str:
    """The value of an expression of numbers. Raises ValueError for anything else, and for what is too large."""
    if len(text) > 1000:
        raise ValueError("the expression is too long")
    try:
        value = _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"it is no expression: {error}") from None
    except (ArithmeticError, TypeError) as error:
        raise ValueError(str(error)) from None
    return str(value)


def _value(node: ast.AST) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return node.value
    if isinstance(node, ast.Name) and node.id in _NAMES:
        return _NAMES[node.id]
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return _bounded(_OPERATORS[type(node.op)](_value(node.operand)))
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Pow):
            return _power(left, right)
        if type(node.op) in _OPERATORS:
            return _bounded(_OPERATORS[type(node.op)](left, right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        if node.func.id not in _FUNCTIONS:
            raise ValueError(f"there is no function {node.func.id}")
        return _bounded(_FUNCTIONS[node.func.id](*map(_value, node.args)))
    raise ValueError("only numbers, + - * / // % **, and functions such as sqrt can be calculated")


def _power(base: float, exponent: float) -> float:
    whole = isinstance(base, int) and isinstance(exponent, int)
    if whole and exponent > 0 and exponent * int(abs(base)).bit_length() > MOST_BITS:
        raise ValueError("the result is too large")
    return _bounded(base**exponent)


def _bounded(value: Any) -> float:
    if isinstance(value, complex) or (isinstance(value, int) and value.bit_length() > MOST_BITS):
        raise ValueError("the result is too large, or no real number")
    return value  # type: ignore[no-any-return]


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "current_time",
            "Tells the date and the time of day, with the time zone.",
            {"type": "object", "properties": {}, "additionalProperties": False},
            _time,
        ),
        Tool(
            "calculate",
            "Calculates an arithmetic expression exactly, such as (17.5 * 3) / 2 or sqrt(2).",
            {
                "type": "object",
                "properties": {"expression": {"type": "string", "description": "The expression."}},
                "required": ["expression"],
                "additionalProperties": False,
            },
            lambda arguments: calculate(str(arguments.get("expression", ""))),
        ),
    )
}


def chosen(names: Sequence[str] | None) -> list[Tool]:
    """Those of these names that there are."""
    return [TOOLS[name] for name in names or () if name in TOOLS]


def call(name: str, arguments: str) -> str:
    """What a tool gives. Raises ValueError for wrong arguments, and for what it cannot do."""
    if name not in TOOLS:
        raise ValueError(f"there is no tool {name[:100]!r}")
    read = json.loads(arguments or "{}")
    if not isinstance(read, dict):
        raise ValueError("the arguments are no object")
    return TOOLS[name].run(read)

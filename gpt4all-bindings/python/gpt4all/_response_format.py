"""response_format=: the form an answer must have, and what it is then read as."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._errors import InvalidArgumentError, ResponseFormatError, shown
from ._from_json import convert
from ._json_schema import schema_of

if TYPE_CHECKING:
    from . import types

_OPENAI = ("text", "json_object", "json_schema")


@dataclass(frozen=True, slots=True)
class Format:
    """A form of answers.

    request: the "response_format" of a request for one.
    type: what an answer is converted to; Any: JSON is given as it is; None: an answer is text and is not parsed.
    """

    request: Mapping[str, Any]
    type: Any

    @classmethod
    def of(cls, given: object) -> Format | None:
        """What response_format= was given: a type, a JSON Schema or OpenAI's dict; None for None.

        Raises InvalidArgumentError.
        """
        if given is None:
            return None
        if isinstance(given, Mapping):
            if given.get("type") in _OPENAI:
                return cls(given, None if given["type"] == "text" else Any)
            title = given.get("title")
            return cls(_request(title if isinstance(title, str) and title else "answer", given), Any)
        if isinstance(given, (str, int, float)):
            raise InvalidArgumentError(
                f"response_format={shown(given)} is not a valid form; give a type, a JSON Schema as a dict, or "
                '{"type": "json_object"}'
            )
        name = getattr(given, "__name__", None) if typing.get_origin(given) is None else None
        return cls(_request(name or "answer", schema_of(given)), given)

    def parse(self, text: str, finish_reason: str, invalid: types.Invalid | None = None) -> Any:
        """The object that an answer stands for. Raises ResponseFormatError.

        invalid: what the library found wrong, which checks answers to requests that are not strict.
        """
        if self.type is None:
            return None
        if invalid is not None and "tool_call" not in invalid and finish_reason != "length":
            where = f"{invalid['keyword'] or 'the form'} at {invalid['pointer'] or 'the root'}"
            detail = {"text": text, "finish_reason": finish_reason, "place": invalid["pointer"], "invalid": invalid}
            raise ResponseFormatError(
                f"the answer is not what response_format asks for: {invalid['message']} ({where})", detail
            )
        try:
            return convert(json.loads(text), self.type)
        except ValueError as error:  # which JSONDecodeError, MismatchError and Pydantic's ValidationError are
            why = f"the answer is not what response_format asks for: {error}"
            if finish_reason == "length":
                why = "the answer was cut short; allow more max_tokens, or a larger n_ctx"
            detail = {"text": text, "finish_reason": finish_reason, "place": getattr(error, "place", "")}
            if invalid is not None:
                detail["invalid"] = invalid
            raise ResponseFormatError(why, detail) from error


def _request(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "json_schema",
        "json_schema": {"name": re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64], "schema": schema},
    }

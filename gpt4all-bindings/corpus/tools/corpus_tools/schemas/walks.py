"""Random texts of a schema's grammar, and whether they are JSON that is valid under the schema."""

from __future__ import annotations

import decimal
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

from .program import WalkGrammar

WALKS = 60


@dataclass
class Verdict:
    """What became of a schema: refused, by which keyword and where, or honoured, and what of that is wrong."""

    refused: str = ""
    keyword: str = ""
    pointer: str = ""
    seconds: float = 0
    walked: Sequence[str] = ()
    accepted: Sequence[bool] = ()
    wrong: list[str] = field(default_factory=list)


class Walker(WalkGrammar):
    """Walks through the grammars of schemas."""

    def ask(
        self, schema: Any, texts: Sequence[str] = (), seed: int = 1, *, arguments: bool = False, walks: int = WALKS
    ) -> Verdict:
        """Walks through a schema's grammar, and asks which of the texts it admits."""
        answer = self.answer({"schema": schema, "walks": walks, "seed": seed, "texts": texts, "arguments": arguments})
        if "error" in answer:
            return Verdict(answer["error"], answer.get("keyword", ""), answer.get("pointer", ""))
        return Verdict(seconds=answer["seconds"], walked=answer["walked"], accepted=answer["accepted"])


def exact(text: str) -> Any:
    """JSON with its numbers as they are written: in floats, 0.3 is no multiple of 0.1."""
    return json.loads(text, parse_float=decimal.Decimal, parse_constant=_refuse)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def judge_of(schema: Any, draft: str) -> Validator:
    """What jsonschema makes of a schema, formats included."""
    kind = Draft7Validator if draft == "draft7" else Draft202012Validator
    return kind(exact(json.dumps(schema)), format_checker=kind.FORMAT_CHECKER)


def fault(judge: Validator, text: str) -> str:
    """What is wrong with a text; nothing if it is JSON, and valid."""
    try:
        with decimal.localcontext(decimal.Context(prec=400)):  # to divide 1e99
            judge.validate(exact(text))
    except ValueError as error:
        return f"{text!r} is not JSON: {error}"
    except ValidationError as error:
        return f"{text!r} is not valid: {error.message}"
    return ""

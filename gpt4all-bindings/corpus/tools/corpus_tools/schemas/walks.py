"""Random texts of a schema's grammar, and whether they are JSON that is valid under the schema."""

from __future__ import annotations

import decimal
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator

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


class Walker:
    """The program walk_grammar, which makes grammars of schemas and walks through them."""

    def __init__(self, program: Path) -> None:
        self._running = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def close(self) -> None:
        """Ends the program."""
        self._running.communicate()

    def ask(
        self, schema: Any, texts: Sequence[str] = (), seed: int = 1, *, arguments: bool = False, walks: int = WALKS
    ) -> Verdict:
        """Walks through a schema's grammar, and asks which of the texts it admits."""
        asked = {"schema": schema, "walks": walks, "seed": seed, "texts": texts, "arguments": arguments}
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(json.dumps(asked) + "\n")
        self._running.stdin.flush()
        line = self._running.stdout.readline()
        if not line:
            raise RuntimeError(f"walk_grammar ended with {self._running.wait()} at {json.dumps(schema)[:500]}")
        answer = json.loads(line)
        if "fault" in answer:
            raise RuntimeError(f"{answer['fault']}, at {json.dumps(schema)[:500]}")
        if "error" in answer:
            return Verdict(answer["error"], answer.get("keyword", ""), answer.get("pointer", ""))
        walked = [text for text in answer["walked"] if text is not None]
        return Verdict(seconds=answer["seconds"], walked=walked, accepted=answer["accepted"])


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

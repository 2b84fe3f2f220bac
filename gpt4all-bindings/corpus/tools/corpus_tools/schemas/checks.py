"""What a schema that is not strict comes to: what of it is refused even so, and which values are valid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .program import WalkGrammar


@dataclass(frozen=True)
class Checked:
    """Why a schema is refused, or texts of what a grammar says of it, and what is wrong with each text, if anything."""

    refused: str = ""
    keyword: str = ""
    walked: Sequence[str] = ()
    faults: Sequence[dict[str, Any] | None] = ()


class Checker(WalkGrammar):
    """Checks texts against schemas."""

    def check(self, schema: Any, texts: Sequence[str] = (), *, strict: bool = False, walks: int = 0) -> Checked:
        """Asks what is wrong with texts; of a strict schema, whether it is refused."""
        answer = self.answer({"schema": schema, "walks": walks, "lenient": not strict, "check": texts})
        if "error" in answer:
            return Checked(answer["error"], answer.get("keyword", ""))
        return Checked(walked=answer["walked"], faults=answer["faults"])

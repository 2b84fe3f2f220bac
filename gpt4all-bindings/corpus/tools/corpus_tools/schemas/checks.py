"""What a schema that is not strict comes to: what of it is refused even so, and which values are valid."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Checked:
    """Why a schema is refused, or texts of what a grammar says of it, and what is wrong with each text, if anything."""

    refused: str = ""
    keyword: str = ""
    walked: Sequence[str] = ()
    faults: Sequence[dict[str, Any] | None] = ()


class Checker:
    """The program walk_grammar, which checks texts against schemas."""

    def __init__(self, program: Path) -> None:
        self._running = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def close(self) -> None:
        """Ends the program."""
        self._running.communicate()

    def check(self, schema: Any, texts: Sequence[str] = (), *, strict: bool = False, walks: int = 0) -> Checked:
        """Asks what is wrong with texts; of a strict schema, whether it is refused."""
        asked = {"schema": schema, "walks": walks, "lenient": not strict, "check": texts}
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(json.dumps(asked) + "\n")
        self._running.stdin.flush()
        line = self._running.stdout.readline()
        if not line:
            raise RuntimeError(f"walk_grammar ended with {self._running.wait()} at {json.dumps(schema)[:500]}")
        answer = json.loads(line)
        if "error" in answer:
            return Checked(answer["error"], answer.get("keyword", ""))
        walked = [text for text in answer["walked"] if text is not None]
        return Checked(walked=walked, faults=answer["faults"])

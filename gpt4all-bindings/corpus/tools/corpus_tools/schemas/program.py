"""The program walk_grammar, which makes grammars of schemas, walks through them, and checks texts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class WalkGrammar:
    """Runs the program until it is closed; tests/walk_grammar.cpp says what can be asked."""

    def __init__(self, program: Path) -> None:
        self._running = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")

    def close(self) -> None:
        """Ends the program."""
        self._running.communicate()

    def answer(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What the program says of a schema: of one that is refused, the "error". Raises RuntimeError if it fails."""
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(json.dumps(asked) + "\n")
        self._running.stdin.flush()
        line = self._running.stdout.readline()
        about = f"at {json.dumps(asked['schema'])[:500]}"
        if not line:
            raise RuntimeError(f"walk_grammar ended with {self._running.wait()} {about}")
        answer: dict[str, Any] = json.loads(line)
        if "fault" in answer:
            raise RuntimeError(f"{answer['fault']}, {about}")
        answer["walked"] = [text for text in answer.get("walked", ()) if text is not None]
        return answer

"""What a model has written so far: text, reasoning, calls of tools, and how long each took."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..schemas.chats import Stats, ToolCall


@dataclass
class Written:
    """Of one message. reasoning_seconds: until the answer itself began."""

    content: str = ""
    reasoning: str = ""
    calls: list[ToolCall] = field(default_factory=list)
    reasoning_seconds: float | None = None
    first_seconds: float | None = None
    clock: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)
    _thinking_since: float | None = None

    def __post_init__(self) -> None:
        self._begun = self.clock()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return self.clock() - self._begun

    def add_reasoning(self, piece: str) -> None:
        self._note_first()
        if self._thinking_since is None:
            self._thinking_since = self.clock()
        self.reasoning += piece
        self.reasoning_seconds = round(self.clock() - self._thinking_since, 2)

    def add_text(self, piece: str) -> None:
        self._note_first()
        self.content += piece

    def _note_first(self) -> None:
        if self.first_seconds is None:
            self.first_seconds = round(self.seconds, 3)

    def stats(self, results: list[dict[str, Any]]) -> Stats:
        """Of the engine's results, one for each round."""
        usages = [result["usage"] for result in results]
        timings = [result.get("timings", {}) for result in results]
        tokens = sum(usage.get("completion_tokens", 0) for usage in usages)
        milliseconds = sum(timing.get("predicted_ms", 0.0) for timing in timings)
        return Stats(
            prompt_tokens=sum(usage["prompt_tokens"] for usage in usages),
            cached_tokens=sum(usage.get("prompt_tokens_details", {}).get("cached_tokens", 0) for usage in usages),
            tokens=tokens,
            seconds=round(self.seconds, 3),
            tokens_per_second=round(tokens / milliseconds * 1000, 2) if milliseconds else 0.0,
            first_token_seconds=self.first_seconds,
        )

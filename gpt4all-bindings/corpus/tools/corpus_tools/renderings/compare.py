"""How the library's prompts differ from jinja2's.

Usage: python -m corpus_tools.renderings.compare FOLDER [NAME…] (shows the differences of the templates in a folder)
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpt4all import LLModelError

from . import reference
from .conversations import CONVERSATIONS
from .ours import Opened


@dataclass(frozen=True)
class Rendering:
    """What became of a conversation on both sides: a prompt, or why there is none."""

    conversation: str
    prompt: str | None
    wanted: str | None
    error: str = ""
    reason: str = ""

    @property
    def same(self) -> bool:
        """Whether both made the same prompt, or both refused."""
        return self.prompt == self.wanted

    @property
    def kind(self) -> str:
        """In which way they differ, as the list of differences says it."""
        if self.prompt is None:
            return "refused here"
        return "refused by jinja2" if self.wanted is None else "differs"

    def difference(self) -> str:
        """What differs, to be read."""
        if self.prompt is None:
            return f"{self.conversation}: refused, but jinja2 renders it: {self.error}"
        if self.wanted is None:
            return f"{self.conversation}: rendered, but jinja2 refuses it: {self.reason}"
        lines = difflib.unified_diff(
            self.wanted.splitlines(), self.prompt.splitlines(), "jinja2", "here", n=0, lineterm=""
        )
        return f"{self.conversation}:\n" + "\n".join(lines)


def renderings(source: str, conversations: Mapping[str, Any] = CONVERSATIONS) -> Iterator[Rendering]:
    """Every conversation in a template's way. Raises gpt4all.LLModelError if a model cannot be opened with it."""
    with Opened(source) as opened:
        for name, request in conversations.items():
            prompt = wanted = None
            error = reason = ""
            try:
                prompt = opened.prompt(request)
            except LLModelError as failure:
                error = str(failure)
            try:
                wanted = reference.prompt(source, request, opened.capabilities).removeprefix(reference.BOS)
            except Exception as failure:
                reason = f"{type(failure).__name__}: {failure}"
            yield Rendering(name, prompt, wanted, error, reason)


def main() -> int:
    """Reads the command line."""
    folder, *names = sys.argv[1:]
    for path in sorted(Path(folder).glob("*.jinja")):
        if names and not any(name in path.name for name in names):
            continue
        try:
            for rendering in renderings(path.read_text(encoding="utf-8")):
                if not rendering.same:
                    print(f"== {path.name} {rendering.difference()}")
        except LLModelError as error:
            print(f"== {path.name} cannot be opened: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

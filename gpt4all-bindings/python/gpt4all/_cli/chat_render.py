"""Markdown that is rendered while it is written.

Only the last block, which may still change, is redrawn with every piece; those before it are printed once, so that
an answer longer than the screen stays whole in the terminal's memory.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import output

if TYPE_CHECKING:
    from .._results import ChatResult
    from .._stream import Stream

_INTERVAL = 0.08  # seconds between two drawings


def render(stream: Stream[ChatResult]) -> None:
    """Prints an answer. What was drawn stays when it fails or is stopped."""
    from rich.console import Console
    from rich.live import Live
    from rich.markdown import Markdown
    from rich.text import Text

    console = Console(highlight=False)
    rest, drawn, thinking, printed = "", 0.0, "", False
    with Live(console=console, auto_refresh=False, transient=False, vertical_overflow="ellipsis") as live:
        try:
            for event in stream.events():
                if event.kind == "reasoning":
                    thinking += output.safe(event.data)
                    line = thinking.replace("\n", " ")[-console.width + 4 :]
                    live.update(Text(f"... {line}", style="dim"), refresh=True)
                    continue
                if event.kind != "text" or event.index:
                    continue
                rest += output.safe(event.data)
                done, rest = split(rest)
                if done:
                    live.update(Text(""), refresh=True)
                    console.print(Markdown(("\n" if printed else "") + done))
                    console.print()
                    printed = True
                if done or time.monotonic() - drawn > _INTERVAL:
                    live.update(Markdown(rest), refresh=True)
                    drawn = time.monotonic()
        finally:
            live.vertical_overflow = "visible"
            live.update(Markdown(rest), refresh=True)


def split(text: str) -> tuple[str, str]:
    """Markdown's blocks that are complete, and the last one, which may go on."""
    from markdown_it import MarkdownIt

    begins = [
        token.map[0] for token in MarkdownIt("commonmark").enable("table").parse(text) if token.level == 0 and token.map
    ]
    if len(begins) < 2 or begins[-1] == 0:
        return "", text
    lines = text.splitlines(keepends=True)
    return "".join(lines[: begins[-1]]), "".join(lines[begins[-1] :])

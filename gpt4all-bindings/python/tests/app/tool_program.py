"""A program with tools, by the package that the protocol's authors publish."""

from __future__ import annotations

import os
import sys
import time

from mcp.server import MCPServer


def read_note(title: str) -> str:
    """Reads a note."""
    if title == "none":
        raise ValueError("there is no such note")
    return f"{title}: buy milk ({os.environ.get('NOTES', 'no variable')}, {os.environ.get('SECRET', 'no secret')})"


def end() -> str:
    """Ends the program, as a crash does."""
    os._exit(3)


def slow() -> str:
    """Takes its time."""
    time.sleep(float(sys.argv[1]))
    return "late"


server = MCPServer("notes")
server.add_tool(read_note)
server.add_tool(end)
server.add_tool(slow, name="with.dots and blanks")
server.run()

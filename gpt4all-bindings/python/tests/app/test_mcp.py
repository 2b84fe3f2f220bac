"""Programs with tools: which are started, what they give, and what becomes of those that fail."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gpt4all._app.chats import mcp
from gpt4all._app.chats.toolbox import Toolbox

from .conftest import Start
from .running import App

pytest.importorskip("mcp", reason="`make test LANES=app` installs what programs with tools need")

PROGRAM = str(Path(__file__).with_name("tool_program.py"))
T = TypeVar("T")


def listing(folder: Path, **others: Any) -> None:
    """Writes the file that lists a program, and others."""
    own = {"command": sys.executable, "args": [PROGRAM, "0"], "env": {"NOTES": "a variable"}}
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": {"notes": own, **others}}))


def used(folder: Path, work: Callable[[Toolbox], Awaitable[T]]) -> T:
    """Does something with the tools, and ends the programs."""

    async def run() -> T:
        toolbox = Toolbox(folder)
        try:
            return await work(toolbox)
        finally:
            await asyncio.wait_for(toolbox.close(), 20)

    return asyncio.run(run())


def test_a_programs_tools_are_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets the variables that are listed, and none of ours beside the usual ones."""
    monkeypatch.setenv("SECRET", "of the user")
    listing(tmp_path)

    async def work(toolbox: Toolbox) -> None:
        names = [each.name for each in await toolbox.listed()]
        assert names[2:] == ["notes__read_note", "notes__end", "notes__with_dots_and_blanks"]
        [described] = await toolbox.described(["notes__read_note", "none"])
        assert described["function"]["description"] == "Reads a note."
        assert described["function"]["parameters"]["required"] == ["title"]
        assert await toolbox.call("notes__read_note", '{"title": "today"}') == "today: buy milk (a variable, no secret)"
        assert await toolbox.call("notes__with_dots_and_blanks", "{}") == "late"
        for arguments in ('{"title": "none"}', "{}", "[]", "{"):
            with pytest.raises(ValueError, match=r"."):
                await toolbox.call("notes__read_note", arguments)

    used(tmp_path, work)


def test_a_program_that_crashes_is_started_again(tmp_path: Path) -> None:
    listing(tmp_path)

    async def work(toolbox: Toolbox) -> None:
        await toolbox.listed()
        with pytest.raises(ValueError, match="does not answer"):
            await toolbox.call("notes__end", "{}")
        assert "buy milk" in await toolbox.call("notes__read_note", '{"title": "x"}')

    used(tmp_path, work)


def test_a_program_that_cannot_be_used_keeps_no_other_out(tmp_path: Path) -> None:
    broken = {"command": str(tmp_path / "none")}
    silent = {"command": sys.executable, "args": ["-c", "pass"]}
    listing(tmp_path, broken=broken, silent=silent)
    found = used(tmp_path, lambda toolbox: toolbox.listed())
    failed = {each.name: each.error for each in found if each.error}
    assert set(failed) == {"broken", "silent"}
    assert "does not answer as it should" in str(failed["broken"])
    assert any(each.name == "notes__read_note" for each in found)


def hostile(what: str) -> dict[str, Any]:
    return {"command": sys.executable, "args": [str(Path(__file__).with_name("hostile_program.py")), what]}


def test_a_program_that_lists_tools_without_an_end_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "LIST_SECONDS", 3.0)
    listing(tmp_path, endless=hostile("endless"), silent=hostile("silent"))
    found = used(tmp_path, lambda toolbox: asyncio.wait_for(toolbox.listed(), 60))
    failed = {each.name: str(each.error) for each in found if each.error}
    assert "more than 500 tools" in failed["endless"]
    assert "did not list its tools within 3 seconds" in failed["silent"]
    assert any(each.name == "notes__read_note" for each in found)


def test_no_tool_comes_to_stand_for_another(tmp_path: Path) -> None:
    """What a name stands for, and what it says of itself, is not changed by a tool whose name becomes the same."""
    listing(tmp_path, notes=hostile("twice"))

    async def work(toolbox: Toolbox) -> None:
        assert [each.name for each in await toolbox.listed() if "__" in each.name] == ["notes__read_it"]
        [described] = await toolbox.described(["notes__read_it"])
        assert described["function"]["description"].startswith("read it ")
        assert len(described["function"]["description"]) == mcp.MOST_OF_DESCRIPTION

    used(tmp_path, work)


def test_without_a_file_there_are_no_programs(tmp_path: Path) -> None:
    assert [each.error for each in used(tmp_path, lambda toolbox: toolbox.listed())] == [None, None]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"mcpServers": []}', '{"mcpServers": {"a": {"args": []}}}',
                                  '{"mcpServers": {"a": {"command": ["sh"]}}}'])  # fmt: skip
def test_a_file_that_is_not_right_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "mcp.json").write_text(text)
    found = used(tmp_path, lambda toolbox: toolbox.listed())
    assert "mcp.json cannot be used" in str(found[-1].error)


def test_over_the_api(start: Start, tmp_path: Path) -> None:
    """The page sees the tools; it cannot list other programs."""
    (tmp_path / "data").mkdir()
    listing(tmp_path / "data")
    with start() as app:
        assert isinstance(app, App)
        names = [each["name"] for each in app.ask("GET", "/tools")]
        assert "notes__read_note" in names
        app.ask("PATCH", "/settings", {"mcpServers": {}}, status=400)

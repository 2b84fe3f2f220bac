"""Where the questions come from: a line editor with history, several lines and completion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from . import output
from .chat_commands import COMMANDS, option_names
from .open_model import complete_model

if TYPE_CHECKING:
    from .chat_commands import Chat


class CommandCompleter(Completer):
    """Completes /commands and what follows them."""

    def __init__(self) -> None:
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        text = document.text_before_cursor
        if not text.startswith("/") or "\n" in text:
            return
        name, space, rest = text.partition(" ")
        if not space:
            for command in COMMANDS.values():
                if f"/{command.name}".startswith(name):
                    yield Completion(f"/{command.name}", -len(name), display_meta=command.help)
        elif name in ("/load", "/save"):
            yield from self._paths.get_completions(Document(rest), complete_event)
        elif name in ("/model", "/set"):
            words = complete_model(rest) if name == "/model" else option_names()
            for word in words:
                if word.startswith(rest):
                    yield Completion(word, -len(rest))


def _history() -> History:
    from ..models import cache_folder

    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        path = cache_folder() / "chat_history"
        path.touch(mode=0o600)
        return FileHistory(str(path))
    except OSError as error:
        output.note(f"questions will not be remembered: {error}")
        return InMemoryHistory()


def _keys() -> KeyBindings:
    keys = KeyBindings()

    @keys.add("escape", "enter")
    @keys.add("c-j")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None
        elif buffer.text.endswith("\\"):
            buffer.delete_before_cursor()
            buffer.insert_text("\n")
        elif buffer.text.startswith('"""') and (len(buffer.text) < 6 or not buffer.text.rstrip().endswith('"""')):
            buffer.insert_text("\n")
        else:
            buffer.validate_and_handle()

    return keys


def questions(talk: Chat) -> Iterator[str]:
    """What the user enters, until Ctrl-D."""
    session: PromptSession[str] = PromptSession(
        history=_history(),
        completer=CommandCompleter(),
        complete_while_typing=False,
        key_bindings=_keys(),
        multiline=True,
        prompt_continuation="... ",
        enable_open_in_editor=True,
    )
    while True:
        try:
            text = session.prompt(">>> ").strip()
        except KeyboardInterrupt:
            output.note("Ctrl-D or /exit leaves")
            continue
        except EOFError:
            return
        if len(text) >= 6 and text.startswith('"""') and text.endswith('"""'):
            text = text[3:-3].strip()
        if text:
            yield text

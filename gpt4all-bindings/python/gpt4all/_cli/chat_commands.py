"""What may be said in a chat besides questions: /help, /save and the like."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import output

if TYPE_CHECKING:
    from .._results import ChatResult
    from .._session import Session
    from .._stream import Stream

Answer = Callable[[Callable[[], "Stream[ChatResult]"]], None]


class Leave(Exception):
    """The conversation is over."""


class Chat:
    """A conversation and the model it is with. failed: whether the last thing said came to nothing."""

    def __init__(self, open_session: Callable[[str | None], Session], model: str | None, answer: Answer) -> None:
        self._open_session = open_session
        self._answer = answer
        self.failed = False
        self.session = open_session(model)

    def handle(self, text: str) -> bool:
        """Answers a question, or does what a /command says. False if the user wants to leave."""
        from .._errors import LLModelError

        self.failed = False
        try:
            if text.startswith("/"):
                self._command(text)
            else:
                self._answer(lambda: self.session.chat(text, stream=True))
        except Leave:
            return False
        except KeyboardInterrupt:
            if not sys.stdin.isatty():
                raise
            output.note("\nstopped")
        except (LLModelError, OSError) as error:
            if not isinstance(error, LLModelError) and error.filename is None:
                raise  # the answers cannot be written any more
            self.failed = True
            output.fail(str(error))
        return True

    def _command(self, text: str) -> None:
        from .._errors import InvalidArgumentError

        name, _, rest = text[1:].partition(" ")
        command = COMMANDS.get(name) or next((each for each in COMMANDS.values() if name in each.aliases), None)
        if command is None:
            raise InvalidArgumentError(f"there is no command /{name}; /help lists them")
        command.work(self, rest.strip())

    def close(self) -> None:
        self.session.model.close()

    # -------------------------------------------------------------------------------------------------------- commands

    def help(self, _: str) -> None:
        output.print_fields((f"/{each.name} {each.takes}".strip(), each.help) for each in COMMANDS.values())

    def system(self, text: str) -> None:
        if text:
            self.session.system = None if text in ("-", "none") else text
        print(f"system message: {self.session.system or 'none'}")

    def save(self, path: str) -> None:
        path = _needed(path, "/save FILE")
        self.session.save(path)
        print(f"saved {len(self.session.messages)} messages to {path}")

    def load(self, path: str) -> None:
        path = _needed(path, "/load FILE")
        self.session = type(self.session).load(path, self.session.model)
        print(f"loaded {len(self.session.messages)} messages from {path}")

    def reset(self, _: str) -> None:
        system = self.session.system
        self.session.messages = [{"role": "system", "content": system}] if system is not None else []
        print("the conversation starts over")

    def undo(self, turns: str) -> None:
        taken = self.session.undo(_number(turns or "1"))
        print(f"forgotten: {output.safe(output.one_line(str(taken[0]['content'])))}")

    def regenerate(self, _: str) -> None:
        self._answer(lambda: self.session.regenerate(stream=True))

    def model(self, name: str) -> None:
        if name:
            former, new = self.session, self._open_session(name)
            new.messages = former.messages
            new.options.clear()
            new.options.update(former.options)
            self.session = new
            former.model.close()
        print(f"model: {self.session.model.path}")

    def set(self, text: str) -> None:
        from .._errors import InvalidArgumentError

        name, _, value = text.partition(" ")
        if name and name not in option_names():
            raise InvalidArgumentError(f"there is no option {name!r}; the options are {', '.join(option_names())}")
        if name and value.strip() == "-":
            self.session.options.pop(name, None)
        elif name and value:
            self.session.options[name] = _value(value.strip())
        elif name:
            print(f"{name} = {self.session.options.get(name, 'as the library has it')}")
            return
        for key, known in self.session.options.items():
            print(f"{key} = {json.dumps(known, ensure_ascii=False)}")

    def history(self, _: str) -> None:
        for message in self.session.messages:
            print(f"{message['role']}: {output.safe(str(message['content']))}")

    def leave(self, _: str) -> None:
        raise Leave


def option_names() -> list[str]:
    """What /set takes."""
    from ..types import ChatOptions

    return sorted(ChatOptions.__annotations__)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _number(text: str) -> int:
    from .._errors import InvalidArgumentError

    try:
        return int(text)
    except ValueError:
        raise InvalidArgumentError(f"{text!r} is not a number of turns") from None


def _needed(path: str, usage: str) -> str:
    from .._errors import InvalidArgumentError

    if not path:
        raise InvalidArgumentError(f"which file? Write {usage}")
    return os.path.expanduser(path)


@dataclass(frozen=True)
class Command:
    """A /command. takes: what may follow it."""

    name: str
    work: Callable[[Chat, str], None]
    help: str
    takes: str = ""
    aliases: tuple[str, ...] = ()


COMMANDS = {
    each.name: each
    for each in (
        Command("help", Chat.help, "lists the commands", aliases=("?",)),
        Command("system", Chat.system, "shows or sets the system message; - removes it", "[TEXT]"),
        Command("save", Chat.save, "saves the conversation to a file", "FILE"),
        Command("load", Chat.load, "continues a saved conversation", "FILE"),
        Command("reset", Chat.reset, "forgets the conversation, but not the system message", aliases=("clear",)),
        Command("undo", Chat.undo, "forgets the last questions and their answers", "[HOW MANY]"),
        Command("regenerate", Chat.regenerate, "answers the last question again", aliases=("retry",)),
        Command("history", Chat.history, "shows the conversation"),
        Command("model", Chat.model, "shows the model, or switches to another", "[MODEL]"),
        Command(
            "set", Chat.set, "shows the options or sets one, such as temperature 0.2; - unsets it", "[OPTION [VALUE]]"
        ),
        Command("exit", Chat.leave, "leaves, as Ctrl-D does", aliases=("quit", "bye")),
    )
}

"""What a chat session sends: the conversation in the model's own template, in a Jinja template, or in a pattern."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from .._errors import InvalidArgumentError

if TYPE_CHECKING:
    from .._model import Model
    from .._operations import Prompt
    from .._results import ChatResult, Completion
    from .._stream import Stream

Message = dict[str, Any]

DEFAULT_PROMPT_TEMPLATE = "### Human:\n{0}\n\n### Assistant:\n"
"""What the last resort was, and is, for a model whose file has no template and whose user gives none."""

# Stand for the two placeholders while str.format() reads a pattern; no text has them.
_USER, _REPLY = "\ufdd0user\ufdd1", "\ufdd0reply\ufdd1"

# System prompts that programs wrote out in the template of their model, because older releases passed them on as they
# were. In a template that is applied to the whole conversation they would stand inside one another.
_WRAPPED = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\s*<\|im_start\|>system\n(.*?)(?:<\|im_end\|>)?\s*",
        r"\s*(?:<\|begin_of_text\|>)?<\|start_header_id\|>system<\|end_header_id\|>\s*(.*?)(?:<\|eot_id\|>)?\s*",
        r"\s*<\|system\|>\n?(.*?)(?:<\|end\|>|</s>)?\s*",
        r"\s*(?:<s>)?\[INST\]\s*<<SYS>>\n?(.*?)\n?<</SYS>>(?:\s*\[/INST\])?\s*",
        r"\s*###\s*System:\n(.*?)\s*",
    )
)


def plain_system_message(text: str) -> str:
    """The words of a system prompt that is written out in some model's template; any other text as it is."""
    for pattern in _WRAPPED:
        found = pattern.fullmatch(text)
        if found:
            return str(found[1]).strip()
    return text


def is_jinja(template: str) -> bool:
    """Whether a template is written in Jinja, rather than as a pattern with {0} and {1}."""
    return "{%" in template or "{{" in template


class Prompting(Protocol):
    """A way of asking a model for the next message of a conversation."""

    def ask(
        self, model: Model, messages: Sequence[Message], options: Mapping[str, Any]
    ) -> Stream[ChatResult] | Stream[Completion]:
        """Begins the answer. Raises ContextOverflowError (a ValueError) later if the messages are too long."""

    def count(self, model: Model, messages: Sequence[Message]) -> int:
        """How many tokens the messages take."""


class OwnTemplate:
    """The template of the model's file, or the one that the model was opened with."""

    def ask(self, model: Model, messages: Sequence[Message], options: Mapping[str, Any]) -> Stream[ChatResult]:
        # What the model thinks is a part of the text, as it always was here; chat() keeps it apart.
        given: Any = {"reasoning_format": "none", **options}
        return model.chat(_to_send(messages), stream=True, **given)

    def count(self, model: Model, messages: Sequence[Message]) -> int:
        return model.count_tokens(_to_send(messages))


class _Rendered(ABC):
    """What makes a text of the conversation and has it continued."""

    @abstractmethod
    def prompt(self, model: Model, messages: Sequence[Message]) -> Prompt:
        """The conversation as one prompt for complete()."""

    def ask(self, model: Model, messages: Sequence[Message], options: Mapping[str, Any]) -> Stream[Completion]:
        given: Any = options
        return model.complete(self.prompt(model, messages), stream=True, **given)

    def count(self, model: Model, messages: Sequence[Message]) -> int:
        return model.count_tokens(self.prompt(model, messages))


class JinjaTemplate(_Rendered):
    """A Jinja template other than the model's. `render` applies it: the C API takes one only when opening a model."""

    def __init__(self, render: Callable[[Sequence[Message]], list[int]]) -> None:
        self._render = render

    def prompt(self, model: Model, messages: Sequence[Message]) -> Prompt:
        return self._render(_to_send(messages))


class Hook(_Rendered):
    """A subclass's _format_chat_prompt_template, deprecated since release 2.3.0 and still honoured."""

    def __init__(self, format_messages: Callable[..., str]) -> None:
        self._format = format_messages

    def prompt(self, model: Model, messages: Sequence[Message]) -> Prompt:
        first = messages[0] if messages and messages[0]["role"] == "system" else None
        rest = messages[1:] if first else messages
        text, header = "", str(first["content"]) if first else ""
        for message in rest:
            if message["role"] == "user":
                text += self._format([message], header)
                header = ""
            else:
                text += str(message["content"])
        return text


class Pattern(_Rendered):
    """A template of one turn: {0} is the user's message, {1} the reply, which may be left out where it comes last.

    The system message stands before the turns as it is. Raises InvalidArgumentError (a ValueError) for a template
    with %1 or without {0}.
    """

    def __init__(self, template: str) -> None:
        if re.search(r"%1(?![0-9])", template):
            raise InvalidArgumentError(
                "the prompt_template has %1, as model catalogues write it; write {0} where the prompt is to go"
            )
        try:
            text = template.format(_USER, _REPLY)
        except (IndexError, KeyError, ValueError) as error:
            raise InvalidArgumentError(
                f"the prompt template {template!r} cannot be read ({error}); it may hold {{0}} for the user's message, "
                "{1} for the reply, and {{ or }} for braces; or give a Jinja template as chat_template"
            ) from error
        turn, _, self._after = text.partition(_REPLY)
        self._before, found, self._between = turn.partition(_USER)
        if not found:
            raise InvalidArgumentError(f"the prompt template {template!r} has no {{0}} for the user's message")

    def prompt(self, model: Model, messages: Sequence[Message]) -> Prompt:
        parts: list[tuple[str, bool]] = []  # a text, and whether it is the user's own
        for message in messages:
            content = str(message["content"])
            if message["role"] == "user":
                parts += [(self._before, False), (content, True), (self._between, False)]
            else:
                parts.append((content, False))
                if message["role"] == "assistant":
                    parts.append((self._after, False))
        return _join(model, parts)


def _join(model: Model, parts: Sequence[tuple[str, bool]]) -> Prompt:
    """One text; or, if a user's message spells the name of a control token, tokens in which that is only text."""
    spelt = any(
        own and model.tokenize(text, parse_special=True) != model.tokenize(text, parse_special=False)
        for text, own in parts
        if text
    )
    if not spelt:
        return "".join(text for text, _ in parts)
    tokens: list[int] = []
    for text, own in parts:
        if text:
            tokens += model.tokenize(text, parse_special=not own, add_special=not tokens)
    return tokens


def _to_send(messages: Sequence[Message]) -> list[Message]:
    """Without an empty system message, which stands first only because histories always began with one."""
    sent = list(messages)
    if sent and sent[0].get("role") == "system":
        if not sent[0].get("content"):
            return sent[1:]
        sent[0] = {**sent[0], "content": plain_system_message(str(sent[0]["content"]))}
    return sent

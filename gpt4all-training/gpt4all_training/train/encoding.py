"""Conversations as tokens, by the model's chat template, and which of these are answers to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from ..errors import ConfigurationError, ModelError

IGNORED = -100  # the label of what is not to be learnt, in PyTorch's losses

Messages = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Encoded:
    """A conversation's tokens. labels: the same, with IGNORED for what is no answer. cut: whether it was too long."""

    tokens: list[int]
    labels: list[int]
    cut: bool


class Encoder:
    """Encodes for one model."""

    def __init__(self, tokenizer: Any, model: Path, max_length: int) -> None:
        """Raises ModelError if the tokenizer cannot say where a token is in the text, or has no chat template."""
        self._tokenizer, self._model, self._max_length = tokenizer, model, max_length
        if not tokenizer.is_fast:
            remedy = "Save the tokenizer as tokenizer.json"
            raise ModelError("has a tokenizer that cannot say where tokens begin", file=model, remedy=remedy)
        if not tokenizer.chat_template:
            remedy = "Name a file with one as `chat_template`"
            raise ModelError("has no chat template", file=model, remedy=remedy)
        marked = {number: str(token) for number, token in tokenizer.added_tokens_decoder.items() if token.special}
        self._special = tuple(dict.fromkeys([*marked.values(), *tokenizer.all_special_tokens]))
        self._special_ids = {*marked, *tokenizer.all_special_ids}
        self._marks = "{% generation" in tokenizer.chat_template or "{%- generation" in tokenizer.chat_template
        begin = tokenizer.bos_token_id
        self._begin = begin if begin is not None and tokenizer("")["input_ids"][:1] == [begin] else None

    def has_special(self, messages: Messages) -> bool:
        """Whether a text has in it what the model takes for the end of a message, or another special token."""
        return any(token in message["content"] for message in messages for token in self._special)

    def encode(self, messages: Messages) -> Encoded:
        """Raises ConfigurationError if the template does not take the conversation."""
        tokens, learnt = self._by_marks(messages) if self._marks else self._by_prefixes(messages)
        if self._begin is not None and tokens[:1] != [self._begin]:  # as the engine does
            tokens, learnt = [self._begin, *tokens], [False, *learnt]
        labels = [token if learn else IGNORED for token, learn in zip(tokens, learnt, strict=True)]
        end = self._max_length
        return Encoded(tokens[:end], labels[:end], len(tokens) > end)

    def _by_marks(self, messages: Messages) -> tuple[list[int], list[bool]]:
        """With a template that marks answers itself."""
        found = self._rendered(messages, tokenize=True, return_dict=True, return_assistant_tokens_mask=True)
        return list(found["input_ids"]), [bool(each) for each in found["assistant_masks"]]

    def _by_prefixes(self, messages: Messages) -> tuple[list[int], list[bool]]:
        """An answer is what the template makes of the conversation with it and does not without it."""
        text = self._rendered(messages)
        spans = [
            self._span(text, messages, number)
            for number, message in enumerate(messages)
            if message["role"] == "assistant"
        ]
        found = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        tokens, offsets = list(found["input_ids"]), found["offset_mapping"]
        learnt, at = [], 0
        for begin, end in offsets:
            while at < len(spans) and begin >= spans[at][1]:
                at += 1
            learnt.append(at < len(spans) and spans[at][0] <= begin and end <= spans[at][1])
        if spans and spans[-1][1] == len(text.rstrip()):
            self._end(tokens, learnt)
        return tokens, learnt

    def _end(self, tokens: list[int], learnt: list[bool]) -> None:
        """Where the template ends an answer with no special token, the model would not learn to stop."""
        last = max((place for place, learn in enumerate(learnt) if learn), default=-1)
        if last >= 0 and tokens[last] not in self._special_ids and self._tokenizer.eos_token_id is not None:
            tokens[last + 1 :] = [self._tokenizer.eos_token_id]
            learnt[last + 1 :] = [True]

    def _span(self, text: str, messages: Messages, number: int) -> tuple[int, int]:
        before = self._rendered(messages[:number], add_generation_prompt=True)
        after = self._rendered(messages[: number + 1])
        if not (after.startswith(before) and text.startswith(after)):
            problem = "writes earlier messages in another way when more follow, so that answers cannot be told"
            remedy = "Put {% generation %} and {% endgeneration %} around answers in a template of `chat_template`"
            raise ConfigurationError(f"the chat template {problem}", file=self._model, remedy=remedy)
        return len(before), len(after.rstrip())  # white space behind the end of a message is nobody's answer

    def _rendered(self, messages: Messages, **options: Any) -> Any:
        options.setdefault("tokenize", False)
        try:
            return self._tokenizer.apply_chat_template([dict(message) for message in messages], **options)
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            roles = ", ".join(message["role"] for message in messages)
            remedy = "Use another `chat_template`, or curate such conversations away"
            problem = f"the chat template refuses messages of {roles}: {error}"
            raise ConfigurationError(problem, file=self._model, remedy=remedy) from error

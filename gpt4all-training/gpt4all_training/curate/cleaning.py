"""Answers that teach nothing: empty, cut to one character, refused, about the model itself, or damaged.

The first two are what the data of the first GPT4All was cleaned of; self-references went in release 1.1 of GPT4All-J's
data, and refusals in 1.2.
"""

from __future__ import annotations

import re

from . import reasons
from .conversations import Conversation
from .settings import Cleaning

# Such an answer begins with it, perhaps after a courtesy; further on, the words may be a story's.
_REFUSAL = re.compile(
    r"""
    \W*
    (?: (?: (?:i'?m|i\ am|we'?re) \s+ (?:very\ |so\ |really\ |terribly\ )? sorry
          | sorry | apologies | i\ apologi[sz]e | unfortunately | regrettably
          | as\ an\ ai\b
        ) [^.!?\n]{0,80}? \b
    )?
    (?:i|we) \s*
    (?: can'?t | cannot | can\ not | could\ not | couldn'?t | won'?t | will\ not | do\ not | don'?t
      | (?:am|'?m|are|'?re) \s+ (?: unable | not\ (?:able|allowed|programmed) )
    ) \s+ (?:to\ )?
    (?: assist | help | answer | provide | fulfil+ | comply | do\ th(?:at|is) | generate | create | write | give
      | support | engage | participate | discuss | offer | complete | access | browse | see\ any
      | have\ (?:access|personal|enough|the\ ability) | understand\ (?:your|the)
    ) \b
    """,
    re.VERBOSE,
)
_SELF_REFERENCE = re.compile(
    r"""
      \b ai\ language\ model \b
    | (?<!such\ ) \b (?: as | i\ ?am | i'?m ) \ (?:just\ |only\ |simply\ )? an?
      \ (?: (?:large\ |ai\ )? language\ model \b | ai\ (?:model|assistant|chatbot) \b
          | (?:ai|artificial\ intelligence) (?= [,.;] | \ i\b ) )
    | \b (?:trained|developed|created|made)\ by\ openai \b
    | \b my\ knowledge\ cut-?off \b
    """,
    re.VERBOSE,
)
# Each of the above has one of these, which are found a hundred times as fast.
_SIGNS = ("language model", " an ai", "artificial intelligence", "openai", "my knowledge cut")
_BEGINNING = 300  # characters, in which an answer refuses if it does
_DAMAGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd]")


class Cleaner:
    """Finds what is wrong with a conversation."""

    def __init__(self, settings: Cleaning) -> None:
        self._settings = settings
        self._patterns = [(reasons.of_pattern(name), re.compile(text)) for name, text in settings.patterns.items()]

    def reason(self, conversation: Conversation) -> str | None:
        """Why it is to be dropped, or None."""
        answers = conversation.answers
        if any(not content for _, content in conversation.messages):
            return reasons.EMPTY
        if any(len(answer) == 1 for answer in answers):
            return reasons.ONE_CHARACTER
        if any(_DAMAGE.search(content) for _, content in conversation.messages):
            return reasons.DAMAGED
        plain = [_plain(answer) for answer in answers]
        if self._settings.refusals and any(_REFUSAL.match(answer[:_BEGINNING]) for answer in plain):
            return reasons.REFUSAL
        if self._settings.self_references and any(map(_refers_to_itself, plain)):
            return reasons.SELF_REFERENCE
        for reason, pattern in self._patterns:
            if any(pattern.search(answer) for answer in answers):
                return reason
        return None


def _plain(answer: str) -> str:
    """Small letters, one kind of apostrophe, and one space between words."""
    for apostrophe in "’‘ʼ":
        answer = answer.replace(apostrophe, "'")
    return " ".join(answer.lower().split())


def _refers_to_itself(answer: str) -> bool:
    return any(sign in answer for sign in _SIGNS) and _SELF_REFERENCE.search(answer) is not None

"""In which language a text is, by CLD2, which carries its tables within itself."""

from __future__ import annotations

import functools
import re

import pycld2

UNDETERMINED = "und"
_LONGEST = 4096  # characters; more does not change the answer
# CLD2 takes noncharacters and surrogates for broken UTF-8.
_NOT_TAKEN = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff\U0001fffe\U0001ffff]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@functools.cache
def known_languages() -> frozenset[str]:
    """The codes of all languages that can be told apart."""
    return frozenset(code for _, code in pycld2.LANGUAGES if code and code != "un")


def language_of(text: str) -> str:
    """A language's code, or UNDETERMINED if there is too little text, or it is too little like any language."""
    clean = _NOT_TAKEN.sub(" ", text[:_LONGEST])
    try:
        reliable, _, found = pycld2.detect(clean, isPlainText=True)
    except pycld2.error:
        return UNDETERMINED
    code = found[0][1]
    return str(code) if reliable and code != "un" else UNDETERMINED

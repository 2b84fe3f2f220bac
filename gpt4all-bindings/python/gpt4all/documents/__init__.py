"""Documents on this machine: reading them, whatever their format, without trusting them.

It needs the extra `documents`: pip install "gpt4all[documents]".
"""

from __future__ import annotations

from ._errors import Reason, UnreadableError
from ._limits import Limits
from ._reader import Reader
from ._text import Block, Kind, Text

__all__ = ["Block", "Kind", "Limits", "Reader", "Reason", "Text", "UnreadableError"]

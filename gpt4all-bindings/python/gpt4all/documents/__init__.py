"""Documents on this machine: reading them, whatever their format, and finding what they say about a question.

It needs the extra `documents`: pip install "gpt4all[documents]".
"""

from __future__ import annotations

from ._documents import Collection, Documents, Estimate
from ._embedder import Embedder, ModelEmbedder
from ._errors import Reason, UnreadableError
from ._evidence import Answer, Citations, messages, note_messages, reduce_messages
from ._files import File
from ._index import Indexed, Progress
from ._jobs import Job, JobState
from ._limits import Limits
from ._page_image import Mark, PageImage
from ._plan import Mode, Plan
from ._reader import Reader
from ._reranker import ModelReranker, Reranker
from ._results import Found, Passage, Reranking, Scores
from ._text import Block, Kind, Text
from ._viewer import Excerpt

__all__ = [
    "Answer",
    "Block",
    "Citations",
    "Collection",
    "Documents",
    "Embedder",
    "Estimate",
    "Excerpt",
    "File",
    "Found",
    "Indexed",
    "Job",
    "JobState",
    "Kind",
    "Limits",
    "Mark",
    "Mode",
    "ModelEmbedder",
    "ModelReranker",
    "PageImage",
    "Passage",
    "Plan",
    "Progress",
    "Reader",
    "Reason",
    "Reranker",
    "Reranking",
    "Scores",
    "Text",
    "UnreadableError",
    "messages",
    "note_messages",
    "reduce_messages",
]

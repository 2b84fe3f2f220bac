"""What the server says of itself. Prompts, answers and keys are not written."""

from __future__ import annotations

import logging

from .._errors import CancellationError, LLModelError
from .errors import RequestError

logger = logging.getLogger("gpt4all.server")


def log_failure(error: BaseException) -> None:
    """Notes an error that a client is told of: what is the server's fault, with its traceback."""
    if isinstance(error, (RequestError, CancellationError)):
        return
    if isinstance(error, LLModelError):
        logger.warning("%s", type(error).__name__)
    else:
        logger.error("unexpected error", exc_info=error)

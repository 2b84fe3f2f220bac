"""What the machine has, as far as models are concerned."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence

from .. import types
from .._errors import LLModelError
from .._model import devices
from .schemas.state import Hardware


def hardware() -> Hardware:
    """As it is at the moment; without the library, what Python knows."""
    try:
        known = devices()
    except LLModelError:
        return _hardware([], None, None)
    return _hardware(known["devices"], known["memory"]["total"], known["memory"]["available"])


def _hardware(found: Sequence[types.DevicesResultDevice], memory: int | None, free: int | None) -> Hardware:
    processors = [each["description"] for each in found if each["type"] == "cpu"]
    return Hardware(
        processor=processors[0] if processors else platform.processor() or platform.machine(),
        cores=os.cpu_count() or 1,
        memory_bytes=memory,
        memory_free_bytes=free,
        gpus=[each["description"] for each in found if each["type"] in ("gpu", "igpu")],
    )

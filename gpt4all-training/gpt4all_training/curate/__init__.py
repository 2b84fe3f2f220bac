"""The step curate: from files of conversations to those worth training on, and what was dropped, with why."""

from .pipeline import Curated, curate
from .settings import Curate

__all__ = ["Curate", "Curated", "curate"]

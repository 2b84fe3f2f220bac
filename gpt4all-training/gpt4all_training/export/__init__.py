"""The step export: from what train wrote to GGUF files, with a model card, credits and an entry for the catalogue."""

from .pipeline import Exported, export
from .settings import Export

__all__ = ["Export", "Exported", "export"]

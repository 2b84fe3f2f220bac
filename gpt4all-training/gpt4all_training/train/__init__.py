"""The step train: from curated conversations and a model to an adapter, or another model."""

from .pipeline import Trained, train
from .settings import Train

__all__ = ["Train", "Trained", "train"]

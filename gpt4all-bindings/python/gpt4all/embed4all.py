"""Embed4All, in a module of its own."""

from __future__ import annotations

from ._compat.embed4all import Embed4All

__all__ = ["Embed4All"]

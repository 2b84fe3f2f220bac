"""Ids of answers."""

from __future__ import annotations

import secrets


def new_id(prefix: str) -> str:
    """One that no other answer has."""
    return f"{prefix}{secrets.token_hex(12)}"

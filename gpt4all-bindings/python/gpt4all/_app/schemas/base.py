"""What all of them have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

TEXT_LENGTH = 8 << 20
"""Characters of the longest text that is taken."""


class Model(BaseModel):
    """A part of a request or an answer. Nothing is taken for what it is not: true is no number, "5" neither."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


class Error(Model):
    """What went wrong. code: for programs. param: the field at fault. remedies: what can be done, for people."""

    message: str
    code: str | None
    param: str | None
    remedies: list[str]


class ErrorBody(Model):
    """The body of an answer that is an error."""

    error: Error

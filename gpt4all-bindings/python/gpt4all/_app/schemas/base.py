"""What all of them have in common."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field

from ..codes import Remedy
from ..error_codes import ERROR_CODES

TEXT_LENGTH = 8 << 20
"""Characters of the longest text that is taken."""


class Model(BaseModel):
    """A part of a request or an answer. Nothing is taken for what it is not: true is no number, "5" neither."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


class RemedyCode(Model):
    """What can be done, in no language. values: by the names that the text has in braces."""

    code: str = Field(json_schema_extra=Remedy.known())
    values: dict[str, str]

    @classmethod
    def of(cls, remedy: Remedy, **values: str) -> RemedyCode:
        return cls(code=remedy.code, values=values)

    @property
    def text(self) -> str:
        """In English."""
        return Remedy[self.code.upper()].text(**self.values)


class Error(Model):
    """What went wrong. code: for programs. param: the field at fault. remedies: what can be done, in English.
    remedy_codes: the same, in the same order."""

    message: str
    code: str | None = Field(json_schema_extra={"x-extensible-enum": [*ERROR_CODES]})
    param: str | None
    remedies: list[str]
    remedy_codes: list[RemedyCode] = Field(default_factory=list)

    def with_remedies(self, remedies: Iterable[RemedyCode]) -> Error:
        """The same error with others."""
        given = list(remedies)
        return self.model_copy(update={"remedies": [each.text for each in given], "remedy_codes": given})


class ErrorBody(Model):
    """The body of an answer that is an error."""

    error: Error

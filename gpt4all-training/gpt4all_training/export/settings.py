"""The configuration of export."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ..configuration import Settings

Url = Annotated[str, Field(max_length=2000, pattern=r"^https://[^\s<>\"@]+$")]


class Base(Settings):
    """The model that training began with, and to whom it is owed."""

    name: str = Field(min_length=1, max_length=200)
    """What its makers call it."""
    author: str = Field(min_length=1, max_length=500)
    """Who made it."""
    license: str = Field(min_length=1, max_length=200)
    """Its licence, as an SPDX identifier where there is one."""
    url: Url | None = None
    """Where it was published."""
    year: int | None = Field(default=None, ge=1000, le=9999)
    """When it was published."""


class License(Settings):
    """The licence of the result, which you choose: those of the data and of the base model may restrict it."""

    name: str = Field(min_length=1, max_length=200)
    """An SPDX identifier, or LicenseRef-… if SPDX has none."""
    url: Url
    """Its text."""


class Export(Settings):
    """The configuration of `gpt4all-train export`."""

    output: str = Field(min_length=1)
    """The folder to write, seen from the folder of the configuration."""
    trained: str = Field(min_length=1)
    """The folder that `gpt4all-train train` wrote."""
    model: str = Field(min_length=1)
    """The folder of the model that training began with."""
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$")
    """The model's name, with which its files' names begin."""
    description: str = Field(min_length=1, max_length=1000)
    """What the model is for, in a sentence or two."""
    base: Base
    """To whom the model that training began with is owed."""
    license: License
    """The licence of the result."""
    form: Literal["merged", "adapter"] = "merged"
    """A model of its own; or the adapter alone, which is opened together with the model that training began with."""
    types: tuple[str, ...] = Field(default=("Q4_K_M",), min_length=1)
    """The types to write a file of each in, such as F16, Q8_0 and Q4_K_M; an adapter takes F32, F16 and BF16."""
    published: Url | None = None
    """Where the files will be put, for the entry in the catalogue; without it, none is written."""

    @field_validator("types")
    @classmethod
    def _distinct(cls, types: tuple[str, ...]) -> tuple[str, ...]:
        if repeated := sorted({each for each in types if types.count(each) > 1}):
            raise ValueError(f"given twice: {', '.join(repeated)}")
        return types

    @model_validator(mode="after")
    def _fitting(self) -> Export:
        if self.form == "adapter" and (unfit := [each for each in self.types if each not in ("F32", "F16", "BF16")]):
            raise ValueError(f"types: an adapter cannot be {', '.join(unfit)}; it can be F32, F16 or BF16")
        return self

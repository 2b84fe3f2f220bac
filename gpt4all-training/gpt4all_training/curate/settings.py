"""The configuration of curate."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ..configuration import Settings
from .tasks import TASKS

MIB = 1 << 20
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]
Name = Annotated[str, Field(pattern=r"^[\w][\w .+-]{0,63}$")]


class Columns(Settings):
    """Where a row has its texts. A path with dots leads into objects and lists: `instances.0.output`."""

    prompt: str = Field(min_length=1)
    """The column with the prompt."""
    response: str = Field(min_length=1)
    """The column with the response."""
    context: str | None = None
    """The column with what the prompt is about, such as Alpaca's `input`; it is put behind the prompt."""
    system: str | None = None
    """The column with the system message."""


class Source(Settings):
    """Where rows come from, and to whom they are owed."""

    name: Name
    """What the report, the credits and the rows themselves call it."""
    files: tuple[str, ...] = Field(min_length=1)
    """Its files, seen from the folder of the configuration; `*` and `**` stand for names, which are then sorted."""
    license: str = Field(min_length=1, max_length=200)
    """Its licence, as an SPDX identifier where there is one."""
    author: str = Field(min_length=1, max_length=500)
    """Who made it."""
    url: str | None = Field(default=None, max_length=2000, pattern=r"^https?://[^\s<>\"]+$")
    """Where it was published."""
    year: int | None = Field(default=None, ge=1000, le=9999)
    """When it was published."""
    format: Literal["auto", "jsonl", "json", "parquet", "arrow"] = "auto"
    """The files' format; `auto` goes by their names. JSONL may be compressed: `.gz`, `.zst`, `.bz2`."""
    columns: Columns | Literal["auto"] = "auto"
    """Where a row has its texts; `auto` knows `messages`, ShareGPT's `conversations`, and the usual pairs."""
    unreadable: Literal["stop", "drop"] = "stop"
    """What to do with a row that is no JSON, not UTF-8 or too large: end with an error, or drop and count it."""


class Cleaning(Settings):
    """Which answers are thrown away for what they say."""

    refusals: bool = True
    """Answers that refuse, such as `I'm sorry, but I cannot …`."""
    self_references: bool = True
    """Answers that speak of the model that wrote them, such as `As an AI language model`."""
    patterns: dict[Name, str] = Field(default_factory=dict)
    """Further regular expressions by the name of their reason; an answer in which one is found is dropped."""

    @field_validator("patterns")
    @classmethod
    def _compile(cls, patterns: dict[str, str]) -> dict[str, str]:
        for name, pattern in patterns.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{name} is no regular expression: {error}") from error
        return patterns


class Length(Settings):
    """How long texts may be, in characters."""

    shortest_response: int = Field(default=2, ge=2)
    """Of each answer. Empty answers and those of one character are always dropped."""
    longest: int = Field(default=32_768, ge=2)
    """Of a conversation in all."""


class Language(Settings):
    """Which languages are kept."""

    keep: tuple[str, ...] = ()
    """As ISO 639-1 has them, such as `en`; none keeps all."""
    undetermined: Literal["keep", "drop"] = "keep"
    """What to do with texts that are too short, or too little like any language: code, formulas, a single word."""

    @field_validator("keep")
    @classmethod
    def _known(cls, keep: tuple[str, ...]) -> tuple[str, ...]:
        from .language import known_languages

        if unknown := [each for each in keep if each not in known_languages()]:
            raise ValueError(f"{', '.join(unknown)}: no languages that can be told; use codes such as en, de, zh")
        return keep


class Near(Settings):
    """What counts as nearly the same: MinHash over sequences of words."""

    threshold: float = Field(default=0.8, gt=0, le=1, allow_inf_nan=False)
    """The estimated Jaccard similarity from which on the later of two rows is dropped."""
    words: int = Field(default=5, ge=1, le=32)
    """How many words a sequence has."""
    bands: int = Field(default=16, ge=1, le=256)
    """Into how many bands a sketch is cut: rows are compared if they share one."""
    rows: int = Field(default=8, ge=1, le=64)
    """How many hashes a band has."""

    @model_validator(mode="after")
    def _not_too_many(self) -> Near:
        if self.hashes > 1024:
            raise ValueError(f"bands times rows is {self.hashes:,}, but a sketch has at most 1,024 hashes")
        return self

    @property
    def hashes(self) -> int:
        """How many hashes a sketch has."""
        return self.bands * self.rows


class Duplicates(Settings):
    """Which repetitions are dropped. The first stays."""

    exact: bool = True
    """Conversations that differ in nothing but case, white space and Unicode's forms of the same characters."""
    near: Near | None = Near()
    """Conversations that are nearly the same; null keeps them."""


class Contamination(Settings):
    """Rows that have text of tasks by which models are measured. They are dropped."""

    tasks: dict[Name, str] = Field(default_factory=dict)
    """A file for each task: boolq, piqa, hellaswag, winogrande, arc_easy, arc_challenge or openbookqa, in JSONL, JSON,
    Parquet or Arrow, with the columns of its publisher."""
    words: int = Field(default=13, ge=5, le=64)
    """How many words in succession must be the same."""
    shortest: int = Field(default=8, ge=3, le=64)
    """Texts of a task that are shorter than `words` are looked for as a whole, if they have at least so many words."""

    @field_validator("tasks")
    @classmethod
    def _known(cls, tasks: dict[str, str]) -> dict[str, str]:
        if unknown := [each for each in tasks if each not in TASKS]:
            raise ValueError(f"{', '.join(unknown)}: not one of {', '.join(TASKS)}")
        return tasks


class Curate(Settings):
    """The configuration of `gpt4all-train curate`."""

    output: str = Field(min_length=1)
    """The folder to write, seen from the folder of the configuration."""
    title: str = Field(default="Curated data", min_length=1, max_length=200)
    """What the credits call the result."""
    seed: int = Field(default=0, ge=0, lt=1 << 32)
    """Decides the sketches of near duplicates, the samples in the report, and what is held out."""
    sources: tuple[Source, ...] = Field(min_length=1)
    """Where rows come from, in the order in which duplicates are looked for: the first stays."""
    cleaning: Cleaning = Cleaning()
    """Which answers are thrown away for what they say."""
    length: Length = Length()
    """How long texts may be."""
    language: Language = Language()
    """Which languages are kept."""
    duplicates: Duplicates = Duplicates()
    """Which repetitions are dropped."""
    contamination: Contamination = Contamination()
    """Which tasks' text is dropped."""
    held_out: Share = 0.0
    """The share of rows to write into files of their own, to measure with."""
    samples: int = Field(default=5, ge=0, le=100)
    """How many dropped rows the report shows for each reason."""
    largest_row: int = Field(default=MIB, ge=1024, le=64 * MIB)
    """The most bytes of a row; a larger one is unreadable."""
    rows_per_file: int = Field(default=100_000, ge=1)
    """How many rows a file of the result has at most."""

    @model_validator(mode="after")
    def _distinct_names(self) -> Curate:
        names = [source.name for source in self.sources]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"sources need names of their own; given twice: {', '.join(repeated)}")
        return self
